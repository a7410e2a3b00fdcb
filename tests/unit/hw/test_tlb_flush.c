/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every flush against its row of the manual: what it takes out, and that it
 * takes out nothing else (APM vol. 2, 5.5.3, 15.16; vol. 3, INVPCID, INVLPGB).
 *
 * Two ASIDs, two PCIDs, three pages of which the last is global. All are
 * remembered, then all move; who still sees the old frame was not flushed.
 */
#include "unit/hw/tlb_lab.h"
#include "unit/suite.h"

#include <stdio.h>

#define GLOBAL 2 /* the page that is */

/* Which of them a flush takes: bit n = ASID n, PCID n, page n. */
struct expected {
    unsigned asids, pcids, pages;
};
#define NONE                                                                   \
    {                                                                          \
        0, 0, 0                                                                \
    }
#define BOTH  6 /* ASIDs or PCIDs 1 and 2 */
#define PAGES 7
#define LOCAL 3 /* pages that are not global */

static void remember_all(void)
{
    load_mode(TLB_ADVERSARIAL);
    cpu_poke64(cpu, LEAF(GLOBAL), FRAME(GLOBAL) | RWUAD | PTE_G);
    for (uint32_t asid = 1; asid <= 2; asid++)
        for (unsigned pcid = 1; pcid <= 2; pcid++) {
            become(asid, pcid);
            for (unsigned n = 0; n < 3; n++)
                reads(PAGE(n));
        }
    for (unsigned n = 0; n < 3; n++)
        cpu_poke64(cpu, LEAF(n), cpu_peek64(cpu, LEAF(n)) + PAGE_SIZE_4K);
    become(1, 1);
}

static void compare(const struct expected *x, const char *name)
{
    for (uint32_t asid = 1; asid <= 2; asid++)
        for (unsigned pcid = 1; pcid <= 2; pcid++)
            for (unsigned n = 0; n < 3; n++) {
                bool gone = (x->asids & 1U << asid) &&
                            (n == GLOBAL || (x->pcids & 1U << pcid)) &&
                            (x->pages & 1U << n);

                become(asid, pcid);
                ck_assert_msg(reads(PAGE(n)) == FRAME(n + gone),
                              "%s: ASID %u, PCID %u, page %u", name, asid, pcid,
                              n);
            }
}

/* ---- TLB_CONTROL ---- */

static const struct {
    unsigned tlb_control;
    bool by_asid;
    struct expected x;
} vmruns[] = {
    { 0, true, NONE },
    { 1, true, { BOTH, BOTH, PAGES } },
    { 3, true, { BIT(1), BOTH, PAGES } },
    { 7, true, { BIT(1), BOTH, LOCAL } },
    { 0, false, NONE },
    { 1, false, { BOTH, BOTH, PAGES } },
    { 3, false, { BOTH, BOTH, PAGES } }, /* bit 0 is all that it knows */
};

START_TEST(vmrun_flushes_what_tlb_control_says)
{
    remember_all();
    cpu->model.features[FEAT_FLUSH_BY_ASID] = vmruns[_i].by_asid;
    vmrun_flush(vmruns[_i].tlb_control);
    compare(&vmruns[_i].x, "VMRUN");
}
END_TEST

/* ---- control registers ---- */

#define CR0 offsetof(struct guest_regs, cr0)
#define CR3 offsetof(struct guest_regs, cr3)
#define CR4 offsetof(struct guest_regs, cr4)

static const struct {
    const char *name;
    size_t at;
    uint64_t before, flip; /* @before is set first, without being noticed */
    struct expected x;
} moves[] = {
    { "MOV CR3, PCID 1", CR3, 0, 0x10000, { BIT(1), BIT(1), LOCAL } },
    { "MOV CR3, to PCID 2", CR3, 0, 3, { BIT(1), BIT(2), LOCAL } },
    { "MOV CR3, bit 63", CR3, 0, BIT(63) | 0x10000, NONE },
    { "CR0.PG", CR0, 0, CR0_PG, { BIT(1), BOTH, PAGES } },
    { "CR0.WP", CR0, 0, CR0_WP, NONE },
    { "CR4.PGE", CR4, 0, CR4_PGE, { BIT(1), BOTH, PAGES } },
    { "CR4.PSE", CR4, 0, CR4_PSE, { BIT(1), BOTH, PAGES } },
    { "CR4.PAE", CR4, 0, CR4_PAE, { BIT(1), BOTH, PAGES } },
    { "CR4.PKE 0 to 1", CR4, 0, CR4_PKE, { BIT(1), BOTH, PAGES } },
    { "CR4.PKE 1 to 0", CR4, CR4_PKE, CR4_PKE, NONE },
    { "CR4.PCIDE 1 to 0", CR4, 0, CR4_PCIDE, { BIT(1), BOTH, PAGES } },
    { "CR4.PCIDE 0 to 1", CR4, CR4_PCIDE, CR4_PCIDE, NONE },
    { "CR4.SMEP", CR4, 0, CR4_SMEP, NONE },
};

START_TEST(a_move_to_a_control_register_flushes_its_scope)
{
    uint64_t *reg = (uint64_t *)(void *)((char *)&cpu->g.r + moves[_i].at);
    struct guest_regs old;

    remember_all();
    *reg ^= moves[_i].before;
    old = cpu->g.r;
    *reg ^= moves[_i].flip;
    tlb_mov_cr(cpu, &old);
    compare(&moves[_i].x, moves[_i].name);
}
END_TEST

START_TEST(without_pcids_mov_cr3_flushes_all_that_is_not_global)
{
    struct guest_regs old;

    remember_all();
    become(1, 1);
    cpu->g.r.cr4 &= ~CR4_PCIDE;
    latch_guest(cpu);
    ck_assert_uint_eq(reads(PAGE(0)), FRAME(1)); /* of PCID 0, new */
    cpu_poke64(cpu, LEAF(0), FRAME(5) | RWUAD);
    ck_assert_uint_eq(reads(PAGE(0)), FRAME(1));
    old = cpu->g.r;
    cpu->g.r.cr3 ^= BIT(63) | 0x10; /* bit 63 is nothing special then */
    tlb_mov_cr(cpu, &old);
    ck_assert_uint_eq(reads(PAGE(0)), FRAME(5));
    ck_assert_uint_eq(reads(PAGE(GLOBAL)), FRAME(GLOBAL));
}
END_TEST

/* ---- invalidations ---- */

enum op { INVLPG, INVLPGA, INVPCID, INVLPGB_HOST, INVLPGB_GUEST, SYSCFG };
#define VA(n, bits)     (PAGE(n) | (bits))
#define EDX(asid, pcid) ((asid) | (pcid) << 16)

static const struct {
    enum op op;
    uint64_t a, b, c;
    struct expected x;
} ops[] = {
    { INVLPG, PAGE(0), 0, 0, { BIT(1), BIT(1), BIT(0) } },
    { INVLPG, PAGE(1) + 0xfff, 0, 0, { BIT(1), BIT(1), BIT(1) } },
    { INVLPG, PAGE(GLOBAL), 0, 0, { BIT(1), BIT(1), BIT(GLOBAL) } },
    { INVLPG, PAGE(3), 0, 0, NONE },
    { INVLPGA, PAGE(0), 1, 0, { BIT(1), BOTH, BIT(0) } },
    { INVLPGA, PAGE(GLOBAL), 2, 0, { BIT(2), BOTH, BIT(GLOBAL) } },
    { INVLPGA, PAGE(0), 3, 0, NONE },

    { INVPCID, 0, 2, PAGE(1), { BIT(1), BIT(2), BIT(1) } },
    { INVPCID, 0, 1, PAGE(GLOBAL), NONE },
    { INVPCID, 1, 2, 0, { BIT(1), BIT(2), LOCAL } },
    { INVPCID, 2, 0, 0, { BIT(1), BOTH, PAGES } },
    { INVPCID, 3, 0, 0, { BIT(1), BOTH, LOCAL } },

    /* RAX: 1 address, 2 PCID, 4 ASID valid, 8 globals. */
    { INVLPGB_HOST, 0, 0, 0, { BOTH, BOTH, LOCAL } },
    { INVLPGB_HOST, 8, 0, 0, { BOTH, BOTH, PAGES } },
    { INVLPGB_HOST, 4 | 8, 0, EDX(2, 0), { BIT(2), BOTH, PAGES } },
    { INVLPGB_HOST, VA(0, 1), 0, 0, { BOTH, BOTH, BIT(0) } },
    { INVLPGB_HOST, VA(0, 1 | 4), 1, EDX(2, 0), { BIT(2), BOTH, LOCAL } },
    { INVLPGB_HOST, VA(1, 1 | 8), 1, 0, { BOTH, BOTH, 6 } },
    { INVLPGB_HOST, 0x200001, BIT(31), 0, NONE },
    { INVLPGB_HOST, 0x400001 | 8, BIT(31), 0, { BOTH, BOTH, PAGES } },
    { INVLPGB_HOST, 0x1001, 7, 0, NONE },
    { INVLPGB_GUEST, 0, 0, EDX(2, 0), { BIT(1), BOTH, LOCAL } },
    { INVLPGB_GUEST, 4, 0, EDX(2, 0), { BIT(1), BOTH, LOCAL } },
    { INVLPGB_GUEST, 2, 0, EDX(1, 2), { BIT(1), BIT(2), LOCAL } },
    { INVLPGB_GUEST, VA(1, 1 | 2), 0, EDX(0, 2), { BIT(1), BIT(2), BIT(1) } },

    { SYSCFG, 0, 0, 0, { BOTH, BOTH, PAGES } },
};

static bool perform(enum op op, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t syscfg;

    switch (op) {
    case INVLPG:
        tlb_invlpg(cpu, a);
        return true;
    case INVLPGA:
        tlb_invlpga(cpu, a, (uint32_t)b);
        return true;
    case INVPCID:
        return tlb_invpcid(cpu, a, b, c);
    case INVLPGB_HOST:
    case INVLPGB_GUEST:
        if (!tlb_invlpgb(cpu, a, (uint32_t)b, (uint32_t)c, op == INVLPGB_GUEST))
            return false;
        tlb_tlbsync(cpu);
        return true;
    case SYSCFG:
        return cpu_rdmsr(cpu, MSR_SYSCFG, &syscfg) &&
               cpu_wrmsr(cpu, MSR_SYSCFG, syscfg);
    }
    return false;
}

START_TEST(an_invalidation_takes_its_scope_and_nothing_else)
{
    char name[40];

    remember_all();
    snprintf(name, sizeof(name), "operation %u, row %d", ops[_i].op, _i);
    ck_assert_msg(perform(ops[_i].op, ops[_i].a, ops[_i].b, ops[_i].c), "%s",
                  name);
    compare(&ops[_i].x, name);
}
END_TEST

/* Refused with #GP, which flushes nothing. */
static const struct {
    enum op op;
    uint64_t a, b, c;
    bool no_pcids;
} illegal[] = {
    { INVPCID, 4, 0, 0, false },
    { INVPCID, 2, 0x1000, 0, false },
    { INVPCID, 0, 1, BIT(47), false },
    { INVPCID, 0, 1, PAGE(0), true },
    { INVPCID, 1, 1, 0, true },
    { INVLPGB_GUEST, BIT(6), 0, 0, false },
    { INVLPGB_GUEST, BIT(11), 0, 0, false },
    { INVLPGB_GUEST, 1, 8, 0, false }, /* the model's limit is 7 */
    { INVLPGB_GUEST, 0, BIT(16), 0, false },
    { INVLPGB_GUEST, 0, 0, BIT(28), false },
    { INVLPGB_GUEST, BIT(47) | 1, 0, 0, false },
    { INVLPGB_GUEST, 2, 0, 0, true },
    { INVLPGB_HOST, 2, 0, 0, false }, /* this host has PCIDs off */
};

START_TEST(an_illegal_operand_flushes_nothing)
{
    static const struct expected none = NONE;

    remember_all();
    if (illegal[_i].no_pcids)
        cpu->g.r.cr4 &= ~CR4_PCIDE;
    ck_assert(
        !perform(illegal[_i].op, illegal[_i].a, illegal[_i].b, illegal[_i].c));
    compare(&none, "an illegal operand");
}
END_TEST

/* ---- pointers and nested translations ---- */

#define EFER_TCE BIT(15)

/* EFER.TCE says whether a page's flush spares pointers on other paths. */
START_TEST(invlpg_takes_all_pointers_unless_tce_is_set)
{
    bool tce = _i;

    load_mode(TLB_ADVERSARIAL);
    cpu->g.r.efer |= tce ? EFER_TCE : 0;
    reads(PAGE(0));
    cpu_poke64(cpu, 0xc010, FRAME(2) | RWUAD);
    cpu_poke64(cpu, G2, 0xc000 | RWUAD);
    tlb_invlpg(cpu, 0x601000); /* under another PDE, in the same PDPE */
    ck_assert_uint_eq(reads(PAGE(1)), FRAME(tce ? 1 : 2));
}
END_TEST

START_TEST(invlpgb_spares_pointers_if_told_to)
{
    bool final_only = _i;

    load_mode(TLB_ADVERSARIAL);
    reads(PAGE(0));
    cpu_poke64(cpu, 0xc010, FRAME(2) | RWUAD);
    cpu_poke64(cpu, G2, 0xc000 | RWUAD);
    ck_assert(
        tlb_invlpgb(cpu, PAGE(1) | 1 | (final_only ? BIT(4) : 0), 0, 0, true));
    tlb_tlbsync(cpu);
    ck_assert_uint_eq(reads(PAGE(1)), FRAME(final_only ? 1 : 2));
}
END_TEST

/* Bit 5 takes what translates guest-physical addresses. */
START_TEST(invlpgb_reaches_nested_translations_if_told_to)
{
    bool nested = _i;

    load_mode(TLB_ADVERSARIAL);
    reads(PAGE(0));
    cpu_poke64(cpu, N(FRAME(0)), FRAME(3) | RWUAD);
    ck_assert(tlb_invlpgb(cpu, nested ? BIT(5) : 0, 0, 0, true));
    tlb_tlbsync(cpu);
    ck_assert_uint_eq(reads(PAGE(0)), FRAME(nested ? 3 : 0));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tlb_flush");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, vmrun_flushes_what_tlb_control_says, 0,
                        (int)ARRAY_SIZE(vmruns));
    tcase_add_loop_test(t, a_move_to_a_control_register_flushes_its_scope, 0,
                        (int)ARRAY_SIZE(moves));
    tcase_add_test(t, without_pcids_mov_cr3_flushes_all_that_is_not_global);
    tcase_add_loop_test(t, an_invalidation_takes_its_scope_and_nothing_else, 0,
                        (int)ARRAY_SIZE(ops));
    tcase_add_loop_test(t, an_illegal_operand_flushes_nothing, 0,
                        (int)ARRAY_SIZE(illegal));
    tcase_add_loop_test(t, invlpg_takes_all_pointers_unless_tce_is_set, 0, 2);
    tcase_add_loop_test(t, invlpgb_spares_pointers_if_told_to, 0, 2);
    tcase_add_loop_test(t, invlpgb_reaches_nested_translations_if_told_to, 0,
                        2);
    suite_add_tcase(s, t);
    return run_suite(s);
}
