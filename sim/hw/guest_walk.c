/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/guest_walk.c - from guest-virtual to guest-physical, and on from there.
 *
 * The guest's tables lie in guest-physical memory, so each of their entries is
 * found by a nested walk first: 4 * (4 + 1) + 4 = 24 references for 4K pages in
 * 4K pages. Order of faults: APM vol. 2, 15.25.6; a reverse map table comes
 * after all of them (15.36.10).
 */
#include "hw/walk.h"

/* Accessed and dirty bits that are still to be set, in walking order. */
struct update {
    gpa_t gpa;
    spa_t slot;
    uint64_t old, set;
    uint64_t offset; /* of its page in the nested tables, see struct leaf */
    const struct key *key;
    unsigned level;
};

struct updates {
    unsigned n;
    struct update u[PT_MAX_LEVEL];
};

static bool fail_at(struct cpu *c, struct walk *w, unsigned level, spa_t slot,
                    uint64_t raw, struct access a)
{
    uint64_t pte = raw & ~c->guest.cbit;
    enum why why = WHY_NOT_PRESENT;

    w->level = level;
    w->slot = slot;
    w->pte = raw;
    w->bit = 0;
    if (pte & PTE_P)
        why = rsvd_why(&c->guest, level, pte, &w->bit);
    return pf_fail(c, w, why, false, a);
}

/* Refused by the AND of all entries; the leaf stands for them. */
static bool deny(struct cpu *c, struct walk *w, struct rights r, uint64_t all,
                 unsigned level, spa_t slot, uint64_t raw, struct access a)
{
    w->level = level;
    w->slot = slot;
    w->pte = raw;
    w->bit = 0;
    return pf_fail(c, w, rights_why(r, all, a), pkey_denies(c, all, raw, a), a);
}

/* How the nested level is asked about an entry of a guest table: it may have to
 * be written, so it must be writable, except with ROGPT (APM vol. 2, 15.25.5).
 */
static struct npt_access table_access(const struct cpu *c)
{
    return (struct npt_access) {
        .table = true,
        .write = !c->rules.rogpt,
        .private = c->ctl.sev,
    };
}

/* A level of translation that has no tables permits everything, everywhere. */
static const struct leaf no_tables = { ~0ULL, PTE_D, ~0ULL };

/*
 * Where a guest-physical address lies. Without nested paging it is a system-
 * physical one, and @pointer, CR3 or the entry that holds it, says whether the
 * host's key belongs to it.
 */
static inline bool translate(struct cpu *c, struct walk *w, gpa_t gpa,
                             uint64_t pointer, struct npt_access a,
                             unsigned level)
{
    if (__builtin_expect(c->nested.levels, 1))
        return gpa_walk(c, w, gpa, a, level);
    w->nested = no_tables;
    w->spa = gpa;
    w->key = pointer & c->guest.cbit ? c->host_key : NULL;
    return true;
}

/*
 * Which key the access itself uses (APM vol. 2, 15.34.5): an SEV guest's code
 * is always private, as is all if its entries have no place for the C-bit; its
 * data when the leaf says so, or the address. Else translate() has put the key
 * into w.
 */
static inline bool is_private(const struct cpu *c, gpa_t gpa, uint64_t leaf,
                              struct access a)
{
    const struct paging *p = &c->guest;

    return c->ctl.sev &&
           (a.fetch || gpa < p->private_below || (leaf & p->cbit));
}

bool walk_is_private(const struct cpu *c, const struct walk *w)
{
    return is_private(c, w->gpa, w->guest.pte, (struct access) { 0 });
}

static inline bool reach(struct cpu *c, struct walk *w, gpa_t gpa,
                         uint64_t leaf, struct access a)
{
    bool private = is_private(c, gpa, leaf, a);
    struct npt_access final = {
        .write = a.write,
        .fetch = a.fetch,
        .shadow = a.shadow,
        .supervisor = !a.user,
        .private = private,
    };

    w->gpa = gpa;
    if (!translate(c, w, gpa, leaf, final, 0))
        return false;
    if (private)
        w->key = c->gkey;
    return true;
}

/* ---- the reverse map table, where there is one ---- */

/* The host's mapping, where it is the only one. */
static uint64_t host_offset(const struct cpu *c, const struct walk *w)
{
    return has_nested(c) ? w->nested.offset : w->guest.offset;
}

/* Of a table: without nested paging it is a page that the host built. */
static uint64_t table_offset(const struct cpu *c, const struct walk *w)
{
    return has_nested(c) ? w->nested.offset : PAGE_SIZE_4K - 1;
}

static void note_table(struct rmp_trail *t, const struct cpu *c,
                       const struct walk *w, gpa_t gpa)
{
    t->at[t->n++] = (struct rmp_access) {
        .gpa = gpa,
        .spa = w->spa,
        .offset = table_offset(c, w),
        .table = true,
        .private = c->ctl.sev,
    };
}

static bool check_all(struct cpu *c, struct walk *w, struct rmp_trail *t,
                      uint64_t leaf, struct access a)
{
    if (w->unasked)
        return rmp_check_trail(c, w, t, a);
    t->at[t->n++] = (struct rmp_access) {
        .gpa = w->gpa,
        .spa = w->spa,
        .offset = host_offset(c, w),
        .write = a.write,
        .fetch = a.fetch,
        .user = a.user,
        .private = is_private(c, w->gpa, leaf, a),
    };
    return rmp_check_trail(c, w, t, a);
}

/* Bits are set before the walk's end, the table is asked there: what it will
 * not permit must not happen now. */
static bool may_set(const struct cpu *c, const struct updates *q)
{
    for (unsigned i = 0; i < q->n; i++) {
        const struct rmp_access a = {
            .gpa = q->u[i].gpa,
            .spa = q->u[i].slot,
            .offset = q->u[i].offset,
            .table = true,
            .write = true,
            .private = c->ctl.sev,
        };

        if (rmp_check(c, &a) != WHY_NONE)
            return false;
    }
    return true;
}

/* ---- accessed and dirty ---- */

/* Write the bits. With ROGPT only this is a write to the nested level. */
static __attribute__((cold)) bool apply(struct cpu *c, struct walk *w,
                                        struct updates *q)
{
    struct npt_access a = table_access(c);
    struct walk found = *w;

    if (snp_on(c) && !may_set(c, q))
        return true;
    a.write = true;
    for (unsigned i = 0; i < q->n; i++) {
        const struct update *u = &q->u[i];

        if (c->rules.rogpt && !npt_walk(c, w, u->gpa, a, u->level))
            return false;
        ad_set(c, false, u->slot, u->old, u->set, u->key);
    }
    q->n = 0;
    found.n_refs = w->n_refs;
    *w = found;
    return true;
}

/* The manual's order is to set bits while walking (APM vol. 2, 15.25.6); the
 * knob ad_policy knows later moments. */
static __attribute__((cold)) bool mark(struct cpu *c, struct walk *w,
                                       struct updates *q, struct update u)
{
    q->u[q->n++] = u;
    return c->model.knobs.ad_policy != AD_IN_WALK || apply(c, w, q);
}

/* @long_mode and @rmp are constants: the compiler makes three walkers of this
 * one. */
static inline __attribute__((always_inline)) bool
walk(struct cpu *c, struct walk *w, gva_t gva, struct access a,
     const bool long_mode, const bool rmp)
{
    const struct paging *p = &c->guest;
    const struct npt_access table = table_access(c);
    struct rights r = guest_rights(c, a);
    uint64_t base = p->root, all = ~0ULL, upper, raw = c->g.r.cr3, pte, set;
    uint64_t offset;
    struct rmp_trail trail;
    struct updates q;
    const struct key *key;
    unsigned level;
    gpa_t gpa;
    spa_t slot;

    w->gva = gva;
    q.n = 0;
    if (rmp)
        trail.n = 0;
    level = p->levels;
    if (__builtin_expect(w->recall, 0))
        level = pwc_recall(c, w, &base, &raw, &all);
    for (;; level--) {
        gpa = long_mode ? base + 8 * pt_index(gva, level)
                        : pt_slot(p, base, gva, level);
        if (!translate(c, w, gpa, raw, table, level))
            return false;
        if (rmp)
            note_table(&trail, c, w, gpa);
        slot = w->spa;
        key = p->key ? p->key : w->key;
        raw = long_mode ? entry_read(c, slot & PAGE_MASK_4K,
                                     pt_index(gva, level), key, level, 0)
                        : entry_read_any(c, p, slot, key, level, 0);
        pte = raw & ~p->cbit;
        w->n_refs++;
        if (__builtin_expect(c->watched, 0))
            walk_watch(c, false, level, gva, slot, raw);
        if (__builtin_expect(!(pte & PTE_P), 0) ||
            (pte & p->rsvd[level][!!(pte & PTE_PS)]))
            return fail_at(c, w, level, slot, raw, a);
        if (!long_mode)
            pte = pt_normal(p, level, pte);
        upper = all;
        all &= pte ^ PTE_NX;
        if (level == 1 || (pte & PTE_PS))
            break;
        if (!(pte & PTE_A)) {
            if (rmp)
                trail.at[trail.n - 1].write = true;
            if (!mark(c, w, &q,
                      (struct update) { gpa, slot, raw, PTE_A,
                                        table_offset(c, w), key, level }))
                return false;
        }
        base = pte & PTE_ADDR_MASK;
        if (__builtin_expect(c->tlb_on, 0) && !q.n)
            pwc_fill(c, w, level, base, raw, all);
    }

    if (__builtin_expect((all & r.need) != r.need || (all & r.refuse) ||
                             pkey_denies(c, all, raw, a) ||
                             (a.shadow && shadow_denies(upper, pte)),
                         0))
        return deny(c, w, r, all, level, slot, raw, a);
    set = PTE_A | (a.write ? PTE_D : 0);
    if (__builtin_expect(set & ~pte, 0)) {
        if (rmp)
            trail.at[trail.n - 1].write = true;
        if (!mark(c, w, &q,
                  (struct update) { gpa, slot, raw, set, table_offset(c, w),
                                    key, level }))
            return false;
    }
    if (__builtin_expect(q.n, 0) &&
        c->model.knobs.ad_policy == AD_AFTER_CHECK && !apply(c, w, &q))
        return false;
    w->guest_pat = pat_index(pte, level);
    offset = BIT(long_mode ? pt_shift(level) : p->format->shift[level]) - 1;
    w->guest = (struct leaf) { all, raw, offset };
    w->upper = upper;
    if (!reach(c, w, (pte & PTE_ADDR_MASK & ~offset) | (gva & offset), raw, a))
        return false;
    if (rmp && !check_all(c, w, &trail, raw, a))
        return false;
    return __builtin_expect(!q.n, 1) || apply(c, w, &q);
}

/* CR0.PG = 0: linear is physical. */
static bool reach_unpaged(struct cpu *c, struct walk *w, gva_t gva,
                          struct access a)
{
    struct rmp_trail nothing = { 0 };

    w->gva = gva;
    w->guest = no_tables;
    w->upper = no_tables.all;
    return reach(c, w, gva, 0, a) &&
           (!snp_on(c) || check_all(c, w, &nothing, 0, a));
}

static __attribute__((noinline)) bool walk_slowly(struct cpu *c, struct walk *w,
                                                  gva_t gva, struct access a)
{
    if (!c->guest.levels)
        return reach_unpaged(c, w, gva, a);
    return snp_on(c) ? walk(c, w, gva, a, false, true)
                     : walk(c, w, gva, a, false, false);
}

bool guest_walk(struct cpu *c, struct walk *w, gva_t gva, struct access a)
{
    if (__builtin_expect(c->guest.fast, 1))
        return walk(c, w, gva, a, true, false);
    return walk_slowly(c, w, gva, a);
}
