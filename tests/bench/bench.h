/* SPDX-License-Identifier: GPL-2.0-only */
/* bench/bench.h - benchmarks; each prints its lines: name, value, unit, ratio,
 * what the ratio is to, separated by tabs. */
#ifndef NPTSIM_BENCH_H
#define NPTSIM_BENCH_H

void bench_walk(void);

#endif
