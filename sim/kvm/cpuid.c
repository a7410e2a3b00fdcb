/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/cpuid.c - what KVM_GET_SUPPORTED_CPUID says of widths and encryption.
 *
 * Two leaves only: those in which a decision of this simulator shows. Userspace
 * hands them to its guests, so a width here is what a guest will believe in.
 */
#include "kvm/kvm_module.h"

#define LEAF_WIDTH      0x80000008U
#define LEAF_ENCRYPTION 0x8000001fU

/* With nested paging a guest may use all that the hardware walks; else as much
 * as the host's own tables, which KVM fills for it, can hold. */
static unsigned guest_width(const struct kvm_module *m)
{
    return m->npt_enabled ? m->maxphyaddr : m->x86_phys_bits;
}

/* Nested tables have as many levels as the host's: four end at 48 bits. */
static unsigned mappable_width(const struct kvm_module *m)
{
    bool la57 = kvm_host_cpuid(m, 7).ecx & BIT(feature_table[FEAT_LA57].bit);
    unsigned width = guest_width(m);

    if (!m->npt_enabled)
        return 0;
    return !la57 && width > 48 ? 48 : width;
}

static struct cpuid_regs widths(const struct kvm_module *m)
{
    uint32_t host = kvm_host_cpuid(m, LEAF_WIDTH).eax;
    struct cpuid_regs r = { .eax = (host & 0xff00) | guest_width(m) };

    switch ((enum cpuid_width)kvm_slot(m->kernel, SLOT_CPUID_WIDTH)) {
    case CPUID_WIDTH_GUEST:
        break;
    case CPUID_WIDTH_MAPPABLE:
        r.eax |= mappable_width(m) << 16;
        break;
    }
    return r;
}

static uint32_t feature_bit(enum feature f, bool on)
{
    return on ? 1U << feature_table[f].bit : 0;
}

/* Only what KVM grants, and nothing at all without SEV. Of EBX the C-bit stays:
 * a guest's reduction is 0. */
static struct cpuid_regs granted(const struct kvm_module *m,
                                 struct cpuid_regs host)
{
    if (!m->cpu_cap_sev)
        return (struct cpuid_regs) { 0 };
    host.eax = feature_bit(FEAT_SEV, true) |
               feature_bit(FEAT_SEV_ES, m->cpu_cap_sev_es) |
               feature_bit(FEAT_SEV_SNP, m->cpu_cap_snp) |
               (host.eax & feature_bit(FEAT_SME_COHERENT, true));
    host.ebx &= 0x3f;
    return host;
}

static struct cpuid_regs encryption(const struct kvm_module *m)
{
    struct cpuid_regs host = kvm_host_cpuid(m, LEAF_ENCRYPTION);

    switch ((enum cpuid_sev)kvm_slot(m->kernel, SLOT_CPUID_SEV)) {
    case CPUID_SEV_HOST:
        return host;
    case CPUID_SEV_GRANTED:
        return granted(m, host);
    }
    BUG_ON(true);
}

struct cpuid_regs kvm_supported_cpuid(const struct kvm_module *m, uint32_t leaf)
{
    if (leaf == LEAF_WIDTH)
        return widths(m);
    if (leaf == LEAF_ENCRYPTION)
        return encryption(m);
    return (struct cpuid_regs) { 0 };
}
