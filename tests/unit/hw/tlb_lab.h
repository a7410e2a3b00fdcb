/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tlb_lab.h - the bench of walk_lab.h with a TLB, and what flushes it.
 *
 * Pages follow each other from PAGE(0) on, all under one PDE; the guest's leaf
 * of page n is at LEAF(n) and maps GPA FRAME(n) = SPA FRAME(n).
 */
#ifndef TEST_HW_TLB_LAB_H
#define TEST_HW_TLB_LAB_H

#include "hw/cpu.h"
#include "unit/hw/walk_lab.h"

#define N_PAGES  6
#define PAGE(n)  (0x401000ULL + (n)*PAGE_SIZE_4K)
#define LEAF(n)  (G1 + 8 * (uint64_t)(n))
#define FRAME(n) (0x5000ULL + (n)*PAGE_SIZE_4K)

/* Small enough that things leave it. */
static const struct tlb_part lab_l1 = { TLB_HOLDS_ANY, 2, 0 };
static const struct tlb_part lab_l2[] = { { TLB_HOLDS_4K, 4, 2 },
                                          { TLB_HOLDS_2M, 2, 0 } };

static inline struct tlb_geometry lab_geometry(enum tlb_mode mode)
{
    return (struct tlb_geometry) {
        .mode = mode,
        .l1d = &lab_l1,
        .n_l1d = 1,
        .l1i = &lab_l1,
        .n_l1i = 1,
        .l2d = lab_l2,
        .n_l2d = 2,
        .pwc = 4,
        .npwc = 4,
        .ntlb = 4,
    };
}

/* Everything afresh, with what @g says. */
static inline void load_geometry(struct tlb_geometry g)
{
    struct cpu_model m = lab_model();
    struct walk_setup s = setup_of(0, 0);
    const char *why;

    m.tlb = g;
    m.invlpgb_max = 7;
    m.features[FEAT_FLUSH_BY_ASID] = true;
    m.features[FEAT_INVLPGB_NESTED] = true;
    cpu_reset(cpu, &m);
    build_tables();
    for (unsigned n = 0; n < N_PAGES; n++)
        cpu_poke64(cpu, LEAF(n), FRAME(n) | RWUAD);
    ck_assert_msg(walk_load(cpu, &s, &why), "%s", why);
}

static inline void load_mode(enum tlb_mode mode)
{
    load_geometry(lab_geometry(mode));
}

/* Become the guest @asid with @pcid; PCIDs and global pages are on. */
static inline void become(uint32_t asid, unsigned pcid)
{
    struct walk_setup s = setup_of(0, 0);
    const char *why;

    s.asid = asid;
    s.g_cr4 |= CR4_PCIDE | CR4_PGE;
    s.g_cr3 |= pcid;
    ck_assert_msg(walk_load(cpu, &s, &why), "%s", why);
}

static inline void vmrun_flush(unsigned tlb_control)
{
    cpu->ctl.tlb_control = (uint8_t)tlb_control;
    flush_at_vmrun(cpu);
}

static inline struct walk_result touch(gva_t gva, enum access_kind kind)
{
    return walk_access(cpu, gva, kind, 8, false, NULL);
}

static inline spa_t reads(gva_t gva)
{
    struct walk_result r = touch(gva, ACCESS_READ);

    ck_assert_int_eq(r.outcome, WALK_OK);
    return r.spa;
}

#endif
