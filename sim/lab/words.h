/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/words.h - inputs, axes and spaces in words, for every report. */
#ifndef NPTSIM_LAB_WORDS_H
#define NPTSIM_LAB_WORDS_H

#include "lab.h"

/* What @b holds, as a text of @pool; @b is freed. */
const char *words_taken(struct pool *pool, struct buf *b);
/* "p_npt=1", after a space if something stands there already. */
void words_input(struct buf *b, enum policy_input input, uint64_t v);
/* "(raw_maxphyaddr,pa_reduction,cbit)": the first input of each axis. */
const char *words_place(struct pool *pool, const struct lab_space *s,
                        const unsigned *axes, unsigned n);
/* "raw_maxphyaddr 36..52, p_sev 0,1, ..." */
const char *words_space(struct pool *pool, const struct lab_space *s);

#endif
