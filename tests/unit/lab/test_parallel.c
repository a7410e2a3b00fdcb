/* SPDX-License-Identifier: GPL-2.0-only */
/* A parallel loop does what a plain one does, whatever the number of threads.
 */
#include "lab.h"
#include "unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <time.h>

#define POINTS 1000

struct tally {
    uint8_t seen[POINTS]; /* a chunk belongs to one thread */
    uint64_t sum, states, ticks;
};

static void *begin(void *ctx)
{
    (void)ctx;
    return calloc(1, sizeof(uint64_t));
}

static void work(void *ctx, void *own, uint64_t from, uint64_t to)
{
    struct tally *t = ctx;
    uint64_t *sum = own;

    for (uint64_t i = from; i < to; i++) {
        t->seen[i]++;
        *sum += i;
    }
}

static void end(void *ctx, void *own)
{
    struct tally *t = ctx;

    t->sum += *(uint64_t *)own;
    t->states++;
    free(own);
}

static struct lab_loop loop(struct tally *t, unsigned jobs, uint64_t chunk)
{
    return (struct lab_loop) { .points = POINTS,
                               .chunk = chunk,
                               .jobs = jobs,
                               .begin = begin,
                               .work = work,
                               .end = end,
                               .ctx = t };
}

START_TEST(every_point_is_visited_once)
{
    static const uint64_t chunks[] = { 1, 7, 999, 1000, 1001 };

    for (size_t c = 0; c < ARRAY_SIZE(chunks); c++) {
        struct tally t = { .sum = 0 };
        struct lab_loop l = loop(&t, (unsigned)_i, chunks[c]);

        ck_assert_uint_eq(lab_parallel(&l), POINTS);
        for (unsigned i = 0; i < POINTS; i++)
            ck_assert_uint_eq(t.seen[i], 1);
        ck_assert_uint_eq(t.sum, POINTS * (POINTS - 1) / 2);
        ck_assert_uint_ge(t.states, 1);
    }
}
END_TEST

START_TEST(nothing_to_do_is_done_at_once)
{
    struct tally t = { .sum = 0 };
    struct lab_loop l = loop(&t, 4, 10);

    l.points = 0;
    ck_assert_uint_eq(lab_parallel(&l), 0);
    ck_assert_uint_eq(t.sum, 0);
}
END_TEST

static bool stop(void *ctx, uint64_t done)
{
    struct tally *t = ctx;

    (void)done;
    t->ticks++;
    return false;
}

static void slow(void *ctx, void *own, uint64_t from, uint64_t to)
{
    work(ctx, own, from, to);
    nanosleep(&(struct timespec) { 0, 2000000 }, NULL);
}

START_TEST(a_tick_stops_the_loop_between_chunks)
{
    struct tally t = { .sum = 0 };
    struct lab_loop l = loop(&t, 2, 1);
    uint64_t done, seen = 0;

    l.work = slow;
    l.tick = stop;
    l.tick_ctx = &t;
    done = lab_parallel(&l);
    for (unsigned i = 0; i < POINTS; i++)
        seen += t.seen[i];
    ck_assert_uint_lt(done, POINTS);
    ck_assert_uint_eq(done, seen);
    ck_assert_uint_ge(t.ticks, 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lab/parallel");
    TCase *t = tcase_create("parallel");

    tcase_add_loop_test(t, every_point_is_visited_once, 0, 5);
    tcase_add_test(t, nothing_to_do_is_done_at_once);
    tcase_add_test(t, a_tick_stops_the_loop_between_chunks);
    suite_add_tcase(s, t);
    return run_suite(s);
}
