/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of JSON, read from left to right (RFC 8259). */
#include "lab/scan.h"
#include "unit/suite.h"

#include <check.h>
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

static struct scan over(const char *text)
{
    return (struct scan) { text, text + strlen(text), false };
}

static bool at_end(const struct scan *s)
{
    return !s->bad && s->at == s->end;
}

static const struct {
    const char *json, *text; /* NULL: no string */
} strings[] = {
    { "\"\"", "" },
    { "\"v6.0\"", "v6.0" },
    { " \"a b\"", "a b" },
    { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
    { "\"\\u0041\\u00e4\\u20ac\\u007f\"", "A\xc3\xa4\xe2\x82\xac\x7f" },
    { "\"\xc3\xa4\"", "\xc3\xa4" },
    { "\"\\u0000\"", NULL }, /* would end the text */
    { "\"\\ud83d\\ude00\"", NULL },
    { "\"\\u12\"", NULL },
    { "\"\\x41\"", NULL },
    { "\"\\", NULL },
    { "\"\\\"", NULL },
    { "\"a", NULL },
    { "\"a\nb\"", NULL },
    { "a", NULL },
    { "7", NULL },
    { "", NULL },
};

START_TEST(a_string_is_what_it_stands_for)
{
    struct scan s = over(strings[_i].json);
    const char *text = scan_text(&s, pool);

    if (!strings[_i].text) {
        ck_assert_msg(!text && s.bad, "%s", strings[_i].json);
        return;
    }
    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, strings[_i].text);
    ck_assert(at_end(&s));
}
END_TEST

static const struct {
    const char *json;
    bool good;
    uint64_t number;
} numbers[] = {
    { "0", true, 0 },
    { "18446744073709551615", true, UINT64_MAX },
    { "\"0x0\"", true, 0 },
    { "\"0xffffffffffffffff\"", true, UINT64_MAX },
    { "18446744073709551616", false, 0 },
    { "\"0x10000000000000000\"", false, 0 },
    { "\"0x\"", false, 0 },
    { "\"12\"", false, 0 },
    { "\"wide\"", false, 0 },
    { "-1", false, 0 },
    { "1.5", false, 0 },
    { "1e3", false, 0 },
    { "01", false, 0 },
    { "null", false, 0 },
    { "[]", false, 0 },
    { "", false, 0 },
};

START_TEST(a_number_is_natural_and_fits_64_bits)
{
    struct scan s = over(numbers[_i].json);
    uint64_t v = 1;

    ck_assert_msg(scan_number(&s, &v) == numbers[_i].good, "%s",
                  numbers[_i].json);
    ck_assert(s.bad != numbers[_i].good);
    if (numbers[_i].good)
        ck_assert_uint_eq(v, numbers[_i].number);
}
END_TEST

START_TEST(only_true_and_false_are_booleans)
{
    static const char *const bad[] = { "tru", "1", "\"true\"", "null", "" };
    struct scan s = over("true");
    bool v = false;

    ck_assert(scan_bool(&s, &v) && v && at_end(&s));
    s = over("false");
    ck_assert(scan_bool(&s, &v) && !v && at_end(&s));
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        s = over(bad[i]);
        ck_assert_msg(!scan_bool(&s, &v) && s.bad, "%s", bad[i]);
    }
}
END_TEST

static const char all[] = "{\"a\":[1,-2.5e+3,true,false,null,{},[]],"
                          "\"b\\\"\":{\"c\":\"d\",\"e\":{\"f\":[[\"g\"]]}}}";

/* A value cut short is none, wherever the cut is. */
START_TEST(any_value_is_skipped_as_a_whole)
{
    struct scan s = over(all);

    ck_assert(scan_skip(&s) && at_end(&s));
    for (size_t len = 0; len < strlen(all); len++) {
        s = (struct scan) { all, all + len, false };
        ck_assert_msg(!scan_skip(&s) && s.bad, "%.*s", (int)len, all);
    }
}
END_TEST

static const char *const no_values[] = {
    "{1:2}",
    "{\"a\" 1}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{\"a\":1 \"b\":2}",
    "{,}",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1}",
    "{\"a\":1]",
    "nul",
    "\"a\\",
    "{\"a\":1,,\"b\":2}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
};

START_TEST(what_is_no_json_is_noticed)
{
    struct scan s = over(no_values[_i]);

    ck_assert_msg(!scan_skip(&s) && s.bad, "%s", no_values[_i]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("scan");
    TCase *t = tcase_create("scan");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_string_is_what_it_stands_for, 0,
                        (int)ARRAY_SIZE(strings));
    tcase_add_loop_test(t, a_number_is_natural_and_fits_64_bits, 0,
                        (int)ARRAY_SIZE(numbers));
    tcase_add_test(t, only_true_and_false_are_booleans);
    tcase_add_test(t, any_value_is_skipped_as_a_whole);
    tcase_add_loop_test(t, what_is_no_json_is_noticed, 0,
                        (int)ARRAY_SIZE(no_values));
    return run_suite(s);
}
