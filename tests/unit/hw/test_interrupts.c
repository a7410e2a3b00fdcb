/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual interrupts and what holds them back: the VMCB's word at 060h (APM
 * vol. 2, 15.21), the interrupt shadow (15.21.5), virtual GIF (15.33.2),
 * virtual NMI (15.21.10).
 */
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

#define HLT         "\xf4"
#define NOP         "\x90"
#define STI         "\xfb"
#define CLI         "\xfa"
#define STGI        "\x0f\x01\xdc"
#define CLGI        "\x0f\x01\xdd"
#define IRETQ       "\x48\xcf"
#define VECTOR      0x31U
#define MOV_CR8_RBX "\x44\x0f\x22\xc3"

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

/* An interrupt of priority 3 waits, IF is set. */
static void prepare(void)
{
    mini_gate(&m, VECTOR, 0, 0);
    mini_gate(&m, VEC_NMI, 0, 0);
    mini_set(&m, VMCB_INT_CTL,
             INT_CTL_V_IRQ | 3ULL << INT_CTL_PRIO_SHIFT |
                 (uint64_t)VECTOR << INT_CTL_VECTOR_SHIFT | INT_CTL_V_MASKING);
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
}

static void create(void)
{
    mini_create(&m, PLAIN);
    prepare();
}

static void or_int_ctl(uint64_t v)
{
    mini_set(&m, VMCB_INT_CTL, mini_get(&m, VMCB_INT_CTL) | v);
}

static uint64_t word(unsigned i)
{
    return m.w.ops->read64(m.w.hw, mini_reg_of(&m, SAVE_RSP) + 8 * i);
}

START_TEST(a_virtual_interrupt_comes_before_the_first_instruction)
{
    create();
    MINI_CODE(&m, NOP HLT);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), HANDLERS + 16 * VECTOR);
    ck_assert_uint_eq(word(0), CODE); /* no error code */
    ck_assert_uint_eq(mini_get(&m, VMCB_INT_CTL) & INT_CTL_V_IRQ, 0);
    ck_assert_uint_eq(mini_get(&m, VMCB_INT_CTL) >> 32, VECTOR);
}
END_TEST

/* Priority against V_TPR, all pairs; V_IGN_TPR overrules. */
START_TEST(the_task_priority_holds_back_what_is_not_higher)
{
    unsigned prio = (unsigned)_i % 16, tpr = (unsigned)_i / 16 % 16;
    bool ignore = _i >= 256;

    create();
    MINI_CODE(&m, HLT);
    mini_set(&m, VMCB_INT_CTL,
             INT_CTL_V_IRQ | (uint64_t)prio << INT_CTL_PRIO_SHIFT | tpr |
                 (uint64_t)VECTOR << INT_CTL_VECTOR_SHIFT |
                 (ignore ? INT_CTL_V_IGN_TPR : 0));
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_exception], ignore || prio > tpr);
    ck_assert_uint_eq(!(mini_get(&m, VMCB_INT_CTL) & INT_CTL_V_IRQ),
                      ignore || prio > tpr);
}
END_TEST

START_TEST(a_lower_cr8_lets_it_in)
{
    create();
    MINI_CODE(&m, MOV_CR8_RBX NOP HLT);
    or_int_ctl(7);
    m.gpr[GPR_RBX] = 2;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "rip"), CODE + 4);
}
END_TEST

START_TEST(a_cleared_if_holds_it_back)
{
    create();
    MINI_CODE(&m, NOP HLT);
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_exception], 0);
    ck_assert_uint_ne(mini_get(&m, VMCB_INT_CTL) & INT_CTL_V_IRQ, 0);
}
END_TEST

START_TEST(sti_lets_one_more_instruction_pass)
{
    create();
    MINI_CODE(&m, STI NOP NOP HLT);
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "rip"), CODE + 2);
}
END_TEST

/* STI with IF already set casts no shadow. */
START_TEST(a_second_sti_casts_no_shadow)
{
    create();
    MINI_CODE(&m, STI STI NOP HLT);
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "rip"), CODE + 2);
}
END_TEST

START_TEST(sti_and_cli_never_open_the_window)
{
    create();
    MINI_CODE(&m, STI CLI NOP HLT);
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_exception], 0);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RFLAGS), RFLAGS_FIXED);
}
END_TEST

START_TEST(the_shadow_travels_in_the_vmcb)
{
    create();
    MINI_CODE(&m, STI HLT);
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT); /* in the shadow of STI */
    ck_assert_uint_eq(mini_get(&m, VMCB_INT_STATE), 1);
    ck_assert_uint_eq(m.count[EV_exception], 0);
    mini_reg(&m, SAVE_RIP, CODE + 1);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_exception], 0);
    mini_set(&m, VMCB_INT_STATE, 0);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_exception], 1);
}
END_TEST

/* CPL above IOPL: #GP, or VIF with CR4.PVI (8.4.6). */
START_TEST(sti_in_user_mode_needs_iopl_or_pvi)
{
    unsigned iopl = (unsigned)_i & 3;
    bool pvi = _i & 4, vip = _i & 8, ok = iopl == 3 || (pvi && !vip);

    mini_create(&m, PLAIN);
    MINI_CODE(&m, STI "\x0f\x01\xd9"); /* VMMCALL */
    mini_user(&m);
    mini_reg(&m, SAVE_CR4, CR4_PAE | (pvi ? CR4_PVI : 0));
    mini_reg(&m, SAVE_RFLAGS,
             RFLAGS_FIXED | iopl << RFLAGS_IOPL_SHIFT | (vip ? RFLAGS_VIP : 0));
    ck_assert_uint_eq(mini_run(&m), ok ? EXIT_VMMCALL : EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_exception], !ok);
    if (ok)
        ck_assert_uint_eq(mini_reg_of(&m, SAVE_RFLAGS) &
                              (RFLAGS_IF | RFLAGS_VIF),
                          iopl == 3 ? RFLAGS_IF : RFLAGS_VIF);
}
END_TEST

START_TEST(the_window_can_be_intercepted)
{
    create();
    MINI_CODE(&m, STI NOP HLT);
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED);
    mini_set32(&m, VMCB_INTERCEPT_3,
               INTERCEPT3_INTR | INTERCEPT3_SHUTDOWN | INTERCEPT3_VINTR);
    ck_assert_uint_eq(mini_run(&m), EXIT_VINTR);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE + 2);
    ck_assert_uint_ne(mini_get(&m, VMCB_INT_CTL) & INT_CTL_V_IRQ, 0);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINTINFO), 0);
}
END_TEST

START_TEST(hlt_wakes_for_a_virtual_interrupt)
{
    create();
    MINI_CODE(&m, STI HLT);
    mini_reg(&m, SAVE_RFLAGS, _i ? RFLAGS_FIXED : RFLAGS_FIXED | RFLAGS_IF);
    mini_reg(&m, SAVE_RIP, _i ? CODE : CODE + 1);
    mini_set(&m, VMCB_INT_STATE, !_i); /* not before HLT */
    mini_set32(&m, VMCB_INTERCEPT_3, INTERCEPT3_INTR | INTERCEPT3_SHUTDOWN);
    ck_assert_uint_eq(mini_run(&m), EXIT_INTR); /* the handler's HLT waits */
    ck_assert_uint_eq(m.count[EV_exception], 1);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "rip"), CODE + 2);
}
END_TEST

/* The interrupt is not lost when its delivery exits: it is in EXITINTINFO, with
 * type 0 and no error code, and V_IRQ is gone. */
START_TEST(a_delivery_that_exits_is_told_in_exitintinfo)
{
    create();
    MINI_CODE(&m, NOP HLT);
    mini_poke(&m, NPT(IDT), 0);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINTINFO), EVENT_V | VECTOR);
    ck_assert_uint_eq(mini_get(&m, VMCB_INT_CTL) & INT_CTL_V_IRQ, 0);
    mini_poke(&m, NPT(IDT), IDT | RWUAD);
    mini_set(&m, VMCB_EVENTINJ, mini_get(&m, VMCB_EXITINTINFO));
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), HANDLERS + 16 * VECTOR);
}
END_TEST

START_TEST(injection_asks_neither_if_nor_shadow)
{
    create();
    MINI_CODE(&m, NOP HLT);
    mini_set(&m, VMCB_INT_CTL, 0);
    mini_set(&m, VMCB_INT_STATE, 1);
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED);
    mini_set(&m, VMCB_EVENTINJ, EVENT_V | EVENT_EV | 7ULL << 32 | VECTOR);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), HANDLERS + 16 * VECTOR);
    ck_assert_uint_eq(word(0), CODE); /* EV counts for exceptions only */
    ck_assert_uint_eq(mini_get(&m, VMCB_EVENTINJ) & EVENT_V, 0);
    ck_assert_uint_eq(mini_get(&m, VMCB_INT_STATE), 0);
}
END_TEST

/* ---- virtual GIF ---- */

static void create_vgif(void)
{
    mini_create_with(&m, FEAT_VGIF);
    prepare();
    or_int_ctl(INT_CTL_V_GIF_ENABLE);
}

START_TEST(a_clear_virtual_gif_holds_it_back_until_stgi)
{
    create_vgif();
    MINI_CODE(&m, NOP STGI NOP HLT);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "rip"), CODE + 4);
    ck_assert_uint_ne(mini_get(&m, VMCB_INT_CTL) & INT_CTL_V_GIF, 0);
}
END_TEST

START_TEST(clgi_clears_the_virtual_gif)
{
    create_vgif();
    MINI_CODE(&m, CLGI HLT);
    or_int_ctl(INT_CTL_V_GIF);
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_get(&m, VMCB_INT_CTL) & INT_CTL_V_GIF, 0);
}
END_TEST

START_TEST(without_virtual_gif_the_hosts_is_not_given_away)
{
    create();
    mini_set(&m, VMCB_INT_CTL, _i ? INT_CTL_V_GIF_ENABLE : 0);
    MINI_CODE(&m, CLGI); /* and a CPU without VGIF ignores the enable bit */
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_UD);
    ck_assert_uint_eq(m.count[EV_insn_unsupported], 1);
}
END_TEST

/* ---- virtual NMI ---- */

static void create_vnmi(uint64_t bits)
{
    mini_create_with(&m, FEAT_VNMI);
    prepare();
    mini_set32(&m, VMCB_INTERCEPT_3,
               INTERCEPT3_INTR | INTERCEPT3_HLT | INTERCEPT3_SHUTDOWN |
                   INTERCEPT3_NMI);
    mini_set(&m, VMCB_INT_CTL, INT_CTL_V_NMI_ENABLE | bits);
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED);
    MINI_CODE(&m, NOP HLT);
}

START_TEST(a_virtual_nmi_asks_not_for_if_and_masks_the_next)
{
    create_vnmi(INT_CTL_V_NMI);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), HANDLERS + 16 * VEC_NMI);
    ck_assert_uint_eq(mini_get(&m, VMCB_INT_CTL),
                      INT_CTL_V_NMI_ENABLE | INT_CTL_V_NMI_MASK);
}
END_TEST

START_TEST(a_masked_nmi_waits_for_iret)
{
    create_vnmi(INT_CTL_V_NMI);
    m.w.ops->write(m.w.hw, HANDLERS + 16 * VEC_NMI, "\x0f\x01\xd9" IRETQ, 5);
    ck_assert_uint_eq(mini_run(&m), EXIT_VMMCALL);
    mini_reg(&m, SAVE_RIP, mini_reg_of(&m, SAVE_RIP) + 3);
    or_int_ctl(INT_CTL_V_NMI);
    ck_assert_uint_eq(mini_run(&m), EXIT_VMMCALL); /* after IRETQ */
    ck_assert_uint_eq(m.count[EV_exception], 2);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "rip"), CODE);
}
END_TEST

START_TEST(an_injected_nmi_masks_the_virtual_one)
{
    create_vnmi(INT_CTL_V_NMI);
    mini_set(&m, VMCB_EVENTINJ, EVENT_V | EVENT_TYPE_NMI << EVENT_TYPE_SHIFT);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_exception], 1);
    ck_assert_uint_eq(mini_get(&m, VMCB_INT_CTL), INT_CTL_V_NMI_ENABLE |
                                                      INT_CTL_V_NMI_MASK |
                                                      INT_CTL_V_NMI);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("interrupts");
    TCase *t = tcase_create("interrupts");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, a_virtual_interrupt_comes_before_the_first_instruction);
    tcase_add_loop_test(t, the_task_priority_holds_back_what_is_not_higher, 0,
                        512);
    tcase_add_test(t, a_lower_cr8_lets_it_in);
    tcase_add_test(t, a_cleared_if_holds_it_back);
    tcase_add_test(t, sti_lets_one_more_instruction_pass);
    tcase_add_test(t, a_second_sti_casts_no_shadow);
    tcase_add_test(t, sti_and_cli_never_open_the_window);
    tcase_add_test(t, the_shadow_travels_in_the_vmcb);
    tcase_add_loop_test(t, sti_in_user_mode_needs_iopl_or_pvi, 0, 16);
    tcase_add_test(t, the_window_can_be_intercepted);
    tcase_add_loop_test(t, hlt_wakes_for_a_virtual_interrupt, 0, 2);
    tcase_add_test(t, a_delivery_that_exits_is_told_in_exitintinfo);
    tcase_add_test(t, injection_asks_neither_if_nor_shadow);
    tcase_add_test(t, a_clear_virtual_gif_holds_it_back_until_stgi);
    tcase_add_test(t, clgi_clears_the_virtual_gif);
    tcase_add_loop_test(t, without_virtual_gif_the_hosts_is_not_given_away, 0,
                        2);
    tcase_add_test(t, a_virtual_nmi_asks_not_for_if_and_masks_the_next);
    tcase_add_test(t, a_masked_nmi_waits_for_iret);
    tcase_add_test(t, an_injected_nmi_masks_the_virtual_one);
    return run_suite(s);
}
