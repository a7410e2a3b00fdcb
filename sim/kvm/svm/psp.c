/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/psp.c - the driver of the secure processor, as far as KVM calls it.
 *
 * The driver outlives KVM's modules, so what it did once stays done. All that
 * it knows of SEV-SNP is what the firmware says when asked: that somebody else
 * initialised SNP before is no secret to it.
 */
#include "kvm/svm/psp.h"

#include <errno.h>

/* From these versions (SVN) on the firmware runs no SEV-ES guest once SNP is
 * initialised (AMD-SB-3023). */
#define SVN_NO_ES_ZEN3_ZEN4 0x1bU
#define SVN_NO_ES_ZEN5      0x4U

static enum psp_status command(const struct kvm_module *m, enum psp_cmd cmd,
                               struct psp_request *r)
{
    return m->wire.ops->psp(m->wire.hw, cmd, r);
}

static bool snp_status(const struct kvm_module *m, struct psp_snp_status *s)
{
    struct psp_request r = { 0 };

    if (command(m, PSP_SNP_PLATFORM_STATUS, &r) != PSP_OK)
        return false;
    *s = r.snp;
    return true;
}

bool psp_snp_initialized(const struct kvm_module *m)
{
    struct psp_snp_status s;

    return snp_status(m, &s) && s.initialized;
}

/* SNP_INIT, where the kernel is an SNP host; false: it failed. */
static bool snp_init(const struct kvm_module *m, struct kvm_psp *psp,
                     uint32_t max_snp_asid)
{
    struct psp_request r = { .max_snp_asid = max_snp_asid };
    bool ok = true;

    psp->snp_initialized = psp_snp_initialized(m);
    if (!m->cap_sev_snp || psp->snp_initialized)
        return true;
    ok = command(m, PSP_SNP_INIT, &r) == PSP_OK;
    psp->snp_initialized = ok && psp_snp_initialized(m);
    return ok;
}

static bool aborts(const struct kvm_module *m)
{
    switch ((enum psp_snp_failure)kvm_slot(m->kernel, SLOT_PSP_SNP_FAILURE)) {
    case PSP_SNP_FAILURE_GO_ON:
        return false;
    case PSP_SNP_FAILURE_ABORT:
        return true;
    }
    BUG_ON(true);
}

static bool is_snp_host(const struct kvm_module *m)
{
    return kvm_slot(m->kernel, SLOT_SNP_HOST) != SNP_HOST_NONE;
}

int psp_platform_init(const struct kvm_module *m, struct kvm_psp *psp,
                      uint32_t max_snp_asid)
{
    struct psp_request r = { 0 };
    enum psp_status status;

    if (psp->initialized)
        return 0;
    if (is_snp_host(m) && !snp_init(m, psp, max_snp_asid) && aborts(m))
        return -EIO;
    status = command(m, PSP_INIT, &r);
    psp->initialized = status == PSP_OK;
    return psp->initialized ? 0 : status == PSP_NO_DEVICE ? -ENODEV : -EIO;
}

bool psp_can_hide_ciphertext(const struct kvm_module *m)
{
    struct psp_request r = { 0 };
    struct psp_snp_status s;

    return snp_status(m, &s) && s.feature_info && s.ciphertext_hiding_cap &&
           command(m, PSP_SNP_FEATURE_INFO, &r) == PSP_OK &&
           (r.feature_ecx & PSP_FEATURE_CIPHERTEXT_HIDING);
}

/* The layout of a TCB_VERSION, and the limit, are the generation's. */
bool psp_runs_es_beside_snp(const struct kvm_module *m)
{
    unsigned family = cpuid_family(kvm_host_cpuid(m, 1).eax);
    struct psp_snp_status s;

    if (!snp_status(m, &s))
        return true;
    if (family == 0x19)
        return (s.current_tcb >> PSP_TCB_SNP_SHIFT & 0xff) <
               SVN_NO_ES_ZEN3_ZEN4;
    if (family == 0x1a)
        return (s.current_tcb >> PSP_TCB_SNP_SHIFT_TURIN & 0xff) <
               SVN_NO_ES_ZEN5;
    return true;
}
