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
#include "kvm/svm/psp.h"
#include "kvm/svm/sev_setup.h"

/* ---- the chains ---- */

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

/* ---- ASIDs ---- */

static void charge_sev_asids(struct kvm_module *m)
{
    uint32_t count = m->max_sev_asid - m->min_sev_asid + 1; /* may wrap */

    switch ((enum sev_cgroup)kvm_slot(m->kernel, SLOT_SEV_CGROUP)) {
    case CGROUP_NONE:
        break;
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

/* SEV-ES and SNP share all ASIDs below the smallest SEV ASID. */
static void share_asids(struct kvm_module *m)
{
    m->min_sev_es_asid = m->min_snp_asid = 1;
    m->max_sev_es_asid = m->max_snp_asid = m->min_sev_asid - 1;
    if (kvm_slot(m->kernel, SLOT_SEV_CGROUP) != CGROUP_NONE)
        m->cg_sev_es = m->min_sev_asid - 1;
}

static bool can_split(const struct kvm_module *m)
{
    switch ((enum sev_ranges)kvm_slot(m->kernel, SLOT_SEV_RANGES)) {
    case SEV_RANGES_SHARED:
        return false;
    case SEV_RANGES_SPLIT:
        return true;
    }
    BUG_ON(true);
}

/*
 * With ciphertext hiding SNP has the ASIDs up to the parameter, SEV-ES those
 * above. The parameter is replaced by what the firmware was told only where SNP
 * is on; the ranges follow it either way.
 */
static void split_asids(struct kvm_module *m, bool snp, uint32_t hidden)
{
    if (!can_split(m))
        return;
    if (snp)
        m->cth_asids = hidden;
    if (!m->cth_asids)
        return;
    m->max_snp_asid = m->cth_asids;
    m->min_sev_es_asid = m->cth_asids + 1;
    m->cth_log = true;
    TRACE(m->trace, kvm_log, .text = "SEV-SNP ciphertext hiding enabled");
}

/* ---- the secure processor ---- */

/* ASIDs whose ciphertext the firmware shall hide: those for SNP. */
static uint32_t asids_to_hide(const struct kvm_module *m)
{
    uint32_t below_sev = m->min_sev_asid - 1; /* all, where none was read */

    if (!m->cth_asids || !psp_can_hide_ciphertext(m))
        return 0;
    return m->cth_asids < below_sev ? m->cth_asids : below_sev;
}

static void tell_psp(struct kvm_module *m, const char *feature,
                     const char *gate, bool open, const char *why)
{
    tell_gate(m, feature, gate, (struct sev_verdict) { open, why },
              m->kernel->slot_because[SLOT_SEV_PSP_INIT]);
}

static void tell_psp_failed(struct kvm_module *m, bool snp)
{
    const bool granted[] = { m->sev_supported, m->sev_es_supported, snp };

    for (unsigned f = FEATURE_SEV; f <= FEATURE_SEV_SNP; f++)
        if (granted[f])
            tell_psp(m, sev_feature_name(f), "psp_init", false,
                     "the secure processor did not come up");
}

/* The platform must come up, and with SNP where that was granted. Whether it is
 * asked depends on the parameter, not on the CPU. */
static void psp_at_load(struct kvm_module *m, bool *snp)
{
    uint32_t hidden;

    if (!m->params.sev)
        return;
    hidden = asids_to_hide(m);
    m->init_max_snp_asid = hidden;
    if (psp_platform_init(m, &m->psp, hidden)) {
        tell_psp_failed(m, *snp);
        m->sev_supported = m->sev_es_supported = *snp = false;
    } else if (*snp) {
        *snp = psp_snp_initialized(m);
        tell_psp(m, "sev_snp", "psp_snp_init", *snp,
                 *snp ? "the firmware says that SNP is initialised"
                      : "the firmware says that SNP is not initialised");
    }
    split_asids(m, *snp, hidden);
}

static void ask_psp(struct kvm_module *m, bool *snp)
{
    m->init_max_snp_asid = -1;
    switch ((enum sev_psp_init)kvm_slot(m->kernel, SLOT_SEV_PSP_INIT)) {
    case PSP_INIT_AT_VM:
        break;
    case PSP_INIT_IGNORED:
        if (!m->sev_supported)
            break;
        m->init_max_snp_asid = 0;
        psp_platform_init(m, &m->psp, 0);
        break;
    case PSP_INIT_AT_LOAD:
        psp_at_load(m, snp);
        break;
    }
}

/* ---- what userspace may ask for ---- */

#define VM_TYPE(type) ((uint32_t)BIT(KVM_X86_##type##_VM))

static uint32_t sev_vm_types(bool sev, bool es, bool snp)
{
    return (sev ? VM_TYPE(SEV) : 0) | (es ? VM_TYPE(SEV_ES) : 0) |
           (snp ? VM_TYPE(SNP) : 0);
}

/* Types that the secure processor will launch. It is there: SEV was granted
 * after it came up. */
static uint32_t firmware_vm_types(const struct kvm_module *m)
{
    bool snp = m->psp.snp_initialized;

    return VM_TYPE(SEV) | (snp ? VM_TYPE(SNP) : 0) |
           (!snp || psp_runs_es_beside_snp(m) ? VM_TYPE(SEV_ES) : 0);
}

static uint32_t offered_vm_types(const struct kvm_module *m)
{
    uint32_t types;

    switch ((enum vm_types)kvm_slot(m->kernel, SLOT_VM_TYPES)) {
    case VM_TYPES_NONE:
        return 0;
    case VM_TYPES_DEFAULT:
        return VM_TYPE(DEFAULT);
    case VM_TYPES_BOOLEANS:
        return VM_TYPE(DEFAULT) | sev_vm_types(m->sev, m->sev_es, m->sev_snp);
    case VM_TYPES_FIRMWARE:
        types = sev_vm_types(
            m->sev && m->min_sev_asid <= m->max_sev_asid,
            m->sev_es && m->min_sev_es_asid <= m->max_sev_es_asid, m->sev_snp);
        if (types & ~VM_TYPE(SEV)) /* the firmware has a say in these */
            types &= firmware_vm_types(m);
        return VM_TYPE(DEFAULT) | types;
    }
    BUG_ON(true);
}

/* ---- the whole ---- */

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
        share_asids(m);
        sev_log_granted(m, FEATURE_SEV_ES);
        snp = pass_gates(m, FEATURE_SEV_SNP, &k->sev_snp);
    } else if (k->sev_snp.n) {
        tell_inherited(m, FEATURE_SEV_SNP, FEATURE_SEV_ES,
                       "SEV-ES is refused, and SEV-SNP builds on it");
    }
    return snp;
}

void sev_hardware_setup(struct kvm_module *m)
{
    bool snp;

    m->cth_asids = can_split(m) ? m->params.ciphertext_hiding_asids : 0;
    snp = grant(m);
    ask_psp(m, &snp);
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
