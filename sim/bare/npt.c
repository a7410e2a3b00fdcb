/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bare/npt.c - what the nested tables say: the VM's memory, then whatever is to
 * be different, before the first VMRUN or between two.
 */
#include "bare/machine.h"

#define NO_ROOM                                                                \
    "the hypervisor has no page left for nested tables: larger pages need "    \
    "fewer"

static uint64_t leaf(const struct bare *b, unsigned level, spa_t spa,
                     uint64_t flags)
{
    return bare_leaf_address(b, level, spa) | flags | (level > 1 ? PTE_PS : 0);
}

/* Of the largest page that the map may have, in this mode. */
static unsigned largest(const struct bare *b)
{
    unsigned level = 1;

    while (bare_may_be_page(b, level + 1) &&
           bare_page_of(b, level + 1) <= b->config->page_size)
        level++;
    return level;
}

/* The largest page up to @max that begins at @gpa and ends within @len. */
static unsigned fitting(const struct bare *b, gpa_t gpa, uint64_t len,
                        unsigned max)
{
    unsigned level = max;

    while (level > 1 && (!is_aligned(gpa, bare_page_of(b, level)) ||
                         bare_page_of(b, level) > len))
        level--;
    return level;
}

static bool map_memory(struct bare *b, const struct bare_memory *m)
{
    unsigned max = largest(b);
    uint64_t flags = PTE_P | PTE_U | (m->readonly ? 0 : PTE_W);
    struct bare_place p;

    TRACE(b->trace, bare_map, .gpa = m->gpa, .size = m->size,
          .page = b->config->page_size, .readonly = m->readonly);
    for (gpa_t gpa = m->gpa; gpa < m->gpa + m->size;
         gpa += bare_page_of(b, p.level)) {
        unsigned level = fitting(b, gpa, m->gpa + m->size - gpa, max);

        if (!bare_reach(b, gpa, level, &p))
            return false;
        bare_put_entry(b, p.slot, leaf(b, level, gpa, flags));
    }
    return true;
}

/* ---- changes ---- */

/* The page at @gpa that @c is about. false: no frame is left. */
static bool page_to_change(struct bare *b, const struct bare_npt *c, gpa_t gpa,
                           uint64_t len, struct bare_place *p)
{
    unsigned level = bare_level_of(b, c->page_size);

    if (!level) {
        *p = bare_lowest(b, gpa);
        level = p->level;
        if (!bare_entry(b, p->slot))
            level = largest(b);
        level = fitting(b, gpa, len, level);
    }
    return bare_reach(b, gpa, level, p);
}

/* What stands there before the change, as a page of that size. */
static uint64_t standing(const struct bare *b, const struct bare_place *p,
                         gpa_t gpa)
{
    uint64_t all = PTE_P | PTE_W | PTE_U, entry = bare_entry(b, p->slot);

    return entry && !*p->below ? entry : leaf(b, p->level, gpa, all);
}

/* Of the entries that a change met: the first, and how many. */
struct met {
    gpa_t gpa;
    struct bare_place place;
    uint64_t old, new;
    unsigned n;
};

static void put(const struct bare *b, struct met *m, gpa_t gpa,
                const struct bare_place *p, uint64_t new)
{
    if (!m->n++) {
        m->gpa = gpa;
        m->place = *p;
        m->old = bare_entry(b, p->slot);
        m->new = new;
    }
    bare_put_entry(b, p->slot, new);
}

static void tell(const struct bare *b, const struct met *m)
{
    TRACE(b->trace, bare_npt, .gpa = m->gpa, .entries = m->n,
          .level = m->place.level, .slot = m->place.slot, .old = m->old,
          .new = m->new);
}

static uint64_t changed(const struct bare *b, const struct bare_npt *c,
                        const struct bare_place *p, gpa_t from, gpa_t gpa)
{
    uint64_t entry = standing(b, p, gpa);

    if (c->has_spa)
        entry = (entry & ~bare_leaf_mask(b, p->level)) |
                bare_leaf_address(b, p->level, c->spa + (gpa - from));
    return (entry | c->set) & ~c->clear;
}

/* The bytes that are meant, and where they begin. */
static uint64_t meant(const struct bare *b, const struct bare_npt *c,
                      gpa_t *from)
{
    struct bare_place p = bare_lowest(b, c->gpa);
    uint64_t size = c->size                 ? c->size
                    : c->page_size          ? c->page_size
                    : bare_entry(b, p.slot) ? bare_page_of(b, p.level)
                                            : PAGE_SIZE_4K;

    *from = c->size ? c->gpa : c->gpa & ~(size - 1);
    return size;
}

static const char *change_pages(struct bare *b, const struct bare_npt *c)
{
    struct met met = { .n = 0 };
    struct bare_place p;
    gpa_t from;
    uint64_t size = meant(b, c, &from);

    for (gpa_t gpa = from; gpa - from < size; gpa += bare_page_of(b, p.level)) {
        uint64_t new;

        if (!page_to_change(b, c, gpa, from + size - gpa, &p))
            return NO_ROOM;
        new = changed(b, c, &p, from, gpa);
        *p.below = NULL;
        put(b, &met, gpa, &p, new);
    }
    tell(b, &met);
    return NULL;
}

/* Entries that point to tables. */
static const char *change_tables(struct bare *b, const struct bare_npt *c)
{
    uint64_t size = c->size ? c->size : 1;
    struct met met = { .n = 0 };
    struct bare_place p;

    for (gpa_t gpa = c->gpa; gpa - c->gpa < size;
         gpa = (gpa | (bare_page_of(b, c->level) - 1)) + 1) {
        if (!bare_reach(b, gpa, c->level, &p))
            return NO_ROOM;
        if (!*p.below)
            return trace_text(b->trace,
                              "npt: at level %u of gpa 0x%llx there is no "
                              "table",
                              c->level, (unsigned long long)gpa);
        put(b, &met, gpa, &p, (bare_entry(b, p.slot) | c->set) & ~c->clear);
    }
    tell(b, &met);
    return NULL;
}

const char *bare_change_npt(struct bare *b, const struct bare_npt *c)
{
    if (!b->root)
        return "a host without paging has no nested tables";
    return c->level ? change_tables(b, c) : change_pages(b, c);
}

const char *bare_map_all(struct bare *b)
{
    if (!bare_top_level(b))
        return NULL;
    b->root = pool_alloc(b->pool, sizeof(*b->root));
    b->root->at = bare_frame(b);
    if (!b->root->at)
        return NO_ROOM;
    for (unsigned i = 0; i < b->vm->n_memory; i++)
        if (!map_memory(b, &b->vm->memory[i]))
            return NO_ROOM;
    return NULL;
}

spa_t bare_ncr3(const struct bare *b)
{
    return b->root ? b->root->at : 0;
}
