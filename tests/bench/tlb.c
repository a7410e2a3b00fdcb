/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/tlb.c - what an access costs that the L1 TLB knows.
 *
 * The accesses of walk.4k4k.hot, with the TLB of a Zen 4 core in front;
 * measured where loads and stores of instructions come in, canonical check
 * included.
 */
#include "bench/bench.h"

#include "hw/cpu.h"

#define HITS 400000U

static void hits(void *ctx, unsigned turns)
{
    struct access a = { .write = false };
    struct piece piece[2];
    struct walk w;

    for (unsigned i = 0; i < turns; i++)
        BUG_ON(
            !access_translate(ctx, BENCH_GVA + i % 512 * 8, 8, a, piece, &w) ||
            w.n_refs);
}

void bench_tlb(double chain)
{
    static const struct tlb_part l1 = { .holds = TLB_HOLDS_ANY, .entries = 72 };
    static const struct tlb_part l2 = { TLB_HOLDS_4K, 3072, 8 };
    const struct tlb_geometry g = {
        .mode = TLB_ON,
        .l1d = &l1,
        .n_l1d = 1,
        .l2d = &l2,
        .n_l2d = 1,
        .pwc = 64,
        .ntlb = 16,
    };
    struct access a = { .write = false };
    struct pool *pool = pool_create();
    struct cpu *c = bench_machine(pool, &g);
    struct piece piece[2];
    struct walk w;
    double hit;

    BUG_ON(!access_translate(c, BENCH_GVA, 8, a, piece, &w)); /* fill it */
    hit = bench_best(hits, c, HITS);
    bench_line("tlb.hit", hit, "ns", hit / chain, "chain24");
    pool_destroy(pool);
}
