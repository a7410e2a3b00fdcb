/* SPDX-License-Identifier: GPL-2.0-only */
/* What a file may look like, and the place at which a bad one is refused. */
#include "load/yaml.h"
#include "unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct pool *pool;
static struct err e;

static void setup(void)
{
    pool = pool_create();
    e = (struct err) { 0 };
}

static void teardown(void)
{
    pool_destroy(pool);
}

static const struct node *parse(const char *text, size_t len)
{
    return yaml_text(pool, text, len, "t.yaml", &e);
}

static void is_refused(unsigned line, unsigned col, const char *words)
{
    ck_assert_msg(e.set && e.at.line == line && e.at.col == col &&
                      strstr(e.msg, words),
                  "%u:%u: %s (wanted %u:%u: ... %s)", e.at.line, e.at.col,
                  e.msg, line, col, words);
    ck_assert_str_eq(e.at.file, "t.yaml");
}

/* ---- what is read ---- */

START_TEST(every_node_knows_its_place)
{
    static const char text[] = "# a comment\n"
                               "cpu: {model: milan}\n"
                               "list:\n"
                               "  - 0x10\n"
                               "  - 'quoted'\n";
    const struct node *root = parse(text, strlen(text));
    const struct node *model, *list;

    ck_assert_msg(root != NULL, "%s", e.msg);
    model = node_at(root, "cpu.model");
    ck_assert_str_eq(model->text, "milan");
    ck_assert_uint_eq(model->at.line, 2);
    ck_assert_uint_eq(model->at.col, 14);
    ck_assert_uint_eq(model->at.span, 5);
    ck_assert_uint_eq(node_entry(root, "list")->key_at.line, 3);
    ck_assert_uint_eq(node_entry(root, "list")->key_at.span, 4);
    list = node_get(root, "list");
    ck_assert_int_eq(list->kind, NODE_LIST);
    ck_assert_uint_eq(list->n, 2);
    ck_assert(!list->entry[0].value->quoted);
    ck_assert(list->entry[1].value->quoted);
    ck_assert_uint_eq(list->entry[1].value->at.line, 5);
}
END_TEST

START_TEST(a_mapping_of_many_keys_keeps_them_in_order)
{
    struct buf b = BUF_INIT;
    const struct node *root;

    for (unsigned i = 0; i < 1000; i++)
        buf_printf(&b, "k%u: %u\n", i, i);
    root = parse(b.data, b.len);
    ck_assert_msg(root && root->n == 1000, "%s", e.msg);
    ck_assert_str_eq(root->entry[999].key, "k999");
    buf_free(&b);
}
END_TEST

START_TEST(a_replaced_node_leaves_the_old_tree_alone)
{
    static const char text[] = "cpu: {model: milan, set: {cbit: 51}}";
    const struct mark at = { .file = "--set cpu.set.cbit=50" };
    const struct node *root = parse(text, strlen(text)), *v, *with;

    v = yaml_value(pool, "50", at, &e);
    with = node_with(pool, root, "cpu.set.cbit", at, v, &e);
    ck_assert_str_eq(node_at(with, "cpu.set.cbit")->text, "50");
    ck_assert_str_eq(node_at(with, "cpu.model")->text, "milan");
    ck_assert_str_eq(node_at(root, "cpu.set.cbit")->text, "51");
    with = node_with(pool, with, "vm.type", at, v, &e);
    ck_assert_str_eq(node_at(with, "vm.type")->text, "50");
    ck_assert_ptr_null(node_with(pool, with, "cpu.model.sub", at, v, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "no mapping"));
    ck_assert_str_eq(e.at.file, "--set cpu.set.cbit=50");
}
END_TEST

/* ---- what is refused ---- */

static const struct {
    const char *text;
    unsigned line, col;
    const char *words;
} refusals[] = {
    { "", 1, 1, "nothing in it" },
    { "# only a comment\n", 1, 1, "nothing in it" },
    { "a: 1\nb: [1, 2\nc: 3\n", 3, 2, "YAML" },
    { "a: 1\n\tb: 2\n", 2, 1, "YAML" },
    { "a: 'open\n", 2, 1, "YAML" },
    { "a: 1\nb: 2\na: 3\n", 3, 1, "'a' stands here twice" },
    { "a: {x: 1, y: 2, x: 3}\n", 1, 17, "'x' stands here twice" },
    { "a: 1\n\"a\": 2\n", 2, 1, "twice" },
    { "a: &x 1\nb: *x\n", 1, 4, "anchor '&x'" },
    { "a: *x\n", 1, 4, "alias '*x'" },
    { "a: !!int 3\n", 1, 4, "tag" },
    { "a: !secret 3\n", 1, 4, "tag '!secret'" },
    { "a: !!python/object:os.system {}\n", 1, 4, "tag" },
    { "a: ! 3\n", 1, 4, "tag" },
    { "b:\n  <<: {a: 1}\n", 2, 3, "merge key" },
    { "? [1, 2]\n: 3\n", 1, 3, "a key must be a word, this is a list" },
    { "a: 1\n---\nb: 2\n", 2, 1, "second document" },
    { "a: 1\n...\n---\nb: 2\n", 3, 1, "second document" },
    { "a: \"x\\0y\"\n", 1, 4, "control character" },
    { "a: \"x\\e[31my\"\n", 1, 4, "control character" },
    { "a: b\nc: \xff\xfe\n", 2, 4, "not UTF-8" },
    { "a: \xc3\xa4\xc3\xa4 \x01\n", 1, 7, "not UTF-8 text: control" },
};

START_TEST(a_bad_file_is_refused_at_its_place)
{
    ck_assert_ptr_null(parse(refusals[_i].text, strlen(refusals[_i].text)));
    is_refused(refusals[_i].line, refusals[_i].col, refusals[_i].words);
}
END_TEST

START_TEST(a_binary_file_is_refused_at_its_first_nul)
{
    static const char elf[] = "a: 1\n\x7f\x00\x01";

    ck_assert_ptr_null(parse(elf, sizeof(elf) - 1));
    is_refused(2, 2, "not a text file");
}
END_TEST

START_TEST(an_alias_bomb_ends_at_its_first_anchor)
{
    static const char bomb[] = "a: &a [x,x,x,x,x,x,x,x,x]\n"
                               "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                               "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n";

    ck_assert_ptr_null(parse(bomb, strlen(bomb)));
    is_refused(1, 4, "anchor '&a'");
}
END_TEST

/* ---- limits ---- */

static const struct {
    const char *piece;
    unsigned pieces;
    const char *words;
} floods[] = {
    { "[", 200000, "deep" },
    { "{a: ", 200000, "deep" },
    { "- ", 200000, "deep" },
    { "? ", 200000, "deep" },
    { "[\n", 200000, "deep" },
    { "[],", 200000, "YAML" },
    { "- a\n", 300000, "values in one file" },
};

/* Two seconds under sanitizers: a quadratic reader needs minutes. */
START_TEST(a_flood_ends_in_an_error_at_once)
{
    struct timespec from, to;
    struct buf b = BUF_INIT;

    for (unsigned i = 0; i < floods[_i].pieces; i++)
        buf_adds(&b, floods[_i].piece);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    ck_assert_ptr_null(parse(b.data, b.len));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    ck_assert_msg(strstr(e.msg, floods[_i].words) != NULL, "%s", e.msg);
    ck_assert_int_lt(to.tv_sec - from.tv_sec, 2);
    buf_free(&b);
}
END_TEST

START_TEST(depth_64_is_read_and_65_is_not)
{
    struct buf b = BUF_INIT;
    unsigned depth = 64 + (unsigned)_i;

    for (unsigned i = 0; i < depth; i++)
        buf_addc(&b, '[');
    for (unsigned i = 0; i < depth; i++)
        buf_addc(&b, ']');
    if (_i == 0)
        ck_assert_ptr_nonnull(parse(b.data, b.len));
    else
        ck_assert_ptr_null(parse(b.data, b.len));
    if (_i)
        is_refused(1, 65, "nested more than 64 deep");
    buf_free(&b);
}
END_TEST

START_TEST(a_file_over_4_mib_is_refused_before_it_is_parsed)
{
    char path[] = "/tmp/nptsim-yaml-XXXXXX";
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, YAML_MAX_BYTES + 1), 0);
    close(fd);
    ck_assert_ptr_null(yaml_file(pool, path, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "larger than 4194304 bytes"));
    unlink(path);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_an_error_with_its_name)
{
    ck_assert_ptr_null(yaml_file(pool, "/nonexistent/a.yaml", &e));
    ck_assert_str_eq(e.at.file, "/nonexistent/a.yaml");
    ck_assert_ptr_nonnull(strstr(e.msg, "No such file"));
}
END_TEST

/* ---- scalars ---- */

static const struct {
    const char *text;
    const char *words; /* NULL: good */
    uint64_t value;
} numbers[] = {
    { "64MiB", NULL, 64ULL << 20 },
    { "0xffff_ffff_ffff_ffff", NULL, UINT64_MAX },
    { "18446744073709551616", "does not fit 64 bits", 0 },
    { "0x1ffffffffffffffff", "does not fit 64 bits", 0 },
    { "010", "leading zero", 0 },
    { "64MB", "suffix", 0 },
    { "0o17", "suffix", 0 },
    { "1e3", "suffix", 0 },
    { "-1", "not a number", 0 },
    { "1.5", "not a number", 0 },
    { "'5'", "is text", 0 },
    { "true", "not a number", 0 },
    { "~", "not a number", 0 },
    { "[1]", "a single value", 0 },
};

START_TEST(a_number_fits_64_bits_or_is_refused_with_a_reason)
{
    struct buf b = BUF_INIT;
    uint64_t v = 0;
    const struct node *n;
    int ret;

    buf_printf(&b, "a: %s\n", numbers[_i].text);
    n = node_get(parse(b.data, b.len), "a");
    ret = node_number(n, "a", &v, &e);
    if (numbers[_i].words)
        is_refused(1, 4, numbers[_i].words);
    else
        ck_assert_msg(ret == 0 && v == numbers[_i].value, "%s", e.msg);
    buf_free(&b);
}
END_TEST

START_TEST(only_true_and_false_are_booleans)
{
    static const char *const others[] = { "yes",  "no",    "on",     "off",
                                          "True", "FALSE", "'true'", "1" };
    struct buf b = BUF_INIT;
    const struct node *root;
    bool v = true;

    root = parse("a: false", 8);
    ck_assert_int_eq(node_bool(node_get(root, "a"), "a", &v, &e), 0);
    ck_assert(!v);
    buf_printf(&b, "a: %s", others[_i]);
    root = parse(b.data, b.len);
    ck_assert_int_eq(node_bool(node_get(root, "a"), "a", &v, &e), -1);
    is_refused(1, 4, "is not a boolean");
    buf_free(&b);
}
END_TEST

/* Every beginning of a good file, and every file with one byte flipped, is
 * read or refused with a place; nothing else. */
START_TEST(damaged_text_is_read_or_refused_never_worse)
{
    static const char text[] =
        "a: {b: [1, 0x2, \"\\x41\"], c: 'd'}\n# \xc3\xa4\n- e\n? f\n: |\n  g\n";
    char copy[sizeof(text)];

    for (size_t len = 0; len < sizeof(text); len++) {
        e = (struct err) { 0 };
        ck_assert(parse(text, len) || (e.set && e.at.line));
    }
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        memcpy(copy, text, sizeof(text));
        copy[i] = (char)(copy[i] ^ 1 << _i);
        e = (struct err) { 0 };
        ck_assert(parse(copy, sizeof(text) - 1) || (e.set && e.at.line));
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("yaml");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, every_node_knows_its_place);
    tcase_add_test(t, a_mapping_of_many_keys_keeps_them_in_order);
    tcase_add_test(t, a_replaced_node_leaves_the_old_tree_alone);
    tcase_add_loop_test(t, a_bad_file_is_refused_at_its_place, 0,
                        ARRAY_SIZE(refusals));
    tcase_add_test(t, a_binary_file_is_refused_at_its_first_nul);
    tcase_add_test(t, an_alias_bomb_ends_at_its_first_anchor);
    tcase_add_loop_test(t, a_flood_ends_in_an_error_at_once, 0,
                        ARRAY_SIZE(floods));
    tcase_add_loop_test(t, depth_64_is_read_and_65_is_not, 0, 2);
    tcase_add_test(t, a_file_over_4_mib_is_refused_before_it_is_parsed);
    tcase_add_test(t, a_file_that_is_not_there_is_an_error_with_its_name);
    tcase_add_loop_test(t, a_number_fits_64_bits_or_is_refused_with_a_reason, 0,
                        ARRAY_SIZE(numbers));
    tcase_add_loop_test(t, only_true_and_false_are_booleans, 0, 8);
    tcase_add_loop_test(t, damaged_text_is_read_or_refused_never_worse, 0, 8);
    suite_add_tcase(s, t);
    return run_suite(s);
}
