/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SNP guests and their host: its instructions, what it may write to, which
 * pages VMRUN and the firmware take.
 */
#include "unit/hw/snp_lab.h"

#include <stdlib.h>

static void teardown(void)
{
    mini_destroy(&m);
}

/* ---- the host ---- */

/* N01, N12: writes are refused whole, reads give ciphertext. */
START_TEST(the_host_cannot_write_to_private_pages)
{
    uint64_t word[2] = { 1, 2 }, before[2], after[2];

    start(INSN(READ_DATA), 0, 0, 0);
    snp_launch();
    m.w.ops->read(m.w.hw, DATA, before, sizeof(before));
    ck_assert(!m.w.ops->write64(m.w.hw, DATA, 1));
    ck_assert(!m.w.ops->write(m.w.hw, DATA, word, sizeof(word)));
    ck_assert(!m.w.ops->write_c(m.w.hw, DATA, word, sizeof(word), true));
    /* Across from a page of its own. */
    ck_assert(!m.w.ops->write(m.w.hw, MMIO + PAGE_SIZE_4K - 8, word, 16));
    ck_assert_uint_eq(mini_field(&m, EV_host_pf, "error_code"), 0x80000003);
    ck_assert_uint_eq(mini_field(&m, EV_host_pf, "spa"), MMIO + PAGE_SIZE_4K);
    ck_assert(m.w.ops->write(m.w.hw, MMIO, word, sizeof(word)));
    m.w.ops->read(m.w.hw, DATA, after, sizeof(after));
    ck_assert_mem_eq(before, after, sizeof(before));
    m.w.ops->read(m.w.hw, MMIO + PAGE_SIZE_4K - 8, after, 8);
    ck_assert_uint_eq(after[0], 0);
}
END_TEST

/* N02: one page of the 512 is enough. */
START_TEST(a_large_mapping_is_the_hosts_as_a_whole)
{
    static const uint64_t pages[] = { PAGE_SIZE_4K, 2 << 20, 1 << 30 };

    snp_create();
    snp_enable();
    ck_assert_int_eq(snp_give(0x5ff000, 0), RMP_OK);
    ck_assert_int_eq(m.w.ops->write_large(m.w.hw, 0x400000, "x", 1, pages[_i]),
                     _i == 0);
    ck_assert(m.w.ops->write_large(m.w.hw, 0x600000, "x", 1, pages[_i]));
    if (_i)
        ck_assert_uint_eq(mini_field(&m, EV_host_pf, "error_code"), 0x80000003);
}
END_TEST

START_TEST(nobody_writes_to_the_table_itself)
{
    uint64_t base;

    snp_create();
    snp_enable();
    ck_assert(m.w.ops->rdmsr(m.w.hw, MSR_RMP_BASE, &base));
    ck_assert(!m.w.ops->write64(m.w.hw, base + RMP_BOOKKEEPING, 1));
    ck_assert_int_eq(snp_give(base, 0), RMP_FAIL_PERMISSION);
    ck_assert(m.w.ops->write64(m.w.hw, base - 8, 1));
}
END_TEST

START_TEST(rmpupdate_refuses_what_makes_no_sense)
{
    const struct {
        spa_t spa;
        struct rmp_state s;
        enum rmp_result result;
    } rows[] = {
        { 0x400800, { .assigned = true, .asid = 3 }, RMP_FAIL_INPUT },
        { BIT(44), { .assigned = true, .asid = 3 }, RMP_FAIL_INPUT },
        { 0x401000,
          { .assigned = true, .asid = 3, .large = true },
          RMP_FAIL_INPUT },
        { 0x400000,
          { .assigned = true, .asid = 3, .large = true, .gpa = 0x1000 },
          RMP_FAIL_INPUT },
        { 0x400000, { .assigned = true, .asid = 1024 }, RMP_FAIL_INPUT },
        { 0x400000, { .asid = 3 }, RMP_FAIL_INPUT },
        { GCTX, { 0 }, RMP_FAIL_PERMISSION },
        { 0x600000,
          { .assigned = true, .asid = 3, .large = true },
          RMP_FAIL_OVERLAP },
        { 0x801000, { .assigned = true, .asid = 3 }, RMP_FAIL_OVERLAP },
        { 0x800000, { .large = true }, RMP_OK },
    };

    snp_create();
    snp_begin();
    ck_assert_int_eq(snp_give(0x6ff000, 0), RMP_OK);
    ck_assert_int_eq(snp_assign(0x800000, (struct rmp_state) { .assigned = true,
                                                               .asid = 3,
                                                               .large = true }),
                     RMP_OK);
    ck_assert_int_eq(snp_assign(rows[_i].spa, rows[_i].s), rows[_i].result);
}
END_TEST

/* N11: contiguous, and what was validated stays so. */
START_TEST(psmash_leaves_512_pages)
{
    struct rmp_state s;

    snp_create();
    snp_begin();
    ck_assert_int_eq(snp_assign(0x400000, (struct rmp_state) { .gpa = 0x800000,
                                                               .asid = 3,
                                                               .assigned = true,
                                                               .large = true }),
                     RMP_OK);
    rmp_store(m.cpu, 0x400000, rmp_find(m.cpu, 0x400000).lo | RMP_VALIDATED,
              0x0203);
    ck_assert_int_eq(m.w.ops->psmash(m.w.hw, 0x401000), RMP_FAIL_INPUT);
    ck_assert_int_eq(m.w.ops->psmash(m.w.hw, 0x600000), RMP_FAIL_BADADDR);
    ck_assert_int_eq(m.w.ops->psmash(m.w.hw, 0x400000), RMP_OK);
    for (unsigned i = 0; i < 512; i++) {
        spa_t spa = 0x400000 + i * PAGE_SIZE_4K;

        ck_assert_int_eq(m.w.ops->rmpread(m.w.hw, spa, &s), RMP_OK);
        ck_assert_uint_eq(s.gpa, spa + 0x400000);
        ck_assert_uint_eq(s.asid, 3);
        ck_assert(s.assigned && !s.large && !s.immutable);
        ck_assert(rmp_find(m.cpu, spa).lo & RMP_VALIDATED);
        ck_assert_uint_eq(rmp_find(m.cpu, spa).hi, 0x0203);
    }
    ck_assert_int_eq(m.w.ops->psmash(m.w.hw, 0x400000), RMP_FAIL_BADADDR);
}
END_TEST

/* N15: another core tries while the guest runs. */
static enum rmp_result tried[3];
static enum port_result meddle(void *ctx, struct guest_port *p, unsigned number)
{
    (void)ctx, (void)p, (void)number;
    tried[0] = snp_assign(HOST_VMCB, (struct rmp_state) { 0 });
    tried[1] = snp_assign(HOST_VMSA, (struct rmp_state) { 0 });
    tried[2] = snp_assign(0x400000, (struct rmp_state) { 0 });
    return PORT_OK;
}

START_TEST(pages_of_a_running_guest_are_in_use)
{
    const struct guest_software sw = { .softcall = meddle };

    start(INSN("\x0f\x3f\x00"), 0, 0, 0);
    cpu_set_guest(m.cpu, &sw);
    snp_launch();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_int_eq(tried[0], RMP_FAIL_INUSE);
    ck_assert_int_eq(tried[1], RMP_FAIL_INUSE);
    ck_assert_int_eq(tried[2], RMP_OK);
    ck_assert_int_eq(snp_assign(HOST_VMSA, (struct rmp_state) { 0 }), RMP_OK);
}
END_TEST

START_TEST(without_snpe_the_instructions_do_not_exist)
{
    struct rmp_state s;

    snp_create();
    ck_assert_int_eq(snp_give(0x400000, 0), RMP_UD);
    ck_assert_int_eq(m.w.ops->psmash(m.w.hw, 0x400000), RMP_UD);
    ck_assert_int_eq(m.w.ops->rmpread(m.w.hw, 0x400000, &s), RMP_UD);
}
END_TEST

/* ---- VMRUN ---- */

/* N16 and its relatives: by what is wrong with the VMSA's page. */
START_TEST(vmrun_wants_the_guests_vmsa)
{
    static const uint64_t flips[] = { 0,
                                      RMP_VMSA,
                                      RMP_ASSIGNED,
                                      RMP_IMMUTABLE,
                                      1ULL << RMP_ASID_SHIFT,
                                      RMP_VALIDATED };

    start(INSN("\x90"), 0, 0, 0);
    snp_launch();
    rmp_store(m.cpu, HOST_VMSA, rmp_find(m.cpu, HOST_VMSA).lo ^ flips[_i],
              VMPL_ALL);
    ck_assert_uint_eq(mini_run(&m), _i ? EXIT_INVALID : EXIT_HLT);
}
END_TEST

/* N17: VMCB, and the page of VM_HSAVE_PA. */
START_TEST(vmrun_writes_to_the_hosts_pages_only)
{
    start(INSN("\x90"), 0, 0, 0);
    snp_launch();
    ck_assert(m.w.ops->vmrun(m.w.hw, HOST_VMCB, m.gpr));
    ck_assert_int_eq(snp_give(_i ? HOST_AREA : HOST_VMCB, 0), RMP_OK);
    ck_assert(!m.w.ops->vmrun(m.w.hw, HOST_VMCB, m.gpr));
    ck_assert_uint_eq(m.count[EV_host_gp], 1);
    ck_assert(
        !m.w.ops->wrmsr(m.w.hw, MSR_VM_HSAVE_PA, _i ? HOST_AREA : HOST_VMCB));
}
END_TEST

START_TEST(an_snp_guest_needs_an_snp_host)
{
    snp_create();
    m.type = SEV_ES;
    mini_launch(&m); /* as an SEV-ES guest; its VMSA says SNP */
    ck_assert_uint_eq(mini_run(&m), EXIT_INVALID);
}
END_TEST

START_TEST(an_es_guest_runs_beside_if_its_vmsa_is_the_hosts)
{
    struct cpu_model model = snp_lab_model();

    mini_create_on(&m, SEV_ES, &model);
    MINI_CODE(&m, READ_DATA "\xf4");
    mini_launch(&m);
    m.w.ops->wrmsr(m.w.hw, MSR_SYSCFG, m.cpu->syscfg | SYSCFG_SNP_EN);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_int_eq(snp_give(HOST_VMSA, 0), RMP_OK);
    ck_assert_uint_eq(mini_run(&m), EXIT_INVALID);
}
END_TEST

/* N18. */
START_TEST(features_that_vmrun_refuses)
{
    const uint64_t both = SEV_FEATURE_RESTRICTED | SEV_FEATURE_ALTERNATE;
    const struct {
        uint64_t features, eventinj, allowed, vmpl, code;
    } rows[] = {
        { 0, 0, 0, 0, EXIT_HLT },
        { both, 0, 0, 0, EXIT_INVALID },
        { SEV_FEATURE_RESTRICTED, 0, 0, 0, EXIT_HLT },
        { SEV_FEATURE_RESTRICTED, EVENT_V | EVENT_TYPE_NMI << 8 | 2, 0, 0,
          EXIT_INVALID },
        { SEV_FEATURE_RESTRICTED, EVENT_V | EVENT_TYPE_EXC << 8 | VEC_HV, 0, 0,
          EXIT_HLT },
        { SEV_FEATURE_RESTRICTED, 0, ALLOWED_SEV_ENFORCE | SEV_FEATURE_SNP, 0,
          EXIT_INVALID },
        { 0, 0, ALLOWED_SEV_ENFORCE | SEV_FEATURE_SNP, 0, EXIT_HLT },
        { 0, 0, 0, 4, EXIT_INVALID },
    };

    start(INSN("\x90"), 0, 0, 0);
    mini_reg(&m, VMSA_SEV_FEATURES, SEV_FEATURE_SNP | rows[_i].features);
    mini_reg(&m, SAVE_VMPL & ~7U, rows[_i].vmpl << 8 * (SAVE_VMPL % 8));
    mini_set(&m, VMCB_EVENTINJ, rows[_i].eventinj);
    mini_set(&m, VMCB_ALLOWED_SEV, rows[_i].allowed);
    snp_launch();
    ck_assert_uint_eq(mini_run(&m), rows[_i].code);
}
END_TEST

/* ---- the firmware ---- */

START_TEST(the_firmware_wants_pages_in_their_state)
{
    const struct psp_request none = { 0 };

    snp_create();
    snp_enable();
    ck_assert_int_eq(snp_psp(PSP_SNP_GCTX_CREATE, none),
                     PSP_INVALID_PAGE_STATE);
    ck_assert_int_eq(snp_assign(GCTX, (struct rmp_state) { .assigned = true,
                                                           .immutable = true }),
                     RMP_OK);
    ck_assert_int_eq(snp_psp(PSP_SNP_GCTX_CREATE, none), PSP_OK);
    ck_assert_int_eq(snp_psp(PSP_SNP_GCTX_CREATE, none),
                     PSP_INVALID_PAGE_STATE);
    ck_assert_int_eq(snp_psp(PSP_SNP_LAUNCH_START, none), PSP_POLICY_FAILURE);
    ck_assert_int_eq(snp_psp(PSP_SNP_LAUNCH_START,
                             (struct psp_request) { .policy = BIT(17) }),
                     PSP_OK);
    ck_assert_int_eq(
        snp_psp(PSP_SNP_ACTIVATE, (struct psp_request) { .asid = 5 }),
        PSP_INVALID_ASID); /* for SEV without ES */
    ck_assert_int_eq(
        snp_psp(PSP_SNP_ACTIVATE, (struct psp_request) { .asid = 3 }), PSP_OK);
    ck_assert_int_eq(snp_psp(PSP_SNP_LAUNCH_UPDATE,
                             (struct psp_request) {
                                 .spa = DATA, .page_type = PSP_PAGE_NORMAL }),
                     PSP_INVALID_PAGE_STATE);
    ck_assert_int_eq(snp_update(DATA, PSP_PAGE_SECRETS), PSP_UNSUPPORTED);
    ck_assert_int_eq(snp_psp(PSP_SNP_LAUNCH_UPDATE,
                             (struct psp_request) {
                                 .spa = DATA, .page_type = PSP_PAGE_ZERO }),
                     PSP_OK);
    ck_assert_int_eq(
        snp_psp(PSP_SNP_PAGE_RECLAIM, (struct psp_request) { .spa = DATA }),
        PSP_INVALID_PAGE_STATE); /* the guest's by now */
    ck_assert_int_eq(snp_psp(PSP_SNP_LAUNCH_FINISH, none), PSP_OK);
    ck_assert_int_eq(snp_psp(PSP_SNP_LAUNCH_FINISH, none),
                     PSP_INVALID_GUEST_STATE);
}
END_TEST

START_TEST(pages_come_back_from_the_firmware)
{
    const struct psp_request gctx = { .spa = GCTX };

    snp_create();
    snp_begin();
    ck_assert_int_eq(snp_assign(GCTX, (struct rmp_state) { 0 }),
                     RMP_FAIL_PERMISSION);
    ck_assert_int_eq(snp_psp(PSP_SNP_PAGE_RECLAIM, gctx),
                     PSP_INVALID_PAGE_STATE);
    ck_assert_int_eq(snp_psp(PSP_SNP_DECOMMISSION, gctx), PSP_OK);
    ck_assert_int_eq(snp_psp(PSP_SNP_DECOMMISSION, gctx), PSP_INVALID_GUEST);
    ck_assert_int_eq(snp_psp(PSP_SNP_PAGE_RECLAIM, gctx), PSP_OK);
    ck_assert_int_eq(snp_assign(GCTX, (struct rmp_state) { 0 }), RMP_OK);
    ck_assert(m.w.ops->write64(m.w.hw, GCTX, 1));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hw_snp_host");
    TCase *t = tcase_create("snp");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, the_host_cannot_write_to_private_pages);
    tcase_add_loop_test(t, a_large_mapping_is_the_hosts_as_a_whole, 0, 3);
    tcase_add_test(t, nobody_writes_to_the_table_itself);
    tcase_add_loop_test(t, rmpupdate_refuses_what_makes_no_sense, 0, 10);
    tcase_add_test(t, psmash_leaves_512_pages);
    tcase_add_test(t, pages_of_a_running_guest_are_in_use);
    tcase_add_test(t, without_snpe_the_instructions_do_not_exist);
    tcase_add_loop_test(t, vmrun_wants_the_guests_vmsa, 0, 6);
    tcase_add_loop_test(t, vmrun_writes_to_the_hosts_pages_only, 0, 2);
    tcase_add_test(t, an_snp_guest_needs_an_snp_host);
    tcase_add_test(t, an_es_guest_runs_beside_if_its_vmsa_is_the_hosts);
    tcase_add_loop_test(t, features_that_vmrun_refuses, 0, 8);
    tcase_add_test(t, the_firmware_wants_pages_in_their_state);
    tcase_add_test(t, pages_come_back_from_the_firmware);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
