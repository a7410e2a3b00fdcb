/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory types of an access: APM vol. 2, tables 15-19 and 15-20, with every PAT
 * entry selected through the bits of the leaves.
 */
#include "unit/hw/modes_lab.h"
#include "unit/suite.h"

#include <string.h>

/* Encodings of a PAT, in the order of the tables. */
enum { UC, UCM, WC, WP, WT, WB };
static const unsigned encoding[] = { 0, 7, 1, 5, 4, 6 };

static uint64_t pat_of(unsigned type)
{
    return encoding[type] * 0x0101010101010101ULL;
}

static const char *memtype(const struct walk_setup *s)
{
    struct walk_result w = touch(s, ACCESS_READ);

    ck_assert_int_eq(w.outcome, WALK_OK);
    return memtype_name(w.memtype);
}

static struct walk_setup ready(const struct mode *g, const struct mode *n)
{
    struct walk_setup s = join(g, n);
    struct cpu_model m = modes_model();

    s.g_pat = s.h_pat = PAT_RESET;
    build(&m, g, n);
    return s;
}

START_TEST(guest_and_host_types_combine)
{
    static const char *const table[6][6] = {
        { "UC", "UC", "UC", "UC", "UC", "UC" },
        { "UC", "UC-", "WC", "UC", "UC", "UC" },
        { "WC", "WC", "WC", "WC+", "WC+", "WC+" },
        { "UC", "UC", "UC", "WP", "UC", "WP" },
        { "UC", "UC", "UC", "UC", "WT", "WT" },
        { "UC", "UC", "WC", "WP", "WT", "WB" },
    };
    /* Under MTRR WB two of them cannot stay. */
    struct walk_setup s = ready(&modes[L4], &modes[L4]);

    for (unsigned h = 0; h < 6; h++) {
        const char *want = table[_i][h];

        if (strcmp(want, "UC") == 0 || strcmp(want, "UC-") == 0)
            want = "CD";
        s.g_pat = pat_of((unsigned)_i);
        s.h_pat = pat_of(h);
        ck_assert_msg(strcmp(memtype(&s), want) == 0, "guest %d host %u: %s",
                      _i, h, memtype(&s));
    }
}
END_TEST

/* Rows that a WB guest and host reach: the host's type by MTRR. */
START_TEST(the_mtrr_type_of_the_page_has_a_say)
{
    static const enum memtype mtrr[5] = { MEMTYPE_UC, MEMTYPE_WC, MEMTYPE_WP,
                                          MEMTYPE_WT, MEMTYPE_WB };
    static const char *const table[6][5] = {
        { "UC", "CD", "CD", "CD", "CD" }, { "UC", "WC", "CD", "CD", "CD" },
        { "WC", "WC", "WC", "WC", "WC" }, { "UC", "CD", "WP", "CD", "WP" },
        { "UC", "CD", "CD", "WT", "WT" }, { "UC", "WC", "WP", "WT", "WB" },
    };
    struct walk_setup s = ready(&modes[L4], &modes[L4]);

    s.g_pat = s.h_pat = pat_of((unsigned)_i);
    for (unsigned m = 0; m < 5; m++) {
        s.mtrr = mtrr[m];
        ck_assert_msg(strcmp(memtype(&s), table[_i][m]) == 0,
                      "type %d, MTRR %u: %s", _i, m, memtype(&s));
    }
}
END_TEST

/* PAT, PCD and PWT of a leaf: bits 7 or 12, 4, 3 (APM vol. 2, 7.8.2). */
START_TEST(a_leaf_selects_the_entry_of_the_pat)
{
    /* Over a WB host, and below a WB guest. */
    static const char *const guest[] = { "WB", "WT", "WP", "WC+" };
    static const char *const host[] = { "WB", "WT", "WP", "WC" };
    const struct mode *g = &modes[L4];
    struct walk_setup s = ready(g, &modes[L4]);
    unsigned i = (unsigned)_i;
    spa_t slot = entry_of(g, GROOT, GVA, 1);
    uint64_t bits = (i & 3) * PTE_PWT;

    s.g_pat = i < 4 ? 0x01050406 : 0x0105040600000000;
    poke(g, slot, DATA | RWUAD | bits | (i & 4 ? PTE_PS : 0));
    ck_assert_str_eq(memtype(&s), guest[i % 4]);
    poke(g, slot, DATA | RWUAD);
    s.g_pat = pat_of(WB);
    s.h_pat = i < 4 ? 0x0606060601050406 : 0x0105040606060606;
    poke(&modes[L4], entry_of(&modes[L4], NROOT, DATA, 1),
         DATA | RWUAD | bits | (i & 4 ? PTE_PS : 0));
    ck_assert_str_eq(memtype(&s), host[i % 4]);
    poke(g, entry_of(g, GROOT, GVA, 2), RWUAD | PTE_PS | BIT(12));
    poke(&modes[L4], entry_of(&modes[L4], NROOT, 0x1000, 1), DATA | RWUAD);
    s.g_pat = (uint64_t)encoding[WC] << 32 | pat_of(WB) >> 32;
    ck_assert_str_eq(memtype(&s), "WC+");
}
END_TEST

START_TEST(a_guest_without_paging_is_write_back)
{
    struct walk_setup s = ready(&modes[OFF], &modes[L4]);

    s.g_pat = 0;
    ck_assert_str_eq(memtype(&s), "WB");
}
END_TEST

START_TEST(without_nested_paging_there_is_one_pat)
{
    struct walk_setup s = ready(&modes[L4], NULL);

    s.g_pat = 0;
    s.h_pat = pat_of(WP);
    ck_assert_str_eq(memtype(&s), "WP");
}
END_TEST

START_TEST(either_cr0_turns_caches_off)
{
    struct walk_setup s = ready(&modes[L4], &modes[L4]);

    s.g_cr0 |= CR0_CD;
    ck_assert_str_eq(memtype(&s), "CD");
    s.g_cr0 &= ~CR0_CD;
    s.h_cr0 |= CR0_CD;
    ck_assert_str_eq(memtype(&s), "CD");
}
END_TEST

START_TEST(vmrun_refuses_a_reserved_type_in_the_guests_pat)
{
    struct walk_setup s = ready(&modes[L4], &modes[L4]);
    bool legal = _i < 8 && _i != 2 && _i != 3;
    const char *why;

    s.g_pat = (uint64_t)_i << 40;
    ck_assert_int_eq(walk_load(cpu, &s, &why), legal);
    s.np = false;
    ck_assert(walk_load(cpu, &s, &why));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("memtype");
    TCase *t = tcase_create("memtype");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, guest_and_host_types_combine, 0, 6);
    tcase_add_loop_test(t, the_mtrr_type_of_the_page_has_a_say, 0, 6);
    tcase_add_loop_test(t, a_leaf_selects_the_entry_of_the_pat, 0, 8);
    tcase_add_test(t, a_guest_without_paging_is_write_back);
    tcase_add_test(t, without_nested_paging_there_is_one_pat);
    tcase_add_test(t, either_cr0_turns_caches_off);
    tcase_add_loop_test(t, vmrun_refuses_a_reserved_type_in_the_guests_pat, 0,
                        10);
    return run_suite(s);
}
