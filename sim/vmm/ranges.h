/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmm/ranges.h - the set of bytes to encrypt before the first instruction.
 *
 * LAUNCH_UPDATE_DATA encrypts in place, in blocks of 16 bytes: a block named
 * twice would be encrypted twice, and come out as noise. So ranges are widened
 * to whole blocks and merged.
 */
#ifndef NPTSIM_VMM_RANGES_H
#define NPTSIM_VMM_RANGES_H

#include "base.h"

struct range {
    gpa_t start, end;
};

/* Sorted, disjoint, not even touching. */
struct ranges {
    struct pool *pool;
    struct range *range;
    unsigned n, capacity;
};

void ranges_init(struct ranges *r, struct pool *pool);
void ranges_add(struct ranges *r, gpa_t gpa, uint64_t len);

#endif
