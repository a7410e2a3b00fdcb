/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/batch.h - the tables behind `nptsim batch`. */
#ifndef NPTSIM_CLI_BATCH_H
#define NPTSIM_CLI_BATCH_H

#include "base.h"
#include "kvm.h"
#include "policy.h"

#include <stdio.h>

/* Whom to ask: a model, or else a library of a real kernel's text. */
struct batch_kernel {
    const struct kernel_model *model;
    const struct policy_text *text;
};

/* CSV in, CSV out. @columns: a comma list of columns to print alone, or NULL.
 * -1 with @e set: a bad row. Gating: what @k concludes about each row's CPU;
 * spte: an MMIO SPTE that it makes there; vmcreate: how it answers who asks for
 * a VM.
 */
int batch_gating(FILE *in, const char *in_name, FILE *out,
                 const struct batch_kernel *k, const char *columns,
                 struct err *e);

int batch_spte(FILE *in, const char *in_name, FILE *out,
               const struct batch_kernel *k, const char *columns,
               struct err *e);
int batch_vmcreate(FILE *in, const char *in_name, FILE *out,
                   const struct kernel_model *k, const char *columns,
                   struct err *e);

struct batch_walk_options {
    bool refs;    /* every reference, in the walker's order */
    bool memtype; /* the memory type of an access that succeeds */
    bool dirty;   /* words that accessed/dirty updates changed */
};

/* JSON Lines in, JSON Lines out: one access per line on the bare hardware. */
int batch_walk(FILE *in, const char *in_name, FILE *out,
               const struct batch_walk_options *o, struct err *e);

#endif
