/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/prove_save.h - where `nptsim prove` puts its counterexamples. */
#ifndef NPTSIM_CLI_PROVE_SAVE_H
#define NPTSIM_CLI_PROVE_SAVE_H

#include "cli/cli.h"

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

#endif
