/* SPDX-License-Identifier: GPL-2.0-only */
/* bench/bench.h - what the benchmarks share. */
#ifndef NPTSIM_BENCH_BENCH_H
#define NPTSIM_BENCH_BENCH_H

/* Seconds on a steady clock. */
double bench_now(void);
/* One line of `make bench`; @to NULL: no ratio. */
void bench_line(const char *name, double value, const char *unit, double ratio,
                const char *to);

/* Something that is done many times, on any number of threads. */
struct bench_work {
    void *(*create)(void); /* what a thread works with */
    void (*round)(void *own, unsigned turns);
    void (*destroy)(void *own);
    unsigned turns;
};

/* Two lines: turns per second on one core, in units of @scale, and on all. */
#define BENCH_CORES 2U
void bench_rate(const char *name, const struct bench_work *work,
                const char *unit, double scale);

struct cpu;
struct cpu_file;
struct kernel_file;
struct pool;
struct tlb_geometry;

/* From models/; anything missing ends the program. */
const struct cpu_file *bench_cpu(struct pool *pool, const char *name);
const struct kernel_file *bench_kernel(struct pool *pool, const char *name);

#define BENCH_GVA 0x400000ULL

/* A core in whose tables BENCH_GVA is a 4K page in a 4K page. @g NULL: no TLB.
 */
struct cpu *bench_machine(struct pool *pool, const struct tlb_geometry *g);

/* Nanoseconds per turn of @round, which makes @turns of them: the best of many
 * rounds, because whatever else a machine does only ever adds to them. */
double bench_best(void (*round)(void *ctx, unsigned turns), void *ctx,
                  unsigned turns);

/* 24 dependent loads, to which walks are compared; nanoseconds. */
double bench_chain(void);
void bench_walk(double chain);
void bench_tlb(double chain);
void bench_gating(void);
void bench_machines(void);
void bench_sweep(void);
void bench_proofs(void);

#endif
