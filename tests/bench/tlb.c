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

#define HITS 20000000U

static double hit_ns(void)
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
    struct pool *pool = pool_create();
    struct cpu *c = bench_machine(pool, &g);
    struct access a = { .write = false };
    struct piece piece[2];
    unsigned n_refs = 0;
    struct walk w;
    double t = bench_now();

    for (unsigned i = 0; i < HITS; i++) {
        BUG_ON(!access_translate(c, BENCH_GVA + i % 512 * 8, 8, a, piece, &w));
        n_refs += w.n_refs;
    }
    t = bench_now() - t;
    BUG_ON(n_refs != 24); /* one walk */
    pool_destroy(pool);
    return t * 1e9 / HITS;
}

void bench_tlb(double chain)
{
    double hit = hit_ns();

    bench_line("tlb.hit", hit, "ns", hit / chain, "chain24");
}
