/* SPDX-License-Identifier: GPL-2.0-only */
/* vmm/ranges.c - a set of 16-byte blocks, kept as merged ranges. */
#include "vmm/ranges.h"

#include <string.h>

#define BLOCK 16ULL

void ranges_init(struct ranges *r, struct pool *pool)
{
    *r = (struct ranges) { .pool = pool };
}

static void reserve(struct ranges *r)
{
    unsigned capacity = r->capacity ? 2 * r->capacity : 8;
    struct range *range;

    if (r->n < r->capacity)
        return;
    range = pool_alloc(r->pool, capacity * sizeof(*range));
    if (r->n)
        memcpy(range, r->range, r->n * sizeof(*range));
    r->range = range;
    r->capacity = capacity;
}

void ranges_add(struct ranges *r, gpa_t gpa, uint64_t len)
{
    struct range new = { gpa & ~(BLOCK - 1),
                         (gpa + len + BLOCK - 1) & ~(BLOCK - 1) };
    unsigned first = 0, last;

    if (!len)
        return;
    while (first < r->n && r->range[first].end < new.start)
        first++;
    last = first;
    for (; last < r->n && r->range[last].start <= new.end; last++) {
        if (r->range[last].start < new.start)
            new.start = r->range[last].start;
        if (r->range[last].end > new.end)
            new.end = r->range[last].end;
    }
    reserve(r);
    memmove(&r->range[first + 1], &r->range[last],
            (r->n - last) * sizeof(*r->range));
    r->range[first] = new;
    r->n = r->n - (last - first) + 1;
}
