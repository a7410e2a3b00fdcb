/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of the kernels is found again, unaided. Counts and geometries:
 * tables of the kernels' own functions (tests/data/golden/README.md), which say
 * where SEV-ES is offered while no entry faults, and where caching is off while
 * one would.
 */
#include "load.h"
#include "prove.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

static struct pool *pool;
static struct catalog *catalog;
static struct lab_axes axes;
static struct lab_question q;
static struct lab_proof proof;
static struct report_proof report;
static struct lab_part parts[2];

static void setup(void)
{
    struct err e = { 0 };
    static const char *const names[] = { "genoa", "milan" };

    pool = pool_create();
    catalog = catalog_open(pool, "models");
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        const struct cpu_file *f =
            catalog_cpu(catalog, names[i], (struct mark) { 0 }, &e);

        ck_assert_msg(f, "%s", e.msg);
        parts[i] = (struct lab_part) { names[i], &f->model };
    }
}

static void teardown(void)
{
    lab_proof_free(&proof);
    pool_destroy(pool);
}

static void narrow(const char *text)
{
    struct err e = { 0 };

    ck_assert_msg(!lab_axes_set(pool, &axes, text, &e), "%s", e.msg);
}

static void ask_about(enum lab_depth depth, const char *kernel,
                      enum invariant i)
{
    struct err e = { 0 };
    const struct kernel_file *k =
        catalog_kernel(catalog, kernel, (struct mark) { 0 }, &e);

    ck_assert_msg(k, "%s", e.msg);
    q = (struct lab_question) { .depth = depth, .kernel = &k->model };
    q.asked[i] = true;
    lab_axes_init(pool, &axes, depth);
}

/* The finding about @i. */
static const struct report_finding *find(void)
{
    q.space = (struct lab_space) { axes.n, axes.axis, policy_default_host() };
    lab_prove(&q, &proof);
    ck_assert_uint_eq(proof.done, proof.states);
    lab_proof_report(pool, &proof, parts, ARRAY_SIZE(parts), &report);
    ck_assert_uint_eq(report.n_findings, 1);
    return &report.finding[0];
}

static void one_request(void)
{
    static const char *const axis[] = { "pa_reduction=0..6", "p_npt=1",
                                        "p_sev=1",           "p_sev_es=1",
                                        "sme_active=0",      "hwcr_smmlock=1",
                                        "asids=100-509",     "f_sev_es=1" };

    for (size_t i = 0; i < ARRAY_SIZE(axis); i++)
        narrow(axis[i]);
}

/* ---- policy depth ---- */

static const struct {
    const char *kernel;
    uint64_t n;
    const char *where;
} hangs[] = {
    { "v5.18", 34, "(51,0,51), (52,0,*), (52,1,51)" },
    { "v5.19", 225, "(51,0,51), (52,*,*)" },
    { "v6.0", 0, NULL },
    { "v6.1", 0, NULL },
    { "v6.1.192", 0, NULL },
    { "v6.12.107", 0, NULL },
    { "v7.3", 0, NULL },
};

START_TEST(sev_es_without_a_faulting_entry_by_policy)
{
    const struct report_finding *f;

    ask_about(LAB_POLICY, hangs[_i].kernel, SEV_ES_CAN_MMIO);
    one_request();
    narrow("p_mmio_caching=1");
    f = find();
    ck_assert_uint_eq(f->violated, hangs[_i].n);
    if (!hangs[_i].n)
        return;
    ck_assert_uint_eq(f->n_places, 1);
    ck_assert_uint_eq(f->places[0].n, hangs[_i].n);
    ck_assert_str_eq(f->places[0].when, "");
    ck_assert_str_eq(f->places[0].text, hangs[_i].where);
    ck_assert_str_eq(f->common, "syscfg_memenc=1");
}
END_TEST

/* 5.18 and 5.19 offer SEV-ES with caching switched off, too: wherever else it
 * is not refused (34 of the 3,760 geometries that can be built, by itself). */
START_TEST(what_a_setting_adds_is_told_apart)
{
    const struct report_finding *f;

    ask_about(LAB_POLICY, "v5.18", SEV_ES_CAN_MMIO);
    one_request();
    f = find();
    ck_assert_uint_eq(f->n_places, 2);
    ck_assert_uint_eq(f->places[0].n, 34);
    ck_assert_str_eq(f->places[1].when, "p_mmio_caching=0");
    ck_assert_uint_eq(f->places[1].n + 34, (17 * 7 - 3) * 32);
    ck_assert_uint_eq(f->repeated, 34);
}
END_TEST

static const struct {
    const char *kernel;
    uint64_t with_sev, without;
} wasted[] = {
    { "v5.18", 0, 197 },
    { "v5.19", 191, 6 },
    { "v6.1", 0, 197 },
    { "v7.3", 0, 197 },
};

START_TEST(caching_that_is_wasted)
{
    const struct report_finding *f;

    ask_about(LAB_POLICY, wasted[_i].kernel, CACHING_NOT_WASTED);
    one_request();
    f = find();
    ck_assert(f->advice);
    ck_assert_uint_eq(f->n_places, wasted[_i].with_sev ? 2 : 1);
    if (wasted[_i].with_sev)
        ck_assert_uint_eq(f->places[0].n, wasted[_i].with_sev);
    ck_assert_str_eq(f->places[f->n_places - 1].when, "f_sev=0");
    ck_assert_uint_eq(f->places[f->n_places - 1].n, wasted[_i].without);
}
END_TEST

START_TEST(cpus_that_cannot_be_built_are_skipped)
{
    ask_about(LAB_POLICY, "v6.1", MMIO_FAULTS);
    one_request();
    narrow("raw_maxphyaddr=32..34");
    narrow("pa_reduction=0..4");
    narrow("f_sme=0,1");
    find();
    /* Without SME no SYSCFG bit; else at least 32 bits must be left. */
    ck_assert_uint_eq(proof.skipped, 32 * 4 * (15 + 9));
}
END_TEST

/* ---- machine depth ---- */

START_TEST(a_guest_finds_the_same_by_hanging)
{
    const struct report_finding *f;

    ask_about(LAB_MACHINE, hangs[_i].kernel, SEV_ES_CAN_MMIO);
    narrow("raw_maxphyaddr=51,52");
    narrow("cbit=47,51");
    narrow("pa_reduction=0,1,6");
    f = find();
    if (_i == 0) /* (51,0,51), (52,0,47), (52,0,51), (52,1,51) */
        ck_assert_uint_eq(f->violated, 4);
    else if (_i == 1) /* and all of 52 */
        ck_assert_uint_eq(f->violated, 7);
    else
        ck_assert_uint_eq(f->violated, 0);
    if (f->violated) {
        ck_assert_str_eq(f->vms, "sev-es");
        ck_assert_ptr_nonnull(strstr(f->example.why, "never told"));
    }
}
END_TEST

START_TEST(the_closest_part_needs_the_fewest_changes)
{
    const struct report_finding *f;

    ask_about(LAB_MACHINE, "v5.18", SEV_ES_CAN_MMIO);
    narrow("raw_maxphyaddr=51,52");
    narrow("cbit=51");
    narrow("pa_reduction=1");
    f = find(); /* (52,1,51) only; genoa is (52,6,51) */
    ck_assert_str_eq(f->example.cpu, "genoa");
    ck_assert_uint_eq(f->example.n_settings, 1);
    ck_assert_str_eq(f->example.setting[0].key, "cpu.set.phys_reduction");
    ck_assert_str_eq(f->example.setting[0].value, "1");
}
END_TEST

START_TEST(every_type_of_vm_is_created_and_all_is_well)
{
    struct err e = { 0 };

    q = (struct lab_question) {
        .depth = LAB_MACHINE,
        .kernel =
            &catalog_kernel(catalog, "v6.1", (struct mark) { 0 }, &e)->model,
        .jobs = (unsigned)_i,
    };
    memset(q.asked, true, sizeof(q.asked));
    lab_axes_init(pool, &axes, LAB_MACHINE);
    narrow("raw_maxphyaddr=48,52");
    narrow("cbit=51");
    narrow("pa_reduction=1,5");
    q.space = (struct lab_space) { axes.n, axes.axis, policy_default_host() };
    lab_prove(&q, &proof);
    ck_assert_uint_eq(proof.states, 2 * 2 * 2 * 3);
    for (unsigned i = 0; i < N_INVARIANTS; i++) {
        ck_assert_uint_eq(proof.finding[i].violated, 0);
        ck_assert_msg(proof.finding[i].tested, "%s", invariant_table[i].name);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lab/prove");
    TCase *t = tcase_create("prove");

    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, sev_es_without_a_faulting_entry_by_policy, 0,
                        ARRAY_SIZE(hangs));
    tcase_add_test(t, what_a_setting_adds_is_told_apart);
    tcase_add_loop_test(t, caching_that_is_wasted, 0, ARRAY_SIZE(wasted));
    tcase_add_test(t, cpus_that_cannot_be_built_are_skipped);
    tcase_add_loop_test(t, a_guest_finds_the_same_by_hanging, 0,
                        ARRAY_SIZE(hangs));
    tcase_add_test(t, the_closest_part_needs_the_fewest_changes);
    tcase_add_loop_test(t, every_type_of_vm_is_created_and_all_is_well, 1, 4);
    suite_add_tcase(s, t);
    return run_suite(s);
}
