/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a VMCB can switch on at the nested level (GMET, SSS, ROGPT), shadow
 * stacks, and the knobs for what the manual leaves open. APM vol. 2, 15.25.5,
 * 15.25.13, 15.25.14; GMET's codes also kvm-unit-tests, x86/svm_npt.c.
 */
#include "unit/hw/walk_lab.h"
#include "unit/suite.h"

static struct walk_setup s;
static struct cpu_model m;

/* A bench with all features and shadow stacks, to be changed before go(). */
static void bench(void)
{
    static const enum feature more[] = { FEAT_GMET, FEAT_SSS_CHECK, FEAT_ROGPT,
                                         FEAT_CET_SS };

    setup();
    m = lab_model();
    for (unsigned i = 0; i < ARRAY_SIZE(more); i++)
        m.features[more[i]] = true;
    s = lab_setup(NCR3, G4);
    s.g_cr4 |= CR4_CET;
}

static void start(void)
{
    cpu_reset(cpu, &m);
    build_tables();
}

static void flip(spa_t slot, uint64_t mask)
{
    cpu_poke64(cpu, slot, cpu_peek64(cpu, slot) ^ mask);
}

static struct walk_result go(enum access_kind kind, unsigned cpl)
{
    const char *why;

    s.cpl = cpl;
    ck_assert_msg(walk_load(cpu, &s, &why), "%s", why);
    return walk_access(cpu, GVA, kind, 8, false, NULL);
}

#define ck_walk(w, want, value)                                                \
    do {                                                                       \
        struct walk_result got = (w);                                          \
                                                                               \
        ck_assert_int_eq(got.outcome, want);                                   \
        ck_assert_uint_eq(got.info1, value);                                   \
    } while (0)

/* ---- GMET (APM vol. 2, table 15-21) ---- */

/* U = 0 in every nested entry: kvm-unit-tests' npt_gmet_null. */
static void all_supervisor(void)
{
    start();
    s.gmet = true;
    flip(N4, PTE_U);
}

START_TEST(gmet_lets_the_kernel_run_where_u_is_0)
{
    all_supervisor();
    ck_walk(go(ACCESS_FETCH, 0), WALK_OK, 0);
    ck_walk(go(ACCESS_READ, 0), WALK_OK, 0);
    ck_walk(go(ACCESS_WRITE, 3), WALK_OK, 0);
    s.gmet = false;
    ck_walk(go(ACCESS_READ, 0), WALK_NPF, 0x200000007);
}
END_TEST

START_TEST(gmet_forbids_the_kernel_to_run_where_u_is_1)
{
    start();
    s.gmet = true;
    ck_walk(go(ACCESS_FETCH, 0), WALK_NPF, 0x100000011);
    ck_walk(go(ACCESS_FETCH, 3), WALK_OK, 0);
    ck_walk(go(ACCESS_READ, 0), WALK_OK, 0);
    s.h_efer &= ~EFER_NXE; /* U needs no NX */
    ck_walk(go(ACCESS_FETCH, 0), WALK_NPF, 0x100000001);
}
END_TEST

START_TEST(gmet_leaves_no_execute_as_it_is)
{
    all_supervisor();
    flip(N(DATA), PTE_NX);
    ck_walk(go(ACCESS_FETCH, 0), WALK_NPF, 0x100000011);
    ck_walk(go(ACCESS_FETCH, 3), WALK_NPF, 0x100000015);
}
END_TEST

START_TEST(gmet_is_ignored_without_the_feature)
{
    m.features[FEAT_GMET] = false;
    all_supervisor();
    ck_walk(go(ACCESS_READ, 0), WALK_NPF, 0x200000007);
}
END_TEST

/* The manual's table allows it; KVM's walker does not. */
START_TEST(the_knob_says_whether_gmet_lets_users_run_where_u_is_0)
{
    m.knobs.gmet_user_u0 = (unsigned)_i;
    all_supervisor();
    if (_i == GMET_U0_ALLOWED)
        ck_walk(go(ACCESS_FETCH, 3), WALK_OK, 0);
    else
        ck_walk(go(ACCESS_FETCH, 3), WALK_NPF, 0x100000015);
    ck_walk(go(ACCESS_FETCH, 0), WALK_OK, 0);
}
END_TEST

START_TEST(erratum_1218_tells_the_wrong_privilege)
{
    m.knobs.err1218 = true;
    start();
    s.gmet = true;
    ck_walk(go(ACCESS_FETCH, 0), WALK_NPF, 0x100000015);
    flip(N(DATA), PTE_P);
    ck_walk(go(ACCESS_READ, 0), WALK_NPF, 0x100000004);
}
END_TEST

/* ---- ROGPT (APM vol. 2, 15.25.5) ---- */

START_TEST(rogpt_reads_tables_without_writing)
{
    start();
    flip(N(G1), PTE_W | PTE_D);
    s.rogpt = true;
    ck_walk(go(ACCESS_READ, 0), WALK_OK, 0);
    ck_assert_uint_eq(cpu_peek64(cpu, N(G1)) & PTE_D, 0);
    s.rogpt = false;
    ck_walk(go(ACCESS_READ, 0), WALK_NPF, 0x200000007);
}
END_TEST

START_TEST(rogpt_needs_a_writable_page_to_set_accessed_or_dirty)
{
    struct walk_result w;

    start();
    s.rogpt = true;
    flip(N(G1), PTE_W);
    flip(G1, PTE_A);
    w = go(ACCESS_READ, 0);
    ck_walk(w, WALK_NPF, 0x200000007);
    ck_assert_uint_eq(w.info2, G1);
    flip(G1, PTE_A | PTE_D);
    ck_walk(go(ACCESS_READ, 0), WALK_OK, 0);
    ck_walk(go(ACCESS_WRITE, 0), WALK_NPF, 0x200000007);
}
END_TEST

START_TEST(rogpt_tells_reads)
{
    start();
    s.rogpt = true;
    flip(N(G1), PTE_P);
    ck_walk(go(ACCESS_WRITE, 0), WALK_NPF, 0x200000004);
    flip(N(G1), PTE_P | PTE_U);
    ck_walk(go(ACCESS_WRITE, 0), WALK_NPF, 0x200000005);
    flip(N(G1), PTE_U | BIT(50));
    ck_walk(go(ACCESS_WRITE, 0), WALK_NPF, 0x20000000d);
}
END_TEST

START_TEST(rogpt_still_dirties_the_page_of_an_entry_that_changes)
{
    start();
    s.rogpt = true;
    flip(N(G1), PTE_D);
    flip(G1, PTE_D);
    ck_walk(go(ACCESS_WRITE, 0), WALK_OK, 0);
    ck_assert(cpu_peek64(cpu, N(G1)) & PTE_D);
    ck_assert(cpu_peek64(cpu, G1) & PTE_D);
}
END_TEST

/* ---- shadow stacks in the guest's tables (APM vol. 2, 18.7) ---- */

/* W=0, D=1: a shadow-stack page; also U=0 for the supervisor's. */
static void shadow_page(unsigned cpl)
{
    start();
    flip(G1, PTE_W | (cpl == 3 ? 0 : PTE_U));
}

START_TEST(a_shadow_stack_page_is_read_only_and_dirty)
{
    static const struct {
        spa_t slot;
        uint64_t flip;
    } wrong[] = { { G1, PTE_W }, { G1, PTE_D }, { G2, PTE_W }, { G1, PTE_U } };
    unsigned cpl = _i ? 3 : 0;

    shadow_page(cpl);
    ck_walk(go(ACCESS_SHADOW_READ, cpl), WALK_OK, 0);
    ck_walk(go(ACCESS_SHADOW_WRITE, cpl), WALK_OK, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        shadow_page(cpl);
        flip(wrong[i].slot, wrong[i].flip);
        ck_walk(go(ACCESS_SHADOW_READ, cpl), WALK_PF, cpl ? 0x45 : 0x41);
        ck_walk(go(ACCESS_SHADOW_WRITE, cpl), WALK_PF, cpl ? 0x47 : 0x43);
    }
}
END_TEST

START_TEST(an_ordinary_write_does_not_change_a_shadow_stack)
{
    shadow_page(0);
    ck_walk(go(ACCESS_WRITE, 0), WALK_PF, 3);
    ck_walk(go(ACCESS_READ, 0), WALK_OK, 0);
}
END_TEST

START_TEST(a_nested_fault_of_a_shadow_stack_says_so)
{
    shadow_page(3);
    flip(N(DATA), PTE_W);
    ck_walk(go(ACCESS_SHADOW_WRITE, 3), WALK_NPF, 0x100000047);
    ck_walk(go(ACCESS_SHADOW_READ, 3), WALK_OK, 0);
    flip(N(DATA), PTE_P);
    ck_walk(go(ACCESS_SHADOW_READ, 3), WALK_NPF, 0x100000044);
}
END_TEST

/* ---- SSS (APM vol. 2, 15.25.14) ---- */

/* NX=1, U=0, as a hypervisor marks it also W=0. */
static void sss_page(void)
{
    shadow_page(0);
    s.sss = true;
    flip(N(DATA), PTE_NX | PTE_U | PTE_W);
}

START_TEST(supervisor_shadow_stacks_lie_in_marked_pages_only)
{
    sss_page();
    ck_walk(go(ACCESS_SHADOW_READ, 0), WALK_OK, 0);
    ck_walk(go(ACCESS_SHADOW_WRITE, 0), WALK_OK, 0);
    flip(N(DATA), PTE_U);
    ck_walk(go(ACCESS_SHADOW_READ, 0), WALK_NPF, 0x100000041);
    ck_walk(go(ACCESS_SHADOW_WRITE, 0), WALK_NPF, 0x100000043);
    flip(N(DATA), PTE_U | PTE_NX);
    ck_walk(go(ACCESS_SHADOW_WRITE, 0), WALK_NPF, 0x100000043);
    flip(N(DATA), PTE_NX);
    flip(N2, PTE_W); /* not even the guest's own tables are writable then */
    ck_walk(go(ACCESS_SHADOW_WRITE, 0), WALK_NPF, 0x200000007);
}
END_TEST

START_TEST(an_ordinary_access_of_a_marked_page_is_told_by_bit_37)
{
    sss_page();
    flip(G1, PTE_W); /* the guest's table would permit it */
    ck_walk(go(ACCESS_WRITE, 0), WALK_NPF, 0x2100000007);
    ck_walk(go(ACCESS_FETCH, 0), WALK_NPF, 0x2100000015);
    flip(N(DATA), PTE_P);
    ck_walk(go(ACCESS_WRITE, 0), WALK_NPF, 0x100000006);
}
END_TEST

START_TEST(the_knob_says_whether_a_marked_page_can_be_read)
{
    m.knobs.sss_read_ok = (unsigned)_i;
    sss_page();
    if (_i == SSS_READ_OK)
        ck_walk(go(ACCESS_READ, 0), WALK_OK, 0);
    else
        ck_walk(go(ACCESS_READ, 0), WALK_NPF, 0x2100000005);
}
END_TEST

START_TEST(sss_needs_no_execute_and_nested_paging)
{
    const char *why;

    start();
    flip(G1, PTE_W | PTE_U);
    s.sss = true;
    s.h_efer &= ~EFER_NXE; /* silently off: any page will do */
    ck_walk(go(ACCESS_SHADOW_READ, 0), WALK_OK, 0);
    s.np = false;
    ck_assert(!walk_load(cpu, &s, &why));
    m.features[FEAT_SSS_CHECK] = false;
    start();
    ck_assert(walk_load(cpu, &s, &why));
}
END_TEST

/* ---- the other knobs ---- */

START_TEST(the_knob_says_whether_bit_8_of_a_pml4e_is_reserved)
{
    m.knobs.amd_bit8 = (unsigned)_i;
    start();
    flip(G4, BIT(8));
    ck_walk(go(ACCESS_READ, 0), _i ? WALK_OK : WALK_PF, _i ? 0 : 9);
    flip(G4, BIT(8));
    flip(N4, BIT(8));
    ck_walk(go(ACCESS_READ, 0), _i ? WALK_OK : WALK_NPF, _i ? 0 : 0x20000000f);
}
END_TEST

/* By host mode: NXE and SMEP, NXE, SMEP, neither. */
START_TEST(the_knob_says_when_exitinfo1_tells_a_fetch)
{
    static const bool told[3][4] = { { true, true, true, false },
                                     { true, true, false, false },
                                     { true, true, true, true } };

    m.knobs.npf_id_policy = (unsigned)_i;
    for (unsigned mode = 0; mode < 4; mode++) {
        start();
        flip(N(DATA), PTE_P);
        s.h_efer = mode < 2 ? EFER64 : EFER64 & ~EFER_NXE;
        s.h_cr4 = CR4_PAE | (mode % 2 ? 0 : CR4_SMEP);
        ck_walk(go(ACCESS_FETCH, 0), WALK_NPF,
                0x100000004 | (told[_i][mode] ? PFERR_FETCH : 0));
    }
}
END_TEST

START_TEST(the_knob_says_what_exitinfo2_of_a_table_is)
{
    m.knobs.ei2_table_page_aligned = _i;
    start();
    flip(N(G2), PTE_P);
    ck_assert_uint_eq(go(ACCESS_READ, 0).info2, _i ? G2 & ~0xfffULL : G2);
    flip(N(G2), PTE_P);
    flip(N(DATA), PTE_P);
    ck_assert_uint_eq(go(ACCESS_READ, 0).info2, GPA);
}
END_TEST

/* Accessed bits of a PDE and PTE after a #PF in the PTE, and after #NPF. */
START_TEST(the_knob_says_when_accessed_bits_are_set)
{
    static const bool pde[3][2] = { { 1, 1 }, { 0, 1 }, { 0, 0 } };

    m.knobs.ad_policy = (unsigned)_i;
    for (unsigned nested = 0; nested < 2; nested++) {
        start();
        flip(G2, PTE_A);
        flip(G1, PTE_A | (nested ? 0 : PTE_U));
        flip(N(DATA), nested ? PTE_P : 0);
        ck_assert_int_eq(go(ACCESS_READ, 3).outcome,
                         nested ? WALK_NPF : WALK_PF);
        ck_assert_int_eq(!!(cpu_peek64(cpu, G2) & PTE_A), pde[_i][nested]);
        ck_assert_int_eq(!!(cpu_peek64(cpu, G1) & PTE_A), nested && pde[_i][1]);
    }
    start();
    flip(G2, PTE_A);
    flip(G1, PTE_A | PTE_D);
    ck_walk(go(ACCESS_WRITE, 3), WALK_OK, 0);
    ck_assert(cpu_peek64(cpu, G2) & PTE_A);
    ck_assert_uint_eq(cpu_peek64(cpu, G1) & (PTE_A | PTE_D), PTE_A | PTE_D);
}
END_TEST

/* A host with C-bit 47 that gave 5 of 48 bits up. */
static void encrypting(void)
{
    m = lab_model_sev(48, 5, 47);
    s.g_cr4 &= ~CR4_CET;
}

START_TEST(the_knob_says_whether_bits_given_up_are_reserved)
{
    encrypting();
    m.knobs.reduced_bits_reserved = (unsigned)_i;
    start();
    flip(N(DATA), BIT(45));
    if (_i == REDUCED_RESERVED)
        ck_walk(go(ACCESS_READ, 0), WALK_NPF, 0x10000000d);
    else
        ck_assert_uint_eq(go(ACCESS_READ, 0).spa, BIT(45) | GPA);
}
END_TEST

START_TEST(the_knob_says_whether_a_plain_guest_may_use_the_c_bit)
{
    encrypting();
    m.knobs.cbit_reserved_for_plain_guest = _i;
    start();
    flip(G1, BIT(47));
    ck_walk(go(ACCESS_READ, 0), _i ? WALK_PF : WALK_NPF, _i ? 9 : 0x100000004);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("special");
    TCase *t = tcase_create("special");

    suite_add_tcase(suite, t);
    tcase_add_checked_fixture(t, bench, teardown);
    tcase_add_test(t, gmet_lets_the_kernel_run_where_u_is_0);
    tcase_add_test(t, gmet_forbids_the_kernel_to_run_where_u_is_1);
    tcase_add_test(t, gmet_leaves_no_execute_as_it_is);
    tcase_add_test(t, gmet_is_ignored_without_the_feature);
    tcase_add_loop_test(
        t, the_knob_says_whether_gmet_lets_users_run_where_u_is_0, 0, 2);
    tcase_add_test(t, erratum_1218_tells_the_wrong_privilege);
    tcase_add_test(t, rogpt_reads_tables_without_writing);
    tcase_add_test(t, rogpt_needs_a_writable_page_to_set_accessed_or_dirty);
    tcase_add_test(t, rogpt_tells_reads);
    tcase_add_test(t, rogpt_still_dirties_the_page_of_an_entry_that_changes);
    tcase_add_loop_test(t, a_shadow_stack_page_is_read_only_and_dirty, 0, 2);
    tcase_add_test(t, an_ordinary_write_does_not_change_a_shadow_stack);
    tcase_add_test(t, a_nested_fault_of_a_shadow_stack_says_so);
    tcase_add_test(t, supervisor_shadow_stacks_lie_in_marked_pages_only);
    tcase_add_test(t, an_ordinary_access_of_a_marked_page_is_told_by_bit_37);
    tcase_add_loop_test(t, the_knob_says_whether_a_marked_page_can_be_read, 0,
                        2);
    tcase_add_test(t, sss_needs_no_execute_and_nested_paging);
    tcase_add_loop_test(t, the_knob_says_whether_bit_8_of_a_pml4e_is_reserved,
                        0, 2);
    tcase_add_loop_test(t, the_knob_says_when_exitinfo1_tells_a_fetch, 0, 3);
    tcase_add_loop_test(t, the_knob_says_what_exitinfo2_of_a_table_is, 0, 2);
    tcase_add_loop_test(t, the_knob_says_when_accessed_bits_are_set, 0, 3);
    tcase_add_loop_test(t, the_knob_says_whether_bits_given_up_are_reserved, 0,
                        2);
    tcase_add_loop_test(
        t, the_knob_says_whether_a_plain_guest_may_use_the_c_bit, 0, 2);
    return run_suite(suite);
}
