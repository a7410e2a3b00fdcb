/* SPDX-License-Identifier: GPL-2.0-only */
/* Translations picked out of hand-made streams of events, and their drawing. */
#include "arch/paging.h"
#include "render.h"
#include "unit/suite.h"

#include <check.h>
#include <jansson.h>
#include <string.h>

#define GVA 0x7fe812345678ULL

static struct pool *pool;
static struct trace trace;
static struct walk_recorder *recorder;
static struct buf out;

static void setup(void)
{
    pool = pool_create();
    trace_init(&trace, pool);
    recorder = walk_recorder_create(pool);
    trace_add_sink(&trace, walk_recorder_sink, recorder);
    out = (struct buf)BUF_INIT;
}

static void teardown(void)
{
    buf_free(&out);
    pool_destroy(pool);
}

/* ---- walks as the CPU tells them ---- */

/* Nested entries for @gpa from level @top down to @leaf; each slot is unique:
 * 0xn000 + level, so that tests can blame one. */
static void tell_nested(gpa_t gpa, unsigned top, unsigned leaf)
{
    for (unsigned level = top; level >= leaf; level--)
        TRACE(&trace, npt_step, .level = level, .of = top, .gpa = gpa,
              .slot = gpa + 8 * level,
              .pte = level > 1 && level == leaf ? 0xe7 : 0x67);
}

/* The guest's entries down to @leaf, without the final nested walk. Each lies
 * at guest-physical 0x10000 * its level. */
static void tell_guest(unsigned top, unsigned leaf, unsigned nested,
                       unsigned nested_leaf)
{
    for (unsigned level = top; level >= leaf; level--) {
        if (nested)
            tell_nested(0x10000 * level, nested, nested_leaf);
        TRACE(&trace, gpt_step, .level = level, .of = top, .gva = GVA,
              .slot = 0xabc0000 + 8 * level,
              .pte = level > 1 && level == leaf ? 0xe7 : 0x67);
    }
}

static void tell_walk(unsigned top, unsigned nested)
{
    tell_guest(top, 1, nested, 1);
    if (nested)
        tell_nested(0x5678, nested, 1);
    TRACE(&trace, data, .gva = GVA, .gpa = 0x5678, .spa = 0x45678, .size = 4);
}

static const struct walk_story *story(unsigned i)
{
    const struct walk_story *s = walk_recorder_story(recorder, i);

    ck_assert_ptr_nonnull(s);
    return s;
}

static const char *draw(unsigned i)
{
    buf_clear(&out);
    walk_draw(&out, story(i));
    return out.data;
}

static void assert_says(const char *text, const char *word)
{
    ck_assert_msg(strstr(text, word), "no '%s' in:\n%s", word, text);
}

static size_t longest_line(const char *text)
{
    size_t longest = 0;

    while (*text) {
        size_t len = strcspn(text, "\n");

        longest = len > longest ? len : longest;
        text += len + (text[len] == '\n');
    }
    return longest;
}

/* ---- claims ---- */

/* APM vol. 2, 15.25.4: a walk of g levels over n has g * (n + 1) + n entries:
 * 24 of 4 over 4, 35 of 5 over 5. */
START_TEST(every_pair_of_modes_has_its_number_of_references)
{
    unsigned guest = 2 + (unsigned)_i / 4, nested = 2 + (unsigned)_i % 4;
    char last[8];

    tell_walk(guest, nested);
    ck_assert_uint_eq(story(0)->n, guest * (nested + 1) + nested);
    ck_assert_int_eq(story(0)->end, STORY_OK);
    ck_assert_uint_eq(story(0)->spa, 0x45678);
    ck_assert_ptr_null(walk_recorder_story(recorder, 1));
    snprintf(last, sizeof(last), " %u ", story(0)->n);
    assert_says(draw(0), last);
    assert_says(out.data, "memory\n");
    ck_assert_uint_le(longest_line(out.data), 100);
}
END_TEST

START_TEST(each_nested_entry_knows_for_which_guest_entry_it_is)
{
    const struct walk_story *s;

    tell_walk(4, 4);
    s = story(0);
    for (unsigned i = 0; i < 24; i++)
        ck_assert_uint_eq(s->entry[i].guest_level, 4 - i / 5);
}
END_TEST

START_TEST(large_pages_shorten_rows_and_are_named)
{
    tell_guest(4, 2, 4, 3);
    tell_nested(0x5678, 4, 2);
    TRACE(&trace, data, .gva = GVA, .gpa = 0x5678, .spa = 0x45678, .size = 4);
    ck_assert_uint_eq(story(0)->n, 3 * 3 + 3);
    draw(0);
    assert_says(out.data, " 2 1G ");
    assert_says(out.data, "12 2M ");
    assert_says(out.data, "2M write user accessed dirty");
    assert_says(out.data, "PDE[145], offset 0x145678");
    ck_assert_ptr_null(strstr(out.data, "guest PTE"));
}
END_TEST

START_TEST(legacy_tables_are_indexed_by_ten_bits)
{
    TRACE(&trace, gpt_step, .level = 2, .of = 2, .gva = 0xc0401234,
          .slot = 0x1000, .pte = 0x2067);
    TRACE(&trace, gpt_step, .level = 1, .of = 2, .gva = 0xc0401234,
          .slot = 0x2004, .pte = 0x3067);
    TRACE(&trace, data, .gva = 0xc0401234, .spa = 0x3234, .size = 4);
    assert_says(draw(0), "PDE[769], PTE[1], offset 0x234");
}
END_TEST

/* APM vol. 2, figures 5-21 ff.: bits 6 and 8 of an entry that leads to a table
 * are ignored. Without CR4.PSE so is bit 7 of a PDE. */
START_TEST(what_is_ignored_is_not_named)
{
    TRACE(&trace, gpt_step, .level = 2, .of = 2, .gva = GVA, .slot = 0x1000,
          .pte = 0x21e7);
    TRACE(&trace, gpt_step, .level = 1, .of = 2, .gva = GVA, .slot = 0x2004,
          .pte = 0x3167);
    TRACE(&trace, data, .gva = GVA, .spa = 0x3234, .size = 4);
    assert_says(draw(0), "0x00000000000021e7  write user accessed\n");
    assert_says(out.data, "  write user accessed dirty global\n");
}
END_TEST

/* Page-walk caches kept what is above: nothing tells of a 32-bit PDE. */
START_TEST(a_walk_that_begins_in_the_middle_says_so)
{
    TRACE(&trace, gpt_step, .level = 2, .of = 4, .gva = GVA, .slot = 0x1000,
          .pte = 0xe7);
    tell_nested(0x5678, 4, 1);
    TRACE(&trace, data, .gva = GVA, .gpa = 0x5678, .spa = 0x45678, .size = 4);
    assert_says(draw(0), "PDE[145], offset 0x145678");
    assert_says(out.data, "2M write user accessed dirty\n");
    assert_says(out.data, "  What is missing was remembered");
}
END_TEST

START_TEST(a_guest_without_nested_tables_has_a_column_of_its_own)
{
    tell_walk(4, 0);
    ck_assert_uint_eq(story(0)->n, 4);
    draw(0);
    assert_says(out.data, "guest table\n");
    ck_assert_ptr_null(strstr(out.data, "nested"));
}
END_TEST

START_TEST(a_guest_without_paging_has_one_row)
{
    tell_nested(0x5678, 4, 1);
    TRACE(&trace, data, .gva = 0x5678, .gpa = 0x5678, .spa = 0x45678,
          .size = 4);
    ck_assert_uint_eq(story(0)->n, 4);
    assert_says(draw(0), "Guest-virtual 0x5678\n");
    assert_says(out.data, " the access     1 ---");
    ck_assert_ptr_null(strstr(out.data, "guest PT"));
}
END_TEST

START_TEST(a_fault_blames_its_entry_not_the_last_one)
{
    tell_guest(4, 1, 4, 1);
    tell_nested(0x5678, 4, 1);
    TRACE(&trace, npf, .info1 = 0x100000007, .info2 = 0x5678, .gva = GVA,
          .level = 3, .slot = 0x5678 + 24, .why = "the nested PDPE said no",
          .source = "APM vol. 2, 15.25.6");
    ck_assert_int_eq(story(0)->end, STORY_NPF);
    ck_assert_uint_eq(story(0)->blamed, 21);
    draw(0);
    assert_says(out.data, "22! ");
    assert_says(out.data, "24 #NPF\n");
    assert_says(out.data, "0x100000007 (P W U FINAL)");
    assert_says(out.data, "Entry 22 refused: the nested");
}
END_TEST

START_TEST(a_fault_in_the_first_table_belongs_to_the_guest_root)
{
    tell_nested(0x40000, 4, 3);
    TRACE(&trace, npf, .info1 = 0x200000006, .info2 = 0x40000, .gva = GVA,
          .level = 3, .slot = 0x40000 + 24, .why = "nothing there");
    ck_assert_uint_eq(story(0)->entry[0].guest_level, WALK_TOP_LEVEL);
    assert_says(draw(0), " guest root     1 ---");
}
END_TEST

START_TEST(a_fault_in_a_later_table_belongs_to_the_next_guest_level)
{
    tell_guest(4, 3, 4, 1);
    tell_nested(0x20000, 4, 4);
    TRACE(&trace, npf, .info1 = 0x200000006, .info2 = 0x20000, .gva = GVA,
          .level = 4, .slot = 0x20000 + 32, .why = "nothing there");
    ck_assert_uint_eq(story(0)->entry[10].guest_level, 2);
}
END_TEST

START_TEST(a_guest_fault_ends_in_the_guests_column)
{
    tell_guest(4, 2, 4, 1);
    TRACE(&trace, pf, .error_code = 4, .cr2 = GVA, .level = 2,
          .slot = 0xabc0010, .why = "the guest PDE is not present");
    ck_assert_int_eq(story(0)->end, STORY_PF);
    ck_assert_uint_eq(story(0)->blamed, 14);
    assert_says(draw(0), "=> 15! #PF\n");
    assert_says(out.data, "error code 0x4 (U), CR2 0x7fe812345678");
}
END_TEST

/* An address beyond what nested tables can map is refused before any entry. */
START_TEST(a_fault_without_an_entry_blames_none)
{
    TRACE(&trace, npf, .info1 = 0x100000006, .info2 = BIT(50), .gva = GVA,
          .why = "too many bits");
    ck_assert_uint_eq(story(0)->n, 0);
    assert_says(draw(0), "too many bits");
    ck_assert_ptr_null(strstr(out.data, "refused"));
}
END_TEST

START_TEST(updates_are_marked_and_the_entry_shown_as_read)
{
    tell_guest(4, 1, 4, 1);
    TRACE(&trace, ad_update, .table = "guest", .slot = 0xabc0008, .old = 0x67,
          .new = 0xe7 & ~0x80);
    tell_nested(0x5678, 4, 1);
    TRACE(&trace, ad_update, .table = "nested", .slot = 0x5678 + 8, .old = 0x7,
          .new = 0x67);
    TRACE(&trace, data, .gva = GVA, .gpa = 0x5678, .spa = 0x45678, .size = 4);
    ck_assert_uint_eq(story(0)->entry[19].set, 0);
    ck_assert_uint_eq(story(0)->entry[23].set, PTE_A | PTE_D);
    assert_says(draw(0), "24* ");
    assert_says(out.data, "accessed or dirty was set here");
}
END_TEST

START_TEST(the_same_walk_again_is_counted)
{
    for (unsigned lap = 0; lap < 3; lap++) {
        tell_guest(4, 1, 4, 1);
        tell_nested(0x5678, 4, 1);
        TRACE(&trace, npf, .info1 = 0x100000004, .info2 = 0x5678, .gva = GVA,
              .level = 1, .slot = 0x5678 + 8, .why = "nothing there");
    }
    ck_assert_uint_eq(story(0)->repeats, 2);
    ck_assert_ptr_null(walk_recorder_story(recorder, 1));
    assert_says(draw(0), "and 2 more times exactly alike");
}
END_TEST

START_TEST(of_an_access_that_crosses_a_page_the_first_walk_is_kept)
{
    tell_guest(4, 1, 4, 1);
    tell_nested(0x5ffc, 4, 1);
    for (unsigned level = 4; level; level--) {
        tell_nested(0x10000 * level, 4, 1);
        TRACE(&trace, gpt_step, .level = level, .of = 4, .gva = GVA + 0x1000,
              .slot = 0xdef0000 + 8 * level, .pte = 0x67);
    }
    tell_nested(0x9000, 4, 1);
    TRACE(&trace, data, .gva = GVA, .gpa = 0x5ffc, .spa = 0x1ffc, .size = 4);
    TRACE(&trace, data, .gva = GVA + 0x1000, .gpa = 0x9000, .spa = 0x3000,
          .size = 4);
    ck_assert_uint_eq(story(0)->gva, GVA);
    ck_assert_uint_eq(story(0)->n, 24);
    ck_assert_uint_eq(story(0)->spa, 0x1ffc);
    ck_assert_ptr_null(walk_recorder_story(recorder, 1));
}
END_TEST

START_TEST(fetches_are_not_kept_their_faults_are)
{
    tell_guest(4, 1, 4, 1);
    tell_nested(0x5678, 4, 1);
    TRACE(&trace, fetch, .rip = GVA, .spa = 0x45678, .len = 3);
    ck_assert_ptr_null(walk_recorder_story(recorder, 0));
    tell_guest(4, 1, 4, 1);
    TRACE(&trace, pf, .error_code = 0x11, .cr2 = GVA, .level = 1,
          .slot = 0xabc0008, .why = "NX");
    ck_assert_uint_eq(story(0)->n, 20);
}
END_TEST

START_TEST(what_handlers_touch_after_a_fault_is_not_kept)
{
    tell_guest(4, 1, 4, 1);
    TRACE(&trace, pf, .error_code = 5, .cr2 = GVA, .level = 1,
          .slot = 0xabc0008, .why = "U=0");
    tell_walk(4, 4);
    ck_assert_ptr_null(walk_recorder_story(recorder, 1));
}
END_TEST

START_TEST(only_the_step_that_was_asked_for_is_heard)
{
    walk_recorder_only(recorder, "b");
    tell_walk(4, 4);
    TRACE(&trace, step, .id = "a", .what = "");
    tell_walk(4, 4);
    ck_assert_ptr_null(walk_recorder_story(recorder, 0));
    TRACE(&trace, step, .id = "b", .what = "");
    tell_walk(4, 4);
    tell_walk(5, 4);
    TRACE(&trace, step, .id = "c", .what = "");
    tell_walk(5, 5);
    ck_assert_uint_eq(story(0)->n, 24);
    ck_assert_ptr_null(walk_recorder_story(recorder, 1));
}
END_TEST

START_TEST(a_c_bit_is_said_while_encryption_is_on)
{
    TRACE(&trace, cpu, .cbit = 1, .mem_encrypt = true);
    tell_walk(4, 4);
    assert_says(draw(0), "write user accessed dirty C\n");
}
END_TEST

START_TEST(json_has_every_reference_and_the_reason)
{
    json_t *root;

    tell_guest(4, 1, 4, 1);
    tell_nested(0x5678, 4, 1);
    TRACE(&trace, npf, .info1 = 0x10000000d, .info2 = 0x5678, .gva = GVA,
          .level = 1, .slot = 0x5678 + 8, .why = "a \"bit\"", .source = "APM");
    walk_json(&out, story(0));
    root = json_loads(out.data, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(root, "%s", out.data);
    ck_assert_str_eq(json_string_value(json_object_get(root, "info1")),
                     "0x10000000d");
    ck_assert_str_eq(json_string_value(json_object_get(root, "why")),
                     "a \"bit\"");
    ck_assert_uint_eq(json_array_size(json_object_get(root, "refs")), 24);
    ck_assert_int_eq(json_integer_value(json_object_get(root, "refused_by")),
                     24);
    json_decref(root);
}
END_TEST

START_TEST(plain_references_are_one_line_each)
{
    unsigned lines = 0;

    tell_walk(4, 4);
    walk_refs(&out, story(0));
    for (const char *s = out.data; *s; s++)
        lines += *s == '\n';
    ck_assert_uint_eq(lines, 25);
    ck_assert_ptr_eq(strstr(out.data, "1 npt 4 0x40020 0x67\n"), out.data);
    assert_says(out.data, "5 gpt 4 0xabc0020 0x67\n");
    assert_says(out.data, "ok 0x45678\n");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("walk");
    TCase *t = tcase_create("walk");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, every_pair_of_modes_has_its_number_of_references, 0,
                        16);
    tcase_add_test(t, each_nested_entry_knows_for_which_guest_entry_it_is);
    tcase_add_test(t, large_pages_shorten_rows_and_are_named);
    tcase_add_test(t, what_is_ignored_is_not_named);
    tcase_add_test(t, a_walk_that_begins_in_the_middle_says_so);
    tcase_add_test(t, legacy_tables_are_indexed_by_ten_bits);
    tcase_add_test(t, a_guest_without_nested_tables_has_a_column_of_its_own);
    tcase_add_test(t, a_guest_without_paging_has_one_row);
    tcase_add_test(t, a_fault_blames_its_entry_not_the_last_one);
    tcase_add_test(t, a_fault_in_the_first_table_belongs_to_the_guest_root);
    tcase_add_test(t, a_fault_in_a_later_table_belongs_to_the_next_guest_level);
    tcase_add_test(t, a_guest_fault_ends_in_the_guests_column);
    tcase_add_test(t, a_fault_without_an_entry_blames_none);
    tcase_add_test(t, updates_are_marked_and_the_entry_shown_as_read);
    tcase_add_test(t, the_same_walk_again_is_counted);
    tcase_add_test(t, of_an_access_that_crosses_a_page_the_first_walk_is_kept);
    tcase_add_test(t, fetches_are_not_kept_their_faults_are);
    tcase_add_test(t, what_handlers_touch_after_a_fault_is_not_kept);
    tcase_add_test(t, only_the_step_that_was_asked_for_is_heard);
    tcase_add_test(t, a_c_bit_is_said_while_encryption_is_on);
    tcase_add_test(t, json_has_every_reference_and_the_reason);
    tcase_add_test(t, plain_references_are_one_line_each);
    suite_add_tcase(s, t);
    return run_suite(s);
}
