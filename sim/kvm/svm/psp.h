/* SPDX-License-Identifier: GPL-2.0-only */
/* kvm/svm/psp.h - the driver of the secure processor. */
#ifndef NPTSIM_KVM_SVM_PSP_H
#define NPTSIM_KVM_SVM_PSP_H

#include "kvm/kvm_module.h"

/* Have the platform ready, with SNP where the kernel is an SNP host. Once done,
 * done. 0 or -errno. Linux: sev_platform_init(). */
int psp_platform_init(const struct kvm_module *m, struct kvm_psp *psp,
                      uint32_t max_snp_asid);
/* What the firmware says of itself, asked anew. */
bool psp_snp_initialized(const struct kvm_module *m);
/* Firmware and BIOS both allow ciphertext to be hidden. */
bool psp_can_hide_ciphertext(const struct kvm_module *m);
/* May SEV-ES guests be launched while SNP is initialised? */
bool psp_runs_es_beside_snp(const struct kvm_module *m);

#endif
