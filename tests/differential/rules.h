/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * differential/rules.h - in what QEMU is known to deviate.
 *
 * A rule of known.yaml turns our answer into the one that QEMU's behaviour
 * gives: it looks at the question and at both answers, never at which question
 * it is. What no set of rules turns into QEMU's answer is unexplained.
 */
#ifndef NPTSIM_DIFFERENTIAL_RULES_H
#define NPTSIM_DIFFERENTIAL_RULES_H

#include "base.h"
#include "differential/replay.h"

#define MAX_RULES 12

enum rule_effect {
    /* before the question is asked again */
    EFFECT_KNOB,            /* the CPU model's @knob is turned */
    EFFECT_NCR3_UNCHECKED,  /* nCR3 leads to memory that reads 0 */
    EFFECT_CR3_UNCHECKED,   /* the guest's CR3 counts under a PAE host */
    EFFECT_PSE36_40_BITS,   /* 4M pages of a 32-bit guest have 40 bits */
    EFFECT_PDPTE_UNCHECKED, /* @mask is clear in the guest's PAE PDPTEs */
    /* on our answer */
    EFFECT_CLEAR_INFO1,       /* @mask is clear in EXITINFO1 */
    EFFECT_CUT_EXIT_CODE,     /* @mask is all that is stored of EXITCODE */
    EFFECT_ACCESSED_ON_FAULT, /* entries that a failed walk came through have A
                                 set */
    EFFECT_ACCESSED_IN_PDPTE, /* PAE PDPTEs that a walk came through, too */
};

/* The CPU model's choices that QEMU makes otherwise than the default. */
enum rule_knob {
    RULE_BIT8_IGNORED,
    RULE_NPF_ID_NXE,
    RULE_WIDE_ALIAS,
};

struct rule {
    const char *name, *qemu, *source;
    /* when it concerns our answer; what is absent asks nothing */
    const char **exits;
    unsigned n_exits;
    uint64_t info1_has, h_efer_lacks;
    enum rule_effect effect;
    enum rule_knob knob;
    uint64_t mask;
    struct mark effect_at, knob_at, mask_at;
    /* counted while judging */
    uint64_t n_explained;
};

struct rules {
    struct rule *rule;
    unsigned n;
};

int rules_read(struct pool *pool, const char *path, struct rules *out,
               struct err *e);

/* A CPU to ask again, and which one it is. */
struct asker {
    struct cpu *cpu;
    struct cpu_model model;
};

bool answers_equal(const struct question *q, const struct answer *a,
                   const struct answer *b);
/* Count the smallest set of rules that makes our answer QEMU's; false: none
 * does. */
bool rules_explain(struct rules *rules, struct asker *a,
                   const struct question *q);

#endif
