/* SPDX-License-Identifier: GPL-2.0-only */
/* A map of a space, drawn by hand first. */
#include "render.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

static const char *const x_labels[] = { "8", "9", "10", "11" };
static const char *const y_labels[] = { "v5.18", "v6.0" };
static const char *const titles[] = { "sev=true", "sev=false" };
static const char *const outcomes[] = { "mmio.vc", "hang", "mmio.emulated",
                                        "halt" };

static const uint16_t cells[] = {
    1, 2, 3, 4, /* sev=true: v5.18 */
    1, 1, 1, 0, /* v6.0 */
    2, 2, 2, 2, /* sev=false: v5.18 */
    0, 3, 3, 3, /* v6.0 */
};

static struct map example(void)
{
    return (struct map) {
        .what = "hpet.outcome",
        .x = { "cpu.set.cbit", 4, x_labels },
        .y = { "kernel.model", 2, y_labels },
        .n_panels = 2,
        .title = titles,
        .n_values = 4,
        .value = outcomes,
        .cell = cells,
    };
}

static void draws(const struct map *m, unsigned width, bool colour,
                  const char *want)
{
    struct buf b = BUF_INIT;

    render_map(&b, m, width, colour);
    ck_assert_str_eq(b.data, want);
    buf_free(&b);
}

#define LEGEND                                                                 \
    "v  mmio.vc              4\n"                                              \
    "h  hang                 5\n"                                              \
    "e  mmio.emulated        4\n"                                              \
    "a  halt                 1\n"                                              \
    ".  no answer            2\n"

START_TEST(panels_stand_beside_each_other_where_they_fit)
{
    struct map m = example();

    draws(&m, 80, false,
          "hpet.outcome; across: cpu.set.cbit; down: kernel.model\n"
          "\n"
          "sev=true     sev=false\n"
          "        11           11\n"
          "      8901         8901\n"
          "v5.18 vhea   v5.18 hhhh\n"
          " v6.0 vvv.    v6.0 .eee\n"
          "\n" LEGEND);
}
END_TEST

START_TEST(panels_stand_below_each_other_where_they_do_not_fit)
{
    struct map m = example();

    /* Two panels of ten columns and the gap are 23. */
    for (unsigned width = 22; width < 23; width--)
        draws(&m, width, false,
              "hpet.outcome; across: cpu.set.cbit; down: kernel.model\n"
              "\n"
              "sev=true\n"
              "        11\n"
              "      8901\n"
              "v5.18 vhea\n"
              " v6.0 vvv.\n"
              "\n"
              "sev=false\n"
              "        11\n"
              "      8901\n"
              "v5.18 hhhh\n"
              " v6.0 .eee\n"
              "\n" LEGEND);
}
END_TEST

START_TEST(one_axis_is_one_line_and_none_is_one_letter)
{
    static const char *const nothing[] = { "" };
    struct map m = example();

    m.n_panels = 1;
    m.title = nothing;
    m.y = (struct map_axis) { NULL, 1, nothing };
    draws(&m, 80, false,
          "hpet.outcome; across: cpu.set.cbit\n"
          "\n"
          "  11\n"
          "8901\n"
          "vhea\n"
          "\n"
          "v  mmio.vc              1\n"
          "h  hang                 1\n"
          "e  mmio.emulated        1\n"
          "a  halt                 1\n");
    m.x = m.y;
    m.n_values = 1;
    draws(&m, 80, false,
          "hpet.outcome\n"
          "\n"
          "v\n"
          "\n"
          "v  mmio.vc          1\n");
}
END_TEST

/* Without its colours a map is the map without colours. */
START_TEST(colour_only_repeats)
{
    struct map m = example();
    struct buf plain = BUF_INIT, colour = BUF_INIT, bare = BUF_INIT;

    render_map(&plain, &m, 80, false);
    render_map(&colour, &m, 80, true);
    ck_assert_ptr_nonnull(strstr(colour.data, "\033[0;32mv"));
    ck_assert_ptr_nonnull(strstr(colour.data, "\033[0;1;31mhhhh\033[0m\n"));
    for (const char *c = colour.data; *c; c++) {
        if (*c == '\033')
            c = strchr(c, 'm');
        else
            buf_addc(&bare, *c);
    }
    ck_assert_str_eq(bare.data, plain.data);
    buf_free(&plain);
    buf_free(&colour);
    buf_free(&bare);
}
END_TEST

START_TEST(numbers_get_letters_in_their_order_and_none_twice)
{
    static const char *const numbers[] = { "0x0", "0xabc", "7", "true", "b" };
    static const char *const x[] = { "0", "1", "2", "3", "4" };
    static const char *const nothing[] = { "" };
    static const uint16_t each[] = { 1, 2, 3, 4, 5 };
    struct map m = { .what = "w",
                     .x = { "x", 5, x },
                     .y = { NULL, 1, nothing },
                     .n_panels = 1,
                     .title = nothing,
                     .n_values = 5,
                     .value = numbers,
                     .cell = each };

    draws(&m, 80, false,
          "w; across: x\n"
          "\n"
          "01234\n"
          "abctd\n"
          "\n"
          "a  0x0              1\n"
          "b  0xabc            1\n"
          "c  7                1\n"
          "t  true             1\n"
          "d  b                1\n");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("map");
    TCase *t = tcase_create("map");

    suite_add_tcase(s, t);
    tcase_add_test(t, panels_stand_beside_each_other_where_they_fit);
    tcase_add_test(t, panels_stand_below_each_other_where_they_do_not_fit);
    tcase_add_test(t, one_axis_is_one_line_and_none_is_one_letter);
    tcase_add_test(t, colour_only_repeats);
    tcase_add_test(t, numbers_get_letters_in_their_order_and_none_twice);
    return run_suite(s);
}
