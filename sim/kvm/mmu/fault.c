/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/fault.c - a nested page fault, from the exit to the verdict.
 *
 * A reserved-bit fault should be one of KVM's own MMIO SPTEs; everything else
 * goes the long way: find the slot, find the page, map it. Either way the
 * answer is one of enum ret_pf, and EMULATE leads on to the emulator.
 */
#include "kvm/emulate.h"
#include "kvm/mmu/mmu.h"

/* A write of the guest's page walker to a page-table page: the CPU setting A or
 * D (APM vol. 2, 15.25.6: walks of guest tables count as writes). */
#define PFERR_WRITE_GUEST_PT (PFERR_GUEST_PAGE | PFERR_WRITE | PFERR_PRESENT)

static const char *ret_pf_name(int ret)
{
    if (ret < 0)
        return kvm_errno_name(ret);
    switch ((enum ret_pf)ret) {
    case RET_PF_CONTINUE:
        return "RET_PF_CONTINUE";
    case RET_PF_RETRY:
        return "RET_PF_RETRY";
    case RET_PF_EMULATE:
        return "RET_PF_EMULATE";
    case RET_PF_INVALID:
        return "RET_PF_INVALID";
    case RET_PF_FIXED:
        return "RET_PF_FIXED";
    case RET_PF_SPURIOUS:
        return "RET_PF_SPURIOUS";
    }
    BUG_ON(true);
}

static int tell_result(struct kvm_vcpu *v, const struct kvm_page_fault *fault,
                       int ret)
{
    TRACE(vcpu_trace(v), kvm_fault_result, .result = ret_pf_name(ret),
          .why = fault->why);
    return ret;
}

static int direct_page_fault(struct kvm_vcpu *v, struct kvm_page_fault *fault)
{
    int ret;

    fault->slot = kvm_gfn_to_memslot(v->vm, fault->gfn);
    ret = kvm_faultin_pfn(v, fault);
    if (ret == RET_PF_CONTINUE)
        ret = kvm_tdp_mmu_map(v, fault);
    if (ret == -ENOMEM)
        fault->why = "no memory for a page-table page";
    return ret;
}

/*
 * Before 6.12 KVM took every such write for one to a table that it shadows:
 * unprotect, resume. On a read-only memslot nothing is to unprotect, so the
 * guest faults for ever; later kernels resume only after real progress, and
 * without shadow paging there never is any.
 */
static bool resume_instead_of_emulate(const struct kvm_vm *vm,
                                      uint64_t error_code)
{
    switch ((enum write_protected)vm_slot(vm, SLOT_WRITE_PROTECTED)) {
    case WP_EMULATE:
        return (error_code & PFERR_WRITE_GUEST_PT) == PFERR_WRITE_GUEST_PT;
    case WP_RETRY_ON_PROGRESS:
        return false;
    }
    BUG_ON(true);
}

/* The MMU's part: everything but the emulation itself. */
static int fault_result(struct kvm_vcpu *v, struct kvm_page_fault *fault)
{
    int ret = RET_PF_INVALID;

    if (fault->error_code & PFERR_RSVD) {
        ret = tell_result(v, fault, handle_mmio_page_fault(v, fault));
        if (ret != RET_PF_INVALID)
            return ret;
    }
    ret = direct_page_fault(v, fault);
    if (ret == RET_PF_EMULATE &&
        resume_instead_of_emulate(v->vm, fault->error_code)) {
        fault->why = "the CPU wrote a guest page table that KVM cannot make "
                     "writable; this kernel resumes all the same";
        ret = RET_PF_RETRY;
    }
    return tell_result(v, fault, ret);
}

int kvm_mmu_page_fault(struct kvm_vcpu *v, gpa_t addr, uint64_t error_code,
                       const uint8_t *insn, unsigned insn_len)
{
    struct kvm_page_fault fault = {
        .addr = addr,
        .gfn = addr >> 12,
        .error_code = error_code,
    };
    int ret = fault_result(v, &fault);

    if (ret < 0)
        return ret;
    if (ret != RET_PF_EMULATE)
        return 1;
    return x86_emulate_instruction(v, addr, EMULTYPE_PF, insn, insn_len);
}

/* ---- roots, and dropping everything ---- */

int kvm_mmu_reload(struct kvm_vcpu *v)
{
    int ret = 0;

    if (v->root_loaded)
        return 0;
    if (!v->vm->root.valid)
        ret = kvm_tdp_mmu_alloc_root(v->vm);
    if (ret)
        return ret;
    v->root_loaded = true;
    v->flush_tlb = true; /* of the tables before */
    return 0;
}

void kvm_mmu_zap_all_fast(struct kvm_vm *vm, const char *why)
{
    vm->valid_gen = !vm->valid_gen;
    TRACE(vm->kvm->m->trace, kvm_mmu_zap_all_fast, .valid_gen = vm->valid_gen,
          .why = why);
    for (struct kvm_vcpu *v = vm->vcpus; v; v = v->next)
        v->root_loaded = false;
    kvm_tdp_mmu_zap_root(vm);
}

void kvm_mmu_invalidate_mmio_sptes(struct kvm_vm *vm, uint64_t generation)
{
    uint64_t part = kvm_mmio_generation_part(vm->kvm->m, generation);

    if ((part & ~(uint64_t)(KVM_ADDRESS_SPACES - 1)) == 0)
        kvm_mmu_zap_all_fast(vm, "the memslots generation wrapped in its "
                                 "MMIO SPTE field");
}
