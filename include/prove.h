/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prove.h - every state of a configuration space against the invariants.
 *
 * Two depths. At policy depth a kernel is loaded on each CPU and what it chose
 * is shown to that CPU. At machine depth a VM is created, too, and its guest
 * touches a device; what happened is judged as in every run. A violated state
 * is told as a CPU that ships, with as few changes as possible.
 */
#ifndef NPTSIM_PROVE_H
#define NPTSIM_PROVE_H

#include "judge.h"
#include "lab.h"
#include "report.h"
#include "vmm.h"

/* Types of VM that machine depth creates, in this order. */
#define LAB_N_VM_TYPES 3 /* plain, sev, sev-es */
/* In each of them: RAM from address 0 on, and a page of a device. */
#define LAB_MEMORY (16ULL << 20)
#define LAB_DEVICE 0xfed00000ULL

struct lab_question {
    enum lab_depth depth;
    const struct kernel_model *kernel;
    const struct policy_text *text; /* LAB_POLICY: asked instead, or NULL */
    struct lab_space space;         /* axes as of lab_axes_init() */
    bool asked[N_INVARIANTS];
    unsigned jobs; /* 0: one for each core */
    bool (*tick)(void *ctx, uint64_t done);
    void *tick_ctx;
};

struct lab_finding {
    uint64_t tested, violated; /* states */
    uint64_t *set;             /* the violated ones, a bit for each state */
};

/* A state is a host; at machine depth a host with a VM of some type. */
struct lab_proof {
    const struct lab_question *q;
    unsigned n_types;
    enum vm_type type[LAB_N_VM_TYPES];
    uint64_t states, done, skipped; /* skipped: no such CPU can be built */
    struct lab_finding finding[N_INVARIANTS];
};

/* More states are not searched. */
#define LAB_MAX_STATES UINT64_C(10000000000)
/* The number of states of @q; UINT64_MAX: that many or more. */
uint64_t lab_states(const struct lab_question *q);
/* Ask. done < states if @tick stopped it. */
void lab_prove(const struct lab_question *q, struct lab_proof *p);
void lab_proof_free(struct lab_proof *p);

/* A CPU that ships, or at least has a model file. */
struct lab_part {
    const char *name;
    const struct cpu_model *model;
};
/* What was found, in words; with a counterexample for each invariant that is
 * violated. */
void lab_proof_report(struct pool *pool, const struct lab_proof *p,
                      const struct lab_part *parts, unsigned n_parts,
                      struct report_proof *out);

#endif
