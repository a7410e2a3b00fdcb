/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control registers of the host: what MOV to CR0 and CR4 refuses (APM vol. 2,
 * 3.1 and 14.6), and that VMRUN takes the nested tables' format from them
 * (15.25.3).
 */
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

#define LONG_CR0 (CR0_PG | CR0_PE | CR0_ET | CR0_WP)

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

static bool cr(unsigned n, uint64_t value)
{
    return m.w.ops->write_cr(m.w.hw, n, value);
}

static uint64_t cr_of(unsigned n)
{
    return m.w.ops->read_cr(m.w.hw, n);
}

static uint64_t efer_of(void)
{
    uint64_t value;

    ck_assert(m.w.ops->rdmsr(m.w.hw, MSR_EFER, &value));
    return value;
}

static bool efer(uint64_t value)
{
    return m.w.ops->wrmsr(m.w.hw, MSR_EFER, value);
}

/* ---- one write, from long mode as firmware left it ---- */

static const struct {
    const char *name;
    unsigned n;
    uint64_t value;
    bool legal;
} writes[] = {
    { "what is there", 0, LONG_CR0, true },
    { "a bit above 31", 0, LONG_CR0 | BIT(32), false },
    { "paging without protection", 0, CR0_PG, false },
    { "NW without CD", 0, LONG_CR0 | CR0_NW, false },
    { "CD and NW", 0, LONG_CR0 | CR0_NW | CR0_CD, true },
    { "CD", 0, LONG_CR0 | CR0_CD, true },
    { "no write protection", 0, LONG_CR0 & ~CR0_WP, true },
    { "no paging", 0, LONG_CR0 & ~CR0_PG, true },
    { "PAE", 4, CR4_PAE, true },
    { "no PAE in long mode", 4, 0, false },
    { "five levels in long mode", 4, CR4_PAE | CR4_LA57, false },
    { "SMEP", 4, CR4_PAE | CR4_SMEP, true },
    { "PCIDs", 4, CR4_PAE | CR4_PCIDE, true },
    { "bit 13, which is reserved", 4, CR4_PAE | BIT(13), false },
    { "a bit above 31", 4, CR4_PAE | BIT(32), false },
};

START_TEST(a_write_is_checked)
{
    struct cpu_model model = lab_model();
    uint64_t before;

    model.features[FEAT_LA57] = model.features[FEAT_PCID] = true;
    model.features[FEAT_SMEP] = true;
    mini_create_on(&m, PLAIN, &model);
    before = cr_of(writes[_i].n);
    ck_assert_msg(cr(writes[_i].n, writes[_i].value) == writes[_i].legal, "%s",
                  writes[_i].name);
    ck_assert_uint_eq(cr_of(writes[_i].n),
                      writes[_i].legal ? writes[_i].value : before);
}
END_TEST

START_TEST(a_bit_of_cr4_needs_its_feature)
{
    struct cpu_model model = lab_model();

    model.features[FEAT_SMEP] = _i;
    mini_create_on(&m, PLAIN, &model);
    ck_assert_int_eq(cr(4, CR4_PAE | CR4_SMEP), _i);
}
END_TEST

/* ---- the way out of long mode, and back ---- */

START_TEST(long_mode_ends_and_begins_with_paging)
{
    mini_create(&m, PLAIN);
    ck_assert(!efer(efer_of() & ~EFER_LME)); /* not while paging is on */
    ck_assert(cr(0, LONG_CR0 & ~CR0_PG));
    ck_assert_uint_eq(efer_of() & (EFER_LMA | EFER_LME), EFER_LME);
    ck_assert(cr(4, 0));
    ck_assert(!cr(0, LONG_CR0)); /* LME without PAE */
    ck_assert(cr(4, CR4_PAE));
    ck_assert(cr(0, LONG_CR0));
    ck_assert_uint_eq(efer_of() & (EFER_LMA | EFER_LME), EFER_LMA | EFER_LME);
}
END_TEST

START_TEST(software_cannot_write_lma)
{
    mini_create(&m, PLAIN);
    ck_assert(!efer(efer_of() & ~EFER_LMA));
    ck_assert(cr(0, LONG_CR0 & ~CR0_PG));
    ck_assert(!efer(efer_of() | EFER_LMA));
}
END_TEST

/* PCIDs are a matter of long mode. */
START_TEST(pcids_stay_in_long_mode)
{
    struct cpu_model model = lab_model();

    model.features[FEAT_PCID] = true;
    mini_create_on(&m, PLAIN, &model);
    ck_assert(cr(4, CR4_PAE | CR4_PCIDE));
    ck_assert(!cr(0, LONG_CR0 & ~CR0_PG));
    ck_assert(cr(4, CR4_PAE));
    ck_assert(cr(0, LONG_CR0 & ~CR0_PG));
    ck_assert(!cr(4, CR4_PAE | CR4_PCIDE));
}
END_TEST

/* ---- what VMRUN makes of it ---- */

START_TEST(nested_paging_needs_a_host_that_pages)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\xf4");
    ck_assert(cr(0, LONG_CR0 & ~CR0_PG));
    ck_assert_uint_eq(mini_run(&m), EXIT_INVALID);
}
END_TEST

/* The page directory of the lab serves a PAE host as well. */
START_TEST(a_pae_host_has_nested_tables_of_three_levels)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\xf4");
    ck_assert(cr(0, LONG_CR0 & ~CR0_PG));
    ck_assert(efer(efer_of() & ~EFER_LME));
    ck_assert(cr(0, LONG_CR0));
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF); /* U and W are reserved there */
    mini_poke(&m, NPDPT, NPD | PTE_P);
    mini_set(&m, VMCB_NCR3, NPDPT);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("host_cr");
    TCase *t = tcase_create("host_cr");

    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_loop_test(t, a_write_is_checked, 0, (int)ARRAY_SIZE(writes));
    tcase_add_loop_test(t, a_bit_of_cr4_needs_its_feature, 0, 2);
    tcase_add_test(t, long_mode_ends_and_begins_with_paging);
    tcase_add_test(t, software_cannot_write_lma);
    tcase_add_test(t, pcids_stay_in_long_mode);
    tcase_add_test(t, nested_paging_needs_a_host_that_pages);
    tcase_add_test(t, a_pae_host_has_nested_tables_of_three_levels);
    suite_add_tcase(s, t);
    return run_suite(s);
}
