/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/formats.c - which page-table format do the registers select, and how does
 * it differ from the others?
 */
#include "hw/paging.h"

#define LEGACY_MASK 0x3ff
#define LONG_MASK   0x1ff

/* APM vol. 2, table 5-1, 5.2 and 5.3. */
const struct pt_format pt_formats[] = {
    [PT_OFF] = { .linear_bits = 32 },
    [PT_32BIT] = {
        .levels = 2,
        .entry_size = 4,
        .linear_bits = 32,
        .root = 0xfffff000,
        .shift = { 0, 12, 22 },
        .index = { 0, LEGACY_MASK, LEGACY_MASK },
    },
    [PT_PAE] = {
        .levels = 3,
        .entry_size = 8,
        .linear_bits = 32,
        .root = 0xffffffe0,
        .shift = { 0, 12, 21, 30 },
        .index = { 0, LONG_MASK, LONG_MASK, 3 },
    },
    [PT_4LEVEL] = {
        .levels = 4,
        .entry_size = 8,
        .linear_bits = 48,
        .root = PTE_ADDR_MASK,
        .shift = { 0, 12, 21, 30, 39 },
        .index = { 0, LONG_MASK, LONG_MASK, LONG_MASK, LONG_MASK },
    },
    [PT_5LEVEL] = {
        .levels = 5,
        .entry_size = 8,
        .linear_bits = 57,
        .root = PTE_ADDR_MASK,
        .shift = { 0, 12, 21, 30, 39, 48 },
        .index = { 0, LONG_MASK, LONG_MASK, LONG_MASK, LONG_MASK, LONG_MASK },
    },
};

enum pt_mode pt_mode(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    if (!(cr0 & CR0_PG))
        return PT_OFF;
    if (!(cr4 & CR4_PAE))
        return PT_32BIT;
    if (!(efer & (EFER_LMA | EFER_LME)))
        return PT_PAE;
    return cr4 & CR4_LA57 ? PT_5LEVEL : PT_4LEVEL;
}

/*
 * A page-directory-pointer entry of PAE has no rights and no accessed bit (APM
 * vol. 2, 5.2.3). Bit 7 of a 32-bit PDE means nothing without CR4.PSE; in the
 * entry of a 4M page bits 20:13 continue the address at bit 32 (5.2.2).
 */
uint64_t pt_normal(const struct paging *p, unsigned level, uint64_t pte)
{
    if (p->mode == PT_PAE && level == 3)
        return pte | PTE_W | PTE_U | PTE_A;
    if (p->mode != PT_32BIT || level != 2)
        return pte;
    if (!p->pse)
        return pte & ~PTE_PS;
    if (pte & PTE_PS)
        return (pte & ~bits(20, 13)) | (pte & bits(20, 13)) << 19;
    return pte;
}
