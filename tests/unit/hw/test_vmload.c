/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State that VMRUN does not switch, MSRs, and what flushes the TLB: APM vol. 2,
 * 15.5.2 (VMLOAD, VMSAVE), 15.11 (MSR map), 15.16 (TLB control), 15.33.1
 * (virtualized VMLOAD), 15.35.8 (SEV-ES world switch), appendix B.
 */
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

#define HLT         "\xf4"
#define RDMSR       "\x0f\x32"
#define WRMSR       "\x0f\x30"
#define VMLOAD      "\x0f\x01\xda"
#define VMSAVE      "\x0f\x01\xdb"
#define INVLPGA     "\x0f\x01\xdf"
#define INVLPG_RBX  "\x0f\x01\x3b"
#define MOV_CR3_RBX "\x0f\x22\xdb"
#define MOV_CR4_RBX "\x0f\x22\xe3"
#define OTHER_VMCB  0x300000ULL

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

static uint64_t text_is(enum event_id id, const char *field, const char *text)
{
    uintptr_t p = (uintptr_t)mini_field(&m, id, field);

    return strcmp((const char *)p, text) == 0;
}

/* ---- the set of VMLOAD and VMSAVE ---- */

/* Place in the save area and the MSR that shows it. */
static const struct {
    unsigned at;
    uint32_t msr;
    bool base; /* becomes canonical */
} set[] = {
    { SAVE_FS + 8, 0xc0000100, true }, { SAVE_GS + 8, 0xc0000101, true },
    { 0x200, 0xc0000081, false },      { 0x208, 0xc0000082, true },
    { 0x210, 0xc0000083, true },       { 0x218, 0xc0000084, false },
    { 0x220, 0xc0000102, true },       { 0x228, 0x174, false },
    { 0x230, 0x175, false },           { 0x238, 0x176, false },
};

static uint64_t host_msr(uint32_t msr)
{
    uint64_t v;

    ck_assert(m.w.ops->rdmsr(m.w.hw, msr, &v));
    return v;
}

START_TEST(vmload_brings_the_set_and_it_stays_after_the_exit)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, HLT);
    mini_reg(&m, set[_i].at, 0x1234567887654321 & 0x7fffffffffff);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(host_msr(set[_i].msr), 0x567887654321);
}
END_TEST

START_TEST(vmsave_takes_home_what_the_guest_wrote)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, WRMSR HLT);
    m.gpr[GPR_RCX] = set[_i].msr;
    mini_reg(&m, SAVE_RAX, 0x11223344);
    m.gpr[GPR_RDX] = 0x5566;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, set[_i].at), 0x556611223344);
}
END_TEST

START_TEST(vmload_makes_bases_canonical)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, HLT);
    mini_reg(&m, set[_i].at, 0x1234800000000000);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(host_msr(set[_i].msr),
                      set[_i].base ? 0xffff800000000000 : 0x1234800000000000);
}
END_TEST

/* In a guest, without intercept: rAX is the machine's memory, not the guest's
 * (CVE-2021-3656). */
START_TEST(an_unintercepted_vmsave_reaches_the_hosts_memory)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, VMSAVE HLT);
    mini_reg(&m, SAVE_STAR, 0xabcd);
    mini_reg(&m, SAVE_RAX, OTHER_VMCB);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.w.ops->read64(m.w.hw, OTHER_VMCB + 0x600), 0xabcd);
}
END_TEST

/* Virtualized: rAX is guest-physical, here mapped elsewhere. */
START_TEST(a_virtualized_vmload_goes_through_the_nested_tables)
{
    mini_create_with(&m, FEAT_V_VMSAVE_VMLOAD);
    MINI_CODE(&m, VMLOAD HLT);
    mini_set(&m, VMCB_VIRT_EXT, VIRT_EXT_VMLOAD_SAVE);
    mini_poke(&m, NPT(0xe000), OTHER_VMCB | RWUAD);
    mini_poke(&m, OTHER_VMCB + 0x600, 0xabcd);
    mini_reg(&m, SAVE_RAX, 0xe000);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_STAR), 0xabcd);
    mini_poke(&m, NPT(0xe000), 0);
    mini_reg(&m, SAVE_RIP, CODE);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2), 0xe000);
}
END_TEST

/* Before anybody looks at the intercept; VMRUN's must be set. */
START_TEST(a_bad_vmcb_address_is_gp)
{
    static const char code[3][4] = { VMLOAD, VMSAVE, "\x0f\x01\xd8" };

    mini_create(&m, PLAIN);
    mini_code(&m, code[_i / 4], 3);
    mini_reg(&m, SAVE_RAX, _i & 1 ? BIT(48) : OTHER_VMCB + 8);
    if (_i & 2)
        mini_set32(&m, VMCB_INTERCEPT_4,
                   INTERCEPT4_VMRUN | INTERCEPT4_VMLOAD | INTERCEPT4_VMSAVE);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_GP);
}
END_TEST

/* ---- host save area ---- */

START_TEST(vmrun_writes_the_host_save_area)
{
    uint64_t sum = 0;

    mini_create(&m, PLAIN);
    MINI_CODE(&m, HLT);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    for (unsigned i = 0; i < PAGE_SIZE_4K; i += 8)
        sum |= m.w.ops->read64(m.w.hw, HOST_AREA + i);
    ck_assert_uint_ne(sum, 0);
}
END_TEST

/* Swap type B: at the exit of an SEV-ES guest the CPU loads these from the
 * host save area, where only software can have put them. */
START_TEST(a_hypervisor_that_forgets_loses_its_own_registers)
{
    bool remembers = _i;

    mini_create(&m, SEV_ES);
    MINI_CODE(&m, HLT);
    mini_reg(&m, SAVE_LSTAR, 0xbad);
    mini_launch(&m);
    ck_assert(m.w.ops->wrmsr(m.w.hw, MSR_LSTAR, 0x600d));
    if (remembers)
        mini_poke(&m, HOST_AREA + VMCB_SAVE + SAVE_LSTAR, 0x600d);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(host_msr(MSR_LSTAR), remembers ? 0x600d : 0);
}
END_TEST

/* ---- MSRs of a guest ---- */

START_TEST(the_map_has_two_bits_for_each_msr)
{
    static const struct {
        uint32_t msr;
        unsigned byte, bit; /* of the read intercept; write is the next */
    } places[] = {
        { 0x174, 0x5d, 0 },        { 0x277, 0x9d, 6 },
        { 0xc0000080, 0x820, 0 },  { 0xc0000102, 0x840, 4 },
        { 0xc0010131, 0x104c, 2 },
    };
    unsigned n = (unsigned)_i / 4;
    bool write = _i & 1, set_it = _i & 2;
    uint8_t byte = (uint8_t)(1 << (places[n].bit + write));

    mini_create(&m, PLAIN);
    MINI_CODE(&m, RDMSR HLT);
    if (write)
        MINI_CODE(&m, WRMSR HLT);
    mini_set32(&m, VMCB_INTERCEPT_3,
               INTERCEPT3_INTR | INTERCEPT3_HLT | INTERCEPT3_SHUTDOWN |
                   INTERCEPT3_MSR);
    byte = set_it ? byte : (uint8_t)~byte;
    m.w.ops->write(m.w.hw, MAPS + places[n].byte, &byte, 1);
    m.gpr[GPR_RCX] = places[n].msr;
    ck_assert_uint_eq(mini_run(&m), set_it ? EXIT_MSR : EXIT_HLT);
    if (set_it)
        ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), write);
}
END_TEST

START_TEST(an_msr_that_nobody_knows_is_gp)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, RDMSR);
    m.gpr[GPR_RCX] = 0x12345;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_GP);
    ck_assert_uint_eq(m.count[EV_insn_unsupported], 1);
}
END_TEST

static const struct {
    uint32_t msr;
    uint64_t value;
    bool ok;
} values[] = {
    { MSR_EFER, EFER64 | EFER_SCE, true },
    { MSR_EFER, EFER64 & ~EFER_LME, false },
    { MSR_EFER, EFER64 & ~EFER_SVME, false },
    { MSR_PAT, 0x0007040600070406, true },
    { MSR_PAT, 2, false },
    { MSR_LSTAR, 0xffff800000000000, true },
    { MSR_LSTAR, 0x0000800000000000, false },
    { MSR_SEV_STATUS, 0, false },
    { MSR_GHCB, 0, false }, /* not this guest's */
};

START_TEST(an_msr_takes_what_it_may_take)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, WRMSR HLT);
    m.gpr[GPR_RCX] = values[_i].msr;
    mini_reg(&m, SAVE_RAX, (uint32_t)values[_i].value);
    m.gpr[GPR_RDX] = values[_i].value >> 32;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_exception], !values[_i].ok);
}
END_TEST

START_TEST(rdmsr_splits_and_clears_upper_halves)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, RDMSR HLT);
    mini_reg(&m, SAVE_RAX, ~0ULL);
    mini_reg(&m, SAVE_STAR, 0x1122334455667788);
    m.gpr[GPR_RCX] = MSR_STAR;
    m.gpr[GPR_RDX] = ~0ULL;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), 0x55667788);
    ck_assert_uint_eq(m.gpr[GPR_RDX], 0x11223344);
}
END_TEST

/* ---- flushes ---- */

START_TEST(tlb_control_says_what_to_drop)
{
    static const struct {
        uint32_t control;
        const char *scope;
    } rows[] = {
        { 0, NULL },
        { 1, "all ASIDs" },
        { 3, "ASID" },
        { 7, "ASID, not global" },
    };

    mini_create_with(&m, FEAT_FLUSH_BY_ASID);
    MINI_CODE(&m, HLT);
    mini_set32(&m, VMCB_TLB_CONTROL, rows[_i].control);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_tlb_flush], rows[_i].scope != NULL);
    if (rows[_i].scope) {
        ck_assert(text_is(EV_tlb_flush, "scope", rows[_i].scope));
        ck_assert_uint_eq(mini_field(&m, EV_tlb_flush, "asid"), m.asid);
    }
    /* read, not cleared */
    ck_assert_uint_eq(mini_get(&m, VMCB_ASID) >> 32, rows[_i].control);
}
END_TEST

/* It has one bit there, so what is written for its successors flushes all. */
START_TEST(a_cpu_without_flush_by_asid_drops_more)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, HLT);
    mini_set32(&m, VMCB_TLB_CONTROL, (uint32_t)_i);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert(text_is(EV_tlb_flush, "scope", "all ASIDs"));
}
END_TEST

#define CODE_OF(s) s, sizeof(s) - 1

static const struct {
    const char *name, *code;
    size_t len;
    uint64_t cr4, rbx; /* CR4 before */
    const char *scope; /* NULL: nothing is dropped */
} flushes[] = {
    { "MOV CR3", CODE_OF(MOV_CR3_RBX HLT), CR4_PAE, PML4, "PCID, not global" },
    { "MOV CR3, keep", CODE_OF(MOV_CR3_RBX HLT), CR4_PAE | CR4_PCIDE,
      PML4 | BIT(63) | 5, NULL },
    { "MOV CR3, no keep", CODE_OF(MOV_CR3_RBX HLT), CR4_PAE | CR4_PCIDE,
      PML4 | 5, "PCID, not global" },
    { "CR4.PGE on", CODE_OF(MOV_CR4_RBX HLT), CR4_PAE, CR4_PAE | CR4_PGE,
      "ASID" },
    { "CR4.PGE off", CODE_OF(MOV_CR4_RBX HLT), CR4_PAE | CR4_PGE, CR4_PAE,
      "ASID" },
    { "CR4.PSE on", CODE_OF(MOV_CR4_RBX HLT), CR4_PAE, CR4_PAE | CR4_PSE,
      "ASID" },
    { "CR4.PKE on", CODE_OF(MOV_CR4_RBX HLT), CR4_PAE, CR4_PAE | CR4_PKE,
      "ASID" },
    { "CR4.PKE off", CODE_OF(MOV_CR4_RBX HLT), CR4_PAE | CR4_PKE, CR4_PAE,
      NULL },
    { "PCIDE on", CODE_OF(MOV_CR4_RBX HLT), CR4_PAE, CR4_PAE | CR4_PCIDE,
      NULL },
    { "PCIDE off", CODE_OF(MOV_CR4_RBX HLT), CR4_PAE | CR4_PCIDE, CR4_PAE,
      "ASID" },
    { "INVLPG", CODE_OF(INVLPG_RBX HLT), CR4_PAE, 0xc123, "page" },
    { "INVLPG beyond", CODE_OF(INVLPG_RBX HLT), CR4_PAE, BIT(47), "page" },
    { "INVLPGA", CODE_OF(INVLPGA HLT), CR4_PAE, 0, "page" },
};

START_TEST(a_write_drops_what_the_manual_says)
{
    mini_create(&m, PLAIN);
    m.w.ops->write(m.w.hw, CODE, flushes[_i].code, flushes[_i].len);
    mini_reg(&m, SAVE_CR4, flushes[_i].cr4);
    m.gpr[GPR_RBX] = flushes[_i].rbx;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_exception], 0);
    ck_assert_msg(m.count[EV_tlb_flush] == (flushes[_i].scope != NULL), "%s",
                  flushes[_i].name);
    if (flushes[_i].scope)
        ck_assert_msg(text_is(EV_tlb_flush, "scope", flushes[_i].scope), "%s",
                      flushes[_i].name);
}
END_TEST

START_TEST(invlpg_names_its_page_and_invlpga_its_asid_too)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, INVLPG_RBX HLT);
    if (_i)
        MINI_CODE(&m, INVLPGA HLT);
    m.gpr[GPR_RBX] = 0xc123;
    mini_reg(&m, SAVE_RAX, 0xd456);
    m.gpr[GPR_RCX] = 9;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_tlb_flush, "gva"),
                      _i ? 0xd456 : 0xc123);
    ck_assert_uint_eq(mini_field(&m, EV_tlb_flush, "asid"), _i ? 9 : m.asid);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vmload");
    TCase *t = tcase_create("vmload");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_loop_test(t, vmload_brings_the_set_and_it_stays_after_the_exit, 0,
                        ARRAY_SIZE(set));
    tcase_add_loop_test(t, vmsave_takes_home_what_the_guest_wrote, 0,
                        ARRAY_SIZE(set));
    tcase_add_loop_test(t, vmload_makes_bases_canonical, 0, ARRAY_SIZE(set));
    tcase_add_test(t, an_unintercepted_vmsave_reaches_the_hosts_memory);
    tcase_add_test(t, a_virtualized_vmload_goes_through_the_nested_tables);
    tcase_add_loop_test(t, a_bad_vmcb_address_is_gp, 0, 12);
    tcase_add_test(t, vmrun_writes_the_host_save_area);
    tcase_add_loop_test(t, a_hypervisor_that_forgets_loses_its_own_registers, 0,
                        2);
    tcase_add_loop_test(t, the_map_has_two_bits_for_each_msr, 0, 20);
    tcase_add_test(t, an_msr_that_nobody_knows_is_gp);
    tcase_add_loop_test(t, an_msr_takes_what_it_may_take, 0,
                        ARRAY_SIZE(values));
    tcase_add_test(t, rdmsr_splits_and_clears_upper_halves);
    tcase_add_loop_test(t, tlb_control_says_what_to_drop, 0, 4);
    tcase_add_loop_test(t, a_cpu_without_flush_by_asid_drops_more, 3, 4);
    tcase_add_loop_test(t, a_write_drops_what_the_manual_says, 0,
                        ARRAY_SIZE(flushes));
    tcase_add_loop_test(t, invlpg_names_its_page_and_invlpga_its_asid_too, 0,
                        2);
    return run_suite(s);
}
