/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions on their way to handlers: gates, stacks, double faults, IRETQ.
 * APM vol. 2, 8.2.9 (double fault), 8.9 (64-bit delivery), 15.7.2 and 15.20
 * (exits and injection).
 */
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

#define HLT          "\xf4"
#define INT80        "\xcd\x80"
#define IRETQ        "\x48\xcf"
#define MOV_RAX_DATA "\x48\x8b\x04\x25\x00\xc0\x00\x00" /* mov rax,[0xc000] */

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

/* The vector whose handler executed HLT. */
static unsigned handled(void)
{
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_ge(mini_reg_of(&m, SAVE_RIP), HANDLERS);
    return (unsigned)(mini_reg_of(&m, SAVE_RIP) - HANDLERS) / 16;
}

static uint64_t stack_word(unsigned i)
{
    return m.w.ops->read64(m.w.hw, mini_reg_of(&m, SAVE_RSP) + 8 * i);
}

static void handler(unsigned vector, const char *bytes, size_t len)
{
    m.w.ops->write(m.w.hw, HANDLERS + 16 * vector, bytes, len);
}

/* A guest about to fault on 0xc000. */
static void create_pf(void)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, MOV_RAX_DATA HLT);
    mini_poke(&m, GPT(DATA), 0);
}

START_TEST(the_frame_tells_where_and_why)
{
    create_pf();
    mini_reg(&m, SAVE_RSP, STACK - 8); /* aligned down to 16 first */
    ck_assert_uint_eq(handled(), VEC_PF);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RSP), STACK - 16 - 48);
    ck_assert_uint_eq(stack_word(0), 0); /* error code: not present, read */
    ck_assert_uint_eq(stack_word(1), CODE);
    ck_assert_uint_eq(stack_word(2), SEL_CODE0);
    ck_assert_uint_eq(stack_word(3), RFLAGS_FIXED);
    ck_assert_uint_eq(stack_word(4), STACK - 8);
    ck_assert_uint_eq(stack_word(5), SEL_DATA0);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CR2), DATA);
}
END_TEST

START_TEST(from_user_mode_the_tss_gives_the_stack)
{
    create_pf();
    mini_user(&m);
    ck_assert_uint_eq(handled(), VEC_PF);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RSP), RSP0 - 48);
    ck_assert_uint_eq(stack_word(0), PFERR_USER);
    ck_assert_uint_eq(stack_word(2), SEL_CODE3 | 3);
    ck_assert_uint_eq(stack_word(4), USER_STACK);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CPL) & 0xff, 0);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_SS) & 0xffff, 0);
}
END_TEST

START_TEST(an_ist_gate_switches_stacks_at_any_cpl)
{
    uint64_t ist2 = 0x6800;

    create_pf();
    mini_gate(&m, VEC_PF, 2, 0);
    m.w.ops->write(m.w.hw, TSS + 0x2c, &ist2, 8);
    ck_assert_uint_eq(handled(), VEC_PF);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RSP), ist2 - 48);
}
END_TEST

START_TEST(an_interrupt_gate_clears_if_and_a_trap_gate_does_not)
{
    create_pf();
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
    if (_i) /* type 0xf */
        mini_poke(&m, IDT + 16 * VEC_PF,
                  m.w.ops->read64(m.w.hw, IDT + 16 * VEC_PF) | 1ULL << 40);
    ck_assert_uint_eq(handled(), VEC_PF);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RFLAGS),
                      RFLAGS_FIXED | (_i ? RFLAGS_IF : 0));
    ck_assert_uint_eq(stack_word(3), RFLAGS_FIXED | RFLAGS_IF);
}
END_TEST

START_TEST(iretq_resumes_the_faulting_instruction)
{
    mini_create(&m, PLAIN);
    handler(VEC_UD, IRETQ, 2);
    MINI_CODE(&m, "\x06" HLT);                  /* #UD has no error code */
    ck_assert_uint_eq(mini_run(&m), EXIT_INTR); /* again and again */
    ck_assert_uint_gt(m.count[EV_exception], 1000);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "rip"), CODE);
}
END_TEST

START_TEST(int_n_returns_behind_itself)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, INT80 HLT);
    mini_gate(&m, 0x80, 0, 0);
    handler(0x80, IRETQ, 2);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE + 2);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RSP), STACK);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_SS) & 0xffff, SEL_DATA0);
}
END_TEST

/* An exception that is software's wish: a gate of DPL 3 for users, the return
 * address behind the instruction, in #VMEXIT, too (APM vol. 2, 8.2.4, 15.7.1).
 */
START_TEST(int3_is_an_exception_that_returns_behind_itself)
{
    mini_create_with(&m, FEAT_NRIPS);
    MINI_CODE(&m, "\xcc" HLT);
    mini_gate(&m, VEC_BP, 0, _i ? 3 : 0);
    mini_user(&m);
    ck_assert_uint_eq(handled(), _i ? VEC_BP : VEC_GP);
    ck_assert_uint_eq(stack_word(_i ? 0 : 1), CODE + (_i ? 1 : 0));
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_BP));
    mini_user(&m);
    mini_reg(&m, SAVE_RIP, CODE);
    ck_assert_uint_eq(mini_run(&m), EXIT_EXC + VEC_BP);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE);
    ck_assert_uint_eq(mini_get(&m, VMCB_NRIP), CODE + 1);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINTINFO), 0);
}
END_TEST

START_TEST(iretq_goes_back_to_user_mode)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, INT80 HLT);
    mini_gate(&m, 0x80, 0, 3);
    handler(0x80, IRETQ, 2);
    mini_user(&m);
    ck_assert_uint_eq(handled(), VEC_GP); /* HLT at CPL 3 */
    ck_assert_uint_eq(stack_word(1), CODE + 2);
    ck_assert_uint_eq(stack_word(2), SEL_CODE3 | 3);
    ck_assert_uint_eq(stack_word(4), USER_STACK);
}
END_TEST

START_TEST(user_mode_may_not_call_a_kernel_gate)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, INT80);
    mini_gate(&m, 0x80, 0, 0);
    mini_user(&m);
    ck_assert_uint_eq(handled(), VEC_GP);
    ck_assert_uint_eq(stack_word(0), 0x80 * 8 + 2);
    ck_assert_uint_eq(stack_word(1), CODE);
}
END_TEST

START_TEST(a_gate_that_is_not_present_is_np)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, INT80);
    mini_gate(&m, 0x80, 0, 0);
    mini_poke(&m, IDT + 16 * 0x80,
              m.w.ops->read64(m.w.hw, IDT + 16 * 0x80) & ~BIT(47));
    ck_assert_uint_eq(handled(), VEC_NP);
    ck_assert_uint_eq(stack_word(0), 0x80 * 8 + 2);
}
END_TEST

START_TEST(a_vector_beyond_the_idt_is_gp)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, INT80);
    mini_seg(&m, SAVE_IDTR, 0, 0, 0x80 * 16 + 14, IDT);
    ck_assert_uint_eq(handled(), VEC_GP);
    ck_assert_uint_eq(stack_word(0), 0x80 * 8 + 2);
}
END_TEST

START_TEST(the_first_use_of_a_code_segment_marks_it_accessed)
{
    create_pf();
    mini_poke(&m, GDT + SEL_CODE0, 0x00af9a000000ffffULL);
    ck_assert_uint_eq(handled(), VEC_PF);
    ck_assert_uint_eq(m.w.ops->read64(m.w.hw, GDT + SEL_CODE0),
                      0x00af9b000000ffffULL);
}
END_TEST

START_TEST(a_32_bit_handler_segment_is_gp)
{
    create_pf();
    mini_poke(&m, GDT + SEL_CODE0, 0x00cf9b000000ffffULL);
    ck_assert_uint_eq(mini_run(&m), EXIT_SHUTDOWN); /* #GP fares no better */
}
END_TEST

/* ---- double faults ---- */

START_TEST(a_page_fault_on_top_of_a_page_fault_is_df)
{
    create_pf();
    mini_poke(&m, GPT(STACK - 8), 0); /* no stack */
    mini_gate(&m, VEC_DF, 1, 0);
    m.w.ops->write(m.w.hw, TSS + 0x24, &(uint64_t) { RSP0 }, 8);
    ck_assert_uint_eq(handled(), VEC_DF);
    ck_assert_uint_eq(m.count[EV_double_fault], 1);
    ck_assert_uint_eq(stack_word(0), 0);
    ck_assert_uint_eq(stack_word(1), CODE);
}
END_TEST

START_TEST(and_one_on_top_of_df_is_a_shutdown)
{
    create_pf();
    mini_poke(&m, GPT(STACK - 8), 0);
    ck_assert_uint_eq(mini_run(&m), EXIT_SHUTDOWN);
    ck_assert_uint_eq(m.count[EV_exception], 0);
}
END_TEST

/* #UD is benign: the page fault of its delivery is simply delivered. */
START_TEST(a_page_fault_while_delivering_ud_is_a_page_fault)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\x06");
    mini_gate(&m, VEC_UD, 1, 0);
    m.w.ops->write(m.w.hw, TSS + 0x24, &(uint64_t) { DATA + 0x100 }, 8);
    mini_poke(&m, GPT(DATA), 0);
    ck_assert_uint_eq(handled(), VEC_PF);
    ck_assert_uint_eq(m.count[EV_double_fault], 0);
    ck_assert_uint_eq(stack_word(1), CODE);
}
END_TEST

/* #GP is contributory: #PF after it is serial, #NP after it is not. */
START_TEST(np_while_delivering_gp_is_df)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\xa1\x00\x00\x00\x00\x00\x80\x00\x00"); /* non-canonical */
    mini_poke(&m, IDT + 16 * VEC_GP,
              m.w.ops->read64(m.w.hw, IDT + 16 * VEC_GP) & ~BIT(47));
    ck_assert_uint_eq(handled(), VEC_DF);
}
END_TEST

START_TEST(a_bad_stack_reference_is_ss)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\x48\x8b\x04\x24"); /* mov rax,[rsp] */
    mini_reg(&m, SAVE_RSP, BIT(47));
    mini_gate(&m, VEC_SS, 1, 0);
    m.w.ops->write(m.w.hw, TSS + 0x24, &(uint64_t) { RSP0 }, 8);
    ck_assert_uint_eq(handled(), VEC_SS);
}
END_TEST

/* The host's wish for #DF becomes #VC, and that is one fault too many. */
START_TEST(an_intercepted_df_of_an_sev_es_guest_is_a_shutdown)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, MOV_RAX_DATA HLT);
    mini_poke(&m, GPT(DATA), 0);
    mini_poke(&m, IDT + 16 * VEC_PF, 0);
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_DF));
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_SHUTDOWN);
}
END_TEST

/* ---- exits in the middle of a delivery ---- */

START_TEST(a_nested_fault_on_the_idt_reports_the_event)
{
    create_pf();
    mini_poke(&m, NPT(IDT), 0);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x100000004);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2), IDT + 16 * VEC_PF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINTINFO),
                      EVENT_V | EVENT_EV | 3 << 8 | VEC_PF);
    ck_assert_uint_eq(mini_get(&m, VMCB_INSN_LEN) & 0xff, 0);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE);
    /* Injected again, with the page in place, it arrives. */
    mini_poke(&m, NPT(IDT), IDT | RWUAD);
    mini_set(&m, VMCB_EVENTINJ, mini_get(&m, VMCB_EXITINTINFO));
    ck_assert_uint_eq(handled(), VEC_PF);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CR2), DATA);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINTINFO), 0);
}
END_TEST

START_TEST(an_intercepted_second_fault_reports_the_first)
{
    create_pf();
    mini_poke(&m, IDT + 16 * VEC_PF, 0);
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_GP));
    ck_assert_uint_eq(mini_run(&m), EXIT_EXC + VEC_GP);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), VEC_PF * 8 + 3);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINTINFO),
                      EVENT_V | EVENT_EV | 3 << 8 | VEC_PF);
}
END_TEST

/* ---- EVENTINJ ---- */

START_TEST(an_injected_exception_arrives_and_is_not_intercepted)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, HLT);
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_GP));
    mini_set(&m, VMCB_EVENTINJ,
             EVENT_V | EVENT_EV | 3 << 8 | VEC_GP | 0x1234ULL << 32);
    ck_assert_uint_eq(handled(), VEC_GP);
    ck_assert_uint_eq(stack_word(0), 0x1234);
    ck_assert_uint_eq(stack_word(1), CODE);
    ck_assert_uint_eq(mini_get(&m, VMCB_EVENTINJ) & EVENT_V, 0);
}
END_TEST

START_TEST(an_injected_interrupt_has_no_error_code)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, HLT);
    mini_gate(&m, 0x80, 0, 0);
    mini_set(&m, VMCB_EVENTINJ, EVENT_V | 0x80);
    ck_assert_uint_eq(handled(), 0x80);
    ck_assert_uint_eq(stack_word(0), CODE);
}
END_TEST

START_TEST(an_injected_software_interrupt_returns_to_nrip)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, INT80 HLT);
    mini_gate(&m, 0x80, 0, 0);
    mini_set(&m, VMCB_NRIP, CODE + 2);
    mini_set(&m, VMCB_EVENTINJ, EVENT_V | 4 << 8 | 0x80);
    ck_assert_uint_eq(handled(), 0x80);
    ck_assert_uint_eq(stack_word(0), CODE + 2);
}
END_TEST

START_TEST(a_vc_can_be_injected_into_an_sev_es_guest)
{
    mini_create(&m, SEV_ES);
    MINI_CODE(&m, HLT);
    mini_launch(&m);
    mini_set(&m, VMCB_EVENTINJ,
             EVENT_V | EVENT_EV | 3 << 8 | VEC_VC | 0x72ULL << 32);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_VC);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "error_code"), 0x72);
}
END_TEST

/* SMAP and system structures in supervisor pages, but the stack in a user page:
 * AC permits it to a kernel, and says nothing about what the CPU does for a
 * user (APM vol. 2, 5.6.6). */
START_TEST(smap_guards_the_frame_from_user_mode_whatever_ac_says)
{
    static const uint64_t tables[] = { IDT, GDT, TSS };
    bool user = _i & 1, ac = _i & 2, arrives = ac && !user;

    mini_create_with(&m, FEAT_SMAP);
    MINI_CODE(&m, "\x06"); /* #UD */
    mini_reg(&m, SAVE_CR4, CR4_PAE | CR4_SMAP);
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED | (ac ? RFLAGS_AC : 0));
    for (unsigned i = 0; i < ARRAY_SIZE(tables); i++)
        mini_poke(&m, GPT(tables[i]), tables[i] | (RWUAD & ~PTE_U));
    if (user)
        mini_user(&m);
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_PF));
    ck_assert_uint_eq(mini_run(&m), arrives ? EXIT_HLT : EXIT_EXC + VEC_PF);
    if (!arrives)
        ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 3);
}
END_TEST

START_TEST(a_single_step_ends_in_db_behind_the_instruction)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\x90" HLT);
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED | RFLAGS_TF);
    ck_assert_uint_eq(handled(), VEC_DB);
    ck_assert_uint_eq(stack_word(0), CODE + 1);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_DR6) & BIT(14), BIT(14));
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RFLAGS) & RFLAGS_TF, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("deliver");
    TCase *t = tcase_create("deliver");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, the_frame_tells_where_and_why);
    tcase_add_test(t, from_user_mode_the_tss_gives_the_stack);
    tcase_add_test(t, an_ist_gate_switches_stacks_at_any_cpl);
    tcase_add_loop_test(t, an_interrupt_gate_clears_if_and_a_trap_gate_does_not,
                        0, 2);
    tcase_add_test(t, iretq_resumes_the_faulting_instruction);
    tcase_add_test(t, int_n_returns_behind_itself);
    tcase_add_loop_test(t, int3_is_an_exception_that_returns_behind_itself, 0,
                        2);
    tcase_add_test(t, iretq_goes_back_to_user_mode);
    tcase_add_test(t, user_mode_may_not_call_a_kernel_gate);
    tcase_add_test(t, a_gate_that_is_not_present_is_np);
    tcase_add_test(t, a_vector_beyond_the_idt_is_gp);
    tcase_add_test(t, the_first_use_of_a_code_segment_marks_it_accessed);
    tcase_add_test(t, a_32_bit_handler_segment_is_gp);
    tcase_add_test(t, a_page_fault_on_top_of_a_page_fault_is_df);
    tcase_add_test(t, and_one_on_top_of_df_is_a_shutdown);
    tcase_add_test(t, a_page_fault_while_delivering_ud_is_a_page_fault);
    tcase_add_test(t, np_while_delivering_gp_is_df);
    tcase_add_test(t, a_bad_stack_reference_is_ss);
    tcase_add_test(t, an_intercepted_df_of_an_sev_es_guest_is_a_shutdown);
    tcase_add_test(t, a_nested_fault_on_the_idt_reports_the_event);
    tcase_add_test(t, an_intercepted_second_fault_reports_the_first);
    tcase_add_test(t, an_injected_exception_arrives_and_is_not_intercepted);
    tcase_add_test(t, an_injected_interrupt_has_no_error_code);
    tcase_add_test(t, an_injected_software_interrupt_returns_to_nrip);
    tcase_add_test(t, a_vc_can_be_injected_into_an_sev_es_guest);
    tcase_add_loop_test(
        t, smap_guards_the_frame_from_user_mode_whatever_ac_says, 0, 4);
    tcase_add_test(t, a_single_step_ends_in_db_behind_the_instruction);
    return run_suite(s);
}
