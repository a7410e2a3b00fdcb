/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_gates_grid.c - every host geometry, every kernel: how many differ?
 *
 * The grid of the differential tables: raw 36..52, reduction 0..6, C-bit
 * 32..63, and for whole rows everything else that they vary. The counts were
 * taken from tables that the kernels' own functions filled, 2,437,120 rows per
 * kernel, not from this program.
 */
#include "unit/kvm/golden.h"
#include "unit/suite.h"

static struct kvm_module load(const struct kernel_model *k,
                              const struct fake_host *h,
                              const struct kvm_params *p)
{
    struct fake_host fresh = *h;
    struct wire w = fake_wire(&fresh);
    struct kvm_module m;

    kvm_module_load(&m, &w, k, p, NULL);
    return m;
}

/* ---- geometries ---- */

typedef bool (*claim_fn)(const struct kernel_model *k,
                         const struct fake_host *h);

static bool sev_es_refused(const struct kernel_model *k,
                           const struct fake_host *h)
{
    struct kvm_params p = kvm_default_params();

    return !load(k, h, &p).sev_es;
}

static bool sev_es_without_value(const struct kernel_model *k,
                                 const struct fake_host *h)
{
    struct kvm_params p = kvm_default_params();
    struct kvm_module m = load(k, h, &p);

    return m.sev_es && !m.mmio_value;
}

static bool caching_comes_back(const struct kernel_model *k,
                               const struct fake_host *h)
{
    struct kvm_params p = kvm_default_params();
    struct kvm_module m = load(k, h, &p);

    return !m.caching_at_reset && m.enable_mmio_caching;
}

/* What the walker would reserve, without looking at KVM: bits from the
 * effective width up, but not the C-bit. */
static bool has_reserved_bit(const struct fake_host *h)
{
    for (unsigned bit = h->raw - (h->mem_encrypt ? h->reduction : 0); bit < 52;
         bit++)
        if (!h->mem_encrypt || bit != h->cbit)
            return true;
    return false;
}

static bool caching_without_reserved_bit(const struct kernel_model *k,
                                         const struct fake_host *h)
{
    struct kvm_params p = kvm_default_params();

    return load(k, h, &p).enable_mmio_caching && !has_reserved_bit(h);
}

static bool caching_wasted(const struct kernel_model *k,
                           const struct fake_host *h)
{
    struct kvm_params p = kvm_default_params();

    return !load(k, h, &p).enable_mmio_caching && has_reserved_bit(h);
}

static unsigned count(const struct kernel_model *k, bool sev, claim_fn claim)
{
    struct fake_host h = fake_host();
    unsigned n = 0;

    if (!sev)
        h.sev_eax = FAKE_SME;
    for (h.raw = 36; h.raw <= 52; h.raw++)
        for (h.reduction = 0; h.reduction <= 6; h.reduction++)
            for (h.cbit = 32; h.cbit <= 63; h.cbit++)
                n += claim(k, &h);
    return n;
}

static const struct {
    const char *kernel;
    bool sev; /* a CPU with SEV, else with SME only */
    claim_fn claim;
    unsigned geometries; /* of 3808 */
} counts[] = {
    { "v6.0", true, sev_es_refused, 34 },
    { "v6.1.192", true, sev_es_refused, 34 },
    { "v6.12.107", true, sev_es_refused, 34 },
    { "v7.3", true, sev_es_refused, 34 },
    { "v5.18", true, sev_es_refused, 0 },
    { "v5.19", true, sev_es_refused, 0 },
    { "v5.18", true, sev_es_without_value, 34 },
    { "v5.19", true, sev_es_without_value, 225 }, /* 34 + 191 */
    { "v6.0", true, sev_es_without_value, 0 },
    { "v7.3", true, sev_es_without_value, 0 },
    { "v5.19", true, caching_comes_back, 0 },
    { "v6.0", true, caching_comes_back, 191 },
    { "v6.0", true, caching_without_reserved_bit, 0 },
    { "v6.0", false, caching_without_reserved_bit, 0 },
    { "v6.0", true, caching_wasted, 0 },
    { "v6.0", false, caching_wasted, 197 }, /* width not reduced at boot */
    { "v7.3", false, caching_wasted, 197 },
};

START_TEST(so_many_of_3808_geometries_are_so)
{
    ck_assert_uint_eq(
        count(kernel_of(counts[_i].kernel), counts[_i].sev, counts[_i].claim),
        counts[_i].geometries);
}
END_TEST

START_TEST(the_34_are_a_52_bit_width_or_a_c_bit_on_the_last_one)
{
    const struct kernel_model *k = kernel_of("v6.0");
    struct fake_host h = fake_host();

    for (h.raw = 50; h.raw <= 52; h.raw++)
        for (h.reduction = 0; h.reduction <= 2; h.reduction++)
            for (h.cbit = 32; h.cbit <= 63; h.cbit++) {
                unsigned width = h.raw - h.reduction;

                ck_assert_int_eq(sev_es_refused(k, &h),
                                 width == 52 || (width == 51 && h.cbit == 51));
            }
}
END_TEST

/* ---- whole rows ---- */

#define PAIRS 6
static const char *const chain[PAIRS + 1] = { "v5.18", "v5.19",    "v6.0",
                                              "v6.1",  "v6.1.192", "v6.12.107",
                                              "v7.3" };
static const unsigned differing[PAIRS] = { 72320, 26806, 0, 913920, 0, 582726 };

static bool same_row(const struct kvm_module *a, const struct kvm_module *b)
{
    return a->maxphyaddr == b->maxphyaddr &&
           a->x86_phys_bits == b->x86_phys_bits &&
           a->value_at_reset == b->value_at_reset &&
           a->caching_at_reset == b->caching_at_reset &&
           a->mmio_value == b->mmio_value && a->mmio_mask == b->mmio_mask &&
           a->enable_mmio_caching == b->enable_mmio_caching &&
           a->sev == b->sev && a->sev_es == b->sev_es &&
           a->cpu_cap_sev == b->cpu_cap_sev &&
           a->cpu_cap_sev_es == b->cpu_cap_sev_es && a->cg_sev == b->cg_sev &&
           a->cg_sev_es == b->cg_sev_es && a->warn_count == b->warn_count &&
           strcmp(a->sev_log, b->sev_log) == 0 &&
           strcmp(a->sev_es_log, b->sev_es_log) == 0;
}

/* Neighbours that differ on this host: one more in @n each. */
static void compare_chain(const struct kernel_model *const k[PAIRS + 1],
                          const struct fake_host *h, const struct kvm_params *p,
                          unsigned n[PAIRS])
{
    struct kvm_module m[2];

    m[0] = load(k[0], h, p);
    for (unsigned i = 0; i < PAIRS; i++) {
        m[(i + 1) & 1] = load(k[i + 1], h, p);
        n[i] += !same_row(&m[0], &m[1]);
    }
}

/* The 640 settings of one geometry: SYSCFG, flags, ASIDs, parameters. */
static void compare_settings(const struct kernel_model *const k[PAIRS + 1],
                             struct fake_host h, unsigned n[PAIRS])
{
    static const uint32_t asids[][2] = {
        { 1, 15 }, { 5, 15 }, { 100, 509 }, { 510, 509 }, { 1, 0 }
    };
    struct kvm_params p = kvm_default_params();

    for (unsigned i = 0; i < 5 * 4 * 2 * 16; i++) {
        p.mmio_caching = i & 1;
        p.npt = i >> 1 & 1;
        p.sev = i >> 2 & 1;
        p.sev_es = i >> 3 & 1;
        h.mem_encrypt = i >> 4 & 1;
        h.sev_eax = FAKE_SME | (i >> 5 & 1 ? FAKE_SEV : 0) |
                    (i >> 6 & 1 ? FAKE_SEV_ES : 0);
        h.min_asid = asids[i >> 7][0];
        h.max_asid = asids[i >> 7][1];
        compare_chain(k, &h, &p, n);
    }
}

START_TEST(so_many_of_2437120_rows_differ_between_neighbouring_kernels)
{
    const struct kernel_model *k[PAIRS + 1];
    struct fake_host h = fake_host();
    unsigned n[PAIRS] = { 0 };

    for (unsigned i = 0; i <= PAIRS; i++)
        k[i] = kernel_of(chain[i]);
    for (h.raw = 36; h.raw <= 52; h.raw++)
        for (h.reduction = 0; h.reduction <= 6; h.reduction++)
            for (h.cbit = 32; h.cbit <= 63; h.cbit++)
                compare_settings(k, h, n);
    for (unsigned i = 0; i < PAIRS; i++)
        ck_assert_msg(n[i] == differing[i], "%s to %s: %u", chain[i],
                      chain[i + 1], n[i]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("gates_grid");
    TCase *t = tcase_create("all");

    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, so_many_of_3808_geometries_are_so, 0,
                        ARRAY_SIZE(counts));
    tcase_add_test(t, the_34_are_a_52_bit_width_or_a_c_bit_on_the_last_one);
    tcase_add_test(t,
                   so_many_of_2437120_rows_differ_between_neighbouring_kernels);
    suite_add_tcase(s, t);
    return run_suite(s);
}
