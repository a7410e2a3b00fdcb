/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that is dropped in one call, and taken again without a malloc. */
#include "base.h"
#include "unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct pool *pool;

static void setup(void)
{
    pool = pool_create();
}

static void teardown(void)
{
    pool_destroy(pool);
}

/* Small pieces, and one that no usual chunk holds. */
static void use(struct pool *p)
{
    for (unsigned i = 0; i < 3000; i++)
        memset(pool_alloc(p, 100), 0xff, 100);
    memset(pool_alloc(p, 1000000), 0xff, 1000000);
}

START_TEST(a_reset_pool_needs_nothing_new_for_the_same_again)
{
    size_t before;

    use(pool);
    before = pool_footprint(pool);
    for (unsigned i = 0; i < 10; i++) {
        pool_reset(pool);
        use(pool);
        ck_assert_uint_eq(pool_footprint(pool), before);
    }
}
END_TEST

START_TEST(what_comes_from_used_memory_is_zero)
{
    const char *at;

    use(pool);
    pool_reset(pool);
    for (unsigned i = 0; i < 3000; i++) {
        at = pool_alloc(pool, 100);
        ck_assert_uint_eq((uintptr_t)at % 16, 0);
        for (unsigned k = 0; k < 100; k++)
            ck_assert_int_eq(at[k], 0);
    }
}
END_TEST

START_TEST(a_child_ends_with_its_parents_reset)
{
    size_t empty = pool_footprint(pool);

    use(pool_child(pool_child(pool)));
    ck_assert_uint_gt(pool_footprint(pool), empty + 1000000);
    pool_reset(pool);
    ck_assert_uint_eq(pool_footprint(pool), empty);
}
END_TEST

START_TEST(a_child_may_end_before_its_parent)
{
    struct pool *first = pool_child(pool), *second = pool_child(pool);
    size_t both = pool_footprint(pool);

    use(first);
    pool_destroy(first);
    ck_assert_uint_lt(pool_footprint(pool), both);
    use(second); /* still there */
}
END_TEST

START_TEST(a_list_keeps_what_it_has_when_it_grows)
{
    unsigned *list = NULL, room = 0;

    for (unsigned i = 0; i < 1000; i++) {
        list = pool_more(pool, list, i, &room, sizeof(*list));
        list[i] = i;
        ck_assert_uint_gt(room, i);
    }
    for (unsigned i = 0; i < 1000; i++)
        ck_assert_uint_eq(list[i], i);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pool");
    TCase *t = tcase_create("pool");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_reset_pool_needs_nothing_new_for_the_same_again);
    tcase_add_test(t, what_comes_from_used_memory_is_zero);
    tcase_add_test(t, a_child_ends_with_its_parents_reset);
    tcase_add_test(t, a_child_may_end_before_its_parent);
    tcase_add_test(t, a_list_keeps_what_it_has_when_it_grows);
    suite_add_tcase(s, t);
    return run_suite(s);
}
