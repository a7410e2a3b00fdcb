/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle/trial.h - one memory access with all that decides about it.
 *
 * The common coin of the judges: conformance rows, the answers of other
 * emulators and random vectors all become a struct trial, which the hardware
 * model and the oracle then answer independently. Printed as JSON it is a line
 * for `nptsim batch walk`.
 */
#ifndef ORACLE_TRIAL_H
#define ORACLE_TRIAL_H

#include "hw.h"

#include <stdio.h>

#define TRIAL_WORDS 192

/* Memory: all zero except these 8-byte words. */
struct words {
    unsigned n;
    struct {
        spa_t spa;
        uint64_t value;
    } at[TRIAL_WORDS];
};

struct trial {
    unsigned width, reduction, cbit; /* MAXPHYADDR, 8000_001F EBX */
    bool encrypt, gb_pages;          /* SYSCFG[23]; 1 GiB pages */
    bool snp;                        /* a CPU with SEV-SNP */
    struct cpu_knobs knobs;
    struct walk_setup s;
    struct words mem;
    gva_t gva;
    enum access_kind kind;
    unsigned size;
    bool stack;
};

/* What became of it; both parties answer with one. */
struct answer {
    enum walk_outcome outcome;
    spa_t spa;           /* WALK_OK */
    uint64_t code, addr; /* WALK_NPF, WALK_PF */
    unsigned refs;       /* table entries read */
    struct words mem;    /* afterwards */
    bool unknown;        /* shadow stacks: no opinion */
    bool unsteady;       /* the same access, repeated, got another answer */
};

/* A plain 64-bit host and guest, as `batch walk` has it by default. */
void trial_init(struct trial *v);

uint64_t words_get(const struct words *w, spa_t spa);
/* Write the word, a new one if need be; false: there are too many. */
bool words_set(struct words *w, spa_t spa, uint64_t value);

/* Make @c the core of @v, with its memory and, if @g is not NULL, with TLBs;
 * false: VMRUN would refuse. */
bool trial_load(struct cpu *c, const struct trial *v,
                const struct tlb_geometry *g);
/* The hardware's answer; NULL, or why it has none ("... not modelled"). */
const char *trial_run(struct cpu *c, const struct trial *v, struct answer *out);

/* "ok", "npf", ... */
const char *outcome_name(enum walk_outcome o);
/* What differs, in words; NULL: nothing. */
const char *answers_differ(const struct answer *a, const struct answer *b);

void trial_print(FILE *f, const struct trial *v, const char *id);
/* As `nptsim batch walk` would print it. */
void answer_json(FILE *f, const struct answer *a, const char *id);
void answer_print(FILE *f, const struct trial *v, const struct answer *a);

#endif
