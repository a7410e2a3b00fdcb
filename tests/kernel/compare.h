/* SPDX-License-Identifier: GPL-2.0-only */
/* compare.h - the parts of compare.c: who is asked, and what was found. */
#ifndef NPTSIM_TESTS_KERNEL_COMPARE_H
#define NPTSIM_TESTS_KERNEL_COMPARE_H

#include "lab.h"

#define MAX_SHOWN 3

/* Points of a section at which model and text differ: the first of them. */
struct found {
    uint64_t differ, at[MAX_SHOWN];
};

struct judge {
    struct pool *pool;
    const struct kernel_model *model;
    const struct policy_text *text;
    struct lab_bench *bench;
    bool failed;
    /* of the current section */
    const struct lab_space *space;
    bool reload;
    uint64_t step;
    struct found found;
};

struct found found_none(void);
/* Print how @host differs from the default. */
void tell_host(const struct policy_host *host);
/* "ok NAME: N states", or how many of them differ. */
void verdict(struct judge *j, const char *name, uint64_t states);

/* About @states points of @space, evenly spread, on all cores; 0: all. The
 * first that differ are told. */
void judge_space(struct judge *j, const struct lab_space *space,
                 const char *name, uint64_t states);

/* MMIO SPTEs made, recognised, read back and aged on random hosts. */
void judge_sptes(struct judge *j);

#endif
