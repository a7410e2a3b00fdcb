/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/gating.c - how many CPUs per second a kernel can be asked about.
 *
 * Each state is a CPU of its own, a boot and a load of both modules; nothing is
 * traced. One core.
 */
#include "bench/bench.h"

#include "lab.h"
#include "load.h"

#include <stdio.h>
#include <stdlib.h>

#define STATES 400000U

void bench_gating(void)
{
    struct pool *pool = pool_create();
    struct catalog *catalog = catalog_open(pool, "models");
    struct err e = { 0 };
    const struct kernel_file *kernel =
        catalog_kernel(catalog, "v6.0", (struct mark) { 0 }, &e);
    struct lab_bench *bench = lab_bench_create(pool);
    struct policy_host host = policy_default_host();
    unsigned offered = 0;
    double t;

    if (!kernel) {
        fprintf(stderr, "bench: %s\n", e.msg);
        exit(EXIT_FAILURE);
    }
    t = bench_now();
    for (unsigned i = 0; i < STATES; i++) {
        host.v[POLICY_RAW_MAXPHYADDR] = 36 + i % 17;
        host.v[POLICY_PA_REDUCTION] = i / 17 % 5;
        host.v[POLICY_CBIT] = 32 + i / 85 % 32;
        offered += lab_load(bench, &kernel->model, &host)->sev_es;
    }
    t = bench_now() - t;
    BUG_ON(!offered);
    bench_line("gating.policy", STATES / t / 1e6, "million/s", 0, NULL);
    pool_destroy(pool);
}
