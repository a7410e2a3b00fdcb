/* SPDX-License-Identifier: GPL-2.0-only */
/* Steps: the machine code behind read, write, fetch and code; host actions. */
#include "unit/load/story.h"

#include "arch/insn.h"
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

static const struct run_step *only_step(const char *step)
{
    char text[512];

    snprintf(text, sizeof(text), HEAD "steps:\n  - %s\n", step);
    story_is_fine(&y, text);
    ck_assert_uint_eq(y.s.config.n_steps, 1);
    return &y.s.config.steps[0];
}

static size_t decode(const struct run_step *s, struct insn *out)
{
    size_t n = 0;

    for (size_t at = 0; at < s->code.len; at += out[n++].len)
        ck_assert_int_eq(insn_decode(INSN_MODE_64, s->code.bytes + at,
                                     s->code.len - at, &out[n]),
                         INSN_OK);
    return n;
}

START_TEST(a_read_loads_as_many_bytes_as_it_says)
{
    static const unsigned sizes[] = { 1, 2, 4, 8 };
    const struct run_step *s;
    struct insn i[32];
    char step[64];

    snprintf(step, sizeof(step), "{id: r, read: 0xfed000f0, size: %u}",
             sizes[_i]);
    s = only_step(step);
    ck_assert_int_eq(s->kind, STEP_GUEST);
    ck_assert_uint_eq(s->size, sizes[_i]);
    ck_assert_uint_eq(s->at.line, 7);
    ck_assert_ptr_nonnull(strstr(s->what, "at 0xfed000f0"));
    ck_assert_uint_eq(decode(s, i), 2);
    ck_assert_uint_eq(i[0].imm, 0xfed000f0);
    ck_assert_int_eq(i[0].d.reg, GPR_RBX);
    ck_assert_int_eq(i[1].s.kind, OPND_MEM);
    ck_assert_int_eq(i[1].base, GPR_RBX);
    ck_assert_int_eq(i[1].d.reg, GPR_RAX);
    ck_assert_uint_eq(i[1].d.size, sizes[_i]);
}
END_TEST

START_TEST(a_write_stores_its_value)
{
    const struct run_step *s =
        only_step("{id: w, write: 0x1000, size: 8, value: 0x1122334455667788,"
                  " vcpu: 0}");
    struct insn i[64];

    ck_assert_uint_eq(decode(s, i), 3);
    ck_assert_uint_eq(i[0].imm, 0x1000);
    ck_assert_uint_eq(i[1].imm, 0x1122334455667788);
    ck_assert_int_eq(i[1].d.reg, GPR_RAX);
    ck_assert_int_eq(i[2].d.kind, OPND_MEM);
    ck_assert_int_eq(i[2].base, GPR_RBX);
    ck_assert_int_eq(i[2].s.reg, GPR_RAX);
    ck_assert_uint_eq(i[2].s.size, 8);
}
END_TEST

START_TEST(a_fetch_jumps_to_its_target)
{
    const struct run_step *s = only_step("{id: f, fetch: 0x203000}");
    struct insn i[32];

    ck_assert(s->code.has_target);
    ck_assert_uint_eq(s->code.target, 0x203000);
    ck_assert_uint_eq(s->size, 0);
    ck_assert_uint_eq(decode(s, i), 2);
    ck_assert_int_eq(i[1].op, INSN_JMP);
}
END_TEST

START_TEST(code_is_taken_byte_by_byte)
{
    static const uint8_t want[] = { 0x8b, 0x04, 0x25, 0xf0, 0x00, 0xd0, 0xfe };
    const struct run_step *s =
        only_step("{id: c, code: \"8B 04 25 f0 00 d0fe\"}");

    ck_assert_uint_eq(s->code.len, sizeof(want));
    ck_assert_mem_eq(s->code.bytes, want, sizeof(want));
    ck_assert_uint_eq(s->size, 0);
    ck_assert(!s->code.has_target);
}
END_TEST

/* What is no instruction raises #UD: a story may be about that. */
START_TEST(code_may_be_no_instruction)
{
    ck_assert_uint_eq(only_step("{id: c, code: 0f 0b 06}")->code.len, 3);
}
END_TEST

START_TEST(userspace_takes_host_steps)
{
    const struct run_step *s;

    story_is_fine(&y, HEAD
                  "steps:\n"
                  "  - {id: a, host: {memslot_create: {gpa: 1GiB, size: 4MiB,"
                  " host_page: 2MiB}}}\n"
                  "  - {id: b, host: {memslot_delete: {gpa: 0x40000000}}}\n");
    s = y.s.config.steps;
    ck_assert_int_eq(s[0].kind, STEP_MEMSLOT_CREATE);
    ck_assert_uint_eq(s[0].memory.gpa, 0x40000000);
    ck_assert_uint_eq(s[0].memory.size, 4 << 20);
    ck_assert_uint_eq(s[0].memory.host_page, 2 << 20);
    ck_assert_int_eq(s[1].kind, STEP_MEMSLOT_DELETE);
    ck_assert_uint_eq(s[1].memory.gpa, 0x40000000);
}
END_TEST

/* ---- bad ones ---- */

/* What follows is line 7. */
#define STEPS(list)   HEAD "steps:\n" list
#define NARROW(lines) HEAD "guest: {paging: pae}\nsteps:\n" lines

static const struct {
    const char *text;
    unsigned line, col;
    const char *words, *hint;
} bad[] = {
    { STEPS("  - {read: 0}\n"), 7, 5, "'id' is missing", "" },
    { STEPS("  - {id: a b, read: 0, size: 4}\n"), 7, 10, "not a name", "" },
    { STEPS("  - {id: a}\n"), 7, 5, "does nothing", "read, write, fetch" },
    { STEPS("  - {id: a, read: 0, fetch: 0}\n"), 7, 5, "more than one thing",
      "" },
    { STEPS("  - {id: a, read: 0}\n"), 7, 5, "'size' is missing", "1, 2, 4" },
    { STEPS("  - {id: a, read: 0, size: 3}\n"), 7, 28,
      "3 is not one of 1, 2, 4, 8", "" },
    { STEPS("  - {id: a, read: 0, size: 4, value: 1}\n"), 7, 38,
      "only a write has a value", "expect" },
    { STEPS("  - {id: a, write: 0, size: 4}\n"), 7, 5, "'value' is missing",
      "" },
    { STEPS("  - {id: a, write: 0, size: 1, value: 256}\n"), 7, 39,
      "0x100 does not fit 1 byte", "" },
    { STEPS("  - {id: a, fetch: 0, size: 4}\n"), 7, 29,
      "only a read or a write has a size", "" },
    { STEPS("  - {id: a, read: 0, size: 4, vcpu: 1}\n"), 7, 5,
      "there is no vCPU 1", "vm.vcpus is 1" },
    { STEPS("  - {id: a, read: 0, size: 4, vcpu: 8}\n"), 7, 37,
      "8 is not in 0..7", "" },
    { STEPS("  - {id: a, fetch: 0}\n  - {id: a, fetch: 0}\n"), 8, 10,
      "two steps are called 'a'", "line 7" },
    { STEPS("  - {id: a, code: \"\"}\n"), 7, 19, "code is empty", "" },
    { STEPS("  - {id: a, code: \" \"}\n"), 7, 19, "code is empty", "" },
    { STEPS("  - {id: a, code: \"8b 0\"}\n"), 7, 23, "half a byte", "two" },
    { STEPS("  - {id: a, code: \"8b xy\"}\n"), 7, 23,
      "'x' is not a hexadecimal digit", "" },
    { STEPS("  - {id: a, code: 90 xy}\n"), 7, 22,
      "'x' is not a hexadecimal digit", "" },
    { STEPS("  - {id: a, code: \"90 8b 04\"}\n"), 7, 19,
      "inside the instruction that begins with 8b 04", "" },
    /* 32-bit code */
    { NARROW("  - {id: a, read: 0, size: 8}\n"), 8, 5,
      "32-bit code has no such access", "guest.paging 'pae'" },
    { NARROW("  - {id: a, read: 0x100000000, size: 1}\n"), 8, 5,
      "32-bit code has no such access", "32 bits" },
    { NARROW("  - {id: a, write: 0, size: 8, value: 0}\n"), 8, 5,
      "32-bit code has no such access", "4 bytes" },
    { NARROW("  - {id: a, fetch: 0x100000000}\n"), 8, 5,
      "32-bit code has no such access", "" },
    { NARROW("  - {id: a, code: \"8b 05 00\"}\n"), 8, 19,
      "inside the instruction that begins with 8b 05 00", "" },
    { STEPS("  - {id: a, code: \"a1 00 00 00 00\"}\n"), 7, 19,
      "inside the instruction that begins with a1", "" },
    { STEPS("  - {id: a, host: {}}\n"), 7, 19, "no action", "memslot_create" },
    { STEPS("  - {id: a, host: {memslot_delete: {gpa: 0}}, vcpu: 0}\n"), 7, 53,
      "not a vCPU", "" },
    { STEPS("  - {id: a, host: {memslot_delete: {gpa: 0, size: 4KiB}}}\n"), 7,
      45, "unknown key 'size' in memslot_delete", "" },
    { STEPS("  - {id: a, host: {memslot_creat: {gpa: 0}}}\n"), 7, 20,
      "unknown key 'memslot_creat'", "'memslot_create'" },
    { STEPS("  - {id: a, host: {memslot_create: {gpa: 0x1000000000000,"
            " size: 4KiB}}}\n"),
      7, 36, "beyond the CPU's 48 bits", "" },
    { STEPS("  - {id: a, host: {memslot_create: {gpa: 0, size: 4KiB,"
            " host_page: 2MiB}}}\n"),
      7, 36, "multiples of host_page", "" },
};

/* The same story for a guest of either kind. */
START_TEST(a_step_is_said_in_32_bit_code_too)
{
    const struct run_step *s;

    story_is_fine(&y, NARROW("  - {id: a, read: 0xfed000f0, size: 2}\n"
                             "  - {id: b, write: 0x1000, size: 1, value: 7}\n"
                             "  - {id: c, fetch: 0x1000}\n"
                             "  - {id: d, code: \"a1 00 00 00 00\"}\n"));
    s = y.s.config.steps;
    ck_assert_uint_eq(s[0].code32.len, 8);
    ck_assert_mem_eq(s[0].code32.bytes, "\xbb\xf0\x00\xd0\xfe\x66\x8b\x03", 8);
    ck_assert_uint_eq(s[1].code32.len, 12);
    ck_assert_mem_eq(s[1].code32.bytes,
                     "\xbb\x00\x10\x00\x00\xb8\x07\x00\x00\x00\x88\x03", 12);
    ck_assert_mem_eq(s[2].code32.bytes, "\xbb\x00\x10\x00\x00\xff\xe3", 7);
    ck_assert(s[2].code32.has_target && s[2].code32.target == 0x1000);
    ck_assert_ptr_eq(s[3].code32.bytes, s[3].code.bytes);
}
END_TEST

START_TEST(a_bad_step_is_refused_at_its_place)
{
    story_is_refused(&y, bad[_i].text, bad[_i].line, bad[_i].col, bad[_i].words,
                     bad[_i].hint);
}
END_TEST

START_TEST(more_than_256_bytes_of_code_are_refused)
{
    struct buf text = BUF_INIT;

    buf_adds(&text, HEAD "steps:\n  - {id: a, code: \"");
    for (unsigned i = 0; i < 256; i++)
        buf_adds(&text, "90");
    buf_adds(&text, "\"}\n");
    story_is_fine(&y, text.data);
    text.len -= 3;
    buf_adds(&text, "90\"}\n");
    story_is_refused(&y, text.data, 7, 20 + 512, "more than 256 bytes", "");
    buf_free(&text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("step");
    TCase *t = tcase_create("step");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_read_loads_as_many_bytes_as_it_says, 0, 4);
    tcase_add_test(t, a_write_stores_its_value);
    tcase_add_test(t, a_fetch_jumps_to_its_target);
    tcase_add_test(t, code_is_taken_byte_by_byte);
    tcase_add_test(t, code_may_be_no_instruction);
    tcase_add_test(t, userspace_takes_host_steps);
    tcase_add_test(t, a_step_is_said_in_32_bit_code_too);
    tcase_add_loop_test(t, a_bad_step_is_refused_at_its_place, 0,
                        (int)ARRAY_SIZE(bad));
    tcase_add_test(t, more_than_256_bytes_of_code_are_refused);
    return run_suite(s);
}
