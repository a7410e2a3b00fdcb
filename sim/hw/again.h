/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/again.h - the same access once more, while nothing has changed.
 *
 * With the TLB off every access of a guest walks. A walk that was done before,
 * under the same registers, through tables of which no byte has changed since,
 * would read the same entries and come to the same end: it need not be done.
 * This is no TLB. Nothing here is ever stale, no event tells of it, and where
 * somebody listens to single references the walk is done. Skip this file on
 * first reading.
 */
#ifndef NPTSIM_HW_AGAIN_H
#define NPTSIM_HW_AGAIN_H

#include "hw/cpu.h"

/* After registers were latched: do walks remembered so far still count? */
void again_latch(struct cpu *c);
void again_learn(struct cpu *c, gva_t gva, struct access a, uint64_t tables,
                 const struct piece *p);

/* What else decides about an access, besides the page. */
static inline unsigned again_kind(const struct cpu *c, struct access a)
{
    return access_bits(a) | (c->g.r.rflags & RFLAGS_AC ? 64 : 0);
}

static inline struct again_entry *again_entry(struct cpu *c, gva_t gva,
                                              unsigned kind)
{
    return &c->again.entry[(gva >> 12 ^ kind) % AGAIN_ENTRIES];
}

/* The end of the walk for @len bytes within a page, if it was done before.
 * Asked only while a guest runs, with nobody watching. */
static inline bool again_knows(struct cpu *c, gva_t gva, size_t len,
                               struct access a, struct piece *p)
{
    unsigned kind = again_kind(c, a);
    const struct again_entry *e = again_entry(c, gva, kind);

    if (e->page != gva >> 12 || e->kind != kind ||
        e->context != c->again.context || e->pkru != c->g.pkru ||
        e->tables != mem_tables(c->mem))
        return false;
    *p = e->piece;
    p->gpa |= gva % PAGE_SIZE_4K;
    p->spa |= gva % PAGE_SIZE_4K;
    p->len = len;
    return true;
}

#endif
