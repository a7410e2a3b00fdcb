/* SPDX-License-Identifier: GPL-2.0-only */
/* Expected properties and events against what was heard. */
#include "unit/judge/bench.h"
#include "unit/suite.h"

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
    ck_assert_str_eq(v[0].what, "event npf info1=0x4");
    ck_assert_str_eq(v[0].reason, "number 0: not present");
    ck_assert_int_eq(v[1].result, VERDICT_PASS);
    ck_assert_str_eq(v[1].reason, "number 2: reserved");
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
    ck_assert_str_eq(v->got, "number 0 has info1 = 0x4");
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
    ck_assert_str_eq(v[2].reason, "number 2: reserved");
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
    struct expectations x = { .n_facts = 1,
                              .n_steps = 1,
                              .n_events = 1,
                              .facts = &fact,
                              .steps = &step,
                              .events = &event };
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

/* ---- again and again ---- */

static void check_device_step(const struct step_report *r)
{
    ck_assert_str_eq(r->outcome, "mmio.vc");
    ck_assert(r->has_value);
    ck_assert_uint_eq(r->value, 0x5a);
    ck_assert_uint_eq(r->n_npf, 1);
}

START_TEST(a_judge_that_was_reset_heard_nothing)
{
    struct expect_event once = { .mode = EXPECT_COUNT,
                                 .event = EV_vc,
                                 .count = 1 };
    struct expectations x = { .n_events = 1, .events = &once };
    int created = fact_find("vm.create");

    listen(&x);
    for (unsigned i = 0; i < 3; i++) {
        TRACE(&trace, vm_create, .result = "ok");
        begin("one");
        reach_device_by_ghcb();
        end("one", "completed", "");
        ck_assert_int_eq(only_verdict()->result, VERDICT_PASS);
        check_device_step(report(0));
        ck_assert(judge_fact(judge, (unsigned)created).known);

        judge_reset(judge);
        ck_assert_int_eq(only_verdict()->result, VERDICT_FAIL);
        ck_assert_str_eq(report(0)->outcome, "skipped");
        ck_assert_uint_eq(report(0)->n_npf, 0);
        ck_assert(!judge_fact(judge, (unsigned)created).known);
    }
}
END_TEST

/* Fed with what it asks for, and without a single text. */
START_TEST(a_judge_knows_what_it_must_hear)
{
    struct expect_event never = { .mode = EXPECT_NEVER, .event = EV_tlb_flush };
    struct expectations x = { .n_events = 1, .events = &never };
    struct trace_interest wants;

    trace_init(&trace, pool);
    judge = judge_create(pool, &x, 3, step_ids, step_sizes);
    judge_interest(judge, false, &wants);
    ck_assert(!wants.texts);
    ck_assert(!wants.event[EV_npt_step]);
    trace_add_listener(&trace, judge_sink, judge, &wants);
    TRACE(&trace, tlb_flush, .asid = 1);
    begin("one");
    reach_device_by_ghcb();
    end("one", "completed", trace_text(&trace, "%d", 1));
    ck_assert_int_eq(only_verdict()->result, VERDICT_FAIL);
    check_device_step(report(0));
}
END_TEST

/* An expected text is read, so the actors must phrase it. */
START_TEST(a_judge_of_texts_asks_for_texts)
{
    struct expect_item why = { "why", word("because"), 0, NULL };
    struct expect_event x = {
        .mode = EXPECT_NEXT, .event = EV_vc, .n_fields = 1, .fields = &why
    };
    struct trace_interest wants;

    judge_interest(
        judge_create(pool,
                     &(struct expectations) { .n_events = 1, .events = &x }, 3,
                     step_ids, step_sizes),
        false, &wants);
    ck_assert(wants.texts);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("verdict");
    TCase *t = tcase_create("verdict");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, step_properties_pass_and_fail_with_what_was_got);
    tcase_add_test(t, nested_faults_are_compared_as_a_list);
    tcase_add_test(t, events_in_order_may_have_others_between);
    tcase_add_test(t, events_in_the_wrong_order_fail);
    tcase_add_test(t, an_event_that_differs_in_a_field_is_shown);
    tcase_add_test(t, never_and_count_look_at_the_whole_run);
    tcase_add_test(t, verdicts_keep_the_order_of_the_file);
    tcase_add_test(t, a_skipped_step_cannot_pass_by_what_it_did_not_do);
    tcase_add_test(t, an_instruction_that_nobody_executes_is_named);
    tcase_add_test(t, a_judge_that_was_reset_heard_nothing);
    tcase_add_test(t, a_judge_knows_what_it_must_hear);
    tcase_add_test(t, a_judge_of_texts_asks_for_texts);
    return run_suite(s);
}
