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

#define STATES 1000000U

/* Million states per second on one core. */
static double states(void)
{
    struct pool *pool = pool_create();
    const struct kernel_file *kernel = bench_kernel(pool, "v6.0");
    struct lab_bench *bench = lab_bench_create(pool);
    struct policy_host host = policy_default_host();
    unsigned offered = 0;
    double t = bench_now();

    for (unsigned i = 0; i < STATES; i++) {
        host.v[POLICY_RAW_MAXPHYADDR] = 36 + i % 17;
        host.v[POLICY_PA_REDUCTION] = i / 17 % 5;
        host.v[POLICY_CBIT] = 32 + i / 85 % 32;
        offered += lab_load(bench, &kernel->model, &host)->sev_es;
    }
    t = bench_now() - t;
    BUG_ON(!offered);
    pool_destroy(pool);
    return STATES / t / 1e6;
}

void bench_gating(void)
{
    double one = states(), all = bench_on_all_cores(states);

    bench_line("gating.policy", one, "million/s", 0, NULL);
    bench_line("gating.policy.2cores", all, "million/s", all / one,
               "gating.policy");
}
