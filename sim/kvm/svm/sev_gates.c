/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/sev_gates.c - one function per condition of sev_hardware_setup().
 *
 * Which of them a kernel asks, and in which order, is in models/kernels/. Each
 * says why it is open or closed; a gate never looks at another feature's
 * result.
 */
#include "kvm/svm/sev_setup.h"

#define LEAF_ENCRYPTION 0x8000001fU

const char *sev_feature_name(enum sev_feature f)
{
    static const char *const names[] = { "sev", "sev_es", "sev_snp" };

    return names[f];
}

static struct sev_verdict verdict(bool open, const char *if_open,
                                  const char *if_closed)
{
    return (struct sev_verdict) { open, open ? if_open : if_closed };
}

static struct sev_verdict gate_module_param(struct kvm_module *m,
                                            enum sev_feature f)
{
    const struct kvm_params *p = &m->params;
    bool on = f == FEATURE_SEV      ? p->sev
              : f == FEATURE_SEV_ES ? p->sev_es
                                    : p->sev_snp;

    return verdict(on, "the parameter of kvm-amd asks for it",
                   "the parameter of kvm-amd is 0");
}

static struct sev_verdict gate_npt(struct kvm_module *m, enum sev_feature f)
{
    (void)f;
    return verdict(m->npt_enabled, "nested paging is on",
                   "nested paging is off: KVM would have to read guest page "
                   "tables, which are encrypted");
}

static struct sev_verdict gate_nrips(struct kvm_module *m, enum sev_feature f)
{
    (void)f;
    return verdict(m->nrips, "the CPU saves the next RIP",
                   "without the next RIP KVM would have to decode guest code, "
                   "which is encrypted");
}

static struct sev_verdict gate_cpuid(struct kvm_module *m, enum sev_feature f)
{
    bool has = f == FEATURE_SEV      ? m->cap_sev
               : f == FEATURE_SEV_ES ? m->cap_sev_es
                                     : m->cap_sev_snp;

    return verdict(has, "the CPU has the feature",
                   "CPUID 8000_001F does not show the feature, or the kernel "
                   "cleared it while booting");
}

static struct sev_verdict gate_decodeassists(struct kvm_module *m,
                                             enum sev_feature f)
{
    (void)f;
    if (kvm_host_has_svm(m, FEAT_DECODE_ASSISTS))
        return (struct sev_verdict) { true, "the CPU hands over instruction "
                                            "bytes" };
    return (struct sev_verdict) {
        false, kvm_warn(m, "without decode assists KVM would have to fetch "
                           "guest code, which is encrypted")
    };
}

static struct sev_verdict gate_flushbyasid(struct kvm_module *m,
                                           enum sev_feature f)
{
    (void)f;
    if (kvm_host_has_svm(m, FEAT_FLUSH_BY_ASID))
        return (struct sev_verdict) { true, "the CPU can flush one ASID" };
    return (struct sev_verdict) {
        false, kvm_warn(m, "without flush-by-ASID the TLB of an SEV guest, "
                           "whose ASID is fixed, cannot be flushed")
    };
}

/* Only a KVM that is built into the kernel has to start the driver itself; one
 * in modules finds it loaded. */
static struct sev_verdict gate_psp_driver(struct kvm_module *m,
                                          enum sev_feature f)
{
    (void)m;
    (void)f;
    return verdict(true, "KVM is a module: the PSP driver was there first", "");
}

/* SEV: learn the ranges. SEV-ES, SNP: is anything below the smallest SEV ASID?
 * A minimum of 0 passes, as it does upstream. */
static struct sev_verdict gate_asids(struct kvm_module *m, enum sev_feature f)
{
    struct cpuid_regs enc;

    if (f != FEATURE_SEV)
        return verdict(m->min_sev_asid != 1,
                       "ASIDs below the smallest SEV ASID are left",
                       "the smallest SEV ASID is 1 (CPUID 8000_001F EDX): none "
                       "is left below it");

    enc = kvm_host_cpuid(m, LEAF_ENCRYPTION);
    m->max_sev_asid = enc.ecx;
    if (m->max_sev_asid) {
        m->min_sev_asid = enc.edx;
        m->sev_enc_bit = BIT(enc.ebx & 0x3f);
    }
    return verdict(m->max_sev_asid, "there are ASIDs for encrypted guests",
                   "CPUID 8000_001F ECX is 0: there is no ASID for encrypted "
                   "guests");
}

static struct sev_verdict gate_cgroup(struct kvm_module *m, enum sev_feature f)
{
    (void)m;
    (void)f;
    return verdict(true,
                   "the misc cgroup takes any capacity of a resource "
                   "that it knows",
                   "");
}

/* The flag as it stands when SEV is set up: see the model's setup order. */
static struct sev_verdict gate_mmio_caching(struct kvm_module *m,
                                            enum sev_feature f)
{
    (void)f;
    return verdict(m->enable_mmio_caching,
                   "MMIO SPTEs fault with a reserved bit, which becomes #VC",
                   "SEV-ES guests learn of MMIO only from a reserved-bit #NPF "
                   "that becomes #VC");
}

static struct sev_verdict gate_lbrv(struct kvm_module *m, enum sev_feature f)
{
    (void)f;
    if (!kvm_host_has_svm(m, FEAT_LBRV))
        kvm_warn(m, "a CPU with SEV-ES lacks LBR virtualization");
    return verdict(m->lbrv, "LBR virtualization is on",
                   "an SEV-ES guest needs LBR virtualization, and it is off");
}

static struct sev_verdict gate_host_snp(struct kvm_module *m,
                                        enum sev_feature f)
{
    (void)f;
    return verdict(m->cap_sev_snp, "the kernel booted as an SNP host",
                   "the kernel is no SNP host: CPUID without SNP, or no RMP "
                   "table reserved by the firmware");
}

struct sev_verdict sev_gate(struct kvm_module *m, enum sev_feature f,
                            enum kvm_gate gate)
{
    static struct sev_verdict (*const gates[N_KVM_GATES])(struct kvm_module *,
                                                          enum sev_feature) = {
        [GATE_MODULE_PARAM] = gate_module_param,
        [GATE_NPT] = gate_npt,
        [GATE_NRIPS] = gate_nrips,
        [GATE_CPUID] = gate_cpuid,
        [GATE_DECODEASSISTS] = gate_decodeassists,
        [GATE_FLUSHBYASID] = gate_flushbyasid,
        [GATE_PSP_DRIVER] = gate_psp_driver,
        [GATE_ASIDS] = gate_asids,
        [GATE_CGROUP] = gate_cgroup,
        [GATE_MMIO_CACHING] = gate_mmio_caching,
        [GATE_LBRV] = gate_lbrv,
        [GATE_HOST_SNP] = gate_host_snp,
    };

    return gates[gate](m, f);
}
