/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Traces as text, JSON Lines and trace_pipe lines. JSON is read back by another
 * library; trace_pipe lines are compared with the words of KVM's trace points.
 */
#include "arch/svm.h"
#include "render.h"
#include "unit/suite.h"

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct pool *pool;
static struct trace trace;
static struct buf out;

static void setup(void)
{
    pool = pool_create();
    out = (struct buf)BUF_INIT;
}

static void teardown(void)
{
    buf_free(&out);
    pool_destroy(pool);
}

static void render_as(enum trace_format format)
{
    trace_init(&trace, pool);
    trace_add_sink(&trace, renderer_sink, renderer_create(pool, format, &out));
}

#define NASTY "a\"b\\c\n\t\x01\x7f \xc3\xa4 \xff\xc3 \xed\xa0\x80"

/* Every numeric field at @number, every text nasty (or NULL at 0). */
static void emit_filled(enum event_id id, uint64_t number)
{
    const struct event_desc *d = &event_table[id];
    uint64_t fields[EVENT_MAX_FIELDS];

    for (unsigned i = 0; i < d->n_fields; i++) {
        fields[i] = number;
        if (d->fields[i].kind == KIND_STR)
            fields[i] = number ? (uint64_t)(uintptr_t)NASTY : 0;
    }
    trace_emit(&trace, id, fields);
}

static unsigned count_lines(void)
{
    unsigned n = 0;

    for (const char *s = out.data; s && *s; s++)
        n += *s == '\n';
    return n;
}

/* ---- names ---- */

START_TEST(formats_are_found_by_their_names)
{
    ck_assert_int_eq(trace_format_find("none"), TRACE_NONE);
    ck_assert_int_eq(trace_format_find("text"), TRACE_TEXT);
    ck_assert_int_eq(trace_format_find("jsonl"), TRACE_JSONL);
    ck_assert_int_eq(trace_format_find("ftrace"), TRACE_FTRACE);
    ck_assert_int_eq(trace_format_find("perfetto"), -1);
    ck_assert_int_eq(trace_format_find(""), -1);
}
END_TEST

/* ---- text ---- */

START_TEST(a_line_of_text_has_number_lane_event_and_fields)
{
    render_as(TRACE_TEXT);
    trace.vcpu = 1;
    TRACE(&trace, npf, .info1 = 0x10000000d, .info2 = 0xfed00000, .level = 1,
          .pte = 0x8000000000000067, .why = "it \"is\"");
    ck_assert_ptr_eq(strstr(out.data, "     0 HW/1  npf "), out.data);
    ck_assert_ptr_nonnull(strstr(out.data, "info1=0x10000000d (P U RSVD FINAL) "
                                           "info2=0xfed00000 "));
    ck_assert_ptr_nonnull(strstr(out.data, "level=1 "));
    ck_assert_ptr_nonnull(
        strstr(out.data, "pte=0x8000000000000067 (P W U A D NX)"));
    ck_assert_ptr_nonnull(strstr(out.data, "why=\"it \\\"is\\\"\""));
    ck_assert_uint_eq(count_lines(), 1);
}
END_TEST

START_TEST(fields_without_words_have_no_parentheses)
{
    render_as(TRACE_TEXT);
    TRACE(&trace, vmexit, .code = EXIT_NPF);
    TRACE(&trace, vmexit, .code = 0x123);
    TRACE(&trace, npf, .info1 = 0, .pte = 0);
    ck_assert_ptr_nonnull(strstr(out.data, "code=0x400 (npf) "));
    ck_assert_ptr_nonnull(strstr(out.data, "code=0x123 info1"));
    ck_assert_ptr_nonnull(strstr(out.data, "info1=0x0 info2"));
    ck_assert_ptr_nonnull(strstr(out.data, "pte=0x0 bit"));
}
END_TEST

START_TEST(every_event_is_one_line_of_text)
{
    render_as(TRACE_TEXT);
    emit_filled((enum event_id)_i, 0);
    emit_filled((enum event_id)_i, UINT64_MAX);
    ck_assert_uint_eq(count_lines(), 2);
    for (const char *s = out.data; *s; s++)
        ck_assert_msg(*s == '\n' || (unsigned char)*s >= 0x20, "%d", *s);
}
END_TEST

/* ---- JSON Lines ---- */

static void check_field(const json_t *value, enum field_kind kind,
                        uint64_t number)
{
    char hex[24];

    snprintf(hex, sizeof(hex), "0x%llx", (unsigned long long)number);
    switch (kind) {
    case KIND_DEC:
        if (json_is_integer(value)) {
            ck_assert_uint_lt(number, 1ULL << 53);
            ck_assert_uint_eq((uint64_t)json_integer_value(value), number);
            return;
        }
        /* fall through */
    case KIND_HEX:
    case KIND_PTE:
    case KIND_PFERR:
    case KIND_EXIT:
        ck_assert_str_eq(json_string_value(value), hex);
        return;
    case KIND_BOOL:
        ck_assert(json_is_boolean(value));
        ck_assert_int_eq(json_is_true(value), number != 0);
        return;
    case KIND_STR:
        ck_assert(json_is_string(value));
        return;
    }
}

static const uint64_t numbers[] = { 0, 1, (1ULL << 53) - 1, 1ULL << 53,
                                    UINT64_MAX };

START_TEST(every_event_is_a_json_object_with_its_fields_and_no_cycles)
{
    const struct event_desc *d = &event_table[_i];

    for (size_t k = 0; k < ARRAY_SIZE(numbers); k++) {
        json_error_t error;
        json_t *o;

        buf_clear(&out);
        render_as(TRACE_JSONL);
        emit_filled((enum event_id)_i, numbers[k]);
        ck_assert_uint_eq(count_lines(), 1);
        o = json_loads(out.data, JSON_REJECT_DUPLICATES, &error);
        ck_assert_msg(o, "%s: %s", error.text, out.data);
        ck_assert_uint_eq(json_object_size(o), 4 + d->n_fields);
        ck_assert_int_eq(json_integer_value(json_object_get(o, "seq")), 0);
        ck_assert_str_eq(json_string_value(json_object_get(o, "event")),
                         d->name);
        ck_assert_str_eq(json_string_value(json_object_get(o, "actor")),
                         actor_name(d->actor));
        for (unsigned i = 0; i < d->n_fields; i++)
            check_field(json_object_get(o, d->fields[i].name),
                        d->fields[i].kind, numbers[k]);
        json_decref(o);
    }
}
END_TEST

static const struct {
    const char *text, *read_back;
} strings[] = {
    { "", "" },
    { "a\"b\\c/d", "a\"b\\c/d" },
    { "line\nand\ttab\r\x01\x7f", "line\nand\ttab\r\x01\x7f" },
    { "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7",
      "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7" },
    /* cut off, stray, overlong, surrogate, beyond U+10FFFF */
    { "\xc3", "\xef\xbf\xbd" },
    { "\x80x", "\xef\xbf\xbdx" },
    { "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },
    { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
    { "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
};

START_TEST(strings_are_read_back_as_they_were)
{
    json_t *v;

    render_json_string(&out, strings[_i].text);
    v = json_loads(out.data, JSON_DECODE_ANY, NULL);
    ck_assert_msg(v, "%s", out.data);
    ck_assert_str_eq(json_string_value(v), strings[_i].read_back);
    json_decref(v);
}
END_TEST

/* ---- trace_pipe ---- */

static void assert_ftrace_ends(const char *text)
{
    size_t len = strlen(text);

    ck_assert_uint_gt(out.len, len);
    ck_assert_msg(out.data[out.len - 1] == '\n' &&
                      strncmp(out.data + out.len - 1 - len, text, len) == 0,
                  "want '%s'\ngot '%s'", text, out.data);
}

START_TEST(kvm_events_read_like_those_of_the_kernel)
{
    render_as(TRACE_FTRACE);
    TRACE(&trace, kvm_entry, .rip = 0x1000);
    assert_ftrace_ends(": kvm_entry: vcpu 0, rip 0x1000");
    TRACE(&trace, kvm_exit, .reason = EXIT_NPF, .rip = 0x1000,
          .info1 = 0x10000000d, .info2 = 0xfed000f0);
    assert_ftrace_ends(": kvm_exit: vcpu 0 reason npf rip 0x1000 info1 "
                       "0x000000010000000d info2 0x00000000fed000f0 intr_info "
                       "0x00000000 error_code 0x00000000");
    TRACE(&trace, kvm_exit, .reason = 0x123);
    ck_assert_ptr_nonnull(strstr(out.data, "reason 0x123 rip"));
    TRACE(&trace, kvm_page_fault, .rip = 0x1000, .address = 0xfed000f0,
          .error_code = 0x10000000d);
    assert_ftrace_ends(": kvm_page_fault: vcpu 0 rip 0x1000 address "
                       "0x00000000fed000f0 error_code 0x10000000d");
    TRACE(&trace, kvm_mmu_set_spte, .gfn = 0x12, .spte = 0x8000000000000005,
          .level = 1, .sptep = 0x4090);
    assert_ftrace_ends(": kvm_mmu_set_spte: gfn 12 spte 8000000000000005 "
                       "(r--u) level 1 at 4090");
    TRACE(&trace, kvm_emulate_insn, .rip = 0x1000, .bytes = "8b 03");
    assert_ftrace_ends(": kvm_emulate_insn: 0:1000:8b 03 (prot64)");
    TRACE(&trace, kvm_mmio, .kind = "unsatisfied-read", .len = 4,
          .gpa = 0xfed000f0);
    assert_ftrace_ends(": kvm_mmio: mmio unsatisfied-read len 4 gpa "
                       "0xfed000f0 val 0x0");
    TRACE(&trace, vcpu_match_mmio, .gva = 0x10, .gpa = 0x20, .by_gpa = true);
    assert_ftrace_ends(": vcpu_match_mmio: gva 0x10 gpa 0x20 Read GPA");
    TRACE(&trace, kvm_vmgexit_enter, .exit_reason = 0x80000001, .info1 = 0x10,
          .info2 = 4);
    assert_ftrace_ends(": kvm_vmgexit_enter: vcpu 0, exit_reason 80000001, "
                       "exit_info1 10, exit_info2 4");
    TRACE(&trace, check_mmio_spte, .spte = 0x10, .kvm_gen = 2, .spte_gen = 1);
    assert_ftrace_ends(": check_mmio_spte: spte 10 kvm_gen 2 spte-gen 1 "
                       "valid 0");
    TRACE(&trace, kvm_tdp_mmu_spte_changed, .gfn = 0x12, .level = 2,
          .old_spte = 0x5a0, .new_spte = 0x7);
    assert_ftrace_ends(": kvm_tdp_mmu_spte_changed: as id 0 gfn 12 level 2 "
                       "old_spte 5a0 new_spte 7");
}
END_TEST

START_TEST(the_return_to_userspace_shows_reason_or_errno)
{
    render_as(TRACE_FTRACE);
    TRACE(&trace, kvm_userspace_exit, .reason = 6, .name = "KVM_EXIT_MMIO",
          .ret = "ok");
    assert_ftrace_ends("reason KVM_EXIT_MMIO (6)");
    TRACE(&trace, kvm_userspace_exit, .reason = 10, .name = "KVM_EXIT_INTR",
          .ret = "EINTR");
    assert_ftrace_ends("reason restart (4)");
    TRACE(&trace, kvm_userspace_exit, .name = "KVM_EXIT_UNKNOWN",
          .ret = "EINVAL");
    assert_ftrace_ends("reason error (22)");
}
END_TEST

START_TEST(the_time_is_the_number_of_the_event_and_the_header_says_so)
{
    render_as(TRACE_FTRACE);
    ck_assert_ptr_nonnull(strstr(out.data, "number of the event"));
    trace.seq = 12345678;
    trace.vcpu = 3;
    TRACE(&trace, kvm_entry, .rip = 1);
    ck_assert_ptr_nonnull(
        strstr(out.data, "[003] .....    12.345678: kvm_entry: vcpu 3,"));
}
END_TEST

START_TEST(events_that_kvm_does_not_have_leave_no_line)
{
    static const enum event_id none[] = { EV_npf,  EV_cpu,      EV_kvm_gate,
                                          EV_step, EV_guest_vc, EV_hang };

    render_as(TRACE_FTRACE);
    buf_clear(&out);
    for (size_t i = 0; i < ARRAY_SIZE(none); i++)
        emit_filled(none[i], 1);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

START_TEST(every_event_gives_at_most_one_line_of_ftrace)
{
    render_as(TRACE_FTRACE);
    buf_clear(&out);
    emit_filled((enum event_id)_i, 0);
    ck_assert_uint_le(count_lines(), 1);
}
END_TEST

START_TEST(no_trace_is_no_output)
{
    render_as(TRACE_NONE);
    TRACE(&trace, kvm_entry, .rip = 1);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("trace");
    TCase *t = tcase_create("trace");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, formats_are_found_by_their_names);
    tcase_add_test(t, a_line_of_text_has_number_lane_event_and_fields);
    tcase_add_test(t, fields_without_words_have_no_parentheses);
    tcase_add_loop_test(t, every_event_is_one_line_of_text, 0, N_EVENTS);
    tcase_add_loop_test(
        t, every_event_is_a_json_object_with_its_fields_and_no_cycles, 0,
        N_EVENTS);
    tcase_add_loop_test(t, strings_are_read_back_as_they_were, 0,
                        ARRAY_SIZE(strings));
    tcase_add_test(t, kvm_events_read_like_those_of_the_kernel);
    tcase_add_test(t, the_return_to_userspace_shows_reason_or_errno);
    tcase_add_test(t,
                   the_time_is_the_number_of_the_event_and_the_header_says_so);
    tcase_add_test(t, events_that_kvm_does_not_have_leave_no_line);
    tcase_add_loop_test(t, every_event_gives_at_most_one_line_of_ftrace, 0,
                        N_EVENTS);
    tcase_add_test(t, no_trace_is_no_output);
    return run_suite(s);
}
