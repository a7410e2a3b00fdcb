/* SPDX-License-Identifier: GPL-2.0-only */
/* What the TLB may remember, and what it must not (APM vol. 2, 5.4.2, 5.5). */
#include "unit/hw/tlb_lab.h"
#include "unit/suite.h"

/* ---- hits ---- */

/* The walk before reads 24 entries less 4 times 3 nested pointers, which its
 * first nested walk has left behind. */
START_TEST(a_hit_reads_no_table)
{
    load_mode(_i ? TLB_ADVERSARIAL : TLB_ON);
    ck_assert_uint_eq(touch(PAGE(0), ACCESS_READ).n_refs, 24 - 4 * 3);
    ck_assert_uint_eq(touch(PAGE(0) + 0x238, ACCESS_READ).n_refs, 0);
    ck_assert_uint_eq(reads(PAGE(0) + 0x238), FRAME(0) + 0x238);
}
END_TEST

START_TEST(without_a_tlb_every_access_walks)
{
    load_mode(TLB_OFF);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_uint_eq(touch(PAGE(0), ACCESS_READ).n_refs, 24);
}
END_TEST

/* Two pages fit L1; the third throws out the one not used for longest. */
START_TEST(the_least_recently_used_entry_leaves)
{
    struct tlb_geometry g = lab_geometry(TLB_ON);

    g.n_l2d = 0;
    load_geometry(g);
    reads(PAGE(0));
    reads(PAGE(1));
    reads(PAGE(0));
    reads(PAGE(2));
    ck_assert_uint_eq(touch(PAGE(0), ACCESS_READ).n_refs, 0);
    ck_assert_uint_ne(touch(PAGE(1), ACCESS_READ).n_refs, 0);
}
END_TEST

START_TEST(what_left_the_first_level_is_in_the_second)
{
    load_mode(TLB_ON);
    for (unsigned n = 0; n < 4; n++)
        reads(PAGE(n));
    for (unsigned n = 0; n < 4; n++)
        ck_assert_uint_eq(touch(PAGE(n), ACCESS_READ).n_refs, 0);
}
END_TEST

START_TEST(nothing_ever_leaves_an_adversarial_tlb)
{
    load_mode(TLB_ADVERSARIAL);
    for (unsigned lap = 0; lap < 2; lap++)
        for (unsigned n = 0; n < N_PAGES; n++)
            ck_assert_uint_eq(!touch(PAGE(n), ACCESS_READ).n_refs, lap);
}
END_TEST

/* ---- page sizes ---- */

/* The guest's PDE becomes a 2M leaf over 4K nested pages, or 2M ones. */
static void map_2m(bool nested_2m)
{
    cpu_poke64(cpu, G2, 0 | RWUAD | PTE_PS);
    if (nested_2m)
        cpu_poke64(cpu, N2, 0 | RWUAD | PTE_PS);
}

START_TEST(an_entry_is_as_large_as_the_smaller_of_the_two_pages)
{
    load_mode(_i & 1 ? TLB_ADVERSARIAL : TLB_ON);
    map_2m(_i & 2);
    ck_assert_uint_eq(reads(0x405678), 0x5678);
    ck_assert_uint_eq(!touch(0x406000, ACCESS_READ).n_refs, !!(_i & 2));
    ck_assert_uint_eq(reads(0x406008), 0x6008);
}
END_TEST

/* The guest knows one page and flushes it by any of its addresses. */
START_TEST(a_broken_up_page_is_flushed_as_a_whole)
{
    load_mode(TLB_ADVERSARIAL);
    map_2m(false);
    reads(0x405000);
    cpu_poke64(cpu, G2, 0x200000 | RWUAD | PTE_PS);
    cpu_poke64(cpu, N2 + 8, 0x200000 | RWUAD | PTE_PS);
    ck_assert_uint_eq(reads(0x405000), 0x5000);
    tlb_invlpg(cpu, 0x5ff000);
    ck_assert_uint_eq(reads(0x405000), 0x205000);
}
END_TEST

/* ---- permissions ---- */

static const struct {
    spa_t slot;
    uint64_t less;
    enum access_kind kind;
} rights[] = {
    { LEAF(0), PTE_P, ACCESS_READ },      { LEAF(0), PTE_W, ACCESS_WRITE },
    { N(FRAME(0)), PTE_P, ACCESS_READ },  { N(FRAME(0)), PTE_U, ACCESS_READ },
    { N(FRAME(0)), PTE_W, ACCESS_WRITE }, { G2, PTE_P, ACCESS_READ },
    { LEAF(0), PTE_NX, ACCESS_FETCH },    { N(FRAME(0)), PTE_NX, ACCESS_FETCH },
    { LEAF(0), BIT(51), ACCESS_READ },    { N(FRAME(0)), BIT(51), ACCESS_READ },
    { N(0x4000), PTE_P, ACCESS_READ },    { N2, PTE_P, ACCESS_READ },
    { N3, PTE_W, ACCESS_WRITE },          { N4, PTE_NX, ACCESS_FETCH },
    { N2, BIT(51), ACCESS_READ },
};

START_TEST(more_permission_needs_no_flush)
{
    spa_t slot = rights[_i].slot;
    uint64_t pte;

    load_mode(TLB_ADVERSARIAL);
    pte = cpu_peek64(cpu, slot);
    cpu_poke64(cpu, slot, pte ^ rights[_i].less);
    touch(PAGE(0), ACCESS_READ); /* what can be remembered is */
    for (unsigned i = 0; i < 2; i++)
        ck_assert_int_ne(touch(PAGE(0), rights[_i].kind).outcome, WALK_OK);
    cpu_poke64(cpu, slot, pte);
    ck_assert_int_eq(touch(PAGE(0), rights[_i].kind).outcome, WALK_OK);
}
END_TEST

START_TEST(less_permission_is_seen_after_a_flush_only)
{
    spa_t slot = rights[_i].slot;

    load_mode(TLB_ADVERSARIAL);
    ck_assert_int_eq(touch(PAGE(0), rights[_i].kind).outcome, WALK_OK);
    cpu_poke64(cpu, slot, cpu_peek64(cpu, slot) ^ rights[_i].less);
    ck_assert_int_eq(touch(PAGE(0), rights[_i].kind).outcome, WALK_OK);
    vmrun_flush(1);
    ck_assert_int_ne(touch(PAGE(0), rights[_i].kind).outcome, WALK_OK);
}
END_TEST

/* What a register forbids is no matter of the entry's age. */
START_TEST(registers_are_asked_at_every_hit)
{
    load_mode(TLB_ADVERSARIAL);
    ck_assert_int_eq(touch(PAGE(0), ACCESS_READ).outcome, WALK_OK);
    cpu->g.r.cr4 |= CR4_SMAP;
    ck_assert_int_eq(touch(PAGE(0), ACCESS_READ).outcome, WALK_PF);
    cpu->g.r.rflags |= RFLAGS_AC;
    ck_assert_int_eq(touch(PAGE(0), ACCESS_READ).outcome, WALK_OK);
    cpu->g.r.rflags &= ~RFLAGS_AC;
    ck_assert_int_eq(touch(PAGE(0), ACCESS_READ).outcome, WALK_PF);
}
END_TEST

/* ---- accessed and dirty ---- */

START_TEST(a_store_walks_until_dirty_is_known_to_be_set)
{
    spa_t slot = _i ? N(FRAME(0)) : LEAF(0);

    load_mode(TLB_ADVERSARIAL);
    cpu_poke64(cpu, slot, cpu_peek64(cpu, slot) & ~PTE_D);
    reads(PAGE(0));
    ck_assert_uint_eq(cpu_peek64(cpu, slot) & PTE_D, 0);
    ck_assert_uint_ne(touch(PAGE(0), ACCESS_WRITE).n_refs, 0);
    ck_assert_uint_ne(cpu_peek64(cpu, slot) & PTE_D, 0);
    ck_assert_uint_eq(touch(PAGE(0), ACCESS_WRITE).n_refs, 0);
}
END_TEST

/* A dirty bit that software clears stays clear until it flushes. */
START_TEST(a_cleared_dirty_bit_is_set_again_after_a_flush_only)
{
    spa_t slot = _i ? N(FRAME(0)) : LEAF(0);

    load_mode(TLB_ADVERSARIAL);
    touch(PAGE(0), ACCESS_WRITE);
    cpu_poke64(cpu, slot, cpu_peek64(cpu, slot) & ~PTE_D);
    touch(PAGE(0), ACCESS_WRITE);
    ck_assert_uint_eq(cpu_peek64(cpu, slot) & PTE_D, 0);
    vmrun_flush(1);
    touch(PAGE(0), ACCESS_WRITE);
    ck_assert_uint_ne(cpu_peek64(cpu, slot) & PTE_D, 0);
}
END_TEST

/* ---- walk caches ---- */

/*
 * The second page under a PDE: 24 references without any cache, less those that
 * a cache answers: 15 of three guest levels above the leaf, three of the four
 * of each nested walk whose pointers are known, and all four of one that the
 * nested TLB knows.
 */
START_TEST(references_are_what_the_caches_do_not_answer)
{
    static const struct {
        unsigned pwc, npwc, ntlb, refs;
    } rows[] = {
        { 0, 0, 0, 24 },     { 0, 4, 0, 4 * 2 + 1 },   { 4, 0, 0, 24 - 15 },
        { 4, 4, 0, 3 },      { 0, 0, 16, 24 - 4 * 4 }, { 0, 4, 16, 4 + 1 },
        { 4, 0, 16, 1 + 4 }, { 4, 4, 16, 2 },
    };
    struct tlb_geometry g = lab_geometry(TLB_ON);

    g.pwc = rows[_i].pwc;
    g.npwc = rows[_i].npwc;
    g.ntlb = rows[_i].ntlb;
    load_geometry(g);
    reads(PAGE(0));
    ck_assert_uint_eq(touch(PAGE(1), ACCESS_READ).n_refs, rows[_i].refs);
}
END_TEST

/* The guest moves its page table; the old one is all zero. */
START_TEST(a_stale_pointer_reports_no_fault)
{
    load_mode(TLB_ADVERSARIAL);
    reads(PAGE(0));
    cpu_poke64(cpu, 0xc010, FRAME(1) | RWUAD);
    cpu_poke64(cpu, LEAF(1), 0);
    cpu_poke64(cpu, G2, 0xc000 | RWUAD);
    ck_assert_uint_eq(reads(PAGE(1)), FRAME(1));
}
END_TEST

START_TEST(a_stale_pointer_is_used_where_it_leads_somewhere)
{
    load_mode(TLB_ADVERSARIAL);
    reads(PAGE(0));
    cpu_poke64(cpu, 0xc010, FRAME(2) | RWUAD);
    cpu_poke64(cpu, G2, 0xc000 | RWUAD);
    ck_assert_uint_eq(reads(PAGE(1)), FRAME(1));
    tlb_invlpg(cpu, PAGE(1));
    ck_assert_uint_eq(reads(PAGE(1)), FRAME(2));
}
END_TEST

/* INVLPGA takes a linear address: the nested TLB does not hear of it. */
START_TEST(nested_translations_outlive_invlpga)
{
    load_mode(TLB_ADVERSARIAL);
    reads(PAGE(0));
    cpu_poke64(cpu, N(FRAME(0)), FRAME(3) | RWUAD);
    tlb_invlpga(cpu, PAGE(0), 0);
    ck_assert_uint_eq(reads(PAGE(0)), FRAME(0));
    vmrun_flush(3);
    ck_assert_uint_eq(reads(PAGE(0)), FRAME(3));
}
END_TEST

/* The host moves its page table: N2 points to another one, where page 0 is
 * mapped elsewhere. */
#define ELSEWHERE 0x200000ULL
static void move_nested_table(uint64_t leaf)
{
    for (gpa_t gpa = 0; gpa < 0x10000; gpa += PAGE_SIZE_4K)
        cpu_poke64(cpu, 0x104000 + N(gpa) % PAGE_SIZE_4K, gpa | RWUAD);
    cpu_poke64(cpu, 0x104000 + N(FRAME(1)) % PAGE_SIZE_4K, leaf);
    cpu_poke64(cpu, N2, 0x104000 | RWUAD);
}

/* Who flushes: nobody, the guest, a host by linear address, by ASID, and with
 * INVLPGB: without, with nested translations, and with leaves only. */
enum flusher { NOBODY, GUEST, BY_ADDRESS, BY_ASID, PLAIN, NESTED, LEAVES };

static void flush_as(enum flusher who)
{
    switch (who) {
    case NOBODY:
        return;
    case GUEST:
        tlb_invlpg(cpu, PAGE(1));
        return;
    case BY_ADDRESS:
        tlb_invlpga(cpu, PAGE(1), 0);
        return;
    case BY_ASID:
        vmrun_flush(3);
        return;
    case PLAIN:
    case NESTED:
    case LEAVES:
        ck_assert(tlb_invlpgb(
            cpu, (who == PLAIN ? 0 : BIT(5)) | (who == LEAVES ? BIT(4) : 0), 0,
            0, false));
        tlb_tlbsync(cpu);
        return;
    }
}

START_TEST(a_stale_nested_pointer_is_used_until_its_flush)
{
    bool gone = _i == BY_ASID || _i == NESTED;

    load_mode(TLB_ADVERSARIAL);
    reads(PAGE(0));
    move_nested_table(ELSEWHERE | RWUAD);
    flush_as((enum flusher)_i);
    ck_assert_uint_eq(reads(PAGE(1)), gone ? ELSEWHERE : FRAME(1));
}
END_TEST

/* The new table maps the page, the old one does not any more. */
START_TEST(a_stale_nested_pointer_reports_no_fault)
{
    load_mode(TLB_ADVERSARIAL);
    reads(PAGE(0));
    move_nested_table(ELSEWHERE | RWUAD);
    cpu_poke64(cpu, N(FRAME(1)), 0);
    ck_assert_uint_eq(reads(PAGE(1)), ELSEWHERE);
}
END_TEST

/* A walk that the nested level refuses sets no accessed bits, so nothing of it
 * may be remembered. */
START_TEST(pointers_of_a_refused_nested_walk_are_not_remembered)
{
    load_mode(TLB_ADVERSARIAL);
    cpu_poke64(cpu, N(FRAME(1)), FRAME(1) | RWUAD);
    cpu_poke64(cpu, N2, 0x103000 | (RWUAD & ~PTE_U));
    ck_assert_int_eq(touch(PAGE(1), ACCESS_READ).outcome, WALK_NPF);
    move_nested_table(ELSEWHERE | RWUAD);
    ck_assert_uint_eq(reads(PAGE(1)), ELSEWHERE);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tlb");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_hit_reads_no_table, 0, 2);
    tcase_add_test(t, without_a_tlb_every_access_walks);
    tcase_add_test(t, the_least_recently_used_entry_leaves);
    tcase_add_test(t, what_left_the_first_level_is_in_the_second);
    tcase_add_test(t, nothing_ever_leaves_an_adversarial_tlb);
    tcase_add_loop_test(t, an_entry_is_as_large_as_the_smaller_of_the_two_pages,
                        0, 4);
    tcase_add_test(t, a_broken_up_page_is_flushed_as_a_whole);
    tcase_add_loop_test(t, more_permission_needs_no_flush, 0,
                        (int)ARRAY_SIZE(rights));
    tcase_add_loop_test(t, less_permission_is_seen_after_a_flush_only, 0,
                        (int)ARRAY_SIZE(rights));
    tcase_add_test(t, registers_are_asked_at_every_hit);
    tcase_add_loop_test(t, a_store_walks_until_dirty_is_known_to_be_set, 0, 2);
    tcase_add_loop_test(t, a_cleared_dirty_bit_is_set_again_after_a_flush_only,
                        0, 2);
    tcase_add_loop_test(t, references_are_what_the_caches_do_not_answer, 0, 8);
    tcase_add_test(t, a_stale_pointer_reports_no_fault);
    tcase_add_test(t, a_stale_pointer_is_used_where_it_leads_somewhere);
    tcase_add_test(t, nested_translations_outlive_invlpga);
    tcase_add_loop_test(t, a_stale_nested_pointer_is_used_until_its_flush,
                        NOBODY, LEAVES + 1);
    tcase_add_test(t, a_stale_nested_pointer_reports_no_fault);
    tcase_add_test(t, pointers_of_a_refused_nested_walk_are_not_remembered);
    suite_add_tcase(s, t);
    return run_suite(s);
}
