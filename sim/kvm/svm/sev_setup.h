/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/sev_setup.h - between sev_setup.c, its gates and its log lines.
 */
#ifndef NPTSIM_KVM_SVM_SEV_SETUP_H
#define NPTSIM_KVM_SVM_SEV_SETUP_H

#include "kvm/kvm_module.h"

/* What a gate says, and why, in words for a newcomer. */
struct sev_verdict {
    bool open;
    const char *why;
};

/* "sev", "sev_es", "sev_snp". */
const char *sev_feature_name(enum sev_feature f);

/* sev_gates.c: ask @gate on behalf of @f. The ASID gate of SEV also learns
 * which ASIDs there are. */
struct sev_verdict sev_gate(struct kvm_module *m, enum sev_feature f,
                            enum kvm_gate gate);

/* sev_log.c: the line at the moment of success, and the lines at the end;
 * either prints in kernels that have that kind. */
void sev_log_granted(struct kvm_module *m, enum sev_feature f);
void sev_log_states(struct kvm_module *m);

#endif
