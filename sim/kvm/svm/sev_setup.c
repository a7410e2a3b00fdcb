/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/sev_setup.c - does this host offer SEV, SEV-ES, SEV-SNP, and to whom?
 *
 * Three chains of gates, each in the kernel model's order; the first closed one
 * ends everything, and what was granted before stands. SEV-ES builds on SEV,
 * SNP on SEV-ES, so SNP inherits every gate. Then the tail: the secure
 * processor, the log lines, what userspace may ask for. The gates themselves
 * are in sev_gates.c.
 */
#include "kvm/svm/sev_setup.h"

/* ---- the chains -----------------------------------------------------------
 */

static void tell_gate(struct kvm_module *m, const char *feature,
                      const char *gate, struct sev_verdict v,
                      const char *source)
{
    TRACE(m->trace, kvm_gate, .feature = feature, .gate = gate, .open = v.open,
          .why = v.why, .source = source);
}

static bool pass_gates(struct kvm_module *m, enum sev_feature f,
                       const struct kvm_gate_list *list)
{
    for (unsigned i = 0; i < list->n; i++) {
        struct sev_verdict v = sev_gate(m, f, list->gate[i]);

        tell_gate(m, sev_feature_name(f), kvm_gate_names[list->gate[i]], v,
                  list->because[i]);
        if (!v.open)
            return false;
    }
    return list->n > 0;
}

/* No gate of @f was asked, because what it builds on is refused. */
static void tell_inherited(struct kvm_module *m, enum sev_feature f,
                           enum sev_feature base, const char *why)
{
    struct sev_verdict v = { .open = false, .why = why };

    tell_gate(m, sev_feature_name(f), sev_feature_name(base), v, NULL);
}

/* ---- ASIDs ----------------------------------------------------------------
 */

static void charge_sev_asids(struct kvm_module *m)
{
    uint32_t count = m->max_sev_asid - m->min_sev_asid + 1; /* may wrap */

    switch ((enum sev_cgroup)kvm_slot(m->kernel, SLOT_SEV_CGROUP)) {
    case CGROUP_ERROR:
    case CGROUP_WARN:
        m->cg_sev = count;
        break;
    case CGROUP_IF_USABLE:
        if (m->min_sev_asid <= m->max_sev_asid)
            m->cg_sev = count;
        break;
    }
}

/* Which ASIDs belong to SEV-ES and to SNP: all below the smallest SEV ASID. */
static void split_asids(struct kvm_module *m, bool es, bool snp)
{
    switch ((enum sev_ranges)kvm_slot(m->kernel, SLOT_SEV_RANGES)) {
    case SEV_RANGES_SHARED:
        es = snp = true;
        break;
    case SEV_RANGES_SPLIT: /* known only to a feature that is granted */
        break;
    }
    if (es) {
        m->min_sev_es_asid = 1;
        m->max_sev_es_asid = m->min_sev_asid - 1;
    }
    if (snp) {
        m->min_snp_asid = 1;
        m->max_snp_asid = m->min_sev_asid - 1;
    }
}

/* ---- the secure processor -------------------------------------------------
 */

/* Ask the PSP driver to have its platform ready; it does so only once. */
static bool sev_platform_init(struct kvm_module *m)
{
    struct psp_request r = { 0 };

    if (!m->psp_initialized)
        m->psp_initialized =
            m->wire.ops->psp(m->wire.hw, PSP_INIT, &r) == PSP_OK;
    return m->psp_initialized;
}

/* May the features stay? */
static bool psp_agrees(struct kvm_module *m)
{
    switch ((enum sev_psp_init)kvm_slot(m->kernel, SLOT_SEV_PSP_INIT)) {
    case PSP_INIT_AT_VM:
        return true;
    case PSP_INIT_IGNORED:
        if (m->sev_supported)
            sev_platform_init(m);
        return true;
    case PSP_INIT_AT_LOAD:
        return !m->params.sev || sev_platform_init(m);
    }
    BUG_ON(true);
}

/* ---- what userspace may ask for -------------------------------------------
 */

#define VM_TYPE(type) ((uint32_t)BIT(KVM_X86_##type##_VM))

static uint32_t offered_vm_types(const struct kvm_module *m)
{
    bool sev = m->sev, es = m->sev_es;

    switch ((enum vm_types)kvm_slot(m->kernel, SLOT_VM_TYPES)) {
    case VM_TYPES_NONE:
        return 0;
    case VM_TYPES_BOOLEANS:
        break;
    case VM_TYPES_FIRMWARE:
        sev = sev && m->min_sev_asid <= m->max_sev_asid;
        es = es && m->min_sev_es_asid <= m->max_sev_es_asid;
        break;
    }
    return VM_TYPE(DEFAULT) | (sev ? VM_TYPE(SEV) : 0) |
           (es ? VM_TYPE(SEV_ES) : 0) | (m->sev_snp ? VM_TYPE(SNP) : 0);
}

/* ---- the whole ------------------------------------------------------------
 */

/* Grant what the gates let through, one feature on top of the other. */
static bool grant(struct kvm_module *m)
{
    const struct kernel_model *k = m->kernel;
    bool snp = false;

    m->sev_supported = pass_gates(m, FEATURE_SEV, &k->sev);
    if (m->sev_supported) {
        charge_sev_asids(m);
        sev_log_granted(m, FEATURE_SEV);
        m->sev_es_supported = pass_gates(m, FEATURE_SEV_ES, &k->sev_es);
    } else {
        tell_inherited(m, FEATURE_SEV_ES, FEATURE_SEV,
                       "SEV is refused, and SEV-ES builds on it");
    }
    if (m->sev_es_supported) {
        m->cg_sev_es = m->min_sev_asid - 1;
        sev_log_granted(m, FEATURE_SEV_ES);
        snp = pass_gates(m, FEATURE_SEV_SNP, &k->sev_snp);
    } else if (k->sev_snp.n) {
        tell_inherited(m, FEATURE_SEV_SNP, FEATURE_SEV_ES,
                       "SEV-ES is refused, and SEV-SNP builds on it");
    }
    split_asids(m, m->sev_es_supported, snp);
    return snp;
}

void sev_hardware_setup(struct kvm_module *m)
{
    bool snp = grant(m);

    if (!psp_agrees(m)) {
        struct sev_verdict v = { .open = false,
                                 .why = "the secure processor did not come "
                                        "up" };

        tell_gate(m, "sev", "psp_init", v,
                  m->kernel->slot_because[SLOT_SEV_PSP_INIT]);
        m->sev_supported = m->sev_es_supported = snp = false;
    }
    m->sev = m->sev_supported;
    m->sev_es = m->sev_es_supported;
    m->sev_snp = snp;
    m->vm_types = offered_vm_types(m);
    sev_log_states(m);

    /* sev_set_cpu_caps() */
    m->cpu_cap_sev = m->sev;
    m->cpu_cap_sev_es = m->sev_es;
    m->cpu_cap_snp = m->sev_snp;
}
