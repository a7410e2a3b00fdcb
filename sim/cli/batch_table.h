/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/batch_table.h - CSV tables of hosts in, tables of answers out.
 *
 * What the kinds of `nptsim batch` that ask a kernel have in common: a row says
 * something of a host and perhaps more, the rest has defaults; results follow
 * behind the columns of the input.
 */
#ifndef NPTSIM_CLI_BATCH_TABLE_H
#define NPTSIM_CLI_BATCH_TABLE_H

#include "base.h"
#include "lab.h"

#include <stdio.h>

#define BATCH_MAX_OWN 4

/* What a row says. */
struct batch_row {
    struct policy_host host;
    uint64_t own[BATCH_MAX_OWN]; /* in the order of batch_kind.own */
    uint64_t reloads;            /* of kvm-amd.ko, while kvm.ko stays */
};

struct batch_kind {
    struct policy_host host; /* where a row says nothing */
    /* Inputs beside those of a host. */
    unsigned n_own;
    const struct policy_input_desc *own;
    /* An own input that must be there, or NULL. */
    const char *required;
    /* Results by number, in the order in which they are printed. An extra one
     * is printed only where asked for, or where the input has its name. */
    unsigned n_results;
    const char *(*result_name)(unsigned result);
    bool (*is_extra)(unsigned result);
    /* Settle what depends on other columns; @has: the table has a column for
     * this input. May be NULL. */
    void (*complete)(struct batch_row *row, const bool has[N_POLICY_INPUTS]);
    /* Work on @row, then put() each wanted result. */
    void (*ask)(void *ctx, const struct batch_row *row);
    void (*put)(void *ctx, struct buf *b, unsigned result);
    void *ctx;
};

/* @columns: a comma list to print alone, or NULL. -1 with @e set: a bad row. */
int batch_table(const struct batch_kind *kind, FILE *in, const char *in_name,
                FILE *out, const char *columns, struct err *e);

#endif
