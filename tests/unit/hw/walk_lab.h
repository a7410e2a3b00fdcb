/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * walk_lab.h - one address, translated by two small trees.
 *
 * GVA 401238; its guest entries lie at GPA 1000, 2000, 3010, 4008, its data at
 * GPA 5238; nested tables map GPA = SPA with 4K leaves at 103000. Everything is
 * present, writable, user, accessed and dirty until a test says otherwise.
 */
#ifndef TEST_HW_WALK_LAB_H
#define TEST_HW_WALK_LAB_H

#include "unit/hw/lab.h"

#include <check.h>
#include <stdlib.h>

#define NCR3   0x100000ULL
#define N4     0x100000ULL /* nested entries that cover all of it */
#define N3     0x101000ULL
#define N2     0x102000ULL
#define N(gpa) (0x103000ULL + 8 * ((gpa) >> 12)) /* nested leaf of a page */
#define G4     0x1000ULL                         /* guest entries */
#define G3     0x2000ULL
#define G2     0x3010ULL
#define G1     0x4008ULL
#define DATA   0x5000ULL
#define GVA    0x401238ULL
#define GPA    0x5238ULL

/* Deviations from the bench. */
#define H_NXE0 BIT(0)
#define H_SMEP BIT(1)
#define H_WP0  BIT(2)
#define H_SMAP BIT(3)
#define H_PKE  BIT(4)
#define G_NXE0 BIT(5)
#define G_SMEP BIT(6)
#define G_SMAP BIT(7)
#define G_WP0  BIT(8)
#define G_AC   BIT(9)
#define G_PKE  BIT(10)
#define NO_1G  BIT(11)
#define W36    BIT(12) /* 36 physical bits */
#define W52    BIT(13) /* 52 */
#define ENC    BIT(14) /* SYSCFG[23]=1, C-bit 47, reduction 5 */
#define C47    BIT(15) /* C-bit 47 in CPUID, encryption off */
#define C51    BIT(16) /* C-bit 51 in CPUID, encryption off */
#define PK_AD  BIT(17) /* PKRU: key 1 access disabled */
#define PK_WD  BIT(18) /* PKRU: key 1 write disabled */

static struct pool *pool;
static struct cpu *cpu;

static inline void setup(void)
{
    struct cpu_model m = lab_model();

    pool = pool_create();
    cpu = cpu_create(pool, &m, NULL);
}

static inline void teardown(void)
{
    pool_destroy(pool);
}

static inline void build_tables(void)
{
    cpu_poke64(cpu, N4, N3 | RWUAD);
    cpu_poke64(cpu, N3, N2 | RWUAD);
    cpu_poke64(cpu, N2, 0x103000 | RWUAD);
    for (gpa_t gpa = 0; gpa < 0x10000; gpa += PAGE_SIZE_4K)
        cpu_poke64(cpu, N(gpa), gpa | RWUAD);
    cpu_poke64(cpu, G4, 0x2000 | RWUAD);
    cpu_poke64(cpu, G3, 0x3000 | RWUAD);
    cpu_poke64(cpu, G2, 0x4000 | RWUAD);
    cpu_poke64(cpu, G1, DATA | RWUAD);
}

static inline struct cpu_model model_of(uint64_t flags)
{
    struct cpu_model m = flags & ENC ? lab_model_sev(48, 5, 47) : lab_model();

    if (flags & W36)
        m.maxphyaddr_raw = 36;
    if (flags & W52)
        m.maxphyaddr_raw = 52;
    if (flags & C47)
        m.cbit = 47;
    if (flags & C51)
        m.cbit = 51;
    m.features[FEAT_PAGE1GB] = !(flags & NO_1G);
    return m;
}

static inline struct walk_setup setup_of(uint64_t flags, unsigned cpl)
{
    struct walk_setup s = lab_setup(NCR3, G4);

    s.cpl = cpl;
    s.h_efer ^= flags & H_NXE0 ? EFER_NXE : 0;
    s.h_cr0 ^= flags & H_WP0 ? CR0_WP : 0;
    s.h_cr4 |= (flags & H_SMEP ? CR4_SMEP : 0) |
               (flags & H_SMAP ? CR4_SMAP : 0) | (flags & H_PKE ? CR4_PKE : 0);
    s.g_efer ^= flags & G_NXE0 ? EFER_NXE : 0;
    s.g_cr0 ^= flags & G_WP0 ? CR0_WP : 0;
    s.g_cr4 |= (flags & G_SMEP ? CR4_SMEP : 0) |
               (flags & G_SMAP ? CR4_SMAP : 0) | (flags & G_PKE ? CR4_PKE : 0);
    s.g_rflags |= flags & G_AC ? RFLAGS_AC : 0;
    s.pkru = (flags & PK_AD ? 4U : 0) | (flags & PK_WD ? 8U : 0);
    return s;
}

/* Everything afresh, as @flags want it. */
static inline void load(uint64_t flags, unsigned cpl)
{
    struct cpu_model m = model_of(flags);
    struct walk_setup s = setup_of(flags, cpl);
    const char *why;

    cpu_reset(cpu, &m);
    build_tables();
    ck_assert_msg(walk_load(cpu, &s, &why), "%s", why);
}

#endif
