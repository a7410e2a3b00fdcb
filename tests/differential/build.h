/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * differential/build.h - a question that nothing is wrong with.
 *
 * Every page that the access needs - the guest's tables, its data, the same
 * for its code - has a nested path of its own, as far as the width of
 * physical addresses allows, so that one wrong bit concerns one page. Recipes
 * then break what was built.
 */
#ifndef NPTSIM_DIFFERENTIAL_BUILD_H
#define NPTSIM_DIFFERENTIAL_BUILD_H

#include "base.h"
#include "differential/question.h"

struct builder {
    struct question *q;
    unsigned width, host_levels;
    uint64_t random; /* state */
    /* chosen per question */
    const struct guest_format *format;
    unsigned guest_leaf, nested_leaf; /* level of the data's leaves, 1..3 */
    unsigned slot_shift;              /* how far apart guest pages lie */
    bool crossing; /* asked for: the access ends in another page, ... */
    unsigned end_from, end_to; /* ... which alone needs these words */
    spa_t next_table;
};

/* Deterministic: the same seed, the same questions. */
uint64_t build_random(struct builder *b);
/* 0..n-1 */
unsigned build_pick(struct builder *b, unsigned n);
/* True once in @n. */
bool build_chance(struct builder *b, unsigned n);

/* Change what @mask has of an entry. */
void build_flip(struct word *entry, uint64_t mask);

/* Fill b->q: paging mode, page sizes, addresses, kind, CPL and mode bits at
 * random. */
void build_question(struct builder *b);

#endif
