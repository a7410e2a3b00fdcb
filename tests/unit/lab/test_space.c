/* SPDX-License-Identifier: GPL-2.0-only */
/* A space visits every combination of its axes once, the last one fastest. */
#include "lab.h"
#include "load.h"
#include "unit/suite.h"

#include <check.h>

static const uint64_t widths[][LAB_AXIS_INPUTS] = { { 50 }, { 51 }, { 52 } };
static const uint64_t asids[][LAB_AXIS_INPUTS] = { { 1, 15 }, { 510, 509 } };
static const uint64_t flags[][LAB_AXIS_INPUTS] = { { 0 }, { 1 } };
static const struct lab_axis axes[] = {
    { 1, 3, { POLICY_RAW_MAXPHYADDR }, widths },
    { 2, 2, { POLICY_MIN_ASID, POLICY_MAX_ASID }, asids },
    { 1, 2, { POLICY_SYSCFG_MEMENC }, flags },
};

static struct lab_space space(void)
{
    return (struct lab_space) { ARRAY_SIZE(axes), axes, policy_default_host() };
}

START_TEST(points_are_the_product_of_the_axes)
{
    struct lab_space s = space();
    struct lab_space none = { 0, NULL, s.base };

    ck_assert_uint_eq(lab_space_points(&s), 12);
    ck_assert_uint_eq(lab_space_points(&none), 1);
}
END_TEST

START_TEST(too_many_points_are_not_counted_wrong)
{
    struct lab_axis huge[3];
    struct lab_space s = { 3, huge, policy_default_host() };

    for (unsigned i = 0; i < 3; i++)
        huge[i] = (struct lab_axis) { 1, UINT32_MAX, { POLICY_CBIT }, NULL };
    ck_assert_uint_eq(lab_space_points(&s), UINT64_MAX);
}
END_TEST

START_TEST(the_last_axis_runs_fastest_and_pairs_stay_together)
{
    struct lab_space s = space();
    struct policy_host h;
    uint64_t i = 0;

    for (unsigned w = 0; w < 3; w++) {
        for (unsigned a = 0; a < 2; a++) {
            for (unsigned f = 0; f < 2; f++) {
                lab_space_host(&s, i++, &h);
                ck_assert_uint_eq(h.v[POLICY_RAW_MAXPHYADDR], widths[w][0]);
                ck_assert_uint_eq(h.v[POLICY_MIN_ASID], asids[a][0]);
                ck_assert_uint_eq(h.v[POLICY_MAX_ASID], asids[a][1]);
                ck_assert_uint_eq(h.v[POLICY_SYSCFG_MEMENC], f);
                ck_assert_uint_eq(h.v[POLICY_CBIT], s.base.v[POLICY_CBIT]);
            }
        }
    }
}
END_TEST

START_TEST(the_next_point_is_the_next_point)
{
    struct lab_space s = space();
    struct policy_host walked, made;

    lab_space_host(&s, 0, &walked);
    for (uint64_t i = 1; i < lab_space_points(&s); i++) {
        lab_space_next(&s, i, &walked);
        lab_space_host(&s, i, &made);
        ck_assert_mem_eq(&walked, &made, sizeof(made));
    }
}
END_TEST

/* The seed: docs of commit 0c29397ac1fd; kvm-gating, section 3.3. */
START_TEST(a_bench_becomes_one_host_after_the_other)
{
    struct pool *pool = pool_create();
    struct catalog *catalog = catalog_open(pool, "models");
    struct err e = { 0 };
    const struct kernel_file *k =
        catalog_kernel(catalog, "v6.0", (struct mark) { 0 }, &e);
    struct lab_bench *b = lab_bench_create(pool);
    struct policy_host h = policy_default_host();

    ck_assert_msg(k, "%s", e.msg);
    ck_assert(lab_load(b, &k->model, &h)->sev_es);
    h.v[POLICY_RAW_MAXPHYADDR] = 51;
    h.v[POLICY_PA_REDUCTION] = 0;
    ck_assert(!lab_load(b, &k->model, &h)->sev_es);
    h.v[POLICY_CBIT] = 50;
    ck_assert(lab_load(b, &k->model, &h)->sev_es);
    pool_destroy(pool);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lab/space");
    TCase *t = tcase_create("space");

    tcase_add_test(t, points_are_the_product_of_the_axes);
    tcase_add_test(t, too_many_points_are_not_counted_wrong);
    tcase_add_test(t, the_last_axis_runs_fastest_and_pairs_stay_together);
    tcase_add_test(t, the_next_point_is_the_next_point);
    tcase_add_test(t, a_bench_becomes_one_host_after_the_other);
    suite_add_tcase(s, t);
    return run_suite(s);
}
