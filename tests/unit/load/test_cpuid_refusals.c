/* SPDX-License-Identifier: GPL-2.0-only */
/* What is no CPUID dump of a CPU that can be modelled: refused with its place,
 * and nothing crashes. */
#include "unit/load/dumps.h"
#include "unit/suite.h"

/* ---- refusals ---- */

static const struct {
    const char *text;
    unsigned line, col;
    const char *msg;
} refused[] = {
    { "", 0, 0, "no CPUID leaves found" },
    { "hello\nworld\n", 0, 0, "no CPUID leaves found" },
    { "CPU 0:\n   vendor_id = \"AuthenticAMD\"\n", 0, 0,
      "no CPUID leaves found" },
    { "CPUID 80000008\n", 1, 15, "the line ends where ':' should follow" },
    { "CPUID 80000008: 00003030-91BEF75F-000060", 1, 41, "the line ends" },
    { "\nCPUID 8", 2, 8, "the line ends" },
    { "CPUID 80000008: 00003030-91BEF75F-0000603F-0001000G\n", 1, 44,
      "expected a register of up to 8 hexadecimal digits" },
    { "CPUID 80000008: 00003030 91BEF75F\n", 1, 25, "expected '-'" },
    { "CPUID 80000008: 000030300-91BEF75F-0-0\n", 1, 17,
      "expected a register of up to 8 hexadecimal digits" },
    { "CPU 0:\n   0x80000008 0x00: eax=0x00003030 ebx=\n", 2, 36,
      "expected 'ebx=0x'" },
    { "   0x80000008 0x00 eax=0x00003030\n", 1, 19, "expected ':'" },
    { "   0xzz\n", 1, 6, "expected a register" },
};

START_TEST(a_dump_that_is_none_is_refused_with_its_place)
{
    const char *text = refused[_i].text;

    ck_assert_int_eq(import_bytes(text, strlen(text)), -1);
    ck_assert_msg(strstr(error.msg, refused[_i].msg), "%s", error.msg);
    ck_assert_uint_eq(error.at.line, refused[_i].line);
    ck_assert_uint_eq(error.at.col, refused[_i].col);
    ck_assert_str_ne(error.hint, "");
    ck_assert_uint_eq(yaml.len, 0);
}
END_TEST

START_TEST(a_binary_file_is_refused_at_its_first_zero)
{
    const char text[] = "CPU 0:\n   \0x80000008";

    ck_assert_int_eq(import_bytes(text, sizeof(text) - 1), -1);
    ck_assert_msg(strstr(error.msg, "not a text file"), "%s", error.msg);
    ck_assert_uint_eq(error.at.line, 2);
    ck_assert_uint_eq(error.at.col, 4);
}
END_TEST

/* Registers that no model can take: what the message must say. */
static const struct {
    struct dump_row row;
    const char *msg;
} impossible[] = {
    { { 0, { 0x16, 0x756e6547, 0x6c65746e, 0x49656e69 } },
      "the vendor is 'GenuineIntel', not AuthenticAMD" },
    { { 0, { 0, 0x01010101, 0, 0 } }, "the vendor is '?\?\?\?'" },
    { { 1, GONE }, "leaf 0x00000001 is missing" },
    { { 0x80000001, GONE }, "leaf 0x80000001 is missing" },
    { { 0x80000008, GONE }, "leaf 0x80000008 is missing" },
    { { 1, { 0x00020fb1, 0, 0, 0 } }, "family 0Fh is older than nested" },
    { { 0x80000008, { 0x301f, 0, 0, 0 } }, "31 physical address bits" },
    { { 0x80000008, { 0x3035, 0, 0, 0 } }, "53 physical address bits" },
    { { 0x80000008, { 0x2020, 0, 0, 0 } }, "32 linear address bits" },
    { { 0x8000001f, { 0xb, 31, 509, 100 } }, "the C-bit, 31, is not in" },
    { { 0x8000001f, { 0xb, 63, 509, 100 } }, "the C-bit, 63, is not in" },
    { { 0x8000001f, { 0xb, 0x473, 509, 100 } }, "48 physical bits by 17" },
};

START_TEST(a_cpu_that_cannot_be_modelled_is_refused)
{
    ck_assert_int_eq(import_changed(impossible[_i].row), -1);
    ck_assert_msg(strstr(error.msg, impossible[_i].msg), "%s", error.msg);
    ck_assert_uint_eq(yaml.len, 0);
}
END_TEST

START_TEST(a_missing_file_is_an_error)
{
    ck_assert_int_eq(import_file(DUMPS "none.txt"), -1);
    ck_assert_msg(strstr(error.msg, "cannot open"), "%s", error.msg);
}
END_TEST

static const char *const bad_names[] = { "",     "Genoa", "my cpu", "../x",
                                         "9654", "a: b",  "x\ny" };

START_TEST(a_name_that_is_no_file_name_is_refused)
{
    struct buf b = BUF_INIT, w = BUF_INIT;
    struct err e = { 0 };

    ck_assert_int_eq(
        cpuid_dump_import(DUMPS "server.txt", bad_names[_i], &b, &w, &e), -1);
    ck_assert(e.set);
    buf_free(&b);
    buf_free(&w);
}
END_TEST

/* Sanitizers are the judge: any result will do, a crash will not. */
START_TEST(a_dump_cut_anywhere_never_crashes)
{
    struct buf text = BUF_INIT;

    dump_text(&text, NULL);
    for (size_t len = 0; len <= text.len; len++)
        ck_assert_int_eq(import_bytes(text.data, len) == -1, error.set);
    buf_free(&text);
}
END_TEST

START_TEST(a_dump_with_a_byte_changed_never_crashes)
{
    static const char junk[] = { '\0', '\n', ' ', '-', ':', 'x', '9', '\xff' };
    struct buf text = BUF_INIT;

    dump_text(&text, NULL);
    for (size_t i = 0; i < text.len; i++) {
        char was = text.data[i];

        text.data[i] = junk[i % sizeof(junk)];
        ck_assert_int_eq(import_bytes(text.data, text.len) == -1, error.set);
        text.data[i] = was;
    }
    buf_free(&text);
}
END_TEST

static void add_refusals(Suite *s)
{
    TCase *t = tcase_create("refusals");

    tcase_add_checked_fixture(t, NULL, forget);
    tcase_add_loop_test(t, a_dump_that_is_none_is_refused_with_its_place, 0,
                        ARRAY_SIZE(refused));
    tcase_add_test(t, a_binary_file_is_refused_at_its_first_zero);
    tcase_add_loop_test(t, a_cpu_that_cannot_be_modelled_is_refused, 0,
                        ARRAY_SIZE(impossible));
    tcase_add_test(t, a_missing_file_is_an_error);
    tcase_add_loop_test(t, a_name_that_is_no_file_name_is_refused, 0,
                        ARRAY_SIZE(bad_names));
    tcase_add_test(t, a_dump_cut_anywhere_never_crashes);
    tcase_add_test(t, a_dump_with_a_byte_changed_never_crashes);
    suite_add_tcase(s, t);
}
int main(void)
{
    Suite *s = suite_create("cpuid_refusals");

    add_refusals(s);
    return run_suite(s);
}
