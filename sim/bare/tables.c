/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bare/tables.c - nested tables of every mode, entry by entry.
 *
 * The four formats differ in levels, size and width of an entry, and in what a
 * page-directory pointer of PAE may say (APM vol. 2, 5.2 and 5.3; nested:
 * 15.25.3).
 */
#include "bare/machine.h"

/* A table's entry permits everything, and leaves it to the pages. */
#define POINTER (PTE_P | PTE_W | PTE_U)

/* Bits 39:32 of a 4 MiB page's address stand in 20:13 of its entry. */
#define PSE36_SHIFT 19

static const struct format {
    unsigned levels, max_page, entry_size, index_bits, linear_bits;
} formats[] = {
    [BARE_PAGING_NONE] = { 0, 0, 8, 9, 0 },
    [BARE_PAGING_32BIT] = { 2, 2, 4, 10, 32 },
    [BARE_PAGING_PAE] = { 3, 2, 8, 9, 32 },
    [BARE_PAGING_4LEVEL] = { 4, 3, 8, 9, 48 },
    [BARE_PAGING_5LEVEL] = { 5, 3, 8, 9, 57 },
};

static const struct format *format(const struct bare *b)
{
    return &formats[b->config->host.paging];
}

static uint64_t page_of(const struct format *f, unsigned level)
{
    return BIT(12 + f->index_bits * (level - 1));
}

unsigned bare_levels(enum bare_paging paging)
{
    return formats[paging].levels;
}

unsigned bare_linear_bits(enum bare_paging paging)
{
    return formats[paging].linear_bits;
}

bool bare_has_page(enum bare_paging paging, uint64_t size)
{
    const struct format *f = &formats[paging];

    for (unsigned level = 1; level <= f->max_page; level++)
        if (page_of(f, level) == size)
            return true;
    return false;
}

unsigned bare_top_level(const struct bare *b)
{
    return format(b)->levels;
}

uint64_t bare_page_of(const struct bare *b, unsigned level)
{
    return page_of(format(b), level);
}

bool bare_may_be_page(const struct bare *b, unsigned level)
{
    return level <= format(b)->max_page;
}

unsigned bare_level_of(const struct bare *b, uint64_t size)
{
    for (unsigned level = 1; level <= format(b)->max_page; level++)
        if (bare_page_of(b, level) == size)
            return level;
    return 0;
}

/* ---- entries ---- */

uint64_t bare_entry(const struct bare *b, spa_t slot)
{
    uint64_t value = 0;

    b->wire.ops->read(b->wire.hw, slot, &value, format(b)->entry_size);
    return value;
}

void bare_put_entry(const struct bare *b, spa_t slot, uint64_t value)
{
    b->wire.ops->write(b->wire.hw, slot, &value, format(b)->entry_size);
}

uint64_t bare_leaf_mask(const struct bare *b, unsigned level)
{
    if (format(b)->entry_size == 4 && level > 1)
        return bits(31, 22) | bits(20, 13);
    return PTE_ADDR_MASK & ~(bare_page_of(b, level) - 1) &
           bits(8 * format(b)->entry_size - 1, 0);
}

uint64_t bare_leaf_address(const struct bare *b, unsigned level, spa_t spa)
{
    if (format(b)->entry_size == 4 && level > 1)
        spa = (spa & bits(31, 22)) | (spa & bits(39, 32)) >> PSE36_SHIFT;
    return spa & bare_leaf_mask(b, level);
}

spa_t bare_leaf_frame(const struct bare *b, unsigned level, uint64_t entry)
{
    if (format(b)->entry_size == 4 && level > 1)
        return (entry & bits(31, 22)) | (entry & bits(20, 13)) << PSE36_SHIFT;
    return entry & bare_leaf_mask(b, level);
}

/* ---- places ---- */

static struct bare_place place_in(const struct bare *b, struct bare_table *t,
                                  gpa_t gpa, unsigned level)
{
    uint64_t index =
        gpa / bare_page_of(b, level) & (BIT(format(b)->index_bits) - 1);

    return (struct bare_place) { level, t->at + index * format(b)->entry_size,
                                 &t->below[index] };
}

struct bare_place bare_lowest(const struct bare *b, gpa_t gpa)
{
    unsigned level = bare_top_level(b);
    struct bare_place p = place_in(b, b->root, gpa, level);

    while (*p.below)
        p = place_in(b, *p.below, gpa, --level);
    return p;
}

/* The small pages that a large one is made of; what is not there, stays so. */
static void split(struct bare *b, const struct bare_place *p,
                  struct bare_table *t)
{
    uint64_t entry = bare_entry(b, p->slot);
    spa_t spa = bare_leaf_frame(b, p->level, entry);
    unsigned level = p->level - 1;
    uint64_t flags = entry & ~bare_leaf_mask(b, p->level);
    uint64_t size = bare_page_of(b, level);

    if (level == 1)
        flags &= ~PTE_PS;
    for (unsigned i = 0; i < BIT(format(b)->index_bits); i++)
        bare_put_entry(b, t->at + i * format(b)->entry_size,
                       flags | bare_leaf_address(b, level, spa + i * size));
}

/* Entries of PAE's highest level have no rights of their own (5.2.3). */
static uint64_t pointer(const struct bare *b, unsigned level)
{
    bool pdpte = b->config->host.paging == BARE_PAGING_PAE && level == 3;

    return pdpte ? PTE_P : POINTER;
}

/* A table where @p has a page, or nothing. */
static bool grow(struct bare *b, const struct bare_place *p)
{
    struct bare_table *t = pool_alloc(b->pool, sizeof(*t));

    t->at = bare_frame(b);
    if (!t->at)
        return false;
    if (bare_entry(b, p->slot))
        split(b, p, t);
    bare_put_entry(b, p->slot, t->at | pointer(b, p->level));
    *p->below = t;
    return true;
}

bool bare_reach(struct bare *b, gpa_t gpa, unsigned level,
                struct bare_place *out)
{
    *out = place_in(b, b->root, gpa, bare_top_level(b));
    while (out->level > level) {
        if (!*out->below && !grow(b, out))
            return false;
        *out = place_in(b, *out->below, gpa, out->level - 1);
    }
    return true;
}
