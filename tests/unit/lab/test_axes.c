/* SPDX-License-Identifier: GPL-2.0-only */
/* What a user may say about the space, and what is refused. */
#include "lab.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

static struct pool *pool;
static struct lab_axes axes;
static struct err err;

static void setup(void)
{
    pool = pool_create();
    err = (struct err) { 0 };
    lab_axes_init(pool, &axes, LAB_MACHINE);
}

static void teardown(void)
{
    pool_destroy(pool);
}

static const struct lab_axis *set(const char *text)
{
    ck_assert_msg(!lab_axes_set(pool, &axes, text, &err), "%s", err.msg);
    for (unsigned i = 0; i < axes.n; i++)
        if (strncmp(policy_inputs[axes.axis[i].input[0]].name, text,
                    strcspn(text, "=")) == 0)
            return &axes.axis[i];
    return &axes.axis[axes.n - 1];
}

/* The spaces that the issue names: raw 36..52, reduction, C-bit 32..63, SYSCFG.
 */
START_TEST(both_spaces_begin_with_the_geometry)
{
    static const uint64_t geometries[] = { 17 * 17 * 32 * 2, 17 * 7 * 32 * 2 };
    enum lab_depth depth = _i ? LAB_MACHINE : LAB_POLICY;
    uint64_t n = 1;

    lab_axes_init(pool, &axes, depth);
    ck_assert_uint_ge(axes.n, LAB_GEOMETRY);
    for (unsigned i = 0; i < LAB_GEOMETRY; i++)
        n *= axes.axis[i].n_values;
    ck_assert_uint_eq(n, geometries[_i]);
}
END_TEST

START_TEST(policy_depth_has_tens_of_millions_of_states)
{
    struct lab_space s;

    lab_axes_init(pool, &axes, LAB_POLICY);
    s = (struct lab_space) { axes.n, axes.axis, policy_default_host() };
    ck_assert_uint_ge(lab_space_points(&s), 10000000);
    ck_assert_uint_le(lab_space_points(&s), 100000000);
}
END_TEST

START_TEST(an_axis_takes_the_place_of_the_one_before)
{
    const struct lab_axis *a = set("pa_reduction=0..2,5");

    ck_assert_ptr_eq(a, &axes.axis[1]);
    ck_assert_uint_eq(axes.n, LAB_GEOMETRY);
    ck_assert_uint_eq(a->n_values, 4);
    ck_assert_uint_eq(a->values[2][0], 2);
    ck_assert_uint_eq(a->values[3][0], 5);
}
END_TEST

START_TEST(a_new_axis_comes_last)
{
    const struct lab_axis *a = set("f_lbrv=0,1");

    ck_assert_ptr_eq(a, &axes.axis[LAB_GEOMETRY]);
    ck_assert_uint_eq(a->n_values, 2);
}
END_TEST

START_TEST(asids_come_in_pairs_and_replace_single_ones)
{
    const struct lab_axis *a;

    set("min_asid=1,2");
    set("max_asid=15");
    a = set("asids=1-15,510-509");
    ck_assert_uint_eq(axes.n, LAB_GEOMETRY + 1);
    ck_assert_uint_eq(a->n_inputs, 2);
    ck_assert_uint_eq(a->values[1][0], 510);
    ck_assert_uint_eq(a->values[1][1], 509);
    a = set("min_asid=7");
    ck_assert_uint_eq(axes.n, LAB_GEOMETRY + 1);
    ck_assert_uint_eq(a->n_inputs, 1);
}
END_TEST

START_TEST(leaves_are_hexadecimal_as_in_the_column)
{
    const struct lab_axis *a = set("max_ext_leaf=8000001e,0x80000021");

    ck_assert_uint_eq(a->values[0][0], 0x8000001e);
    ck_assert_uint_eq(a->values[1][0], 0x80000021);
}
END_TEST

static const struct {
    const char *text, *message;
} refused[] = {
    { "cbit", "NAME=VALUES" },
    { "=3", "NAME=VALUES" },
    { "c_bit=3", "no input 'c_bit'" },
    { "cbit=", "empty" },
    { "cbit=51..47", "empty" },
    { "cbit=64", "not in 0..63" },
    { "raw_maxphyaddr=30..52", "not in 32..52" },
    { "cbit=47,,48", "'': " },
    { "cbit=47,47", "twice" },
    { "cbit=47..49,48", "twice" },
    { "cbit=x", "'x': " },
    { "cbit=47.48", "" },
    { "cbit=18446744073709551616", "" },
    { "min_asid=0..4294967295", "more than 4096" },
    { "asids=100", "MIN-MAX" },
    { "asids=100-", "" },
    { "psp=asleep", "none of its words" },
};

START_TEST(mistakes_are_told)
{
    ck_assert_int_eq(lab_axes_set(pool, &axes, refused[_i].text, &err), -1);
    ck_assert_msg(strstr(err.msg, refused[_i].message), "%s: %s",
                  refused[_i].text, err.msg);
}
END_TEST

START_TEST(a_near_miss_gets_a_hint)
{
    ck_assert_int_eq(lab_axes_set(pool, &axes, "pa_reducton=1", &err), -1);
    ck_assert_str_eq(err.hint, "did you mean 'pa_reduction'?");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lab/axes");
    TCase *t = tcase_create("axes");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, both_spaces_begin_with_the_geometry, 0, 2);
    tcase_add_test(t, policy_depth_has_tens_of_millions_of_states);
    tcase_add_test(t, an_axis_takes_the_place_of_the_one_before);
    tcase_add_test(t, a_new_axis_comes_last);
    tcase_add_test(t, asids_come_in_pairs_and_replace_single_ones);
    tcase_add_test(t, leaves_are_hexadecimal_as_in_the_column);
    tcase_add_loop_test(t, mistakes_are_told, 0, ARRAY_SIZE(refused));
    tcase_add_test(t, a_near_miss_gets_a_hint);
    suite_add_tcase(s, t);
    return run_suite(s);
}
