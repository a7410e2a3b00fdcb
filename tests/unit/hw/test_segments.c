/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Segments of code that is not 64-bit code: limits, types, bases, and who may
 * load them (APM vol. 2, 4.5 to 4.12).
 */
#include "unit/hw/legacy_lab.h"
#include "unit/suite.h"

#include <stdlib.h>

#define MOV_EAX_DATA "\xa1\x00\xc0\x00\x00" /* mov eax,[0xc000] */
#define MOV_DATA_EAX "\xa3\x00\xc0\x00\x00" /* mov [0xc000],eax */
#define MOV_EAX_MMIO "\xa1\xf0\xd0\x00\x00" /* mov eax,[0xd0f0] */
#define IRETD        "\xcf"
#define HLT          "\xf4"

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

/* ---- segments ---- */

/* One data access each; 0: it succeeds. */
static const struct {
    const char *name;
    char code[12];
    unsigned at; /* the segment that is different */
    uint16_t attr;
    uint32_t limit;
    uint32_t base;
    unsigned vector;
} segment_rows[] = {
    { "flat", MOV_EAX_DATA HLT, SAVE_DS, 0xc93, ~0U, 0, 0 },
    { "ends with the access", MOV_EAX_DATA HLT, SAVE_DS, 0x493, 0xc003, 0, 0 },
    { "ends within", MOV_EAX_DATA HLT, SAVE_DS, 0x493, 0xc002, 0, VEC_GP },
    { "ends before", MOV_EAX_DATA HLT, SAVE_DS, 0x493, 0xbfff, 0, VEC_GP },
    { "read-only, read", MOV_EAX_DATA HLT, SAVE_DS, 0xc91, ~0U, 0, 0 },
    { "read-only, write", MOV_DATA_EAX HLT, SAVE_DS, 0xc91, ~0U, 0, VEC_GP },
    { "null", MOV_EAX_DATA HLT, SAVE_DS, 0, ~0U, 0, VEC_GP },
    { "code, readable", "\x2e" MOV_EAX_DATA HLT, SAVE_CS, 0xc9b, ~0U, 0, 0 },
    { "code, not readable", "\x2e" MOV_EAX_DATA HLT, SAVE_CS, 0xc99, ~0U, 0,
      VEC_GP },
    { "code is not written", "\x2e" MOV_DATA_EAX HLT, SAVE_CS, 0xc9b, ~0U, 0,
      VEC_GP },
    { "another segment", "\x26" MOV_EAX_DATA HLT, SAVE_ES, 0x493, 0xc002, 0,
      VEC_GP },
    { "stack", "\x36" MOV_EAX_DATA HLT, SAVE_SS, 0x493, 0xc002, 0, VEC_SS },
    { "ebp means the stack", "\x8b\x85\x00\xc0\x00\x00" HLT, SAVE_SS, 0x493,
      0xc002, 0, VEC_SS },
    { "expand-down, above", MOV_EAX_DATA HLT, SAVE_DS, 0x497, 0xbfff, 0, 0 },
    { "expand-down, at the limit", MOV_EAX_DATA HLT, SAVE_DS, 0x497, 0xc000, 0,
      VEC_GP },
    { "expand-down, of 16 bits", MOV_EAX_DATA HLT, SAVE_DS, 0x097, 0xbfff, 0,
      0 },
    { "based", "\xa1\x00\x00\x00\x00" HLT, SAVE_DS, 0x493, 3, DATA, 0 },
    { "based, wrapping", "\xa1\x00\xd0\x00\x00" HLT, SAVE_DS, 0xc93, ~0U,
      0xfffff000, 0 },
    { "fs has a limit, too", "\x64" MOV_EAX_DATA HLT, SAVE_FS, 0x493, 0xc002, 0,
      VEC_GP },
};

START_TEST(a_segment_decides)
{
    enum legacy_mode mode =
        (enum legacy_mode)(_i / (int)ARRAY_SIZE(segment_rows));
    unsigned i = (unsigned)_i % ARRAY_SIZE(segment_rows);

    legacy_create(&m, mode);
    mini_code(&m, segment_rows[i].code, sizeof(segment_rows[i].code));
    mini_poke(&m, DATA, 0x1234);
    mini_seg(&m, segment_rows[i].at, SEL_DATA3, segment_rows[i].attr,
             segment_rows[i].limit, segment_rows[i].base);
    if (segment_rows[i].at == SAVE_SS)
        mini_reg(&m, SAVE_RSP, 0xbf00);
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_GP) | BIT(VEC_SS));
    if (segment_rows[i].vector) {
        ck_assert_msg(mini_run(&m) == EXIT_EXC + segment_rows[i].vector, "%s",
                      segment_rows[i].name);
        ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0);
        ck_assert_uint_eq(m.count[EV_segment_fault], 1);
    } else {
        ck_assert_msg(mini_run(&m) == EXIT_HLT, "%s", segment_rows[i].name);
        ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), 0x1234);
    }
}
END_TEST

/* Code reaches as far as CS does; decode assist stops there, too. */
START_TEST(the_limit_of_cs_ends_the_code)
{
    legacy_create(&m, NO_PAGING);
    MINI_CODE(&m, MOV_EAX_MMIO HLT);
    mini_seg(&m, SAVE_CS, SEL_CODE0, 0x49b, CODE + (_i ? 3 : 4), 0);
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_GP));
    ck_assert_uint_eq(mini_run(&m), _i ? EXIT_EXC + VEC_GP : EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_INSN_LEN) & 0xff, _i ? 0 : 5);
}
END_TEST

START_TEST(cs_has_a_base)
{
    legacy_create(&m, NO_PAGING);
    MINI_CODE(&m, MOV_EAX_DATA HLT);
    mini_seg(&m, SAVE_CS, SEL_CODE0, CODE_ATTR, ~0U, CODE - 0x10);
    mini_reg(&m, SAVE_RIP, 0x10);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), 0x15);
}
END_TEST

/* A frame that does not fit its stack: #SS, and then #DF. */
START_TEST(the_stack_ends)
{
    legacy_create(&m, NO_PAGING);
    MINI_CODE(&m, "\x0f\x0b");
    mini_seg(&m, SAVE_SS, SEL_DATA0, 0x493, STACK - 5, 0);
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_SS));
    ck_assert_uint_eq(mini_run(&m), EXIT_EXC + VEC_SS);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 1);
}
END_TEST

/* ---- loading segment registers ---- */

static const struct {
    const char *name;
    uint64_t descriptor; /* at selector 28h, where the TSS's is not used */
    uint16_t sel;
    unsigned cpl;
    unsigned vector;
    uint32_t error;
} load_rows[] = {
    { "data", 0x00cf93000000ffff, 0x28, 0, 0, 0 },
    { "data of more privilege", 0x00cf93000000ffff, 0x2b, 3, VEC_GP, 0x28 },
    { "RPL counts", 0x00cf93000000ffff, 0x2b, 0, VEC_GP, 0x28 },
    { "readable code", 0x00cffb000000ffff, 0x2b, 3, 0, 0 },
    { "code that is not", 0x00cff9000000ffff, 0x2b, 3, VEC_GP, 0x28 },
    { "conforming code", 0x00cf9f000000ffff, 0x2b, 3, 0, 0 },
    { "a system segment", 0x00008b000000ffff, 0x28, 0, VEC_GP, 0x28 },
    { "not present", 0x00cf13000000ffff, 0x28, 0, VEC_NP, 0x28 },
    { "null", 0, 3, 3, 0, 0 },
    { "beyond the table", 0, 0x38, 0, VEC_GP, 0x38 },
    { "no LDT", 0, 0xc, 0, VEC_GP, 0xc },
};

START_TEST(a_segment_register_takes_what_its_privilege_allows)
{
    legacy_create(&m, NO_PAGING);
    if (load_rows[_i].cpl)
        legacy_user(&m);
    mini_poke(&m, GDT + 0x28, load_rows[_i].descriptor);
    mini_reg(&m, SAVE_RAX, load_rows[_i].sel);
    MINI_CODE(&m, "\x8e\xd8\x8c\xd9\x0f\x01\xd9"); /* mov ds,eax; mov ecx,ds */
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_GP) | BIT(VEC_NP));
    if (load_rows[_i].vector) {
        ck_assert_msg(mini_run(&m) == EXIT_EXC + load_rows[_i].vector, "%s",
                      load_rows[_i].name);
        ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), load_rows[_i].error);
        return;
    }
    ck_assert_msg(mini_run(&m) == EXIT_VMMCALL, "%s", load_rows[_i].name);
    ck_assert_uint_eq(m.gpr[GPR_RCX], load_rows[_i].sel);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_DS) & 0xffff, load_rows[_i].sel);
    ck_assert_int_eq(!(mini_reg_of(&m, SAVE_DS) >> 16 & SEG_ATTR_P),
                     load_rows[_i].sel < 4);
}
END_TEST

START_TEST(a_move_to_ss_holds_interrupts_back)
{
    legacy_create(&m, NO_PAGING);
    mini_reg(&m, SAVE_RAX, SEL_DATA0);
    MINI_CODE(&m, "\x8e\xd0\x0f\x01\xd9" HLT); /* mov ss,eax; vmmcall */
    ck_assert_uint_eq(mini_run(&m), EXIT_VMMCALL);
    ck_assert_uint_eq(mini_get(&m, VMCB_INT_STATE), 1);
}
END_TEST

START_TEST(returning_outwards_drops_the_kernels_segments)
{
    legacy_create(&m, NO_PAGING);
    MINI_CODE(&m, IRETD);
    m.w.ops->write(m.w.hw, CODE + 0x100, "\x0f\x01\xd9", 3);
    for (unsigned i = 0; i < 5; i++) {
        const uint32_t frame[] = { CODE + 0x100, SEL_CODE3 | 3, RFLAGS_FIXED,
                                   USER_STACK, SEL_DATA3 | 3 };

        legacy_poke32(&m, STACK - 20 + 4 * i, frame[i]);
    }
    mini_reg(&m, SAVE_RSP, STACK - 20);
    mini_seg(&m, SAVE_DS, SEL_DATA0, 0xc93, ~0U, 0);
    ck_assert_uint_eq(mini_run(&m), EXIT_VMMCALL);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_DS) & 0xffffff, 0); /* P: bit 23 */
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_ES) & 0xffff, SEL_DATA3 | 3);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("segments");
    TCase *t = tcase_create("segments");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_loop_test(t, a_segment_decides, 0,
                        (COMPAT + 1) * ARRAY_SIZE(segment_rows));
    tcase_add_loop_test(t, the_limit_of_cs_ends_the_code, 0, 2);
    tcase_add_test(t, cs_has_a_base);
    tcase_add_test(t, the_stack_ends);
    tcase_add_loop_test(t, a_segment_register_takes_what_its_privilege_allows,
                        0, ARRAY_SIZE(load_rows));
    tcase_add_test(t, a_move_to_ss_holds_interrupts_back);
    tcase_add_test(t, returning_outwards_drops_the_kernels_segments);
    return run_suite(s);
}
