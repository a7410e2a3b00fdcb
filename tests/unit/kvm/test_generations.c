/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_generations.c - decisions that no gate shows, release by release.
 *
 * Expected values: the commits and tags that models/kernels/ names.
 */
#include "unit/kvm/golden.h"
#include "unit/suite.h"

static struct kvm_module load(const char *kernel, struct fake_host h)
{
    struct kvm_params p = kvm_default_params();
    struct wire w = fake_wire(&h);
    struct kvm_module m;

    kvm_module_load(&m, &w, kernel_of(kernel), &p, NULL);
    m.wire.hw = NULL; /* it was this frame's */
    return m;
}

static struct fake_host geometry(unsigned raw, unsigned reduction,
                                 unsigned cbit)
{
    struct fake_host h = fake_host();

    h.raw = raw;
    h.reduction = reduction;
    h.cbit = cbit;
    return h;
}

/* ---- early boot ---- */

/* fbf6449f84bf, 6.7: the raw width is read over the reduced one. */
START_TEST(only_6_7_forgets_the_early_reduction)
{
    static const struct {
        const char *kernel;
        unsigned pass1;
    } cases[] = { { "v5.11", 43 },
                  { "v6.6", 43 },
                  { "v6.7", 48 },
                  { "v6.8", 43 },
                  { "v7.3", 43 } };
    struct kvm_module m = load(cases[_i].kernel, fake_host());

    ck_assert_uint_eq(m.x86_phys_bits_pass1, cases[_i].pass1);
    ck_assert_uint_eq(m.x86_phys_bits, 43);
}
END_TEST

/* ---- the tag of 5.11 ---- */

/* No bit of a 52-bit host is reserved, yet SEV-ES is offered and MMIO SPTEs are
 * planted: the tag tells them, and nothing makes them fault. */
START_TEST(the_tag_of_5_11_asks_no_hardware)
{
    struct kvm_module m = load("v5.11", geometry(52, 0, 51));

    ck_assert(m.sev_es);
    ck_assert_uint_eq(m.mmio_value, 3ULL << 52);
    ck_assert_uint_eq(m.mmio_mask, 3ULL << 52);
    ck_assert(kvm_is_mmio_spte(&m, kvm_make_mmio_spte(&m, 0xfed00, 6, 5)));
    ck_assert_uint_eq(load("v5.11", fake_host()).mmio_value,
                      0xff80000000001ULL | 3ULL << 52);
    ck_assert_uint_eq(load("v5.13", geometry(52, 0, 51)).mmio_value, 0);
}
END_TEST

START_TEST(asids_are_charged_since_5_13)
{
    struct kvm_module old = load("v5.11", fake_host());
    struct kvm_module new = load("v5.13", fake_host());

    ck_assert_uint_eq(old.cg_sev + old.cg_sev_es, 0);
    ck_assert_uint_eq(new.cg_sev, 410);
    ck_assert_uint_eq(new.cg_sev_es, 99);
}
END_TEST

/* ---- what-ifs ---- */

/* Ordinary hosts with 52 raw bits: 5.19 lost caching at the reset. */
START_TEST(the_gate_alone_would_have_refused_ordinary_hosts)
{
    struct fake_host h = geometry(52, 6, 51);

    ck_assert(load("v5.19", h).sev_es);
    ck_assert(!load("v5.19-plus-gate", h).sev_es);
    ck_assert(!load("v6.0-no-reevaluation", h).sev_es);
    ck_assert(load("v6.0", h).sev_es);
    ck_assert(load("v5.19-plus-gate", fake_host()).sev_es);
}
END_TEST

/* The C-bit is the only bit above the width: the mask would be the C-bit. */
START_TEST(without_the_step_over_the_c_bit_sev_es_would_be_offered)
{
    struct kvm_module m = load("v7.3-no-bump", geometry(52, 1, 51));

    ck_assert(m.enable_mmio_caching && m.sev_es);
    ck_assert_uint_eq(m.mmio_value, BIT(51) | 1);
    ck_assert(!load("v7.3", geometry(52, 1, 51)).sev_es);
    ck_assert_uint_eq(load("v7.3-no-bump", geometry(48, 5, 43)).mmio_value,
                      0xff80000000001);
    ck_assert_uint_eq(load("v7.3", geometry(48, 5, 43)).mmio_value,
                      0xff00000000001);
}
END_TEST

/* ---- MMIO SPTEs ---- */

START_TEST(a_value_of_0_is_a_warn_until_tdx_came)
{
    struct kvm_module old = load("v6.12.107", geometry(52, 0, 51));
    struct kvm_module new = load("v6.16", geometry(52, 0, 51));

    ck_assert(kvm_mmio_spte_warns(&old));
    ck_assert(!kvm_mmio_spte_warns(&new));
    old = load("v6.12.107", fake_host());
    ck_assert(!kvm_mmio_spte_warns(&old));
}
END_TEST

START_TEST(an_mmio_spte_is_current_in_its_generation_alone)
{
    struct kvm_module m = load("v7.3", fake_host());
    uint64_t spte = kvm_make_mmio_spte(&m, 1, 0, 0x7fffe);

    ck_assert(kvm_mmio_spte_is_current(&m, spte, 0x7fffe));
    ck_assert(!kvm_mmio_spte_is_current(&m, spte, 0x7ffff));
    ck_assert(!kvm_mmio_spte_is_current(&m, spte, 0x7fffe | BIT(63)));
    /* 18 bits are all that it can tell. */
    ck_assert(kvm_mmio_spte_is_current(&m, spte, 0x3fffe));
}
END_TEST

/* ---- CPUID for userspace ---- */

static struct cpuid_regs cpuid(const char *kernel, struct fake_host h, bool npt,
                               uint32_t leaf)
{
    struct kvm_params p = kvm_default_params();
    struct wire w = fake_wire(&h);
    struct kvm_module m;

    p.npt = npt;
    kvm_module_load(&m, &w, kernel_of(kernel), &p, NULL);
    return kvm_supported_cpuid(&m, leaf);
}

START_TEST(userspace_sees_what_was_granted_and_the_c_bit)
{
    struct fake_host h = geometry(48, 5, 51);
    struct cpuid_regs r;

    h.sev_eax |= 1U << 10 | 1U << 2; /* SME_COHERENT, VM_PAGE_FLUSH */
    r = cpuid("v6.1", h, true, 0x8000001f);
    ck_assert_uint_eq(r.eax, FAKE_SEV | FAKE_SEV_ES | 1U << 10);
    ck_assert_uint_eq(r.ebx, 51);
    ck_assert_uint_eq(r.ecx, 509);
    ck_assert_uint_eq(r.edx, 100);
    r = cpuid("v6.1", h, false, 0x8000001f); /* no SEV: nothing */
    ck_assert_uint_eq(r.eax | r.ebx | r.ecx | r.edx, 0);
    r = cpuid("v5.11", h, false, 0x8000001f);
    ck_assert_uint_eq(r.eax, h.sev_eax);
    ck_assert_uint_eq(r.ebx, 5 << 6 | 51);
}
END_TEST

/* An ASID range that is empty leaves the bit. */
START_TEST(unusable_sev_keeps_its_bit)
{
    struct fake_host h = fake_host();

    h.min_asid = h.max_asid + 1;
    ck_assert_uint_eq(cpuid("v6.1.192", h, true, 0x8000001f).eax & FAKE_SEV,
                      FAKE_SEV);
    ck_assert_uint_eq(cpuid("v7.3", h, true, 0x8000001f).eax & FAKE_SEV,
                      FAKE_SEV);
}
END_TEST

START_TEST(the_guests_width_is_raw_under_npt)
{
    struct fake_host wide = geometry(52, 6, 51);

    ck_assert_uint_eq(cpuid("v6.1", fake_host(), true, 0x80000008).eax, 0x3030);
    ck_assert_uint_eq(cpuid("v6.1", fake_host(), false, 0x80000008).eax,
                      0x302b);
    /* Four levels of nested tables end at 48 bits. */
    ck_assert_uint_eq(cpuid("v6.10", wide, true, 0x80000008).eax, 0x303034);
    ck_assert_uint_eq(cpuid("v6.10", wide, false, 0x80000008).eax, 0x302e);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kvm/generations");
    TCase *t = tcase_create("all");

    tcase_add_loop_test(t, only_6_7_forgets_the_early_reduction, 0, 5);
    tcase_add_test(t, the_tag_of_5_11_asks_no_hardware);
    tcase_add_test(t, asids_are_charged_since_5_13);
    tcase_add_test(t, the_gate_alone_would_have_refused_ordinary_hosts);
    tcase_add_test(t, without_the_step_over_the_c_bit_sev_es_would_be_offered);
    tcase_add_test(t, a_value_of_0_is_a_warn_until_tdx_came);
    tcase_add_test(t, an_mmio_spte_is_current_in_its_generation_alone);
    tcase_add_test(t, userspace_sees_what_was_granted_and_the_c_bit);
    tcase_add_test(t, unusable_sev_keeps_its_bit);
    tcase_add_test(t, the_guests_width_is_raw_under_npt);
    suite_add_tcase(s, t);
    return run_suite(s);
}
