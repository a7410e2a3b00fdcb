/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMRUN, #VMEXIT and #VC as a hypervisor sees them: a mini hypervisor on the
 * wire. Expected codes: APM vol. 2, 15.5 to 15.25 and 15.35; kvm-unit-tests,
 * x86/svm_tests.c.
 */
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

#define MOV_EAX_MMIO "\x8b\x04\x25\xf0\xd0\x00\x00"     /* mov eax,[0xd0f0] */
#define MOV_MMIO_EAX "\x89\x04\x25\xf0\xd0\x00\x00"     /* mov [0xd0f0],eax */
#define MOV_RAX_DATA "\x48\x8b\x04\x25\x00\xc0\x00\x00" /* mov rax,[0xc000] */
#define HLT          "\xf4"
#define CPUID        "\x0f\xa2"
#define VMMCALL      "\x0f\x01\xd9"
#define VMGEXIT      "\xf3\x0f\x01\xd9"

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

/* ---- a reserved bit in a nested entry ---- */

START_TEST(a_plain_guest_exits_on_a_reserved_bit)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, MOV_EAX_MMIO HLT);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x10000000d);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2), MMIO + 0xf0);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE);
    ck_assert_uint_eq(mini_get(&m, VMCB_NRIP), 0);
    ck_assert_uint_eq(m.count[EV_vc], 0);
}
END_TEST

/* 15 bytes from RIP, for SEV guests in plaintext, for SEV-ES guests none. */
START_TEST(decode_assist_carries_the_instruction)
{
    uint8_t bytes[16];

    mini_create(&m, (enum mini_type)_i);
    MINI_CODE(&m, MOV_EAX_MMIO HLT);
    mini_poke(&m, NPT(MMIO), 0);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    m.w.ops->read(m.w.hw, HOST_VMCB + VMCB_INSN_LEN, bytes, sizeof(bytes));
    ck_assert_uint_eq(bytes[0], _i == SEV_ES ? 0 : 15);
    if (_i != SEV_ES)
        ck_assert_mem_eq(bytes + 1, MOV_EAX_MMIO HLT, 8);
}
END_TEST

START_TEST(an_sev_es_guest_gets_vc_instead)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, MOV_EAX_MMIO HLT);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT); /* the handler's */
    ck_assert_uint_eq(m.count[EV_vmexit], 1);
    ck_assert_uint_eq(mini_field(&m, EV_vc, "error_code"), VC_NPF);
    ck_assert_uint_eq(mini_field(&m, EV_vc, "info1"), 0x10000000d);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_VC);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "error_code"), VC_NPF);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "rip"), CODE);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "cr2"), 0xdead0000);
}
END_TEST

/* Present or not is what decides, not the reserved bits of a P=0 entry. */
START_TEST(an_entry_that_is_not_present_exits_even_with_sev_es)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, MOV_MMIO_EAX HLT);
    mini_poke(&m, NPT(MMIO), _i ? 0x000fc00000000000ULL : 0);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x100000006);
    ck_assert_uint_eq(m.count[EV_vc], 0);
}
END_TEST

START_TEST(a_missing_permission_exits_even_with_sev_es)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, MOV_MMIO_EAX HLT);
    mini_poke(&m, NPT(MMIO), MMIO | PTE_P | PTE_U);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x100000007);
}
END_TEST

/* mov eax,[0x200000]: through a guest table whose page is reserved (or, second,
 * not present) in the nested tables. */
START_TEST(the_rule_holds_for_guest_tables_too)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, "\x8b\x04\x25\x00\x00\x20\x00" HLT);
    mini_poke(&m, PD + 8, 0xe000 | RWUAD | BIT(51));
    mini_poke(&m, NPT(0xe000), _i ? 0 : 0xe000 | RWUAD | BIT(50));
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), _i ? EXIT_NPF : EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_vc], !_i);
    if (_i)
        ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x200000006);
}
END_TEST

START_TEST(a_guest_fault_comes_before_the_nested_one)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, MOV_EAX_MMIO HLT);
    mini_poke(&m, GPT(MMIO), 0);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_PF);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "cr2"), MMIO + 0xf0);
    ck_assert_uint_eq(m.count[EV_vc], 0);
}
END_TEST

START_TEST(without_handlers_vc_ends_in_shutdown)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, MOV_EAX_MMIO HLT);
    mini_poke(&m, IDT + 16 * VEC_VC, 0);
    mini_poke(&m, IDT + 16 * VEC_DF, 0);
    mini_poke(&m, IDT + 16 * VEC_NP, 0);
    mini_poke(&m, IDT + 16 * VEC_GP, 0);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_SHUTDOWN);
    ck_assert_uint_eq(m.count[EV_vc], 1);
    ck_assert_uint_eq(m.count[EV_double_fault], 1);
    ck_assert_uint_eq(m.count[EV_shutdown], 1);
    ck_assert_uint_eq(m.count[EV_exception], 0);
}
END_TEST

START_TEST(without_a_vc_handler_alone_the_guest_gets_df)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, MOV_EAX_MMIO HLT);
    mini_poke(&m, IDT + 16 * VEC_VC, 0);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_DF);
}
END_TEST

/* ---- intercepted instructions ---- */

START_TEST(hlt_advances_for_sev_es_only)
{
    mini_create(&m, (enum mini_type)_i);
    MINI_CODE(&m, HLT);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_vmexit, "rip"),
                      CODE + (_i == SEV_ES ? 1 : 0));
    ck_assert_uint_eq(mini_get(&m, VMCB_NRIP), _i == SEV_ES ? 0 : CODE + 1);
    ck_assert_uint_eq(m.count[EV_halt], 1);
}
END_TEST

START_TEST(hlt_without_intercept_waits_for_the_hosts_interrupt)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, HLT);
    mini_set32(&m, VMCB_INTERCEPT_3, INTERCEPT3_INTR | INTERCEPT3_SHUTDOWN);
    ck_assert_uint_eq(mini_run(&m), EXIT_INTR);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE + 1);
}
END_TEST

START_TEST(vmmcall_exits_or_becomes_vc)
{
    mini_create(&m, (enum mini_type)_i);
    MINI_CODE(&m, VMMCALL);
    mini_launch(&m);
    if (_i == SEV_ES) {
        ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
        ck_assert_uint_eq(mini_field(&m, EV_exception, "error_code"),
                          EXIT_VMMCALL);
        return;
    }
    ck_assert_uint_eq(mini_run(&m), EXIT_VMMCALL);
    ck_assert_uint_eq(mini_get(&m, VMCB_NRIP), CODE + 3);
}
END_TEST

START_TEST(vmmcall_without_intercept_is_ud)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, VMMCALL);
    mini_set32(&m, VMCB_INTERCEPT_4, INTERCEPT4_VMRUN);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_UD);
}
END_TEST

START_TEST(vmgexit_is_vmmcall_outside_sev_es)
{
    mini_create(&m, (enum mini_type)_i);
    MINI_CODE(&m, VMGEXIT);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), _i == SEV_ES ? EXIT_VMGEXIT : EXIT_VMMCALL);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0);
    ck_assert_uint_eq(mini_field(&m, EV_vmexit, "rip"),
                      CODE + (_i == SEV_ES ? 4 : 0));
}
END_TEST

START_TEST(cpuid_exits_or_becomes_vc)
{
    mini_create(&m, (enum mini_type)_i);
    MINI_CODE(&m, CPUID);
    mini_set32(&m, VMCB_INTERCEPT_3,
               INTERCEPT3_INTR | INTERCEPT3_HLT | INTERCEPT3_SHUTDOWN |
                   INTERCEPT3_CPUID);
    mini_launch(&m);
    if (_i == SEV_ES) {
        ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
        ck_assert_uint_eq(mini_field(&m, EV_exception, "error_code"),
                          EXIT_CPUID);
        ck_assert_uint_eq(mini_field(&m, EV_exception, "rip"), CODE);
        return;
    }
    ck_assert_uint_eq(mini_run(&m), EXIT_CPUID);
    ck_assert_uint_eq(mini_get(&m, VMCB_NRIP), CODE + 2);
}
END_TEST

START_TEST(cpuid_without_intercept_is_the_hardwares)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, CPUID HLT);
    mini_reg(&m, SAVE_RAX, 0xffffffff80000008);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), 0x3030);
}
END_TEST

START_TEST(an_intercepted_pf_leaves_cr2_alone)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, MOV_RAX_DATA);
    mini_poke(&m, GPT(DATA), 0);
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_PF));
    ck_assert_uint_eq(mini_run(&m), EXIT_EXC + VEC_PF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2), DATA);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CR2), 0xdead0000);
    ck_assert_uint_eq(mini_get(&m, VMCB_INSN_LEN) & 0xff, 15);
}
END_TEST

START_TEST(an_intercepted_exception_of_an_sev_es_guest_is_vc)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, "\x06"); /* not an instruction */
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_UD));
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_VC);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "error_code"),
                      EXIT_EXC + VEC_UD);
}
END_TEST

START_TEST(a_loop_ends_at_the_next_tick)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\xff\xe1"); /* jmp rcx */
    m.gpr[GPR_RCX] = CODE;
    trace_init(&m.trace, m.pool); /* nobody wants 65536 lines */
    ck_assert_uint_eq(mini_run(&m), EXIT_INTR);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE);
}
END_TEST

START_TEST(an_unknown_instruction_is_named_and_is_ud)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\x01\x03"); /* add [rbx],eax */
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_UD);
    ck_assert_str_eq(
        (const char *)(uintptr_t)mini_field(&m, EV_insn_unsupported, "bytes"),
        "01 03");
}
END_TEST

/* ---- registers ---- */

START_TEST(registers_travel_as_the_manual_says)
{
    mini_create(&m, (enum mini_type)_i);
    MINI_CODE(&m, "\x48\x89\xc3" HLT); /* mov rbx,rax */
    mini_reg(&m, SAVE_RAX, 0x1122334455667788);
    if (_i == SEV_ES)
        mini_reg(&m, VMSA_RDI, 0xd1);
    for (unsigned i = 0; i < N_GPRS; i++)
        m.gpr[i] = 0xa0 + i;
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.gpr[GPR_RAX], 0xa0 + GPR_RAX);
    ck_assert_uint_eq(m.gpr[GPR_RSP], 0xa0 + GPR_RSP);
    ck_assert_uint_eq(m.gpr[GPR_RDI], 0xa0 + GPR_RDI);
    ck_assert_uint_eq(m.gpr[GPR_RBX],
                      _i == SEV_ES ? 0xa0 + GPR_RBX : 0x1122334455667788);
    ck_assert_uint_eq(mini_field(&m, EV_halt, "rax"), 0x1122334455667788);
}
END_TEST

/* What a hypervisor wrote into the save area comes back if nothing changed. */
START_TEST(a_vmcb_survives_a_round_trip)
{
    uint8_t before[0x400], after[0x400];

    mini_create(&m, PLAIN);
    MINI_CODE(&m, HLT);
    mini_seg(&m, SAVE_FS, 0x3b, 0xcf3, 0x12345, 0x7fff00001000);
    m.w.ops->read(m.w.hw, mini_save(&m), before, sizeof(before));
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    m.w.ops->read(m.w.hw, mini_save(&m), after, sizeof(after));
    ck_assert_mem_eq(before, after, sizeof(before));
}
END_TEST

START_TEST(an_sev_es_guest_goes_on_where_it_was)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, HLT "\x48\x89\xc3" HLT);
    mini_reg(&m, SAVE_RAX, 1);
    mini_launch(&m);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
        ck_assert_uint_eq(mini_field(&m, EV_halt, "rip"), CODE + 4 * i);
    }
}
END_TEST

START_TEST(a_vmsa_that_is_not_intact_is_refused)
{
    uint8_t byte;

    mini_create(&m, SEV_ES);
    MINI_CODE(&m, HLT);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    m.w.ops->read(m.w.hw, HOST_VMSA + 0x800, &byte, 1);
    byte ^= 1;
    m.w.ops->write(m.w.hw, HOST_VMSA + 0x800, &byte, 1);
    ck_assert_uint_eq(mini_run(&m), EXIT_INVALID);
    ck_assert_uint_eq(m.count[EV_vmrun_invalid], 1);
}
END_TEST

START_TEST(a_vmsa_that_was_never_encrypted_is_refused)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, HLT);
    ck_assert_uint_eq(mini_run(&m), EXIT_INVALID);
}
END_TEST

START_TEST(the_ghcb_msr_is_mirrored_in_the_vmcb)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, VMGEXIT);
    mini_set(&m, VMCB_GHCB_GPA, 0x1234);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_VMGEXIT);
    ck_assert_uint_eq(mini_field(&m, EV_vmgexit, "ghcb"), 0x1234);
    ck_assert_uint_eq(mini_get(&m, VMCB_GHCB_GPA), 0x1234);
}
END_TEST

START_TEST(the_state_differs_by_registers_and_memory_and_comes_back)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, MOV_EAX_MMIO);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    cpu_state_mark(m.cpu);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert(cpu_state_same(m.cpu));
    m.gpr[GPR_RBX] = 1;
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert(!cpu_state_same(m.cpu));
    m.gpr[GPR_RBX] = 0;
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert(cpu_state_same(m.cpu));
    mini_poke(&m, 0x300000, 1);
    ck_assert(!cpu_state_same(m.cpu));
    mini_poke(&m, 0x300000, 0);
    ck_assert(cpu_state_same(m.cpu));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vmrun");
    TCase *t = tcase_create("vmrun");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, a_plain_guest_exits_on_a_reserved_bit);
    tcase_add_loop_test(t, decode_assist_carries_the_instruction, PLAIN, 3);
    tcase_add_test(t, an_sev_es_guest_gets_vc_instead);
    tcase_add_loop_test(t, an_entry_that_is_not_present_exits_even_with_sev_es,
                        0, 2);
    tcase_add_test(t, a_missing_permission_exits_even_with_sev_es);
    tcase_add_loop_test(t, the_rule_holds_for_guest_tables_too, 0, 2);
    tcase_add_test(t, a_guest_fault_comes_before_the_nested_one);
    tcase_add_test(t, without_handlers_vc_ends_in_shutdown);
    tcase_add_test(t, without_a_vc_handler_alone_the_guest_gets_df);
    tcase_add_loop_test(t, hlt_advances_for_sev_es_only, PLAIN, 3);
    tcase_add_test(t, hlt_without_intercept_waits_for_the_hosts_interrupt);
    tcase_add_loop_test(t, vmmcall_exits_or_becomes_vc, PLAIN, 3);
    tcase_add_test(t, vmmcall_without_intercept_is_ud);
    tcase_add_loop_test(t, vmgexit_is_vmmcall_outside_sev_es, PLAIN, 3);
    tcase_add_loop_test(t, cpuid_exits_or_becomes_vc, PLAIN, 3);
    tcase_add_test(t, cpuid_without_intercept_is_the_hardwares);
    tcase_add_test(t, an_intercepted_pf_leaves_cr2_alone);
    tcase_add_test(t, an_intercepted_exception_of_an_sev_es_guest_is_vc);
    tcase_add_test(t, a_loop_ends_at_the_next_tick);
    tcase_add_test(t, an_unknown_instruction_is_named_and_is_ud);
    tcase_add_loop_test(t, registers_travel_as_the_manual_says, PLAIN, 3);
    tcase_add_test(t, a_vmcb_survives_a_round_trip);
    tcase_add_test(t, an_sev_es_guest_goes_on_where_it_was);
    tcase_add_test(t, a_vmsa_that_is_not_intact_is_refused);
    tcase_add_test(t, a_vmsa_that_was_never_encrypted_is_refused);
    tcase_add_test(t, the_ghcb_msr_is_mirrored_in_the_vmcb);
    tcase_add_test(t, the_state_differs_by_registers_and_memory_and_comes_back);
    return run_suite(s);
}
