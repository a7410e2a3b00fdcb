/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * legacy_lab.h - the mini guest of mini.h outside of 64-bit mode: 32-bit code
 * in flat segments, gates of 8 bytes, a TSS of 32 bits.
 *
 * The host and the nested tables stay as they were; so does the place of
 * everything.
 */
#ifndef TEST_HW_LEGACY_LAB_H
#define TEST_HW_LEGACY_LAB_H

#include "hw/cpu.h"
#include "unit/hw/mini.h"

/* The modes of a guest. COMPAT is 32-bit code below a 64-bit kernel. */
enum legacy_mode { NO_PAGING, PAGING_32, PAGING_PAE, COMPAT };

#define CODE_ATTR   0xc9b
#define DATA_ATTR   0xcf3 /* DPL 3: what kernels of 32 bits use themselves */
#define LEAF32(gva) (PT + 4 * ((gva) >> 12))

static inline void legacy_gate(struct mini *m, unsigned vector, unsigned type,
                               unsigned dpl)
{
    uint64_t at = HANDLERS + 16 * vector;

    mini_poke(m, IDT + 8 * vector,
              (at & 0xffff) | (uint64_t)SEL_CODE0 << 16 |
                  (uint64_t)(0x80 | dpl << 5 | type) << 40 | (at >> 16) << 48);
}

static inline void legacy_poke32(struct mini *m, spa_t spa, uint32_t v)
{
    m->w.ops->write(m->w.hw, spa, &v, sizeof(v));
}

static inline uint32_t legacy_peek32(struct mini *m, spa_t spa)
{
    uint32_t v;

    m->w.ops->read(m->w.hw, spa, &v, sizeof(v));
    return v;
}

static inline void legacy_kernel(struct mini *m)
{
    mini_poke(m, GDT + SEL_CODE0, 0x00cf9b000000ffffULL);
    mini_poke(m, GDT + SEL_CODE3, 0x00cffb000000ffffULL);
    for (unsigned v = 0; v < 32; v++)
        legacy_gate(m, v, 0xe, 0);
    legacy_poke32(m, TSS + 4, RSP0);
    legacy_poke32(m, TSS + 8, SEL_DATA0);
}

/* Two levels of 4-byte entries: PML4 is the page directory. */
static inline void legacy_tables_32(struct mini *m)
{
    for (spa_t at = PML4; at < PT + PAGE_SIZE_4K; at += 8)
        mini_poke(m, at, 0);
    legacy_poke32(m, PML4, PT | RWUAD);
    for (uint32_t a = 0; a < 0x100000; a += PAGE_SIZE_4K)
        legacy_poke32(m, LEAF32(a), a | RWUAD);
}

static inline void legacy_mode(struct mini *m, enum legacy_mode mode)
{
    static const struct {
        uint64_t cr0, cr3, cr4, efer;
    } of[] = {
        [NO_PAGING] = { CR0_PE, 0, 0, EFER_SVME },
        [PAGING_32] = { CR0_PE | CR0_PG | CR0_WP, PML4, CR4_PSE, EFER_SVME },
        [PAGING_PAE] = { CR0_PE | CR0_PG | CR0_WP, PDPT, CR4_PAE,
                         EFER_SVME | EFER_NXE },
        [COMPAT] = { CR0_PE | CR0_PG | CR0_WP, PML4, CR4_PAE, EFER64 },
    };

    mini_reg(m, SAVE_CR0, of[mode].cr0 | CR0_ET);
    mini_reg(m, SAVE_CR3, of[mode].cr3);
    mini_reg(m, SAVE_CR4, of[mode].cr4);
    mini_reg(m, SAVE_EFER, of[mode].efer);
}

static inline void legacy_create_on(struct mini *m, enum legacy_mode mode,
                                    const struct cpu_model *model)
{
    static const unsigned data[] = { SAVE_ES, SAVE_DS, SAVE_FS, SAVE_GS };

    mini_create_on(m, PLAIN, model);
    if (mode != COMPAT)
        legacy_kernel(m);
    if (mode == PAGING_32)
        legacy_tables_32(m);
    if (mode == PAGING_PAE)
        mini_poke(m, PDPT, PD | PTE_P);
    legacy_mode(m, mode);
    mini_seg(m, SAVE_CS, SEL_CODE0, CODE_ATTR, ~0U, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(data); i++)
        mini_seg(m, data[i], SEL_DATA3 | 3, DATA_ATTR, ~0U, 0);
}

static inline void legacy_create(struct mini *m, enum legacy_mode mode)
{
    struct cpu_model model = lab_model();

    legacy_create_on(m, mode, &model);
}

/* Start at CPL 3. */
static inline void legacy_user(struct mini *m)
{
    mini_user(m);
    mini_seg(m, SAVE_CS, SEL_CODE3 | 3, 0xcfb, ~0U, 0);
}

/* The leaf that maps @gva becomes @pte; nothing without paging. */
static inline void legacy_leaf(struct mini *m, enum legacy_mode mode, gva_t gva,
                               uint64_t pte)
{
    if (mode == PAGING_32)
        legacy_poke32(m, LEAF32(gva), (uint32_t)pte);
    else if (mode != NO_PAGING)
        mini_poke(m, GPT(gva), pte);
}

#endif
