/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What VMRUN refuses and what it lives with: APM vol. 2, 15.5.1, 15.20,
 * 15.25.3, 15.34.3, 15.35.2; kvm-unit-tests, x86/svm_tests.c.
 */
#include "hw/cpu.h"
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

#define HLT "\xf4"

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

/* ---- what VMRUN refuses ---- */

#define SAVE(x) (VMCB_SAVE + (x))
#define NP      NESTED_CTL_NP_ENABLE
#define SSS     BIT(4)
#define AVIC_ON INT_CTL_AVIC

/* The list of 15.5.1 and of the sections that add to it, in their order; the
 * row is the place in that list. Each value replaces one field of a VMCB that
 * runs. */
static const struct {
    unsigned row;
    const char *name;
    unsigned at, size;
    uint64_t value;
    enum mini_type type;
    enum feature more; /* that the CPU has; 0 for none */
} refused[] = {
    { 1, "EFER.SVME=0", SAVE(SAVE_EFER), 8, EFER64 & ~EFER_SVME, PLAIN, 0 },
    { 2, "NW without CD", SAVE(SAVE_CR0), 8, CR0_PG | CR0_PE | CR0_NW, PLAIN,
      0 },
    { 3, "CR0 bit 32", SAVE(SAVE_CR0), 8, CR0_PG | CR0_PE | BIT(32), PLAIN, 0 },
    { 4, "CR3 bit 48", SAVE(SAVE_CR3), 8, PML4 | BIT(48), PLAIN, 0 },
    { 5, "CR4 bit 13", SAVE(SAVE_CR4), 8, CR4_PAE | BIT(13), PLAIN, 0 },
    { 5, "LA57 without LA57", SAVE(SAVE_CR4), 8, CR4_PAE | CR4_LA57, PLAIN, 0 },
    { 6, "DR6 bit 32", SAVE(SAVE_DR6), 8, BIT(32), PLAIN, 0 },
    { 6, "DR7 bit 32", SAVE(SAVE_DR7), 8, BIT(32), PLAIN, 0 },
    { 7, "EFER bit 9", SAVE(SAVE_EFER), 8, EFER64 | BIT(9), PLAIN, 0 },
    { 9, "LME, PG, no PAE", SAVE(SAVE_CR4), 8, 0, PLAIN, 0 },
    { 10, "LME, PG, no PE", SAVE(SAVE_CR0), 8, CR0_PG, PLAIN, 0 },
    { 11, "CS.L and CS.D", SAVE(SAVE_CS), 8, 0xe9b0008, PLAIN, 0 },
    { 12, "VMRUN not intercepted", VMCB_INTERCEPT_4, 4, INTERCEPT4_VMMCALL,
      PLAIN, 0 },
    { 13, "MSR map ends beyond", VMCB_MSRPM_BASE, 8, BIT(48) - 0x1000, PLAIN,
      0 },
    { 13, "I/O map ends beyond", VMCB_IOPM_BASE, 8, BIT(48) - 0x2000, PLAIN,
      0 },
    { 14, "EVENTINJ type 1", VMCB_EVENTINJ, 8, EVENT_V | 1 << 8 | 32, PLAIN,
      0 },
    { 14, "EVENTINJ type 5", VMCB_EVENTINJ, 8, EVENT_V | 5 << 8 | 32, PLAIN,
      0 },
    { 14, "EVENTINJ type 6", VMCB_EVENTINJ, 8, EVENT_V | 6 << 8 | 32, PLAIN,
      0 },
    { 14, "EVENTINJ type 7", VMCB_EVENTINJ, 8, EVENT_V | 7 << 8 | 32, PLAIN,
      0 },
    { 14, "EVENTINJ exception 2", VMCB_EVENTINJ, 8, EVENT_V | 3 << 8 | 2, PLAIN,
      0 },
    { 14, "EVENTINJ exception 32", VMCB_EVENTINJ, 8, EVENT_V | 3 << 8 | 32,
      PLAIN, 0 },
    { 14, "SEV-ES, INT n", VMCB_EVENTINJ, 8, EVENT_V | 4 << 8 | 3, SEV_ES, 0 },
    { 14, "SEV-ES, #BP", VMCB_EVENTINJ, 8, EVENT_V | 3 << 8 | 3, SEV_ES, 0 },
    { 14, "SEV-ES, #OF", VMCB_EVENTINJ, 8, EVENT_V | 3 << 8 | 4, SEV_ES, 0 },
    { 15, "ASID 0", VMCB_ASID, 4, 0, PLAIN, 0 },
    { 16, "S_CET bit 2", SAVE(SAVE_S_CET), 8, BIT(2), PLAIN, FEAT_CET_SS },
    { 16, "S_CET bit 63", SAVE(SAVE_S_CET), 8, BIT(63), PLAIN, FEAT_CET_SS },
    { 17, "CET without WP", SAVE(SAVE_CR0), 8, CR0_PG | CR0_PE, PLAIN,
      FEAT_CET_SS },
    { 18, "nCR3 bit 52", VMCB_NCR3, 8, NPML4 | BIT(52), PLAIN, 0 },
    { 18, "nCR3 bit given up", VMCB_NCR3, 8, NPML4 | BIT(43), SEV, 0 },
    { 18, "G_PAT type 2", SAVE(SAVE_G_PAT), 8, 2, PLAIN, 0 },
    { 18, "G_PAT type 8", SAVE(SAVE_G_PAT), 8, 8ULL << 56, PLAIN, 0 },
    { 19, "SSS without NP", VMCB_NESTED_CTL, 8, SSS, PLAIN, FEAT_SSS_CHECK },
    { 20, "SEV without NP", VMCB_NESTED_CTL, 8, NESTED_CTL_SEV, SEV, 0 },
    { 20, "SEV, ASID too high", VMCB_ASID, 4, 16, SEV, 0 },
    { 20, "SEV-ES without SEV", VMCB_NESTED_CTL, 8, NP | NESTED_CTL_SEV_ES, SEV,
      0 },
    { 20, "SEV-ES without LBRV", VMCB_VIRT_EXT, 8, 0, SEV_ES, 0 },
    { 20, "VMSA not on a page", VMCB_VMSA_PA, 8, HOST_VMSA + 8, SEV_ES, 0 },
    { 21, "x2AVIC without AVIC", VMCB_INT_CTL, 8, INT_CTL_X2AVIC, PLAIN,
      FEAT_X2AVIC },
    { 22, "V_NMI, NMI not intercepted", VMCB_INT_CTL, 8, INT_CTL_V_NMI_ENABLE,
      PLAIN, FEAT_VNMI },
    /* Legal and not modelled; the reason says so. */
    { 0, "real mode", SAVE(SAVE_CR0), 8, 0, PLAIN, 0 },
    { 0, "AVIC", VMCB_INT_CTL, 8, AVIC_ON, PLAIN, FEAT_AVIC },
    { 0, "CET", SAVE(SAVE_CR4), 8, CR4_PAE | CR4_CET, PLAIN, FEAT_CET_SS },
};

static void create(enum mini_type type, enum feature more)
{
    struct cpu_model model =
        type == PLAIN ? lab_model() : lab_model_sev(48, 5, 51);

    if (more)
        model.features[more] = true;
    mini_create_on(&m, type, &model);
    MINI_CODE(&m, HLT);
    mini_launch(&m);
}

START_TEST(vmrun_refuses)
{
    static const char model[] = "nptsim:";
    const char *source;

    create(refused[_i].type, refused[_i].more);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    if (refused[_i].row == 17)
        mini_reg(&m, SAVE_CR4, CR4_PAE | CR4_CET);
    m.w.ops->write(m.w.hw, HOST_VMCB + refused[_i].at, &refused[_i].value,
                   refused[_i].size);
    ck_assert_msg(mini_run(&m) == EXIT_INVALID, "row %u, %s", refused[_i].row,
                  refused[_i].name);
    ck_assert_uint_eq(m.count[EV_vmrun_invalid], 1);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0);
    source =
        (const char *)(uintptr_t)mini_field(&m, EV_vmrun_invalid, "source");
    ck_assert_msg(!strncmp(source, model, sizeof(model) - 1) ==
                      !refused[_i].row,
                  "%s: %s", refused[_i].name, source);
}
END_TEST

/* Bits of AVIC's words; they count once AVIC is on. */
static const struct {
    unsigned at;
    uint64_t value;
} avic_words[] = {
    { VMCB_AVIC_BACKING, BIT(48) },  { VMCB_AVIC_BACKING, 0x800 },
    { VMCB_AVIC_LOGICAL, BIT(51) },  { VMCB_AVIC_LOGICAL, 1 },
    { VMCB_AVIC_PHYSICAL, BIT(48) }, { VMCB_AVIC_PHYSICAL, 256 },
};

START_TEST(row_21_avic_pointers)
{
    create(PLAIN, _i % 2 ? FEAT_AVIC : 0);
    mini_set(&m, VMCB_INT_CTL, AVIC_ON);
    mini_set(&m, avic_words[_i / 2].at, avic_words[_i / 2].value);
    ck_assert_uint_eq(mini_run(&m), _i % 2 ? EXIT_INVALID : EXIT_HLT);
    if (_i % 2)
        ck_assert_str_eq(
            (const char *)(uintptr_t)mini_field(&m, EV_vmrun_invalid, "source"),
            "APM vol. 2, 15.29.9");
}
END_TEST

/* ---- every bit of a register ---- */

/* Bits that may be set on the plain machine: 15.5.1; CR4: 3.1.3 with PCIDE,
 * SMEP, SMAP, PKE there and UMIP, LA57, CET not; EFER: 3.1.7. */
static const struct {
    unsigned at;
    uint64_t start, legal;
} registers[] = {
    { SAVE_CR0, CR0_PG | CR0_PE | CR0_CD, 0xffffffff },
    { SAVE_CR3, PML4, 0xffffffffffff },
    { SAVE_CR4, CR4_PAE, 0x7707ff },
    { SAVE_EFER, EFER64, 0xfdff },
    { SAVE_DR6, 0, 0xffffffff },
    { SAVE_DR7, 0, 0xffffffff },
};

START_TEST(a_bit_is_refused_where_it_does_not_exist)
{
    unsigned reg = (unsigned)_i / 64, bit = (unsigned)_i % 64;

    create(PLAIN, 0);
    trace_init(&m.trace, m.pool);
    mini_reg(&m, registers[reg].at, registers[reg].start | BIT(bit));
    ck_assert_msg((mini_run(&m) == EXIT_INVALID) ==
                      !(registers[reg].legal & BIT(bit)),
                  "register at %x, bit %u", registers[reg].at, bit);
}
END_TEST

START_TEST(a_bit_of_ncr3_is_refused_where_it_does_not_exist)
{
    create(_i / 64 ? SEV : PLAIN, 0);
    trace_init(&m.trace, m.pool);
    mini_set(&m, VMCB_NCR3, NPML4 | BIT(_i % 64));
    /* 48 bits; with encryption 43, and the C-bit 51. */
    ck_assert_int_eq(mini_run(&m) == EXIT_INVALID,
                     _i / 64 ? _i % 64 >= 43 && _i % 64 != 51 : _i % 64 >= 48);
}
END_TEST

START_TEST(sev_needs_a_locked_smm)
{
    struct cpu_model model = lab_model_sev(48, 5, 51);

    mini_create(&m, SEV);
    model.smmlock = false;
    cpu_reset(m.cpu, &model);
    m.w.ops->wrmsr(m.w.hw, MSR_EFER, EFER_SCE | EFER64);
    mini_tables(&m);
    mini_vmcb(&m);
    mini_registers(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_INVALID);
}
END_TEST

/* A host in PAE mode: nested tables of three levels. SEV lives with it unless
 * the CPU says 64BitHost. */
START_TEST(row_20_a_host_outside_of_long_mode)
{
    struct cpu_model model = lab_model_sev(48, 5, 51);

    model.features[FEAT_SEV_64BIT_HOST] = _i % 2;
    mini_create_on(&m, _i / 2 ? SEV : PLAIN, &model);
    MINI_CODE(&m, HLT);
    mini_launch(&m);
    mini_poke(&m, NPDPT, NPD | PTE_P);
    mini_set(&m, VMCB_NCR3, NPDPT);
    m.cpu->efer = EFER_SVME | EFER_NXE;
    ck_assert_uint_eq(mini_run(&m), _i == 3 ? EXIT_INVALID : EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_vmrun_invalid], _i == 3);
}
END_TEST

/* A VMSA marked busy, on a part with Secure AVIC or without. */
START_TEST(row_25_a_busy_vmsa)
{
    struct cpu_model model = lab_model_sev(48, 5, 51);

    model.features[FEAT_SECURE_AVIC] = _i;
    mini_create_on(&m, SEV_ES, &model);
    MINI_CODE(&m, HLT);
    mini_reg(&m, 0x3b8, BIT(63));
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), _i ? ~1ULL : EXIT_HLT);
}
END_TEST

/* Cores of one thread satisfy SMT protection, where the CPU has it. */
START_TEST(row_25_an_idle_sibling)
{
    struct cpu_model model = lab_model_sev(48, 5, 51);

    model.features[FEAT_SMT_PROTECTION] = _i;
    mini_create_on(&m, SEV_ES, &model);
    MINI_CODE(&m, HLT);
    mini_reg(&m, 0x3b0, BIT(15));
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), _i ? EXIT_HLT : EXIT_INVALID);
}
END_TEST

/* 8K before the limit: by the APM's text (15.5.1) and in Bochs, and as
 * kvm-unit-tests, x86/svm_tests.c, and QEMU have it; 12K before for all. */
START_TEST(an_msr_map_may_end_at_the_limit_or_not)
{
    struct cpu_model model = lab_model();

    model.knobs.msrpm_at_limit = _i ? MSRPM_LIMIT_REFUSED : MSRPM_LIMIT_ALLOWED;
    mini_create_on(&m, PLAIN, &model);
    MINI_CODE(&m, HLT);
    mini_set(&m, VMCB_MSRPM_BASE, BIT(model.maxphyaddr_raw) - 0x2000);
    ck_assert_uint_eq(mini_run(&m), _i ? EXIT_INVALID : EXIT_HLT);
    mini_reg(&m, SAVE_RIP, CODE);
    mini_set(&m, VMCB_MSRPM_BASE, BIT(model.maxphyaddr_raw) - 0x3000);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
}
END_TEST

START_TEST(harmless_oddities_run)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, HLT);
    mini_set(&m, VMCB_MSRPM_BASE, BIT(48) - 0x2000);
    mini_set(&m, VMCB_IOPM_BASE, BIT(48) - 0x3000);
    mini_reg(&m, SAVE_CR0, CR0_PG | CR0_PE | CR0_CD | CR0_NW);
    mini_reg(&m, SAVE_CR3, PML4 | 0xfff);
    for (unsigned at = SAVE_ES; at <= SAVE_TR; at += 16)
        if (at != SAVE_CS)
            mini_reg(&m, at + 8, mini_reg_of(&m, at + 8) | 0xdead000000000000);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
}
END_TEST

START_TEST(bases_become_canonical)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\x06"); /* #UD */
    mini_reg(&m, SAVE_IDTR + 8, IDT | 0xdead000000000000);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), HANDLERS + 16 * VEC_UD);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_IDTR + 8), IDT);
}
END_TEST

START_TEST(without_encryption_the_sev_bits_mean_nothing)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, HLT);
    mini_set(&m, VMCB_NESTED_CTL,
             NESTED_CTL_NP_ENABLE | NESTED_CTL_SEV | NESTED_CTL_SEV_ES);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_vmrun, "sev_es"), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vmcb_check");
    TCase *t = tcase_create("vmcb_check");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, vmrun_refuses, 0, ARRAY_SIZE(refused));
    tcase_add_loop_test(t, row_21_avic_pointers, 0, 2 * ARRAY_SIZE(avic_words));
    tcase_add_loop_test(t, a_bit_is_refused_where_it_does_not_exist, 0,
                        64 * ARRAY_SIZE(registers));
    tcase_add_loop_test(t, a_bit_of_ncr3_is_refused_where_it_does_not_exist, 0,
                        128);
    tcase_add_test(t, sev_needs_a_locked_smm);
    tcase_add_loop_test(t, row_20_a_host_outside_of_long_mode, 0, 4);
    tcase_add_loop_test(t, row_25_a_busy_vmsa, 0, 2);
    tcase_add_loop_test(t, row_25_an_idle_sibling, 0, 2);
    tcase_add_loop_test(t, an_msr_map_may_end_at_the_limit_or_not, 0, 2);
    tcase_add_test(t, harmless_oddities_run);
    tcase_add_test(t, bases_become_canonical);
    tcase_add_test(t, without_encryption_the_sev_bits_mean_nothing);
    return run_suite(s);
}
