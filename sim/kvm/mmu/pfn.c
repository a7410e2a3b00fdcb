/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/pfn.c - what lies behind a gfn: a page of some size, or nothing.
 *
 * "Nothing" is the interesting answer. A fault without a memslot is MMIO, and
 * here KVM decides whether it may plant an MMIO SPTE for it. If not, the access
 * is emulated all the same, but the entry stays empty: the next touch exits
 * again as not present, and an SEV-ES guest never gets its #VC.
 */
#include "kvm/mmu/mmu.h"

/* Who decides about faults without a slot, for the traces. */
static const char *noslot_source(const struct kvm_vm *vm)
{
    switch ((enum noslot)vm_slot(vm, SLOT_NOSLOT)) {
    case NOSLOT_ABNORMAL_PFN:
        return "handle_abnormal_pfn()";
    case NOSLOT_PRIVATE_FIRST:
        return "kvm_handle_noslot_fault()";
    }
    BUG_ON(true);
}

/* Why @fault gets no MMIO SPTE; NULL: it gets one. */
static const char *mmio_spte_refusal(const struct kvm_vm *vm,
                                     const struct kvm_page_fault *fault)
{
    const struct kvm_module *m = vm->kvm->m;

    if (!kvm_mmio_caching_works(m))
        return "MMIO caching is off, so nothing marks this page as MMIO: it "
               "stays not present and every touch exits";
    if (vm_slot(vm, SLOT_MAX_GFN) == MAX_GFN_CHECKED &&
        fault->gfn > kvm_mmu_max_gfn(m))
        return "the address lies beyond the host's physical width";
    if (!kvm_tdp_mmu_reaches(vm, fault->addr))
        return "the address lies beyond what the nested tables can map";
    return NULL;
}

static int noslot_fault(struct kvm_vcpu *v, struct kvm_page_fault *fault)
{
    const char *refusal = mmio_spte_refusal(v->vm, fault);

    vcpu_cache_mmio_info(v, fault->gfn, PTE_W | PTE_U);
    if (!refusal)
        return RET_PF_CONTINUE;

    fault->why = refusal;
    TRACE(vcpu_trace(v), mmio_spte_refused, .gfn = fault->gfn, .why = refusal,
          .source = noslot_source(v->vm));
    return RET_PF_EMULATE;
}

/* May no page of @level cover @gfn, because of how the slot lies? The slot must
 * hold all of it, and guest and host addresses must agree in their low bits. */
static bool lpage_disallowed(const struct kvm_memory_slot *slot, uint64_t gfn,
                             unsigned level)
{
    uint64_t pages = pt_size(level) >> 12;
    uint64_t first = gfn & ~(pages - 1);

    return first < slot->base_gfn ||
           first + pages > slot->base_gfn + slot->npages ||
           !is_aligned(slot->base_gfn ^ (slot->hva >> 12), pages);
}

static unsigned mapping_level(const struct kvm_page_fault *fault,
                              uint64_t host_page)
{
    unsigned level = 3;

    while (level > 1 && (pt_size(level) > host_page ||
                         lpage_disallowed(fault->slot, fault->gfn, level)))
        level--;
    return level;
}

int kvm_faultin_pfn(struct kvm_vcpu *v, struct kvm_page_fault *fault)
{
    const struct kvm_memory_slot *slot = fault->slot;
    uint64_t host_page;
    int ret;

    fault->goal_level = 1;
    if (!slot)
        return noslot_fault(v, fault);
    if (slot->invalid) {
        fault->why = "the memslot is just being deleted or moved";
        return RET_PF_RETRY;
    }
    if (slot->readonly && (fault->error_code & PFERR_WRITE)) {
        fault->why = "a write to a read-only memslot is emulated, as MMIO";
        return RET_PF_EMULATE;
    }
    if (!kvm_tdp_mmu_reaches(v->vm, fault->addr)) {
        fault->why = "the address lies beyond what the nested tables can map";
        return -EFAULT;
    }
    ret = host_get_user_page(v->vm->kvm, kvm_gfn_to_hva(slot, fault->gfn),
                             &fault->spa, &host_page);
    if (ret) {
        fault->why = "the process has no page behind the memslot";
        return ret;
    }
    fault->map_writable = !slot->readonly;
    fault->goal_level = mapping_level(fault, host_page);
    return RET_PF_CONTINUE;
}
