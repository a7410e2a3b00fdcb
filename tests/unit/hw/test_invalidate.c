/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * INVPCID, INVLPGB and TLBSYNC as instructions: who may, who is told, and what
 * is flushed (APM vol. 2, 15.9, appendix B and C; vol. 3).
 *
 * The guest reads a page, moves it in its own tables, flushes, reads again.
 */
#include "hw/cpu.h"
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

#define READ     "\x48\x8b\x04\x25\x00\xc0\x00\x00" /* mov rax,[DATA] */
#define MOVE     "\x48\x89\x3c\x25\x60\x40\x00\x00" /* mov [its PTE],rdi */
#define RAX_RSI  "\x48\x89\xf0"
#define INVLPG   "\x0f\x01\x3c\x25\x00\xc0\x00\x00" /* [DATA] */
#define INVPCID  "\x66\x0f\x38\x82\x0b"             /* rcx,[rbx] */
#define INVLPGB  "\x0f\x01\xfe"
#define TLBSYNC  "\x0f\x01\xff"
#define HLT      "\xf4"
#define OTHER    0xe000ULL
#define OLD      0x1111ULL
#define NEW      0x2222ULL
#define OPERANDS 0xe100ULL /* INVPCID's descriptor */

static struct mini m;

static void start_on(enum mini_type type, enum tlb_mode mode, const char *code,
                     size_t len)
{
    static const struct tlb_part l1 = { TLB_HOLDS_ANY, 64, 0 };
    struct tlb_geometry g = {
        .mode = mode,
        .l1d = &l1,
        .l1i = &l1,
        .n_l1d = 1,
        .n_l1i = 1,
    };
    struct cpu_model model =
        type == PLAIN ? lab_model() : lab_model_sev(48, 5, 51);

    model.features[FEAT_INVPCID] = model.features[FEAT_INVLPGB] = true;
    model.features[FEAT_TLBI_CTL] = model.features[FEAT_PGE] = true;
    model.invlpgb_max = 7;
    model.tlb = g;
    mini_create_on(&m, type, &model);
    mini_code(&m, code, len);
    mini_poke(&m, DATA, OLD);
    mini_poke(&m, OTHER, NEW);
    mini_poke(&m, OPERANDS + 8, DATA);
    mini_set(&m, VMCB_NESTED_CTL,
             mini_get(&m, VMCB_NESTED_CTL) | NESTED_CTL_INVLPGB);
    m.gpr[GPR_RDI] = OTHER | RWUAD;
    m.gpr[GPR_RBX] = OPERANDS;
}
#define START(mode, s) start_on(PLAIN, mode, s, sizeof(s) - 1)

static void teardown(void)
{
    mini_destroy(&m);
}

static uint64_t guest_reads(void)
{
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_exception], 0);
    return mini_reg_of(&m, SAVE_RAX);
}

/* ---- what is flushed ---- */

START_TEST(without_a_flush_the_guest_reads_its_old_page)
{
    START(TLB_ADVERSARIAL, READ MOVE READ HLT);
    ck_assert_uint_eq(guest_reads(), OLD);
}
END_TEST

START_TEST(invlpg_shows_the_new_page)
{
    START(TLB_ADVERSARIAL, READ MOVE INVLPG READ HLT);
    ck_assert_uint_eq(guest_reads(), NEW);
}
END_TEST

START_TEST(every_type_of_invpcid_shows_the_new_page)
{
    START(TLB_ADVERSARIAL, READ MOVE INVPCID READ HLT);
    m.gpr[GPR_RCX] = (uint64_t)_i;
    ck_assert_uint_eq(guest_reads(), NEW);
}
END_TEST

/* Type 2 alone takes global pages. */
START_TEST(a_global_page_outlives_all_types_of_invpcid_but_one)
{
    START(TLB_ADVERSARIAL, READ MOVE INVPCID READ HLT);
    mini_poke(&m, GPT(DATA), DATA | RWUAD | PTE_G);
    mini_reg(&m, SAVE_CR4, CR4_PAE | CR4_PGE);
    m.gpr[GPR_RCX] = (uint64_t)_i;
    ck_assert_uint_eq(guest_reads(), _i == 2 ? NEW : OLD);
}
END_TEST

START_TEST(invpcid_takes_the_pcid_that_it_names)
{
    START(TLB_ADVERSARIAL, READ MOVE INVPCID READ HLT);
    mini_reg(&m, SAVE_CR4, CR4_PAE | CR4_PCIDE);
    mini_reg(&m, SAVE_CR3, PML4 | 5);
    mini_poke(&m, OPERANDS, _i);
    ck_assert_uint_eq(guest_reads(), _i == 5 ? NEW : OLD);
}
END_TEST

/* INVLPGB may take its time. A TLB that does nothing before it must waits for
 * TLBSYNC; a real one is done sooner. */
START_TEST(invlpgb_is_done_when_tlbsync_is)
{
    enum tlb_mode mode = _i & 1 ? TLB_ADVERSARIAL : TLB_ON;
    bool sync = _i & 2;

    if (sync)
        START(mode, READ MOVE RAX_RSI INVLPGB TLBSYNC READ HLT);
    else
        START(mode, READ MOVE RAX_RSI INVLPGB READ HLT);
    ck_assert_uint_eq(guest_reads(), sync || mode == TLB_ON ? NEW : OLD);
    ck_assert_uint_eq(m.count[EV_tlb_flush], 1);
}
END_TEST

/* The CPU puts the guest's own ASID in place of what it asks for. */
START_TEST(a_guest_reaches_no_other_asid)
{
    START(TLB_ADVERSARIAL, READ HLT);
    guest_reads();
    mini_set32(&m, VMCB_ASID, m.asid + 1);
    MINI_CODE(&m, RAX_RSI INVLPGB TLBSYNC HLT);
    mini_reg(&m, SAVE_RIP, CODE);
    m.gpr[GPR_RSI] = BIT(2); /* ASID valid */
    m.gpr[GPR_RDX] = m.asid;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    mini_set32(&m, VMCB_ASID, m.asid);
    mini_poke(&m, GPT(DATA), OTHER | RWUAD);
    MINI_CODE(&m, READ HLT);
    mini_reg(&m, SAVE_RIP, CODE);
    ck_assert_uint_eq(guest_reads(), OLD);
}
END_TEST

START_TEST(the_host_reaches_every_asid)
{
    START(TLB_ADVERSARIAL, READ HLT);
    guest_reads();
    mini_poke(&m, GPT(DATA), OTHER | RWUAD);
    ck_assert(m.w.ops->invlpgb(m.w.hw, _i ? BIT(2) : 0, 0, m.asid));
    m.w.ops->tlbsync(m.w.hw);
    mini_reg(&m, SAVE_RIP, CODE);
    ck_assert_uint_eq(guest_reads(), NEW);
}
END_TEST

START_TEST(a_host_without_invlpgb_cannot_use_it)
{
    START(TLB_ADVERSARIAL, HLT);
    ck_assert(!m.w.ops->invlpgb(m.w.hw, BIT(6), 0, 0)); /* reserved: #GP */
    ck_assert(m.w.ops->invlpgb(m.w.hw, 0, 0, 0));
    m.cpu->model.features[FEAT_INVLPGB] = false;
    ck_assert(!m.w.ops->invlpgb(m.w.hw, 0, 0, 0));
}
END_TEST

/* More flushes than the CPU keeps in mind: the oldest is done meanwhile, and
 * none is lost. */
START_TEST(no_flush_is_lost)
{
    START(TLB_ADVERSARIAL, READ HLT);
    guest_reads();
    mini_poke(&m, GPT(DATA), OTHER | RWUAD);
    for (unsigned i = 0; i < 100; i++)
        ck_assert(m.w.ops->invlpgb(m.w.hw, (i == 50 ? DATA : MMIO) | 1, 0, 0));
    m.w.ops->tlbsync(m.w.hw);
    mini_reg(&m, SAVE_RIP, CODE);
    ck_assert_uint_eq(guest_reads(), NEW);
}
END_TEST

/* ---- who may ---- */

#define CODE_OF(s) s, sizeof(s) - 1

static const struct {
    const char *code;
    size_t len;
    uint32_t intercept; /* 14h */
    uint64_t exit, info1, info2;
} insns[] = {
    { CODE_OF(INVPCID HLT), BIT(2), 0xa2, OPERANDS, 3 },
    { CODE_OF(INVLPGB HLT), BIT(0), 0xa0, 0, 0 },
    { CODE_OF(TLBSYNC HLT), BIT(4), 0xa4, 0, 0 },
};

static void start_insn(enum mini_type type, unsigned i)
{
    start_on(type, TLB_ON, insns[i].code, insns[i].len);
    mini_set32(&m, VMCB_INTERCEPT_5, insns[i].intercept);
    m.gpr[GPR_RCX] = 3;
}

static void expect_vector(unsigned vector)
{
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_exception], 1);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), vector);
}

START_TEST(an_intercept_exits_before_anything_is_flushed)
{
    start_insn(PLAIN, (unsigned)_i);
    ck_assert_uint_eq(mini_run(&m), insns[_i].exit);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), insns[_i].info1);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2), insns[_i].info2);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE);
    ck_assert_uint_eq(mini_get(&m, VMCB_NRIP), CODE + insns[_i].len - 1);
    ck_assert_uint_eq(m.count[EV_tlb_flush], 0);
}
END_TEST

START_TEST(an_sev_es_guest_gets_vc)
{
    start_insn(SEV_ES, (unsigned)_i);
    mini_reg(&m, VMSA_RCX, 3);
    mini_launch(&m);
    expect_vector(VEC_VC);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "error_code"),
                      insns[_i].exit);
}
END_TEST

START_TEST(user_mode_gets_gp_whatever_is_intercepted)
{
    start_insn(PLAIN, (unsigned)_i);
    mini_user(&m);
    expect_vector(VEC_GP);
}
END_TEST

START_TEST(a_cpu_without_the_instruction_answers_ud_even_if_intercepted)
{
    start_insn(PLAIN, (unsigned)_i);
    m.cpu->model.features[FEAT_INVPCID] = false;
    m.cpu->model.features[FEAT_INVLPGB] = false;
    mini_user(&m); /* #UD comes before #GP */
    expect_vector(VEC_UD);
}
END_TEST

/* The VMCB has to allow it, and the CPU to know that bit. */
START_TEST(invlpgb_and_tlbsync_need_the_vmcbs_permission)
{
    start_insn(PLAIN, 1 + (unsigned)_i % 2);
    if (_i < 2)
        mini_set(&m, VMCB_NESTED_CTL, NESTED_CTL_NP_ENABLE);
    else
        m.cpu->model.features[FEAT_TLBI_CTL] = false;
    expect_vector(VEC_UD);
}
END_TEST

/* ---- operands ---- */

static const struct {
    uint64_t type, pcid, gva;
} bad_descriptors[] = {
    { 4, 0, 0 },    { ~0ULL, 0, 0 }, { 3, BIT(12), 0 }, { 2, BIT(63), 0 },
    { 0, 1, DATA }, { 1, 1, 0 },     { 0, 0, BIT(47) },
};

START_TEST(a_bad_descriptor_is_gp)
{
    START(TLB_ON, INVPCID HLT);
    m.gpr[GPR_RCX] = bad_descriptors[_i].type;
    mini_poke(&m, OPERANDS, bad_descriptors[_i].pcid);
    mini_poke(&m, OPERANDS + 8, bad_descriptors[_i].gva);
    expect_vector(VEC_GP);
    ck_assert_uint_eq(m.count[EV_tlb_flush], 0);
}
END_TEST

START_TEST(a_descriptor_that_is_not_there_is_a_page_fault)
{
    START(TLB_ON, INVPCID HLT);
    m.gpr[GPR_RBX] = 0xfff8; /* its second half is on the next page */
    mini_poke(&m, GPT(0x10000), 0);
    expect_vector(VEC_PF);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CR2), 0x10000);
}
END_TEST

/* Told to the hypervisor if it wants to know, else the guest's own #GP. */
START_TEST(an_illegal_invlpgb_exits_or_is_gp)
{
    START(TLB_ON, RAX_RSI INVLPGB HLT);
    m.gpr[GPR_RSI] = BIT(6);
    if (!_i) {
        expect_vector(VEC_GP);
        return;
    }
    mini_set32(&m, VMCB_INTERCEPT_5, BIT(1));
    ck_assert_uint_eq(mini_run(&m), 0xa1);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE + 3);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("invalidate");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, without_a_flush_the_guest_reads_its_old_page);
    tcase_add_test(t, invlpg_shows_the_new_page);
    tcase_add_loop_test(t, every_type_of_invpcid_shows_the_new_page, 0, 4);
    tcase_add_loop_test(t, a_global_page_outlives_all_types_of_invpcid_but_one,
                        0, 4);
    tcase_add_loop_test(t, invpcid_takes_the_pcid_that_it_names, 4, 7);
    tcase_add_loop_test(t, invlpgb_is_done_when_tlbsync_is, 0, 4);
    tcase_add_test(t, a_guest_reaches_no_other_asid);
    tcase_add_loop_test(t, the_host_reaches_every_asid, 0, 2);
    tcase_add_test(t, a_host_without_invlpgb_cannot_use_it);
    tcase_add_test(t, no_flush_is_lost);
    tcase_add_loop_test(t, an_intercept_exits_before_anything_is_flushed, 0, 3);
    tcase_add_loop_test(t, an_sev_es_guest_gets_vc, 0, 3);
    tcase_add_loop_test(t, user_mode_gets_gp_whatever_is_intercepted, 0, 3);
    tcase_add_loop_test(
        t, a_cpu_without_the_instruction_answers_ud_even_if_intercepted, 0, 3);
    tcase_add_loop_test(t, invlpgb_and_tlbsync_need_the_vmcbs_permission, 0, 4);
    tcase_add_loop_test(t, a_bad_descriptor_is_gp, 0,
                        (int)ARRAY_SIZE(bad_descriptors));
    tcase_add_test(t, a_descriptor_that_is_not_there_is_a_page_fault);
    tcase_add_loop_test(t, an_illegal_invlpgb_exits_or_is_gp, 0, 2);
    suite_add_tcase(s, t);
    return run_suite(s);
}
