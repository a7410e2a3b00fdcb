/* SPDX-License-Identifier: GPL-2.0-only */
/* The listing of whole tables, over a few pages of made-up memory. */
#include "arch/paging.h"
#include "render.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

#define N_PAGES 16
#define FULL    (PTE_P | PTE_W | PTE_U)

static uint64_t memory[N_PAGES][512];
static struct buf out;
static struct walk_table table;

static bool read_page(void *ctx, uint64_t page, uint64_t words[512])
{
    (void)ctx;
    if (page >= N_PAGES * PAGE_SIZE_4K)
        return false;
    memcpy(words, memory[page / PAGE_SIZE_4K], PAGE_SIZE_4K);
    return true;
}

static void setup(void)
{
    memset(memory, 0, sizeof(memory));
    out = (struct buf)BUF_INIT;
    table = (struct walk_table) {
        .levels = 4,
        .root = 0x1000,
        .large_pages = true,
        .read_page = read_page,
        .max_tables = 1000,
    };
    for (unsigned level = 1; level <= WALK_MAX_LEVEL; level++)
        for (unsigned bit7 = 0; bit7 < 2; bit7++)
            table.reserved[level][bit7] = bits(51, 48);
    table.reserved[4][1] |= PTE_PS;
    table.reserved[5][1] |= PTE_PS;
}

static void teardown(void)
{
    buf_free(&out);
}

/* Page 1 leads to 2, to 3, ... to the last table of the mode. */
static void chain(void)
{
    for (unsigned i = 1; i < table.levels; i++)
        memory[i][0] = (i + 1) << 12 | FULL;
}

static const char *list(void)
{
    buf_clear(&out);
    walk_list(&out, &table);
    return out.data;
}

/* ---- ranges ---- */

START_TEST(an_empty_table_maps_nothing)
{
    ck_assert_str_eq(list(), "nothing is mapped\n");
}
END_TEST

START_TEST(neighbours_with_equal_rights_are_one_line)
{
    chain();
    for (unsigned i = 0; i < 16; i++)
        memory[4][i] = (uint64_t)(99 - i) << 12 | FULL;
    memory[4][16] = PTE_P | PTE_U | PTE_NX;
    memory[4][18] = PTE_P;
    ck_assert_str_eq(
        list(),
        "0x0000000000000000-0x000000000000ffff      64K  4K    write user "
        "exec\n"
        "0x0000000000010000-0x0000000000010fff       4K  4K    read-only user "
        "NX\n"
        "0x0000000000012000-0x0000000000012fff       4K  4K    read-only "
        "supervisor exec\n");
}
END_TEST

START_TEST(a_range_goes_on_in_the_next_table)
{
    chain();
    memory[3][1] = 5ULL << 12 | FULL;
    memory[4][511] = memory[5][0] = FULL;
    ck_assert_str_eq(list(), "0x00000000001ff000-0x0000000000200fff       8K  "
                             "4K    write user exec\n");
}
END_TEST

START_TEST(other_page_sizes_are_other_lines)
{
    chain();
    memory[2][1] = 1ULL << 30 | FULL | PTE_PS;
    memory[3][511] = FULL | PTE_PS;
    ck_assert_str_eq(
        list(),
        "0x000000003fe00000-0x000000003fffffff       2M  2M    write user "
        "exec\n"
        "0x0000000040000000-0x000000007fffffff       1G  1G    write user "
        "exec\n");
}
END_TEST

START_TEST(rights_are_those_of_all_levels)
{
    chain();
    memory[1][0] &= ~PTE_W;
    memory[2][0] |= PTE_NX;
    memory[3][0] &= ~PTE_U;
    memory[4][0] = FULL;
    ck_assert_ptr_nonnull(strstr(list(), "read-only supervisor NX\n"));
}
END_TEST

START_TEST(a_reserved_bit_ends_the_way_down)
{
    chain();
    memory[2][0] |= BIT(48);
    ck_assert_ptr_nonnull(strstr(list(), "1G  1G    reserved bits"));
    table.cbit = BIT(48); /* and so it is not reserved */
    table.reserved[3][0] &= ~table.cbit;
    memory[4][0] = FULL;
    ck_assert_ptr_nonnull(strstr(list(), "4K  4K    write user exec"));
    memory[1][0] |= PTE_PS;
    ck_assert_ptr_nonnull(strstr(list(), "512G  512G  reserved bits"));
}
END_TEST

START_TEST(the_upper_half_of_linear_addresses_is_sign_extended)
{
    table.sign_extend = true;
    memory[1][511] = 2ULL << 12 | FULL;
    memory[2][511] = FULL | PTE_PS;
    ck_assert_str_eq(list(), "0xffffffffc0000000-0xffffffffffffffff       1G  "
                             "1G    write user exec\n");
}
END_TEST

START_TEST(five_levels_are_listed)
{
    table.levels = 5;
    chain();
    memory[1][1] = 2ULL << 12 | FULL;
    memory[5][3] = FULL;
    ck_assert_ptr_nonnull(strstr(list(), "0x0001000000003000-"));
}
END_TEST

/* Four entries of 8 bytes, which may lie anywhere in their page. */
START_TEST(a_pae_root_has_four_entries_without_rights)
{
    table.levels = 3;
    table.root = 0x1fe0;
    memory[1][508] = 2ULL << 12 | PTE_P;
    memory[1][511] = 2ULL << 12 | PTE_P;
    memory[1][0] = 2ULL << 12 | PTE_P;
    memory[2][0] = FULL | PTE_PS;
    ck_assert_str_eq(list(),
                     "0x0000000000000000-0x00000000001fffff       2M  2M    "
                     "write user exec\n"
                     "0x00000000c0000000-0x00000000c01fffff       2M  2M    "
                     "write user exec\n");
}
END_TEST

/* A nested page that a user access may not write holds no guest table (APM vol.
 * 2, 15.25.5); a 4M page may lie above 4G (figure 5-6, PSE-36). */
START_TEST(an_address_leads_where_the_entries_say)
{
    uint64_t to;

    chain();
    memory[4][1] = 7ULL << 12 | FULL;
    memory[4][2] = 8ULL << 12 | PTE_P | PTE_U;
    memory[4][3] = 9ULL << 12 | PTE_P | PTE_W;
    ck_assert(walk_table_find(&table, 0x1238, &to));
    ck_assert_uint_eq(to, 0x7238);
    ck_assert(!walk_table_find(&table, 0x238, &to));
    ck_assert(!walk_table_find(&table, 0x2238, &to));
    ck_assert(!walk_table_find(&table, 0x3238, &to));
    table.levels = 2;
    memset(table.reserved, 0, sizeof(table.reserved));
    memory[1][0] = (0x00c00000ULL | 0x12ULL << 13 | PTE_PS | FULL) << 32;
    ck_assert(walk_table_find(&table, 0x401238, &to));
    ck_assert_uint_eq(to, 0x1200c01238);
}
END_TEST

START_TEST(legacy_entries_have_four_bytes)
{
    table.levels = 2;
    memset(table.reserved, 0, sizeof(table.reserved));
    memory[1][0] = (FULL | PTE_PS) << 32 | 2ULL << 12 | FULL;
    memory[2][511] = (5ULL << 12 | FULL) << 32;
    ck_assert_str_eq(list(),
                     "0x00000000003ff000-0x00000000003fffff       4K  4K    "
                     "write user exec\n"
                     "0x0000000000400000-0x00000000007fffff       4M  4M    "
                     "write user exec\n");
    table.large_pages = false; /* CR4.PSE = 0: bit 7 says nothing */
    ck_assert_ptr_null(strstr(list(), "4M  4M"));
}
END_TEST

/* ---- hostile tables ---- */

START_TEST(a_table_that_leads_back_to_itself_is_named_not_followed)
{
    chain();
    memory[1][510] = 1ULL << 12 | FULL;
    memory[3][7] = 2ULL << 12 | FULL;
    list();
    ck_assert_ptr_nonnull(
        strstr(out.data, "512G  512G  leads back to a table above"));
    ck_assert_ptr_nonnull(
        strstr(out.data, "2M  2M    leads back to a table above"));
}
END_TEST

/* 512^3 ways down through four tables. */
START_TEST(tables_that_lead_into_each_other_end_the_listing)
{
    for (unsigned page = 1; page < 4; page++)
        for (unsigned i = 0; i < 512; i++)
            memory[page][i] = (page + 1ULL) << 12 | FULL;
    memory[4][0] = FULL;
    ck_assert(!walk_list(&out, &table));
    ck_assert_ptr_nonnull(strstr(out.data, "\nstopped after 1001 tables"));
}
END_TEST

START_TEST(too_many_lines_end_the_listing)
{
    for (unsigned page = 1; page < 4; page++)
        for (unsigned i = 0; i < 512; i++)
            memory[page][i] = (page + 1ULL) << 12 | FULL;
    for (unsigned i = 0; i < 512; i++)
        memory[4][i] = i % 2 ? FULL : PTE_P;
    table.max_tables = 1U << 20;
    ck_assert(!walk_list(&out, &table));
    ck_assert_ptr_nonnull(strstr(out.data, "and 1048577 lines: "));
}
END_TEST

START_TEST(a_table_that_is_not_there_is_named)
{
    chain();
    memory[3][2] = 0xfffff000 | FULL;
    memory[3][3] = 0xffffe000 | FULL;
    ck_assert_str_eq(list(), "0x0000000000400000-0x00000000007fffff       4M  "
                             "2M    the next table is not in the image, or may "
                             "not be read\n");
}
END_TEST

/* Any words at all: the listing ends and stays in bounds. */
START_TEST(random_words_are_listed_in_every_mode)
{
    uint64_t x = (uint64_t)_i + 1;

    for (unsigned page = 0; page < N_PAGES; page++) {
        for (unsigned i = 0; i < 512; i++) {
            x = x * 6364136223846793005ULL + 1442695040888963407ULL;
            memory[page][i] = (x >> 17 & (bits(51, 48) | bits(15, 0))) |
                              (x >> 40 & 1 ? 0 : x << 63);
        }
    }
    table.levels = 2 + (unsigned)_i % 4;
    table.root = x & 0xffe0;
    table.max_tables = 50;
    list();
    ck_assert_uint_gt(out.len, 0);
}
END_TEST

/* ---- one address ---- */

START_TEST(an_address_is_found_as_the_listing_says)
{
    uint64_t to = 0;

    chain();
    memory[4][5] = 0x77000 | FULL;
    memory[3][1] = 0x600000 | FULL | PTE_PS;
    ck_assert(walk_table_find(&table, 0x5123, &to));
    ck_assert_uint_eq(to, 0x77123);
    ck_assert(walk_table_find(&table, 0x3fffff, &to));
    ck_assert_uint_eq(to, 0x7fffff);
    ck_assert(!walk_table_find(&table, 0x6000, &to));
    ck_assert(!walk_table_find(&table, 0x400000, &to));
    memory[2][0] |= BIT(50);
    ck_assert(!walk_table_find(&table, 0x5123, &to));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("walk list");
    TCase *t = tcase_create("walk list");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, an_empty_table_maps_nothing);
    tcase_add_test(t, neighbours_with_equal_rights_are_one_line);
    tcase_add_test(t, a_range_goes_on_in_the_next_table);
    tcase_add_test(t, other_page_sizes_are_other_lines);
    tcase_add_test(t, rights_are_those_of_all_levels);
    tcase_add_test(t, a_reserved_bit_ends_the_way_down);
    tcase_add_test(t, the_upper_half_of_linear_addresses_is_sign_extended);
    tcase_add_test(t, five_levels_are_listed);
    tcase_add_test(t, a_pae_root_has_four_entries_without_rights);
    tcase_add_test(t, an_address_leads_where_the_entries_say);
    tcase_add_test(t, legacy_entries_have_four_bytes);
    tcase_add_test(t, a_table_that_leads_back_to_itself_is_named_not_followed);
    tcase_add_test(t, tables_that_lead_into_each_other_end_the_listing);
    tcase_add_test(t, too_many_lines_end_the_listing);
    tcase_add_test(t, a_table_that_is_not_there_is_named);
    tcase_add_loop_test(t, random_words_are_listed_in_every_mode, 0, 40);
    tcase_add_test(t, an_address_is_found_as_the_listing_says);
    suite_add_tcase(s, t);
    return run_suite(s);
}
