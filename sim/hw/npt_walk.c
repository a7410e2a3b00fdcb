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

/* The entries that a walk went through, as read, by level. */
struct path {
    const struct npt_start *start;
    uint64_t raw[PT_MAX_LEVEL + 1];
};

/* An entry of it in the form of 4-level tables. */
static uint64_t entry_of(const struct cpu *c, const struct path *path,
                         unsigned level)
{
    const struct paging *p = &c->nested;

    return pt_normal(p, level, path->raw[level] & ~p->cbit);
}

/* Where that entry was found, and with which key. */
static spa_t slot_of(const struct cpu *c, const struct path *path,
                     unsigned level, gpa_t gpa, const struct key **key)
{
    const struct paging *p = &c->nested;
    spa_t table = path->start->table;

    *key = path->start->key;
    if (level < path->start->level) {
        table = entry_of(c, path, level + 1) & PTE_ADDR_MASK;
        *key = path->raw[level + 1] & p->cbit ? c->host_key : NULL;
    }
    return pt_slot(p, table, gpa, level);
}

static bool fail_at(struct cpu *c, struct walk *w, enum why why, unsigned level,
                    const struct path *path, gpa_t gpa, struct npt_access a,
                    bool sss_page)
{
    const struct key *key;

    w->level = level;
    w->slot = slot_of(c, path, level, gpa, &key);
    w->pte = path->raw[level];
    w->bit = 0;
    if (why == WHY_RSVD_ADDR)
        why = rsvd_why(&c->nested, level, w->pte & ~c->nested.cbit, &w->bit);
    return npf_fail(c, w, why, gpa, a, sss_page);
}

/* The manual is silent about an address that no entry can map: by default it is
 * not mapped, as KVM has it; the knob nested_wide_gpa knows more answers. */
static bool fail_beyond(struct cpu *c, struct walk *w, gpa_t gpa,
                        struct npt_access a)
{
    bool rsvd = c->model.knobs.nested_wide_gpa == WIDE_RSVD;

    w->level = w->bit = 0;
    w->slot = w->pte = 0;
    return npf_fail(c, w, rsvd ? WHY_RSVD_BEYOND_ROOT : WHY_BEYOND_ROOT, gpa, a,
                    false);
}

/* The AND of all entries above the leaf. */
static uint64_t and_upper(const struct cpu *c, unsigned leaf,
                          const struct path *path)
{
    uint64_t all = path->start->all;

    for (unsigned level = path->start->level; level > leaf; level--)
        all &= entry_of(c, path, level) ^ PTE_NX;
    return all;
}

/* Do the entries grant the access? If not, blame the first one from the top
 * that lacks a right; for a right too much, the leaf. */
static __attribute__((cold)) bool permits(struct cpu *c, struct walk *w,
                                          uint64_t all, unsigned leaf,
                                          const struct path *path, gpa_t gpa,
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
        c->rules.sss && is_sss_page(and_upper(c, leaf, path), path->raw[leaf]);
    struct rights r = nested_rights(c, a, sss_page);
    uint64_t missing = r.need & ~all;
    unsigned level = path->start->level, i = 0;
    enum why why = a.shadow ? WHY_SSS : WHY_GMET;

    w->sss_page = sss_page;
    if (!missing && !(r.refuse & all))
        return true;
    if (!missing)
        return fail_at(c, w, why, leaf, path, gpa, a, sss_page);
    while (!(missing & order[i].right))
        i++;
    while (level > leaf &&
           ((entry_of(c, path, level) ^ PTE_NX) & order[i].right))
        level--;
    return fail_at(c, w, order[i].why, level, path, gpa, a, sss_page);
}

/* Accessed in every entry used; dirty in the leaf of a write. */
static uint64_t missing_ad(const struct cpu *c, const struct path *path,
                           unsigned level, unsigned leaf, bool write)
{
    uint64_t set = PTE_A | (level == leaf && write ? PTE_D : 0);

    return set & ~entry_of(c, path, level) ? set : 0;
}

/* With a reverse map table such a write is a host's: 4K, to a page of its own
 * (APM vol. 2, 15.36.10). When it is found out the manual does not say. */
static bool may_set_ad(struct cpu *c, struct walk *w, unsigned leaf,
                       const struct path *path, gpa_t gpa, struct npt_access a)
{
    const struct key *key;

    for (unsigned level = path->start->level; level >= leaf; level--) {
        if (!missing_ad(c, path, level, leaf, a.write) ||
            rmp_is_host(c, slot_of(c, path, level, gpa, &key),
                        PAGE_SIZE_4K - 1))
            continue;
        return fail_at(c, w, WHY_RMP_TABLE, level, path, gpa, a, false);
    }
    return true;
}

static __attribute__((cold)) bool set_ad(struct cpu *c, struct walk *w,
                                         unsigned leaf, const struct path *path,
                                         gpa_t gpa, struct npt_access a)
{
    if (snp_on(c) && !may_set_ad(c, w, leaf, path, gpa, a))
        return false;
    for (unsigned level = path->start->level; level >= leaf; level--) {
        uint64_t set = missing_ad(c, path, level, leaf, a.write);
        const struct key *key;
        spa_t slot = slot_of(c, path, level, gpa, &key);

        if (set)
            ad_set(c, true, slot, path->raw[level], set, key);
    }
    return true;
}

/* The walk is complete. */
static inline bool arrive(struct walk *w, gpa_t gpa, struct npt_access a,
                          unsigned level, uint64_t pte, uint64_t offset,
                          uint64_t all)
{
    w->spa = (pte & PTE_ADDR_MASK & ~offset) | (gpa & offset);
    if (!a.table)
        w->nested_pat = pat_index(pte, level);
    w->nested = (struct leaf) { all, pte, offset };
    return true;
}

static uint64_t needs(struct npt_access a)
{
    return PTE_U | (a.write ? PTE_W : 0) | (a.fetch ? PTE_NX : 0);
}

/* Pointers that led to @leaf, all of them accessed by now. */
static void remember(struct cpu *c, unsigned leaf, const struct path *path,
                     gpa_t gpa)
{
    struct npt_start s = *path->start;

    while (s.level > leaf) {
        uint64_t entry = entry_of(c, path, s.level);

        s.table = entry & PTE_ADDR_MASK;
        s.all &= entry ^ PTE_NX;
        s.key = path->raw[s.level] & c->nested.cbit ? c->host_key : NULL;
        s.level--;
        npwc_fill(c, gpa, &s);
    }
}

bool npt_walk_from(struct cpu *c, struct walk *w, gpa_t gpa,
                   struct npt_access a, unsigned guest_level,
                   const struct npt_start *start)
{
    const struct paging *p = &c->nested;
    const struct key *key = start->key;
    uint64_t table = start->table, all = start->all, raw, pte, need = needs(a);
    struct path path = { .start = start };
    unsigned level;

    if (gpa & c->rules.beyond)
        return fail_beyond(c, w, gpa, a);
    for (level = start->level;; level--) {
        spa_t slot = pt_slot(p, table, gpa, level);

        raw = entry_read_any(c, p, slot, key, guest_level, level);
        pte = raw & ~p->cbit;
        path.raw[level] = raw;
        if (c->watched)
            walk_watch(c, true, level, gpa, slot, raw);
        w->n_refs++;
        if (!(pte & PTE_P) || (pte & p->rsvd[level][!!(pte & PTE_PS)]))
            return fail_at(c, w, pte & PTE_P ? WHY_RSVD_ADDR : WHY_NOT_PRESENT,
                           level, &path, gpa, a, false);
        pte = pt_normal(p, level, pte);
        all &= pte ^ PTE_NX;
        key = raw & p->cbit ? c->host_key : NULL;
        if (level == 1 || (pte & PTE_PS))
            break;
        table = pte & PTE_ADDR_MASK;
    }

    if (((all & need) != need || c->rules.special) &&
        !permits(c, w, all, level, &path, gpa, a))
        return false;
    if ((!(all & PTE_A) || (a.write && !(pte & PTE_D))) &&
        !set_ad(c, w, level, &path, gpa, a))
        return false;
    if (c->tlb_on)
        remember(c, level, &path, gpa);
    w->key = key;
    return arrive(w, gpa, a, level, pte, BIT(p->format->shift[level]) - 1, all);
}

/*
 * The same walk where nothing is out of the ordinary: tables of 4 or 5 levels
 * without C-bit, all pages at hand, nobody watches, nothing to set and nothing
 * to refuse. false: nothing has happened yet, take the long way.
 */
static inline bool walk_plainly(struct cpu *c, struct walk *w, gpa_t gpa,
                                struct npt_access a, unsigned guest_level)
{
    const struct paging *p = &c->nested;
    const struct page_ref *near = c->near[guest_level];
    unsigned level = p->levels;
    uint64_t table = p->root, all = ~0ULL, need = needs(a) | PTE_A, raw;
    /* The index into the first table in its topmost bits, the others below. */
    uint64_t way = gpa << (64 - pt_shift(level + 1));

    if (c->watched || !c->rules.plain || (gpa & c->rules.beyond))
        return false;
    for (;; level--, way <<= 9) {
        if (near[level].pfn != table >> 12)
            return false;
        raw = near[level].words[way >> 55];
        all &= raw ^ PTE_NX;
        if ((raw & p->pointer[level]) != PTE_P)
            break;
        table = raw & PTE_ADDR_MASK;
    }
    if (!(raw & PTE_P) ||
        (raw & (p->rsvd[level][raw / PTE_PS % 2] | p->cbit)) ||
        (all & need) != need || (a.write && !(raw & PTE_D)))
        return false;
    w->key = NULL;
    w->n_refs += p->levels - level + 1;
    return arrive(w, gpa, a, level, raw, BIT(pt_shift(level)) - 1, all);
}

struct npt_start npt_root(const struct cpu *c)
{
    const struct paging *p = &c->nested;

    return (struct npt_start) { p->levels, p->root, ~0ULL, p->key };
}

static __attribute__((noinline)) bool walk_from_root(struct cpu *c,
                                                     struct walk *w, gpa_t gpa,
                                                     struct npt_access a,
                                                     unsigned guest_level)
{
    struct npt_start root = npt_root(c);

    return npt_walk_from(c, w, gpa, a, guest_level, &root);
}

bool npt_walk(struct cpu *c, struct walk *w, gpa_t gpa, struct npt_access a,
              unsigned guest_level)
{
    if (__builtin_expect(walk_plainly(c, w, gpa, a, guest_level), 1))
        return true;
    return walk_from_root(c, w, gpa, a, guest_level);
}
