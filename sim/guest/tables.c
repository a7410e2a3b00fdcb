/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/tables.c - the guest's own page tables, four levels.
 *
 * Leaves carry what the caller asks for, reserved bits included: planting them
 * is what `map:` is for. Pointers to tables grant everything, so that the leaf
 * alone decides; tables of an SEV guest are private, as the CPU reads them
 * (APM vol. 2, 15.34.5).
 */
#include "guest/kernel.h"

#define ROOT_LEVEL 4

static uint64_t *entry_at(const struct tables *t, gpa_t table, gva_t gva,
                          unsigned level)
{
    return (uint64_t *)image_at(t->image, table) + pt_index(gva, level);
}

static gpa_t table_of(const struct tables *t, uint64_t entry)
{
    return entry & PTE_ADDR_MASK & ~t->cbit;
}

/* A pointer to a table that is not the kernel's own. */
static bool is_foreign(const struct tables *t, uint64_t entry, unsigned level)
{
    return level > 1 && (entry & PTE_P) && !(entry & PTE_PS) &&
           !image_has(t->image, table_of(t, entry));
}

/* Where the tables that were built here end. */
static bool is_leaf(const struct tables *t, uint64_t entry, unsigned level)
{
    return !(entry & PTE_P) || level == 1 || (entry & PTE_PS) ||
           is_foreign(t, entry, level);
}

bool tables_init(struct tables *t, struct image *image, uint64_t cbit)
{
    *t = (struct tables) { .image = image, .cbit = cbit };
    return image_alloc(image, 1, &t->root);
}

/* Replace the leaf at @gva of @level by a table of 512 smaller pages that map
 * the same bytes; an absent or a foreign entry by a table of absent ones. */
static bool split(struct tables *t, gpa_t parent, gva_t gva, unsigned level)
{
    uint64_t old = *entry_at(t, parent, gva, level);
    uint64_t small = level == 2 ? old & ~PTE_PS : old;
    uint64_t step = old & PTE_P ? pt_size(level - 1) : 0;
    uint64_t *entries;
    gpa_t table;

    if (is_foreign(t, old, level))
        small = step = 0;
    if (!image_alloc(t->image, 1, &table))
        return false;
    entries = image_at(t->image, table);
    for (unsigned i = 0; i < 512; i++)
        entries[i] = small + i * step;
    *entry_at(t, parent, gva, level) =
        table | PTE_P | PTE_W | PTE_U | PTE_A | t->cbit;
    return true;
}

bool tables_set(struct tables *t, gva_t gva, unsigned level, uint64_t entry)
{
    gpa_t table = t->root;

    for (unsigned l = ROOT_LEVEL; l > level; l--) {
        if (is_leaf(t, *entry_at(t, table, gva, l), l) &&
            !split(t, table, gva, l))
            return false;
        table = table_of(t, *entry_at(t, table, gva, l));
    }
    *entry_at(t, table, gva, level) = entry;
    return true;
}

bool tables_map(struct tables *t, gva_t gva, gpa_t gpa, uint64_t size,
                unsigned max_level, uint64_t flags)
{
    BUG_ON(!is_aligned(gva | gpa | size, PAGE_SIZE_4K));
    while (size) {
        unsigned level = max_level;

        while (!is_aligned(gva | gpa, pt_size(level)) || pt_size(level) > size)
            level--;
        if (!tables_set(t, gva, level, gpa | flags | (level > 1 ? PTE_PS : 0)))
            return false;
        gva += pt_size(level);
        gpa += pt_size(level);
        size -= pt_size(level);
    }
    return true;
}

bool tables_find(const struct tables *t, gva_t gva, gpa_t *gpa, uint64_t *entry)
{
    gpa_t table = t->root;
    unsigned level = ROOT_LEVEL;

    if (!is_canonical(gva))
        return false;
    while (!is_leaf(t, *entry_at(t, table, gva, level), level)) {
        table = table_of(t, *entry_at(t, table, gva, level));
        level--;
    }
    *entry = *entry_at(t, table, gva, level);
    *gpa = (table_of(t, *entry) & ~(pt_size(level) - 1)) |
           (gva & (pt_size(level) - 1));
    return (*entry & PTE_P) && !is_foreign(t, *entry, level);
}
