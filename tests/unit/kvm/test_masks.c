/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_masks.c - which bits mark MMIO, and MMIO SPTEs bit by bit.
 *
 * Expected values: svm_adjust_mmio_mask() worked by hand, the layouts of
 * arch/x86/kvm/mmu/spte.h, and 20,000 SPTEs per kernel, sampled under
 * tests/data/golden/, that the kernels' own make_mmio_spte() encoded.
 */
#include "kvm/kvm_module.h"
#include "unit/kvm/golden.h"
#include "unit/suite.h"

static struct kvm_module load_on(const struct kernel_model *k,
                                 struct fake_host h, struct kvm_params p)
{
    struct wire w = fake_wire(&h);
    struct kvm_module m;

    kvm_module_load(&m, &w, k, &p, NULL);
    return m;
}

static struct kvm_module load(const char *kernel, unsigned raw,
                              unsigned reduction, unsigned cbit)
{
    struct fake_host h = fake_host();

    h.raw = raw;
    h.reduction = reduction;
    h.cbit = cbit;
    return load_on(kernel_of(kernel), h, kvm_default_params());
}

/* ---- the mask ---- */

static const struct {
    unsigned raw, reduction, cbit, width;
    uint64_t mask;
} mask_cases[] = {
    { 48, 5, 47, 43, 0xff80000000001 },
    { 52, 6, 51, 46, 0xfc00000000001 },
    { 52, 5, 51, 47, 0xf800000000001 },
    { 52, 2, 50, 50, 0x8000000000001 }, /* C-bit on the first spare bit */
    { 52, 1, 47, 51, 0x8000000000001 },
    { 52, 1, 51, 51, 0 }, /* it is the last one, too */
    { 51, 0, 51, 51, 0 },
    { 52, 0, 51, 52, 0 },
    { 52, 0, 40, 52, 0 },
    { 52, 1, 50, 51, 0x8000000000001 }, /* one bit below: no collision */
};

START_TEST(the_mask_is_all_bits_above_the_reduced_width)
{
    struct kvm_module m = load("v6.1", mask_cases[_i].raw,
                               mask_cases[_i].reduction, mask_cases[_i].cbit);

    ck_assert_uint_eq(m.x86_phys_bits, mask_cases[_i].width);
    ck_assert_uint_eq(m.mmio_value, mask_cases[_i].mask);
    ck_assert_uint_eq(m.mmio_mask, mask_cases[_i].mask);
    ck_assert_int_eq(m.enable_mmio_caching, mask_cases[_i].mask != 0);
}
END_TEST

START_TEST(without_memory_encryption_the_choice_at_reset_stays)
{
    struct fake_host h = fake_host();
    struct kvm_module m;

    h.mem_encrypt = false;
    h.raw = (unsigned)_i;
    m = load_on(kernel_of("v6.1"), h, kvm_default_params());
    ck_assert_uint_eq(m.mmio_value, _i < 52 ? BIT(51) | 1 : 0);
}
END_TEST

START_TEST(a_mask_stays_when_caching_is_not_wanted_and_zero_is_no_mmio_spte)
{
    struct kvm_params p = kvm_default_params();
    struct fake_host h = fake_host();
    struct kvm_module m;

    p.mmio_caching = false;
    h.mem_encrypt = false;
    m = load_on(kernel_of("v6.1"), h, p);
    ck_assert_uint_eq(m.mmio_value, 0);
    ck_assert_uint_eq(m.mmio_mask, BIT(51) | 1);
    ck_assert(!kvm_is_mmio_spte(&m, 0));
}
END_TEST

/* 52 raw bits, 5 given up: the reset finds nothing, SVM would. */
START_TEST(only_5_19_loses_caching_on_ordinary_52_bit_hosts)
{
    static const struct {
        const char *kernel;
        uint64_t value;
    } cases[] = {
        { "v5.18", 0xf800000000001 },    { "v5.19", 0 },
        { "v6.0", 0xf800000000001 },     { "v6.1", 0xf800000000001 },
        { "v6.1.192", 0xf800000000001 }, { "v6.12.107", 0xf800000000001 },
        { "v7.3", 0xf800000000001 },
    };

    ck_assert_uint_eq(load(cases[_i].kernel, 52, 5, 51).mmio_value,
                      cases[_i].value);
}
END_TEST

START_TEST(a_software_tag_needs_no_reserved_bit)
{
    struct kernel_model k = *kernel_of("v5.18");
    struct fake_host h = fake_host();
    struct kvm_module m;
    uint64_t spte;

    k.slot[SLOT_MMIO_FLAG] = MMIO_FLAG_TAG;
    k.slot[SLOT_MMIO_GENERATION] = MMIO_GEN_18_TAG;
    h.raw = 52;
    h.reduction = 0;
    m = load_on(&k, h, kvm_default_params());
    spte = kvm_make_mmio_spte(&m, 0xfee00, 6, 0x3ffff);
    /* 3<<52 tags it, the generation lies around: bits 62:54 and 11:3. */
    ck_assert_uint_eq(spte, 0x7ff00000fee00ffe);
    ck_assert(kvm_is_mmio_spte(&m, spte));
    ck_assert_uint_eq(kvm_mmio_spte_generation(&m, spte), 0x3ffff);
    ck_assert(!kvm_is_mmio_spte(&m, 0));
}
END_TEST

/* ---- WARNs ---- */

static const struct {
    const char *kernel;
    uint64_t mask;
    bool kept;
} offered[] = {
    { "v5.18", BIT(51) | BIT(10) | 1, true },
    { "v6.0", BIT(51) | BIT(10) | 1, true },
    { "v6.1", BIT(51) | BIT(10) | 1, false }, /* bit 10: generation */
    { "v7.3", BIT(51) | BIT(10) | 1, true },  /* no longer */
    { "v7.3", BIT(51) | BIT(9) | 1, false },
    { "v7.3", BIT(62) | 1, false },
    { "v5.18", 0x5a0, false }, /* the removed SPTE itself */
};

/* No AMD host makes KVM offer such masks. */
START_TEST(a_mask_that_an_mmio_spte_cannot_spare_warns_and_is_dropped)
{
    struct kvm_module m = load(offered[_i].kernel, 48, 5, 47);
    const char *dropped = kvm_mmu_set_mmio_spte_mask(&m, offered[_i].mask);

    ck_assert_int_eq(dropped == NULL, offered[_i].kept);
    ck_assert_uint_eq(m.warn_count, !offered[_i].kept);
    ck_assert_uint_eq(m.mmio_value, offered[_i].kept ? offered[_i].mask : 0);
    ck_assert_uint_eq(m.mmio_mask, offered[_i].mask);
}
END_TEST

START_TEST(the_l1tf_mitigation_gives_up_at_47_cache_bits)
{
    struct kvm_params p = kvm_default_params();
    struct fake_host h = fake_host();
    struct kvm_module m;

    h.mem_encrypt = false;
    p.bug_l1tf = true;
    p.x86_cache_bits = 46;
    m = load_on(kernel_of("v6.1"), h, p);
    ck_assert_uint_eq(m.nonpresent_or_rsvd_mask, bits(45, 41));
    ck_assert_uint_eq(m.lower_gfn_mask, bits(40, 12));
    ck_assert_uint_eq(m.warn_count, 0);
    p.x86_cache_bits = 47;
    m = load_on(kernel_of("v6.1"), h, p);
    ck_assert_uint_eq(m.nonpresent_or_rsvd_mask, 0);
    ck_assert_uint_eq(m.lower_gfn_mask, bits(47, 12));
    ck_assert_uint_eq(m.warn_count, 1);
    /* A WARN_ON_ONCE() of kvm.ko, which a reload of kvm-amd.ko leaves alone. */
    kvm_module_reload(&m);
    ck_assert_uint_eq(m.warn_count, 1);
}
END_TEST

/* ---- SPTEs ---- */

START_TEST(an_mmio_spte_of_a_48_bit_host_bit_by_bit)
{
    struct fake_host h = fake_host();
    struct kvm_module m;
    uint64_t spte;

    h.mem_encrypt = false;
    m = load_on(kernel_of("v6.1"), h, kvm_default_params());
    /* bit 51, gfn fee00, generation 6 in 10:3, W and U, P. */
    spte = kvm_make_mmio_spte(&m, 0xfee00, 7, 6);
    ck_assert_uint_eq(spte, 0x00080000fee00037);
    ck_assert(kvm_is_mmio_spte(&m, spte));
    ck_assert_uint_eq(kvm_mmio_spte_gfn(&m, spte), 0xfee00);
    ck_assert_uint_eq(kvm_mmio_spte_access(&m, spte), 6);
    ck_assert_uint_eq(kvm_mmio_spte_generation(&m, spte), 6);
}
END_TEST

START_TEST(an_mmio_spte_is_never_mmu_present_and_leaves_bit_63_alone)
{
    static const char *const kernels[] = { "v5.18", "v6.12.107", "v7.3" };
    struct kvm_module m = load(kernels[_i], 48, 5, 47);
    uint64_t spte = kvm_make_mmio_spte(&m, 0xfed00, 7, ~0ULL);

    ck_assert_uint_eq(spte & (BIT(63) | BIT(11)), 0);
}
END_TEST

/* The generation's upper part starts at bit 52 in both layouts. */
START_TEST(the_generation_has_19_bits_and_18_since_7_2)
{
    struct kvm_module old = load("v6.12.107", 48, 5, 47);
    struct kvm_module new = load("v7.3", 48, 5, 47);
    uint64_t spte;

    spte = kvm_make_mmio_spte(&old, 0, 0, BIT(63) | 0x80100);
    ck_assert_uint_eq(kvm_mmio_spte_generation(&old, spte), 0x100);
    ck_assert_uint_eq(spte & ~old.mmio_value, BIT(52));
    spte = kvm_make_mmio_spte(&new, 0, 0, BIT(63) | 0x40080);
    ck_assert_uint_eq(kvm_mmio_spte_generation(&new, spte), 0x80);
    ck_assert_uint_eq(spte & ~new.mmio_value, BIT(52));
}
END_TEST

/* Between the reduced and the raw width a gfn is installable, but its SPTE
 * reads back as another one. */
START_TEST(a_gfn_above_the_reduced_width_aliases)
{
    struct kvm_module m = load("v6.1", 48, 5, 47);
    uint64_t gfn = BIT(43 - 12) | 0xfee00;
    uint64_t spte = kvm_make_mmio_spte(&m, gfn, 6, 0);

    ck_assert_uint_le(gfn, kvm_mmu_max_gfn(&m));
    ck_assert(kvm_is_mmio_spte(&m, spte));
    ck_assert_uint_eq(kvm_mmio_spte_gfn(&m, spte), 0xfee00);
}
END_TEST

START_TEST(the_last_gfn_follows_the_raw_width_or_52_bits_without_npt)
{
    struct kvm_params p = kvm_default_params();
    struct fake_host h = fake_host();
    struct kvm_module m = load_on(kernel_of("v6.1"), h, p);

    ck_assert_uint_eq(kvm_mmu_max_gfn(&m), BIT(36) - 1);
    p.npt = false;
    m = load_on(kernel_of("v6.1"), h, p);
    ck_assert_uint_eq(kvm_mmu_max_gfn(&m), BIT(40) - 1);
}
END_TEST

static const struct {
    const char *table, *kernel;
} spte_tables[] = {
    { "mmio-spte-6.1.sample.csv.gz", "v6.1.192" },
    { "mmio-spte-7.3.sample.csv.gz", "v7.3" },
};

static void compare_spte(const struct golden *g, const struct kvm_module *m)
{
    uint64_t spte = kvm_make_mmio_spte(m, golden_hex(g, "gfn"),
                                       (unsigned)golden_hex(g, "access"),
                                       golden_hex(g, "memslot_generation"));

    ck_assert_uint_eq(kvm_mmu_max_gfn(m), golden_hex(g, "max_gfn"));
    ck_assert_uint_eq(m->nonpresent_or_rsvd_mask,
                      golden_hex(g, "nonpresent_or_rsvd_mask"));
    ck_assert_uint_eq(m->lower_gfn_mask, golden_hex(g, "lower_gfn_mask"));
    ck_assert_uint_eq(m->mmio_value, golden_hex(g, "shadow_mmio_value"));
    ck_assert_uint_eq(m->mmio_mask, golden_hex(g, "shadow_mmio_mask"));
    ck_assert_uint_eq(m->mmio_access_mask,
                      golden_hex(g, "shadow_mmio_access_mask"));
    ck_assert_uint_eq(m->warn_count, golden_dec(g, "setup_warns"));
    ck_assert_uint_eq(spte, golden_hex(g, "spte"));
    ck_assert_uint_eq(kvm_is_mmio_spte(m, spte), golden_dec(g, "is_mmio_spte"));
    ck_assert_uint_eq(kvm_mmio_spte_gfn(m, spte), golden_hex(g, "decoded_gfn"));
    ck_assert_uint_eq(kvm_mmio_spte_access(m, spte),
                      golden_hex(g, "decoded_access"));
    ck_assert_uint_eq(kvm_mmio_spte_generation(m, spte),
                      golden_hex(g, "decoded_gen"));
}

START_TEST(mmio_sptes_agree_with_the_kernels_own_encoder)
{
    const struct kernel_model *k = kernel_of(spte_tables[_i].kernel);
    struct golden g = golden_open(spte_tables[_i].table);
    unsigned rows = 0;

    while (golden_next(&g)) {
        struct kvm_module m = load_on(k, golden_host(&g), golden_params(&g));

        compare_spte(&g, &m);
        rows++;
    }
    ck_assert_uint_gt(rows, 500);
    golden_close(&g);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("masks");
    TCase *t = tcase_create("all");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, the_mask_is_all_bits_above_the_reduced_width, 0,
                        ARRAY_SIZE(mask_cases));
    tcase_add_loop_test(t, without_memory_encryption_the_choice_at_reset_stays,
                        48, 53);
    tcase_add_test(
        t, a_mask_stays_when_caching_is_not_wanted_and_zero_is_no_mmio_spte);
    tcase_add_loop_test(t, only_5_19_loses_caching_on_ordinary_52_bit_hosts, 0,
                        7);
    tcase_add_test(t, a_software_tag_needs_no_reserved_bit);
    tcase_add_loop_test(
        t, a_mask_that_an_mmio_spte_cannot_spare_warns_and_is_dropped, 0,
        ARRAY_SIZE(offered));
    tcase_add_test(t, the_l1tf_mitigation_gives_up_at_47_cache_bits);
    tcase_add_test(t, an_mmio_spte_of_a_48_bit_host_bit_by_bit);
    tcase_add_loop_test(
        t, an_mmio_spte_is_never_mmu_present_and_leaves_bit_63_alone, 0, 3);
    tcase_add_test(t, the_generation_has_19_bits_and_18_since_7_2);
    tcase_add_test(t, a_gfn_above_the_reduced_width_aliases);
    tcase_add_test(t,
                   the_last_gfn_follows_the_raw_width_or_52_bits_without_npt);
    tcase_add_loop_test(t, mmio_sptes_agree_with_the_kernels_own_encoder, 0,
                        ARRAY_SIZE(spte_tables));
    suite_add_tcase(s, t);
    return run_suite(s);
}
