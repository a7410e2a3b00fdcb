/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/host.c - what the kernel around KVM learnt about its CPU while booting.
 *
 * Two numbers come out of this file: the raw physical width, as CPUID says it,
 * and the width that is left after memory encryption took its bits. The vendor
 * hook that subtracts them runs twice on the boot CPU, and a feature flag that
 * one pass clears stays cleared: so a machine may end with the raw width
 * although its CPU gave bits up. Nothing here is KVM's yet.
 */
#include "kvm/kvm_module.h"

/* A 64-bit kernel's guess for a CPU without leaf 8000_0008. */
#define DEFAULT_PHYS_BITS 36

#define LEAF_WIDTH      0x80000008U
#define LEAF_SVM        0x8000000aU
#define LEAF_ENCRYPTION 0x8000001fU

struct cpuid_regs kvm_host_cpuid(const struct kvm_module *m, uint32_t leaf)
{
    return m->wire.ops->cpuid(m->wire.hw, leaf, 0);
}

uint64_t kvm_host_rdmsr(const struct kvm_module *m, uint32_t msr)
{
    uint64_t value;

    return m->wire.ops->rdmsr(m->wire.hw, msr, &value) ? value : 0;
}

static bool has(uint32_t reg, enum feature f)
{
    return reg & BIT(feature_table[f].bit);
}

bool kvm_host_has_svm(const struct kvm_module *m, enum feature f)
{
    return has(m->svm_features, f);
}

unsigned kvm_host_raw_width(const struct kvm_module *m)
{
    if (m->extended_cpuid_level < LEAF_WIDTH)
        return DEFAULT_PHYS_BITS;
    return kvm_host_cpuid(m, LEAF_WIDTH).eax & 0xff;
}

/* One pass of the vendor hook. Linux: early_detect_mem_encrypt(). */
static void early_detect_mem_encrypt(struct kvm_module *m, unsigned reduction)
{
    if (!m->cap_sme && !m->cap_sev)
        return;
    if (!(kvm_host_rdmsr(m, MSR_SYSCFG) & SYSCFG_MEM_ENCRYPT)) {
        m->cap_sme = m->cap_sev = m->cap_sev_es = m->cap_sev_snp = false;
        return;
    }

    m->x86_phys_bits -= reduction;
    if (!m->sme_cbit)
        m->cap_sme = false;
    if (!(kvm_host_rdmsr(m, MSR_HWCR) & HWCR_SMMLOCK))
        m->cap_sev = m->cap_sev_es = m->cap_sev_snp = false;
}

/* Can this kernel read the reverse map table of such a CPU? Its format is Zen
 * 3's and 4's own, unless the CPU has RMPREAD. */
static bool knows_rmp(const struct kvm_module *m, unsigned family,
                      struct cpuid_regs enc)
{
    switch ((enum snp_host)kvm_slot(m->kernel, SLOT_SNP_HOST)) {
    case SNP_HOST_NONE:
        return false;
    case SNP_HOST_FAMILY_19H:
        return family >= 0x19;
    case SNP_HOST_RMPREAD:
        return family == 0x19 || has(enc.eax, FEAT_RMPREAD);
    }
    BUG_ON(true);
}

/*
 * May this kernel host SEV-SNP? It must be first on the hardware, know the
 * generation, and find the table that the firmware reserved. Linux:
 * bsp_determine_snp().
 */
static bool determine_snp(const struct kvm_module *m, struct cpuid_regs enc)
{
    struct cpuid_regs id;
    uint64_t base, end;

    if (!has(enc.eax, FEAT_SEV_SNP))
        return false;
    id = kvm_host_cpuid(m, 1);
    base = kvm_host_rdmsr(m, MSR_RMP_BASE);
    end = kvm_host_rdmsr(m, MSR_RMP_END);
    return !has(id.ecx, FEAT_HYPERVISOR) &&
           knows_rmp(m, cpuid_family(id.eax), enc) && base && base < end;
}

/* Is the kernel itself encrypted? Asked once, before anything else runs. */
static unsigned sme_enable(const struct kvm_module *m, struct cpuid_regs enc)
{
    if (!m->params.sme || !has(enc.eax, FEAT_SME) ||
        !(kvm_host_rdmsr(m, MSR_SYSCFG) & SYSCFG_MEM_ENCRYPT))
        return 0;
    return enc.ebx & 0x3f;
}

/* What early boot ends with: the hook's width, unless the raw one is read over
 * it, to the harm of whatever asks before identify_cpu(). */
static unsigned early_width(const struct kvm_module *m, unsigned raw)
{
    switch ((enum boot_width)kvm_slot(m->kernel, SLOT_BOOT_WIDTH)) {
    case BOOT_WIDTH_FIRST:
        return m->x86_phys_bits;
    case BOOT_WIDTH_LAST:
        return raw;
    }
    BUG_ON(true);
}

static const char *width_why(const struct kvm_module *m, struct cpuid_regs enc,
                             unsigned raw)
{
    unsigned reduction = enc.ebx >> 6 & 0x3f;

    if (m->extended_cpuid_level < LEAF_ENCRYPTION)
        return "the CPU has no leaf 8000_001F: nothing takes address bits";
    if (!has(enc.eax, FEAT_SME) && !has(enc.eax, FEAT_SEV))
        return "the CPU does not encrypt memory: nothing takes address bits";
    if (!(kvm_host_rdmsr(m, MSR_SYSCFG) & SYSCFG_MEM_ENCRYPT))
        return "SYSCFG.MemEncryptionModEn is 0: no reduction, and the flags "
               "SME, SEV and SEV-ES are cleared";
    if (!reduction)
        return "memory encryption takes no address bits: EBX[11:6] of CPUID "
               "8000_001F is 0";
    if (m->x86_phys_bits == raw)
        return trace_text(m->trace,
                          "the first pass cleared the SME and SEV flags, so "
                          "the second, which counts, did not subtract the %u "
                          "bits that encryption takes",
                          reduction);
    return trace_text(m->trace,
                      "memory encryption takes %u of %u address bits: "
                      "EBX[11:6] of CPUID 8000_001F",
                      reduction, raw);
}

static void tell_boot(const struct kvm_module *m, struct cpuid_regs enc,
                      unsigned raw)
{
    TRACE(m->trace, kvm_boot_width, .kernel = m->kernel->name,
          .maxphyaddr = raw, .x86_phys_bits = m->x86_phys_bits,
          .sme = m->cap_sme, .sev = m->cap_sev, .sev_es = m->cap_sev_es,
          .why = width_why(m, enc, raw),
          .source = "Linux, early_detect_mem_encrypt()");
}

void kvm_host_boot(struct kvm_module *m)
{
    struct cpuid_regs enc = { 0 };
    unsigned raw;

    m->extended_cpuid_level = kvm_host_cpuid(m, 0x80000000U).eax;
    if (m->extended_cpuid_level >= LEAF_SVM)
        m->svm_features = kvm_host_cpuid(m, LEAF_SVM).edx;
    if (m->extended_cpuid_level >= LEAF_ENCRYPTION)
        enc = kvm_host_cpuid(m, LEAF_ENCRYPTION);
    raw = kvm_host_raw_width(m);

    m->sme_cbit = sme_enable(m, enc);
    m->cap_sme = has(enc.eax, FEAT_SME);
    m->cap_sev = has(enc.eax, FEAT_SEV);
    m->cap_sev_es = has(enc.eax, FEAT_SEV_ES);
    m->cap_sev_snp = determine_snp(m, enc);

    /* early_identify_cpu(), then identify_cpu(): both start at the raw width,
     * only flags survive from the first to the second. */
    for (int pass = 1; pass <= 2; pass++) {
        m->x86_phys_bits = raw;
        early_detect_mem_encrypt(m, enc.ebx >> 6 & 0x3f);
        if (pass == 1)
            m->x86_phys_bits_pass1 = early_width(m, raw);
    }
    m->x86_cache_bits =
        m->params.x86_cache_bits ? m->params.x86_cache_bits : raw;
    tell_boot(m, enc, raw);
}
