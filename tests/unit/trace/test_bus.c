/* SPDX-License-Identifier: GPL-2.0-only */
/* Who hears what on the bus, and what nobody pays for. */
#include "trace.h"
#include "unit/suite.h"

#include <check.h>

static struct pool *pool;
static struct trace trace;

struct ear {
    unsigned n;
    struct event last;
    const char *text; /* of the last vmrun_invalid */
};

static void hear(void *ctx, const struct event *ev)
{
    struct ear *e = ctx;

    e->n++;
    e->last = *ev;
    if (ev->id == EV_vmrun_invalid)
        e->text = EV(vmrun_invalid, ev)->why;
}

static uint64_t ten_cycles(void *ctx, const struct event *ev)
{
    (void)ev;
    ++*(unsigned *)ctx;
    return 10;
}

static void setup(void)
{
    pool = pool_create();
    trace_init(&trace, pool);
}

static void teardown(void)
{
    pool_destroy(pool);
}

static void say(void)
{
    TRACE(&trace, halt, .rip = 1);
    TRACE(&trace, vmexit, .code = 2);
    TRACE(&trace, vmrun_invalid, .why = trace_text(&trace, "%d", 3));
}

START_TEST(a_listener_hears_what_it_asked_for_and_nothing_else)
{
    struct ear one = { 0 }, all = { 0 };

    trace_add_listener(
        &trace, hear, &one,
        &(struct trace_interest) { .event = { [EV_vmexit] = true } });
    say();
    ck_assert_uint_eq(one.n, 1);
    ck_assert_int_eq(one.last.id, EV_vmexit);
    ck_assert_uint_eq(one.last.seq, 0); /* nobody heard the halt */
    trace_add_sink(&trace, hear, &all);
    say();
    ck_assert_uint_eq(one.n, 2);
    ck_assert_uint_eq(all.n, 3);
}
END_TEST

/* An argument of TRACE() that nobody evaluated leaves no mark. */
START_TEST(what_nobody_hears_is_not_even_computed)
{
    unsigned computed = 0;
    struct ear ear = { 0 };

    TRACE(&trace, halt, .rip = ++computed);
    ck_assert_uint_eq(computed, 0);
    trace_add_listener(
        &trace, hear, &ear,
        &(struct trace_interest) { .event = { [EV_vmexit] = true } });
    TRACE(&trace, halt, .rip = ++computed);
    ck_assert_uint_eq(computed, 0);
    TRACE(&trace, vmexit, .code = ++computed);
    ck_assert_uint_eq(computed, 1);
}
END_TEST

START_TEST(texts_are_made_for_readers_only)
{
    struct trace_interest mute = { .event = { [EV_vmrun_invalid] = true } };
    struct ear deaf = { 0 }, reader = { 0 };

    ck_assert_str_eq(trace_text(NULL, "%d", 3), "");
    trace_add_listener(&trace, hear, &deaf, &mute);
    say();
    ck_assert_str_eq(deaf.text, "");
    mute.texts = true;
    trace_add_listener(&trace, hear, &reader, &mute);
    say();
    ck_assert_str_eq(reader.text, "3");
}
END_TEST

START_TEST(a_clock_prices_what_nobody_else_hears)
{
    unsigned priced = 0;
    struct ear ear = { 0 };

    trace_set_clock(&trace, ten_cycles, &priced);
    trace_add_listener(
        &trace, hear, &ear,
        &(struct trace_interest) { .event = { [EV_vmexit] = true } });
    say();
    say();
    ck_assert_uint_eq(priced, 6);
    ck_assert_uint_eq(ear.n, 2);
    ck_assert_uint_eq(ear.last.now, 40);
    ck_assert_uint_eq(trace.now, 60);
}
END_TEST

START_TEST(a_muted_bus_carries_nothing_and_counts_nothing)
{
    struct ear ear = { 0 };

    trace_add_sink(&trace, hear, &ear);
    trace_mute(&trace);
    say();
    ck_assert_uint_eq(ear.n, 0);
    trace_unmute(&trace);
    say();
    ck_assert_uint_eq(ear.n, 3);
    ck_assert_uint_eq(ear.last.seq, 2);
}
END_TEST

START_TEST(a_restarted_bus_counts_from_nothing)
{
    unsigned priced = 0;
    struct ear ear = { 0 };

    trace_set_clock(&trace, ten_cycles, &priced);
    trace_add_sink(&trace, hear, &ear);
    say();
    trace_restart(&trace, pool);
    TRACE(&trace, halt, .rip = 1);
    ck_assert_uint_eq(ear.last.seq, 0);
    ck_assert_uint_eq(ear.last.now, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bus");
    TCase *t = tcase_create("bus");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_listener_hears_what_it_asked_for_and_nothing_else);
    tcase_add_test(t, what_nobody_hears_is_not_even_computed);
    tcase_add_test(t, texts_are_made_for_readers_only);
    tcase_add_test(t, a_clock_prices_what_nobody_else_hears);
    tcase_add_test(t, a_muted_bus_carries_nothing_and_counts_nothing);
    tcase_add_test(t, a_restarted_bus_counts_from_nothing);
    suite_add_tcase(s, t);
    return run_suite(s);
}
