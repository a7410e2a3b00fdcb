/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timing/cost.h - what a memory reference costs, by how old its line is.
 *
 * Not a cache model: no sets, no ways, no writes-back. A line counts as being
 * in a level as long as fewer references were made since its last use than the
 * level has lines. That errs towards misses (repeats of one line age the
 * others) and needs one number per line.
 */
#ifndef NPTSIM_TIMING_COST_H
#define NPTSIM_TIMING_COST_H

#include "arch/svm.h"
#include "timing.h"

/* include/uapi/linux/kvm.h */
#define KVM_EXIT_MMIO 6

struct line_ages;
struct line_ages *line_ages_create(struct pool *pool,
                                   const struct cost_model *m);

/* Cycles until @len bytes at @spa are there; every line they touch is used. */
uint64_t line_load(struct line_ages *l, spa_t spa, uint64_t len);
/* The same for an entry that a page walker reads: it asks the L2. */
uint64_t line_walk(struct line_ages *l, spa_t slot);

#endif
