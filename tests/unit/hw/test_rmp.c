/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reverse map table: where it is, what the TLB remembers of it. What it
 * makes of single walks: tests/data/vectors/conformance.csv.
 */
#include "hw/cpu.h"

#include "unit/hw/tlb_lab.h"

#include <check.h>

#define BASE 0x100000ULL
#define END  0x1103fffULL

static struct cpu_model snp_model(enum tlb_mode mode)
{
    struct cpu_model m = lab_model_sev(48, 0, 47);

    m.features[FEAT_SEV_SNP] = true;
    m.tlb = lab_geometry(mode);
    return m;
}

static void start(enum tlb_mode mode)
{
    struct cpu_model m = snp_model(mode);

    cpu_reset(cpu, &m);
}

/* Facts of the table's geometry: APM vol. 2, 15.36.4. */
START_TEST(sixteen_bytes_for_each_covered_page)
{
    struct rmp_entry e;

    start(TLB_OFF);
    ck_assert(cpu_wrmsr(cpu, MSR_RMP_BASE, BASE));
    ck_assert(cpu_wrmsr(cpu, MSR_RMP_END, END));
    e = rmp_find(cpu, 0xfffff000);
    ck_assert_uint_eq(e.slot, END + 1 - 16);
    e = rmp_find(cpu, 0x12345000);
    ck_assert_uint_eq(e.slot, 0x227450);
    e = rmp_find(cpu, 0x100000000);
    ck_assert_uint_eq(e.slot, 0);
}
END_TEST

START_TEST(the_table_stays_where_it_is_once_snp_is_on)
{
    uint64_t value, on;

    start(TLB_OFF);
    ck_assert(!cpu_wrmsr(cpu, MSR_RMP_BASE, BASE + 0x1000));
    ck_assert(!cpu_wrmsr(cpu, MSR_RMP_END, END - 1));
    ck_assert(!cpu_wrmsr(cpu, MSR_RMP_END, 1ULL << 52 | 0x1fff));
    ck_assert(cpu_wrmsr(cpu, MSR_RMP_BASE, BASE));
    ck_assert(cpu_wrmsr(cpu, MSR_RMP_END, END));
    on = cpu->syscfg | SYSCFG_SNP_EN | SYSCFG_VMPL_EN;
    ck_assert(cpu_wrmsr(cpu, MSR_SYSCFG, on));
    ck_assert(!cpu_wrmsr(cpu, MSR_RMP_BASE, 2 * BASE));
    ck_assert(cpu_rdmsr(cpu, MSR_RMP_BASE, &value));
    ck_assert_uint_eq(value, BASE);
    /* Later writes to SYSCFG are ignored (APM vol. 2, 15.36.2). */
    ck_assert(cpu_wrmsr(cpu, MSR_SYSCFG, 0));
    ck_assert(cpu_rdmsr(cpu, MSR_SYSCFG, &value));
    ck_assert_uint_eq(value, on);
}
END_TEST

START_TEST(a_cpu_without_snp_has_none_of_this)
{
    struct cpu_model m = lab_model_sev(48, 0, 47);
    uint64_t value;

    cpu_reset(cpu, &m);
    ck_assert(!cpu_rdmsr(cpu, MSR_RMP_BASE, &value));
    ck_assert(!cpu_wrmsr(cpu, MSR_RMP_BASE, BASE));
    ck_assert(!cpu_wrmsr(cpu, MSR_SYSCFG, cpu->syscfg | SYSCFG_SNP_EN));
}
END_TEST

/* The bench of walk_lab.h on an SNP host; the guest may have all its pages. */
static void load_bench(enum tlb_mode mode, bool snp_guest)
{
    struct walk_setup s = setup_of(0, 0);
    const char *why;

    start(mode);
    build_tables();
    s.snpe = s.vmple = true;
    s.sev = s.snp = snp_guest;
    s.asid = 1;
    s.in_clear = true;
    s.rmp_base = 0x100000000;
    s.rmp_end = 0x100000000 + RMP_BOOKKEEPING + BIT(20) * RMP_ENTRY_SIZE - 1;
    ck_assert_msg(walk_load(cpu, &s, &why), "%s", why);
    for (gpa_t gpa = 0; snp_guest && gpa < 0x10000; gpa += PAGE_SIZE_4K)
        rmp_store(cpu, gpa,
                  RMP_ASSIGNED | RMP_VALIDATED | gpa | BIT(RMP_ASID_SHIFT),
                  VMPL_ALL);
}

START_TEST(a_read_leaves_no_right_to_write)
{
    load_bench(_i, false);
    rmp_store(cpu, DATA, RMP_ASSIGNED | BIT(RMP_ASID_SHIFT), 0);
    ck_assert_int_eq(touch(GVA, ACCESS_READ).outcome, WALK_OK);
    ck_assert_uint_eq(touch(GVA, ACCESS_WRITE).info1, 0x180000007);
    rmp_store(cpu, DATA, 0, 0);
    ck_assert_int_eq(touch(GVA, ACCESS_WRITE).outcome, WALK_OK);
}
END_TEST

/* The check is part of the walk and remembered with it, until a flush. */
START_TEST(what_was_permitted_is_remembered)
{
    load_bench(_i, true);
    ck_assert_int_eq(touch(GVA, ACCESS_FETCH).outcome, WALK_OK);
    rmp_store(cpu, DATA, 0, 0);
    ck_assert_int_eq(touch(GVA, ACCESS_FETCH).outcome,
                     _i == TLB_OFF ? WALK_NPF : WALK_OK);
    cpu_flush_tlb(cpu, FLUSH_ALL, 0, "test");
    ck_assert_uint_eq(touch(GVA, ACCESS_FETCH).info1, 0x580000015);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hw_rmp");
    TCase *t = tcase_create("rmp");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, sixteen_bytes_for_each_covered_page);
    tcase_add_test(t, the_table_stays_where_it_is_once_snp_is_on);
    tcase_add_test(t, a_cpu_without_snp_has_none_of_this);
    tcase_add_loop_test(t, a_read_leaves_no_right_to_write, TLB_OFF,
                        TLB_ADVERSARIAL + 1);
    tcase_add_loop_test(t, what_was_permitted_is_remembered, TLB_OFF,
                        TLB_ADVERSARIAL + 1);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
