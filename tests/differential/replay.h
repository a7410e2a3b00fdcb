/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * differential/replay.h - nptsim's answer to a question.
 *
 * The walkers of sim/hw, asked through hw.h: first the fetch of the
 * instruction, then its access, as the guest under QEMU makes them.
 */
#ifndef NPTSIM_DIFFERENTIAL_REPLAY_H
#define NPTSIM_DIFFERENTIAL_REPLAY_H

#include "differential/question.h"
#include "hw.h"

#define MAX_VISITED 128

struct replay {
    struct answer answer;
    const char *why; /* a fault's reason, NULL when there is none */
    /* Every entry read, in the walker's order, and where the data is. */
    struct walk_ref visited[MAX_VISITED];
    unsigned n_visited;
    spa_t code_spa, data_spa, end_spa; /* end: of the last byte */
    bool fetched, done;                /* the instruction, its access */
};

/* The CPU that QEMU's `max` with phys-bits=@width resembles. */
struct cpu_model replay_model(unsigned width);

/* Why nptsim cannot answer @q, in words; NULL = it can. */
const char *replay_unsupported(const struct question *q);
/* Bytes that the access of @q touches. */
unsigned replay_access_len(const struct question *q);
void replay(struct cpu *c, const struct cpu_model *m, const struct question *q,
            struct replay *out);

/* The bits of CR3 or nCR3 that address PAE tables (APM vol. 2, 5.2.1). */
#define PAE_ROOT bits(31, 5)

/* A page-directory-pointer entry of a PAE guest or host. */
bool is_pdpte(const struct question *q, const struct word *w);
/* Turn question and CPU into those of somebody who reads on wherever QEMU does:
 * every rule of known.yaml that makes a walk go further. */
void replay_liberties(struct question *q, struct cpu_model *m);

#endif
