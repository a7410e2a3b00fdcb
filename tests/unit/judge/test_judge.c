/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Verdicts over hand-made event streams: no CPU, no kernel, just the bus.
 */
#include "arch/paging.h"
#include "arch/svm.h"
#include "judge.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct pool *pool;
static struct trace trace;
static struct judge *judge;

static const char *const step_ids[] = { "one", "two", "three" };
static const unsigned step_sizes[] = { 4, 8, 0 };

static void setup(void)
{
    pool = pool_create();
}

static void teardown(void)
{
    pool_destroy(pool);
}

static uint64_t one_cycle(void *ctx, const struct event *ev)
{
    (void)ctx;
    (void)ev;
    return 1;
}

static void listen(const struct expectations *x)
{
    trace_init(&trace, pool);
    trace_set_clock(&trace, one_cycle, NULL);
    judge = judge_create(pool, x, 3, step_ids, step_sizes);
    trace_add_sink(&trace, judge_sink, judge);
}

static void begin(const char *id)
{
    TRACE(&trace, step, .id = id, .what = "read 4 bytes");
}

static void end(const char *id, const char *how, const char *why)
{
    TRACE(&trace, step_done, .id = id, .how = how, .why = why);
}

static const struct verdict *only_verdict(void)
{
    const struct verdict *v;

    ck_assert_uint_eq(judge_finish(judge, &v), 1);
    return v;
}

static const struct step_report *report(unsigned step)
{
    const struct verdict *v;
    const struct step_report *r;

    judge_finish(judge, &v);
    ck_assert_uint_eq(judge_steps(judge, &r), 3);
    return &r[step];
}

/* ---- tables -------------------------------------------------------------- */

START_TEST(every_fact_lies_in_an_event_and_is_found_by_name)
{
    const struct fact_desc *d = &fact_table[_i];

    ck_assert_int_eq(fact_find(d->name), _i);
    ck_assert_msg(event_field_find(d->event, d->field) >= 0, "%s", d->name);
    ck_assert_ptr_nonnull(d->doc);
}
END_TEST

START_TEST(the_facts_of_the_contract_exist)
{
    static const char *const names[] = {
        "cpu.width",         "kvm.x86_phys_bits", "kvm.maxphyaddr",
        "kvm.mmio_value",    "kvm.mmio_mask",     "kvm.mmio_caching",
        "kvm.sev",           "kvm.sev_es",        "kvm.sev_snp",
        "kvm.vm_types",      "vm.create",         "kvm.npt",
        "cpu.mem_encrypt",   "cpu.cbit",          "cpu.maxphyaddr_raw",
        "cpu.phys_reduction"
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        ck_assert_msg(fact_find(names[i]) >= 0, "%s", names[i]);
    ck_assert_int_eq(fact_find("kvm.sev_tdx"), -1);
}
END_TEST

START_TEST(the_outcomes_of_the_contract_exist)
{
    static const char *const names[] = { "ram",          "mmio.emulated",
                                         "mmio.vc",      "pf",
                                         "gp",           "vc",
                                         "ud",           "df",
                                         "hang",         "shutdown",
                                         "memory_fault", "internal_error",
                                         "skipped" };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        bool found = false;

        for (unsigned k = 0; step_outcome_names[k]; k++)
            found |= strcmp(step_outcome_names[k], names[i]) == 0;
        ck_assert_msg(found, "%s", names[i]);
    }
}
END_TEST

/* ---- facts --------------------------------------------------------------- */

static struct expectations one_fact(struct expect_item *item, const char *name,
                                    struct value want)
{
    *item = (struct expect_item) { .name = name, .want = want };
    return (struct expectations) { .n_facts = 1, .facts = item };
}

/* The story of a host on which bit 51 is the C-bit and nothing is above it. */
static void refuse_sev_es(void)
{
    TRACE(&trace, cpu, .model = "milan", .raw = 52, .reduction = 1, .width = 51,
          .cbit = 51, .mem_encrypt = true);
    TRACE(&trace, kvm_mmio_mask, .stage = "reset", .value = 0, .why = "first");
    TRACE(&trace, kvm_mmio_mask, .stage = "svm", .value = 0,
          .why = "no bit is left");
    TRACE(&trace, kvm_gate, .feature = "sev", .gate = "npt", .open = true,
          .why = "nested paging is on");
    TRACE(&trace, kvm_gate, .feature = "sev_es", .gate = "module_param",
          .open = true);
    TRACE(&trace, kvm_gate, .feature = "sev_es", .gate = "mmio_caching",
          .open = false, .why = "no #VC without it", .source = "0c29397ac1fd");
    TRACE(&trace, kvm_loaded, .mmio_caching = false, .npt = true, .sev = true,
          .sev_es = false, .vm_types = 5, .x86_phys_bits = 51,
          .maxphyaddr = 52);
    TRACE(&trace, kvm_create_vm, .path = "legacy", .call = "KVM_SEV_ES_INIT",
          .ret = "ENOTTY", .why = "SEV-ES is off");
    TRACE(&trace, vm_create, .type = "sev-es", .result = "ENOTTY",
          .why = "the call failed");
}

static const struct {
    const char *name;
    struct value want;
    const char *what, *reason;
} seed_facts[] = {
    { "cpu.width",
      { VALUE_NUMBER, 51, NULL, { 0 } },
      "cpu.width = 51",
      "52 raw, 1 taken by memory encryption" },
    { "kvm.mmio_caching",
      { VALUE_BOOL, false, NULL, { 0 } },
      "kvm.mmio_caching = false",
      "no bit is left" },
    { "kvm.mmio_mask",
      { VALUE_NUMBER, 0, NULL, { 0 } },
      "kvm.mmio_mask = 0x0",
      "no bit is left" },
    { "kvm.sev",
      { VALUE_BOOL, true, NULL, { 0 } },
      "kvm.sev = true",
      "all gates open" },
    { "kvm.sev_es",
      { VALUE_BOOL, false, NULL, { 0 } },
      "kvm.sev_es = false",
      "gate mmio_caching closed: no #VC without it (0c29397ac1fd)" },
    { "kvm.vm_types",
      { VALUE_NUMBER, 5, NULL, { 0 } },
      "kvm.vm_types = 0x5",
      NULL },
    { "vm.create",
      { VALUE_TEXT, 0, "ENOTTY", { 0 } },
      "vm.create = ENOTTY",
      "SEV-ES is off" },
};

START_TEST(a_fact_comes_with_the_sentence_that_settled_it)
{
    struct expect_item item;
    struct expectations x =
        one_fact(&item, seed_facts[_i].name, seed_facts[_i].want);
    const struct verdict *v;

    listen(&x);
    refuse_sev_es();
    v = only_verdict();
    ck_assert_int_eq(v->result, VERDICT_PASS);
    ck_assert_str_eq(v->what, seed_facts[_i].what);
    ck_assert_ptr_null(v->got);
    if (seed_facts[_i].reason)
        ck_assert_str_eq(v->reason, seed_facts[_i].reason);
    else
        ck_assert_ptr_null(v->reason);
}
END_TEST

START_TEST(a_wrong_fact_says_what_it_is_instead)
{
    struct expect_item item;
    struct expectations x = one_fact(&item, "kvm.sev_es",
                                     (struct value) { .kind = VALUE_BOOL,
                                                      .number = true,
                                                      .at = { "f", 7, 3, 0 } });
    const struct verdict *v;

    listen(&x);
    refuse_sev_es();
    v = only_verdict();
    ck_assert_int_eq(v->result, VERDICT_FAIL);
    ck_assert_str_eq(v->got, "false");
    ck_assert_ptr_nonnull(strstr(v->reason, "mmio_caching"));
    ck_assert_uint_eq(v->at.line, 7);
}
END_TEST

START_TEST(a_fact_that_was_never_settled_fails)
{
    struct expect_item item;
    struct expectations x =
        one_fact(&item, "kvm.sev_es", (struct value) { .kind = VALUE_BOOL });
    const struct verdict *v;

    listen(&x);
    v = only_verdict();
    ck_assert_int_eq(v->result, VERDICT_FAIL);
    ck_assert_ptr_nonnull(strstr(v->got, "nothing"));
    ck_assert(!judge_fact(judge, (unsigned)fact_find("kvm.sev_es")).known);
}
END_TEST

START_TEST(a_parameter_that_shows_only_the_request_says_so)
{
    struct expectations x = { 0 };
    struct fact_value f;

    listen(&x);
    TRACE(&trace, kvm_mmio_mask, .caching = false, .why = "no bit is left");
    TRACE(&trace, kvm_loaded, .mmio_caching = true);
    f = judge_fact(judge, (unsigned)fact_find("kvm.mmio_caching"));
    ck_assert(f.known && f.value.number);
    ck_assert_str_eq(f.reason, "sysfs shows what was asked for; in fact it is "
                               "off: no bit is left");
}
END_TEST

START_TEST(what_kvm_answers_after_the_vm_is_there_does_not_explain_it)
{
    struct expectations x = { 0 };
    struct fact_value f;

    listen(&x);
    TRACE(&trace, vm_create, .result = "ok", .why = "it is offered");
    TRACE(&trace, kvm_create_vm, .call = "KVM_SEV_LAUNCH_START", .ret = "EIO",
          .why = "later");
    f = judge_fact(judge, (unsigned)fact_find("vm.create"));
    ck_assert_str_eq(f.value.text, "ok");
    ck_assert_str_eq(f.reason, "it is offered");
}
END_TEST

START_TEST(a_reload_of_the_module_settles_its_facts_anew)
{
    struct expectations x = { 0 };
    struct fact_value f;

    listen(&x);
    refuse_sev_es();
    TRACE(&trace, kvm_gate, .feature = "sev_es", .gate = "asids", .open = true);
    TRACE(&trace, kvm_loaded, .sev_es = true);
    f = judge_fact(judge, (unsigned)fact_find("kvm.sev_es"));
    ck_assert(f.known && f.value.number);
    ck_assert_str_eq(f.reason, "all gates open");
}
END_TEST

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

static void reach_device_by_ghcb(void)
{
    TRACE(&trace, npf, .info1 = 0x10000000d, .info2 = 0xfed00000);
    TRACE(&trace, vc, .error_code = EXIT_NPF, .why = "a reserved bit");
    TRACE(&trace, kvm_mmio, .kind = "read", .len = 4, .gpa = 0xfed00000);
    TRACE(&trace, guest_vc_done, .value = 0x5a);
    TRACE(&trace, halt, .rax = 0x5a);
}

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

/* ---- expected properties ------------------------------------------------- */

static struct value number(uint64_t n)
{
    return (struct value) { .kind = VALUE_NUMBER, .number = n };
}

static struct value word(const char *text)
{
    return (struct value) { .kind = VALUE_TEXT, .text = text };
}

static const struct verdict *judge_device_step(struct expect_item item)
{
    static struct expect_item it;
    static struct expect_step st;
    static struct expectations x;

    it = item;
    st = (struct expect_step) { .id = "one", .n_items = 1, .items = &it };
    x = (struct expectations) { .n_steps = 1, .steps = &st };
    listen(&x);
    begin("one");
    reach_device_by_ghcb();
    end("one", "completed", "");
    return only_verdict();
}

START_TEST(step_properties_pass_and_fail_with_what_was_got)
{
    const struct verdict *v;

    v = judge_device_step(
        (struct expect_item) { "outcome", word("mmio.vc"), 0, NULL });
    ck_assert_int_eq(v->result, VERDICT_PASS);
    ck_assert_str_eq(v->what, "step one: outcome = mmio.vc");
    v = judge_device_step(
        (struct expect_item) { "outcome", word("hang"), 0, NULL });
    ck_assert_int_eq(v->result, VERDICT_FAIL);
    ck_assert_str_eq(v->got, "mmio.vc");
    v = judge_device_step(
        (struct expect_item) { "value", number(0x5b), 0, NULL });
    ck_assert_int_eq(v->result, VERDICT_FAIL);
    ck_assert_str_eq(v->got, "0x5a");
    v = judge_device_step((struct expect_item) { "exits", number(0), 0, NULL });
    ck_assert_int_eq(v->result, VERDICT_PASS);
    ck_assert_str_eq(v->what, "step one: exits = 0");
    v = judge_device_step((struct expect_item) { "cr2", number(0), 0, NULL });
    ck_assert_int_eq(v->result, VERDICT_FAIL);
    ck_assert_str_eq(v->got, "none (outcome mmio.vc)");
}
END_TEST

START_TEST(nested_faults_are_compared_as_a_list)
{
    struct value right[] = { number(0x10000000d) };
    struct value longer[] = { number(0x10000000d), number(4) };
    const struct verdict *v;

    v = judge_device_step((struct expect_item) { "npf", { 0 }, 1, right });
    ck_assert_int_eq(v->result, VERDICT_PASS);
    ck_assert_str_eq(v->what, "step one: npf = [0x10000000d]");
    v = judge_device_step((struct expect_item) { "npf", { 0 }, 2, longer });
    ck_assert_int_eq(v->result, VERDICT_FAIL);
    ck_assert_str_eq(v->got, "[0x10000000d]");
    v = judge_device_step((struct expect_item) { "npf", { 0 }, 0, NULL });
    ck_assert_int_eq(v->result, VERDICT_FAIL);
    ck_assert_str_eq(v->what, "step one: npf = []");
}
END_TEST

/* ---- expected events ----------------------------------------------------- */

static struct expect_item info1(uint64_t code)
{
    return (struct expect_item) { "info1", number(code), 0, NULL };
}

static unsigned judge_events(struct expect_event *events, unsigned n,
                             const struct verdict **v)
{
    static struct expectations x;

    x = (struct expectations) { .n_events = n, .events = events };
    listen(&x);
    TRACE(&trace, npf, .info1 = 4, .why = "not present");
    TRACE(&trace, vmexit, .code = EXIT_NPF);
    TRACE(&trace, npf, .info1 = 0xd, .why = "reserved");
    TRACE(&trace, vmexit, .code = EXIT_VMGEXIT);
    return judge_finish(judge, v);
}

START_TEST(events_in_order_may_have_others_between)
{
    struct expect_item first = info1(4), second = info1(0xd);
    struct expect_event e[] = {
        { EXPECT_NEXT, EV_npf, 1, &first, 0, { 0 } },
        { EXPECT_NEXT, EV_npf, 1, &second, 0, { 0 } },
    };
    const struct verdict *v;

    ck_assert_uint_eq(judge_events(e, 2, &v), 2);
    ck_assert_int_eq(v[0].result, VERDICT_PASS);
    ck_assert_str_eq(v[0].what, "npf info1=0x4");
    ck_assert_str_eq(v[0].reason, "event 0: not present");
    ck_assert_int_eq(v[1].result, VERDICT_PASS);
    ck_assert_str_eq(v[1].reason, "event 2: reserved");
}
END_TEST

START_TEST(events_in_the_wrong_order_fail)
{
    struct expect_item first = info1(0xd), second = info1(4);
    struct expect_event e[] = {
        { EXPECT_NEXT, EV_npf, 1, &first, 0, { 0 } },
        { EXPECT_NEXT, EV_npf, 1, &second, 0, { 0 } },
        { EXPECT_NEXT, EV_vc, 0, NULL, 0, { 0 } },
    };
    const struct verdict *v;

    judge_events(e, 3, &v);
    ck_assert_int_eq(v[0].result, VERDICT_PASS);
    ck_assert_int_eq(v[1].result, VERDICT_FAIL);
    ck_assert_str_eq(v[1].got, "no such event");
    ck_assert_int_eq(v[2].result, VERDICT_FAIL);
    ck_assert_ptr_nonnull(strstr(v[2].got, "before it"));
}
END_TEST

START_TEST(an_event_that_differs_in_a_field_is_shown)
{
    struct expect_item want = info1(7);
    struct expect_event e = { EXPECT_NEXT, EV_npf, 1, &want, 0, { 0 } };
    const struct verdict *v;

    judge_events(&e, 1, &v);
    ck_assert_int_eq(v->result, VERDICT_FAIL);
    ck_assert_str_eq(v->got, "event 0 has info1 = 0x4");
}
END_TEST

START_TEST(never_and_count_look_at_the_whole_run)
{
    struct expect_item reserved = info1(0xd), other = info1(7);
    struct expect_item code = { "code", word("vmgexit"), 0, NULL };
    struct expect_event e[] = {
        { EXPECT_NEVER, EV_vc, 0, NULL, 0, { 0 } },
        { EXPECT_NEVER, EV_npf, 1, &other, 0, { 0 } },
        { EXPECT_NEVER, EV_npf, 1, &reserved, 0, { 0 } },
        { EXPECT_COUNT, EV_vmexit, 0, NULL, 2, { 0 } },
        { EXPECT_COUNT, EV_vmexit, 0, NULL, 3, { 0 } },
        { EXPECT_COUNT, EV_vmexit, 1, &code, 1, { 0 } },
    };
    const enum verdict_result want[] = { VERDICT_PASS, VERDICT_PASS,
                                         VERDICT_FAIL, VERDICT_PASS,
                                         VERDICT_FAIL, VERDICT_PASS };
    const struct verdict *v;

    judge_events(e, ARRAY_SIZE(e), &v);
    for (size_t i = 0; i < ARRAY_SIZE(e); i++)
        ck_assert_msg(v[i].result == want[i], "%s", v[i].what);
    ck_assert_str_eq(v[2].got, "1 of them");
    ck_assert_str_eq(v[2].reason, "event 2: reserved");
    ck_assert_str_eq(v[4].got, "2");
    ck_assert_str_eq(v[5].what, "count vmexit code=vmgexit = 1");
}
END_TEST

START_TEST(verdicts_keep_the_order_of_the_file)
{
    struct expect_item fact = {
        "kvm.npt", { .kind = VALUE_BOOL, .number = 1 }, 0, NULL
    };
    struct expect_item items[] = { { "outcome", word("skipped"), 0, NULL },
                                   { "exits", number(0), 0, NULL } };
    struct expect_step step = { .id = "two", .n_items = 2, .items = items };
    struct expect_event event = { EXPECT_NEVER, EV_vc, 0, NULL, 0, { 0 } };
    struct expectations x = { 1, 1, 1, &fact, &step, &event };
    const struct verdict *v;

    listen(&x);
    TRACE(&trace, kvm_loaded, .npt = true);
    ck_assert_uint_eq(judge_finish(judge, &v), 4);
    ck_assert_str_eq(v[0].what, "kvm.npt = true");
    ck_assert_str_eq(v[1].what, "step two: outcome = skipped");
    ck_assert_str_eq(v[2].what, "step two: exits = 0");
    ck_assert_str_eq(v[3].what, "never vc");
    for (unsigned i = 0; i < 4; i++)
        ck_assert_int_eq(v[i].result, i == 2 ? VERDICT_SKIP : VERDICT_PASS);
}
END_TEST

START_TEST(a_skipped_step_cannot_pass_by_what_it_did_not_do)
{
    struct expect_item item = { "exits", number(0), 0, NULL };
    struct expect_step step = { .id = "two", .n_items = 1, .items = &item };
    struct expectations x = { .n_steps = 1, .steps = &step };
    const struct verdict *v;

    listen(&x);
    v = only_verdict();
    ck_assert_int_eq(v->result, VERDICT_FAIL);
    ck_assert_str_eq(v->got, "nothing: the step was skipped");
}
END_TEST

START_TEST(an_instruction_that_nobody_executes_is_named)
{
    struct expectations x = { 0 };

    listen(&x);
    begin("one");
    TRACE(&trace, insn_unsupported, .text = "fsin", .bytes = "d9 fe");
    TRACE(&trace, guest_fixup, .vector = VEC_UD, .why = "gave up");
    end("one", "completed", "");
    ck_assert_str_eq(report(0)->outcome, "ud");
    ck_assert_str_eq(report(0)->reason,
                     "this simulator does not execute \"fsin\"");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("judge");
    TCase *t = tcase_create("judge");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, every_fact_lies_in_an_event_and_is_found_by_name, 0,
                        (int)n_facts);
    tcase_add_test(t, the_facts_of_the_contract_exist);
    tcase_add_test(t, the_outcomes_of_the_contract_exist);
    tcase_add_loop_test(t, a_fact_comes_with_the_sentence_that_settled_it, 0,
                        ARRAY_SIZE(seed_facts));
    tcase_add_test(t, a_wrong_fact_says_what_it_is_instead);
    tcase_add_test(t, a_fact_that_was_never_settled_fails);
    tcase_add_test(t, a_parameter_that_shows_only_the_request_says_so);
    tcase_add_test(t,
                   what_kvm_answers_after_the_vm_is_there_does_not_explain_it);
    tcase_add_test(t, a_reload_of_the_module_settles_its_facts_anew);
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
    tcase_add_test(t, step_properties_pass_and_fail_with_what_was_got);
    tcase_add_test(t, nested_faults_are_compared_as_a_list);
    tcase_add_test(t, events_in_order_may_have_others_between);
    tcase_add_test(t, events_in_the_wrong_order_fail);
    tcase_add_test(t, an_event_that_differs_in_a_field_is_shown);
    tcase_add_test(t, never_and_count_look_at_the_whole_run);
    tcase_add_test(t, verdicts_keep_the_order_of_the_file);
    tcase_add_test(t, a_skipped_step_cannot_pass_by_what_it_did_not_do);
    tcase_add_test(t, an_instruction_that_nobody_executes_is_named);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
