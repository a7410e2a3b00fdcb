/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_psp.c - the platform as software meets it: RMP registers, and what the
 * secure processor says of itself.
 *
 * Expected values: APM vol. 2, 15.36.4 (RMP_BASE, RMP_END), the SEV API (pub.
 * 55766) and the SNP firmware ABI (pub. 56860).
 */
#include "hw.h"
#include "unit/suite.h"

#include <check.h>

static struct pool *pool;
static struct wire w;

static void setup(void)
{
    pool = pool_create();
}

static void teardown(void)
{
    pool_destroy(pool);
}

static struct cpu_model milan(void)
{
    return (struct cpu_model) {
        .name = "test",
        .signature = 0x00a00f11,
        .maxphyaddr_raw = 48,
        .phys_reduction = 5,
        .cbit = 51,
        .linear_bits = 48,
        .n_asids = 32768,
        .max_sev_asid = 509,
        .min_sev_asid = 100,
        .max_ext_leaf = 0x80000021,
        .mem_encrypt = true,
        .smmlock = true,
        .psp_snp = PSP_SNP_READY,
        .rmp_table = true,
        .features = { [FEAT_SVM] = true,
                      [FEAT_SME] = true,
                      [FEAT_SEV] = true,
                      [FEAT_SEV_ES] = true,
                      [FEAT_SEV_SNP] = true },
    };
}

static void power_on(const struct cpu_model *m)
{
    w = cpu_wire(cpu_create(pool, m, NULL));
}

static enum psp_status ask(enum psp_cmd cmd)
{
    struct psp_request r = { 0 };

    return w.ops->psp(w.hw, cmd, &r);
}

static enum psp_status snp_init(uint32_t hide)
{
    struct psp_request r = { .max_snp_asid = hide };

    return w.ops->psp(w.hw, PSP_SNP_INIT, &r);
}

static struct psp_snp_status status(void)
{
    struct psp_request r = { 0 };

    ck_assert_int_eq(w.ops->psp(w.hw, PSP_SNP_PLATFORM_STATUS, &r), PSP_OK);
    return r.snp;
}

/* ---- registers ------------------------------------------------------------
 */

START_TEST(an_rmp_covers_all_memory_and_lies_at_its_end)
{
    struct cpu_model m = milan();
    uint64_t base, end, covered;

    power_on(&m);
    ck_assert(w.ops->rdmsr(w.hw, MSR_RMP_BASE, &base));
    ck_assert(w.ops->rdmsr(w.hw, MSR_RMP_END, &end));
    ck_assert_uint_eq(base % 0x2000, 0);
    ck_assert_uint_eq((end + 1) % 0x2000, 0);
    ck_assert_uint_eq(end, BIT(43) - 1); /* the width that is left */
    covered = (end + 1 - base - (16 << 10)) / 16 << 12;
    ck_assert_uint_eq(covered, BIT(43));
}
END_TEST

START_TEST(without_one_the_registers_are_0_and_without_snp_gone)
{
    struct cpu_model m = milan();
    uint64_t v = 1;

    m.rmp_table = false;
    power_on(&m);
    ck_assert(w.ops->rdmsr(w.hw, MSR_RMP_BASE, &v));
    ck_assert_uint_eq(v, 0);
    ck_assert(w.ops->rdmsr(w.hw, MSR_RMP_END, &v));
    ck_assert_uint_eq(v, 0);
    m.features[FEAT_SEV_SNP] = false;
    power_on(&m);
    ck_assert(!w.ops->rdmsr(w.hw, MSR_RMP_BASE, &v));
    ck_assert(!w.ops->rdmsr(w.hw, MSR_RMP_END, &v));
}
END_TEST

/* ---- the mailbox ----------------------------------------------------------
 */

START_TEST(nobody_answers_where_there_is_no_secure_processor)
{
    struct cpu_model m = milan();

    m.psp = PSP_ABSENT;
    power_on(&m);
    for (int cmd = PSP_INIT; cmd <= PSP_SNP_FEATURE_INFO; cmd++)
        ck_assert_int_eq(ask((enum psp_cmd)cmd), PSP_NO_DEVICE);
}
END_TEST

START_TEST(a_broken_one_says_so_each_time)
{
    struct cpu_model m = milan();

    m.psp = PSP_FAILS;
    power_on(&m);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(ask(PSP_INIT), PSP_HW_ERROR_PLATFORM);
        ck_assert_int_eq(snp_init(0), PSP_HW_ERROR_PLATFORM);
    }
    ck_assert_int_eq(ask(PSP_LAUNCH_START), PSP_INVALID_PLATFORM_STATE);
}
END_TEST

START_TEST(snp_comes_up_once_before_sev)
{
    struct cpu_model m = milan();

    power_on(&m);
    ck_assert(!status().initialized);
    ck_assert_int_eq(snp_init(0), PSP_OK);
    ck_assert(status().initialized);
    ck_assert_int_eq(snp_init(0), PSP_INVALID_PLATFORM_STATE);
    ck_assert_int_eq(ask(PSP_INIT), PSP_OK);

    power_on(&m);
    ck_assert_int_eq(ask(PSP_INIT), PSP_OK);
    ck_assert_int_eq(snp_init(0), PSP_INVALID_PLATFORM_STATE);
}
END_TEST

START_TEST(the_states_of_snp_firmware)
{
    struct cpu_model m = milan();

    m.psp_snp = PSP_SNP_NONE;
    power_on(&m);
    ck_assert_int_eq(snp_init(0), PSP_UNSUPPORTED);
    ck_assert_int_eq(ask(PSP_SNP_PLATFORM_STATUS), PSP_UNSUPPORTED);
    ck_assert_int_eq(ask(PSP_INIT), PSP_OK);

    m.psp_snp = PSP_SNP_STUCK;
    power_on(&m);
    ck_assert_int_eq(snp_init(0), PSP_OK);
    ck_assert(!status().initialized);

    m.psp_snp = PSP_SNP_INITIALIZED;
    power_on(&m);
    ck_assert(status().initialized);

    m.psp_snp = PSP_SNP_READY;
    m.rmp_table = false;
    power_on(&m);
    ck_assert_int_eq(snp_init(0), PSP_INVALID_CONFIG);
}
END_TEST

static const struct {
    enum psp_cth cth;
    bool info, cap, hides;
} hiding[] = {
    { PSP_CTH_NONE, false, false, false },
    { PSP_CTH_FIRMWARE, true, false, false },
    { PSP_CTH_BIOS, false, true, false },
    { PSP_CTH_BOTH, true, true, true },
};

START_TEST(hiding_takes_firmware_and_bios)
{
    struct cpu_model m = milan();
    struct psp_request r = { 0 };

    m.psp_cth = hiding[_i].cth;
    power_on(&m);
    ck_assert_int_eq(status().feature_info, hiding[_i].info);
    ck_assert_int_eq(status().ciphertext_hiding_cap, hiding[_i].cap);
    ck_assert_int_eq(w.ops->psp(w.hw, PSP_SNP_FEATURE_INFO, &r),
                     hiding[_i].info ? PSP_OK : PSP_UNSUPPORTED);
    ck_assert_uint_eq(r.feature_ecx, hiding[_i].info ? 8 : 0);
    /* ASIDs 1 to 99 are left for SEV-ES and SNP. */
    ck_assert_int_eq(snp_init(100), PSP_INVALID_PARAM);
    ck_assert_int_eq(snp_init(99),
                     hiding[_i].hides ? PSP_OK : PSP_INVALID_PARAM);
}
END_TEST

START_TEST(the_version_lies_where_the_family_has_it)
{
    struct cpu_model m = milan();

    m.psp_svn = 0x1b;
    power_on(&m);
    ck_assert_uint_eq(status().current_tcb, 0x1bULL << 48);
    m.signature = 0x00b00f21; /* Turin */
    power_on(&m);
    ck_assert_uint_eq(status().current_tcb, 0x1bULL << 24);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hw/psp");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, an_rmp_covers_all_memory_and_lies_at_its_end);
    tcase_add_test(t, without_one_the_registers_are_0_and_without_snp_gone);
    tcase_add_test(t, nobody_answers_where_there_is_no_secure_processor);
    tcase_add_test(t, a_broken_one_says_so_each_time);
    tcase_add_test(t, snp_comes_up_once_before_sev);
    tcase_add_test(t, the_states_of_snp_firmware);
    tcase_add_loop_test(t, hiding_takes_firmware_and_bios, 0,
                        ARRAY_SIZE(hiding));
    tcase_add_test(t, the_version_lies_where_the_family_has_it);
    suite_add_tcase(s, t);
    return run_suite(s);
}
