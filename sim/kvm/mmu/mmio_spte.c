/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/mmio_spte.c - an MMIO page as an SPTE, and back.
 *
 * An MMIO SPTE makes the walk fault with a reserved bit and carries what KVM
 * wants to know at that fault: gfn, access, and the memslots generation at
 * which there was no slot behind the gfn. Pure encoding; whether one is planted
 * at all is decided where the fault is handled.
 */
#include "kvm/kvm_module.h"

/* Where the generation lies: low part from bit 3, high part further up. */
struct gen_layout {
    unsigned low_bits, high_shift, high_bits;
};

static struct gen_layout gen_layout(const struct kernel_model *k)
{
    switch ((enum mmio_generation)kvm_slot(k, SLOT_MMIO_GENERATION)) {
    case MMIO_GEN_19:
        return (struct gen_layout) { 8, 52, 11 };
    case MMIO_GEN_18:
        return (struct gen_layout) { 7, 52, 11 };
    case MMIO_GEN_18_TAG: /* bits 53:52 hold the tag */
        return (struct gen_layout) { 9, 54, 9 };
    }
    BUG_ON(true);
}

static uint64_t encode_generation(struct gen_layout l, uint64_t gen)
{
    uint64_t low = gen & bits(l.low_bits - 1, 0);
    uint64_t high = gen >> l.low_bits & bits(l.high_bits - 1, 0);

    return low << 3 | high << l.high_shift;
}

uint64_t kvm_mmio_generation_part(const struct kvm_module *m, uint64_t gen)
{
    struct gen_layout l = gen_layout(m->kernel);

    return gen & bits(l.low_bits + l.high_bits - 1, 0);
}

bool kvm_mmio_spte_warns(const struct kvm_module *m)
{
    switch ((enum mmio_zero_warn)kvm_slot(m->kernel, SLOT_MMIO_ZERO_WARN)) {
    case MMIO_ZERO_WARNS:
        return !m->mmio_value;
    case MMIO_ZERO_SILENT:
        return false;
    }
    BUG_ON(true);
}

uint64_t kvm_make_mmio_spte(const struct kvm_module *m, uint64_t gfn,
                            unsigned access, uint64_t gen)
{
    uint64_t gpa = gfn << 12;
    uint64_t spte = encode_generation(gen_layout(m->kernel), gen);

    if (kvm_mmio_spte_warns(m))
        TRACE(m->trace, kvm_warn,
              .text = "an MMIO SPTE is made although there is no MMIO value");
    spte |= m->mmio_value | (access & m->mmio_access_mask);
    spte |= gpa | m->nonpresent_or_rsvd_mask;
    spte |= (gpa & m->nonpresent_or_rsvd_mask) << L1TF_MOVED_BITS;
    return spte;
}

/* A mask without a value still is a mask: without the second test the all-zero
 * SPTE would pass for MMIO once caching is off. */
bool kvm_is_mmio_spte(const struct kvm_module *m, uint64_t spte)
{
    return (spte & m->mmio_mask) == (m->mmio_value & m->mmio_mask) &&
           kvm_mmio_caching_works(m);
}

/* Only the bits below the reduced width come back: a gfn above it was planted
 * truly but is read back modulo that width. */
uint64_t kvm_mmio_spte_gfn(const struct kvm_module *m, uint64_t spte)
{
    uint64_t gpa = spte & m->lower_gfn_mask;

    gpa |= spte >> L1TF_MOVED_BITS & m->nonpresent_or_rsvd_mask;
    return gpa >> 12;
}

unsigned kvm_mmio_spte_access(const struct kvm_module *m, uint64_t spte)
{
    return (unsigned)(spte & m->mmio_access_mask);
}

uint64_t kvm_mmio_spte_generation(const struct kvm_module *m, uint64_t spte)
{
    struct gen_layout l = gen_layout(m->kernel);
    uint64_t low = spte >> 3 & bits(l.low_bits - 1, 0);
    uint64_t high = spte >> l.high_shift & bits(l.high_bits - 1, 0);

    return high << l.low_bits | low;
}

bool kvm_mmio_spte_is_current(const struct kvm_module *m, uint64_t spte,
                              uint64_t generation)
{
    return !(generation & GEN_IN_PROGRESS) &&
           kvm_mmio_spte_generation(m, spte) ==
               kvm_mmio_generation_part(m, generation);
}

uint64_t kvm_mmu_max_gfn(const struct kvm_module *m)
{
    /* Shadow paging takes whatever a guest can write into its own tables. */
    unsigned width = m->npt_enabled ? m->maxphyaddr : 52;

    return (1ULL << (width - 12)) - 1;
}
