/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/sev_log.c - what SEV setup prints, and in which kernels.
 *
 * Old kernels speak at the moment of success only; newer ones state, at the
 * end, every feature that the CPU has. The lines are kept condensed, without
 * printf: a load is done millions of times in a sweep.
 */
#include "kvm/svm/sev_setup.h"

#include <string.h>

static char *put_text(char *at, const char *text)
{
    size_t len = strlen(text);

    memcpy(at, text, len);
    return at + len;
}

static char *put_number(char *at, uint32_t v)
{
    char digits[10];
    unsigned n = 0;

    do
        digits[n++] = (char)('0' + v % 10);
    while (v /= 10);
    while (n)
        *at++ = digits[--n];
    return at;
}

static char *log_of(struct kvm_module *m, enum sev_feature f)
{
    return f == FEATURE_SEV      ? m->sev_log
           : f == FEATURE_SEV_ES ? m->sev_es_log
                                 : m->snp_log;
}

static const char *kernel_name_of(enum sev_feature f)
{
    static const char *const names[] = { "SEV", "SEV-ES", "SEV-SNP" };

    return names[f];
}

/* "supported:410", the line of kernels that speak at success. */
void sev_log_granted(struct kvm_module *m, enum sev_feature f)
{
    uint32_t count = f == FEATURE_SEV ? m->max_sev_asid - m->min_sev_asid + 1
                                      : m->min_sev_asid - 1;

    switch ((enum sev_log)kvm_slot(m->kernel, SLOT_SEV_LOG)) {
    case SEV_LOG_SUCCESS:
        *put_number(put_text(log_of(m, f), "supported:"), count) = '\0';
        TRACE(m->trace, kvm_log,
              .text = trace_text(m->trace, "%s supported: %u ASIDs",
                                 kernel_name_of(f), count));
        break;
    case SEV_LOG_STATES:
    case SEV_LOG_UNUSABLE:
    case SEV_LOG_OWN_RANGES:
    case SEV_LOG_VM_TYPES:
        break;
    }
}

/* "enabled:1-99", the line of kernels that state each feature at the end. */
static void log_state(struct kvm_module *m, enum sev_feature f,
                      const char *state, struct kvm_asid_range r)
{
    char *at = put_text(log_of(m, f), state);

    *at++ = ':';
    at = put_number(at, r.min);
    *at++ = '-';
    *put_number(at, r.max) = '\0';
    TRACE(m->trace, kvm_log,
          .text = trace_text(m->trace, "%s %s (ASIDs %u - %u)",
                             kernel_name_of(f), state, r.min, r.max));
}

static bool is_usable(const struct kvm_module *m, enum sev_feature f)
{
    switch ((enum sev_log)kvm_slot(m->kernel, SLOT_SEV_LOG)) {
    case SEV_LOG_SUCCESS:
    case SEV_LOG_STATES:
        return true;
    case SEV_LOG_UNUSABLE:
        return f != FEATURE_SEV || m->min_sev_asid <= m->max_sev_asid;
    case SEV_LOG_OWN_RANGES:
        return f == FEATURE_SEV      ? m->min_sev_asid <= m->max_sev_asid
               : f == FEATURE_SEV_ES ? m->min_sev_es_asid <= m->max_sev_es_asid
                                     : true;
    case SEV_LOG_VM_TYPES:
        return m->vm_types & BIT(KVM_X86_SEV_VM + (unsigned)f);
    }
    BUG_ON(true);
}

static const char *state_of(const struct kvm_module *m, enum sev_feature f)
{
    bool on = f == FEATURE_SEV      ? m->sev
              : f == FEATURE_SEV_ES ? m->sev_es
                                    : m->sev_snp;

    return !on ? "disabled" : is_usable(m, f) ? "enabled" : "unusable";
}

/* Before SEV-ES and SNP had ranges of their own, the line named whatever is
 * below the smallest SEV ASID, also when that was never read. */
struct kvm_asid_range kvm_asids_told(const struct kvm_module *m,
                                     enum sev_feature f)
{
    if (f == FEATURE_SEV)
        return (struct kvm_asid_range) { m->min_sev_asid, m->max_sev_asid };
    if (kvm_slot(m->kernel, SLOT_SEV_RANGES) == SEV_RANGES_SHARED)
        return (struct kvm_asid_range) { m->min_sev_asid > 1 ? 1 : 0,
                                         m->min_sev_asid - 1 };
    if (f == FEATURE_SEV_ES)
        return (struct kvm_asid_range) { m->min_sev_es_asid,
                                         m->max_sev_es_asid };
    return (struct kvm_asid_range) { m->min_snp_asid, m->max_snp_asid };
}

void sev_log_states(struct kvm_module *m)
{
    const bool has[] = { m->cap_sev, m->cap_sev_es,
                         m->cap_sev_snp && m->kernel->sev_snp.n };

    if (kvm_slot(m->kernel, SLOT_SEV_LOG) == SEV_LOG_SUCCESS)
        return;
    for (unsigned f = FEATURE_SEV; f <= FEATURE_SEV_SNP; f++) {
        if (has[f])
            log_state(m, f, state_of(m, f), kvm_asids_told(m, f));
    }
}
