/* SPDX-License-Identifier: GPL-2.0-only */
/* The bits beside NP_ENABLE in the VMCB, through VMRUN; and erratum 1096, whose
 * mark is in the VMCB, too. */
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

static void nested_ctl(uint64_t bits)
{
    mini_set(&m, VMCB_NESTED_CTL, NESTED_CTL_NP_ENABLE | bits);
}

/* Every nested entry of this machine has U=1. */
START_TEST(gmet_stops_the_kernel_at_its_first_instruction)
{
    mini_create_with(&m, FEAT_GMET);
    MINI_CODE(&m, "\xf4");
    nested_ctl(NESTED_CTL_GMET);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x100000011);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2), CODE);
}
END_TEST

START_TEST(a_cpu_without_gmet_ignores_the_bit)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\xf4");
    nested_ctl(NESTED_CTL_GMET | NESTED_CTL_SSS | NESTED_CTL_ROGPT);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
}
END_TEST

START_TEST(rogpt_runs_on_read_only_tables)
{
    bool rogpt = _i;

    mini_create_with(&m, FEAT_ROGPT);
    MINI_CODE(&m, "\xf4");
    mini_poke(&m, NPT(PML4), PML4 | PTE_P | PTE_U);
    nested_ctl(rogpt ? NESTED_CTL_ROGPT : 0);
    ck_assert_uint_eq(mini_run(&m), rogpt ? EXIT_HLT : EXIT_NPF);
    if (!rogpt)
        ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x200000007);
}
END_TEST

/* SMAP blocks the read of the bytes, unless SMEP proves the code the kernel's.
 */
START_TEST(erratum_1096_loses_the_instruction)
{
    static const struct {
        uint64_t cr4;
        bool lost;
    } rows[] = {
        { 0, false },
        { CR4_SMAP, true },
        { CR4_SMEP, false },
        { CR4_SMAP | CR4_SMEP, false },
    };
    struct cpu_model model = lab_model();

    model.knobs.err1096 = true;
    mini_create_on(&m, PLAIN, &model);
    MINI_CODE(&m, "\x8b\x04\x25\xf0\xd0\x00\x00\xf4");
    mini_poke(&m, PML4, PDPT | PTE_P | PTE_W | PTE_A); /* no user pages */
    mini_reg(&m, SAVE_CR4, mini_reg_of(&m, SAVE_CR4) | rows[_i].cr4);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_INSN_LEN) & 0xff,
                      rows[_i].lost ? 0 : 15);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("nested_ctl");
    TCase *t = tcase_create("nested_ctl");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, gmet_stops_the_kernel_at_its_first_instruction);
    tcase_add_test(t, a_cpu_without_gmet_ignores_the_bit);
    tcase_add_loop_test(t, rogpt_runs_on_read_only_tables, 0, 2);
    tcase_add_loop_test(t, erratum_1096_loses_the_instruction, 0, 4);
    return run_suite(s);
}
