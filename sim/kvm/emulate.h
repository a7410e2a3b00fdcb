/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/emulate.h - KVM executes one instruction in the guest's stead.
 *
 * emulate.c    may we, fetch, decode, execute, retire
 * linearize.c  in which mode, at which linear address
 * mmio.c       the memory operands: guest memory, or MMIO for userspace
 */
#ifndef NPTSIM_KVM_EMULATE_H
#define NPTSIM_KVM_EMULATE_H

#include "kvm/vm.h"

/* Why and how the emulator is entered. */
#define EMULTYPE_NO_DECODE BIT(0) /* again, after userspace answered */
#define EMULTYPE_SKIP      BIT(2) /* only step over it */
#define EMULTYPE_PF        BIT(6) /* a nested page fault asks for it */

/* What can_emulate_instruction() answers. */
enum emulate_answer {
    EMUL_CONTINUE,
    EMUL_RETRY_INSTR,     /* resume the guest, nothing changed */
    EMUL_PROPAGATE_FAULT, /* resume; an exception is queued */
    EMUL_UNHANDLEABLE,    /* give up: internal error */
};

/* How a step of an emulated instruction ended. */
enum emul_result {
    EMUL_OK,
    EMUL_FAULT,  /* an exception is queued for the guest */
    EMUL_NEED_IO /* userspace must deliver data first */
};

/* 1 resume the guest, 0 leave to userspace. @insn: bytes from the CPU; NULL: it
 * cannot deliver any. */
int x86_emulate_instruction(struct kvm_vcpu *v, gpa_t cr2_or_gpa, unsigned type,
                            const uint8_t *insn, unsigned insn_len);
/* Step over the current instruction, whose effect KVM has brought about. */
int kvm_skip_emulated_instruction(struct kvm_vcpu *v);

/* ---- linearize.c ---- */

/* How the guest's code is to be read; false: in no mode that is modelled. */
bool kvm_code_mode(const struct kvm_vcpu *v, enum insn_mode *mode);

struct kvm_access {
    bool write, fetch;
};
/* The address of @size bytes at @offset in the segment at @save; *@max: how
 * many there are in all. False: #GP or #SS is queued. */
bool kvm_linearize(struct kvm_vcpu *v, unsigned save, uint64_t offset,
                   unsigned size, struct kvm_access a, gva_t *gva,
                   uint64_t *max);

/* ---- mmio.c ---- */

/* A data access of the instruction in v->emul; len 1..8. */
enum emul_result emulator_read(struct kvm_vcpu *v, gva_t gva, void *val,
                               unsigned len);
enum emul_result emulator_write(struct kvm_vcpu *v, gva_t gva, const void *val,
                                unsigned len);
/* Let userspace serve v->mmio; always returns 0 after setting v->run. */
int kvm_mmio_exit(struct kvm_vcpu *v);
/* Userspace answered the current fragment. True: that was the last one. */
bool kvm_mmio_advance(struct kvm_vcpu *v);

#endif
