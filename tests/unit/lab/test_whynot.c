/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A search for changes finds what a naive search finds: the same ways, one by
 * one, tried with whole machines from text settings.
 */
#include "lab.h"
#include "load.h"

#include "trace.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

#define SEED "scenarios/seed/cbit-51-at-width-51.yaml"

static struct pool *pool;
static struct catalog *catalog;
static struct scenario_file *file;
static struct scenario base;
static struct err e;

static void load(const struct setting *settings, unsigned n)
{
    ck_assert_msg(
        scenario_file_load(pool, catalog, SEED, settings, n, &file, &e) == 0,
        "%s", e.msg);
    ck_assert_int_eq(scenario_file_point(file, pool, 0, &base, &e), 0);
}

static void set_up(void)
{
    pool = pool_create();
    catalog = catalog_open(pool, "models");
    e = (struct err) { 0 };
    load(NULL, 0);
}

static void tear_down(void)
{
    pool_destroy(pool);
}

static struct report_whynot ask(const char *const *fixed, unsigned n_fixed,
                                unsigned max_changes)
{
    struct lab_whynot q = { .catalog = catalog,
                            .file = file,
                            .base = &base,
                            .outcome =
                                lab_outcome(pool, &base, "kvm.sev_es", &e),
                            .wanted = { .kind = VALUE_BOOL, .number = true },
                            .wanted_text = "true",
                            .fixed = fixed,
                            .n_fixed = n_fixed,
                            .max_changes = max_changes };
    struct report_whynot out;

    q.n_kernels = catalog_kernel_names(catalog, &q.kernels);
    for (unsigned i = 0; i < q.n_kernels; i++)
        ck_assert_ptr_nonnull(
            catalog_kernel(catalog, q.kernels[i], (struct mark) { 0 }, &e));
    lab_whynot(pool, &q, &out);
    return out;
}

/* Naively: the text of a setting, the whole file, a whole machine. -1: there is
 * no such machine. */
static int sev_es_with(const char *key, unsigned value)
{
    struct setting s = { key, pool_printf(pool, "%u", value) };
    struct expectations none = { 0 };
    struct pool *scratch = pool_create();
    struct judge *judge = judge_create(scratch, &none, 0, NULL, NULL);
    struct scenario_file *f;
    struct scenario point;
    struct trace trace;
    struct err bad = { 0 };
    int ret = -1;

    trace_init(&trace, scratch);
    trace_add_sink(&trace, judge_sink, judge);
    if (scenario_file_load(scratch, catalog, SEED, &s, 1, &f, &bad) == 0 &&
        scenario_file_point(f, scratch, 0, &point, &bad) == 0) {
        point.config.n_steps = 0;
        ck_assert_int_eq(run_scenario(scratch, &point.config, &trace, &bad), 0);
        ret = (int)judge_fact(judge, (unsigned)fact_find("kvm.sev_es"))
                  .value.number;
    }
    pool_destroy(scratch);
    return ret;
}

static const char *values_of(const struct report_whynot *r, const char *key)
{
    for (unsigned i = 0; i < r->n_ways; i++)
        if (strcmp(r->way[i].value[0].key, key) == 0)
            return r->way[i].value[0].text;
    return "";
}

/* "32..50, 52..63" */
static bool text_has(const char *text, unsigned value)
{
    unsigned a, b;
    int used;

    while (*text) {
        if (sscanf(text, "%u..%u%n", &a, &b, &used) != 2) {
            ck_assert_int_eq(sscanf(text, "%u%n", &a, &used), 1);
            b = a;
        }
        if (value >= a && value <= b)
            return true;
        text += used;
        text += strspn(text, ", ");
    }
    return false;
}

START_TEST(single_changes_are_those_of_a_naive_search)
{
    static const struct {
        const char *key;
        unsigned min, max;
    } keys[] = { { "cpu.set.maxphyaddr_raw", 32, 52 },
                 { "cpu.set.phys_reduction", 0, 20 },
                 { "cpu.set.cbit", 0, 63 },
                 { "cpu.set.n_vmpls", 0, 15 } };
    struct report_whynot r = ask(NULL, 0, 1);

    ck_assert(!r.is_so && !r.stopped);
    ck_assert_uint_eq(r.n_changes, 1);
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
        for (unsigned v = keys[i].min; v <= keys[i].max; v++)
            ck_assert_msg(text_has(values_of(&r, keys[i].key), v) ==
                              (sev_es_with(keys[i].key, v) == 1),
                          "%s=%u: %s", keys[i].key, v,
                          values_of(&r, keys[i].key));
}
END_TEST

START_TEST(fixed_keys_stay)
{
    static const char *const fixed[] = { "cpu", "kernel.model" };
    struct report_whynot r = ask(fixed, 2, 2);

    ck_assert_uint_eq(r.n_ways, 0);
    ck_assert_uint_eq(r.n_changes, 2);
}
END_TEST

/* Without the parameter it takes that, and one of the ways of the first test:
 * the reduction 2..20. */
START_TEST(two_changes_make_a_product)
{
    static const char *const fixed[] = { "cpu.set.maxphyaddr_raw",
                                         "cpu.set.cbit", "kernel.model" };
    static const struct setting off = { "kernel.params.sev_es", "false" };
    struct report_whynot r;

    load(&off, 1);
    r = ask(fixed, 3, 3);
    ck_assert_uint_eq(r.n_changes, 2);
    ck_assert_uint_eq(r.n_ways, 1);
    ck_assert_uint_eq(r.way[0].count, 19);
    ck_assert_str_eq(r.way[0].value[0].key, "cpu.set.phys_reduction");
    ck_assert_str_eq(r.way[0].value[0].text, "2..20");
    ck_assert_str_eq(r.way[0].value[1].key, "kernel.params.sev_es");
    ck_assert_str_eq(r.way[0].nearest, "--set cpu.set.phys_reduction=2 --set "
                                       "kernel.params.sev_es=true");
}
END_TEST

START_TEST(what_is_so_needs_no_change)
{
    static const struct setting older = { "kernel.model", "v5.19" };
    struct report_whynot r;

    load(&older, 1);
    r = ask(NULL, 0, 3);
    ck_assert(r.is_so);
    ck_assert_uint_eq(r.n_ways, 0);
    ck_assert_str_eq(r.is, "true");
}
END_TEST

/* A key is changed as a setting changes it. */
START_TEST(keys_read_and_write_the_same_member)
{
    const struct config_key *keys;
    unsigned n = load_config_keys(pool, &keys), changed = 0;

    for (unsigned i = 0; i < n; i++) {
        struct config_change c = { keys[i].path, 0, NULL };
        struct value was = config_value(&base, keys[i].path), is;
        struct scenario s;

        if (keys[i].kind == VALUE_TEXT)
            continue;
        c.number = keys[i].kind == VALUE_BOOL ? !was.number : keys[i].min;
        if (!scenario_file_change(file, pool, &c, 1, &s))
            continue;
        is = config_value(&s, keys[i].path);
        ck_assert_msg(is.number == c.number, "%s", keys[i].path);
        ck_assert(config_value(&base, keys[i].path).number == was.number);
        changed++;
    }
    ck_assert_uint_gt(changed, 80);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lab/whynot");
    TCase *t = tcase_create("whynot");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, single_changes_are_those_of_a_naive_search);
    tcase_add_test(t, fixed_keys_stay);
    tcase_add_test(t, two_changes_make_a_product);
    tcase_add_test(t, what_is_so_needs_no_change);
    tcase_add_test(t, keys_read_and_write_the_same_member);
    suite_add_tcase(s, t);
    return run_suite(s);
}
