/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/masks.c - every SPTE mask back to what all x86 hosts start with.
 *
 * Runs each time a vendor module is inserted, before the vendor adjusts
 * anything. Two widths meet here: whether bit 51 is reserved follows the raw
 * width, where a gfn ends inside an SPTE follows the reduced one.
 */
#include "kvm/kvm_module.h"

/* The first cache width at which no room is left for moved address bits. */
#define L1TF_MAX_CACHE_BITS (52 - L1TF_MOVED_BITS)

/* Address bits that a non-present SPTE keeps set, against L1TF. */
static void set_nonpresent_masks(struct kvm_module *m)
{
    unsigned low_phys_bits = m->x86_phys_bits;

    m->nonpresent_or_rsvd_mask = 0;
    if (m->params.bug_l1tf) {
        if (m->x86_cache_bits >= L1TF_MAX_CACHE_BITS) {
            if (!m->warned_of_cache_bits)
                kvm_warn(m, "reset of all masks: the cache indexes too many "
                            "address bits for the L1TF mitigation");
            m->warned_of_cache_bits = true;
        } else {
            low_phys_bits = m->x86_cache_bits - L1TF_MOVED_BITS;
            m->nonpresent_or_rsvd_mask =
                bits(m->x86_cache_bits - 1, low_phys_bits);
        }
    }
    m->lower_gfn_mask = gfn_bits(low_phys_bits);
}

static void reset_me_mask(struct kvm_module *m)
{
    m->me_value = m->me_mask = 0;
    switch ((enum me_mask)kvm_slot(m->kernel, SLOT_ME_MASK)) {
    case ME_MASK_AT_RESET:
        if (m->sme_cbit)
            m->me_value = m->me_mask = BIT(m->sme_cbit);
        break;
    case ME_MASK_BY_VENDOR:
        break;
    }
}

static const char *reset_why(const struct kvm_module *m, uint64_t mask)
{
    if (!mask)
        return kvm_mmio_mask_why(m, mask,
                                 "the raw width is 52: no bit of an NPTE is "
                                 "left");
    return trace_text(m->trace,
                      "bit 51 lies above the raw width of %u bits, so the CPU "
                      "reserves it",
                      m->maxphyaddr);
}

/* Until the vendor knows better: bit 51, where the raw width leaves it. */
static void reset_mmio_mask(struct kvm_module *m)
{
    uint64_t mask = m->maxphyaddr < 52 ? mmio_mark(51) : 0;
    const char *dropped = kvm_mmu_set_mmio_spte_mask(m, mask);

    m->value_at_reset = m->mmio_value;
    m->caching_at_reset = m->enable_mmio_caching;
    TRACE(m->trace, kvm_mmio_mask, .stage = "reset", .value = m->mmio_value,
          .mask = m->mmio_mask, .caching = kvm_mmio_caching_works(m),
          .why = dropped ? dropped : reset_why(m, mask),
          .source = m->kernel->slot_because[SLOT_MMIO_FLAG]);
}

void kvm_mmu_reset_all_pte_masks(struct kvm_module *m)
{
    switch ((enum host_width)kvm_slot(m->kernel, SLOT_HOST_WIDTH)) {
    case HOST_WIDTH_REREAD:
        m->maxphyaddr = kvm_host_raw_width(m);
        break;
    case HOST_WIDTH_ONCE: /* kvm_x86_init() */
        break;
    }
    set_nonpresent_masks(m);
    reset_me_mask(m);
    reset_mmio_mask(m);
}
