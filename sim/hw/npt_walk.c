/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/npt_walk.c - from guest-physical to system-physical (APM vol. 2, 15.25).
 *
 * Every access that reaches the nested level is a user access. On behalf of a
 * guest table it is a write, too, because it may set accessed and dirty bits
 * there. Permissions are judged after the last entry was read: a reserved bit
 * further down wins over a missing permission further up.
 */
#include "hw/walk.h"

/* An entry that the walk went through. */
struct step {
    spa_t slot;
    uint64_t pte; /* as read, C-bit included */
    const struct key *key;
};

static bool fail_at(struct cpu *c, struct walk *w, enum why why, unsigned level,
                    const struct step *s, gpa_t gpa, struct npt_access a,
                    bool sss_page)
{
    w->level = level;
    w->slot = s->slot;
    w->pte = s->pte;
    w->bit = 0;
    if (why == WHY_RSVD_ADDR)
        why = rsvd_why(&c->nested, level, s->pte & ~c->nested.cbit, &w->bit);
    return npf_fail(c, w, why, gpa, a, sss_page);
}

/* The manual is silent about an address that no entry can map: by default it is
 * not mapped, as KVM has it; the knob nested_wide_gpa knows more answers. */
static bool fail_beyond(struct cpu *c, struct walk *w, gpa_t gpa,
                        struct npt_access a)
{
    bool rsvd = c->model.knobs.nested_wide_gpa == WIDE_RSVD;

    return fail_at(c, w, rsvd ? WHY_RSVD_BEYOND_ROOT : WHY_BEYOND_ROOT, 0,
                   &(struct step) { 0 }, gpa, a, false);
}

/* The AND of all entries above the leaf. */
static uint64_t and_upper(const struct cpu *c, unsigned leaf,
                          const struct step step[])
{
    uint64_t all = ~0ULL;

    for (unsigned level = c->nested.levels; level > leaf; level--)
        all &= pt_normal(&c->nested, level, step[level].pte) ^ PTE_NX;
    return all;
}

/* Do the entries grant the access? If not, blame the first one from the top
 * that lacks a right; for a right too much, the leaf. */
static __attribute__((cold)) bool permits(struct cpu *c, struct walk *w,
                                          uint64_t all, unsigned leaf,
                                          const struct step step[], gpa_t gpa,
                                          struct npt_access a)
{
    static const struct {
        uint64_t right;
        enum why why;
    } order[] = {
        { PTE_U, WHY_USER },
        { PTE_W, WHY_WRITE },
        { PTE_NX, WHY_NX },
    };
    bool sss_page =
        c->rules.sss && is_sss_page(and_upper(c, leaf, step), step[leaf].pte);
    struct rights r = nested_rights(c, a, sss_page);
    uint64_t missing = r.need & ~all;
    unsigned level = c->nested.levels, i = 0;
    enum why why = a.shadow ? WHY_SSS : WHY_GMET;

    if (!missing && !(r.refuse & all))
        return true;
    w->n_refs += c->nested.levels - leaf + 1;
    if (!missing)
        return fail_at(c, w, why, leaf, &step[leaf], gpa, a, sss_page);
    while (!(missing & order[i].right))
        i++;
    while (level > leaf &&
           ((pt_normal(&c->nested, level, step[level].pte) ^ PTE_NX) &
            order[i].right))
        level--;
    return fail_at(c, w, order[i].why, level, &step[level], gpa, a, sss_page);
}

/* Accessed in every entry used; dirty in the leaf of a write. */
static void set_ad(struct cpu *c, unsigned leaf, const struct step step[],
                   bool write)
{
    for (unsigned level = c->nested.levels; level >= leaf; level--) {
        uint64_t set = PTE_A | (level == leaf && write ? PTE_D : 0);
        const struct step *s = &step[level];

        if (set & ~pt_normal(&c->nested, level, s->pte))
            ad_set(c, true, s->slot, s->pte, set, s->key);
    }
}

/* @long_mode is a constant: the compiler makes two walkers of this one. */
static inline __attribute__((always_inline)) bool
walk(struct cpu *c, struct walk *w, gpa_t gpa, struct npt_access a,
     unsigned guest_level, const bool long_mode)
{
    const struct paging *p = &c->nested;
    struct step step[PT_MAX_LEVEL + 1];
    const struct key *key = p->key;
    uint64_t table = p->root, all = ~0ULL, pte, need, offset;
    unsigned level;

    for (level = p->levels;; level--) {
        spa_t slot = long_mode ? table + 8 * pt_index(gpa, level)
                               : pt_slot(p, table, gpa, level);
        uint64_t raw =
            long_mode ? entry_read(c, slot, pt_index(gpa, level), key,
                                   guest_level, level)
                      : entry_read_any(c, p, slot, key, guest_level, level);

        pte = raw & ~p->cbit;
        step[level] = (struct step) { slot, raw, key };
        if (__builtin_expect(c->watched, 0))
            walk_watch(c, true, level, gpa, slot, raw);
        if (__builtin_expect(!(pte & PTE_P), 0) ||
            (pte & p->rsvd[level][!!(pte & PTE_PS)])) {
            w->n_refs += p->levels - level + 1;
            return fail_at(c, w, pte & PTE_P ? WHY_RSVD_ADDR : WHY_NOT_PRESENT,
                           level, &step[level], gpa, a, false);
        }
        if (!long_mode)
            pte = pt_normal(p, level, pte);
        all &= pte ^ PTE_NX;
        key = raw & p->cbit ? &c->host_key : NULL;
        if (level == 1 || (pte & PTE_PS))
            break;
        table = pte & PTE_ADDR_MASK;
    }

    need = PTE_U | (a.write ? PTE_W : 0) | (a.fetch ? PTE_NX : 0);
    if (__builtin_expect((all & need) != need || c->rules.special, 0) &&
        !permits(c, w, all, level, step, gpa, a))
        return false;
    if (__builtin_expect(!(all & PTE_A) || (a.write && !(pte & PTE_D)), 0))
        set_ad(c, level, step, a.write);
    offset = BIT(long_mode ? pt_shift(level) : p->format->shift[level]) - 1;
    w->spa = (pte & PTE_ADDR_MASK & ~offset) | (gpa & offset);
    w->key = key;
    if (!a.table)
        w->nested_pat = pat_index(pte, level);
    w->nested = (struct leaf) { all, pte, offset };
    w->n_refs += p->levels - level + 1;
    return true;
}

bool npt_walk(struct cpu *c, struct walk *w, gpa_t gpa, struct npt_access a,
              unsigned guest_level)
{
    if (__builtin_expect(gpa & c->rules.beyond, 0))
        return fail_beyond(c, w, gpa, a);
    if (__builtin_expect(c->nested.long_mode, 1))
        return walk(c, w, gpa, a, guest_level, true);
    return walk(c, w, gpa, a, guest_level, false);
}
