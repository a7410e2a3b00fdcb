/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SNP guests under VMRUN, and the instructions by which they change the reverse
 * map table. The host's side: test_snp_host.c.
 */
#include "unit/hw/snp_lab.h"

#include <stdlib.h>

static void teardown(void)
{
    mini_destroy(&m);
}

#define PVALIDATE "\xf2\x0f\x01\xff"
#define RMPADJUST "\xf3\x0f\x01\xfe"
#define RMPQUERY  "\xf3\x0f\x01\xfd"

static uint64_t rax(void)
{
    return m.cpu->g.r.gpr[GPR_RAX];
}

static bool carry(void)
{
    return m.cpu->g.r.rflags & BIT(0);
}

/* ---- a guest's life ---- */

START_TEST(a_launched_guest_reads_what_it_was_given)
{
    start(INSN(READ_DATA), 0, 0, 0);
    mini_poke(&m, DATA, 0x5a);
    snp_launch();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(rax() & 0xff, 0x5a);
}
END_TEST

/* N10: validation does not survive that the host gives the page again. */
START_TEST(a_page_given_anew_is_not_validated)
{
    start(INSN(READ_DATA), 0, 0, 0);
    snp_launch();
    ck_assert_int_eq(snp_give(DATA, DATA), RMP_OK);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert(snp_stopped_in(VEC_VC));
    ck_assert_uint_eq(mini_field(&m, EV_vc, "error_code"), 0x404);
    ck_assert_uint_eq(m.cpu->g.r.cr2, DATA);
}
END_TEST

/* N05: another page of its own, where this one should be. */
START_TEST(a_remapped_page_is_noticed)
{
    start(INSN(READ_DATA), 0, 0, 0);
    snp_launch();
    mini_poke(&m, NPT(DATA), 0xe000 | RWUAD);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x580000005);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2), DATA);
}
END_TEST

/* N23: a reserved bit is paging's, which comes first. */
START_TEST(reserved_bits_go_before_the_table)
{
    start(INSN(READ_DATA), 0, 0, 0);
    snp_launch();
    mini_poke(&m, NPT(DATA), DATA | RWUAD | BIT(50));
    ck_assert_int_eq(snp_assign(DATA, (struct rmp_state) { 0 }), RMP_OK);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert(snp_stopped_in(VEC_VC));
    ck_assert_uint_eq(mini_field(&m, EV_vc, "error_code"), 0x400);
}
END_TEST

/* N24, and what a guest can trust. */
START_TEST(cpuid_and_ports_are_intercepted_by_force)
{
    start(_i ? "\xe6\x80" : "\x0f\xa2", 2, 0, 0, 0);
    snp_launch();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert(snp_stopped_in(VEC_VC));
    ck_assert_uint_eq(mini_field(&m, EV_vc, "error_code"), _i ? 0x7b : 0x72);
}
END_TEST

START_TEST(sev_status_tells_of_snp)
{
    start(INSN("\x0f\x32"), 0, MSR_SEV_STATUS, 0);
    snp_launch();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq((uint32_t)rax(), 7);
}
END_TEST

/* No entry has the C-bit, and all memory of the bench is private. */
static void use_vtom(void)
{
    mini_reg(&m, VMSA_SEV_FEATURES, SEV_FEATURE_SNP | SEV_FEATURE_VTOM);
    mini_reg(&m, VMSA_VIRTUAL_TOM, 0x600000);
    mini_reg(&m, SAVE_CR3, PML4);
    mini_poke(&m, PML4, PDPT | RWUAD);
    mini_poke(&m, PDPT, PD | RWUAD);
    mini_poke(&m, PD, PT | RWUAD);
    for (uint64_t a = 0; a < 0x100000; a += PAGE_SIZE_4K)
        mini_poke(&m, GPT(a), a | RWUAD);
}

/* N32: without vTOM there is no such MSR. */
START_TEST(virtual_tom_is_an_msr_where_it_is_active)
{
    start(INSN("\x0f\x32"), 0, MSR_VIRTUAL_TOM, 0);
    if (_i)
        use_vtom();
    snp_launch();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_int_eq(snp_stopped_in(VEC_GP), !_i);
    if (_i)
        ck_assert_uint_eq((uint32_t)rax(), 0x600000);
}
END_TEST

START_TEST(virtual_tom_moves_in_steps_of_2m)
{
    start(INSN("\x0f\x30"), _i ? 0x200000 : 0x1000, MSR_VIRTUAL_TOM, 0);
    use_vtom();
    snp_launch();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_int_eq(snp_stopped_in(VEC_GP), !_i);
    ck_assert_uint_eq(m.cpu->g.vtom, _i ? 0x200000 : 0x600000);
}
END_TEST

/* ---- PVALIDATE ---- */

/* N09, N10 and what makes the page usable again. */
START_TEST(pvalidate_tells_whether_anything_changed)
{
    start(INSN(PVALIDATE READ_DATA), DATA, 0, 1);
    mini_poke(&m, DATA, 0x5a);
    snp_launch();
    if (_i)
        ck_assert_int_eq(snp_give(DATA, DATA), RMP_OK);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert(!snp_stopped_in(VEC_VC));
    ck_assert_uint_eq(rax(), 0x5a); /* EAX was 0 */
    ck_assert_int_eq(carry(), !_i);
    ck_assert_uint_eq(rmp_find(m.cpu, DATA).lo & RMP_VALIDATED, RMP_VALIDATED);
}
END_TEST

START_TEST(pvalidate_takes_validation_back)
{
    start(INSN(PVALIDATE READ_DATA), DATA, 0, 0);
    snp_launch();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert(snp_stopped_in(VEC_VC));
    ck_assert_uint_eq(mini_field(&m, EV_vc, "error_code"), 0x404);
}
END_TEST

/* By ECX and address; N08 is the last one. */
START_TEST(pvalidate_refuses_operands)
{
    static const struct {
        uint64_t rax, rcx, result;
    } rows[] = {
        { DATA + 8, 0, RMP_FAIL_INPUT },
        { DATA, 1, RMP_FAIL_INPUT },
        { DATA, 2, RMP_FAIL_INPUT },
        { 0, 1, RMP_FAIL_SIZEMISMATCH },
    };

    start(INSN(PVALIDATE), rows[_i].rax, rows[_i].rcx, 1);
    snp_launch();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(rax(), rows[_i].result);
    ck_assert(!(m.cpu->g.r.rflags & BIT(6))); /* ZF */
}
END_TEST

/* N33: also what an operand that no table maps does. */
START_TEST(pvalidate_wants_a_private_mapping)
{
    start(INSN(PVALIDATE), _i ? DATA : 0x100000, 0, 1);
    if (_i)
        mini_poke(&m, GPT(DATA), DATA | RWUAD);
    snp_launch();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert(snp_stopped_in(VEC_PF));
    ck_assert_uint_eq(mini_field(&m, EV_pf, "error_code"), _i ? 9 : 0);
    ck_assert_uint_eq(m.cpu->g.r.cr2, _i ? DATA : 0x100000);
}
END_TEST

START_TEST(pvalidate_is_the_kernels_at_vmpl_0)
{
    start(INSN(PVALIDATE), DATA, 0, 1);
    mini_user(&m);
    snp_launch();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert(snp_stopped_in(VEC_GP));
}
END_TEST

START_TEST(outside_of_snp_there_is_no_pvalidate)
{
    struct cpu_model model = snp_lab_model();

    mini_create_on(&m, PLAIN, &model);
    MINI_CODE(&m, PVALIDATE);
    if (_i)
        snp_enable();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert(snp_stopped_in(VEC_UD));
}
END_TEST

/* N07: the guest asks for 4K, the host has 2M. PSMASH, and again. */
START_TEST(a_2m_page_is_split_by_the_host)
{
    spa_t big = 0x400000;

    start(INSN(PVALIDATE READ_DATA), 0x200000, 0, 1);
    mini_poke(&m, PD + 8, 0x600000 | PTE_PS | RWUAD | BIT(51));
    mini_reg(&m, SAVE_RAX, 0x205000);
    mini_poke(&m, NPD + 24, big | PTE_PS | RWUAD);
    snp_launch();
    ck_assert_int_eq(snp_assign(big, (struct rmp_state) { .gpa = 0x600000,
                                                          .asid = 3,
                                                          .assigned = true,
                                                          .large = true }),
                     RMP_OK);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0xd80000005);
    ck_assert_int_eq(m.w.ops->psmash(m.w.hw, big), RMP_OK);
    /* The nested tables still have 2M: another fault, no SIZEM. */
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x580000005);
    mini_poke(&m, NPD + 24, 0x220000 | RWUAD);
    mini_poke(&m, 0x220000 + 8 * 5, (big + 0x5000) | RWUAD);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(rax() & ~0xffULL, 0);
    ck_assert(!carry());
}
END_TEST

/* ---- RMPADJUST, RMPQUERY ---- */

#define ADJUST(vmpl, permissions) ((vmpl) | (uint64_t)(permissions) << 8)

START_TEST(rmpadjust_grants_to_higher_levels)
{
    static const struct {
        uint64_t rax, rcx, rdx, result;
    } rows[] = {
        { DATA, 0, ADJUST(1, VMPL_R | VMPL_W), RMP_OK },
        { DATA, 0, ADJUST(3, 0), RMP_OK },
        { DATA, 0, ADJUST(0, VMPL_R), RMP_FAIL_PERMISSION },
        { DATA, 0, ADJUST(4, VMPL_R), RMP_FAIL_INPUT },
        { DATA, 0, ADJUST(1, VMPL_W), RMP_FAIL_INPUT },
        { DATA + 1, 0, ADJUST(1, VMPL_R), RMP_FAIL_INPUT },
        { 0, 1, ADJUST(1, VMPL_R), RMP_FAIL_SIZEMISMATCH },
        { DATA, 0, ADJUST(1, VMPL_R) | BIT(17), RMP_FAIL_INPUT },
    };

    start(INSN(RMPADJUST), rows[_i].rax, rows[_i].rcx, rows[_i].rdx);
    snp_launch();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(rax(), rows[_i].result);
    if (rows[_i].result == RMP_OK)
        ck_assert_uint_eq(
            rmp_find(m.cpu, DATA).hi >> 8 * (rows[_i].rdx & 0xff) & 0xff,
            rows[_i].rdx >> 8);
}
END_TEST

START_TEST(rmpadjust_makes_a_vmsa_page)
{
    start(INSN(RMPADJUST), DATA, 0, ADJUST(1, VMPL_R) | BIT(16));
    snp_launch();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(rax(), RMP_OK);
    ck_assert(rmp_find(m.cpu, DATA).lo & RMP_VMSA);
}
END_TEST

START_TEST(rmpquery_tells_what_a_level_may)
{
    start(INSN(RMPQUERY), DATA, 7, 2);
    snp_launch();
    rmp_store(m.cpu, DATA, rmp_find(m.cpu, DATA).lo,
              VMPL_ALL | (VMPL_R | VMPL_UX) << 16);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(rax(), RMP_OK);
    ck_assert_uint_eq(m.cpu->g.r.gpr[GPR_RDX], ADJUST(2, VMPL_R | VMPL_UX));
    ck_assert_uint_eq(m.cpu->g.r.gpr[GPR_RCX], 0);
}
END_TEST

/* N14: at VMPL 1 neither its own level nor the one above. */
START_TEST(a_lower_level_adjusts_lower_ones_only)
{
    start(INSN(RMPADJUST), DATA, 0, ADJUST(_i, VMPL_R));
    mini_reg(&m, SAVE_VMPL & ~7U, 1ULL << 8 * (SAVE_VMPL % 8));
    snp_launch();
    for (spa_t spa = 0; spa < 0x100000; spa += PAGE_SIZE_4K)
        rmp_store(m.cpu, spa, rmp_find(m.cpu, spa).lo, VMPL_ALL * 0x0101ULL);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(rax(), _i < 2 ? RMP_FAIL_PERMISSION : RMP_OK);
}
END_TEST

/* Executed in a guest the host's instructions do nothing. */
START_TEST(the_hosts_instructions_fail_in_a_guest)
{
    static const char *const insns[] = {
        "\xf2\x0f\x01\xfe",
        "\xf3\x0f\x01\xff",
        "\xf2\x0f\x01\xfd",
    };

    start(insns[_i], 4, DATA, DATA, 0);
    snp_launch();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(rax(), RMP_FAIL_PERMISSION);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hw_snp");
    TCase *t = tcase_create("snp");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, a_launched_guest_reads_what_it_was_given);
    tcase_add_test(t, a_page_given_anew_is_not_validated);
    tcase_add_test(t, a_remapped_page_is_noticed);
    tcase_add_test(t, reserved_bits_go_before_the_table);
    tcase_add_loop_test(t, cpuid_and_ports_are_intercepted_by_force, 0, 2);
    tcase_add_test(t, sev_status_tells_of_snp);
    tcase_add_loop_test(t, virtual_tom_is_an_msr_where_it_is_active, 0, 2);
    tcase_add_loop_test(t, virtual_tom_moves_in_steps_of_2m, 0, 2);
    tcase_add_loop_test(t, pvalidate_tells_whether_anything_changed, 0, 2);
    tcase_add_test(t, pvalidate_takes_validation_back);
    tcase_add_loop_test(t, pvalidate_refuses_operands, 0, 4);
    tcase_add_loop_test(t, pvalidate_wants_a_private_mapping, 0, 2);
    tcase_add_test(t, pvalidate_is_the_kernels_at_vmpl_0);
    tcase_add_loop_test(t, outside_of_snp_there_is_no_pvalidate, 0, 2);
    tcase_add_test(t, a_2m_page_is_split_by_the_host);
    tcase_add_loop_test(t, rmpadjust_grants_to_higher_levels, 0, 8);
    tcase_add_test(t, rmpadjust_makes_a_vmsa_page);
    tcase_add_test(t, rmpquery_tells_what_a_level_may);
    tcase_add_loop_test(t, a_lower_level_adjusts_lower_ones_only, 0, 4);
    tcase_add_loop_test(t, the_hosts_instructions_fail_in_a_guest, 0, 3);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
