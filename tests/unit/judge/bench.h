/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench.h - a judge on a bus, and short words to speak to it.
 */
#ifndef TESTS_JUDGE_BENCH_H
#define TESTS_JUDGE_BENCH_H

#include "arch/paging.h"
#include "arch/svm.h"
#include "judge.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct pool *pool;
static struct trace trace;
static struct judge *judge;

static const char *const step_ids[] = { "one", "two", "three" };
static const unsigned step_sizes[] = { 4, 8, 0 };

static inline void setup(void)
{
    pool = pool_create();
}

static inline void teardown(void)
{
    pool_destroy(pool);
}

static inline uint64_t one_cycle(void *ctx, const struct event *ev)
{
    (void)ctx;
    (void)ev;
    return 1;
}

static inline void listen(const struct expectations *x)
{
    trace_init(&trace, pool);
    trace_set_clock(&trace, one_cycle, NULL);
    judge = judge_create(pool, x, 3, step_ids, step_sizes);
    trace_add_sink(&trace, judge_sink, judge);
}

static inline void begin(const char *id)
{
    TRACE(&trace, step, .id = id, .what = "read 4 bytes");
}

static inline void end(const char *id, const char *how, const char *why)
{
    TRACE(&trace, step_done, .id = id, .how = how, .why = why);
}

static inline const struct verdict *only_verdict(void)
{
    const struct verdict *v;

    ck_assert_uint_eq(judge_finish(judge, &v), 1);
    return v;
}

static inline const struct step_report *report(unsigned step)
{
    const struct verdict *v;
    const struct step_report *r;

    judge_finish(judge, &v);
    ck_assert_uint_eq(judge_steps(judge, &r), 3);
    return &r[step];
}

static inline void reach_device_by_ghcb(void)
{
    TRACE(&trace, npf, .info1 = 0x10000000d, .info2 = 0xfed00000);
    TRACE(&trace, vc, .error_code = EXIT_NPF, .why = "a reserved bit");
    TRACE(&trace, kvm_mmio, .kind = "read", .len = 4, .gpa = 0xfed00000);
    TRACE(&trace, guest_vc_done, .value = 0x5a);
    TRACE(&trace, halt, .rax = 0x5a);
}

#endif
