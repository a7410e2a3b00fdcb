/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMRUN with NP_ENABLE = 0: the guest walks tables that its hypervisor built
 * (APM vol. 2, 15.25.3 by contrast; 15.12.15, 15.16; kvm-unit-tests,
 * x86/svm_tests.c). Here the mini guest's own tables serve as such.
 */
#include "hw/cpu.h"
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

#define MOV_RAX_DATA "\x48\x8b\x04\x25\x00\xc0\x00\x00" /* mov rax,[0xc000] */
#define MOV_DATA_RAX "\x48\x89\x04\x25\x00\xc0\x00\x00" /* mov [0xc000],rax */
#define MOV_CR3_RBX  "\x0f\x22\xdb"
#define RDMSR        "\x0f\x32"
#define WRMSR        "\x0f\x30"
#define HLT          "\xf4"
#define ELSEWHERE    0x300000ULL /* no guest-physical address */

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

static void start_on(const struct cpu_model *model)
{
    mini_create_on(&m, PLAIN, model);
    mini_set(&m, VMCB_NESTED_CTL, 0);
    mini_poke(&m, DATA, 0x1111);
    mini_poke(&m, ELSEWHERE, 0x2222);
}

static void start(void)
{
    struct cpu_model model = lab_model();

    start_on(&model);
}

static uint64_t rax_after_run(void)
{
    mini_reg(&m, SAVE_RIP, CODE);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    return mini_reg_of(&m, SAVE_RAX);
}

START_TEST(an_address_is_translated_once)
{
    start();
    MINI_CODE(&m, MOV_RAX_DATA HLT);
    mini_poke(&m, GPT(DATA), ELSEWHERE | RWUAD);
    ck_assert_uint_eq(rax_after_run(), 0x2222);
    ck_assert_uint_eq(m.count[EV_npt_step], 0);
    ck_assert_uint_eq(m.count[EV_gpt_step] % 4, 0);
    ck_assert_uint_eq(mini_field(&m, EV_vmrun, "ncr3"), 0);
}
END_TEST

/* Rules of the nested level have no object. */
START_TEST(fields_of_nested_paging_are_not_looked_at)
{
    start();
    MINI_CODE(&m, HLT);
    mini_set(&m, VMCB_NCR3, ~0ULL);
    mini_reg(&m, SAVE_G_PAT, ~0ULL);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_G_PAT), ~0ULL);
}
END_TEST

/* An accessed bit is set in the tables of the host, a dirty one by a write. */
START_TEST(the_walker_marks_the_hosts_tables)
{
    start();
    MINI_CODE(&m, MOV_DATA_RAX HLT);
    mini_poke(&m, GPT(DATA), DATA | RWU);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.w.ops->read64(m.w.hw, GPT(DATA)), DATA | RWUAD);
}
END_TEST

/* What shadow paging lives on: exit 4Eh, code and address in the EXITINFOs, CR2
 * as it was, the instruction's bytes. */
START_TEST(a_page_fault_is_intercepted)
{
    static const struct {
        const char *code;
        uint64_t pte, error;
    } row[] = {
        { MOV_RAX_DATA HLT, 0, 0 },
        { MOV_DATA_RAX HLT, 0, PFERR_WRITE },
        { MOV_DATA_RAX HLT, DATA | PTE_P | PTE_U, PFERR_PRESENT | PFERR_WRITE },
        { MOV_RAX_DATA HLT, DATA | RWU | BIT(50), PFERR_PRESENT | PFERR_RSVD },
    };
    uint8_t bytes[16];

    start();
    mini_code(&m, row[_i].code, 9);
    mini_poke(&m, GPT(DATA), row[_i].pte);
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_PF));
    ck_assert_uint_eq(mini_run(&m), EXIT_EXC + VEC_PF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), row[_i].error);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2), DATA);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CR2), 0xdead0000);
    m.w.ops->read(m.w.hw, HOST_VMCB + VMCB_INSN_LEN, bytes, sizeof(bytes));
    ck_assert_uint_eq(bytes[0], 15);
    ck_assert_mem_eq(bytes + 1, row[_i].code, 9);
    /* The hypervisor repairs its tables; the guest never knows. */
    mini_poke(&m, GPT(DATA), DATA | RWU);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_exception], 0);
}
END_TEST

START_TEST(a_page_fault_reaches_the_guest_otherwise)
{
    start();
    MINI_CODE(&m, MOV_RAX_DATA HLT);
    mini_poke(&m, GPT(DATA), 0);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), HANDLERS + 16 * VEC_PF);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CR2), DATA);
}
END_TEST

/* ---- CR3 ---- */

START_TEST(a_write_of_cr3_exits_or_takes_effect)
{
    start();
    MINI_CODE(&m, MOV_CR3_RBX MOV_RAX_DATA HLT);
    for (unsigned at = 0; at < 4 * PAGE_SIZE_4K; at += 8)
        mini_poke(&m, ELSEWHERE + at, m.w.ops->read64(m.w.hw, PML4 + at));
    mini_poke(&m, ELSEWHERE, (ELSEWHERE + 0x1000) | RWUAD);
    mini_poke(&m, ELSEWHERE + 0x1000, (ELSEWHERE + 0x2000) | RWUAD);
    mini_poke(&m, ELSEWHERE + 0x2000, (ELSEWHERE + 0x3000) | RWUAD);
    mini_poke(&m, ELSEWHERE + 0x3000 + DATA / 512, (ELSEWHERE) | RWUAD);
    m.gpr[GPR_RBX] = ELSEWHERE;
    if (_i) {
        mini_set32(&m, VMCB_INTERCEPT_CR, BIT(16 + 3));
        ck_assert_uint_eq(mini_run(&m), EXIT_CR_WRITE + 3);
        ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), BIT(63) | GPR_RBX);
        ck_assert_uint_eq(mini_reg_of(&m, SAVE_CR3), PML4);
        return;
    }
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), (ELSEWHERE + 0x1000) | RWUAD);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CR3), ELSEWHERE);
}
END_TEST

/* Without nested paging CR3 is the host's: 43 of 48 bits are left when memory
 * is encrypted, and bit 51 is the C-bit; a guest's CR3 has all 48 and none. */
static const struct {
    unsigned bit;
    bool host, guest;
} cr3_bits[] = {
    { 42, true, true },   { 43, false, true }, { 47, false, true },
    { 48, false, false }, { 51, true, false },
};

START_TEST(cr3_has_the_bits_of_the_host)
{
    struct cpu_model model = lab_model_sev(48, 5, 51);
    bool nested = _i % 2, vmrun = _i / 2 % 2;
    uint64_t bit = BIT(cr3_bits[_i / 4].bit);
    bool legal = nested ? cr3_bits[_i / 4].guest : cr3_bits[_i / 4].host;

    start_on(&model);
    if (nested)
        mini_set(&m, VMCB_NESTED_CTL, NESTED_CTL_NP_ENABLE);
    MINI_CODE(&m, MOV_CR3_RBX HLT);
    m.gpr[GPR_RBX] = PML4 | bit;
    if (vmrun)
        mini_reg(&m, SAVE_CR3, PML4 | bit);
    mini_run(&m);
    if (vmrun)
        ck_assert_int_eq(mini_get(&m, VMCB_EXITCODE) != EXIT_INVALID, legal);
    else
        ck_assert_int_eq(m.count[EV_exception] == 0 ||
                             mini_field(&m, EV_exception, "vector") != VEC_GP,
                         legal);
}
END_TEST

/* Tables and data that the host encrypted for itself. */
START_TEST(the_c_bit_of_these_tables_is_the_hosts)
{
    struct cpu_model model = lab_model_sev(48, 5, 51);
    const uint64_t c = BIT(51);
    uint64_t word;

    start_on(&model);
    MINI_CODE(&m, MOV_RAX_DATA HLT);
    for (unsigned at = 0; at < PAGE_SIZE_4K; at += 8) {
        word = at == 0 ? PDPT | RWUAD : 0;
        m.w.ops->write_c(m.w.hw, PML4 + at, &word, 8, true);
    }
    mini_reg(&m, SAVE_CR3, PML4 | c);
    mini_poke(&m, GPT(DATA), ELSEWHERE | RWUAD | c);
    word = 0x3333;
    m.w.ops->write_c(m.w.hw, ELSEWHERE, &word, 8, true);
    ck_assert_uint_eq(rax_after_run(), 0x3333);
    mini_poke(&m, GPT(DATA), ELSEWHERE | RWUAD);
    ck_assert_uint_ne(rax_after_run(), 0x3333);
}
END_TEST

/* ---- the PAT ---- */

START_TEST(the_pat_is_the_hosts)
{
    uint64_t pat;

    start();
    if (_i) /* for contrast */
        mini_set(&m, VMCB_NESTED_CTL, NESTED_CTL_NP_ENABLE);
    MINI_CODE(&m, RDMSR "\x89\xc6\xb8\x06\x06\x06\x06" WRMSR HLT);
    ck_assert(m.w.ops->wrmsr(m.w.hw, MSR_PAT, 0x0404040404040404));
    mini_reg(&m, SAVE_G_PAT, 0x0505050505050505);
    m.gpr[GPR_RCX] = MSR_PAT;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.gpr[GPR_RSI], _i ? 0x05050505 : 0x04040404);
    ck_assert(m.w.ops->rdmsr(m.w.hw, MSR_PAT, &pat));
    ck_assert_uint_eq(pat, _i ? 0x0404040404040404 : 0x0404040406060606);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_G_PAT),
                      _i ? 0x0505050506060606 : 0x0505050505050505);
}
END_TEST

START_TEST(the_hosts_pat_holds_memory_types)
{
    start();
    ck_assert(!m.w.ops->wrmsr(m.w.hw, MSR_PAT, 2));
    ck_assert(!m.w.ops->wrmsr(m.w.hw, MSR_PAT, 8ULL << 56));
}
END_TEST

/* ---- the TLB ---- */

static void start_with_tlb(void)
{
    static const struct tlb_geometry g = { .mode = TLB_ADVERSARIAL };
    struct cpu_model model = lab_model();

    model.tlb = g;
    start_on(&model);
    MINI_CODE(&m, MOV_RAX_DATA HLT);
    ck_assert_uint_eq(rax_after_run(), 0x1111);
    mini_poke(&m, GPT(DATA), ELSEWHERE | RWUAD);
}

/* A hypervisor that changes its shadow tables must flush, too. */
START_TEST(a_shadow_entry_is_remembered)
{
    start_with_tlb();
    ck_assert_uint_eq(rax_after_run(), 0x1111);
    mini_set32(&m, VMCB_ASID, m.asid + 1);
    ck_assert_uint_eq(rax_after_run(), 0x2222);
    mini_set32(&m, VMCB_ASID, m.asid);
    ck_assert_uint_eq(rax_after_run(), 0x1111);
    m.w.ops->invlpga(m.w.hw, DATA, m.asid);
    ck_assert_uint_eq(rax_after_run(), 0x2222);
}
END_TEST

START_TEST(tlb_control_forgets_it)
{
    start_with_tlb();
    mini_set32(&m, VMCB_TLB_CONTROL, TLB_CTL_ALL);
    ck_assert_uint_eq(rax_after_run(), 0x2222);
}
END_TEST

/* The same ASID for both kinds of translation is the hypervisor's mistake. */
START_TEST(turning_nested_paging_on_flushes_nothing)
{
    start_with_tlb();
    mini_set(&m, VMCB_NESTED_CTL, NESTED_CTL_NP_ENABLE);
    ck_assert_uint_eq(rax_after_run(), 0x1111);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("no_npt");
    TCase *t = tcase_create("no_npt");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, an_address_is_translated_once);
    tcase_add_test(t, fields_of_nested_paging_are_not_looked_at);
    tcase_add_test(t, the_walker_marks_the_hosts_tables);
    tcase_add_loop_test(t, a_page_fault_is_intercepted, 0, 4);
    tcase_add_test(t, a_page_fault_reaches_the_guest_otherwise);
    tcase_add_loop_test(t, a_write_of_cr3_exits_or_takes_effect, 0, 2);
    tcase_add_loop_test(t, cr3_has_the_bits_of_the_host, 0,
                        4 * ARRAY_SIZE(cr3_bits));
    tcase_add_test(t, the_c_bit_of_these_tables_is_the_hosts);
    tcase_add_loop_test(t, the_pat_is_the_hosts, 0, 2);
    tcase_add_test(t, the_hosts_pat_holds_memory_types);
    tcase_add_test(t, a_shadow_entry_is_remembered);
    tcase_add_test(t, tlb_control_forgets_it);
    tcase_add_test(t, turning_nested_paging_on_flushes_nothing);
    return run_suite(s);
}
