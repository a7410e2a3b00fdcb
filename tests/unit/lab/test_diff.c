/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A comparison finds what a loop finds, counts it once, and explains it by
 * decisions that do explain it. (The published counts: tests/cli/diff.bats.)
 */
#include "lab.h"
#include "load.h"
#include "unit/suite.h"

#include <check.h>

static const uint64_t raws[][LAB_AXIS_INPUTS] = { { 50 }, { 51 }, { 52 } };
static const uint64_t reds[][LAB_AXIS_INPUTS] = { { 0 }, { 1 }, { 5 } };
static const uint64_t cbits[][LAB_AXIS_INPUTS] = { { 47 }, { 50 }, { 51 } };
static const uint64_t flags[][LAB_AXIS_INPUTS] = { { 0 }, { 1 } };
static const struct lab_axis axes[] = {
    { 1, 3, { POLICY_RAW_MAXPHYADDR }, raws },
    { 1, 3, { POLICY_PA_REDUCTION }, reds },
    { 1, 3, { POLICY_CBIT }, cbits },
    { 1, 2, { POLICY_P_MMIO_CACHING }, flags },
};

static struct pool *pool;
static struct lab_space space;
static struct lab_decisions between;

static void set_up(void)
{
    struct err e = { 0 };

    pool = pool_create();
    space =
        (struct lab_space) { ARRAY_SIZE(axes), axes, policy_default_host() };
    ck_assert_msg(lab_decisions(pool, catalog_open(pool, "models"), "v5.19",
                                "v6.0", &between, &e) == 0,
                  "%s", e.msg);
}

static void tear_down(void)
{
    pool_destroy(pool);
}

static struct report_diff diff_in(const char *column)
{
    struct lab_diff q = { .space = &space,
                          .from = &between.from,
                          .between = &between };
    struct report_diff out;

    q.outcomes = BIT(policy_column_find(column));
    ck_assert_int_eq(lab_diff(pool, &q, &out), 0);
    return out;
}

START_TEST(it_finds_what_a_loop_finds)
{
    struct lab_bench *bench = lab_bench_create(pool);
    struct report_diff r = diff_in("sev_es_enabled");
    uint64_t naive = 0, in_groups = 0, in_causes = 0;

    for (uint64_t i = 0; i < lab_space_points(&space); i++) {
        struct policy_host host;
        bool a;

        lab_space_host(&space, i, &host);
        a = lab_load(bench, &between.from, &host)->sev_es;
        naive += a != lab_load(bench, &between.to, &host)->sev_es;
    }
    ck_assert_uint_gt(naive, 0);
    ck_assert_uint_eq(r.compared, 54);
    ck_assert_uint_eq(r.differ, naive);
    for (unsigned i = 0; i < r.n_groups; i++) {
        in_groups += r.group[i].count;
        for (unsigned k = 0; k < r.group[i].n_causes; k++)
            in_causes += r.group[i].cause[k].count;
    }
    ck_assert_uint_eq(in_groups, naive);
    ck_assert_uint_eq(in_causes, naive);
}
END_TEST

/* kvm-gating, section 5: caching is off in (51,0,51), (52,0,*), (52,1,51). */
START_TEST(members_are_told_apart_by_what_matters)
{
    struct report_diff r = diff_in("sev_es_enabled");
    const struct report_cause *gate;

    ck_assert_uint_eq(r.n_groups, 1);
    ck_assert_uint_eq(r.group[0].n_causes, 2);
    gate = &r.group[0].cause[0];
    ck_assert_str_eq(gate->set[0].decision[0].key, "sev_es_gates.mmio_caching");
    ck_assert_uint_eq(gate->n_places, 2);
    ck_assert_str_eq(gate->places[0].when, "p_mmio_caching=0");
    ck_assert_str_eq(gate->places[0].text, "(*,*,*)");
    ck_assert_str_eq(gate->places[1].text, "(52,0,*), (52,1,51)");
    ck_assert_str_eq(r.group[0].cause[1].places[0].text, "(51,0,51)");
    ck_assert_uint_eq(r.group[0].cause[1].set[0].n, 2);
}
END_TEST

START_TEST(a_group_says_what_changed)
{
    struct report_diff r = diff_in("shadow_mmio_value");

    ck_assert_uint_eq(r.n_groups, 1);
    ck_assert_uint_eq(r.group[0].n_changes, 1);
    ck_assert_str_eq(r.group[0].change[0].what, "shadow_mmio_value");
    ck_assert_str_eq(r.group[0].change[0].from, "0");
    ck_assert_str_eq(r.group[0].change[0].to, "set");
}
END_TEST

static bool no_more(void *ctx, uint64_t done)
{
    (void)ctx;
    (void)done;
    return false;
}

START_TEST(it_can_be_stopped)
{
    struct lab_space grid = lab_grid(pool);
    struct lab_diff q = { .space = &grid,
                          .from = &between.from,
                          .between = &between,
                          .outcomes = 1,
                          .tick = no_more };
    struct report_diff out;

    ck_assert_int_eq(lab_diff(pool, &q, &out), -1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lab/diff");
    TCase *t = tcase_create("diff");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, it_finds_what_a_loop_finds);
    tcase_add_test(t, members_are_told_apart_by_what_matters);
    tcase_add_test(t, a_group_says_what_changed);
    tcase_add_test(t, it_can_be_stopped);
    suite_add_tcase(s, t);
    return run_suite(s);
}
