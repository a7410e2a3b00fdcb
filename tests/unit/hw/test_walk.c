/* SPDX-License-Identifier: GPL-2.0-only */
/* Walks beyond single faults: references, accessed and dirty bits, addresses,
 * registers that no walk can start from. */
#include "unit/hw/walk_lab.h"
#include "unit/suite.h"

/* ---- page sizes ---- */

/* Tables for one address at @root, a leaf of @leaf level. */
static void map_one(spa_t root, uint64_t from, uint64_t to, unsigned leaf)
{
    for (unsigned level = 4; level > leaf; level--) {
        cpu_poke64(cpu, root + 8 * pt_index(from, level),
                   (root + PAGE_SIZE_4K) | RWUAD);
        root += PAGE_SIZE_4K;
    }
    cpu_poke64(cpu, root + 8 * pt_index(from, leaf),
               (to & ~(pt_size(leaf) - 1)) | RWUAD | (leaf > 1 ? PTE_PS : 0));
}

/* L_g * (L_n + 1) + L_n references; APM vol. 2, 15.25.1. */
START_TEST(references_follow_both_page_sizes)
{
    static const unsigned refs[3][3] = { { 24, 19, 14 },
                                         { 19, 15, 11 },
                                         { 14, 11, 8 } };
    unsigned guest = (unsigned)_i / 3, nested = (unsigned)_i % 3;
    struct cpu_model m = lab_model();
    struct walk_setup s = lab_setup(0x8000000000, 0x1000);
    const uint64_t gva = 0x7f1234567abcULL, gpa = 0x40234567abcULL;
    struct walk_result w;
    const char *why;

    cpu_reset(cpu, &m);
    map_one(0x1000, gva, gpa, guest + 1);
    for (gpa_t table = 0x1000; table < 0x5000; table += PAGE_SIZE_4K)
        map_one(0x8000000000, table, table, nested + 1);
    /* The data's own tables, apart from those of the guest's tables. */
    cpu_poke64(cpu, 0x8000000000 + 8 * pt_index(gpa, 4), 0x8000010000 | RWUAD);
    map_one(0x8000010000 - PAGE_SIZE_4K, gpa, gpa + BIT(46), nested + 1);
    ck_assert(walk_load(cpu, &s, &why));

    w = walk_access(cpu, gva, ACCESS_WRITE, 1, false, NULL);
    ck_assert_int_eq(w.outcome, WALK_OK);
    ck_assert_uint_eq(w.spa, gpa + BIT(46));
    ck_assert_uint_eq(w.n_refs, refs[guest][nested]);
}
END_TEST

START_TEST(the_log_names_references_in_walking_order)
{
    struct walk_ref refs[64];
    struct walk_log log = { .refs = refs, .max_refs = 64 };
    struct walk_result w;

    load(0, 0);
    w = walk_access(cpu, GVA, ACCESS_READ, 8, false, &log);
    ck_assert_uint_eq(w.n_refs, 24);
    ck_assert_uint_eq(log.n_dirty, 0);
    for (unsigned i = 0; i < 24; i++) {
        ck_assert_int_eq(refs[i].npt, i % 5 != 4);
        ck_assert_uint_eq(refs[i].level, i % 5 == 4 ? 4 - i / 5 : 4 - i % 5);
    }
    ck_assert_uint_eq(refs[4].slot, G4);
    ck_assert_uint_eq(refs[9].slot, G3);
    ck_assert_uint_eq(refs[14].slot, G2);
    ck_assert_uint_eq(refs[19].slot, G1);
    ck_assert_uint_eq(refs[23].slot, N(DATA));
}
END_TEST

/* ---- accessed and dirty (APM vol. 2, 15.25.5; 5.4.2) ---- */

static void clear_ad(void)
{
    static const spa_t slots[] = { N4, N3, N2, G4, G3, G2, G1 };

    for (unsigned i = 0; i < ARRAY_SIZE(slots); i++)
        cpu_poke64(cpu, slots[i], cpu_peek64(cpu, slots[i]) & ~(PTE_A | PTE_D));
    for (gpa_t gpa = 0; gpa < 0x10000; gpa += PAGE_SIZE_4K)
        cpu_poke64(cpu, N(gpa), gpa | RWU);
}

static uint64_t ad(spa_t slot)
{
    return cpu_peek64(cpu, slot) & (PTE_A | PTE_D);
}

START_TEST(a_read_dirties_the_nested_leaves_of_tables_only)
{
    load(0, 0);
    clear_ad();
    ck_assert_int_eq(walk_access(cpu, GVA, ACCESS_READ, 8, false, NULL).outcome,
                     WALK_OK);
    ck_assert_uint_eq(ad(N(G1)), PTE_A | PTE_D);
    ck_assert_uint_eq(ad(N(G4)), PTE_A | PTE_D);
    ck_assert_uint_eq(ad(N(DATA)), PTE_A);
    ck_assert_uint_eq(ad(N4), PTE_A);
    ck_assert_uint_eq(ad(G1), PTE_A);
    ck_assert_uint_eq(ad(G4), PTE_A);
    ck_assert_uint_eq(ad(N(0x6000)), 0);
}
END_TEST

START_TEST(a_write_dirties_both_leaves)
{
    load(0, 0);
    clear_ad();
    walk_access(cpu, GVA, ACCESS_RMW, 8, false, NULL);
    ck_assert_uint_eq(ad(N(DATA)), PTE_A | PTE_D);
    ck_assert_uint_eq(ad(G1), PTE_A | PTE_D);
    ck_assert_uint_eq(ad(G2), PTE_A);
}
END_TEST

START_TEST(a_denied_access_leaves_the_leaf_alone)
{
    load(0, 0);
    clear_ad();
    cpu_poke64(cpu, G1, DATA | PTE_P | PTE_U);
    ck_assert_int_eq(
        walk_access(cpu, GVA, ACCESS_WRITE, 8, false, NULL).outcome, WALK_PF);
    ck_assert_uint_eq(ad(G1), 0);
    ck_assert_uint_eq(ad(N(DATA)), 0);
}
END_TEST

START_TEST(the_guest_leaf_is_dirty_before_the_final_walk_fails)
{
    load(0, 0);
    clear_ad();
    cpu_poke64(cpu, N(DATA), 0);
    ck_assert_int_eq(
        walk_access(cpu, GVA, ACCESS_WRITE, 8, false, NULL).outcome, WALK_NPF);
    ck_assert_uint_eq(ad(G1), PTE_A | PTE_D);
}
END_TEST

/* ---- addresses ---- */

START_TEST(a_non_canonical_address_is_gp_or_ss)
{
    struct walk_result w;

    load(0, 0);
    w = walk_access(cpu, BIT(47), ACCESS_READ, 1, false, NULL);
    ck_assert_int_eq(w.outcome, WALK_GP);
    w = walk_access(cpu, BIT(47), ACCESS_READ, 1, true, NULL);
    ck_assert_int_eq(w.outcome, WALK_SS);
    w = walk_access(cpu, BIT(47) - 1, ACCESS_READ, 2, false, NULL);
    ck_assert_int_eq(w.outcome, WALK_GP);
    w = walk_access(cpu, ~0ULL << 47, ACCESS_READ, 1, false, NULL);
    ck_assert_int_eq(w.outcome, WALK_PF);
}
END_TEST

/* The next page: guest entry at 4010, data at GPA 6000. */
START_TEST(a_crossing_access_faults_with_the_second_page)
{
    struct walk_result w;

    load(0, 0);
    cpu_poke64(cpu, 0x4010, 0x6000 | RWUAD);
    cpu_poke64(cpu, N(0x6000), 0);
    w = walk_access(cpu, 0x401ffc, ACCESS_READ, 8, false, NULL);
    ck_assert_int_eq(w.outcome, WALK_NPF);
    ck_assert_uint_eq(w.info1, 0x100000004);
    ck_assert_uint_eq(w.info2, 0x6000);
    cpu_poke64(cpu, 0x4010, 0);
    w = walk_access(cpu, 0x401ffc, ACCESS_READ, 8, false, NULL);
    ck_assert_int_eq(w.outcome, WALK_PF);
    ck_assert_uint_eq(w.info2, 0x402000);
}
END_TEST

START_TEST(of_two_faulting_pages_the_lower_one_counts)
{
    load(0, 0);
    cpu_poke64(cpu, G1, 0);
    ck_assert_uint_eq(
        walk_access(cpu, 0x401ffc, ACCESS_READ, 8, false, NULL).info2,
        0x401ffc);
}
END_TEST

/* ---- registers that VMRUN would refuse (APM vol. 2, 15.5.1, 15.25.3) ---- */

static bool loads(struct walk_setup s)
{
    const char *why = NULL;
    bool ok = walk_load(cpu, &s, &why);

    ck_assert(ok == (why == NULL));
    return ok;
}

START_TEST(a_root_beyond_the_width_is_refused)
{
    struct walk_setup s = lab_setup(NCR3, G4);

    ck_assert(loads(s));
    s.ncr3 = NCR3 | 1ULL << _i;
    ck_assert_msg(loads(s) == (_i < 48), "nCR3 bit %d", _i);
    s = lab_setup(NCR3, G4 | 1ULL << _i);
    ck_assert_msg(loads(s) == (_i < 48), "CR3 bit %d", _i);
}
END_TEST

START_TEST(impossible_registers_are_refused)
{
    struct walk_setup s = lab_setup(NCR3, G4);

    s.h_cr0 &= ~CR0_PG;
    ck_assert(!loads(s));
    s = lab_setup(NCR3, G4);
    s.g_cr0 |= CR0_NW;
    ck_assert(!loads(s));
    s.g_cr0 |= CR0_CD;
    ck_assert(loads(s));
    s = lab_setup(NCR3, G4);
    s.g_cr4 &= ~CR4_PAE;
    ck_assert(!loads(s));
    s = lab_setup(NCR3, G4);
    s.g_cr4 |= BIT(13);
    ck_assert(!loads(s));
}
END_TEST

START_TEST(what_is_not_modelled_says_so)
{
    struct walk_setup s = lab_setup(NCR3, G4);

    ck_assert_ptr_null(walk_unsupported(&s));
    s.g_efer |= EFER_UAIE;
    ck_assert_ptr_nonnull(walk_unsupported(&s));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("walk");
    TCase *t = tcase_create("walk");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, references_follow_both_page_sizes, 0, 9);
    tcase_add_test(t, the_log_names_references_in_walking_order);
    tcase_add_test(t, a_read_dirties_the_nested_leaves_of_tables_only);
    tcase_add_test(t, a_write_dirties_both_leaves);
    tcase_add_test(t, a_denied_access_leaves_the_leaf_alone);
    tcase_add_test(t, the_guest_leaf_is_dirty_before_the_final_walk_fails);
    tcase_add_test(t, a_non_canonical_address_is_gp_or_ss);
    tcase_add_test(t, a_crossing_access_faults_with_the_second_page);
    tcase_add_test(t, of_two_faulting_pages_the_lower_one_counts);
    tcase_add_loop_test(t, a_root_beyond_the_width_is_refused, 12, 64);
    tcase_add_test(t, impossible_registers_are_refused);
    tcase_add_test(t, what_is_not_modelled_says_so);
    return run_suite(s);
}
