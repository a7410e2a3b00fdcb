/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables that fill structs: on a garden, which nobody takes for a CPU. */
#include "load/field.h"
#include "load/yaml.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

enum season { SPRING, SUMMER };

struct bed {
    uint64_t length;
    struct mark at;
};

struct garden {
    unsigned trees;
    uint8_t depth;
    bool fenced;
    enum season season;
    const char *owner, *story;
    unsigned n_tags, n_beds;
    const char **tags;
    struct bed *beds;
    bool birds[2];
    struct {
        unsigned water;
        struct mark water_at;
    } pond;
    const struct node *shed;
};

static const char *const seasons[] = { "spring", "summer" };
static const uint64_t depths[] = { 1, 2, 4 };

static const char *bird(unsigned i)
{
    static const char *const names[] = { "robin", "wren" };

    return names[i];
}

static const struct field bed_fields[] = {
    { .key = "length",
      .type = FIELD_NUMBER,
      .required = true,
      MEMBER(struct bed, length),
      .max = UINT64_MAX },
};
static const struct bed new_bed = { .length = 7 };
static const struct field_table bed_table = {
    .name = "beds",
    .fields = bed_fields,
    .n = ARRAY_SIZE(bed_fields),
    .size = sizeof(struct bed),
    .init = &new_bed,
    .at = offsetof(struct bed, at),
};

static const struct field pond_fields[] = {
    { .key = "water",
      .type = FIELD_NUMBER,
      MEMBER(struct garden, pond.water),
      .max = 9,
      .at = offsetof(struct garden, pond.water_at) },
};
static const struct field_table pond_table = { .name = "pond",
                                               .fields = pond_fields,
                                               .n = ARRAY_SIZE(pond_fields) };

static const struct field garden_fields[] = {
    { .key = "trees",
      .type = FIELD_NUMBER,
      .required = true,
      MEMBER(struct garden, trees),
      .min = 2,
      .max = 9 },
    { .key = "depth",
      .type = FIELD_NUMBER,
      MEMBER(struct garden, depth),
      .choice = depths,
      .n = ARRAY_SIZE(depths) },
    { .key = "fenced", .type = FIELD_BOOL, MEMBER(struct garden, fenced) },
    { .key = "season",
      .type = FIELD_WORD,
      MEMBER(struct garden, season),
      .words = seasons,
      .n = ARRAY_SIZE(seasons) },
    { .key = "owner", .type = FIELD_TEXT, MEMBER(struct garden, owner) },
    { .key = "story", .type = FIELD_PROSE, MEMBER(struct garden, story) },
    { .key = "tags",
      .type = FIELD_TEXTS,
      .n = 2,
      .offset = offsetof(struct garden, tags),
      .count = offsetof(struct garden, n_tags) },
    { .key = "beds",
      .type = FIELD_LIST,
      .table = &bed_table,
      .offset = offsetof(struct garden, beds),
      .count = offsetof(struct garden, n_beds) },
    { .key = "birds",
      .type = FIELD_FLAGS,
      .n = 2,
      .flag_name = bird,
      .offset = offsetof(struct garden, birds) },
    { .key = "pond", .type = FIELD_GROUP, .table = &pond_table },
    { .key = "shed",
      .type = FIELD_NODE,
      .offset = offsetof(struct garden, shed) },
};
static const struct field_table garden_table = {
    .name = "garden", .fields = garden_fields, .n = ARRAY_SIZE(garden_fields)
};

static struct pool *pool;
static struct garden g;
static struct err e;

static void setup(void)
{
    pool = pool_create();
    memset(&g, 0, sizeof(g));
    e = (struct err) { 0 };
}

static void teardown(void)
{
    pool_destroy(pool);
}

static int fill(const char *text)
{
    const struct node *root = yaml_text(pool, text, strlen(text), "t.yaml", &e);

    ck_assert_msg(root != NULL, "%s", e.msg);
    return fields_fill(pool, &garden_table, root, &g, &e);
}

static const char good[] = "trees: 0x3\n"
                           "depth: 4\n"
                           "fenced: true\n"
                           "season: summer\n"
                           "owner: 'Ada L.'\n"
                           "story: |\n  Once.\n  Twice.\n"
                           "tags: [a, b]\n"
                           "beds: [{length: 64KiB}, {length: 2}]\n"
                           "birds: {wren: true}\n"
                           "pond: {water: 8}\n"
                           "shed: [anything]\n";

START_TEST(every_kind_of_field_reaches_its_member)
{
    ck_assert_msg(fill(good) == 0, "%s", e.msg);
    ck_assert_uint_eq(g.trees, 3);
    ck_assert_uint_eq(g.depth, 4);
    ck_assert(g.fenced);
    ck_assert_int_eq(g.season, SUMMER);
    ck_assert_str_eq(g.owner, "Ada L.");
    ck_assert_str_eq(g.story, "Once.\nTwice.\n");
    ck_assert_uint_eq(g.n_tags, 2);
    ck_assert_str_eq(g.tags[1], "b");
    ck_assert_uint_eq(g.n_beds, 2);
    ck_assert_uint_eq(g.beds[0].length, 65536);
    ck_assert_uint_eq(g.beds[1].at.line, 10);
    ck_assert(!g.birds[0] && g.birds[1]);
    ck_assert_uint_eq(g.pond.water, 8);
    ck_assert_uint_eq(g.pond.water_at.line, 12);
    ck_assert_int_eq(g.shed->kind, NODE_LIST);
}
END_TEST

START_TEST(what_is_not_written_stays_what_it_was)
{
    g.owner = "before";
    g.birds[0] = true;
    ck_assert_int_eq(fill("trees: 2\nbirds: {wren: true}\n"), 0);
    ck_assert_str_eq(g.owner, "before");
    ck_assert(g.birds[0] && g.birds[1]);
}
END_TEST

static const struct {
    const char *text;
    unsigned line, col;
    const char *words, *hint;
} refusals[] = {
    { "fenced: true\n", 1, 1, "'trees' is missing", "" },
    { "tree: 3\n", 1, 1, "unknown key 'tree' in garden", "trees" },
    { "trees: 3\nxyzzy: 1\n", 2, 1, "unknown key 'xyzzy'", "trees, depth" },
    { "trees: 1\n", 1, 8, "trees: 1 is not in 2..9", "" },
    { "trees: 10\n", 1, 8, "trees: 10 is not in 2..9", "" },
    { "trees: many\n", 1, 8, "not a number", "" },
    { "trees: 3\ndepth: 3\n", 2, 8, "depth: 3 is not one of 1, 2, 4", "" },
    { "trees: 3\nfenced: yes\n", 2, 9, "not a boolean", "true and false" },
    { "trees: 3\nseason: sumer\n", 2, 9, "is not one of spring, summer",
      "summer" },
    { "trees: 3\nowner: ''\n", 2, 8, "owner is empty", "" },
    { "trees: 3\nowner: \"a\\nb\"\n", 2, 8, "one line", "" },
    { "trees: 3\nowner: [a]\n", 2, 8, "a list", "" },
    { "trees: 3\nstory: \" \\n \"\n", 2, 8, "story is empty", "" },
    { "trees: 3\ntags: a\n", 2, 7, "a list is needed", "" },
    { "trees: 3\ntags: [a, b, c]\n", 2, 14, "3 entries, there may be 2", "" },
    { "trees: 3\nbeds: {length: 1}\n", 2, 7, "a list is needed", "" },
    { "trees: 3\nbeds: [{}]\n", 2, 8, "'length' is missing", "" },
    { "trees: 3\nbeds: [{length: 1}, 5]\n", 2, 21, "a mapping is needed", "" },
    { "trees: 3\nbirds: {rbin: true}\n", 2, 9, "unknown name 'rbin'", "robin" },
    { "trees: 3\npond: 5\n", 2, 7, "a mapping is needed", "" },
    { "trees: 3\npond: {water: 10}\n", 2, 15, "10 is not in 0..9", "" },
};

START_TEST(a_bad_field_is_refused_at_its_place_with_a_hint)
{
    ck_assert_int_eq(fill(refusals[_i].text), -1);
    ck_assert_msg(e.at.line == refusals[_i].line &&
                      e.at.col == refusals[_i].col &&
                      strstr(e.msg, refusals[_i].words) &&
                      strstr(e.hint, refusals[_i].hint),
                  "%u:%u: %s (%s)", e.at.line, e.at.col, e.msg, e.hint);
}
END_TEST

START_TEST(a_value_can_be_read_back_by_its_path)
{
    struct field_ref ref;

    ck_assert_int_eq(fill(good), 0);
    ck_assert(field_resolve(&garden_table, "trees", &ref));
    ck_assert_uint_eq(field_ref_value(&ref, &g).number, 3);
    ck_assert(field_resolve(&garden_table, "depth", &ref));
    ck_assert_uint_eq(field_ref_value(&ref, &g).number, 4);
    ck_assert(field_resolve(&garden_table, "season", &ref));
    ck_assert_int_eq(field_ref_kind(&ref), VALUE_TEXT);
    ck_assert_str_eq(field_ref_value(&ref, &g).text, "summer");
    ck_assert(field_resolve(&garden_table, "birds.wren", &ref));
    ck_assert_int_eq(field_ref_kind(&ref), VALUE_BOOL);
    ck_assert_uint_eq(field_ref_value(&ref, &g).number, 1);
    ck_assert(field_resolve(&garden_table, "pond.water", &ref));
    ck_assert_uint_eq(field_ref_value(&ref, &g).number, 8);
}
END_TEST

START_TEST(a_path_that_leads_to_no_single_value_is_not_resolved)
{
    static const char *const paths[] = {
        "",          "tree",        "pond", "pond.",      "pond.fish", "birds",
        "birds.owl", "beds.length", "tags", "trees.high", ".",         "shed",
    };
    struct field_ref ref;

    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        ck_assert_msg(!field_resolve(&garden_table, paths[i], &ref), "'%s'",
                      paths[i]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("field");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, every_kind_of_field_reaches_its_member);
    tcase_add_test(t, what_is_not_written_stays_what_it_was);
    tcase_add_loop_test(t, a_bad_field_is_refused_at_its_place_with_a_hint, 0,
                        ARRAY_SIZE(refusals));
    tcase_add_test(t, a_value_can_be_read_back_by_its_path);
    tcase_add_test(t, a_path_that_leads_to_no_single_value_is_not_resolved);
    suite_add_tcase(s, t);
    return run_suite(s);
}
