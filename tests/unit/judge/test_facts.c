/* SPDX-License-Identifier: GPL-2.0-only */
/* What became of CPU, kernel and VM, over hand-made event streams. */
#include "unit/judge/bench.h"
#include "unit/suite.h"

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

int main(void)
{
    Suite *s = suite_create("facts");
    TCase *t = tcase_create("facts");

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
    return run_suite(s);
}
