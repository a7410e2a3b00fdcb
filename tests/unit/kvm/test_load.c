/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_load.c - what the kernel believes of its CPU after boot, and what a
 * load, a reload and sysfs make of it.
 *
 * Expected values: the two boot passes as early_detect_mem_encrypt() and
 * setup_clear_cpu_cap() make them (Linux v6.1.192, v7.3), and the tables under
 * tests/data/golden/.
 */
#include "trace.h"
#include "unit/kvm/golden.h"
#include "unit/suite.h"

static struct kvm_module load(const char *kernel, struct fake_host *h,
                              const struct kvm_params *p)
{
    struct kvm_params defaults = kvm_default_params();
    struct wire w = fake_wire(h);
    struct kvm_module m;

    kvm_module_load(&m, &w, kernel_of(kernel), p ? p : &defaults, NULL);
    return m;
}

/* ---- the two passes ---- */

static const struct boot_case {
    bool syscfg, smmlock, sme, sev_flag;
    unsigned width; /* of a 48-bit host that gives 5 bits up */
    bool sev_left;
} boot_cases[] = {
    { false, true, false, true, 48, false },
    { false, false, false, false, 48, false },
    { true, true, false, true, 43, true },
    { true, true, true, true, 43, true },
    { true, true, true, false, 43, false },
    { true, true, false, false, 48, false }, /* SME cleared in pass 1 */
    { true, false, false, true, 48, false }, /* all flags cleared in pass 1 */
    { true, false, false, false, 48, false },
    { true, false, true, true, 43, false },
    { true, false, true, false, 43, false },
};

START_TEST(the_width_is_reduced_only_if_a_flag_survives_the_first_pass)
{
    const struct boot_case *b = &boot_cases[_i];
    struct fake_host h = fake_host();
    struct kvm_params p = kvm_default_params();
    struct kvm_module m;

    h.mem_encrypt = b->syscfg;
    h.smmlock = b->smmlock;
    h.sev_eax = FAKE_SME | (b->sev_flag ? FAKE_SEV | FAKE_SEV_ES : 0);
    p.sme = b->sme;
    m = load("v6.1", &h, &p);
    ck_assert_uint_eq(m.x86_phys_bits, b->width);
    ck_assert_int_eq(m.cap_sev, b->sev_left);
    ck_assert_int_eq(m.cap_sev_es, b->sev_left);
}
END_TEST

START_TEST(a_cpu_without_leaf_8000001f_keeps_its_width)
{
    struct fake_host h = fake_host();
    struct kvm_module m;

    h.max_ext_leaf = 0x8000001e;
    m = load("v6.1", &h, NULL);
    ck_assert_uint_eq(m.x86_phys_bits, 48);
    ck_assert_uint_eq(m.mmio_value, 0x8000000000001);
    ck_assert(!m.sev);
}
END_TEST

START_TEST(kvm_holds_the_raw_width_whatever_the_boot_subtracted)
{
    struct fake_host h = fake_host();

    ck_assert_uint_eq(load("v5.18", &h, NULL).maxphyaddr, 48);
    ck_assert_uint_eq(load("v7.3", &h, NULL).maxphyaddr, 48);
}
END_TEST

START_TEST(the_encryption_bit_of_sptes_is_the_c_bit_only_under_sme)
{
    static const char *const kernels[] = { "v5.18", "v5.19" };
    struct fake_host h = fake_host();
    struct kvm_params p = kvm_default_params();

    ck_assert_uint_eq(load(kernels[_i], &h, &p).me_value, 0);
    p.sme = true;
    ck_assert_uint_eq(load(kernels[_i], &h, &p).me_value, BIT(47));
    h.mem_encrypt = false; /* then the kernel cannot have turned it on */
    ck_assert_uint_eq(load(kernels[_i], &h, &p).me_value, 0);
}
END_TEST

/* ---- SNP hosts ---- */

START_TEST(an_snp_host_needs_the_flag_and_a_reserved_rmp_table)
{
    struct fake_host h = fake_host();

    h.sev_eax |= FAKE_SNP;
    ck_assert(!load("v6.12.107", &h, NULL).sev_snp);
    h.rmp_base = 0x100000;
    h.rmp_end = 0x1fffff;
    ck_assert(load("v6.12.107", &h, NULL).sev_snp);
    ck_assert(!load("v6.1", &h, NULL).sev_snp);
    h.sev_eax &= ~FAKE_SNP;
    ck_assert(!load("v6.12.107", &h, NULL).sev_snp);
}
END_TEST

/* ---- sysfs, events ---- */

START_TEST(sysfs_shows_the_request_in_5_18_and_the_result_later)
{
    struct fake_host h = fake_host();

    h.raw = 51;
    h.reduction = 0;
    h.cbit = 51;
    ck_assert(load("v5.18", &h, NULL).enable_mmio_caching);
    ck_assert_uint_eq(load("v5.18", &h, NULL).mmio_value, 0);
    ck_assert(!load("v5.19", &h, NULL).enable_mmio_caching);
    ck_assert(!load("v6.0", &h, NULL).enable_mmio_caching);
}
END_TEST

struct heard {
    char why[200], source[200];
    unsigned masks, closed, loaded, ignored;
};

static void listen(void *ctx, const struct event *ev)
{
    struct heard *h = ctx;

    if (ev->id == EV_kvm_mmio_mask) {
        h->masks++;
        snprintf(h->why, sizeof(h->why), "%s",
                 event_str(ev, (unsigned)event_field_find(ev->id, "why")));
    } else if (ev->id == EV_kvm_gate) {
        const struct ev_kvm_gate *g = (const void *)ev->fields;

        if (!g->open && strcmp(g->gate, "mmio_caching") == 0) {
            h->closed++;
            snprintf(h->source, sizeof(h->source), "%s", g->source);
        }
    } else if (ev->id == EV_kvm_loaded) {
        h->loaded++;
    } else if (ev->id == EV_kvm_log) {
        const struct ev_kvm_log *l = (const void *)ev->fields;

        h->ignored += strstr(l->text, "unknown parameter") != NULL;
    }
}

/* As modprobe does: it says so, and goes on. */
START_TEST(a_parameter_that_came_later_is_ignored_aloud)
{
    static const struct {
        const char *kernel;
        unsigned ignored;
    } cases[] = { { "v5.11", 3 },
                  { "v5.13", 2 },
                  { "v6.10", 2 },
                  { "v6.11", 1 },
                  { "v6.18", 0 } };
    struct pool *pool = pool_create();
    struct fake_host host = fake_host();
    struct wire w = fake_wire(&host);
    struct kvm_params p = kvm_default_params();
    struct heard h = { .masks = 0 };
    struct trace t;
    struct kvm_module m;

    p.mmio_caching = p.sev_snp = false;
    p.ciphertext_hiding_asids = 5;
    trace_init(&t, pool);
    trace_add_sink(&t, listen, &h);
    kvm_module_load(&m, &w, kernel_of(cases[_i].kernel), &p, &t);
    ck_assert_uint_eq(h.ignored, cases[_i].ignored);
    pool_destroy(pool);
}
END_TEST

START_TEST(a_refusal_names_its_reason_and_its_commit)
{
    struct pool *pool = pool_create();
    struct fake_host host = fake_host();
    struct wire w = fake_wire(&host);
    struct kvm_params p = kvm_default_params();
    struct heard h = { .masks = 0 };
    struct trace t;
    struct kvm_module m;

    host.raw = 51;
    host.reduction = 0;
    host.cbit = 51;
    trace_init(&t, pool);
    trace_add_sink(&t, listen, &h);
    kvm_module_load(&m, &w, kernel_of("v6.0"), &p, &t);
    ck_assert_str_eq(h.why, "first spare bit 51 is the C-bit; the next would "
                            "be 52; no bit of an NPTE is left");
    ck_assert_uint_eq(h.masks, 2);
    ck_assert_uint_eq(h.closed, 1);
    ck_assert_ptr_nonnull(strstr(h.source, "0c29397ac1fd"));
    ck_assert_uint_eq(h.loaded, 1);
    pool_destroy(pool);
}
END_TEST

/* ---- reload ---- */

/* Raw 51, C-bit 51: the reset finds bit 51, SVM loses it again. */
START_TEST(a_second_load_starts_off_only_while_the_flag_is_sticky)
{
    static const struct {
        const char *kernel;
        bool at_reset;
    } cases[] = { { "v5.18", true }, { "v5.19", false }, { "v6.0", true } };
    struct fake_host h = fake_host();
    struct kvm_module m;

    h.raw = 51;
    h.reduction = 0;
    h.cbit = 51;
    m = load(cases[_i].kernel, &h, NULL);
    ck_assert(m.caching_at_reset);
    kvm_module_reload(&m);
    ck_assert_int_eq(m.caching_at_reset, cases[_i].at_reset);
}
END_TEST

/* The gate in the old order: open at first, closed once the flag stuck. */
START_TEST(a_reload_forgets_what_the_first_load_granted)
{
    struct kernel_model k = *kernel_of("v5.19");
    struct kvm_params p = kvm_default_params();
    struct fake_host h = fake_host();
    struct wire w = fake_wire(&h);
    struct kvm_module m;

    k.sev_es = kernel_of("v6.0")->sev_es;
    h.raw = 51;
    h.reduction = 0;
    h.cbit = 51;
    kvm_module_load(&m, &w, &k, &p, NULL);
    ck_assert(m.sev_es);
    ck_assert_uint_eq(m.cg_sev_es, 99);
    kvm_module_reload(&m);
    ck_assert(m.sev && !m.sev_es && !m.cpu_cap_sev_es);
    ck_assert_uint_eq(m.cg_sev_es, 0);
    ck_assert_str_eq(m.sev_es_log, "");
}
END_TEST

/* The firmware refuses a second INIT; the driver, which stays, asks once. */
START_TEST(the_secure_processor_is_initialised_once)
{
    struct fake_host h = fake_host();
    struct kvm_module m = load("v7.3", &h, NULL);

    ck_assert(m.sev && m.psp.initialized);
    kvm_module_reload(&m);
    ck_assert(m.sev && m.sev_es);
}
END_TEST

static const struct {
    const char *table, *kernel;
} edges[] = {
    { "edges-5.18.sample.csv.gz", "v5.18" },
    { "edges-5.19.sample.csv.gz", "v5.19" },
    { "edges-6.1.sample.csv.gz", "v6.1.192" },
    { "edges-6.12.sample.csv.gz", "v6.12.107" },
    { "edges-7.3.sample.csv.gz", "v7.3" },
};

START_TEST(loads_and_reloads_agree_with_the_kernels_own_functions)
{
    const struct kernel_model *k = kernel_of(edges[_i].kernel);
    struct golden g = golden_open(edges[_i].table);
    unsigned rows = 0;

    while (golden_next(&g)) {
        struct fake_host h = golden_host(&g);
        struct kvm_params p = golden_params(&g);
        struct wire w = fake_wire(&h);
        struct kvm_module m;

        if (!golden_is(&g, "section", "reload"))
            continue;
        kvm_module_load(&m, &w, k, &p, NULL);
        if (golden_is(&g, "note", "second"))
            kvm_module_reload(&m);
        ck_assert_uint_eq(m.value_at_reset, golden_hex(&g, "value_at_reset"));
        ck_assert_uint_eq(m.caching_at_reset,
                          golden_dec(&g, "caching_at_reset"));
        ck_assert_uint_eq(m.mmio_value, golden_hex(&g, "shadow_mmio_value"));
        ck_assert_uint_eq(m.mmio_mask, golden_hex(&g, "shadow_mmio_mask"));
        ck_assert_uint_eq(m.enable_mmio_caching,
                          golden_dec(&g, "enable_mmio_caching"));
        ck_assert_uint_eq(m.sev, golden_dec(&g, "sev_enabled"));
        ck_assert_uint_eq(m.sev_es, golden_dec(&g, "sev_es_enabled"));
        ck_assert(golden_is(&g, "sev_log", m.sev_log));
        ck_assert(golden_is(&g, "sev_es_log", m.sev_es_log));
        ck_assert_uint_eq(m.warn_count, golden_dec(&g, "warn_count"));
        rows++;
    }
    ck_assert_uint_gt(rows, 40);
    golden_close(&g);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("load");
    TCase *t = tcase_create("all");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(
        t, the_width_is_reduced_only_if_a_flag_survives_the_first_pass, 0,
        ARRAY_SIZE(boot_cases));
    tcase_add_test(t, a_cpu_without_leaf_8000001f_keeps_its_width);
    tcase_add_test(t, kvm_holds_the_raw_width_whatever_the_boot_subtracted);
    tcase_add_loop_test(
        t, the_encryption_bit_of_sptes_is_the_c_bit_only_under_sme, 0, 2);
    tcase_add_test(t, an_snp_host_needs_the_flag_and_a_reserved_rmp_table);
    tcase_add_test(t, sysfs_shows_the_request_in_5_18_and_the_result_later);
    tcase_add_loop_test(t, a_parameter_that_came_later_is_ignored_aloud, 0, 5);
    tcase_add_test(t, a_refusal_names_its_reason_and_its_commit);
    tcase_add_loop_test(
        t, a_second_load_starts_off_only_while_the_flag_is_sticky, 0, 3);
    tcase_add_test(t, a_reload_forgets_what_the_first_load_granted);
    tcase_add_test(t, the_secure_processor_is_initialised_once);
    tcase_add_loop_test(t,
                        loads_and_reloads_agree_with_the_kernels_own_functions,
                        0, ARRAY_SIZE(edges));
    suite_add_tcase(s, t);
    return run_suite(s);
}
