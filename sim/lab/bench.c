/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/bench.c - a host becomes a machine, and a kernel model loads on it.
 *
 * No shortcut around the CPU: what the kernel learns, it learns through CPUID,
 * MSRs and the secure processor of a machine built for this one host.
 */
#include "lab.h"

#include <string.h>

/* What a host does not say: a 64-bit AMD CPU with SVM. */
static const struct cpu_model plain_cpu = {
    .name = "plain",
    .signature = 0x00a00f11, /* family 19h, as Milan */
    .linear_bits = 48,
    .n_asids = 32768,
    .features = { [FEAT_SVM] = true,
                  [FEAT_NX] = true,
                  [FEAT_PAE] = true,
                  [FEAT_PAGE1GB] = true,
                  [FEAT_LM] = true },
};

struct lab_bench {
    struct cpu *cpu;
    struct cpu_model model;
    struct kvm_params params;
    struct kvm_module module;
};

void lab_plain_machine(struct cpu_model *cpu, struct kvm_params *params)
{
    *cpu = plain_cpu;
    *params = kvm_default_params();
}

/* SVN 1Bh is the first that runs no SEV-ES beside SNP on plain_cpu's family. */
static void platform(const uint64_t *v, struct cpu_model *cpu)
{
    static const enum psp_health health[] = {
        [POLICY_PSP_OK] = PSP_WORKS,
        [POLICY_PSP_FAIL] = PSP_FAILS,
        [POLICY_PSP_ABSENT] = PSP_ABSENT,
    };

    cpu->psp = health[v[POLICY_PSP]];
    cpu->psp_snp = v[POLICY_PSP_SNP_INIT] ? PSP_SNP_INITIALIZED : PSP_SNP_STUCK;
    cpu->psp_cth = v[POLICY_CTH_HW] ? PSP_CTH_BOTH : PSP_CTH_NONE;
    cpu->psp_svn = v[POLICY_FW_ALLOWS_ES] ? 0 : 0x1b;
    cpu->rmp_table = v[POLICY_HOST_SNP_OK];
}

void lab_machine(const struct policy_host *host, struct cpu_model *cpu,
                 struct kvm_params *params)
{
    const uint64_t *v = host->v;

    cpu->maxphyaddr_raw = (unsigned)v[POLICY_RAW_MAXPHYADDR];
    cpu->phys_reduction = (unsigned)v[POLICY_PA_REDUCTION];
    cpu->cbit = (unsigned)v[POLICY_CBIT];
    cpu->max_sev_asid = (uint32_t)v[POLICY_MAX_ASID];
    cpu->min_sev_asid = (uint32_t)v[POLICY_MIN_ASID];
    cpu->max_ext_leaf = (uint32_t)v[POLICY_MAX_EXT_LEAF];
    cpu->mem_encrypt = v[POLICY_SYSCFG_MEMENC];
    cpu->smmlock = v[POLICY_HWCR_SMMLOCK];
    cpu->features[FEAT_SME] = v[POLICY_F_SME];
    cpu->features[FEAT_SEV] = v[POLICY_F_SEV];
    cpu->features[FEAT_SEV_ES] = v[POLICY_F_SEV_ES];
    cpu->features[FEAT_SEV_SNP] = v[POLICY_F_SNP];
    cpu->features[FEAT_NP] = v[POLICY_F_NPT];
    cpu->features[FEAT_NRIPS] = v[POLICY_F_NRIPS];
    cpu->features[FEAT_DECODE_ASSISTS] = v[POLICY_F_DECODEASSISTS];
    cpu->features[FEAT_FLUSH_BY_ASID] = v[POLICY_F_FLUSHBYASID];
    cpu->features[FEAT_LBRV] = v[POLICY_F_LBRV];

    params->mmio_caching = v[POLICY_P_MMIO_CACHING];
    params->npt = v[POLICY_P_NPT];
    params->sev = v[POLICY_P_SEV];
    params->sev_es = v[POLICY_P_SEV_ES];
    params->sev_snp = v[POLICY_P_SEV_SNP];
    params->sme = v[POLICY_SME_ACTIVE];
    params->bug_l1tf = v[POLICY_BUG_L1TF];
    params->x86_cache_bits = (unsigned)v[POLICY_X86_CACHE_BITS];
    params->nrips = v[POLICY_P_NRIPS];
    params->lbrv = v[POLICY_P_LBRV];
    params->ciphertext_hiding_asids = (uint32_t)v[POLICY_P_CTH_ASIDS];
    platform(v, cpu);
}

struct policy_host lab_host_of(const struct cpu_model *cpu)
{
    struct policy_host host = policy_default_host();
    uint64_t *v = host.v;

    v[POLICY_RAW_MAXPHYADDR] = cpu->maxphyaddr_raw;
    v[POLICY_PA_REDUCTION] = cpu->phys_reduction;
    v[POLICY_CBIT] = cpu->cbit;
    v[POLICY_MAX_ASID] = cpu->max_sev_asid;
    v[POLICY_MIN_ASID] = cpu->min_sev_asid;
    v[POLICY_MAX_EXT_LEAF] = cpu->max_ext_leaf;
    v[POLICY_SYSCFG_MEMENC] = cpu->mem_encrypt;
    v[POLICY_HWCR_SMMLOCK] = cpu->smmlock;
    v[POLICY_F_SME] = cpu->features[FEAT_SME];
    v[POLICY_F_SEV] = cpu->features[FEAT_SEV];
    v[POLICY_F_SEV_ES] = cpu->features[FEAT_SEV_ES];
    v[POLICY_F_SNP] = cpu->features[FEAT_SEV_SNP];
    v[POLICY_F_NPT] = cpu->features[FEAT_NP];
    v[POLICY_F_NRIPS] = cpu->features[FEAT_NRIPS];
    v[POLICY_F_DECODEASSISTS] = cpu->features[FEAT_DECODE_ASSISTS];
    v[POLICY_F_FLUSHBYASID] = cpu->features[FEAT_FLUSH_BY_ASID];
    v[POLICY_F_LBRV] = cpu->features[FEAT_LBRV];
    return host;
}

struct lab_bench *lab_bench_create(struct pool *pool)
{
    struct lab_bench *b = pool_alloc(pool, sizeof(*b));

    lab_plain_machine(&b->model, &b->params);
    b->cpu = cpu_create(pool, &b->model, NULL);
    return b;
}

void lab_become(struct lab_bench *b, const struct policy_host *host)
{
    lab_machine(host, &b->model, &b->params);
    cpu_reset(b->cpu, &b->model);
}

const struct cpu *lab_cpu(const struct lab_bench *b)
{
    return b->cpu;
}

const struct kvm_module *lab_load(struct lab_bench *b,
                                  const struct kernel_model *kernel,
                                  const struct policy_host *host)
{
    struct wire wire = cpu_wire(b->cpu);

    lab_become(b, host);
    kvm_module_load(&b->module, &wire, kernel, &b->params, NULL);
    return &b->module;
}

_Static_assert(POLICY_LOG_MAX == KVM_LOG_MAX, "a log line fits");

void lab_result(const struct kvm_module *m, struct policy_result *r)
{
    r->value_at_reset = m->value_at_reset;
    r->shadow_mmio_value = m->mmio_value;
    r->shadow_mmio_mask = m->mmio_mask;
    r->shadow_phys_bits = m->maxphyaddr;
    r->x86_phys_bits = m->x86_phys_bits;
    r->vm_types = m->vm_types;
    r->cg_sev = m->cg_sev;
    r->cg_sev_es = m->cg_sev_es;
    r->warn_count = m->warn_count;
    r->caching_at_reset = m->caching_at_reset;
    r->enable_mmio_caching = m->enable_mmio_caching;
    r->sev_enabled = m->sev;
    r->sev_es_enabled = m->sev_es;
    r->sev_snp_enabled = m->sev_snp;
    r->cap_sev = m->cpu_cap_sev;
    r->cap_sev_es = m->cpu_cap_sev_es;
    r->cap_snp = m->cpu_cap_snp;
    r->boot_sev = m->cap_sev;
    r->boot_sev_es = m->cap_sev_es;
    memcpy(r->sev_log, m->sev_log, sizeof(r->sev_log));
    memcpy(r->sev_es_log, m->sev_es_log, sizeof(r->sev_es_log));
    memcpy(r->snp_log, m->snp_log, sizeof(r->snp_log));
}
