/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/gating.c - how many CPUs per second a kernel can be asked about.
 *
 * Each state is a CPU of its own, a boot and a load of both modules; nothing is
 * traced.
 */
#include "bench/bench.h"

#include "lab.h"
#include "load.h"

#define STATES 200000U

struct asked {
    struct pool *pool;
    const struct kernel_file *kernel;
    struct lab_bench *bench;
};

static void *create(void)
{
    struct pool *pool = pool_create();
    struct asked *a = pool_alloc(pool, sizeof(*a));

    a->pool = pool;
    a->kernel = bench_kernel(pool, "v6.0");
    a->bench = lab_bench_create(pool);
    return a;
}

static void ask(void *asked, unsigned turns)
{
    struct policy_host host = policy_default_host();
    struct asked *a = asked;
    unsigned offered = 0;

    for (unsigned i = 0; i < turns; i++) {
        host.v[POLICY_RAW_MAXPHYADDR] = 36 + i % 17;
        host.v[POLICY_PA_REDUCTION] = i / 17 % 5;
        host.v[POLICY_CBIT] = 32 + i / 85 % 32;
        offered += lab_load(a->bench, &a->kernel->model, &host)->sev_es;
    }
    BUG_ON(!offered);
}

static void destroy(void *asked)
{
    pool_destroy(((struct asked *)asked)->pool);
}

void bench_gating(void)
{
    static const struct bench_work work = { create, ask, destroy, STATES };

    bench_rate("gating.policy", &work, "million/s", 1e6);
}
