/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions of a kernel, executed and intercepted: APM vol. 2, 15.9 (order
 * of intercept and exception), 15.8 (decode assists), 15.11 (MSR map), 15.35.4
 * (what an SEV-ES guest gets instead), appendix C (exit codes); vol. 3.
 */
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

#define HLT         "\xf4"
#define RDMSR       "\x0f\x32"
#define WRMSR       "\x0f\x30"
#define INVLPG_RBX  "\x0f\x01\x3b"
#define VMRUN       "\x0f\x01\xd8"
#define VMLOAD      "\x0f\x01\xda"
#define VMSAVE      "\x0f\x01\xdb"
#define STGI        "\x0f\x01\xdc"
#define CLGI        "\x0f\x01\xdd"
#define INVLPGA     "\x0f\x01\xdf"
#define MOV_RAX_CR0 "\x0f\x20\xc0"
#define MOV_RAX_CR2 "\x0f\x20\xd0"
#define MOV_RAX_CR3 "\x0f\x20\xd8"
#define MOV_RAX_CR4 "\x0f\x20\xe0"
#define MOV_RAX_CR8 "\x44\x0f\x20\xc0"
#define MOV_CR0_RBX "\x0f\x22\xc3"
#define MOV_CR2_RBX "\x0f\x22\xd3"
#define MOV_CR3_RBX "\x0f\x22\xdb"
#define MOV_CR4_RBX "\x0f\x22\xe3"
#define MOV_CR8_RBX "\x44\x0f\x22\xc3"

#define CODE_OF(s) s, sizeof(s) - 1

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

/* ---- every intercept, its exit code and what comes with it ---- */

static const struct {
    const char *name, *code;
    size_t len;
    unsigned word; /* offset of the intercept word */
    uint32_t bit;
    uint64_t exit, info1;
} intercepts[] = {
    { "read CR0", CODE_OF(MOV_RAX_CR0), 0, BIT(0), 0x00, BIT(63) },
    { "read CR2", CODE_OF(MOV_RAX_CR2), 0, BIT(2), 0x02, BIT(63) },
    { "read CR3", CODE_OF(MOV_RAX_CR3), 0, BIT(3), 0x03, BIT(63) },
    { "read CR4", CODE_OF(MOV_RAX_CR4), 0, BIT(4), 0x04, BIT(63) },
    { "read CR8", CODE_OF(MOV_RAX_CR8), 0, BIT(8), 0x08, BIT(63) },
    { "write CR0", CODE_OF(MOV_CR0_RBX), 0, BIT(16), 0x10, BIT(63) | 3 },
    { "write CR2", CODE_OF(MOV_CR2_RBX), 0, BIT(18), 0x12, BIT(63) | 3 },
    { "write CR3", CODE_OF(MOV_CR3_RBX), 0, BIT(19), 0x13, BIT(63) | 3 },
    { "write CR4", CODE_OF(MOV_CR4_RBX), 0, BIT(20), 0x14, BIT(63) | 3 },
    { "write CR8", CODE_OF(MOV_CR8_RBX), 0, BIT(24), 0x18, BIT(63) | 3 },
    { "CR0 selective", CODE_OF(MOV_CR0_RBX), 0xc, BIT(5), 0x65, BIT(63) | 3 },
    { "CPUID", CODE_OF("\x0f\xa2"), 0xc, BIT(18), 0x72, 0 },
    { "IRET", CODE_OF("\x48\xcf"), 0xc, BIT(20), 0x74, 0 },
    { "INT 80h", CODE_OF("\xcd\x80"), 0xc, BIT(21), 0x75, 0x80 },
    { "INVLPG", CODE_OF(INVLPG_RBX), 0xc, BIT(25), 0x79, 0xb000 },
    { "INVLPGA", CODE_OF(INVLPGA), 0xc, BIT(26), 0x7a, 0xa000 },
    { "RDMSR", CODE_OF(RDMSR), 0xc, BIT(28), 0x7c, 0 },
    { "WRMSR", CODE_OF(WRMSR), 0xc, BIT(28), 0x7c, 1 },
    { "VMRUN", CODE_OF(VMRUN), 0x10, BIT(0), 0x80, 0 },
    { "VMMCALL", CODE_OF("\x0f\x01\xd9"), 0x10, BIT(1), 0x81, 0 },
    { "VMLOAD", CODE_OF(VMLOAD), 0x10, BIT(2), 0x82, 0 },
    { "VMSAVE", CODE_OF(VMSAVE), 0x10, BIT(3), 0x83, 0 },
    { "STGI", CODE_OF(STGI), 0x10, BIT(4), 0x84, 0 },
    { "CLGI", CODE_OF(CLGI), 0x10, BIT(5), 0x85, 0 },
};

static void add_intercept(unsigned word, uint32_t bit)
{
    uint32_t v = (uint32_t)(mini_get(&m, word & ~7U) >> 8 * (word % 8));

    mini_set32(&m, word, v | bit);
}

/* MSR FFFFh lies in no range of the map, so it always exits. */
static void place(unsigned i)
{
    m.w.ops->write(m.w.hw, CODE, intercepts[i].code, intercepts[i].len);
    add_intercept(intercepts[i].word, intercepts[i].bit);
    m.gpr[GPR_RCX] = 0xffff;
    m.gpr[GPR_RBX] = 0xb000;
    mini_reg(&m, SAVE_RAX, 0xa000);
}

START_TEST(an_intercept_exits_before_the_instruction)
{
    mini_create(&m, PLAIN);
    place((unsigned)_i);
    ck_assert_msg(mini_run(&m) == intercepts[_i].exit, "%s: exit %lx",
                  intercepts[_i].name, mini_get(&m, VMCB_EXITCODE));
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), intercepts[_i].info1);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE);
    ck_assert_uint_eq(mini_get(&m, VMCB_NRIP), CODE + intercepts[_i].len);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), 0xa000);
}
END_TEST

/* Privilege first: #GP at CPL 3, whatever is intercepted. INT n, CPUID,
 * VMMCALL and IRET are no privileged instructions. */
START_TEST(privilege_is_checked_before_the_intercept)
{
    static const uint64_t anybody[] = { 0x72, 0x74, 0x75, 0x81 };

    mini_create(&m, PLAIN);
    place((unsigned)_i);
    mini_user(&m);
    for (unsigned i = 0; i < ARRAY_SIZE(anybody); i++) {
        if (intercepts[_i].exit != anybody[i])
            continue;
        ck_assert_uint_eq(mini_run(&m), anybody[i]);
        return;
    }
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_GP);
}
END_TEST

START_TEST(an_sev_es_guest_gets_vc_with_the_exit_code)
{
    mini_create(&m, SEV_ES);
    place((unsigned)_i);
    mini_reg(&m, VMSA_RCX, 0xffff);
    mini_reg(&m, VMSA_RBX, 0xb000);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_VC);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "error_code"),
                      intercepts[_i].exit);
}
END_TEST

/* APM vol. 2, 15.8: registers, vectors and addresses are assistance; that an
 * MSR was written is not. */
START_TEST(without_decode_assists_the_exit_says_less)
{
    struct cpu_model model = lab_model();

    model.features[FEAT_DECODE_ASSISTS] = false;
    mini_create_on(&m, PLAIN, &model);
    place((unsigned)_i);
    ck_assert_uint_eq(mini_run(&m), intercepts[_i].exit);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0);
}
END_TEST

/* ---- control registers ---- */

static const struct {
    const char *name, *code;
    size_t len;
    uint64_t value;
    unsigned save_at; /* where the value arrives */
    uint64_t expect;
} writes[] = {
    { "CR0.TS", CODE_OF(MOV_CR0_RBX), 0x80010019, SAVE_CR0, 0x80010019 },
    { "CR0 keeps ET", CODE_OF(MOV_CR0_RBX), 0x80010001, SAVE_CR0, 0x80010011 },
    { "CR0 low MBZ ignored", CODE_OF(MOV_CR0_RBX), 0x80010051, SAVE_CR0,
      0x80010011 },
    { "CR2", CODE_OF(MOV_CR2_RBX), ~0ULL, SAVE_CR2, ~0ULL },
    { "CR3", CODE_OF(MOV_CR3_RBX), PML4 | 0x18, SAVE_CR3, PML4 | 0x18 },
    { "CR4", CODE_OF(MOV_CR4_RBX), CR4_PAE | CR4_PGE, SAVE_CR4,
      CR4_PAE | CR4_PGE },
};

START_TEST(a_write_arrives)
{
    mini_create(&m, PLAIN);
    m.w.ops->write(m.w.hw, CODE, writes[_i].code, writes[_i].len);
    m.w.ops->write(m.w.hw, CODE + writes[_i].len, HLT, 1);
    m.gpr[GPR_RBX] = writes[_i].value;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_msg(mini_reg_of(&m, writes[_i].save_at) == writes[_i].expect,
                  "%s: %lx", writes[_i].name,
                  mini_reg_of(&m, writes[_i].save_at));
    ck_assert_uint_eq(mini_field(&m, EV_cr_write, "new"), writes[_i].expect);
}
END_TEST

static const struct {
    const char *name, *code;
    size_t len;
    uint64_t value;
} bad_writes[] = {
    { "CR0 bit 32", CODE_OF(MOV_CR0_RBX), 0x180010001 },
    { "CR0 without PG", CODE_OF(MOV_CR0_RBX), 0x10001 },
    { "CR0.PG without PE", CODE_OF(MOV_CR0_RBX), 0x80010000 },
    { "CR0.NW without CD", CODE_OF(MOV_CR0_RBX), 0xa0010001 },
    { "CR3 bit 48", CODE_OF(MOV_CR3_RBX), PML4 | BIT(48) },
    { "CR3 bit 63 without PCIDE", CODE_OF(MOV_CR3_RBX), PML4 | BIT(63) },
    { "CR4 without PAE", CODE_OF(MOV_CR4_RBX), 0 },
    { "CR4 bit 13", CODE_OF(MOV_CR4_RBX), CR4_PAE | BIT(13) },
    { "CR4.LA57", CODE_OF(MOV_CR4_RBX), CR4_PAE | CR4_LA57 },
    { "CR8 above 15", CODE_OF(MOV_CR8_RBX), 16 },
};

START_TEST(a_bad_write_is_gp_and_changes_nothing)
{
    mini_create(&m, PLAIN);
    m.w.ops->write(m.w.hw, CODE, bad_writes[_i].code, bad_writes[_i].len);
    m.gpr[GPR_RBX] = bad_writes[_i].value;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_msg(mini_field(&m, EV_exception, "vector") == VEC_GP, "%s",
                  bad_writes[_i].name);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "rip"), CODE);
    ck_assert_uint_eq(m.count[EV_cr_write], 0);
    ck_assert_uint_eq(m.count[EV_tlb_flush], 0);
}
END_TEST

/* PCIDE may come only while CR3 has no PCID (APM vol. 2, 5.5.1). */
START_TEST(pcide_needs_pcid_0)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, MOV_CR4_RBX HLT);
    m.gpr[GPR_RBX] = CR4_PAE | CR4_PCIDE;
    mini_reg(&m, SAVE_CR3, PML4 | (uint64_t)_i);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_exception], _i != 0);
}
END_TEST

START_TEST(cr8_is_v_tpr)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, MOV_RAX_CR8 MOV_CR8_RBX HLT);
    mini_set(&m, VMCB_INT_CTL, 5);
    m.gpr[GPR_RBX] = 9;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), 5);
    ck_assert_uint_eq(mini_get(&m, VMCB_INT_CTL), 9);
}
END_TEST

/* TS and MP may change unseen; when both intercepts are on the other one wins
 * (APM vol. 2, table 15-7). */
START_TEST(the_selective_intercept_overlooks_ts_and_mp)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, MOV_CR0_RBX HLT);
    add_intercept(VMCB_INTERCEPT_3, INTERCEPT3_CR0_SEL);
    m.gpr[GPR_RBX] = _i == 0 ? 0x8001001b : 0x8005001b;
    if (_i == 2)
        add_intercept(VMCB_INTERCEPT_CR, BIT(16));
    ck_assert_uint_eq(mini_run(&m), _i == 0   ? EXIT_HLT
                                    : _i == 1 ? EXIT_CR0_SEL
                                              : EXIT_CR_WRITE);
}
END_TEST

/* A trap exits when the write is done (15.35.4: automatic, with RIP ahead). */
START_TEST(a_cr_trap_exits_behind_the_write)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, MOV_CR4_RBX HLT);
    add_intercept(VMCB_INTERCEPT_4, INTERCEPT4_CR_TRAP(4));
    mini_reg(&m, VMSA_RBX, CR4_PAE | CR4_PGE);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_CR_TRAP + 4);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), CR4_PAE | CR4_PGE);
    ck_assert_uint_eq(mini_field(&m, EV_vmexit, "rip"), CODE + 3);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_vc], 0);
}
END_TEST

START_TEST(an_efer_trap_exits_behind_the_write)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, WRMSR HLT);
    add_intercept(VMCB_INTERCEPT_4, INTERCEPT4_EFER_TRAP);
    mini_reg(&m, VMSA_RCX, MSR_EFER);
    mini_reg(&m, SAVE_RAX, EFER64 | EFER_SCE);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_EFER_TRAP);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), EFER64 | EFER_SCE);
    ck_assert_uint_eq(mini_field(&m, EV_vmexit, "rip"), CODE + 2);
}
END_TEST

START_TEST(a_cpu_without_sev_es_has_no_traps)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, MOV_CR4_RBX HLT);
    add_intercept(VMCB_INTERCEPT_4, INTERCEPT4_CR_TRAP(4));
    m.gpr[GPR_RBX] = CR4_PAE;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
}
END_TEST

/* The new tables count from the next fetch on. */
START_TEST(a_new_cr3_is_used_at_once)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, MOV_CR3_RBX HLT);
    m.gpr[GPR_RBX] = 0xe000; /* an empty table, whose handlers are gone too */
    ck_assert_uint_eq(mini_run(&m), EXIT_SHUTDOWN);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CR3), 0xe000);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE + 3);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("system");
    TCase *t = tcase_create("system");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_loop_test(t, an_intercept_exits_before_the_instruction, 0,
                        ARRAY_SIZE(intercepts));
    tcase_add_loop_test(t, privilege_is_checked_before_the_intercept, 0,
                        ARRAY_SIZE(intercepts));
    tcase_add_loop_test(t, an_sev_es_guest_gets_vc_with_the_exit_code, 0,
                        ARRAY_SIZE(intercepts));
    tcase_add_loop_test(t, without_decode_assists_the_exit_says_less, 0, 16);
    tcase_add_loop_test(t, a_write_arrives, 0, ARRAY_SIZE(writes));
    tcase_add_loop_test(t, a_bad_write_is_gp_and_changes_nothing, 0,
                        ARRAY_SIZE(bad_writes));
    tcase_add_loop_test(t, pcide_needs_pcid_0, 0, 2);
    tcase_add_test(t, cr8_is_v_tpr);
    tcase_add_loop_test(t, the_selective_intercept_overlooks_ts_and_mp, 0, 3);
    tcase_add_test(t, a_cr_trap_exits_behind_the_write);
    tcase_add_test(t, an_efer_trap_exits_behind_the_write);
    tcase_add_test(t, a_cpu_without_sev_es_has_no_traps);
    tcase_add_test(t, a_new_cr3_is_used_at_once);
    return run_suite(s);
}
