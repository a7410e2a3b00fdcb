/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/tlb_array.c - sets and ways, and what a flush takes out of them.
 *
 * Replacement is least recently used. An adversarial TLB is the same thing
 * without an end to its ways: nothing leaves it before the architecture throws
 * it out, so that a missing flush is always noticed.
 */
#include "hw/tlb.h"

#include "hw/memory.h"

#include <string.h>

#define ENDLESS ~0U

/* Sets of an endless array: only for speed. */
#define ENDLESS_SETS 256

struct tlb_entry *tlb_find_far(const struct tlb_array *a, uint64_t tag,
                               uint64_t addr)
{
    struct tlb_entry **set = tlb_set(a, addr), **at, *e;

    for (at = set; (e = *at); at = &e->next) {
        if (!tlb_covers(e, tag, addr))
            continue;
        *at = e->next;
        e->next = *set;
        return *set = e;
    }
    return NULL;
}

/* Take the entry at *@at out. */
static void drop(struct tlb *t, struct tlb_entry **at)
{
    struct tlb_entry *e = *at;

    *at = e->next;
    e->next = t->spare;
    t->spare = e;
}

void tlb_forget(struct tlb *t, struct tlb_array *a, uint64_t tag, uint64_t addr)
{
    struct tlb_entry **at;

    if (!a->sets)
        return;
    at = tlb_set(a, addr);
    while (*at) {
        if (tlb_covers(*at, tag, addr))
            drop(t, at);
        else
            at = &(*at)->next;
    }
}

static struct tlb_entry *unused(struct tlb *t)
{
    struct tlb_entry *e = t->spare;

    if (!e)
        return pool_alloc(t->pool, sizeof(*e));
    t->spare = e->next;
    return e;
}

void tlb_insert(struct tlb *t, struct tlb_array *a, const struct tlb_entry *new)
{
    struct tlb_entry **set, **at, *e;
    unsigned n = 1;

    if (!a->sets)
        return;
    tlb_forget(t, a, new->tag, new->addr);
    set = tlb_set(a, new->addr);
    for (at = set; *at && n < a->ways; at = &(*at)->next)
        n++;
    if (*at)
        drop(t, at); /* the last one of a full set */
    e = unused(t);
    *e = *new;
    e->next = *set;
    *set = e;
}

/* ---- flushing ---- */

/* Does the page of @size - 1 = @offset at @e reach into the range? */
static bool touches(const struct tlb_scope *s, const struct tlb_entry *e,
                    uint64_t offset)
{
    return (e->addr & ~offset) <= s->last && (e->addr | offset) >= s->addr;
}

static bool is_global(const struct tlb_entry *e)
{
    return !(e->tag_mask & TAG_PCID);
}

static bool of_asid(const struct tlb_scope *s, const struct tlb_entry *e)
{
    return s->any_asid || e->tag >> 12 == s->asid;
}

static bool of_space(const struct tlb_scope *s, const struct tlb_entry *e)
{
    if (!of_asid(s, e) || (is_global(e) && !s->globals))
        return false;
    return is_global(e) || s->any_pcid || (e->tag & TAG_PCID) == s->pcid;
}

/* Pages that were broken up leave as a whole: the guest knows but one. */
static bool hits_page(const struct tlb_scope *s, const struct tlb_entry *e)
{
    return of_space(s, e) && (s->any_addr || touches(s, e, e->whole));
}

static bool hits_pointer(const struct tlb_scope *s, const struct tlb_entry *e)
{
    if (s->all_pointers)
        return of_asid(s, e);
    return of_space(s, e) && (s->any_addr || touches(s, e, e->offset));
}

static bool hits_nested(const struct tlb_scope *s, const struct tlb_entry *e)
{
    return of_asid(s, e) && (s->any_addr || touches(s, e, e->offset));
}

static bool hits_nested_pointer(const struct tlb_scope *s,
                                const struct tlb_entry *e)
{
    return of_asid(s, e) &&
           (s->all_pointers || s->any_addr || touches(s, e, e->offset));
}

static void sweep(struct tlb *t, struct tlb_array *a, const struct tlb_scope *s,
                  bool (*hits)(const struct tlb_scope *s,
                               const struct tlb_entry *e))
{
    for (unsigned i = 0; i < a->sets; i++) {
        struct tlb_entry **at = &a->set[i];

        while (*at) {
            if (hits(s, *at))
                drop(t, at);
            else
                at = &(*at)->next;
        }
    }
}

void tlb_flush(struct tlb *t, const struct tlb_scope *s)
{
    for (unsigned kind = 0; kind < N_TLB_KINDS; kind++)
        for (unsigned l = 0; l < 2; l++)
            for (unsigned i = 0; i < t->level[kind][l].n; i++)
                sweep(t, &t->level[kind][l].part[i], s, hits_page);
    for (unsigned l = 0; !s->leaves_only && l <= PT_MAX_LEVEL; l++)
        sweep(t, &t->pwc[l], s, hits_pointer);
    if (!s->nested)
        return;
    sweep(t, &t->ntlb, s, hits_nested);
    for (unsigned l = 0; !s->leaves_only && l <= PT_MAX_LEVEL; l++)
        sweep(t, &t->npwc[l], s, hits_nested_pointer);
}

static void flush_first_pending(struct tlb *t)
{
    tlb_flush(t, &t->pending[0]);
    t->n_pending--;
    memmove(&t->pending[0], &t->pending[1],
            t->n_pending * sizeof(t->pending[0]));
}

void tlb_flush_later(struct tlb *t, const struct tlb_scope *s)
{
    if (!t->lazy) {
        tlb_flush(t, s);
        return;
    }
    if (t->n_pending == TLB_MAX_PENDING)
        flush_first_pending(t);
    t->pending[t->n_pending++] = *s;
}

void tlb_wait(struct tlb *t)
{
    while (t->n_pending)
        flush_first_pending(t);
}

/* ---- geometry ---- */

static void point_to_recent(struct tlb *t)
{
    for (unsigned kind = 0; kind < N_TLB_KINDS; kind++) {
        const struct tlb_array *first = t->level[kind][0].part;

        t->recent[kind] = first->sets == 1 ? first->set : &t->none;
    }
}

struct tlb *tlb_create(struct pool *pool)
{
    struct tlb *t = pool_alloc(pool, sizeof(*t));

    t->pool = pool;
    point_to_recent(t);
    return t;
}

/* Empty sets for @a, from the one block that all arrays share; NULL while it is
 * only being counted. */
static void place(struct tlb *t, struct tlb_array *a)
{
    a->set = t->heads ? t->heads + t->n_heads : NULL;
    t->n_heads += a->sets;
}

static struct tlb_array make(unsigned shift, bool any, unsigned entries,
                             unsigned ways, bool endless)
{
    struct tlb_array a = { .shift = shift, .any = any };

    if (!entries)
        return a;
    a.ways = endless ? ENDLESS : ways ? ways : entries;
    a.sets = endless && !any ? ENDLESS_SETS : endless ? 1 : entries / a.ways;
    return a;
}

static void shape_level(struct tlb_level *l, const struct tlb_part *part,
                        unsigned n)
{
    BUG_ON(n > TLB_MAX_PARTS);
    l->n = n;
    for (unsigned i = 0; i < n; i++) {
        bool any = part[i].holds == TLB_HOLDS_ANY;

        l->part[i] = make(any ? 12 : 12 + 9 * part[i].holds, any,
                          part[i].entries, part[i].ways, false);
    }
}

/* One array for each page size: bounds are what a real part has. */
static void shape_endless(struct tlb_level *l)
{
    l->n = TLB_MAX_PARTS;
    for (unsigned i = 0; i < TLB_MAX_PARTS; i++)
        l->part[i] = make(12 + 9 * i, false, 1, 1, true);
}

static void shape(struct tlb *t, const struct tlb_geometry *g)
{
    bool endless = g->mode == TLB_ADVERSARIAL;

    memset(t->level, 0, sizeof(t->level));
    if (endless) {
        shape_endless(&t->level[TLB_DATA][0]);
        shape_endless(&t->level[TLB_CODE][0]);
    } else {
        shape_level(&t->level[TLB_DATA][0], g->l1d, g->n_l1d);
        shape_level(&t->level[TLB_DATA][1], g->l2d, g->n_l2d);
        shape_level(&t->level[TLB_CODE][0], g->l1i, g->n_l1i);
        shape_level(&t->level[TLB_CODE][1], g->l2i, g->n_l2i);
    }
    for (unsigned l = 2; l <= PT_MAX_LEVEL; l++) {
        t->pwc[l] = make(pt_shift(l), false, endless ? 1 : g->pwc, 0, endless);
        t->npwc[l] =
            make(pt_shift(l), false, endless ? 1 : g->npwc, 0, endless);
    }
    t->ntlb = make(12, false, endless ? 1 : g->ntlb, 0, endless);
}

static void place_all(struct tlb *t)
{
    t->n_heads = 0;
    for (unsigned kind = 0; kind < N_TLB_KINDS; kind++)
        for (unsigned l = 0; l < 2; l++)
            for (unsigned i = 0; i < t->level[kind][l].n; i++)
                place(t, &t->level[kind][l].part[i]);
    for (unsigned l = 2; l <= PT_MAX_LEVEL; l++) {
        place(t, &t->pwc[l]);
        place(t, &t->npwc[l]);
    }
    place(t, &t->ntlb);
}

void tlb_reset(struct tlb *t, const struct tlb_geometry *g)
{
    for (size_t i = 0; i < t->n_heads; i++)
        while (t->heads[i])
            drop(t, &t->heads[i]);
    t->lazy = g->mode == TLB_ADVERSARIAL;
    t->n_pending = 0;
    shape(t, g);
    place_all(t);
    if (t->n_heads > t->max_heads) {
        t->max_heads = t->n_heads;
        t->heads = pool_alloc(t->pool, t->n_heads * sizeof(struct tlb_entry *));
        place_all(t);
    }
    point_to_recent(t);
}

uint64_t tlb_digest(const struct tlb *t)
{
    uint64_t v = t->n_pending;

    for (unsigned i = 0; i < t->n_pending; i++)
        v = mix64(v + t->pending[i].addr + t->pending[i].asid);
    for (size_t i = 0; i < t->n_heads; i++)
        for (const struct tlb_entry *e = t->heads[i]; e; e = e->next) {
            v = mix64(v + i + e->addr);
            v = mix64(v + e->tag + e->tag_mask);
            v = mix64(v + e->spa + e->gpa);
            v = mix64(v + e->guest.pte + e->nested.pte);
        }
    return v;
}
