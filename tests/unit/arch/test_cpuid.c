/* SPDX-License-Identifier: GPL-2.0-only */
/* Feature bits: each has one name and one place, and it is the manual's. */
#include "arch/cpuid.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

START_TEST(every_feature_has_a_name_that_finds_it)
{
    const struct feature_desc *f = &feature_table[_i];

    ck_assert_ptr_nonnull(f->name);
    ck_assert_ptr_nonnull(f->doc);
    ck_assert_uint_eq(strspn(f->name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
                      strlen(f->name));
    ck_assert_int_eq(feature_find(f->name), _i);
}
END_TEST

START_TEST(no_two_features_share_a_bit)
{
    const struct feature_desc *a = &feature_table[_i];

    ck_assert_uint_lt(a->bit, 32);
    for (int i = 0; i < _i; i++) {
        const struct feature_desc *b = &feature_table[i];

        ck_assert_msg(a->leaf != b->leaf || a->reg != b->reg ||
                          a->bit != b->bit,
                      "%s and %s", a->name, b->name);
    }
}
END_TEST

START_TEST(an_unknown_name_is_not_found)
{
    ck_assert_int_eq(feature_find("sev_es2"), -1);
    ck_assert_int_eq(feature_find("SEV"), -1);
    ck_assert_int_eq(feature_find(""), -1);
}
END_TEST

/* APM vol. 3, appendix E, and Linux' asm/cpufeatures.h. */
static const struct {
    const char *name;
    uint32_t leaf;
    enum cpuid_reg reg;
    unsigned bit;
} places[] = {
    { "pse", 1, CPUID_EDX, 3 },
    { "pae", 1, CPUID_EDX, 6 },
    { "pcid", 1, CPUID_ECX, 17 },
    { "hypervisor", 1, CPUID_ECX, 31 },
    { "smep", 7, CPUID_EBX, 7 },
    { "smap", 7, CPUID_EBX, 20 },
    { "pku", 7, CPUID_ECX, 3 },
    { "cet_ss", 7, CPUID_ECX, 7 },
    { "la57", 7, CPUID_ECX, 16 },
    { "svm", 0x80000001, CPUID_ECX, 2 },
    { "nx", 0x80000001, CPUID_EDX, 20 },
    { "page1gb", 0x80000001, CPUID_EDX, 26 },
    { "lm", 0x80000001, CPUID_EDX, 29 },
    { "invlpgb", 0x80000008, CPUID_EBX, 3 },
    { "np", 0x8000000a, CPUID_EDX, 0 },
    { "lbrv", 0x8000000a, CPUID_EDX, 1 },
    { "nrips", 0x8000000a, CPUID_EDX, 3 },
    { "vmcb_clean", 0x8000000a, CPUID_EDX, 5 },
    { "flush_by_asid", 0x8000000a, CPUID_EDX, 6 },
    { "decode_assists", 0x8000000a, CPUID_EDX, 7 },
    { "avic", 0x8000000a, CPUID_EDX, 13 },
    { "vgif", 0x8000000a, CPUID_EDX, 16 },
    { "gmet", 0x8000000a, CPUID_EDX, 17 },
    { "vnmi", 0x8000000a, CPUID_EDX, 25 },
    { "sme", 0x8000001f, CPUID_EAX, 0 },
    { "sev", 0x8000001f, CPUID_EAX, 1 },
    { "vm_page_flush", 0x8000001f, CPUID_EAX, 2 },
    { "sev_es", 0x8000001f, CPUID_EAX, 3 },
    { "sev_snp", 0x8000001f, CPUID_EAX, 4 },
    { "vmpl", 0x8000001f, CPUID_EAX, 5 },
    { "sme_coherent", 0x8000001f, CPUID_EAX, 10 },
    { "debug_swap", 0x8000001f, CPUID_EAX, 14 },
    { "segmented_rmp", 0x8000001f, CPUID_EAX, 23 },
    { "upper_address_ignore", 0x80000021, CPUID_EAX, 7 },
};

START_TEST(a_feature_is_where_the_manual_puts_it)
{
    int f = feature_find(places[_i].name);

    ck_assert_int_ge(f, 0);
    ck_assert_uint_eq(feature_table[f].leaf, places[_i].leaf);
    ck_assert_uint_eq(feature_table[f].reg, places[_i].reg);
    ck_assert_uint_eq(feature_table[f].bit, places[_i].bit);
}
END_TEST

START_TEST(every_feature_is_in_one_run_at_its_bit)
{
    unsigned n = 0;

    for (unsigned i = 0; i < N_FEATURE_RUNS; i++) {
        const struct feature_run *run = &feature_runs[i];

        if (_i < run->first || _i >= run->first + run->n)
            continue;
        ck_assert_uint_eq(run->leaf, feature_table[_i].leaf);
        ck_assert_uint_eq(run->reg, feature_table[_i].reg);
        ck_assert_uint_eq(run->bit + (unsigned)_i - run->first,
                          feature_table[_i].bit);
        n++;
    }
    ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(every_run_is_in_the_range_of_its_leaf)
{
    unsigned n = 0;

    for (unsigned i = 0; i < N_FEATURE_LEAVES; i++) {
        const struct feature_leaf *leaf = &feature_leaves[i];

        if (_i < leaf->first || _i >= leaf->end)
            continue;
        ck_assert_uint_eq(leaf->leaf, feature_runs[_i].leaf);
        n++;
    }
    ck_assert_uint_eq(n, 1);
}
END_TEST

/* InstLatX64@087af2c: signatures and the families that the files are named by.
 */
START_TEST(a_signature_tells_family_and_model)
{
    ck_assert_uint_eq(cpuid_family(0x00100f42), 0x10);
    ck_assert_uint_eq(cpuid_model(0x00100f42), 0x04);
    ck_assert_uint_eq(cpuid_family(0x00870f10), 0x17);
    ck_assert_uint_eq(cpuid_model(0x00870f10), 0x71);
    ck_assert_uint_eq(cpuid_family(0x00a00f11), 0x19);
    ck_assert_uint_eq(cpuid_model(0x00a00f11), 0x01);
    ck_assert_uint_eq(cpuid_family(0x00b10f10), 0x1a);
    ck_assert_uint_eq(cpuid_model(0x00b10f10), 0x11);
}
END_TEST

/* Before family 0Fh the extended fields mean nothing. */
START_TEST(extended_fields_count_from_family_0f_only)
{
    ck_assert_uint_eq(cpuid_family(0x00f10681), 0x06);
    ck_assert_uint_eq(cpuid_model(0x00f10681), 0x08);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("arch/cpuid");
    TCase *t = tcase_create("features");

    tcase_add_loop_test(t, every_feature_has_a_name_that_finds_it, 0,
                        N_FEATURES);
    tcase_add_loop_test(t, no_two_features_share_a_bit, 0, N_FEATURES);
    tcase_add_test(t, an_unknown_name_is_not_found);
    tcase_add_loop_test(t, a_feature_is_where_the_manual_puts_it, 0,
                        ARRAY_SIZE(places));
    tcase_add_loop_test(t, every_feature_is_in_one_run_at_its_bit, 0,
                        N_FEATURES);
    tcase_add_loop_test(t, every_run_is_in_the_range_of_its_leaf, 0,
                        N_FEATURE_RUNS);
    tcase_add_test(t, a_signature_tells_family_and_model);
    tcase_add_test(t, extended_fields_count_from_family_0f_only);
    suite_add_tcase(s, t);
    return run_suite(s);
}
