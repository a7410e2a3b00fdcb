/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/proof.h - the two ways to ask one state, for prove.c and nearest.c.
 */
#ifndef NPTSIM_LAB_PROOF_H
#define NPTSIM_LAB_PROOF_H

#include "prove.h"

/* What one state said: bits by enum invariant. */
struct state_verdict {
    bool skipped;
    uint32_t tested, violated;
};

/* ---- prove_policy.c: kernels only ---- */
struct policy_asker;
struct policy_asker *policy_asker_create(struct pool *pool,
                                         const struct lab_question *q);
struct state_verdict policy_ask(struct policy_asker *a,
                                const struct policy_host *host);

/* ---- prove_machine.c: a machine, a guest, two touches ---- */
struct machine_asker;
struct machine_asker *machine_asker_create(struct pool *pool,
                                           const struct lab_question *q);
struct state_verdict machine_ask(struct machine_asker *a,
                                 const struct policy_host *host,
                                 enum vm_type type);
/* The same on a CPU of @model, as @host says; reasons are given. NULL: no such
 * machine can be built. */
const struct invariant_report *machine_tell(struct machine_asker *a,
                                            const struct cpu_model *model,
                                            const struct policy_host *host,
                                            enum vm_type type);

/* ---- nearest.c ---- */
struct report_example nearest_example(struct pool *pool,
                                      const struct lab_proof *p,
                                      enum invariant i,
                                      const struct lab_part *parts, unsigned n);

/* ---- prove.c ---- */
void proof_host(const struct lab_proof *p, uint64_t state,
                struct policy_host *host);
enum vm_type proof_type(const struct lab_proof *p, uint64_t state);
/* The first violated state at or after @from; p->states: none. */
uint64_t proof_next(const struct lab_proof *p, enum invariant i, uint64_t from);

#endif
