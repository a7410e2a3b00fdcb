/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decisions between kernels: taken over all, they make the other kernel; tried
 * out, they tell which commit it was.
 */
#include "lab.h"
#include "load.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

static struct pool *pool;
static struct catalog *catalog;
static const char *const *names;
static unsigned n_names;

static void set_up(void)
{
    pool = pool_create();
    catalog = catalog_open(pool, "models");
    n_names = catalog_kernel_names(catalog, &names);
    ck_assert_uint_gt(n_names, 0);
}

static void tear_down(void)
{
    pool_destroy(pool);
}

static struct lab_decisions between(const char *from, const char *to)
{
    struct lab_decisions d;
    struct err e = { 0 };

    ck_assert_msg(lab_decisions(pool, catalog, from, to, &d, &e) == 0, "%s",
                  e.msg);
    return d;
}

static void same_list(const struct kvm_gate_list *a,
                      const struct kvm_gate_list *b, const char *what)
{
    ck_assert_msg(a->n == b->n, "%s", what);
    ck_assert_msg(memcmp(a->gate, b->gate, a->n) == 0, "%s", what);
}

START_TEST(all_decisions_make_the_other_kernel)
{
    for (unsigned a = 0; a < n_names; a++) {
        for (unsigned b = 0; b < n_names; b++) {
            struct lab_decisions d = between(names[a], names[b]), left = d;
            const char *what =
                pool_printf(pool, "%s to %s", names[a], names[b]);

            for (unsigned i = 0; i < d.n; i++) {
                struct lab_set one = { 1, { i } };
                struct kernel_model k;

                if (!d.d[i].last)
                    continue;
                lab_hybrid(&left, &one, &k);
                left.from = k;
            }
            ck_assert_mem_eq(left.from.slot, d.to.slot, sizeof(d.to.slot));
            ck_assert_uint_eq(left.from.n_setup, d.to.n_setup);
            ck_assert_mem_eq(left.from.setup, d.to.setup, d.to.n_setup);
            same_list(&left.from.sev, &d.to.sev, what);
            same_list(&left.from.sev_es, &d.to.sev_es, what);
            same_list(&left.from.sev_snp, &d.to.sev_snp, what);
        }
    }
}
END_TEST

START_TEST(a_kernel_and_itself_have_nothing_between_them)
{
    for (unsigned a = 0; a < n_names; a++)
        ck_assert_uint_eq(between(names[a], names[a]).n, 0);
}
END_TEST

static const struct lab_decision *find(const struct lab_decisions *d,
                                       const char *key, const char *kernel)
{
    for (unsigned i = 0; i < d->n; i++)
        if (strcmp(d->d[i].key, key) == 0 &&
            strcmp(d->d[i].kernel, kernel) == 0)
            return &d->d[i];
    ck_abort_msg("no %s of %s", key, kernel);
}

/* kvm-gating, section 3.5: value, sticky, snapshot. */
START_TEST(each_turn_on_the_way_has_its_commit)
{
    struct lab_decisions d = between("v5.18", "v6.0");
    const struct lab_decision *sticky = find(&d, "slots.mmio_flag", "v5.19");
    const struct lab_decision *snapshot = find(&d, "slots.mmio_flag", "v6.0");

    ck_assert(strstr(sticky->because, "8b9e74bfbf8c") && !sticky->last);
    ck_assert(strstr(snapshot->because, "c3e0c8c2e8b1") && snapshot->last);
    ck_assert_str_eq(snapshot->change, "value -> snapshot");
    ck_assert(strstr(find(&d, "sev_es_gates.mmio_caching", "v6.0")->because,
                     "0c29397ac1fd"));
}
END_TEST

START_TEST(on_the_way_back_decisions_are_undone)
{
    struct lab_decisions d = between("v6.0", "v5.19");
    const struct lab_decision *gate =
        find(&d, "sev_es_gates.mmio_caching", "v6.0");

    ck_assert(gate->undone && strstr(gate->because, "0c29397ac1fd"));
    ck_assert_str_eq(gate->change, "removed");
    ck_assert(find(&d, "slots.mmio_flag", "v6.0")->undone);
}
END_TEST

START_TEST(an_unknown_kernel_is_an_error)
{
    struct lab_decisions d;
    struct err e = { 0 };

    ck_assert_int_eq(lab_decisions(pool, catalog, "v6.0", "v6.00", &d, &e), -1);
    ck_assert_str_eq(e.msg, "unknown kernel model 'v6.00'");
}
END_TEST

/* ---- experiments ---- */

struct experiment {
    struct lab_bench *bench;
    struct policy_host host;
    bool sev_es;
};

static bool holds(void *ctx, const struct kernel_model *k)
{
    struct experiment *x = ctx;

    return lab_load(x->bench, k, &x->host)->sev_es == x->sev_es;
}

/* What takes SEV-ES away from this geometry between @from and @to. */
static struct lab_sets why_refused(struct lab_decisions *d, unsigned raw,
                                   unsigned red)
{
    struct experiment x = { lab_bench_create(pool), policy_default_host(),
                            false };

    x.host.v[POLICY_RAW_MAXPHYADDR] = raw;
    x.host.v[POLICY_PA_REDUCTION] = red;
    ck_assert(!holds(&x, &d->from));
    ck_assert(holds(&x, &d->to));
    return lab_explain(pool, d, holds, &x);
}

/* Sections 3.2 and 3.3: with 52 raw bits the mask is lost at the reset, so the
 * gate alone sees it; with 51 it is lost when svm_adjust_mmio_mask() comes, so
 * that must come before the gate. Both are 0c29397ac1fd (section 0). */
START_TEST(the_gate_needs_the_order_where_the_reset_finds_a_bit)
{
    struct lab_decisions d = between("v5.19", "v6.0");
    struct lab_sets wide = why_refused(&d, 52, 0);
    struct lab_sets narrow = why_refused(&d, 51, 0);

    ck_assert_uint_eq(wide.n, 1);
    ck_assert_uint_eq(wide.set[0].n, 1);
    ck_assert_str_eq(d.d[wide.set[0].d[0]].key, "sev_es_gates.mmio_caching");
    ck_assert_uint_eq(narrow.n, 1);
    ck_assert_uint_eq(narrow.set[0].n, 2);
    ck_assert_str_eq(d.d[narrow.set[0].d[0]].key, "setup_order");
    ck_assert_str_eq(d.d[narrow.set[0].d[1]].key, "sev_es_gates.mmio_caching");
}
END_TEST

START_TEST(no_difference_needs_no_decision)
{
    struct lab_decisions d = between("v6.0", "v6.1");
    struct experiment x = { lab_bench_create(pool), policy_default_host(),
                            true };

    ck_assert_uint_eq(lab_explain(pool, &d, holds, &x).n, 0);
}
END_TEST

/* All of a long way but a few decisions: none of them can be spared. */
static bool has_four(void *ctx, const struct kernel_model *k)
{
    const struct lab_decisions *d = ctx;

    return k->slot[SLOT_MMIO_FLAG] == d->to.slot[SLOT_MMIO_FLAG] &&
           k->slot[SLOT_VM_TYPES] == d->to.slot[SLOT_VM_TYPES] &&
           k->slot[SLOT_SEV_LOG] == d->to.slot[SLOT_SEV_LOG] &&
           k->sev_es.n == d->from.sev_es.n + 1;
}

START_TEST(a_large_set_can_spare_none)
{
    struct lab_decisions d = between("v5.19", "v6.12.107");
    struct lab_sets sets = lab_explain(pool, &d, has_four, &d);

    ck_assert_uint_eq(sets.n, 1);
    ck_assert_uint_ge(sets.set[0].n, 4);
    ck_assert_uint_le(sets.set[0].n, LAB_SET_MAX);
}
END_TEST

/* A hybrid may be a kernel that nobody would write; it must still load. */
START_TEST(every_pair_of_decisions_loads)
{
    struct lab_decisions d = between(names[0], names[n_names - 1]);
    struct lab_bench *bench = lab_bench_create(pool);
    struct policy_host host = policy_default_host();

    for (unsigned a = 0; a < d.n; a++) {
        for (unsigned b = a + 1; b < d.n; b++) {
            struct lab_set pair = { 2, { a, b } };
            struct kernel_model k;

            lab_hybrid(&d, &pair, &k);
            for (unsigned raw = 50; raw <= 52; raw++) {
                host.v[POLICY_RAW_MAXPHYADDR] = raw;
                ck_assert_uint_eq(lab_load(bench, &k, &host)->params.npt, 1);
            }
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lab/hybrid");
    TCase *t = tcase_create("hybrid");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, all_decisions_make_the_other_kernel);
    tcase_add_test(t, a_kernel_and_itself_have_nothing_between_them);
    tcase_add_test(t, each_turn_on_the_way_has_its_commit);
    tcase_add_test(t, on_the_way_back_decisions_are_undone);
    tcase_add_test(t, an_unknown_kernel_is_an_error);
    tcase_add_test(t, the_gate_needs_the_order_where_the_reset_finds_a_bit);
    tcase_add_test(t, no_difference_needs_no_decision);
    tcase_add_test(t, a_large_set_can_spare_none);
    tcase_add_test(t, every_pair_of_decisions_loads);
    suite_add_tcase(s, t);
    return run_suite(s);
}
