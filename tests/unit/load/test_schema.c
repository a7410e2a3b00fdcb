/* SPDX-License-Identifier: GPL-2.0-only */
/* The JSON schema and the list of fields say what the parser takes. */
#include "arch/cpuid.h"
#include "load.h"
#include "unit/suite.h"

#include <check.h>
#include <jansson.h>
#include <string.h>

static json_t *schema;

static void setup(void)
{
    struct buf b = BUF_INIT;

    load_schema(&b);
    schema = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(schema);
    buf_free(&b);
}

static void teardown(void)
{
    json_decref(schema);
}

/* The schema at a dotted path of the scenario. */
static json_t *at(const char *path)
{
    json_t *s = schema;

    while (s && *path) {
        size_t len = strcspn(path, ".");
        char key[64];

        ck_assert_uint_lt(len, sizeof(key));
        memcpy(key, path, len);
        key[len] = '\0';
        if (json_object_get(s, "items"))
            s = json_object_get(s, "items");
        s = json_object_get(json_object_get(s, "properties"), key);
        path += len + (path[len] == '.');
    }
    ck_assert_msg(s != NULL, "no schema at ... %s", path);
    return s;
}

static bool has(const json_t *list, const char *word)
{
    size_t i;
    json_t *v;

    json_array_foreach(list, i, v) if (json_is_string(v) &&
                                       strcmp(json_string_value(v), word) ==
                                           0) return true;
    return false;
}

START_TEST(it_calls_itself_draft_2020_12)
{
    ck_assert_str_eq(json_string_value(json_object_get(schema, "$schema")),
                     "https://json-schema.org/draft/2020-12/schema");
}
END_TEST

START_TEST(what_a_scenario_must_have_is_required)
{
    static const char *const keys[] = { "schema", "name", "why", "cpu" };
    static const char *const hosts[] = { "kernel", "bare" };
    const json_t *required = json_object_get(schema, "required");
    const json_t *one_of = json_object_get(schema, "oneOf");

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        ck_assert_msg(has(required, keys[i]), "%s", keys[i]);
    ck_assert(!has(required, "matrix"));
    ck_assert_uint_eq(json_array_size(one_of), ARRAY_SIZE(hosts));
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
        ck_assert(has(json_object_get(json_array_get(one_of, i), "required"),
                      hosts[i]));
    required =
        json_object_get(json_object_get(at("steps"), "items"), "required");
    ck_assert(has(required, "id"));
}
END_TEST

/* The ranges that the scenario format promises. */
static const struct {
    const char *path;
    int min, max;
} ranges[] = {
    { "cpu.set.maxphyaddr_raw", 32, 52 },
    { "cpu.set.phys_reduction", 0, 20 },
    { "vm.vcpus", 1, 8 },
};

START_TEST(a_number_has_its_range)
{
    const json_t *any = json_object_get(at(ranges[_i].path), "anyOf");
    const json_t *plain = json_array_get(any, 0);

    ck_assert_int_eq(json_integer_value(json_object_get(plain, "minimum")),
                     ranges[_i].min);
    ck_assert_int_eq(json_integer_value(json_object_get(plain, "maximum")),
                     ranges[_i].max);
}
END_TEST

START_TEST(words_are_those_of_the_parser)
{
    static const struct {
        const char *path, *word;
    } words[] = {
        { "vm.type", "sev-es" },           { "guest.paging", "4-level" },
        { "guest.vc_handler", "none" },    { "schema", "nptsim/scenario/v1" },
        { "vm.memory.host_page", "2MiB" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        ck_assert_msg(
            has(json_object_get(at(words[i].path), "enum"), words[i].word),
            "%s", words[i].path);
}
END_TEST

START_TEST(every_feature_fact_and_event_has_its_place)
{
    const json_t *defs = json_object_get(schema, "$defs");
    const json_t *names =
        json_object_get(json_object_get(defs, "event_name"), "enum");

    for (unsigned i = 0; i < N_FEATURES; i++)
        ck_assert_ptr_nonnull(json_object_get(
            json_object_get(at("cpu.set.features"), "properties"),
            feature_table[i].name));
    for (unsigned i = 0; i < n_facts; i++)
        ck_assert_ptr_nonnull(
            json_object_get(json_object_get(at("expect.facts"), "properties"),
                            fact_table[i].name));
    for (unsigned i = 0; i < N_EVENTS; i++)
        ck_assert(has(names, event_table[i].name));
}
END_TEST

START_TEST(unknown_keys_are_refused_everywhere)
{
    static const char *const maps[] = { "",       "cpu",       "cpu.set",
                                        "kernel", "vm",        "vm.memory",
                                        "guest",  "guest.map", "steps",
                                        "expect", "matrix" };

    for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
        const json_t *s = at(maps[i]), *items = json_object_get(s, "items");

        s = json_object_get(items ? items : s, "additionalProperties");
        ck_assert_msg(json_is_false(s), "%s", maps[i]);
    }
}
END_TEST

START_TEST(the_shipped_schema_is_the_one_that_is_printed)
{
    struct buf now = BUF_INIT, shipped = BUF_INIT;
    struct err e = { 0 };

    load_schema(&now);
    ck_assert_msg(read_file(&shipped, "schema/scenario-v1.json", 1 << 22, &e) ==
                      0,
                  "%s", e.msg);
    ck_assert_msg(strcmp(now.data, shipped.data) == 0,
                  "schema/scenario-v1.json is old: run make schema");
    buf_free(&now);
    buf_free(&shipped);
}
END_TEST

START_TEST(the_list_of_fields_has_type_and_meaning_for_each)
{
    struct pool *pool = pool_create();
    const struct field_doc *docs;
    unsigned n = load_fields(pool, &docs);
    bool raw = false, gpa = false;

    ck_assert_uint_gt(n, 60);
    for (unsigned i = 0; i < n; i++) {
        ck_assert_msg(docs[i].type[0], "%s", docs[i].path);
        ck_assert_msg(docs[i].doc[0], "%s", docs[i].path);
        raw |= strcmp(docs[i].path, "cpu.set.maxphyaddr_raw") == 0 &&
               strcmp(docs[i].type, "number 32..52") == 0;
        gpa |= strcmp(docs[i].path, "vm.memory[].gpa") == 0 && docs[i].required;
    }
    ck_assert(raw && gpa);
    pool_destroy(pool);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("schema");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, it_calls_itself_draft_2020_12);
    tcase_add_test(t, what_a_scenario_must_have_is_required);
    tcase_add_loop_test(t, a_number_has_its_range, 0, ARRAY_SIZE(ranges));
    tcase_add_test(t, words_are_those_of_the_parser);
    tcase_add_test(t, every_feature_fact_and_event_has_its_place);
    tcase_add_test(t, unknown_keys_are_refused_everywhere);
    tcase_add_test(t, the_shipped_schema_is_the_one_that_is_printed);
    tcase_add_test(t, the_list_of_fields_has_type_and_meaning_for_each);
    suite_add_tcase(s, t);
    return run_suite(s);
}
