/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/tables.c - the guest's own page tables, of whatever mode it runs in.
 *
 * Leaves carry what the caller asks for, reserved bits included: planting them
 * is what `map:` is for. Pointers to tables grant everything, so that the leaf
 * alone decides; tables of an SEV guest are private, as the CPU reads them
 * (APM vol. 2, 15.34.5).
 */
#include "guest/kernel.h"

#include <string.h>

/* Bits of a leaf that are no address. */
#define LEAF_FLAGS (bits(63, 52) | bits(11, 0))

const struct table_format *table_format(enum guest_paging paging)
{
    static const struct table_format formats[] = {
        [PAGING_NONE] = { .linear_bits = 32 },
        [PAGING_32BIT] = { 2, 2, 4, 10, 32 },
        [PAGING_PAE] = { 3, 2, 8, 9, 32 },
        [PAGING_4LEVEL] = { 4, 3, 8, 9, 48 },
        [PAGING_5LEVEL] = { 5, 3, 8, 9, 57 },
    };

    return &formats[paging];
}

static unsigned table_shift(const struct table_format *f, unsigned level)
{
    return 12 + f->index_bits * (level - 1);
}

uint64_t table_page(const struct table_format *f, unsigned level)
{
    return BIT(table_shift(f, level));
}

static gpa_t slot_of(const struct tables *t, gpa_t table, gva_t gva,
                     unsigned level)
{
    const struct table_format *f = t->format;
    uint64_t index = gva >> table_shift(f, level) & (BIT(f->index_bits) - 1);

    if (f->levels == 3 && level == 3)
        index &= 3; /* linear addresses of PAE have 32 bits */
    return table + f->entry_size * index;
}

static uint64_t entry_get(const struct tables *t, gpa_t slot)
{
    uint64_t entry = 0;

    memcpy(&entry, image_at(t->image, slot), t->format->entry_size);
    return entry;
}

static void entry_put(const struct tables *t, gpa_t slot, uint64_t entry)
{
    memcpy(image_at(t->image, slot), &entry, t->format->entry_size);
}

static gpa_t table_of(const struct tables *t, uint64_t entry)
{
    return entry & PTE_ADDR_MASK & ~t->cbit;
}

/* The page behind a leaf. One of 4M keeps address bits 39:32 in 20:13 (APM vol.
 * 2, 5.2.2). */
static gpa_t page_of(const struct tables *t, unsigned level, uint64_t entry)
{
    uint64_t address = table_of(t, entry) & ~(table_page(t->format, level) - 1);

    if (t->format->entry_size == 4 && level == 2)
        address |= (entry & bits(20, 13)) << 19;
    return address;
}

uint64_t tables_leaf(const struct tables *t, unsigned level, gpa_t gpa,
                     uint64_t flags)
{
    uint64_t large = level > 1 ? PTE_PS : 0;

    if (t->format->entry_size == 4 && level == 2)
        gpa = (uint32_t)gpa | (gpa >> 32 & 0xff) << 13;
    return gpa | flags | large;
}

uint64_t tables_pointer(const struct tables *t, unsigned level, gpa_t table)
{
    uint64_t all = PTE_W | PTE_U | PTE_A;

    if (t->format->levels == 3 && level == 3)
        all = 0; /* PAE's top has no such bits */
    return table | PTE_P | all | t->cbit;
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

bool tables_init(struct tables *t, struct image *image,
                 const struct table_format *format, uint64_t cbit)
{
    *t = (struct tables) { .image = image, .format = format, .cbit = cbit };
    return !format->levels || image_alloc(image, 1, &t->root);
}

/* Replace the leaf at @slot of @level by a table of smaller pages that map the
 * same bytes; an absent or a foreign entry by a table of absent ones. */
static bool split(struct tables *t, gpa_t slot, unsigned level)
{
    const struct table_format *f = t->format;
    uint64_t old = entry_get(t, slot), flags = old & LEAF_FLAGS & ~PTE_PS;
    bool present = (old & PTE_P) && !is_foreign(t, old, level);
    gpa_t page = page_of(t, level, old), table;

    if (!image_alloc(t->image, 1, &table))
        return false;
    for (unsigned i = 0; present && i < BIT(f->index_bits); i++)
        entry_put(t, table + i * f->entry_size,
                  tables_leaf(t, level - 1, page + i * table_page(f, level - 1),
                              flags | (old & t->cbit)));
    entry_put(t, slot, tables_pointer(t, level, table));
    return true;
}

bool tables_set(struct tables *t, gva_t gva, unsigned level, uint64_t entry)
{
    gpa_t slot = slot_of(t, t->root, gva, t->format->levels);

    for (unsigned l = t->format->levels; l > level; l--) {
        if (is_leaf(t, entry_get(t, slot), l) && !split(t, slot, l))
            return false;
        slot = slot_of(t, table_of(t, entry_get(t, slot)), gva, l - 1);
    }
    entry_put(t, slot, entry);
    return true;
}

bool tables_map(struct tables *t, gva_t gva, gpa_t gpa, uint64_t size,
                unsigned max_level, uint64_t flags)
{
    BUG_ON(!is_aligned(gva | gpa | size, PAGE_SIZE_4K));
    while (size) {
        unsigned level = max_level;
        uint64_t page;

        while (!is_aligned(gva | gpa, table_page(t->format, level)) ||
               table_page(t->format, level) > size)
            level--;
        if (!tables_set(t, gva, level, tables_leaf(t, level, gpa, flags)))
            return false;
        page = table_page(t->format, level);
        gva += page;
        gpa += page;
        size -= page;
    }
    return true;
}

bool tables_find(const struct tables *t, gva_t gva, gpa_t *gpa, uint64_t *entry)
{
    unsigned level = t->format->levels;
    gpa_t slot;

    *gpa = gva;
    *entry = PTE_P;
    if (!is_canonical(t->format, gva))
        return false;
    if (!level)
        return true;
    slot = slot_of(t, t->root, gva, level);
    while (!is_leaf(t, entry_get(t, slot), level)) {
        level--;
        slot = slot_of(t, table_of(t, entry_get(t, slot)), gva, level);
    }
    *entry = entry_get(t, slot);
    *gpa =
        page_of(t, level, *entry) | (gva & (table_page(t->format, level) - 1));
    return (*entry & PTE_P) && !is_foreign(t, *entry, level);
}
