/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What VMRUN refuses and what it lives with: APM vol. 2, 15.5.1, 15.20,
 * 15.25.3, 15.34.3, 15.35.2; kvm-unit-tests, x86/svm_tests.c. And VMCBs that
 * nobody would write.
 */
#include "unit/hw/mini.h"

#include <stdlib.h>

#define MOV_EAX_MMIO "\x8b\x04\x25\xf0\xd0\x00\x00"     /* mov eax,[0xd0f0] */
#define MOV_RAX_DATA "\x48\x8b\x04\x25\x00\xc0\x00\x00" /* mov rax,[0xc000] */
#define HLT          "\xf4"

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

/* ---- what VMRUN refuses ---- */

#define SAVE(x) (VMCB_SAVE + (x))

static const struct {
    const char *name;
    unsigned at;
    uint64_t value;
    enum mini_type type;
} refused[] = {
    { "ASID 0", VMCB_ASID, 0, PLAIN },
    { "no VMRUN intercept", VMCB_INTERCEPT_4, INTERCEPT4_VMMCALL, PLAIN },
    { "EFER.SVME=0", SAVE(SAVE_EFER), EFER64 & ~EFER_SVME, PLAIN },
    { "EFER bit 9", SAVE(SAVE_EFER), EFER64 | BIT(9), PLAIN },
    { "NW without CD", SAVE(SAVE_CR0), CR0_PG | CR0_PE | CR0_NW, PLAIN },
    { "CR0 bit 32", SAVE(SAVE_CR0), CR0_PG | CR0_PE | BIT(32), PLAIN },
    { "CR3 bit 48", SAVE(SAVE_CR3), PML4 | BIT(48), PLAIN },
    { "CR4 bit 13", SAVE(SAVE_CR4), CR4_PAE | BIT(13), PLAIN },
    { "CR4.LA57 without LA57", SAVE(SAVE_CR4), CR4_PAE | CR4_LA57, PLAIN },
    { "long mode without PAE", SAVE(SAVE_CR4), 0, PLAIN },
    { "DR6 bit 32", SAVE(SAVE_DR6), BIT(32), PLAIN },
    { "DR7 bit 32", SAVE(SAVE_DR7), BIT(32), PLAIN },
    { "G_PAT type 2", SAVE(SAVE_G_PAT), 2, PLAIN },
    { "CS.L and CS.D", SAVE(SAVE_CS), 0x00000e9b0008ULL, PLAIN },
    { "nCR3 bit 52", VMCB_NCR3, NPML4 | BIT(52), PLAIN },
    { "MSR map beyond memory", VMCB_MSRPM_BASE, BIT(48) - 0x1000, PLAIN },
    { "I/O map beyond memory", VMCB_IOPM_BASE, BIT(48) - 0x2000, PLAIN },
    { "EVENTINJ type 1", VMCB_EVENTINJ, EVENT_V | 1 << 8 | 32, PLAIN },
    { "EVENTINJ exception 2", VMCB_EVENTINJ, EVENT_V | 3 << 8 | 2, PLAIN },
    { "EVENTINJ exception 32", VMCB_EVENTINJ, EVENT_V | 3 << 8 | 32, PLAIN },
    { "SEV without NP", VMCB_NESTED_CTL, NESTED_CTL_SEV, SEV },
    { "SEV, ASID too high", VMCB_ASID, 16, SEV },
    { "SEV-ES without SEV", VMCB_NESTED_CTL,
      NESTED_CTL_NP_ENABLE | NESTED_CTL_SEV_ES, SEV },
    { "SEV-ES without LBRV", VMCB_VIRT_EXT, 0, SEV_ES },
    { "SEV-ES, software interrupt", VMCB_EVENTINJ, EVENT_V | 4 << 8 | 3,
      SEV_ES },
    { "SEV-ES, #BP", VMCB_EVENTINJ, EVENT_V | 3 << 8 | 3, SEV_ES },
    { "nCR3 bit given up", VMCB_NCR3, NPML4 | BIT(43), SEV },
    /* Legal, not modelled. */
    { "NP off", VMCB_NESTED_CTL, 0, PLAIN },
    { "paging off", SAVE(SAVE_CR0), CR0_PE, PLAIN },
};

START_TEST(vmrun_refuses)
{
    mini_create(&m, refused[_i].type);
    MINI_CODE(&m, HLT);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    mini_set(&m, refused[_i].at,
             refused[_i].at == VMCB_ASID || refused[_i].at == VMCB_INTERCEPT_4
                 ? refused[_i].value |
                       (mini_get(&m, refused[_i].at) & 0xffffffff00000000)
                 : refused[_i].value);
    ck_assert_msg(mini_run(&m) == EXIT_INVALID, "%s", refused[_i].name);
    ck_assert_uint_eq(m.count[EV_vmrun_invalid], 1);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0);
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

START_TEST(harmless_oddities_run)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, HLT);
    mini_set(&m, VMCB_MSRPM_BASE, BIT(48) - 0x2000);
    mini_set(&m, VMCB_IOPM_BASE, BIT(48) - 0x3000);
    mini_reg(&m, SAVE_CR0, CR0_PG | CR0_PE | CR0_CD | CR0_NW);
    mini_reg(&m, SAVE_CR3, PML4 | 0xfff);
    mini_seg(&m, SAVE_ES, 0, 0, 0, 0xdead000000000000);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
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

/* ---- hostile VMCBs ---- */

static uint64_t random64(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

/* Everything that matters: the guest's low pages, the host's structures. */
#define LOW_SIZE  0x10000
#define HIGH      HOST_VMCB
#define HIGH_SIZE (NPT(0) + PAGE_SIZE_4K - HIGH)

static void damage(uint64_t *s)
{
    uint64_t v = random64(s) & random64(s), word = random64(s) % 512 * 8;

    switch (random64(s) % 4) {
    case 0:
        mini_set(&m, random64(s) % 0x110 & ~7U, v);
        break;
    case 1:
        mini_set(&m, VMCB_SAVE + (random64(s) % 0x270 & ~7U), v);
        break;
    case 2:
        mini_poke(&m, random64(s) % 16 * PAGE_SIZE_4K + word, v);
        break;
    case 3:
        mini_poke(&m, NPML4 + random64(s) % 4 * PAGE_SIZE_4K + word % 256, v);
        break;
    }
}

/* Any VMCB, and any memory, makes some exit; nothing else may happen. 20,000
 * of them in ten runs. */
START_TEST(a_hostile_vmcb_makes_an_exit)
{
    uint64_t s = 0x9e3779b97f4a7c15ULL + (uint64_t)_i;
    static uint8_t low[LOW_SIZE], high[HIGH_SIZE];
    unsigned entered = 0;

    mini_create(&m, (enum mini_type)(_i % 3));
    MINI_CODE(&m, MOV_RAX_DATA MOV_EAX_MMIO HLT);
    mini_launch(&m);
    trace_init(&m.trace, m.pool);
    m.w.ops->read(m.w.hw, 0, low, sizeof(low));
    m.w.ops->read(m.w.hw, HIGH, high, sizeof(high));
    for (unsigned n = 0; n < 2000; n++) {
        for (unsigned k = 1 + random64(&s) % 4; k-- > 0;)
            damage(&s);
        entered += mini_run(&m) != EXIT_INVALID;
        m.w.ops->write(m.w.hw, 0, low, sizeof(low));
        m.w.ops->write(m.w.hw, HIGH, high, sizeof(high));
    }
    ck_assert_uint_gt(entered, 200);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vmcb_check");
    TCase *t = tcase_create("vmcb_check");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, vmrun_refuses, 0, ARRAY_SIZE(refused));
    tcase_add_test(t, sev_needs_a_locked_smm);
    tcase_add_test(t, harmless_oddities_run);
    tcase_add_test(t, without_encryption_the_sev_bits_mean_nothing);
    tcase_add_loop_test(t, a_hostile_vmcb_makes_an_exit, 0, 10);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
