/* SPDX-License-Identifier: GPL-2.0-only */
/* Errors with their line and caret, and verdicts as `run` prints them. */
#include "render.h"
#include "unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/nptsim-test-diag-XXXXXX";
static struct buf out;

static void setup(void)
{
    int fd;

    strcpy(path + sizeof(path) - 7, "XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    out = (struct buf)BUF_INIT;
}

static void teardown(void)
{
    unlink(path);
    buf_free(&out);
}

static void write_file(const char *data, size_t len)
{
    FILE *f = fopen(path, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, len, f), len);
    fclose(f);
}

static void render_at(unsigned line, unsigned col, unsigned span,
                      const char *hint)
{
    struct err e = { 0 };

    err_at(&e, (struct mark) { path, line, col, span }, "unknown key");
    if (hint)
        err_hint(&e, "%s", hint);
    buf_clear(&out);
    render_error(&out, &e);
}

/* Everything below the line with the message. */
static const char *excerpt(void)
{
    return strchr(out.data, '\n') + 1;
}

static void assert_message(unsigned line, unsigned col)
{
    char want[200];

    snprintf(want, sizeof(want), "%s:%u:%u: error: unknown key\n", path, line,
             col);
    ck_assert_msg(strncmp(out.data, want, strlen(want)) == 0, "%s", out.data);
}

START_TEST(an_error_shows_its_line_the_word_and_the_hint)
{
    static const char text[] = "cpu:\n  set:\n    maxphyadr: 51\n";

    write_file(text, strlen(text));
    render_at(3, 5, 9, "did you mean 'maxphyaddr_raw'?");
    assert_message(3, 5);
    ck_assert_str_eq(excerpt(),
                     "    3 |     maxphyadr: 51\n"
                     "      |     ^~~~~~~~~ did you mean 'maxphyaddr_raw'?\n");
}
END_TEST

START_TEST(tabs_stay_tabs_so_that_the_caret_stands_right)
{
    static const char text[] = "a:\tb\tbad\n";

    write_file(text, strlen(text));
    render_at(1, 6, 3, NULL);
    ck_assert_str_eq(excerpt(), "    1 | a:\tb\tbad\n"
                                "      |   \t \t^~~\n");
}
END_TEST

START_TEST(columns_count_characters_not_bytes)
{
    static const char text[] = "\xc3\xa4\xe2\x82\xac: bad\n";

    write_file(text, strlen(text));
    render_at(1, 5, 3, NULL);
    ck_assert_str_eq(excerpt(), "    1 | \xc3\xa4\xe2\x82\xac: bad\n"
                                "      |     ^~~\n");
}
END_TEST

START_TEST(of_a_very_long_line_a_window_around_the_place_is_shown)
{
    static char text[10000];
    const char *source, *caret;

    memset(text, 'x', sizeof(text));
    memcpy(text + 6000, "HERE", 4);
    write_file(text, sizeof(text));
    render_at(1, 6001, 4, NULL);
    assert_message(1, 6001);
    ck_assert_uint_lt(strlen(excerpt()), 300);
    source = strstr(excerpt(), "HERE");
    caret = strstr(excerpt(), "^~~~\n");
    ck_assert_ptr_nonnull(source);
    ck_assert_ptr_nonnull(caret);
    /* The caret is below the word: same distance from its line's beginning. */
    ck_assert_int_eq(source - excerpt(), caret - (strchr(excerpt(), '\n') + 1));
    ck_assert_uint_eq((unsigned)strspn(strstr(excerpt(), "| ") + 2, "."), 3);
}
END_TEST

START_TEST(a_long_line_of_garbage_is_bounded_too)
{
    static char text[10000];

    memset(text, 0x80, sizeof(text));
    write_file(text, sizeof(text));
    render_at(1, 9000, 4000, NULL);
    ck_assert_uint_lt(strlen(excerpt()), 400);
    render_at(1, 1, UINT32_MAX, NULL);
    ck_assert_uint_lt(strlen(excerpt()), 400);
}
END_TEST

START_TEST(the_tildes_end_with_the_line)
{
    write_file("ab\r\n", 4);
    render_at(1, 2, 50, NULL);
    ck_assert_str_eq(excerpt(), "    1 | ab\n      |  ^\n");
    render_at(1, 3, 1, NULL); /* behind the last character */
    ck_assert_str_eq(excerpt(), "    1 | ab\n      |   ^\n");
    render_at(1, 4000000000U, 1, NULL);
    ck_assert_str_eq(excerpt(), "    1 | ab\n      |   ^\n");
}
END_TEST

START_TEST(control_characters_do_not_reach_the_terminal)
{
    write_file("a\x1b[31mb\0c\n", 9);
    render_at(1, 1, 1, NULL);
    ck_assert_ptr_null(strchr(out.data, 0x1b));
    ck_assert_ptr_nonnull(strstr(out.data, "a?[31mb?c"));
}
END_TEST

START_TEST(without_the_line_message_and_hint_remain)
{
    write_file("one line", 8);
    render_at(2, 1, 1, "look above"); /* beyond the end */
    assert_message(2, 1);
    ck_assert_str_eq(excerpt(), "      hint: look above\n");
    unlink(path);
    render_at(1, 1, 1, NULL); /* unreadable */
    ck_assert_str_eq(excerpt(), "");
}
END_TEST

START_TEST(a_pipe_is_not_read_a_second_time)
{
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    render_at(1, 1, 1, NULL); /* would wait for ever */
    ck_assert_str_eq(excerpt(), "");
}
END_TEST

START_TEST(an_error_about_a_whole_file_has_no_line)
{
    struct err e = { 0 };

    err_plain(&e, "no/such.yaml", "cannot open");
    render_error(&out, &e);
    ck_assert_str_eq(out.data, "no/such.yaml: error: cannot open\n");
}
END_TEST

/* ---- verdicts ---- */

static const struct verdict verdicts[] = {
    { VERDICT_PASS, "kvm.mmio_caching = false", NULL, "no bit is left", { 0 } },
    { VERDICT_FAIL,
      "kvm.sev_es = true",
      "false",
      "gate closed",
      { "a.yaml", 9, 5, 0 } },
    { VERDICT_PASS, "never vc", NULL, NULL, { 0 } },
};

START_TEST(verdicts_stand_in_columns_and_failures_say_where)
{
    render_verdicts(&out, verdicts, ARRAY_SIZE(verdicts), false);
    ck_assert_str_eq(
        out.data, "[ PASS ] kvm.mmio_caching = false   no bit is left\n"
                  "[ FAIL ] kvm.sev_es = true          got false: gate closed\n"
                  "         expected at a.yaml:9:5\n"
                  "[ PASS ] never vc\n");
}
END_TEST

START_TEST(a_very_long_expectation_keeps_its_distance_to_the_reason)
{
    const struct verdict two[] = {
        { VERDICT_PASS, "short", NULL, "why", { 0 } },
        { VERDICT_PASS,
          "an expectation far too long to set the column of all",
          NULL,
          "because",
          { 0 } },
    };

    render_verdicts(&out, two, 2, false);
    ck_assert_str_eq(out.data, "[ PASS ] short   why\n"
                               "[ PASS ] an expectation far too long to set "
                               "the column of all   because\n");
}
END_TEST

START_TEST(colour_is_never_the_only_carrier)
{
    render_verdicts(&out, verdicts, ARRAY_SIZE(verdicts), true);
    ck_assert_ptr_nonnull(strstr(out.data, "\033[31m[ FAIL ]\033[0m"));
    ck_assert_ptr_nonnull(strstr(out.data, "\033[32m[ PASS ]\033[0m"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("diag");
    TCase *t = tcase_create("diag");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, an_error_shows_its_line_the_word_and_the_hint);
    tcase_add_test(t, tabs_stay_tabs_so_that_the_caret_stands_right);
    tcase_add_test(t, columns_count_characters_not_bytes);
    tcase_add_test(t, of_a_very_long_line_a_window_around_the_place_is_shown);
    tcase_add_test(t, a_long_line_of_garbage_is_bounded_too);
    tcase_add_test(t, the_tildes_end_with_the_line);
    tcase_add_test(t, control_characters_do_not_reach_the_terminal);
    tcase_add_test(t, without_the_line_message_and_hint_remain);
    tcase_add_test(t, a_pipe_is_not_read_a_second_time);
    tcase_add_test(t, an_error_about_a_whole_file_has_no_line);
    tcase_add_test(t, verdicts_stand_in_columns_and_failures_say_where);
    tcase_add_test(t, a_very_long_expectation_keeps_its_distance_to_the_reason);
    tcase_add_test(t, colour_is_never_the_only_carrier);
    return run_suite(s);
}
