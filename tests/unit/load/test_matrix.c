/* SPDX-License-Identifier: GPL-2.0-only */
/* A matrix: how many points, which ones, and what is expected of each. */
#include "unit/load/story.h"
#include "unit/suite.h"

static struct story y;

static void setup(void)
{
    story_open(&y);
}

static void teardown(void)
{
    story_close(&y);
}

/* What follows is line 7. */
#define MATRIX(text) HEAD "matrix:\n" text

/* Point @i must be there; its scenario is in y.s. */
static void go_to(uint64_t i)
{
    y.e = (struct err) { 0 };
    ck_assert_msg(scenario_file_point(y.file, y.pool, i, &y.s, &y.e) == 0,
                  "point %llu: %s", (unsigned long long)i, y.e.msg);
}

/* ---- points ---- */

START_TEST(every_combination_is_a_point_and_the_last_axis_runs_fastest)
{
    static const char *const points[] = {
        "kernel.model=v5.19 cpu.set.cbit=49 guest.cpl=0",
        "kernel.model=v5.19 cpu.set.cbit=49 guest.cpl=3",
        "kernel.model=v5.19 cpu.set.cbit=50 guest.cpl=0",
        "kernel.model=v5.19 cpu.set.cbit=50 guest.cpl=3",
        "kernel.model=v6.0 cpu.set.cbit=49 guest.cpl=0",
        "kernel.model=v6.0 cpu.set.cbit=49 guest.cpl=3",
        "kernel.model=v6.0 cpu.set.cbit=50 guest.cpl=0",
        "kernel.model=v6.0 cpu.set.cbit=50 guest.cpl=3",
    };

    story_is_fine(&y, MATRIX("  axes:\n"
                             "    kernel.model: [v5.19, v6.0]\n"
                             "    cpu.set.cbit: 49..50\n"
                             "    guest.cpl: [0, 3]\n"));
    ck_assert_uint_eq(scenario_file_points(y.file), ARRAY_SIZE(points));
    for (unsigned i = 0; i < ARRAY_SIZE(points); i++) {
        go_to(i);
        ck_assert_str_eq(y.s.point, points[i]);
        ck_assert_str_eq(y.s.kernel_name, i < 4 ? "v5.19" : "v6.0");
        ck_assert_str_eq(y.s.config.kernel.name, y.s.kernel_name);
        ck_assert_uint_eq(y.s.config.cpu.cbit, i / 2 % 2 ? 50 : 49);
        ck_assert_uint_eq(y.s.config.guest.cpl, i % 2 ? 3 : 0);
    }
}
END_TEST

START_TEST(booleans_and_words_vary_too)
{
    story_is_fine(&y, MATRIX("  axes:\n"
                             "    kernel.params.mmio_caching: [true, false]\n"
                             "    vm.type: [plain, sev-es]\n"
                             "    cpu.set.features.sev_es: [true, false]\n"));
    ck_assert_uint_eq(scenario_file_points(y.file), 8);
    go_to(7);
    ck_assert(!y.s.config.params.mmio_caching);
    ck_assert_int_eq(y.s.config.vm.type, VM_SEV_ES);
    ck_assert(!y.s.config.cpu.features[FEAT_SEV_ES]);
    ck_assert_str_eq(y.s.point, "kernel.params.mmio_caching=false "
                                "vm.type=sev-es cpu.set.features.sev_es=false");
}
END_TEST

START_TEST(a_hexadecimal_range_counts_in_steps_of_one)
{
    story_is_fine(&y, MATRIX("  axes: {cpu.set.min_sev_asid: 0xe..0x10}\n"));
    ck_assert_uint_eq(scenario_file_points(y.file), 3);
    go_to(2);
    ck_assert_uint_eq(y.s.config.cpu.min_sev_asid, 16);
}
END_TEST

START_TEST(models_may_stand_in_the_axes_only)
{
    story_is_fine(&y, "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
                      "cpu: {}\nkernel: {}\n"
                      "matrix: {axes: {cpu.model: [milan, genoa],"
                      " kernel.model: [v6.1]}}\n");
    go_to(1);
    ck_assert_uint_eq(y.s.config.cpu.maxphyaddr_raw, 52);
}
END_TEST

START_TEST(an_empty_matrix_has_one_point)
{
    story_is_fine(&y, MATRIX("  axes: {}\n"));
    ck_assert_uint_eq(scenario_file_points(y.file), 1);
}
END_TEST

START_TEST(ten_million_points_are_made_when_they_are_asked_for)
{
    story_is_fine(&y,
                  MATRIX("  axes: {cpu.set.min_sev_asid: 1..10_000_000}\n"));
    ck_assert_uint_eq(scenario_file_points(y.file), 10000000);
    go_to(9999999);
    ck_assert_uint_eq(y.s.config.cpu.min_sev_asid, 10000000);
}
END_TEST

START_TEST(steps_are_the_same_in_every_point)
{
    story_is_fine(&y, HEAD "steps: [{id: a, read: 0, size: 4}]\n"
                           "matrix: {axes: {vm.vcpus: 1..2}}\n");
    for (unsigned i = 0; i < 2; i++) {
        go_to(i);
        ck_assert_uint_eq(y.s.config.n_steps, 1);
        ck_assert_uint_eq(y.s.config.vm.n_vcpus, i + 1);
    }
}
END_TEST

START_TEST(a_setting_pins_its_axis)
{
    static const struct setting pins[] = { { "cpu.set.cbit", "50" },
                                           { "vm.vcpus", "2" } };
    static const char text[] = MATRIX("  axes: {cpu.set.cbit: 47..51,"
                                      " kernel.model: [v5.19, v6.0]}\n");

    story_write(&y, text, strlen(text));
    ck_assert_msg(!story_read(&y, pins, 2), "%s", y.e.msg);
    ck_assert_uint_eq(scenario_file_points(y.file), 2);
    go_to(1);
    ck_assert_uint_eq(y.s.config.cpu.cbit, 50);
    ck_assert_uint_eq(y.s.config.vm.n_vcpus, 2);
    ck_assert_str_eq(y.s.point, "cpu.set.cbit=50 kernel.model=v6.0");
}
END_TEST

static int load_in_shards(const char *text, uint64_t shards)
{
    story_write(&y, text, strlen(text));
    y.e = (struct err) { 0 };
    return scenario_file_load_shards(y.pool, y.catalog, y.path, NULL, 0, shards,
                                     &y.file, &y.e);
}

/* 10^12 points: a million runs of a million, or at the most of ten million. */
START_TEST(a_matrix_too_large_for_one_run_is_shared_between_many)
{
    static const char text[] =
        MATRIX("  axes: {cpu.set.min_sev_asid: 1..1_000_000,\n"
               "    cpu.set.max_sev_asid: 1..1_000_000}\n");

    ck_assert_int_eq(load_in_shards(text, 100000), 0);
    ck_assert_uint_eq(scenario_file_points(y.file), 1000000000000);
    go_to(999999999999);
    ck_assert_uint_eq(y.s.config.cpu.min_sev_asid, 1000000);
    ck_assert_int_eq(load_in_shards(text, 99999), -1);
    ck_assert_msg(strstr(y.e.msg, "1000000000000 points, at most 10000000 can "
                                  "run in each shard"),
                  "%s", y.e.msg);
    ck_assert_msg(strstr(y.e.hint, "--shard 1/100000"), "%s", y.e.hint);
}
END_TEST

START_TEST(the_values_of_a_point_can_be_asked_for)
{
    static const struct {
        const char *path;
        enum value_kind kind;
        bool wide;
    } axes[] = {
        { "kernel.model", VALUE_TEXT, false },
        { "cpu.set.cbit", VALUE_NUMBER, false },
        { "guest.page_size", VALUE_NUMBER, false },
        { "vm.type", VALUE_TEXT, false },
        { "cpu.set.features.sev", VALUE_BOOL, false },
    };
    struct value v;

    story_is_fine(&y, MATRIX("  axes:\n"
                             "    kernel.model: [v5.19, v6.0]\n"
                             "    cpu.set.cbit: 0x32..51\n"
                             "    guest.page_size: [4KiB]\n"
                             "    vm.type: [plain, sev-es]\n"
                             "    cpu.set.features.sev: [true, false]\n"));
    ck_assert_uint_eq(scenario_file_axes(y.file), ARRAY_SIZE(axes));
    for (unsigned i = 0; i < ARRAY_SIZE(axes); i++) {
        struct axis_desc a = scenario_file_axis(y.file, i);

        ck_assert_str_eq(a.path, axes[i].path);
        ck_assert_int_eq(a.kind, axes[i].kind);
        ck_assert_int_eq(a.wide, axes[i].wide);
    }
    v = scenario_file_axis_value(y.file, 0, 8);
    ck_assert_str_eq(v.text, "v6.0");
    v = scenario_file_axis_value(y.file, 1, 7);
    ck_assert_uint_eq(v.number, 51);
    v = scenario_file_axis_value(y.file, 2, 7);
    ck_assert_uint_eq(v.number, 4096);
    v = scenario_file_axis_value(y.file, 3, 2);
    ck_assert_str_eq(v.text, "sev-es");
    v = scenario_file_axis_value(y.file, 4, 1);
    ck_assert_uint_eq(v.number, 0);
}
END_TEST

/* The CPU of the axis comes first, what the file sets lies over it. */
START_TEST(every_cpu_of_an_axis_is_a_start_of_its_own)
{
    struct err e = { 0 };
    const char *names[] = { "milan", "genoa", "naples" };

    story_is_fine(&y, "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
                      "cpu: {set: {min_sev_asid: 7}}\nkernel: {}\n"
                      "guest: {map: [{gva: 0x200000, gpa: 0x400000,"
                      " size: 2MiB}]}\n"
                      "matrix: {axes: {kernel.model: [v6.1, v6.0],"
                      " cpu.model: [milan, genoa, naples],"
                      " guest.page_size: [2MiB, 4KiB]}}\n");
    for (unsigned i = 0; i < 12; i++) {
        const struct cpu_file *cpu = catalog_cpu(
            y.catalog, names[i / 2 % 3], (struct mark) { .file = "" }, &e);

        go_to(i);
        ck_assert_str_eq(y.s.kernel_name, i < 6 ? "v6.1" : "v6.0");
        ck_assert_str_eq(y.s.config.kernel.name, y.s.kernel_name);
        ck_assert_str_eq(y.s.cpu_name, names[i / 2 % 3]);
        ck_assert_str_eq(y.s.config.cpu.name, cpu->model.name);
        ck_assert_uint_eq(y.s.config.cpu.cbit, cpu->model.cbit);
        ck_assert_uint_eq(y.s.config.cpu.min_sev_asid, 7);
        ck_assert_uint_eq(y.s.config.guest.maps[0].page_size,
                          i % 2 ? 4096 : 2 << 20);
    }
}
END_TEST

/* ---- exclude and expect ---- */

START_TEST(an_excluded_point_says_so_even_if_it_could_not_be_built)
{
    uint64_t excluded = 0;

    /* 32 bits less 20 leave no physical address space. */
    story_is_fine(&y, MATRIX("  axes:\n"
                             "    cpu.set.maxphyaddr_raw: [52, 32]\n"
                             "    cpu.set.phys_reduction: [0, 20]\n"
                             "  exclude:\n"
                             "    - \"cpu.width < 32\"\n"
                             "    - \"cpu.width == 52\"\n"));
    for (uint64_t i = 0; i < 4; i++) {
        int ret = scenario_file_point(y.file, y.pool, i, &y.s, &y.e);

        ck_assert_msg(ret >= 0, "%s", y.e.msg);
        excluded += ret == 1;
    }
    ck_assert_uint_eq(excluded, 2);
}
END_TEST

START_TEST(a_point_gets_the_expectations_whose_condition_holds)
{
    const struct expectations *x = &y.s.expect;

    story_is_fine(&y, HEAD
                  "steps: [{id: a, read: 0, size: 4}]\n"
                  "expect: {facts: {kvm.sev: true}, events: [halt]}\n"
                  "matrix:\n"
                  "  axes: {kernel.model: [v5.19, v6.0]}\n"
                  "  expect:\n"
                  "    - {if: \"kernel.model == v5.19\","
                  " facts: {kvm.sev_es: true}}\n"
                  "    - {if: \"kernel.model != v5.19\","
                  " facts: {kvm.sev_es: false}, steps: {a: {outcome: ram}}}\n"
                  "    - {if: \"true\", facts: {cpu.width: 43}}\n");
    go_to(0);
    ck_assert_uint_eq(x->n_facts, 2); /* the file's own are for no point */
    ck_assert_str_eq(x->facts[0].name, "kvm.sev_es");
    ck_assert_uint_eq(x->facts[0].want.number, 1);
    ck_assert_str_eq(x->facts[1].name, "cpu.width");
    ck_assert_uint_eq(x->n_steps, 0);
    ck_assert_uint_eq(x->n_events, 0);
    go_to(1);
    ck_assert_uint_eq(x->n_facts, 2);
    ck_assert_uint_eq(x->facts[0].want.number, 0);
    ck_assert_uint_eq(x->n_steps, 1);
}
END_TEST

/* ---- expressions ---- */

/* The model: milan with encryption on, 48 bits less 5, C-bit 51; v6.0. */
static const struct {
    const char *text;
    bool truth;
} conditions[] = {
    { "true", true },
    { "false", false },
    { "cpu.width == 43", true },
    { "cpu.width != 43", false },
    { "cpu.width < 44", true },
    { "cpu.width < 43", false },
    { "cpu.width <= 43", true },
    { "cpu.width > 42", true },
    { "cpu.width > 43", false },
    { "cpu.width >= 43", true },
    { "cpu.width>=44", false },
    { "43 == cpu.width", true },
    { "cpu.set.cbit == 0x33", true },
    { "cpu.cbit == 51", true },
    { "cpu.cbit == cpu.width", false },
    { "cpu.cbit > cpu.maxphyaddr_raw", true },
    { "guest.page_size == 2MiB", true },
    { "cpu.mem_encrypt", true },
    { "!cpu.mem_encrypt", false },
    { "!!cpu.mem_encrypt", true },
    { "cpu.set.features.sev_es", true },
    { "cpu.features.sev_es == false", false },
    { "kernel.params.npt && kernel.sme", false },
    { "kernel.params.npt || kernel.sme", true },
    { "kernel.model == v6.0", true },
    { "kernel.model == 'v6.0'", true },
    { "v5.19 == kernel.model", false },
    { "kernel.model != v5.19", true },
    { "vm.type == plain", true },
    { "vm.type == sev-es", false },
    { "guest.paging == 4-level", true },
    { "guest.cpl == 0", true },
    /* && binds more tightly than ||, ! more tightly than both */
    { "true || false && false", true },
    { "(true || false) && false", false },
    { "!false && false", false },
    { "!(false && false)", true },
    { "!cpu.width == 43", false },
    { " ( ( cpu.width==43 ) ) ", true },
};

START_TEST(a_condition_is_true_or_false)
{
    char text[512];
    int ret;

    snprintf(text, sizeof(text),
             "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
             "cpu: {model: milan, set: {mem_encrypt: true}}\n"
             "kernel: {model: v6.0}\n"
             "matrix: {axes: {}, exclude: [\"%s\"]}\n",
             conditions[_i].text);
    story_write(&y, text, strlen(text));
    ck_assert_msg(story_read(&y, NULL, 0) == 0, "%s: %s", text, y.e.msg);
    ret = scenario_file_point(y.file, y.pool, 0, &y.s, &y.e);
    ck_assert_msg(ret == conditions[_i].truth, "%s", conditions[_i].text);
}
END_TEST

#define EXCLUDE(text) MATRIX("  axes: {}\n  exclude: [\"" text "\"]\n")

static const struct {
    const char *text;
    unsigned line, col;
    const char *words, *hint;
} bad[] = {
    { MATRIX("  exclude: []\n"), 7, 3, "'axes' is missing", "" },
    { MATRIX("  axes: []\n"), 7, 9, "a mapping is needed", "" },
    { MATRIX("  axis: {}\n"), 7, 3, "unknown key 'axis' in matrix", "'axes'" },
    { MATRIX("  axes: {cpu.set.cbti: [1]}\n"), 7, 10,
      "'cpu.set.cbti' is nothing that an axis can vary", "'cpu.set.cbit'" },
    { MATRIX("  axes: {name: [a]}\n"), 7, 10, "nothing that an axis can vary",
      "" },
    { MATRIX("  axes: {steps: [a]}\n"), 7, 10, "nothing that an axis can vary",
      "" },
    { MATRIX("  axes: {vm.memory: [a]}\n"), 7, 10,
      "nothing that an axis can vary", "" },
    { MATRIX("  axes: {cpu.set: [a]}\n"), 7, 10,
      "nothing that an axis can vary", "" },
    { MATRIX("  axes: {cpu.set.cbit: 51}\n"), 7, 24,
      "a range or a list is needed", "48..52" },
    { MATRIX("  axes: {cpu.set.cbit: []}\n"), 7, 24, "without values", "" },
    { MATRIX("  axes: {cpu.set.cbit: [[1]]}\n"), 7, 25,
      "a single value is needed", "" },
    { MATRIX("  axes: {cpu.set.cbit: 52..48}\n"), 7, 24, "is empty", "" },
    { MATRIX("  axes: {cpu.set.cbit: 48..}\n"), 7, 24, "not a range", "" },
    { MATRIX("  axes: {cpu.set.cbit: a..b}\n"), 7, 24, "not a range", "" },
    { MATRIX("  axes: {cpu.set.cbit: 048..52}\n"), 7, 24, "not a range", "" },
    { MATRIX("  axes: {cpu.set.cbit: 1..18446744073709551616}\n"), 7, 24,
      "not a range", "" },
    { MATRIX("  axes: {cpu.set.cbit: [64]}\n"), 7, 25, "64 is not in 0..63",
      "" },
    { MATRIX("  axes: {cpu.set.cbit: [51, 52, 64]}\n"), 7, 33,
      "64 is not in 0..63", "" },
    { MATRIX("  axes: {cpu.set.cbit: 51..64}\n"), 7, 24, "64 is not in 0..63",
      "" },
    { MATRIX("  axes: {guest.cpl: 0..3}\n"), 7, 21, "1 is not one of 0, 3",
      "" },
    { MATRIX("  axes: {cpu.set.mem_encrypt: 0..1}\n"), 7, 31,
      "this is no number", "list its values" },
    { MATRIX("  axes: {vm.type: [plain, sve]}\n"), 7, 27, "'sve' is not one of",
      "did you mean 'sev'?" },
    { MATRIX("  axes: {kernel.model: [v6.0, v6.00]}\n"), 7, 31,
      "unknown kernel model 'v6.00'", "" },
    { MATRIX("  axes: {cpu.model: [milan, milam]}\n"), 7, 29,
      "unknown CPU model 'milam'", "'milan'" },
    { MATRIX("  axes: {kernel.model: [v6.00]}\n"), 7, 25,
      "unknown kernel model 'v6.00'", "" },
    { MATRIX("  axes: {cpu.set.min_sev_asid: 1..10000001}\n"), 7, 9,
      "10000001 points, at most 10000000 can run", "--shard 1/2" },
    { MATRIX("  axes: {cpu.set.min_sev_asid: 1..4000,\n"
             "    cpu.set.max_sev_asid: 1..4000}\n"),
      7, 9, "16000000 points", "" },
    { MATRIX("  axes: {cpu.set.min_sev_asid: 0..0xffffffffffffffff,\n"
             "    cpu.set.max_sev_asid: 1..4000}\n"),
      7, 9, "points", "not even shards help" },
    { MATRIX("  axes: {cpu.set.min_sev_asid: 0..0xffffffff,\n"
             "    cpu.set.max_sev_asid: 0..0xffffffff,\n"
             "    cpu.set.n_asids: 0..0xffffffff}\n"),
      7, 9, "at least", "shorten an axis" },
    { MATRIX("  axes: {}\n  expect: [{facts: {cpu.width: 1}}]\n"), 8, 12,
      "'if' is missing", "" },
    { MATRIX("  axes: {}\n  expect: [{if: \"true\", facts: {cpu.widht: 1}}]\n"),
      8, 33, "unknown fact 'cpu.widht'", "'cpu.width'" },
    /* expressions: the text begins in column 14 */
    { EXCLUDE(""), 8, 14, "a name or a value is needed", "" },
    { EXCLUDE("cpu.widht < 51"), 8, 14, "unknown name 'cpu.widht'",
      "'cpu.width'" },
    { EXCLUDE("cpu.width < cpu.widht"), 8, 26, "unknown name 'cpu.widht'",
      "'cpu.width'" },
    { EXCLUDE("nonsense"), 8, 14, "unknown name 'nonsense'", "" },
    { EXCLUDE("a == b"), 8, 14, "unknown name 'a'", "" },
    { EXCLUDE("true && x"), 8, 22, "unknown name 'x'", "" },
    { EXCLUDE("cpu.width"), 8, 14, "this is a number, a condition is needed",
      "" },
    { EXCLUDE("kernel.model"), 8, 14, "this is text, a condition is needed",
      "" },
    { EXCLUDE("cpu.width && true"), 8, 14, "a condition is needed", "" },
    { EXCLUDE("cpu.width == true"), 8, 27,
      "a number is compared with a boolean", "" },
    { EXCLUDE("cpu.width == 'a'"), 8, 27, "a number is compared with text",
      "" },
    { EXCLUDE("kernel.model < v6.0"), 8, 14, "only numbers have an order", "" },
    { EXCLUDE("kernel.model == v6.00"), 8, 30, "there is no model 'v6.00'",
      "'v6.0'" },
    { EXCLUDE("vm.type == sve"), 8, 25, "there is no type 'sve'", "'sev'" },
    { EXCLUDE("cpu.width = 51"), 8, 24, "'= 51' is not understood", "==" },
    { EXCLUDE("cpu.width < 051"), 8, 26, "leading zero", "" },
    { EXCLUDE("cpu.width < 18446744073709551616"), 8, 26,
      "does not fit 64 bits", "" },
    { EXCLUDE("(true"), 8, 19, "')' is missing", "" },
    { EXCLUDE("true)"), 8, 18, "')' is not understood", "" },
    { EXCLUDE("true &&"), 8, 21, "a name or a value is needed", "" },
    { EXCLUDE("kernel.model == 'v6.0"), 8, 30, "never closed", "" },
    { EXCLUDE("cpu.width == 1 == true"), 8, 29, "is not understood", "" },
};

START_TEST(a_bad_matrix_is_refused_at_its_place)
{
    story_is_refused(&y, bad[_i].text, bad[_i].line, bad[_i].col, bad[_i].words,
                     bad[_i].hint);
}
END_TEST

static void nested(const char *open, unsigned depth, const char *words)
{
    struct buf text = BUF_INIT;

    buf_adds(&text, MATRIX("  axes: {}\n  exclude: [\""));
    for (unsigned i = 0; i < depth; i++)
        buf_adds(&text, open);
    buf_adds(&text, "true\"]\n");
    ck_assert_int_lt(story_load(&y, text.data), 0);
    ck_assert_msg(strstr(y.e.msg, words), "%s", y.e.msg);
    buf_free(&text);
}

START_TEST(deep_and_long_conditions_are_refused_not_followed)
{
    nested("(", 65, "nested more than 64 deep");
    nested("!", 65, "nested more than 64 deep");
    nested("true && ", 100000, "more than 1000 characters");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("matrix");
    TCase *t = tcase_create("matrix");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t,
                   every_combination_is_a_point_and_the_last_axis_runs_fastest);
    tcase_add_test(t, booleans_and_words_vary_too);
    tcase_add_test(t, a_hexadecimal_range_counts_in_steps_of_one);
    tcase_add_test(t, models_may_stand_in_the_axes_only);
    tcase_add_test(t, an_empty_matrix_has_one_point);
    tcase_add_test(t, ten_million_points_are_made_when_they_are_asked_for);
    tcase_add_test(t, steps_are_the_same_in_every_point);
    tcase_add_test(t, a_setting_pins_its_axis);
    tcase_add_test(t, a_matrix_too_large_for_one_run_is_shared_between_many);
    tcase_add_test(t, the_values_of_a_point_can_be_asked_for);
    tcase_add_test(t, every_cpu_of_an_axis_is_a_start_of_its_own);
    tcase_add_test(t, an_excluded_point_says_so_even_if_it_could_not_be_built);
    tcase_add_test(t, a_point_gets_the_expectations_whose_condition_holds);
    tcase_add_loop_test(t, a_condition_is_true_or_false, 0,
                        (int)ARRAY_SIZE(conditions));
    tcase_add_loop_test(t, a_bad_matrix_is_refused_at_its_place, 0,
                        (int)ARRAY_SIZE(bad));
    tcase_add_test(t, deep_and_long_conditions_are_refused_not_followed);
    return run_suite(s);
}
