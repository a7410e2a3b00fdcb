/* SPDX-License-Identifier: GPL-2.0-only */
/* guest/vc.h - one #VC under way. */
#ifndef NPTSIM_GUEST_VC_H
#define NPTSIM_GUEST_VC_H

#include "arch/insn.h"
#include "guest/kernel.h"

/* The instruction, as kept in guest memory between the two halves. */
struct saved_insn {
    uint8_t bytes[INSN_MAX_LEN];
    uint8_t len; /* of bytes that were read */
};

struct vc {
    struct guest_vcpu *v;
    struct guest_port *p;
    struct frame f;
    struct saved_insn saved;
    struct insn insn;
    uint64_t gpr[N_GPRS]; /* of the interrupted code: RSP from the frame */
    bool user;
};

/* Read and decode the interrupted instruction. */
enum port_result vc_fetch(struct vc *c, enum insn_result *decoded);
/* Is it an access to memory that Linux emulates as MMIO? */
bool vc_is_mmio(const struct vc *c);
bool vc_is_cpuid(const struct vc *c);
/* Walk the guest's tables by hand, reading them at their own addresses. *@leaf
 * is not present when @gva is not mapped. */
enum port_result vc_walk(struct vc *c, gva_t gva, gpa_t *gpa, uint64_t *leaf);

#endif
