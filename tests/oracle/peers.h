/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle/peers.h - vectors that ran under QEMU TCG and Bochs.
 *
 * The table: tests/data/vectors/npf-peers.sample.csv.gz, columns in the README
 * beside it. The expectation is its second opinion (apm_*), not QEMU's answer;
 * QEMU's memory afterwards judges accessed and dirty bits.
 */
#ifndef ORACLE_PEERS_H
#define ORACLE_PEERS_H

#include "oracle/trial.h"

enum peer_role { ROLE_GUEST, ROLE_NESTED, ROLE_HELPER, ROLE_CODE, ROLE_DATA };

struct peer_vector {
    unsigned id;
    const char *group, *note;
    struct trial access, fetch; /* the fetch of the instruction comes first */
    bool has_fetch;
    enum peer_role role[TRIAL_WORDS];
    unsigned level[TRIAL_WORDS];
    uint64_t after[TRIAL_WORDS]; /* QEMU's memory, by word of access.mem, but
                                    for the A bit that it gives PAE PDPEs */
    spa_t data;                  /* where the tested byte lies */
    uint64_t exit_code, info1, info2;
};

/* Read the table into @pool; how many rows. Bad ones end the program. */
unsigned peers_load(struct pool *pool, const char *path,
                    struct peer_vector **out);

/* Who answers: trial_run(), or the oracle (@c NULL). Both accesses in turn, the
 * second on the memory that the first left. NULL, or why there is no answer. */
const char *peer_run(struct cpu *c, const struct peer_vector *p,
                     struct answer *out);
/* What differs from the table; NULL: nothing. */
const char *peer_problem(const struct peer_vector *p, const struct answer *a);

#endif
