/* SPDX-License-Identifier: GPL-2.0-only */
/* Expectations: only what the judge can see, with a value it can have. */
#include "unit/load/story.h"
#include "unit/suite.h"

static struct story y;

static void setup(void)
{
    story_open(&y);
}

static void teardown(void)
{
    story_close(&y);
}

/* Line 6 has the step, line 7 says expect:, what follows is line 8. */
#define EXPECT(text) HEAD "steps: [{id: a, read: 0, size: 4}]\nexpect:\n" text

START_TEST(facts_keep_their_order_type_and_place)
{
    const struct expectations *x = &y.s.expect;

    story_is_fine(&y, EXPECT("  facts:\n"
                             "    kvm.sev_es: false\n"
                             "    cpu.width: 0x33\n"
                             "    vm.create: ENOTTY\n"));
    ck_assert_uint_eq(x->n_facts, 3);
    ck_assert_str_eq(x->facts[0].name, "kvm.sev_es");
    ck_assert_int_eq(x->facts[0].want.kind, VALUE_BOOL);
    ck_assert_uint_eq(x->facts[0].want.number, 0);
    ck_assert_int_eq(x->facts[1].want.kind, VALUE_NUMBER);
    ck_assert_uint_eq(x->facts[1].want.number, 51);
    ck_assert_int_eq(x->facts[2].want.kind, VALUE_TEXT);
    ck_assert_str_eq(x->facts[2].want.text, "ENOTTY");
    ck_assert_uint_eq(x->facts[2].want.at.line, 11);
    ck_assert_uint_eq(x->facts[2].want.at.col, 16);
}
END_TEST

START_TEST(a_step_has_an_outcome_values_and_a_list_of_faults)
{
    const struct expect_item *items;

    story_is_fine(&y, EXPECT("  steps:\n"
                             "    a: {outcome: mmio.vc, value: 0x5a,"
                             " npf: [0x100000004, 13]}\n"));
    ck_assert_uint_eq(y.s.expect.n_steps, 1);
    ck_assert_str_eq(y.s.expect.steps[0].id, "a");
    ck_assert_uint_eq(y.s.expect.steps[0].n_items, 3);
    items = y.s.expect.steps[0].items;
    ck_assert_str_eq(items[0].want.text, "mmio.vc");
    ck_assert_uint_eq(items[1].want.number, 0x5a);
    ck_assert_str_eq(items[2].name, "npf");
    ck_assert_uint_eq(items[2].n_list, 2);
    ck_assert_uint_eq(items[2].list[0].number, 0x100000004);
    ck_assert_uint_eq(items[2].list[1].number, 13);
}
END_TEST

START_TEST(an_empty_list_of_faults_is_a_list)
{
    story_is_fine(&y, EXPECT("  steps: {a: {npf: []}}\n"));
    ck_assert_str_eq(y.s.expect.steps[0].items[0].name, "npf");
    ck_assert_uint_eq(y.s.expect.steps[0].items[0].n_list, 0);
}
END_TEST

START_TEST(events_come_next_never_or_so_many_times)
{
    const struct expect_event *ev;

    story_is_fine(&y, EXPECT("  events:\n"
                             "    - npf: {info1: 0x100000004, level: 4}\n"
                             "    - vmexit: {}\n"
                             "    - halt\n"
                             "    - never: vc\n"
                             "    - never: {kvm_gate: {open: false}}\n"
                             "    - count: {vmgexit: 3}\n"
                             "    - kvm_gate: {feature: sev_es}\n"));
    ev = y.s.expect.events;
    ck_assert_uint_eq(y.s.expect.n_events, 7);
    ck_assert_int_eq(ev[0].mode, EXPECT_NEXT);
    ck_assert_int_eq(ev[0].event, EV_npf);
    ck_assert_uint_eq(ev[0].n_fields, 2);
    ck_assert_str_eq(ev[0].fields[1].name, "level");
    ck_assert_uint_eq(ev[0].fields[0].want.number, 0x100000004);
    ck_assert_uint_eq(ev[0].at.line, 9);
    ck_assert_int_eq(ev[1].event, EV_vmexit);
    ck_assert_uint_eq(ev[1].n_fields, 0);
    ck_assert_int_eq(ev[2].mode, EXPECT_NEXT);
    ck_assert_int_eq(ev[2].event, EV_halt);
    ck_assert_int_eq(ev[3].mode, EXPECT_NEVER);
    ck_assert_int_eq(ev[3].event, EV_vc);
    ck_assert_int_eq(ev[4].mode, EXPECT_NEVER);
    ck_assert_int_eq(ev[4].fields[0].want.kind, VALUE_BOOL);
    ck_assert_int_eq(ev[5].mode, EXPECT_COUNT);
    ck_assert_int_eq(ev[5].event, EV_vmgexit);
    ck_assert_uint_eq(ev[5].count, 3);
    ck_assert_str_eq(ev[6].fields[0].want.text, "sev_es");
}
END_TEST

static const struct {
    const char *text;
    unsigned line, col;
    const char *words, *hint;
} bad[] = {
    { EXPECT("  fact: {}\n"), 8, 3, "unknown key 'fact' in expect", "'facts'" },
    { EXPECT("  if: \"true\"\n"), 8, 3, "unknown key 'if' in expect", "" },
    { EXPECT("  facts: []\n"), 8, 10, "a mapping is needed", "" },
    { EXPECT("  facts: {kvm.sev_se: true}\n"), 8, 11,
      "unknown fact 'kvm.sev_se'", "'kvm.sev_es'" },
    { EXPECT("  facts: {nonsense: true}\n"), 8, 11, "unknown fact",
      "nptsim list facts" },
    { EXPECT("  facts: {kvm.sev_es: 1}\n"), 8, 23, "not a boolean", "" },
    { EXPECT("  facts: {kvm.sev_es: True}\n"), 8, 23, "not a boolean", "" },
    { EXPECT("  facts: {cpu.width: true}\n"), 8, 22, "not a number", "" },
    { EXPECT("  facts: {cpu.width: \"43\"}\n"), 8, 22, "is text", "" },
    { EXPECT("  facts: {vm.create: [ok]}\n"), 8, 22, "a single value is needed",
      "" },
    { EXPECT("  steps: {b: {outcome: ram}}\n"), 8, 11, "unknown step 'b'", "" },
    { EXPECT("  steps: {a: ram}\n"), 8, 14, "a mapping is needed", "" },
    { EXPECT("  steps: {a: {outcom: ram}}\n"), 8, 15,
      "unknown property 'outcom' of a step", "'outcome'" },
    { EXPECT("  steps: {a: {outcome: rma}}\n"), 8, 24, "'rma' is not one of",
      "'ram'" },
    { EXPECT("  steps: {a: {outcome: [ram]}}\n"), 8, 24,
      "a single value is needed", "" },
    { EXPECT("  steps: {a: {value: x}}\n"), 8, 22, "not a number", "" },
    { EXPECT("  steps: {a: {npf: 4}}\n"), 8, 20, "a list is needed", "" },
    { EXPECT("  steps: {a: {npf: [x]}}\n"), 8, 21, "not a number", "" },
    { EXPECT("  steps: {a: {outcome: ram}, a: {value: 1}}\n"), 8, 30, "twice",
      "" },
    { EXPECT("  events: {npf: {}}\n"), 8, 11, "a list is needed", "" },
    { EXPECT("  events: [npff]\n"), 8, 12, "unknown event 'npff'", "'npf'" },
    { EXPECT("  events: [{npf: {inof1: 1}}]\n"), 8, 19,
      "unknown field 'inof1' of event 'npf'", "'info1'" },
    { EXPECT("  events: [{npf: {info1: true}}]\n"), 8, 26, "not a number", "" },
    { EXPECT("  events: [{kvm_gate: {open: 1}}]\n"), 8, 30, "not a boolean",
      "" },
    { EXPECT("  events: [{npf: 4}]\n"), 8, 18, "a mapping is needed", "" },
    { EXPECT("  events: [{npf: {}, vc: {}}]\n"), 8, 12, "one event", "never" },
    { EXPECT("  events: [{}]\n"), 8, 12, "one event", "" },
    { EXPECT("  events: [[npf]]\n"), 8, 12, "one event", "" },
    { EXPECT("  events: [{never: {never: vc}}]\n"), 8, 21,
      "unknown event 'never'", "" },
    { EXPECT("  events: [{count: vmgexit}]\n"), 8, 20, "one event", "count" },
    { EXPECT("  events: [{count: {vmgexit: x}}]\n"), 8, 30, "not a number",
      "" },
    { EXPECT("  events: [{count: {vmgexti: 1}}]\n"), 8, 21,
      "unknown event 'vmgexti'", "'vmgexit'" },
};

START_TEST(what_the_judge_can_never_see_is_refused)
{
    story_is_refused(&y, bad[_i].text, bad[_i].line, bad[_i].col, bad[_i].words,
                     bad[_i].hint);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("expect");
    TCase *t = tcase_create("expect");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, facts_keep_their_order_type_and_place);
    tcase_add_test(t, a_step_has_an_outcome_values_and_a_list_of_faults);
    tcase_add_test(t, an_empty_list_of_faults_is_a_list);
    tcase_add_test(t, events_come_next_never_or_so_many_times);
    tcase_add_loop_test(t, what_the_judge_can_never_see_is_refused, 0,
                        (int)ARRAY_SIZE(bad));
    return run_suite(s);
}
