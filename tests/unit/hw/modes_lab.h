/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * modes_lab.h - tables of every mode, built naively: an entry is found by
 * dividing the address, a missing table is taken from a heap of pages.
 */
#ifndef TEST_HW_MODES_LAB_H
#define TEST_HW_MODES_LAB_H

#include "unit/hw/lab.h"

#include <check.h>
#include <stdlib.h>

/* One way to page, for guest or host. */
struct mode {
    const char *name;
    unsigned levels, entry_size;
    uint64_t cr0, cr4, efer;
    uint64_t span[6]; /* bytes that an entry of a level maps */
};

#define KIB(n) ((n)*1024ULL)
#define MIB(n) (KIB(n) * 1024)
#define GIB(n) (MIB(n) * 1024)

static const struct mode modes[] = {
    { "off", 0, 0, CR0_PE, 0, EFER_SVME, { 0 } },
    { "32-bit",
      2,
      4,
      CR0_PE | CR0_PG | CR0_WP,
      CR4_PSE,
      EFER_SVME,
      { 0, KIB(4), MIB(4) } },
    { "PAE",
      3,
      8,
      CR0_PE | CR0_PG | CR0_WP,
      CR4_PAE,
      EFER_SVME | EFER_NXE,
      { 0, KIB(4), MIB(2), GIB(1) } },
    { "4-level",
      4,
      8,
      CR0_PE | CR0_PG | CR0_WP,
      CR4_PAE,
      EFER64,
      { 0, KIB(4), MIB(2), GIB(1), GIB(512) } },
    { "5-level",
      5,
      8,
      CR0_PE | CR0_PG | CR0_WP,
      CR4_PAE | CR4_LA57,
      EFER64,
      { 0, KIB(4), MIB(2), GIB(1), GIB(512), GIB(262144) } },
};
enum { OFF, M32, PAE, L4, L5 };

#define GROOT 0x10000ULL
#define NROOT 0x100000ULL

static struct pool *pool;
static struct cpu *cpu;
static uint64_t heap;

static inline struct cpu_model modes_model(void)
{
    struct cpu_model m = lab_model();

    m.features[FEAT_LA57] = true;
    m.linear_bits = 57;
    return m;
}

static inline void setup(void)
{
    struct cpu_model m = modes_model();

    pool = pool_create();
    cpu = cpu_create(pool, &m, NULL);
}

static inline void teardown(void)
{
    pool_destroy(pool);
}

static inline uint64_t peek(const struct mode *m, spa_t slot)
{
    uint64_t word = cpu_peek64(cpu, slot & ~7ULL);

    return m->entry_size == 8 ? word : (uint32_t)(word >> slot % 8 * 8);
}

static inline void poke(const struct mode *m, spa_t slot, uint64_t v)
{
    uint64_t word = cpu_peek64(cpu, slot & ~7ULL);
    unsigned shift = slot % 8 * 8;

    if (m->entry_size == 4)
        v = (word & ~(0xffffffffULL << shift)) | v << shift;
    cpu_poke64(cpu, slot & ~7ULL, v);
}

/* The entry of @level for @at below @root; tables on the way are made. */
static inline spa_t entry_of(const struct mode *m, spa_t root, uint64_t at,
                             unsigned level)
{
    for (unsigned l = m->levels;; l--) {
        uint64_t n = PAGE_SIZE_4K / m->entry_size;
        spa_t slot = root + at / m->span[l] % n * m->entry_size;

        if (l == level)
            return slot;
        if (!(peek(m, slot) & PTE_P)) {
            poke(m, slot, heap | (l == 3 && m->levels == 3 ? PTE_P : RWUAD));
            heap += PAGE_SIZE_4K;
        }
        root = peek(m, slot) & PTE_ADDR_MASK;
    }
}

/* Map @from to @to with an entry of @level. */
static inline void map(const struct mode *m, spa_t root, uint64_t from,
                       uint64_t to, unsigned level)
{
    to -= to % m->span[level];
    poke(m, entry_of(m, root, from, level),
         to | RWUAD | (level > 1 ? PTE_PS : 0));
}

/* Guest tables in the heap at 11000, nested ones at 101000; guest-physical
 * addresses are system-physical ones, where they are mapped at all. */
static inline struct walk_setup join(const struct mode *g, const struct mode *n)
{
    return (struct walk_setup) {
        .h_cr0 = n ? n->cr0 : CR0_PE,
        .h_cr4 = n ? n->cr4 : 0,
        .h_efer = n ? n->efer : EFER_SVME,
        .np = n,
        .ncr3 = n ? NROOT : 0,
        .g_cr0 = g->cr0,
        .g_cr3 = GROOT,
        .g_cr4 = g->cr4,
        .g_efer = g->efer,
        .g_rflags = RFLAGS_FIXED,
    };
}

#define GVA  0x40201238ULL
#define DATA 0x8000ULL

/* GVA to DATA, 4K by 4K, everything that the guest's walk needs. */
static inline void build(const struct cpu_model *model, const struct mode *g,
                         const struct mode *n)
{
    cpu_reset(cpu, model);
    heap = GROOT + PAGE_SIZE_4K;
    if (g->levels)
        map(g, GROOT, GVA, DATA, 1);
    if (!n)
        return;
    heap = NROOT + PAGE_SIZE_4K;
    for (gpa_t at = GROOT; at < GROOT + 0x8000; at += PAGE_SIZE_4K)
        map(n, NROOT, at, at, 1);
    map(n, NROOT, DATA, DATA, 1);
    map(n, NROOT, GVA, DATA, 1); /* for a guest without paging */
}

static inline struct walk_result touch(const struct walk_setup *s,
                                       enum access_kind kind)
{
    const char *why = "";

    ck_assert_msg(walk_load(cpu, s, &why), "%s", why);
    return walk_access(cpu, GVA, kind, 4, false, NULL);
}

#endif
