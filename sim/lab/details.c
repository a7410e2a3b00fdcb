/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/details.c - what a kernel holds after a load, for those who ask by name.
 */
#include "lab.h"

enum detail {
    X86_PHYS_BITS_PASS1,
    R_CTH_ASIDS,
    INIT_MAX_SNP_ASID,
    SEV_RANGE,
    ES_RANGE,
    SNP_RANGE,
    ES_LOG, /* sev_es_log, as the tables about SNP call it */
    CTH_LOG,
    CPUID_WIDTH_EAX,
    CPUID_SEV_EAX,
    CPUID_SEV_EBX,
    CPUID_SEV_ECX,
    CPUID_SEV_EDX,
    N_DETAILS,
};

static const char *const names[N_DETAILS] = {
    [X86_PHYS_BITS_PASS1] = "x86_phys_bits_pass1",
    [R_CTH_ASIDS] = "r_cth_asids",
    [INIT_MAX_SNP_ASID] = "init_max_snp_asid",
    [SEV_RANGE] = "sev_range",
    [ES_RANGE] = "es_range",
    [SNP_RANGE] = "snp_range",
    [ES_LOG] = "es_log",
    [CTH_LOG] = "cth_log",
    [CPUID_WIDTH_EAX] = "cpuid_80000008_eax",
    [CPUID_SEV_EAX] = "cpuid_8000001f_eax",
    [CPUID_SEV_EBX] = "cpuid_8000001f_ebx",
    [CPUID_SEV_ECX] = "cpuid_8000001f_ecx",
    [CPUID_SEV_EDX] = "cpuid_8000001f_edx",
};

const unsigned n_lab_details = N_DETAILS;

const char *lab_detail_name(unsigned detail)
{
    return names[detail];
}

static void put_range(struct buf *b, const struct kvm_module *m,
                      enum sev_feature f)
{
    struct kvm_asid_range r = kvm_asids_told(m, f);

    buf_dec(b, r.min);
    buf_addc(b, '-');
    buf_dec(b, r.max);
}

/* -1: the driver of the secure processor was not called. */
static void put_init(struct buf *b, const struct kvm_module *m)
{
    if (m->init_max_snp_asid < 0)
        buf_adds(b, "-1");
    else
        buf_dec(b, (uint64_t)m->init_max_snp_asid);
}

void lab_detail_put(struct buf *b, const struct kvm_module *m, unsigned detail)
{
    switch ((enum detail)detail) {
    case X86_PHYS_BITS_PASS1:
        return buf_dec(b, m->x86_phys_bits_pass1);
    case R_CTH_ASIDS:
        return buf_dec(b, m->cth_asids);
    case INIT_MAX_SNP_ASID:
        return put_init(b, m);
    case SEV_RANGE:
        return put_range(b, m, FEATURE_SEV);
    case ES_RANGE:
        return put_range(b, m, FEATURE_SEV_ES);
    case SNP_RANGE:
        return put_range(b, m, FEATURE_SEV_SNP);
    case ES_LOG:
        return buf_adds(b, m->sev_es_log);
    case CTH_LOG:
        return buf_dec(b, m->cth_log);
    case CPUID_WIDTH_EAX:
        return buf_hex(b, kvm_supported_cpuid(m, 0x80000008).eax);
    case CPUID_SEV_EAX:
        return buf_hex(b, kvm_supported_cpuid(m, 0x8000001f).eax);
    case CPUID_SEV_EBX:
        return buf_hex(b, kvm_supported_cpuid(m, 0x8000001f).ebx);
    case CPUID_SEV_ECX:
        return buf_hex(b, kvm_supported_cpuid(m, 0x8000001f).ecx);
    case CPUID_SEV_EDX:
        return buf_hex(b, kvm_supported_cpuid(m, 0x8000001f).edx);
    case N_DETAILS:
        break;
    }
    BUG_ON(true);
}
