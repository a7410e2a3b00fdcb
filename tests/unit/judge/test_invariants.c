/* SPDX-License-Identifier: GPL-2.0-only */
/* Every invariant can be violated, and is not where all is well: over made-up
 * events and a CPU in whose memory things are planted. */
#include "unit/hw/tlb_lab.h"

#include "arch/svm.h"
#include "judge.h"
#include "unit/suite.h"

#include <string.h>

static struct trace bus;
static struct invariants *watch;

static void listen(void)
{
    trace_init(&bus, pool);
    watch = invariants_create(pool);
    invariants_meet(watch, cpu, NULL, NULL);
    trace_add_sink(&bus, invariants_sink, watch);
}

static struct invariant_report report(enum invariant i)
{
    return invariants_finish(watch)[i];
}

static void enter_and_leave(bool sev_es)
{
    TRACE(&bus, vmrun, .vmcb = 0x8000, .asid = 1, .ncr3 = NCR3, .sev = sev_es,
          .sev_es = sev_es);
    TRACE(&bus, vmexit, .code = EXIT_NPF, .rip = 0x401000);
}

START_TEST(every_invariant_of_the_contract_is_found_by_name)
{
    static const char *const names[] = {
        "mmio-faults",     "only-mmio-faults",
        "sev-es-can-mmio", "caching-not-wasted",
        "no-stale-tlb",    "no-hang",
        "no-leak"
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        ck_assert_int_ge(invariant_find(names[i]), 0);
    ck_assert_uint_eq(ARRAY_SIZE(names), N_INVARIANTS);
    ck_assert_int_eq(invariant_find("no-hangs"), -1);
}
END_TEST

START_TEST(nothing_that_happened_is_no_verdict)
{
    load(0, 0);
    listen();
    for (unsigned i = 0; i < N_INVARIANTS; i++)
        ck_assert_int_eq(report(i).state, INVARIANT_UNTESTED);
}
END_TEST

/* ---- no-stale-tlb -------------------------------------------------------- */

/* A page is remembered, then its entry changes to @spte and KVM tells so; @run
 * what comes between, then the guest is entered. */
static enum invariant_state after(uint64_t spte, void (*between)(void))
{
    struct tlb_geometry g = lab_geometry(TLB_ADVERSARIAL);

    load_geometry(g);
    become(1, 0);
    listen();
    touch(PAGE(0), ACCESS_WRITE);
    cpu_poke64(cpu, N(FRAME(0)), spte);
    TRACE(&bus, kvm_tdp_mmu_spte_changed, .gfn = FRAME(0) >> 12, .level = 1,
          .old_spte = FRAME(0) | RWUAD, .new_spte = spte);
    if (between)
        between();
    enter_and_leave(false);
    return report(NO_STALE_TLB).state;
}

static void flush_asid(void)
{
    vmrun_flush(TLB_CTL_ASID);
}

static void flush_page_only(void)
{
    struct wire w = cpu_wire(cpu);

    w.ops->invlpga(w.hw, PAGE(0), 1);
}

START_TEST(a_page_that_is_gone_but_remembered_is_stale)
{
    ck_assert_int_eq(after(0, NULL), INVARIANT_VIOLATED);
    ck_assert_ptr_nonnull(strstr(report(NO_STALE_TLB).why, "not present"));
}
END_TEST

START_TEST(so_is_a_page_that_may_not_be_written_any_more_or_lies_elsewhere)
{
    ck_assert_int_eq(after(FRAME(0) | (RWUAD & ~PTE_W), NULL),
                     INVARIANT_VIOLATED);
    ck_assert_int_eq(after(FRAME(3) | RWUAD, NULL), INVARIANT_VIOLATED);
}
END_TEST

START_TEST(more_rights_need_no_flush)
{
    ck_assert_int_eq(after(FRAME(0) | RWUAD | PTE_G, NULL), INVARIANT_HOLDS);
}
END_TEST

START_TEST(a_flush_of_the_asid_is_enough)
{
    ck_assert_int_eq(after(0, flush_asid), INVARIANT_HOLDS);
}
END_TEST

/* APM vol. 2, 15.25.9: INVLPGA does not reach the nested TLB. */
START_TEST(invlpga_leaves_the_nested_tlb_stale)
{
    ck_assert_int_eq(after(0, flush_page_only), INVARIANT_VIOLATED);
}
END_TEST

/* ---- no-leak ------------------------------------------------------------- */

static enum invariant_state written(uint64_t value, uint64_t dram, unsigned key)
{
    load(0, 0);
    listen();
    cpu_poke64(cpu, 0x9000, dram);
    TRACE(&bus, data, .gva = 1, .gpa = 0x9000, .spa = 0x9000, .size = 8,
          .write = true, .value = value, .key = key);
    return report(NO_LEAK).state;
}

START_TEST(a_private_word_in_the_clear_is_a_leak)
{
    ck_assert_int_eq(written(0x1122334455667788, 0x1122334455667788, 5),
                     INVARIANT_VIOLATED);
    ck_assert_int_eq(written(0x1122334455667788, 0xdeadbeefcafe, 5),
                     INVARIANT_HOLDS);
    ck_assert_int_eq(written(0x1122334455667788, 0x1122334455667788, 0),
                     INVARIANT_UNTESTED);
}
END_TEST

START_TEST(a_word_across_two_words_is_found_too)
{
    load(0, 0);
    listen();
    cpu_poke64(cpu, 0x9000, 0x6677889900000000);
    cpu_poke64(cpu, 0x9008, 0x44332211);
    TRACE(&bus, data, .spa = 0x9004, .size = 8, .write = true,
          .value = 0x4433221166778899, .key = 5);
    ck_assert_int_eq(report(NO_LEAK).state, INVARIANT_VIOLATED);
}
END_TEST

START_TEST(an_rip_in_the_vmcb_is_a_leak_of_sev_es_guests_only)
{
    load(0, 0);
    cpu_poke64(cpu, 0x8000 + VMCB_SAVE + SAVE_RIP, 0x401000);
    listen();
    enter_and_leave(false);
    ck_assert_int_eq(report(NO_LEAK).state, INVARIANT_UNTESTED);
    enter_and_leave(true);
    ck_assert_int_eq(report(NO_LEAK).state, INVARIANT_VIOLATED);
}
END_TEST

START_TEST(kvm_must_not_know_the_rip)
{
    load(0, 0);
    listen();
    enter_and_leave(true);
    TRACE(&bus, kvm_exit, .reason = EXIT_NPF, .rip = 0);
    ck_assert_int_eq(report(NO_LEAK).state, INVARIANT_HOLDS);
    TRACE(&bus, kvm_exit, .reason = EXIT_NPF, .rip = 0x401000);
    ck_assert_int_eq(report(NO_LEAK).state, INVARIANT_VIOLATED);
}
END_TEST

/* ---- no-hang, sev-es-can-mmio -------------------------------------------- */

static void hang(bool device, bool told)
{
    load(0, 0);
    listen();
    TRACE(&bus, step, .id = "one");
    enter_and_leave(true);
    if (device)
        TRACE(&bus, mmio_spte_refused, .gfn = 0xfed00);
    if (told)
        TRACE(&bus, vc, .error_code = 0x400);
    TRACE(&bus, hang, .exit = EXIT_NPF, .why = "the same again");
}

START_TEST(a_hang_at_a_device_breaks_the_promise_of_sev_es)
{
    hang(true, false);
    ck_assert_int_eq(report(NO_HANG).state, INVARIANT_VIOLATED);
    ck_assert_int_eq(report(SEV_ES_CAN_MMIO).state, INVARIANT_VIOLATED);
    hang(false, false);
    ck_assert_int_eq(report(NO_HANG).state, INVARIANT_VIOLATED);
    ck_assert_int_eq(report(SEV_ES_CAN_MMIO).state, INVARIANT_UNTESTED);
    hang(true, true);
    ck_assert_int_eq(report(SEV_ES_CAN_MMIO).state, INVARIANT_UNTESTED);
}
END_TEST

START_TEST(an_access_that_reached_something_else_breaks_it_too)
{
    for (unsigned told = 0; told < 2; told++) {
        load(0, 0);
        listen();
        TRACE(&bus, step, .id = "one");
        enter_and_leave(true);
        TRACE(&bus, mark_mmio_spte, .gfn = 0xfed00);
        if (told)
            TRACE(&bus, vc, .error_code = 0x400);
        if (told)
            TRACE(&bus, guest_vc_done, .value = 0);
        TRACE(&bus, step_done, .id = "one", .how = "completed");
        ck_assert_int_eq(report(SEV_ES_CAN_MMIO).state,
                         told ? INVARIANT_HOLDS : INVARIANT_VIOLATED);
    }
}
END_TEST

START_TEST(a_refused_vm_keeps_the_promise)
{
    load(0, 0);
    listen();
    TRACE(&bus, vm_create, .type = "sev-es", .result = "ENOTTY");
    ck_assert_int_eq(report(SEV_ES_CAN_MMIO).state, INVARIANT_HOLDS);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("judge/invariants");
    TCase *t = tcase_create("invariants");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, every_invariant_of_the_contract_is_found_by_name);
    tcase_add_test(t, nothing_that_happened_is_no_verdict);
    tcase_add_test(t, a_page_that_is_gone_but_remembered_is_stale);
    tcase_add_test(
        t, so_is_a_page_that_may_not_be_written_any_more_or_lies_elsewhere);
    tcase_add_test(t, more_rights_need_no_flush);
    tcase_add_test(t, a_flush_of_the_asid_is_enough);
    tcase_add_test(t, invlpga_leaves_the_nested_tlb_stale);
    tcase_add_test(t, a_private_word_in_the_clear_is_a_leak);
    tcase_add_test(t, a_word_across_two_words_is_found_too);
    tcase_add_test(t, an_rip_in_the_vmcb_is_a_leak_of_sev_es_guests_only);
    tcase_add_test(t, kvm_must_not_know_the_rip);
    tcase_add_test(t, a_hang_at_a_device_breaks_the_promise_of_sev_es);
    tcase_add_test(t, an_access_that_reached_something_else_breaks_it_too);
    tcase_add_test(t, a_refused_vm_keeps_the_promise);
    suite_add_tcase(s, t);
    return run_suite(s);
}
