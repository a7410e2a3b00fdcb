/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/svm.h - the AMD half of a VM: VMCB, ASID, exits, SEV, GHCB.
 */
#ifndef NPTSIM_KVM_SVM_SVM_H
#define NPTSIM_KVM_SVM_SVM_H

#include "kvm/emulate.h"
#include "kvm/vm.h"

/* ---- vmcb.c: the VMCB in memory ---- */

/* Aligned words of the VMCB; for VMCB_SAVE + SAVE_x of the guest's state. */
uint64_t vmcb_read64(const struct kvm_vcpu *v, unsigned offset);
void vmcb_write64(struct kvm_vcpu *v, unsigned offset, uint64_t value);
void vmcb_write32(struct kvm_vcpu *v, unsigned offset, uint32_t value);

uint64_t kvm_rip_read(const struct kvm_vcpu *v);
void kvm_rip_write(struct kvm_vcpu *v, uint64_t rip);
unsigned kvm_cpl(const struct kvm_vcpu *v);

/* 0 or -ENOMEM. */
int svm_vcpu_create(struct kvm_vcpu *v);
void svm_set_regs(struct kvm_vcpu *v, const struct kvm_regs *r);
void svm_get_regs(struct kvm_vcpu *v, struct kvm_regs *r);

/* ---- asid.c ---- */

void svm_asid_init(struct kvm *k);
/* Before each VMRUN: an ASID for @v, and what TLB_CONTROL must do. */
void svm_prepare_asid(struct kvm_vcpu *v);
/* The lowest free ASID for such a guest: positive, or -errno and *@why. */
int64_t sev_asid_new(const struct kvm *k, enum sev_feature f, const char **why);

/* ---- run.c, exits.c ---- */

/* Enter the guest once; what came back is in v->last_exit and the VMCB. */
void svm_vcpu_run(struct kvm_vcpu *v);
/* 1 resume, 0 leave to userspace, negative errno. */
int svm_handle_exit(struct kvm_vcpu *v);
/* An exit by its code, whether from VMRUN or asked for through the GHCB. */
int svm_invoke_exit_handler(struct kvm_vcpu *v, uint64_t code);

/* @insn NULL: the CPU has no decode assists. Emits kvm_emulate_verdict; queues
 * the exception of EMUL_PROPAGATE_FAULT. */
enum emulate_answer svm_can_emulate_instruction(struct kvm_vcpu *v,
                                                unsigned type,
                                                const uint8_t *insn,
                                                unsigned insn_len);

/* ---- sev_vm.c, ghcb.c ---- */

/* The GHCB MSR's "SEV information": versions and the C-bit. */
uint64_t ghcb_msr_sev_info(const struct kvm_module *m, unsigned max_version);
/* Set up what only SEV-ES vCPUs have. 0 or -ENOMEM. */
int sev_es_vcpu_create(struct kvm_vcpu *v);
int sev_handle_vmgexit(struct kvm_vcpu *v);
/* Hand the answer to the open VMGEXIT to the guest; called before VMRUN. */
void sev_es_unmap_ghcb(struct kvm_vcpu *v);

#endif
