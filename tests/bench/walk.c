/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/walk.c - what one nested walk costs.
 *
 * 4K pages in 4K pages, 24 references, all tables warm, no A/D update, no
 * trace. To compare machines, chain24 is measured besides: 24 loads, each of
 * which needs the one before, from memory that the L1 cache holds.
 */
#include "bench/bench.h"

#include "hw.h"

#define WALKS 40000U
#define REFS  24

#define NCR3  0x100000ULL
#define GCR3  0x200000ULL
#define PAGE  0x300000ULL
#define RWUAD (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

/* Map 4K at @from to @to in the tables at @root; tables follow each other. */
static void map(struct cpu *c, spa_t root, uint64_t from, uint64_t to)
{
    for (unsigned level = 4; level > 1; level--) {
        cpu_poke64(c, root + 8 * pt_index(from, level),
                   (root + PAGE_SIZE_4K) | RWUAD);
        root += PAGE_SIZE_4K;
    }
    cpu_poke64(c, root + 8 * pt_index(from, 1), to | RWUAD);
}

struct cpu *bench_machine(struct pool *pool, const struct tlb_geometry *g)
{
    struct cpu_model m = {
        .name = "bench",
        .maxphyaddr_raw = 48,
        .linear_bits = 48,
        .n_asids = 2,
        .max_ext_leaf = 0x8000000a,
    };
    const struct walk_setup s = {
        .h_cr0 = CR0_PG | CR0_PE,
        .h_cr4 = CR4_PAE,
        .h_efer = EFER_LME | EFER_LMA | EFER_NXE,
        .np = true,
        .ncr3 = NCR3,
        .g_cr0 = CR0_PG | CR0_PE | CR0_WP,
        .g_cr3 = GCR3,
        .g_cr4 = CR4_PAE,
        .g_efer = EFER_LME | EFER_LMA | EFER_NXE,
    };
    const char *why;
    struct cpu *c;

    if (g)
        m.tlb = *g;
    m.features[FEAT_LM] = m.features[FEAT_NX] = true;
    c = cpu_create(pool, &m, NULL);
    map(c, GCR3, BENCH_GVA, PAGE);
    for (unsigned i = 0; i < 4; i++)
        map(c, NCR3, GCR3 + i * PAGE_SIZE_4K, GCR3 + i * PAGE_SIZE_4K);
    map(c, NCR3, PAGE, PAGE);
    BUG_ON(!walk_load(c, &s, &why));
    return c;
}

static void walks(void *ctx, unsigned turns)
{
    struct walk_result r;
    uint64_t sum = 0;

    for (unsigned i = 0; i < turns; i++) {
        r = walk_access(ctx, BENCH_GVA + i % 512 * 8, ACCESS_READ, 8, false,
                        NULL);
        sum += r.spa;
        BUG_ON(r.outcome != WALK_OK || r.n_refs != REFS);
    }
    BUG_ON(sum == 0);
}

static void loads(void *ctx, unsigned turns)
{
    const void *p = ctx;

    for (unsigned i = 0; i < turns; i++)
        for (unsigned j = 0; j < REFS; j++)
            p = *(const void *const volatile *)p;
    BUG_ON(!p);
}

double bench_chain(void)
{
    void *ring[REFS];

    for (unsigned i = 0; i < REFS; i++)
        ring[i] = &ring[(i + 7) % REFS];
    return bench_best(loads, ring, WALKS);
}

void bench_walk(double chain)
{
    struct pool *pool = pool_create();
    double walk = bench_best(walks, bench_machine(pool, NULL), WALKS);

    pool_destroy(pool);
    bench_line("chain24", chain, "ns", 0, NULL);
    bench_line("walk.4k4k.hot", walk, "ns", walk / chain, "chain24");
}
