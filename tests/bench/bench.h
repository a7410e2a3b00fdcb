/* SPDX-License-Identifier: GPL-2.0-only */
/* bench/bench.h - what the benchmarks share. */
#ifndef NPTSIM_BENCH_BENCH_H
#define NPTSIM_BENCH_BENCH_H

/* Seconds on a steady clock. */
double bench_now(void);
/* One line of `make bench`; @to NULL: no ratio. */
void bench_line(const char *name, double value, const char *unit, double ratio,
                const char *to);

void bench_walk(void);
void bench_gating(void);

#endif
