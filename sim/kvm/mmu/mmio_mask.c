/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/mmio_mask.c - may these bits mark an MMIO SPTE, and is caching on?
 *
 * The place that changed most often: what "MMIO caching" means moved from a
 * software tag (to 5.12) over the value itself (5.13) to a flag that first only
 * ever went off (5.19) and then followed each choice of bits (6.0). Which bits
 * are offered is decided by the callers, masks.c and svm/setup.c.
 */
#include "kvm/kvm_module.h"

uint64_t kvm_frozen_spte(const struct kernel_model *k)
{
    switch ((enum frozen_spte)kvm_slot(k, SLOT_FROZEN_SPTE)) {
    case FROZEN_59:
        return BIT(59);
    case FROZEN_5A0:
        return 0x5a0;
    case FROZEN_63_5A0:
        return BIT(63) | 0x5a0;
    case FROZEN_63_1A0:
        return BIT(63) | 0x1a0;
    }
    BUG_ON(true);
}

/* Bits that neither the generation nor the MMU-present flag occupies. */
static uint64_t allowed_mask(const struct kernel_model *k)
{
    const uint64_t free_bits = BIT(63) | bits(51, 12) | bits(2, 0);

    switch ((enum mmio_mask_check)kvm_slot(k, SLOT_MMIO_MASK_CHECK)) {
    case MASK_CHECK_NONE:
        return ~0ULL;
    case MASK_CHECK_ALLOWED:
        return free_bits;
    case MASK_CHECK_ALLOWED_BIT10:
        return free_bits | BIT(10);
    }
    BUG_ON(true);
}

/* insmod kvm.ko: what the parameter asks for. */
void kvm_mmu_spte_module_init(struct kvm_module *m)
{
    m->allow_mmio_caching = m->params.mmio_caching;
    m->enable_mmio_caching = m->params.mmio_caching;
}

/* The flag before the bits are looked at; why it forbids them, or NULL. */
static const char *flag_before(struct kvm_module *m)
{
    switch ((enum mmio_flag)kvm_slot(m->kernel, SLOT_MMIO_FLAG)) {
    case MMIO_FLAG_TAG:
    case MMIO_FLAG_VALUE:
    case MMIO_FLAG_STICKY:
        break;
    case MMIO_FLAG_SNAPSHOT:
        m->enable_mmio_caching = m->allow_mmio_caching;
        break;
    }
    if (m->enable_mmio_caching)
        return NULL;
    return m->params.mmio_caching
               ? "an earlier choice of bits switched MMIO caching off, and in "
                 "this kernel it never comes back on"
               : "mmio_caching=0: KVM is told not to plant MMIO SPTEs";
}

/* The flag once the value is settled. */
static void flag_after(struct kvm_module *m)
{
    switch ((enum mmio_flag)kvm_slot(m->kernel, SLOT_MMIO_FLAG)) {
    case MMIO_FLAG_TAG:
    case MMIO_FLAG_VALUE: /* sysfs keeps showing the request */
        break;
    case MMIO_FLAG_STICKY:
    case MMIO_FLAG_SNAPSHOT:
        if (!m->mmio_value)
            m->enable_mmio_caching = false;
        break;
    }
}

/* Since 5.13: a value under a mask. Several of the WARNs may fire in a row. */
static const char *set_value_and_mask(struct kvm_module *m, uint64_t mask)
{
    const char *dropped = flag_before(m);
    uint64_t value = dropped ? 0 : mask;

    if (mask & ~allowed_mask(m->kernel)) {
        dropped = kvm_warn(m, "MMIO mask: uses bits that an MMIO SPTE needs "
                              "for its generation");
        value = 0;
    }
    if (value & m->nonpresent_or_rsvd_mask << L1TF_MOVED_BITS) {
        dropped = kvm_warn(m, "MMIO mask: collides with the address bits that "
                              "the L1TF mitigation moves");
        value = 0;
    }
    if (value && (kvm_frozen_spte(m->kernel) & mask) == value) {
        dropped = kvm_warn(m, "MMIO mask: a frozen SPTE would look like MMIO");
        value = 0;
    }

    m->mmio_value = value;
    m->mmio_mask = mask;
    flag_after(m);
    return mask ? dropped : NULL;
}

/* To 5.12: a tag in software-available bits tells MMIO; the bits on top only
 * make it fault, and nobody asks whether they do. */
static const char *set_tag(struct kvm_module *m, uint64_t mask)
{
    if (mask & m->nonpresent_or_rsvd_mask << L1TF_MOVED_BITS)
        kvm_warn(m, "MMIO value: collides with the address bits that the L1TF "
                    "mitigation moves");
    m->mmio_value = mask | SPTE_MMIO_TAG;
    m->mmio_mask = SPTE_MMIO_TAG;
    m->enable_mmio_caching = true;
    return NULL;
}

const char *kvm_mmu_set_mmio_spte_mask(struct kvm_module *m, uint64_t mask)
{
    m->mmio_access_mask = MMIO_ACCESS_MASK;
    if (mask & m->lower_gfn_mask)
        kvm_warn(m, "MMIO mask: overlaps the gfn in an MMIO SPTE");

    switch ((enum mmio_flag)kvm_slot(m->kernel, SLOT_MMIO_FLAG)) {
    case MMIO_FLAG_TAG:
        return set_tag(m, mask);
    case MMIO_FLAG_VALUE:
    case MMIO_FLAG_STICKY:
    case MMIO_FLAG_SNAPSHOT:
        return set_value_and_mask(m, mask);
    }
    BUG_ON(true);
}

const char *kvm_mmio_mask_why(const struct kvm_module *m, uint64_t mask,
                              const char *why)
{
    if (mask || kvm_slot(m->kernel, SLOT_MMIO_FLAG) != MMIO_FLAG_TAG)
        return why;
    return trace_text(m->trace,
                      "%s; but a tag in bits 53:52 tells an MMIO SPTE here, "
                      "and nobody asks whether it faults",
                      why);
}

bool kvm_mmio_caching_works(const struct kvm_module *m)
{
    switch ((enum mmio_flag)kvm_slot(m->kernel, SLOT_MMIO_FLAG)) {
    case MMIO_FLAG_TAG:
        return true;
    case MMIO_FLAG_VALUE:
        return m->mmio_value;
    case MMIO_FLAG_STICKY:
    case MMIO_FLAG_SNAPSHOT:
        return m->enable_mmio_caching;
    }
    BUG_ON(true);
}
