/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/gating.c - how many CPUs per second a kernel can be asked about.
 *
 * Each state is a CPU of its own, a boot and a load of both modules; nothing is
 * traced. One core.
 */
#include "bench/bench.h"

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
    const struct cpu_file *part =
        catalog_cpu(catalog, "milan", (struct mark) { 0 }, &e);
    struct kvm_params params = kvm_default_params();
    struct kvm_module module;
    struct cpu_model model;
    unsigned offered = 0;
    struct wire wire;
    struct cpu *cpu;
    double t;

    if (!kernel || !part) {
        fprintf(stderr, "bench: %s\n", e.msg);
        exit(EXIT_FAILURE);
    }
    model = part->model;
    cpu = cpu_create(pool, &model, NULL);
    wire = cpu_wire(cpu);
    t = bench_now();
    for (unsigned i = 0; i < STATES; i++) {
        model.maxphyaddr_raw = 36 + i % 17;
        model.phys_reduction = i / 17 % 5;
        model.cbit = 32 + i / 85 % 32;
        cpu_reset(cpu, &model);
        kvm_module_load(&module, &wire, &kernel->model, &params, NULL);
        offered += module.sev_es;
    }
    t = bench_now() - t;
    BUG_ON(!offered);
    bench_line("gating.policy", STATES / t / 1e6, "million/s", 0, NULL);
    pool_destroy(pool);
}
