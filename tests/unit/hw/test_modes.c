/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every guest mode over every nested mode: references, what each format has of
 * its own (APM vol. 2, 5.2 and 5.3), addresses too wide for a root, no nested
 * paging at all.
 */
#include "unit/hw/modes_lab.h"
#include "unit/suite.h"

/* ---- all of them ---- */

/* L_g * (L_n + 1) + L_n: APM vol. 2, 15.25.1. */
START_TEST(references_follow_both_modes)
{
    static const unsigned refs[5][5] = {
        { 0, 2, 3, 4, 5 },     { 2, 8, 11, 14, 17 },  { 3, 11, 15, 19, 23 },
        { 4, 14, 19, 24, 29 }, { 5, 17, 23, 29, 35 },
    };
    unsigned guest = (unsigned)_i / 5, nested = (unsigned)_i % 5;
    const struct mode *g = &modes[guest], *n = nested ? &modes[nested] : NULL;
    struct walk_setup s = join(g, n);
    struct cpu_model m = modes_model();
    struct walk_result w;

    build(&m, g, n);
    w = touch(&s, ACCESS_WRITE);
    ck_assert_msg(w.outcome == WALK_OK, "%s over %s: %s", g->name,
                  n ? n->name : "nothing", w.why);
    ck_assert_uint_eq(w.spa, guest || n ? DATA | 0x238 : GVA);
    ck_assert_uint_eq(w.n_refs, refs[guest][nested]);
}
END_TEST

/* Every level that a large page makes superfluous counts no more. */
START_TEST(large_pages_shorten_a_five_level_walk)
{
    static const unsigned refs[] = { 35, 24, 15 };
    const struct mode *m5 = &modes[L5];
    struct walk_setup s = join(m5, m5);
    struct cpu_model m = modes_model();
    unsigned leaf = (unsigned)_i;

    cpu_reset(cpu, &m);
    heap = GROOT + PAGE_SIZE_4K;
    map(m5, GROOT, GVA, 0, leaf);
    heap = NROOT + PAGE_SIZE_4K;
    for (gpa_t at = 0; at < MIB(4); at += m5->span[leaf])
        map(m5, NROOT, at, at, leaf);
    ck_assert_uint_eq(touch(&s, ACCESS_READ).n_refs, refs[leaf - 1]);
}
END_TEST

START_TEST(a_missing_entry_is_a_page_fault_in_every_mode)
{
    const struct mode *g = &modes[_i];
    struct walk_setup s = join(g, &modes[L4]);
    struct cpu_model m = modes_model();
    struct walk_result w;

    for (unsigned level = 1; level <= g->levels; level++) {
        build(&m, g, &modes[L4]);
        poke(g, entry_of(g, GROOT, GVA, level), 0);
        w = touch(&s, ACCESS_WRITE);
        ck_assert_int_eq(w.outcome, WALK_PF);
        ck_assert_uint_eq(w.info1, 2);
        ck_assert_uint_eq(w.info2, GVA);
    }
}
END_TEST

START_TEST(a_missing_nested_entry_is_a_nested_fault_in_every_mode)
{
    const struct mode *n = &modes[_i];
    struct walk_setup s = join(&modes[L4], n);
    struct cpu_model m = modes_model();
    struct walk_result w;

    build(&m, &modes[L4], n);
    poke(n, entry_of(n, NROOT, DATA, 1), 0);
    w = touch(&s, ACCESS_WRITE);
    ck_assert_uint_eq(w.info1, 0x100000006);
    ck_assert_uint_eq(w.info2, DATA | 0x238);
    poke(n, entry_of(n, NROOT, 0, n->levels), 0);
    w = touch(&s, ACCESS_READ);
    ck_assert_uint_eq(w.info1, 0x200000006);
    ck_assert_uint_eq(w.info2, GROOT);
}
END_TEST

/* ---- no paging ---- */

START_TEST(without_paging_only_the_nested_tables_fault)
{
    struct walk_setup s = join(&modes[OFF], &modes[L4]);
    struct cpu_model m = modes_model();
    struct walk_result w;

    s.g_cr4 = CR4_SMAP | CR4_SMEP; /* mean nothing here */
    build(&m, &modes[OFF], &modes[L4]);
    ck_assert_int_eq(touch(&s, ACCESS_FETCH).outcome, WALK_OK);
    poke(&modes[L4], entry_of(&modes[L4], NROOT, GVA, 1), 0);
    w = touch(&s, ACCESS_READ);
    ck_assert_uint_eq(w.info1, 0x100000004);
    ck_assert_uint_eq(w.info2, GVA);
}
END_TEST

/* ---- 32-bit ---- */

static struct walk_result walk32(uint64_t pde, uint64_t cr4,
                                 const struct cpu_model *m)
{
    const struct mode *g = &modes[M32];
    struct walk_setup s = join(g, &modes[L4]);

    s.g_cr4 = cr4;
    build(m, g, &modes[L4]);
    poke(g, entry_of(g, GROOT, GVA, 2), pde);
    return touch(&s, ACCESS_READ);
}

START_TEST(without_pse_bit_7_of_a_pde_means_nothing)
{
    struct cpu_model m = modes_model();
    struct walk_result w = walk32(0x11000 | RWUAD | PTE_PS, 0, &m);

    ck_assert_int_eq(w.outcome, WALK_OK);
    ck_assert_uint_eq(w.spa, DATA | 0x238);
}
END_TEST

START_TEST(a_4m_page_has_forty_address_bits)
{
    const uint64_t at = 0xab00000000 | (GVA & (MIB(4) - 1));
    struct cpu_model m = modes_model();
    struct walk_result w = walk32(0xabU << 13 | RWUAD | PTE_PS, CR4_PSE, &m);

    ck_assert_int_eq(w.outcome, WALK_NPF); /* nothing is mapped there */
    ck_assert_uint_eq(w.info2, at);
}
END_TEST

/* By mode and physical width: which of bits 21:13 of a 4M page's entry? */
START_TEST(the_knob_says_which_bits_of_a_4m_page_are_reserved)
{
    static const struct {
        unsigned mode, width;
        uint32_t reserved;
    } rows[] = {
        { PSE36_AMD40, 48, 0x200000 },   { PSE36_AMD40, 40, 0x200000 },
        { PSE36_AMD40, 39, 0x300000 },   { PSE36_AMD40, 36, 0x3e0000 },
        { PSE36_AMD40, 32, 0x3fe000 },   { PSE36_INTEL36, 48, 0x3e0000 },
        { PSE36_INTEL36, 36, 0x3e0000 }, { PSE36_NONE, 48, 0x3fe000 },
    };
    struct cpu_model m = modes_model();

    m.knobs.pse36_mode = rows[_i].mode;
    m.maxphyaddr_raw = rows[_i].width;
    for (unsigned bit = 12; bit < 22; bit++) {
        struct walk_result w = walk32(BIT(bit) | RWUAD | PTE_PS, CR4_PSE, &m);
        bool reserved = rows[_i].reserved & BIT(bit);

        ck_assert_msg((w.outcome == WALK_PF) == reserved, "row %d bit %u", _i,
                      bit);
        ck_assert(!reserved || w.info1 == 9);
    }
}
END_TEST

START_TEST(accessed_and_dirty_spare_the_neighbour_in_the_same_word)
{
    const struct mode *g = &modes[M32], *n = &modes[M32];
    struct walk_setup s = join(g, n);
    struct cpu_model m = modes_model();
    spa_t slot, dirty[8];
    struct walk_log log = { .dirty = dirty, .max_dirty = 8 };
    const char *why;

    build(&m, g, n);
    slot = entry_of(g, GROOT, GVA, 1);
    poke(g, slot, DATA | RWU);
    poke(g, slot ^ 4, 0xabcde000);
    ck_assert(walk_load(cpu, &s, &why));
    walk_access(cpu, GVA, ACCESS_WRITE, 4, false, &log);
    ck_assert_uint_eq(peek(g, slot), DATA | RWUAD);
    ck_assert_uint_eq(peek(g, slot ^ 4), 0xabcde000);
    ck_assert_uint_eq(log.n_dirty, 1);
    ck_assert_uint_eq(dirty[0], slot & ~7ULL);
}
END_TEST

START_TEST(linear_addresses_have_32_bits_and_wrap)
{
    const struct mode *g = &modes[M32];
    struct walk_setup s = join(g, &modes[L4]);
    struct cpu_model m = modes_model();
    struct walk_result w;
    const char *why;

    build(&m, g, &modes[L4]);
    ck_assert(walk_load(cpu, &s, &why));
    w = walk_access(cpu, BIT(47) | GVA, ACCESS_READ, 4, false, NULL);
    ck_assert_int_eq(w.outcome, WALK_OK);
    heap = GROOT + 0x4000;
    map(g, GROOT, 0xfffff000, DATA, 1);
    w = walk_access(cpu, 0xfffffffe, ACCESS_READ, 4, false, NULL);
    ck_assert_int_eq(w.outcome, WALK_PF);
    ck_assert_uint_eq(w.info2, 0);
}
END_TEST

/* ---- PAE ---- */

/* APM vol. 2, figure 5-10: P, PWT, PCD, bits 11:9 and the address. */
static bool pdpte_allows(unsigned bit, unsigned width)
{
    return bit == 0 || bit == 3 || bit == 4 || (bit >= 9 && bit < width);
}

START_TEST(a_pdpte_of_the_guest_is_read_and_checked_in_the_walk)
{
    const struct mode *g = &modes[PAE], *n = &modes[L4];
    struct walk_setup s = join(g, n);
    struct cpu_model m = modes_model();
    unsigned bit = (unsigned)_i;
    struct walk_result w;
    spa_t slot;

    build(&m, g, n);
    slot = entry_of(g, GROOT, GVA, 3);
    cpu_poke64(cpu, slot + 8, PTE_P | BIT(52)); /* not on our way: no matter */
    cpu_poke64(cpu, slot, cpu_peek64(cpu, slot) | BIT(bit));
    w = touch(&s, ACCESS_FETCH);
    ck_assert_msg((w.outcome == WALK_PF && w.info1 == 0x19) ==
                      !pdpte_allows(bit, 48),
                  "bit %u: %lx", bit, w.info1);
}
END_TEST

START_TEST(a_nested_pdpte_is_checked_in_the_walk)
{
    const struct mode *g = &modes[L4], *n = &modes[PAE];
    struct walk_setup s = join(g, n);
    struct cpu_model m = modes_model();
    unsigned bit = (unsigned)_i;
    struct walk_result w;
    spa_t slot;

    build(&m, g, n);
    slot = entry_of(n, NROOT, GROOT, 3);
    cpu_poke64(cpu, slot, cpu_peek64(cpu, slot) | BIT(bit));
    w = touch(&s, ACCESS_READ);
    ck_assert_msg((w.outcome == WALK_NPF && w.info1 == 0x20000000f) ==
                      !pdpte_allows(bit, 48),
                  "bit %u: %lx", bit, w.info1);
}
END_TEST

START_TEST(the_walker_never_writes_a_pdpte)
{
    struct walk_setup s = join(&modes[PAE], &modes[PAE]);
    struct cpu_model m = modes_model();
    spa_t g, n;

    build(&m, &modes[PAE], &modes[PAE]);
    g = entry_of(&modes[PAE], GROOT, GVA, 3);
    n = entry_of(&modes[PAE], NROOT, GROOT, 3);
    ck_assert_int_eq(touch(&s, ACCESS_WRITE).outcome, WALK_OK);
    ck_assert_uint_eq(cpu_peek64(cpu, g) & (PTE_A | PTE_D), 0);
    ck_assert_uint_eq(cpu_peek64(cpu, n) & (PTE_A | PTE_D), 0);
}
END_TEST

START_TEST(bits_62_to_52_are_reserved_in_pae_entries)
{
    const struct mode *g = &modes[PAE];
    struct walk_setup s = join(g, &modes[L4]);
    struct cpu_model m = modes_model();

    for (unsigned level = 1; level <= 2; level++) {
        spa_t slot;

        build(&m, g, &modes[L4]);
        slot = entry_of(g, GROOT, GVA, level);
        cpu_poke64(cpu, slot, cpu_peek64(cpu, slot) | BIT(_i));
        ck_assert_uint_eq(touch(&s, ACCESS_READ).info1, 9);
    }
}
END_TEST

/* CR3 of PAE: bits 4:0 are ignored, the root is aligned to 32 bytes. */
START_TEST(a_pae_root_may_lie_anywhere_in_its_page)
{
    const struct mode *g = &modes[PAE];
    struct walk_setup s = join(g, &modes[L4]);
    struct cpu_model m = modes_model();

    build(&m, g, &modes[L4]);
    for (unsigned i = 0; i < 4; i++)
        cpu_poke64(cpu, GROOT + 0xfe0 + 8 * i, cpu_peek64(cpu, GROOT + 8 * i));
    s.g_cr3 = GROOT | 0xfe0 | 0x1f;
    ck_assert_int_eq(touch(&s, ACCESS_READ).outcome, WALK_OK);
}
END_TEST

START_TEST(protection_keys_need_long_mode)
{
    const struct mode *g = &modes[PAE];
    struct walk_setup s = join(g, &modes[L4]);
    struct cpu_model m = modes_model();

    s.g_cr4 |= CR4_PKE;
    s.pkru = ~0U;
    build(&m, g, &modes[L4]);
    ck_assert_int_eq(touch(&s, ACCESS_WRITE).outcome, WALK_OK);
}
END_TEST

/* ---- beyond the nested root; the manual is silent, so a knob ---- */

START_TEST(the_knob_says_what_a_gpa_beyond_the_root_is)
{
    static const uint64_t codes[] = { 0x100000004, 0, 0x10000000d };
    const struct mode *g = &modes[L4], *n = &modes[PAE];
    struct walk_setup s = join(g, n);
    struct cpu_model m = modes_model();
    struct walk_result w;

    m.knobs.nested_wide_gpa = (unsigned)_i;
    build(&m, g, n);
    poke(g, entry_of(g, GROOT, GVA, 1), BIT(40) | DATA | RWUAD);
    w = touch(&s, ACCESS_READ);
    ck_assert_uint_eq(w.info1, codes[_i]);
    if (_i == WIDE_ALIAS)
        ck_assert_uint_eq(w.spa, DATA | 0x238);
    else
        ck_assert_uint_eq(w.info2, BIT(40) | DATA | 0x238);
}
END_TEST

/* ---- no nested paging ---- */

/* kvm-unit-tests, x86/svm_pae_test.c. */
START_TEST(vmrun_without_nested_paging_checks_all_pdptes)
{
    struct walk_setup s = join(&modes[PAE], NULL);
    struct cpu_model m = modes_model();
    const char *why;

    build(&m, &modes[PAE], NULL);
    ck_assert(walk_load(cpu, &s, &why));
    cpu_poke64(cpu, GROOT + 24, BIT(52)); /* not present */
    ck_assert(walk_load(cpu, &s, &why));
    cpu_poke64(cpu, GROOT + 24, BIT(52) | PTE_P);
    ck_assert(!walk_load(cpu, &s, &why));
}
END_TEST

/* Then the tables are the host's: the C-bit selects its key, and the address
 * bits given up to encryption are gone. */
START_TEST(shadow_tables_follow_the_hosts_rules)
{
    struct cpu_model m = lab_model_sev(48, 5, 47);
    struct walk_setup s = join(&modes[L4], NULL);
    spa_t slot;

    build(&m, &modes[L4], NULL);
    slot = entry_of(&modes[L4], GROOT, GVA, 1);
    cpu_poke64(cpu, slot, BIT(47) | DATA | RWUAD);
    ck_assert_uint_eq(touch(&s, ACCESS_READ).spa, DATA | 0x238);
    cpu_poke64(cpu, slot, BIT(43) | DATA | RWUAD);
    ck_assert_uint_eq(touch(&s, ACCESS_READ).info1, 9);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("modes");
    TCase *t = tcase_create("modes");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, references_follow_both_modes, 0, 25);
    tcase_add_loop_test(t, large_pages_shorten_a_five_level_walk, 1, 4);
    tcase_add_loop_test(t, a_missing_entry_is_a_page_fault_in_every_mode, M32,
                        L5 + 1);
    tcase_add_loop_test(
        t, a_missing_nested_entry_is_a_nested_fault_in_every_mode, M32, L5 + 1);
    tcase_add_test(t, without_paging_only_the_nested_tables_fault);
    tcase_add_test(t, without_pse_bit_7_of_a_pde_means_nothing);
    tcase_add_test(t, a_4m_page_has_forty_address_bits);
    tcase_add_loop_test(t, the_knob_says_which_bits_of_a_4m_page_are_reserved,
                        0, 8);
    tcase_add_test(t, accessed_and_dirty_spare_the_neighbour_in_the_same_word);
    tcase_add_test(t, linear_addresses_have_32_bits_and_wrap);
    tcase_add_loop_test(t, a_pdpte_of_the_guest_is_read_and_checked_in_the_walk,
                        1, 64);
    tcase_add_loop_test(t, a_nested_pdpte_is_checked_in_the_walk, 1, 64);
    tcase_add_test(t, the_walker_never_writes_a_pdpte);
    tcase_add_loop_test(t, bits_62_to_52_are_reserved_in_pae_entries, 52, 63);
    tcase_add_test(t, a_pae_root_may_lie_anywhere_in_its_page);
    tcase_add_test(t, protection_keys_need_long_mode);
    tcase_add_loop_test(t, the_knob_says_what_a_gpa_beyond_the_root_is, 0, 3);
    tcase_add_test(t, vmrun_without_nested_paging_checks_all_pdptes);
    tcase_add_test(t, shadow_tables_follow_the_hosts_rules);
    return run_suite(s);
}
