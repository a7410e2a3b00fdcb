/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/ghcb.h - the guest's GHCB, copied, and what is wrong with it.
 */
#ifndef NPTSIM_KVM_SVM_GHCB_H
#define NPTSIM_KVM_SVM_GHCB_H

#include "kvm/svm/svm.h"

#define GHCB_COPY_SIZE     0x400U /* registers, exit words, bitmap */
#define GHCB_SCRATCH_LIMIT 0x10000U

/* Version 2 of the protocol: what the hypervisor can do beyond the base. */
#define NAE_HV_FEATURES 0x8000fffdULL

struct ghcb_copy {
    uint8_t save[GHCB_COPY_SIZE];
    uint32_t usage;
};

/* Did the guest mark the field at @offset as valid? */
static inline bool ghcb_valid(const struct ghcb_copy *g, unsigned offset)
{
    unsigned bit = offset / 8;

    return g->save[GHCB_VALID_BITMAP + bit / 8] & BIT(bit % 8);
}

/* Does this kernel know what came with version 2 of the protocol? */
bool ghcb_knows_version2(const struct kvm_vm *vm);

struct ghcb_complaint {
    uint64_t reason; /* GHCB_ERR_*; 0 = none */
    const char *why;
};

/* Is the request in v->ghcb and @g well-formed? */
struct ghcb_complaint ghcb_validate(const struct kvm_vcpu *v,
                                    const struct ghcb_copy *g);
/* What is wrong with a scratch area of @len bytes; NULL = nothing. */
const char *ghcb_scratch_problem(const struct ghcb_state *g, uint64_t len);

#endif
