/* SPDX-License-Identifier: GPL-2.0-only */
/* How steps ended, over hand-made event streams. */
#include "unit/judge/bench.h"
#include "unit/suite.h"

/* ---- outcomes ------------------------------------------------------------ */

START_TEST(a_step_that_just_completes_reached_ram)
{
    struct expectations x = { 0 };
    const struct step_report *r;

    listen(&x);
    begin("one");
    TRACE(&trace, vmrun, .rip = 0x1000);
    TRACE(&trace, npf, .info1 = 0x100000004, .info2 = 0x2000);
    TRACE(&trace, vmexit, .code = EXIT_NPF);
    TRACE(&trace, kvm_fault_result, .why = "mapped");
    TRACE(&trace, halt, .rax = 0x1122334455667788);
    TRACE(&trace, vmexit, .code = EXIT_HLT);
    end("one", "completed", "");
    r = report(0);
    ck_assert_str_eq(r->outcome, "ram");
    ck_assert_str_eq(r->reason, "mapped");
    ck_assert(r->has_value && !r->has_error_code && !r->has_cr2);
    ck_assert_uint_eq(r->value, 0x55667788); /* 4 bytes */
    ck_assert_uint_eq(r->exits, 2);
    ck_assert_uint_eq(r->n_npf, 1);
    ck_assert_uint_eq(r->npf[0], 0x100000004);
    ck_assert_uint_eq(r->cycles, 7); /* the step event and all up to its end */
}
END_TEST

START_TEST(code_steps_give_the_whole_register)
{
    struct expectations x = { 0 };

    listen(&x);
    begin("three");
    TRACE(&trace, halt, .rax = UINT64_MAX);
    end("three", "completed", "");
    ck_assert_uint_eq(report(2)->value, UINT64_MAX);
}
END_TEST

START_TEST(what_happened_before_a_step_is_not_part_of_it)
{
    struct expectations x = { 0 };
    const struct step_report *r;

    listen(&x);
    TRACE(&trace, npf, .info1 = 4);
    TRACE(&trace, kvm_mmio, .kind = "read");
    begin("one");
    end("one", "completed", "");
    TRACE(&trace, vmexit, .code = EXIT_HLT);
    begin("two");
    end("two", "completed", "");
    r = report(0);
    ck_assert_str_eq(r->outcome, "ram");
    ck_assert_uint_eq(r->n_npf, 0);
    ck_assert_uint_eq(r->exits, 0);
    ck_assert(!r->has_value);
}
END_TEST

START_TEST(a_device_behind_vc_is_told_from_one_behind_the_emulator)
{
    struct expectations x = { 0 };

    listen(&x);
    begin("one");
    reach_device_by_ghcb();
    end("one", "completed", "");
    begin("two");
    TRACE(&trace, kvm_mmio, .kind = "read", .len = 4);
    TRACE(&trace, halt, .rax = 0x5a);
    end("two", "completed", "");
    ck_assert_str_eq(report(0)->outcome, "mmio.vc");
    ck_assert_str_eq(report(0)->reason, "a reserved bit");
    ck_assert_uint_eq(report(0)->npf[0], 0x10000000d);
    ck_assert_str_eq(report(1)->outcome, "mmio.emulated");
}
END_TEST

START_TEST(a_vc_that_is_not_about_memory_is_not_mmio)
{
    struct expectations x = { 0 };

    listen(&x);
    begin("one");
    TRACE(&trace, vc, .error_code = EXIT_CPUID, .why = "intercepted");
    TRACE(&trace, guest_vc_done, .value = 0);
    end("one", "completed", "");
    ck_assert_str_eq(report(0)->outcome, "ram");
}
END_TEST

static const struct {
    unsigned vector;
    const char *outcome;
    bool error_code, cr2;
} fixups[] = {
    { VEC_UD, "ud", false, false }, { VEC_DF, "df", true, false },
    { VEC_NP, "np", true, false },  { VEC_SS, "ss", true, false },
    { VEC_GP, "gp", true, false },  { VEC_PF, "pf", true, true },
    { VEC_VC, "vc", true, false },  { VEC_BP, "exception", false, false },
};

START_TEST(an_exception_that_ended_the_step_is_its_outcome)
{
    struct expectations x = { 0 };
    const struct step_report *r;

    listen(&x);
    begin("one");
    reach_device_by_ghcb(); /* what came before does not count */
    TRACE(&trace, guest_fixup, .vector = fixups[_i].vector, .error_code = 2,
          .cr2 = 0x7000, .why = "gave up");
    TRACE(&trace, halt, .rax = 1);
    end("one", "completed", "");
    r = report(0);
    ck_assert_str_eq(r->outcome, fixups[_i].outcome);
    ck_assert_str_eq(r->reason, "gave up");
    ck_assert_int_eq(r->has_error_code, fixups[_i].error_code);
    ck_assert_int_eq(r->has_cr2, fixups[_i].cr2);
    ck_assert(!r->has_value);
}
END_TEST

START_TEST(a_page_fault_is_explained_by_the_walker)
{
    struct expectations x = { 0 };

    listen(&x);
    begin("one");
    TRACE(&trace, pf, .error_code = 0, .cr2 = 0x7000, .why = "not present");
    TRACE(&trace, guest_fixup, .vector = VEC_PF, .cr2 = 0x7000,
          .why = "gave up");
    end("one", "completed", "");
    ck_assert_str_eq(report(0)->reason, "not present");
    ck_assert_uint_eq(report(0)->cr2, 0x7000);
}
END_TEST

static const struct {
    const char *how, *outcome, *reason;
} ends[] = {
    { "hang", "hang", "nothing moves" },
    { "shutdown", "shutdown", "no handler" },
    { "terminated", "terminated", "asked for it" },
    { "internal_error", "internal_error", "said the run" },
    { "memory_fault", "memory_fault", "said the run" },
    { "error", "error", "said the run" },
    { "skipped", "skipped", "said the run" },
    { "fail_entry", "error", "said the run" },
};

START_TEST(a_step_that_did_not_complete_ended_as_the_run_says)
{
    struct expectations x = { 0 };
    const struct step_report *r;

    listen(&x);
    begin("one");
    TRACE(&trace, hang, .laps = 8, .why = "nothing moves");
    TRACE(&trace, shutdown, .why = "no handler");
    TRACE(&trace, guest_terminate, .why = "asked for it");
    TRACE(&trace, halt, .rax = 7);
    end("one", ends[_i].how, "said the run");
    r = report(0);
    ck_assert_str_eq(r->outcome, ends[_i].outcome);
    ck_assert_str_eq(r->reason, ends[_i].reason);
    ck_assert(!r->has_value);
}
END_TEST

START_TEST(a_step_that_never_began_is_skipped)
{
    struct expectations x = { 0 };

    listen(&x);
    begin("one");
    end("one", "hang", "");
    ck_assert_str_eq(report(1)->outcome, "skipped");
    ck_assert_ptr_nonnull(report(1)->reason);
}
END_TEST

START_TEST(a_host_action_is_done_and_touches_no_memory)
{
    struct expectations x = { 0 };

    listen(&x);
    begin("one");
    TRACE(&trace, host_action, .what = "delete a memslot", .ret = "0");
    end("one", "completed", "");
    ck_assert_str_eq(report(0)->outcome, "done");
}
END_TEST

START_TEST(more_nested_faults_than_fit_are_still_counted)
{
    struct expectations x = { 0 };

    listen(&x);
    begin("one");
    for (unsigned i = 0; i < STEP_MAX_NPF + 5; i++)
        TRACE(&trace, npf, .info1 = i);
    end("one", "hang", "");
    ck_assert_uint_eq(report(0)->n_npf, STEP_MAX_NPF + 5);
    ck_assert_uint_eq(report(0)->npf[STEP_MAX_NPF - 1], STEP_MAX_NPF - 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("steps");
    TCase *t = tcase_create("steps");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_step_that_just_completes_reached_ram);
    tcase_add_test(t, code_steps_give_the_whole_register);
    tcase_add_test(t, what_happened_before_a_step_is_not_part_of_it);
    tcase_add_test(t, a_device_behind_vc_is_told_from_one_behind_the_emulator);
    tcase_add_test(t, a_vc_that_is_not_about_memory_is_not_mmio);
    tcase_add_loop_test(t, an_exception_that_ended_the_step_is_its_outcome, 0,
                        ARRAY_SIZE(fixups));
    tcase_add_test(t, a_page_fault_is_explained_by_the_walker);
    tcase_add_loop_test(t, a_step_that_did_not_complete_ended_as_the_run_says,
                        0, ARRAY_SIZE(ends));
    tcase_add_test(t, a_step_that_never_began_is_skipped);
    tcase_add_test(t, a_host_action_is_done_and_touches_no_memory);
    tcase_add_test(t, more_nested_faults_than_fit_are_still_counted);
    return run_suite(s);
}
