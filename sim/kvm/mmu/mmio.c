/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/mmio.c - "this is MMIO", known without asking the memslots.
 *
 * Two memories make repeated MMIO cheap: the MMIO SPTE in the nested tables,
 * met through a reserved-bit fault, and a one-entry cache per vCPU. Both carry
 * the memslots generation at which they were true. An SEV-ES guest's fault of
 * that kind never gets here: the CPU makes it a #VC inside the guest.
 */
#include "kvm/mmu/mmu.h"
#include "kvm/mmu/tdp_iter.h"

static uint64_t current_generation(const struct kvm_vcpu *v)
{
    return kvm_memslots_of(v->vm)->generation;
}

/* While slots change nothing is remembered: it could be wrong the next moment.
 */
void vcpu_cache_mmio_info(struct kvm_vcpu *v, uint64_t gfn, unsigned access)
{
    uint64_t generation = current_generation(v);

    if (generation & GEN_IN_PROGRESS)
        return;
    v->mmio_cache = (struct mmio_cache) { gfn, generation, access };
}

bool vcpu_match_mmio_gpa(const struct kvm_vcpu *v, gpa_t gpa)
{
    return v->mmio_cache.gfn && v->mmio_cache.gfn == gpa >> 12 &&
           v->mmio_cache.generation == current_generation(v);
}

/* Is the SPTE of the generation that is current? */
static bool check_mmio_spte(struct kvm_vcpu *v, uint64_t spte)
{
    const struct kvm_module *m = vcpu_module(v);
    uint64_t generation = current_generation(v);
    bool valid = kvm_mmio_spte_is_current(m, spte, generation);

    if (!(generation & GEN_IN_PROGRESS))
        TRACE(m->trace, check_mmio_spte, .spte = spte,
              .kvm_gen = kvm_mmio_generation_part(m, generation),
              .spte_gen = kvm_mmio_spte_generation(m, spte), .valid = valid);
    return valid;
}

/* The last entry on the way to the fault; *@reserved: a present one that KVM
 * itself should not have written, 0 if all is well. */
static uint64_t last_spte(struct kvm_vcpu *v, gpa_t addr, uint64_t *reserved)
{
    uint64_t last = 0;
    struct tdp_iter it;

    *reserved = 0;
    for_each_tdp_pte(it, v->vm, addr >> 12)
    {
        last = it.old_spte;
        if (spte_is_present(last) &&
            spte_reserved_bits(vcpu_module(v), last, it.level))
            *reserved = last;
    }
    return last;
}

int handle_mmio_page_fault(struct kvm_vcpu *v, struct kvm_page_fault *fault)
{
    const struct kvm_module *m = vcpu_module(v);
    uint64_t reserved, spte, gfn;
    unsigned access;

    if (vcpu_match_mmio_gpa(v, fault->addr)) {
        fault->why = "the vCPU's MMIO cache knows the page";
        return RET_PF_EMULATE;
    }

    spte = last_spte(v, fault->addr, &reserved);
    if (reserved) {
        fault->why = "a present SPTE has reserved bits set";
        TRACE(m->trace, kvm_warn,
              .text = trace_text(m->trace, "reserved bits set in SPTE %#lx",
                                 (unsigned long)reserved));
        return -EINVAL;
    }
    if (!kvm_is_mmio_spte(m, spte)) {
        fault->why = "a reserved-bit fault, but no MMIO SPTE: another CPU must "
                     "have zapped it; let the guest fault again";
        return RET_PF_RETRY;
    }
    if (!check_mmio_spte(v, spte)) {
        fault->why = "the MMIO SPTE is older than the memslots";
        return RET_PF_INVALID;
    }

    gfn = kvm_mmio_spte_gfn(m, spte);
    access = kvm_mmio_spte_access(m, spte);
    TRACE(m->trace, handle_mmio_page_fault, .addr = 0, .gfn = gfn,
          .access = access);
    vcpu_cache_mmio_info(v, gfn, access);
    fault->why = "the SPTE says MMIO";
    return RET_PF_EMULATE;
}
