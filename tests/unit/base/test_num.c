/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers as the scenario format allows them (interface.md, section 2). */
#include "base.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

static const struct {
    const char *text;
    enum num_result result;
    uint64_t value;
} numbers[] = {
    { "0", NUM_OK, 0 },
    { "42", NUM_OK, 42 },
    { "0x1f", NUM_OK, 31 },
    { "0XFF_FF", NUM_OK, 0xffff },
    { "1_000", NUM_OK, 1000 },
    { "64MiB", NUM_OK, 64ULL << 20 },
    { "16TiB", NUM_OK, 16ULL << 40 },
    { "0xffffffffffffffff", NUM_OK, UINT64_MAX },
    { "18446744073709551615", NUM_OK, UINT64_MAX },
    { "18446744073709551616", NUM_TOO_BIG, 0 },
    { "0x10000000000000000", NUM_TOO_BIG, 0 },
    { "16777216TiB", NUM_TOO_BIG, 0 },
    { "010", NUM_LEADING_ZERO, 0 },
    { "00", NUM_LEADING_ZERO, 0 },
    { "", NUM_NOT, 0 },
    { "0x", NUM_NOT, 0 },
    { "-1", NUM_NOT, 0 },
    { "1_", NUM_NOT, 0 },
    { "_1", NUM_NOT, 0 },
    { "1__0", NUM_NOT, 0 },
    { "1.5", NUM_NOT, 0 },
    { "64Mib", NUM_BAD_SUFFIX, 0 },
    { "64MB", NUM_BAD_SUFFIX, 0 },
};

START_TEST(a_number_is_read_exactly_or_refused)
{
    uint64_t v = 0;
    enum num_result r =
        num_parse(numbers[_i].text, strlen(numbers[_i].text), &v);

    ck_assert_msg(r == numbers[_i].result, "'%s' %s", numbers[_i].text,
                  num_problem(r));
    if (r == NUM_OK)
        ck_assert_uint_eq(v, numbers[_i].value);
}
END_TEST

START_TEST(bits_covers_both_ends)
{
    ck_assert_uint_eq(bits(51, 51), 0x8000000000000ULL);
    ck_assert_uint_eq(bits(63, 0), UINT64_MAX);
    ck_assert_uint_eq(bits(51, 52), 0);
}
END_TEST

START_TEST(a_typo_finds_its_word)
{
    static const char *const words[] = { "maxphyaddr_raw", "phys_reduction",
                                         "cbit" };

    ck_assert_str_eq(closest_word("maxphyadr", words, 3), "maxphyaddr_raw");
    ck_assert_str_eq(closest_word("c-bit", words, 3), "cbit");
    ck_assert_ptr_null(closest_word("zebra", words, 3));
}
END_TEST

START_TEST(the_first_error_stays)
{
    struct err e = { 0 };

    ck_assert_int_eq(err_plain(&e, "a.yaml", "first"), -1);
    err_plain(&e, "b.yaml", "second");
    err_hint(&e, "hint");
    ck_assert_str_eq(e.msg, "first");
    ck_assert_str_eq(e.at.file, "a.yaml");
    ck_assert_str_eq(e.hint, "hint");
}
END_TEST

START_TEST(a_pool_gives_zeroed_memory_after_reset)
{
    struct pool *p = pool_create();

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++) {
            unsigned char *m = pool_alloc(p, 5000);

            size_t zeroes = 0;

            while (zeroes < 5000 && m[zeroes] == 0)
                zeroes++;
            ck_assert_uint_eq(zeroes, 5000);
            memset(m, 0xff, 5000);
        }
        pool_reset(p);
    }
    pool_destroy(p);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("base");
    TCase *t = tcase_create("base");

    suite_add_tcase(s, t);
    tcase_add_loop_test(t, a_number_is_read_exactly_or_refused, 0,
                        ARRAY_SIZE(numbers));
    tcase_add_test(t, bits_covers_both_ends);
    tcase_add_test(t, a_typo_finds_its_word);
    tcase_add_test(t, the_first_error_stays);
    tcase_add_test(t, a_pool_gives_zeroed_memory_after_reset);
    return run_suite(s);
}
