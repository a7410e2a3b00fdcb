/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/proving.h - the parts of `nptsim prove`. */
#ifndef NPTSIM_CLI_PROVING_H
#define NPTSIM_CLI_PROVING_H

#include "cli/cli.h"
#include "prove.h"

/* ---- counterexamples as files (prove_save.c) ---- */

/* Where to: a folder, or one file. */
struct prove_save {
    const char *dir, *file; /* file NULL: names of our own in dir */
};

/* Before a long search: is there room for what it may find? Makes the folder.
 * STATUS_OK, or STATUS_INPUT with the reason printed. */
int prove_save_prepare(struct pool *pool, const struct prove_save *to,
                       const char *const *kernels, unsigned n_kernels,
                       const bool asked[N_INVARIANTS]);

/* Write every counterexample of @r as a scenario and note the file. Files of
 * others are left alone. STATUS_OK, or STATUS_INPUT with the reason printed. */
int prove_save(struct pool *pool, const struct prove_save *to,
               struct report_proof *r);

/* ---- asking and telling (prove_run.c) ---- */

#define PROVE_MAX_KERNELS 256
#define PROVE_MAX_AXES    32

/* The command line. */
struct prove_args {
    struct pool *pool;
    struct lab_question q;
    struct lab_axes axes;
    const char *kernels[PROVE_MAX_KERNELS]; /* none: all there are */
    unsigned n_kernels;
    const char *set[PROVE_MAX_AXES]; /* --axis */
    unsigned n_sets, n_invariants;
    bool has_depth, json;
    const char *text;
    struct prove_save save;
};

/* All of it, once the command line is read. Returns a status. */
int prove_run(struct prove_args *a);

#endif
