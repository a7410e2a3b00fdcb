/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/map.c - what the guest maps: all its memory and devices at their own
 * addresses, its kernel page by page, and the exceptions of the scenario.
 */
#include "guest/kernel.h"

#define LEAF (PTE_P | PTE_W | PTE_A | PTE_D)

/* How much of [gpa, gpa+size) the identity map reaches: what lies below the end
 * of the lower canonical half, or of 32 bits, and below the C-bit, which is no
 * address bit. `map:` may still reach the rest at another address. */
uint64_t identity_size(const struct guest *g, gpa_t gpa, uint64_t size)
{
    uint64_t end = lower_end(table_format(g->config->paging));

    if (g->cbit && g->cbit < end)
        end = g->cbit;
    if (gpa >= end)
        return 0;
    return size < end - gpa ? size : end - gpa;
}

static bool map_identity(struct guest *g, gpa_t gpa, uint64_t size,
                         unsigned level, uint64_t flags)
{
    return tables_map(&g->tables, gpa, gpa, identity_size(g, gpa, size), level,
                      flags);
}

static unsigned largest_level(const struct guest *g)
{
    const struct table_format *f = g->tables.format;
    unsigned level = f->max_page;

    while (level > 1 && (table_page(f, level) > g->config->page_size ||
                         (level == 3 && !g->platform->gb_pages)))
        level--;
    return level;
}

static int map_world(struct guest *g, struct err *e)
{
    const struct guest_platform *p = g->platform;
    uint64_t user = g->config->cpl == 3 ? PTE_U : 0;
    unsigned level = largest_level(g);

    for (unsigned i = 0; i < p->n_ram; i++)
        if (!map_identity(g, p->ram[i].gpa, p->ram[i].size, level,
                          LEAF | user | g->cbit))
            return out_of_room(e, p->ram[i].at);
    for (unsigned i = 0; i < p->n_mmio; i++)
        if (!map_identity(g, p->mmio[i].gpa, p->mmio[i].size, level,
                          LEAF | user))
            return out_of_room(e, p->mmio[i].at);
    return 0;
}

static bool map_kernel(struct guest *g)
{
    uint64_t user = g->config->cpl == 3 ? PTE_U : 0;
    struct tables *t = &g->tables;
    gpa_t base = g->image.base;

    if (!tables_map(t, base, base, GUEST_KERNEL_SIZE, 1, LEAF | g->cbit))
        return false;
    for (unsigned i = 0; i < g->platform->n_vcpus; i++) {
        const struct guest_vcpu *v = &g->vcpu[i];

        if (!tables_map(t, v->program, v->program, v->program_size, 1,
                        LEAF | user | g->cbit) ||
            !tables_map(t, v->user_stack, v->user_stack, PAGE_SIZE_4K, 1,
                        LEAF | user | g->cbit))
            return false;
        if (g->platform->sev_es &&
            !tables_map(t, v->ghcb, v->ghcb, PAGE_SIZE_4K, 1, LEAF))
            return false;
    }
    return true;
}

/* Level of a leaf of @size bytes; 0: no such page. */
static unsigned level_of(const struct guest *g, uint64_t size)
{
    const struct table_format *f = g->tables.format;

    for (unsigned level = 1; level <= f->max_page; level++)
        if (table_page(f, level) == size)
            return level;
    return 0;
}

static int bad_page_size(const struct guest *g, struct mark at, struct err *e)
{
    static const char *const sizes[] = {
        [PAGING_32BIT] = "4KiB or 4MiB",
        [PAGING_PAE] = "4KiB or 2MiB",
        [PAGING_4LEVEL] = "4KiB, 2MiB or 1GiB",
        [PAGING_5LEVEL] = "4KiB, 2MiB or 1GiB",
    };

    return err_at(e, at, "map: page_size must be %s with paging '%s'",
                  sizes[g->config->paging],
                  guest_paging_names[g->config->paging]);
}

/* Entries of 4 bytes: what they have no bit for. */
static int check_narrow(const struct guest *g, const struct guest_map *m,
                        struct err *e)
{
    if (g->tables.format->entry_size == 8)
        return 0;
    if (m->nx || m->shared || m->set_bits >> 32)
        return err_at(e, m->at,
                      "map: entries of 32-bit paging have neither NX nor a "
                      "C-bit nor any bit above 31");
    if ((m->gpa + m->size - 1) >> (level_of(g, m->page_size) == 2 ? 40 : 32))
        return err_at(e, m->at,
                      "map: entries of 32-bit paging reach 4GiB, those of "
                      "4MiB pages 1TiB");
    return 0;
}

static int check_map(const struct guest *g, const struct guest_map *m,
                     struct err *e)
{
    const struct table_format *f = g->tables.format;
    gva_t last = m->gva + m->size - 1;
    gpa_t base = g->image.base;

    if (!level_of(g, m->page_size))
        return bad_page_size(g, m->at, e);
    if (check_narrow(g, m, e))
        return -1;
    if (!m->size || !is_aligned(m->gva | m->gpa | m->size, m->page_size)) {
        err_at(e, m->at,
               "map: gva, gpa and size must be multiples of its "
               "page_size, and size more than 0");
        return err_hint(e, "a smaller page_size allows finer ranges");
    }
    if (!is_canonical(f, m->gva) || !is_canonical(f, last) || last < m->gva ||
        (m->gva ^ last) >> 63)
        return err_at(e, m->at, "map: gva 0x%llx .. 0x%llx is %s",
                      (unsigned long long)m->gva, (unsigned long long)last,
                      f->linear_bits == 32 ? "beyond 32 bits"
                                           : "not canonical");
    if (m->gpa & ~PTE_ADDR_MASK || (m->gpa + m->size - 1) & ~(BIT(52) - 1))
        return err_at(e, m->at, "map: gpa has bits above 51");
    if (m->gva < base + GUEST_KERNEL_SIZE && last >= base) {
        err_at(e, m->at, "map: 0x%llx .. 0x%llx overlaps the guest's kernel",
               (unsigned long long)m->gva, (unsigned long long)last);
        return err_hint(e, "the kernel lies at 0x%llx .. 0x%llx",
                        (unsigned long long)base,
                        (unsigned long long)(base + GUEST_KERNEL_SIZE - 1));
    }
    return 0;
}

/* A PDE points to a table that the guest did not build. */
static int map_table(struct guest *g, const struct guest_map *m, struct err *e)
{
    uint64_t covers = table_page(g->tables.format, 2);
    uint64_t entry = tables_pointer(&g->tables, 2, m->table) | m->set_bits;

    if (m->size != covers || !is_aligned(m->gva, covers))
        return err_at(e, m->at,
                      "map: table covers %s, at a gva that is a multiple",
                      covers == pt_size(2) ? "2MiB" : "4MiB");
    if (m->table & ~PTE_ADDR_MASK ||
        (g->tables.format->entry_size == 4 && m->table >> 32))
        return err_at(e, m->at, "map: table is not a page below bit %d",
                      g->tables.format->entry_size == 4 ? 32 : 52);
    if (!tables_set(&g->tables, m->gva, 2,
                    m->shared ? entry & ~g->cbit : entry))
        return out_of_room(e, m->at);
    return 0;
}

static int map_exception(struct guest *g, const struct guest_map *m,
                         struct err *e)
{
    unsigned level = level_of(g, m->page_size);
    uint64_t flags = PTE_A | PTE_D | m->set_bits;

    if (check_map(g, m, e))
        return -1;
    if (m->has_table)
        return map_table(g, m, e);
    flags |= (m->present ? PTE_P : 0) | (m->write ? PTE_W : 0) |
             (m->user ? PTE_U : 0) | (m->nx ? PTE_NX : 0) |
             (m->shared ? 0 : g->cbit);
    for (uint64_t at = 0; at < m->size; at += m->page_size)
        if (!tables_set(&g->tables, m->gva + at, level,
                        tables_leaf(&g->tables, level, m->gpa + at, flags)))
            return out_of_room(e, m->at);
    return 0;
}

int map_everything(struct guest *g, struct err *e)
{
    const struct table_format *format = table_format(g->config->paging);

    if (!tables_init(&g->tables, &g->image, format, g->cbit))
        return out_of_room(e, g->platform->ram[0].at);
    if (!format->levels && g->config->n_maps)
        return err_at(e, g->config->maps[0].at,
                      "map: a guest without paging maps nothing");
    if (!format->levels)
        return 0;
    if (map_world(g, e))
        return -1;
    if (!map_kernel(g))
        return out_of_room(e, g->platform->ram[0].at);
    for (unsigned i = 0; i < g->config->n_maps; i++)
        if (map_exception(g, &g->config->maps[i], e))
            return -1;
    return 0;
}
