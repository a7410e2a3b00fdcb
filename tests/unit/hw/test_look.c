/* SPDX-License-Identifier: GPL-2.0-only */
/* Whoever looks sees what an access would meet, and leaves no trace. */
#include "unit/hw/tlb_lab.h"
#include "unit/suite.h"

#define LEAF_BITS (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

START_TEST(a_look_meets_what_an_access_meets)
{
    struct walk_result r;

    load(0, 0);
    r = cpu_look(cpu, NCR3, GPA, ACCESS_WRITE);
    ck_assert_int_eq(r.outcome, WALK_OK);
    ck_assert_uint_eq(r.spa, GPA);
    cpu_poke64(cpu, N(GPA), DATA | (LEAF_BITS & ~PTE_W));
    r = cpu_look(cpu, NCR3, GPA, ACCESS_WRITE);
    ck_assert_int_eq(r.outcome, WALK_NPF);
    ck_assert_uint_eq(
        r.info1, walk_access(cpu, GVA, ACCESS_WRITE, 8, false, NULL).info1);
    ck_assert_int_eq(cpu_look(cpu, NCR3, GPA, ACCESS_READ).outcome, WALK_OK);
    cpu_poke64(cpu, N(GPA), 0);
    ck_assert_uint_eq(cpu_look(cpu, NCR3, GPA, ACCESS_READ).info1,
                      PFERR_GUEST_FINAL | PFERR_USER);
}
END_TEST

START_TEST(a_look_sets_no_bit_and_changes_no_state)
{
    load(0, 0);
    cpu_poke64(cpu, N(GPA), DATA | PTE_P | PTE_W | PTE_U);
    cpu_state_mark(cpu);
    ck_assert_int_eq(cpu_look(cpu, NCR3, GPA, ACCESS_WRITE).outcome, WALK_OK);
    cpu_look_entry(cpu, PTE_P, ACCESS_WRITE);
    cpu_faulting_bits(cpu);
    ck_assert(cpu_state_same(cpu));
    ck_assert_uint_eq(cpu_peek64(cpu, N(GPA)), DATA | PTE_P | PTE_W | PTE_U);
}
END_TEST

/* APM vol. 2, 7.10.1: bits given up to encryption are reserved, the C-bit is
 * not; above the physical width all are (5.4.1). */
START_TEST(bits_that_fault_are_those_above_the_width_but_the_c_bit)
{
    static const struct {
        uint64_t flags, bits;
    } rows[] = {
        { 0, 0xf000000000000 }, /* 48 bits */
        { W36, 0xffff000000000 },
        { W52, 0 },
        { ENC, 0xff80000000000 & ~(1ULL << 47) }, /* 48 - 5 = 43 */
    };

    load(rows[_i].flags, 0);
    ck_assert_uint_eq(cpu_faulting_bits(cpu), rows[_i].bits);
}
END_TEST

START_TEST(an_entry_need_not_stand_in_memory)
{
    load(ENC, 0);
    ck_assert_uint_eq(cpu_look_entry(cpu, BIT(44) | PTE_P, ACCESS_READ).info1,
                      PFERR_GUEST_FINAL | PFERR_USER | PFERR_RSVD |
                          PFERR_PRESENT);
    ck_assert_uint_eq(cpu_look_entry(cpu, 0x6, ACCESS_READ).info1,
                      PFERR_GUEST_FINAL | PFERR_USER);
    ck_assert_int_eq(
        cpu_look_entry(cpu, BIT(47) | LEAF_BITS, ACCESS_READ).outcome, WALK_OK);
}
END_TEST

struct grants {
    unsigned n, writable;
    gpa_t gpa;
};

static void count(void *ctx, const struct tlb_grant *g)
{
    struct grants *all = ctx;

    all->n++;
    all->writable += g->write;
    all->gpa = g->gpa;
    ck_assert_uint_eq(g->gpa, g->spa);
    ck_assert_uint_eq(g->size, PAGE_SIZE_4K);
}

START_TEST(what_the_tlb_grants_can_be_seen_by_asid)
{
    struct grants mine = { 0 }, others = { 0 };
    struct tlb_geometry g = lab_geometry(TLB_ON);

    g.ntlb = 0;
    load_geometry(g);
    become(1, 0);
    touch(PAGE(2), ACCESS_READ);
    ck_assert(cpu_each_grant(cpu, 1, count, &mine));
    ck_assert(cpu_each_grant(cpu, 2, count, &others));
    ck_assert_uint_eq(mine.n, 2); /* L1 and L2 */
    ck_assert_uint_eq(mine.writable, 2);
    ck_assert_uint_eq(mine.gpa, FRAME(2));
    ck_assert_uint_eq(others.n, 0);
}
END_TEST

START_TEST(without_a_tlb_there_is_nothing_to_see)
{
    struct grants none = { 0 };

    load(0, 0);
    ck_assert(!cpu_each_grant(cpu, 0, count, &none));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hw/look");
    TCase *t = tcase_create("look");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_look_meets_what_an_access_meets);
    tcase_add_test(t, a_look_sets_no_bit_and_changes_no_state);
    tcase_add_loop_test(
        t, bits_that_fault_are_those_above_the_width_but_the_c_bit, 0, 4);
    tcase_add_test(t, an_entry_need_not_stand_in_memory);
    tcase_add_test(t, what_the_tlb_grants_can_be_seen_by_asid);
    tcase_add_test(t, without_a_tlb_there_is_nothing_to_see);
    suite_add_tcase(s, t);
    return run_suite(s);
}
