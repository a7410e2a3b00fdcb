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
                    const struct step *s, gpa_t gpa, struct npt_access a)
{
    w->level = level;
    w->slot = s->slot;
    w->pte = s->pte;
    w->bit = 0;
    if (why == WHY_RSVD_ADDR)
        why = rsvd_why(&c->nested, level, s->pte & ~c->nested.cbit, &w->bit);
    return npf_fail(c, w, why, gpa, a);
}

/* Blame the first entry from the top that lacks one of the @missing rights. */
static bool deny(struct cpu *c, struct walk *w, uint64_t missing, unsigned leaf,
                 const struct step step[], gpa_t gpa, struct npt_access a)
{
    static const struct {
        uint64_t right;
        enum why why;
    } order[] = {
        { PTE_U, WHY_USER },
        { PTE_W, WHY_WRITE },
        { PTE_NX, WHY_NX },
    };
    unsigned level = c->nested.levels, i = 0;

    while (!(missing & order[i].right))
        i++;
    while (level > leaf && ((step[level].pte ^ PTE_NX) & order[i].right))
        level--;
    w->n_refs += c->nested.levels - leaf + 1;
    return fail_at(c, w, order[i].why, level, &step[level], gpa, a);
}

/* Accessed in every entry used; dirty in the leaf of a write. */
static void set_ad(struct cpu *c, unsigned leaf, const struct step step[],
                   bool write)
{
    for (unsigned level = c->nested.levels; level >= leaf; level--) {
        uint64_t set = PTE_A | (level == leaf && write ? PTE_D : 0);
        const struct step *s = &step[level];

        if (set & ~s->pte)
            ad_set(c, true, s->slot, s->pte, set, s->key);
    }
}

bool npt_walk(struct cpu *c, struct walk *w, gpa_t gpa, struct npt_access a,
              unsigned guest_level)
{
    const struct paging *p = &c->nested;
    struct step step[PT_MAX_LEVEL + 1];
    const struct key *key = p->key;
    uint64_t table = p->root, all = ~0ULL, pte, need, offset;
    unsigned level;

    /* The manual is silent here; an address that no entry can map is treated
     * as not mapped, as KVM treats it. */
    if (gpa >> p->linear_bits)
        return fail_at(c, w, WHY_BEYOND_ROOT, 0, &(struct step) { 0 }, gpa, a);

    for (level = p->levels;; level--) {
        spa_t slot = table + 8 * pt_index(gpa, level);
        uint64_t raw = entry_read(c, slot, key, guest_level, level);

        pte = raw & ~p->cbit;
        step[level] = (struct step) { slot, raw, key };
        if (__builtin_expect(c->watched, 0))
            walk_watch(c, true, level, gpa, slot, raw);
        if (__builtin_expect(!(pte & PTE_P), 0) ||
            (pte & p->rsvd[level][!!(pte & PTE_PS)])) {
            w->n_refs += p->levels - level + 1;
            return fail_at(c, w, pte & PTE_P ? WHY_RSVD_ADDR : WHY_NOT_PRESENT,
                           level, &step[level], gpa, a);
        }
        all &= pte ^ PTE_NX;
        key = raw & p->cbit ? &c->host_key : NULL;
        if (level == 1 || (pte & PTE_PS))
            break;
        table = pte & PTE_ADDR_MASK;
    }

    need = PTE_U | (a.write ? PTE_W : 0) | (a.fetch ? PTE_NX : 0);
    if (__builtin_expect((all & need) != need, 0))
        return deny(c, w, need & ~all, level, step, gpa, a);
    if (__builtin_expect(!(all & PTE_A) || (a.write && !(pte & PTE_D)), 0))
        set_ad(c, level, step, a.write);
    offset = pt_size(level) - 1;
    w->spa = (pte & PTE_ADDR_MASK & ~offset) | (gpa & offset);
    w->key = key;
    w->nested = (struct leaf) { all, pte, offset };
    w->n_refs += p->levels - level + 1;
    return true;
}
