/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/prove.c - how long a proof takes, from the first state to the verdict.
 *
 * Like `nptsim prove`, threads and sets included: slices of both spaces, and
 * then the whole question whether SEV-ES guests of v5.19 can do MMIO.
 */
#include "bench/bench.h"

#include "load.h"
#include "prove.h"

#define ROUNDS 3

struct slice {
    struct lab_question q;
    struct lab_axes axes;
};

static void cut(struct slice *s, struct pool *pool, enum lab_depth depth,
                const char *kernel, const char *axis)
{
    struct err e = { 0 };

    *s = (struct slice) {
        .q = { .depth = depth, .kernel = &bench_kernel(pool, kernel)->model },
    };
    s->q.asked[SEV_ES_CAN_MMIO] = true;
    lab_axes_init(pool, &s->axes, depth);
    BUG_ON(axis && lab_axes_set(pool, &s->axes, axis, &e));
    s->q.space =
        (struct lab_space) { s->axes.n, s->axes.axis, policy_default_host() };
}

/* Seconds; the best of a few. */
static double prove(struct slice *s, unsigned jobs, uint64_t *violated)
{
    double best = 1e9;

    s->q.jobs = jobs;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct lab_proof p;
        double t = bench_now();

        lab_prove(&s->q, &p);
        t = bench_now() - t;
        best = t < best ? t : best;
        *violated = p.finding[SEV_ES_CAN_MMIO].violated;
        lab_proof_free(&p);
    }
    return best;
}

static void rate(const char *name, const char *cores, struct slice *s,
                 const char *unit, double scale)
{
    double states = (double)lab_states(&s->q) / scale, one, all;
    uint64_t ignored;

    one = states / prove(s, 1, &ignored);
    all = states / prove(s, BENCH_CORES, &ignored);
    bench_line(name, one, unit, 0, NULL);
    bench_line(cores, all, unit, all / one, name);
}

void bench_proofs(void)
{
    struct pool *pool = pool_create();
    struct slice s;
    uint64_t violated;
    double t;

    cut(&s, pool, LAB_POLICY, "v6.0", "pa_reduction=5");
    rate("prove.policy", "prove.policy.2cores", &s, "million/s", 1e6);
    cut(&s, pool, LAB_MACHINE, "v6.0", "raw_maxphyaddr=48..52");
    rate("prove.machine", "prove.machine.2cores", &s, "machines/s", 1);
    cut(&s, pool, LAB_MACHINE, "v5.19", NULL);
    t = prove(&s, BENCH_CORES, &violated);
    BUG_ON(violated != 225); /* tests/data/golden/README.md */
    bench_line("prove.v5.19.2cores", t, "s", 0, NULL);
    pool_destroy(pool);
}
