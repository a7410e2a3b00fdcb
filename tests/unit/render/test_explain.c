/* SPDX-License-Identifier: GPL-2.0-only */
/* The chain that `explain` tells, over hand-made runs. */
#include "render.h"
#include "unit/render/stories.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

static struct pool *pool;
static struct trace trace;
static struct explainer *explainer;
static struct buf out;

static void setup(void)
{
    pool = pool_create();
    trace_init(&trace, pool);
    explainer = explainer_create(pool);
    trace_add_sink(&trace, explainer_sink, explainer);
    out = (struct buf)BUF_INIT;
}

static void teardown(void)
{
    buf_free(&out);
    pool_destroy(pool);
}

/* The story in one line, so that wrapping does not tear words apart. */
static const char *tell(const char *step)
{
    char *to;

    explainer_tell(explainer, "The moral.", step, &out);
    to = out.data;
    for (const char *s = out.data; *s; s++) {
        char c = *s == '\n' ? ' ' : *s;

        if (c != ' ' || (to > out.data && to[-1] != ' '))
            *to++ = c;
    }
    *to = '\0';
    return out.data;
}

static unsigned count(const char *text, const char *word)
{
    unsigned n = 0;

    for (; (text = strstr(text, word)); text += strlen(word))
        n++;
    return n;
}

static void assert_in_order(const char *text, const char *const *words,
                            size_t n)
{
    const char *at = text;

    for (size_t i = 0; i < n; i++) {
        const char *found = strstr(at, words[i]);

        ck_assert_msg(found, "'%s' does not come in its turn in:\n%s", words[i],
                      text);
        at = found + strlen(words[i]);
    }
}

START_TEST(a_refusal_leads_from_the_width_to_the_errno)
{
    static const char *const links[] = {
        "The moral.",
        "1. The CPU, milan",
        "52 physical address bits",
        "takes 1 of them",
        "The only bit left over, 51, is the C-bit",
        "APM vol. 2",
        "2. The kernel, v6.0",
        "51 bits",
        "[Linux, early_detect_mem_encrypt()]",
        "3. Emulated MMIO",
        "the raw width is 52",
        "[commit c3e0c8c2e8b1",
        "4. KVM chooses again",
        "first spare bit 51 is the C-bit",
        "MMIO caching is off",
        "5. May guests use SEV? Open: module_param, npt.",
        "[Linux, sev_hardware_setup()]",
        "6. May guests use SEV-ES? Open: module_param. Closed: mmio_caching",
        "[commit 0c29397ac1fd]",
        "7. KVM is loaded",
        "8. Userspace calls KVM_SEV_ES_INIT. KVM answers ENOTTY: sev_es is off",
        "9. There will be no VM",
        "ENOTTY",
        "Step hpet",
        "skipped",
    };

    tell_refusal(&trace);
    assert_in_order(tell(NULL), links, ARRAY_SIZE(links));
    ck_assert_uint_eq(count(out.data, "No gate of this kernel asked"), 0);
}
END_TEST

START_TEST(a_loop_is_described_once_and_its_laps_are_counted)
{
    static const char *const links[] = {
        "No gate of this kernel asked whether MMIO caching works",
        "Step hpet",
        "First faulting touch of guest-physical address 0xfed000f0",
        "0x100000004: entry not present, a read, for the address itself",
        "it plants no MMIO SPTE: MMIO caching is off",
        "May KVM emulate the instruction? The answer is false",
        "the same happens again: 8 laps exactly alike",
        "This is a loop",
        "nothing will ever change",
        "only a signal ends KVM_RUN",
        "The step ends: hang",
    };

    tell_loop(&trace, 8);
    assert_in_order(tell(NULL), links, ARRAY_SIZE(links));
    ck_assert_uint_eq(count(out.data, "it plants no MMIO SPTE"), 1);
}
END_TEST

START_TEST(a_long_loop_costs_no_more_words_than_a_short_one)
{
    tell_loop(&trace, 20000);
    tell(NULL);
    ck_assert_ptr_nonnull(strstr(out.data, "20000 laps exactly alike"));
    ck_assert_uint_lt(out.len, 6000);
}
END_TEST

START_TEST(laps_that_differ_are_left_out_beyond_a_bound)
{
    TRACE(&trace, step, .id = "s", .what = "w");
    for (unsigned i = 0; i < 1000; i++) {
        TRACE(&trace, vmrun, .rip = i);
        TRACE(&trace, npf, .info2 = i, .why = "it is so");
    }
    TRACE(&trace, hang, .laps = 1000, .why = "no end in sight");
    TRACE(&trace, step_done, .id = "s", .how = "hang");
    tell(NULL);
    ck_assert_uint_eq(count(out.data, "laps are left out here"), 1);
    ck_assert_uint_lt(count(out.data, "it is so"), 40);
    ck_assert_ptr_nonnull(strstr(out.data, "guest-physical address 0x3e7"));
    ck_assert_ptr_nonnull(strstr(out.data, "no end in sight"));
}
END_TEST

START_TEST(the_way_through_vc_is_told_from_the_empty_entry_to_the_device)
{
    static const char *const links[] = {
        "bits 46 to 51, without the C-bit, are left over",
        "MMIO SPTEs carry 0xfc00000000001. MMIO caching is on",
        "Step hpet",
        "On the way 2 pages of guest memory were touched for the first time: "
        "0x1000, 0x2000.",
        "First faulting touch of guest-physical address 0xfed000f0",
        "entry not present",
        "It plants an MMIO SPTE, 0xffc00fed00007",
        "Second faulting touch of guest-physical address 0xfed000f0",
        "bit 46 is reserved: this CPU has 46 physical bits",
        "0x10000000d: entry present, reserved bit set, a read",
        "raises #VC",
        "[APM vol. 2, 15.35.5]",
        "#VC handler decodes the instruction (mov eax, [rbx])",
        "reads the request from the GHCB: vmgexit_mmio_read",
        "KVM_EXIT_MMIO",
        "The device there (hpet) answers 0x5a",
        "puts 0x5a into the register",
        "The step ends: completed",
    };

    tell_vc_path(&trace);
    assert_in_order(tell(NULL), links, ARRAY_SIZE(links));
}
END_TEST

/* KVM asks again whether it may emulate when userspace has answered, and then
 * tells what it read: the reader knows both already. */
START_TEST(an_emulated_access_is_told_once)
{
    static const char *const links[] = {
        "KVM decodes the guest's instruction (mov eax, [rbx]) and emulates it",
        "KVM_RUN returns to userspace with KVM_EXIT_MMIO",
        "The device there (hpet) answers 0x5a",
    };

    TRACE(&trace, step, .id = "s", .what = "w");
    TRACE(&trace, vmrun, .rip = 0);
    TRACE(&trace, kvm_emulate_verdict, .verdict = "true", .why = "plain");
    TRACE(&trace, kvm_emulate_insn, .text = "mov eax, [rbx]");
    TRACE(&trace, kvm_mmio, .kind = "unsatisfied-read", .len = 4);
    TRACE(&trace, kvm_userspace_exit, .reason = 6, .name = "KVM_EXIT_MMIO");
    TRACE(&trace, vmm_device, .name = "hpet", .value = 0x5a);
    TRACE(&trace, kvm_emulate_verdict, .verdict = "true", .why = "plain");
    TRACE(&trace, kvm_mmio, .kind = "read", .len = 4, .val = 0x5a);
    TRACE(&trace, step_done, .id = "s", .how = "completed");
    assert_in_order(tell(NULL), links, ARRAY_SIZE(links));
    ck_assert_uint_eq(count(out.data, "May KVM emulate"), 1);
    ck_assert_uint_eq(count(out.data, "0x5a"), 1);
}
END_TEST

START_TEST(a_step_on_its_own_keeps_the_set_up_and_drops_other_steps)
{
    static const char *const links[] = { "The CPU, milan",
                                         "Second faulting touch", "Step after",
                                         "Third faulting touch",
                                         "The step ends: completed" };

    tell_vc_path(&trace);
    TRACE(&trace, step, .id = "after", .what = "read it again");
    TRACE(&trace, npf, .info1 = 0x10000000d, .info2 = HPET);
    TRACE(&trace, step_done, .id = "after", .how = "completed");
    tell("after");
    ck_assert_ptr_null(strstr(out.data, "Step hpet"));
    ck_assert_ptr_null(strstr(out.data, "Second faulting touch"));
    assert_in_order(out.data, &links[2], 3); /* touches are still counted */
    ck_assert_ptr_nonnull(strstr(out.data, links[0]));
}
END_TEST

/* A link is "  7. " and what is indented below it. */
static bool starts_link(const char *line)
{
    return line[strspn(line, " ")] >= '1' && line[strspn(line, " ")] <= '9' &&
           strncmp(line + 3, ". ", 2) == 0;
}

START_TEST(every_numbered_link_names_its_source)
{
    unsigned links = 0;

    tell_vc_path(&trace);
    explainer_tell(explainer, "Moral.", NULL, &out);
    for (const char *s = out.data, *end; *s; s = end + 1) {
        end = strchrnul(s, '\n');
        if (!starts_link(s))
            continue;
        while (strncmp(end + 1, "     ", 5) == 0)
            end = strchrnul(end + 1, '\n');
        ck_assert_msg(end[-1] == ']', "%.*s", (int)(end - s), s);
        links++;
    }
    ck_assert_uint_eq(links, 18);
}
END_TEST

START_TEST(no_line_is_wider_than_a_hundred_columns)
{
    tell_loop(&trace, 3);
    explainer_tell(explainer, "Moral.", NULL, &out);
    for (const char *s = out.data, *end; *s; s = end + 1) {
        end = strchrnul(s, '\n');
        ck_assert_msg(end - s <= 100, "%.*s", (int)(end - s), s);
    }
}
END_TEST

/* Whatever stands in an event, telling it must not go wrong. */
START_TEST(any_event_with_empty_or_extreme_fields_can_be_told)
{
    static const uint64_t extreme[EVENT_MAX_FIELDS] = {
        UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
        UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX
    };
    uint64_t fields[2][EVENT_MAX_FIELDS] = { { 0 } };
    const struct event_desc *d = &event_table[_i];

    memcpy(fields[1], extreme, sizeof(extreme));
    for (unsigned i = 0; i < d->n_fields; i++)
        if (d->fields[i].kind == KIND_STR)
            fields[1][i] = 0;
    trace_emit(&trace, (enum event_id)_i, fields[0]);
    trace_emit(&trace, (enum event_id)_i, fields[1]);
    TRACE(&trace, step, .id = "s");
    trace_emit(&trace, (enum event_id)_i, fields[0]);
    trace_emit(&trace, (enum event_id)_i, fields[1]);
    explainer_tell(explainer, NULL, NULL, &out);
    ck_assert_uint_gt(out.len, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("explain");
    TCase *t = tcase_create("explain");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_refusal_leads_from_the_width_to_the_errno);
    tcase_add_test(t, a_loop_is_described_once_and_its_laps_are_counted);
    tcase_add_test(t, a_long_loop_costs_no_more_words_than_a_short_one);
    tcase_add_test(t, laps_that_differ_are_left_out_beyond_a_bound);
    tcase_add_test(
        t, the_way_through_vc_is_told_from_the_empty_entry_to_the_device);
    tcase_add_test(t, an_emulated_access_is_told_once);
    tcase_add_test(t, a_step_on_its_own_keeps_the_set_up_and_drops_other_steps);
    tcase_add_test(t, every_numbered_link_names_its_source);
    tcase_add_test(t, no_line_is_wider_than_a_hundred_columns);
    tcase_add_loop_test(t, any_event_with_empty_or_extreme_fields_can_be_told,
                        0, N_EVENTS);
    return run_suite(s);
}
