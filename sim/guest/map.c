/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/map.c - what the guest maps: all its memory and devices at their own
 * addresses, its kernel page by page, and the exceptions of the scenario.
 */
#include "guest/kernel.h"

#define LEAF (PTE_P | PTE_W | PTE_A | PTE_D)

/* How much of [gpa, gpa+size) the identity map reaches: what lies below the end
 * of the lower canonical half, and below the C-bit, which is no address bit.
 * `map:` may still reach the rest at another address. */
uint64_t identity_size(const struct guest *g, gpa_t gpa, uint64_t size)
{
    uint64_t end = LOWER_HALF_END;

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
    if (g->config->page_size >= pt_size(3) && g->platform->gb_pages)
        return 3;
    return g->config->page_size >= pt_size(2) ? 2 : 1;
}

static bool map_world(struct guest *g)
{
    const struct guest_platform *p = g->platform;
    uint64_t user = g->config->cpl == 3 ? PTE_U : 0;
    unsigned level = largest_level(g);

    for (unsigned i = 0; i < p->n_ram; i++)
        if (!map_identity(g, p->ram[i].gpa, p->ram[i].size, level,
                          LEAF | user | g->cbit))
            return false;
    for (unsigned i = 0; i < p->n_mmio; i++)
        if (!map_identity(g, p->mmio[i].gpa, p->mmio[i].size, level,
                          LEAF | user))
            return false;
    return true;
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
static unsigned level_of(uint64_t size)
{
    for (unsigned level = 1; level <= 3; level++)
        if (pt_size(level) == size)
            return level;
    return 0;
}

static int check_map(const struct guest *g, const struct guest_map *m,
                     struct err *e)
{
    gva_t last = m->gva + m->size - 1;
    gpa_t base = g->image.base;

    if (!level_of(m->page_size))
        return err_at(e, m->at, "map: page_size must be 4KiB, 2MiB or 1GiB");
    if (!m->size || !is_aligned(m->gva | m->gpa | m->size, m->page_size)) {
        err_at(e, m->at,
               "map: gva, gpa and size must be multiples of its "
               "page_size, and size more than 0");
        return err_hint(e, "a smaller page_size allows finer ranges");
    }
    if (!is_canonical(m->gva) || !is_canonical(last) || last < m->gva ||
        (m->gva ^ last) >> 63)
        return err_at(e, m->at, "map: gva 0x%llx .. 0x%llx is not canonical",
                      (unsigned long long)m->gva, (unsigned long long)last);
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

/* The PDE of a 2 MiB range points to a table that the guest did not build. */
static int map_table(struct guest *g, const struct guest_map *m, struct err *e)
{
    uint64_t entry = (m->table & PTE_ADDR_MASK) | PTE_P | PTE_W | PTE_U | PTE_A;

    if (m->size != pt_size(2) || !is_aligned(m->gva, pt_size(2)))
        return err_at(e, m->at,
                      "map: table covers 2MiB, at a gva that is a multiple");
    if (m->table & ~PTE_ADDR_MASK)
        return err_at(e, m->at, "map: table is not a page below bit 52");
    if (!tables_set(&g->tables, m->gva, 2,
                    entry | m->set_bits | (m->shared ? 0 : g->cbit)))
        return out_of_room(e);
    return 0;
}

static int map_exception(struct guest *g, const struct guest_map *m,
                         struct err *e)
{
    unsigned level = level_of(m->page_size);
    uint64_t flags = PTE_A | PTE_D | m->set_bits;

    if (check_map(g, m, e))
        return -1;
    if (m->has_table)
        return map_table(g, m, e);
    flags |= (m->present ? PTE_P : 0) | (m->write ? PTE_W : 0) |
             (m->user ? PTE_U : 0) | (m->nx ? PTE_NX : 0) |
             (level > 1 ? PTE_PS : 0) | (m->shared ? 0 : g->cbit);
    for (uint64_t at = 0; at < m->size; at += m->page_size)
        if (!tables_set(&g->tables, m->gva + at, level, (m->gpa + at) | flags))
            return out_of_room(e);
    return 0;
}

int map_everything(struct guest *g, struct err *e)
{
    if (!tables_init(&g->tables, &g->image, g->cbit) || !map_world(g) ||
        !map_kernel(g))
        return out_of_room(e);
    for (unsigned i = 0; i < g->config->n_maps; i++)
        if (map_exception(g, &g->config->maps[i], e))
            return -1;
    return 0;
}
