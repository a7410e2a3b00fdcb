/* SPDX-License-Identifier: GPL-2.0-only */
/* The releases are one chain, in the order in which Linux was released. */
#include "lab.h"
#include "load.h"
#include "unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct pool *pool;
static struct err e;

static void set_up(void)
{
    pool = pool_create();
    e = (struct err) { 0 };
}

static void tear_down(void)
{
    pool_destroy(pool);
}

/* "v6.12": by its two numbers, which only this test reads. */
START_TEST(shipped_releases_are_in_order)
{
    const struct kernel_file *const *chain;
    unsigned n, last = 0, major, minor;

    ck_assert_msg(lab_generations(pool, catalog_open(pool, "models"), &chain,
                                  &n, &e) == 0,
                  "%s", e.msg);
    ck_assert_uint_ge(n, 5);
    for (unsigned i = 0; i < n; i++) {
        ck_assert_int_eq(sscanf(chain[i]->model.name, "v%u.%u", &major, &minor),
                         2);
        ck_assert_msg(major * 100 + minor > last, "%s", chain[i]->model.name);
        last = major * 100 + minor;
    }
}
END_TEST

static void add_file(const char *dir, const char *name, const char *parent,
                     const char *kind)
{
    FILE *out = fopen(pool_printf(pool, "%s/kernels/%s.yaml", dir, name), "w");

    ck_assert_ptr_nonnull(out);
    fprintf(out,
            "schema: nptsim/kernel/v1\nname: %s\ntitle: t\nkind: %s\n"
            "source: s\nextends: %s\n",
            name, kind, parent);
    fclose(out);
}

/* A folder with a copy of the oldest shipped file. */
static const char *folder(void)
{
    char *dir = pool_strdup(pool, "/tmp/nptsim-lab-XXXXXX");
    const struct kernel_file *const *chain;
    struct buf text = BUF_INIT;
    unsigned n;
    FILE *out;

    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(mkdir(pool_printf(pool, "%s/kernels", dir), 0700), 0);
    ck_assert_int_eq(
        lab_generations(pool, catalog_open(pool, "models"), &chain, &n, &e), 0);
    ck_assert_int_eq(read_file(&text, chain[0]->path, 1 << 20, &e), 0);
    out = fopen(
        pool_printf(pool, "%s/kernels/%s.yaml", dir, chain[0]->model.name),
        "w");
    ck_assert_uint_eq(fwrite(text.data, 1, text.len, out), text.len);
    fclose(out);
    buf_free(&text);
    add_file(dir, "b", chain[0]->model.name, "mainline");
    return dir;
}

START_TEST(a_stable_tree_between_releases_is_no_release)
{
    const char *dir = folder();
    const struct kernel_file *const *chain;
    unsigned n;

    add_file(dir, "b-stable", "b", "stable");
    add_file(dir, "a-next", "b-stable", "mainline");
    add_file(dir, "what", "b", "what-if");
    ck_assert_int_eq(
        lab_generations(pool, catalog_open(pool, dir), &chain, &n, &e), 0);
    ck_assert_uint_eq(n, 3);
    ck_assert_str_eq(chain[1]->model.name, "b");
    ck_assert_str_eq(chain[2]->model.name, "a-next");
}
END_TEST

START_TEST(two_releases_behind_one_are_refused)
{
    const char *dir = folder();
    const struct kernel_file *const *chain;
    unsigned n;

    add_file(dir, "c1", "b", "mainline");
    add_file(dir, "c2", "b", "mainline");
    ck_assert_int_eq(
        lab_generations(pool, catalog_open(pool, dir), &chain, &n, &e), -1);
    ck_assert_str_eq(e.msg, "this release and c1 both come behind b");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lab/generations");
    TCase *t = tcase_create("generations");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, shipped_releases_are_in_order);
    tcase_add_test(t, a_stable_tree_between_releases_is_no_release);
    tcase_add_test(t, two_releases_behind_one_are_refused);
    suite_add_tcase(s, t);
    return run_suite(s);
}
