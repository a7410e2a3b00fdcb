/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/rsvd.c - which bits of an entry are reserved?
 *
 * The question behind this whole program: an entry with P=1 and a reserved bit
 * faults with RSVD on every access, and KVM marks emulated MMIO that way. Long
 * mode only; APM vol. 2, 5.3.3 (entry figures), 7.10.1 (address bits given up
 * to encryption are reserved, the C-bit is not).
 */
#include "hw/paging.h"

/* A large page's address is aligned: these bits would misalign it. Bit 12 is
 * the PAT bit of a large page. */
#define MISALIGNED_2M bits(20, 13)
#define MISALIGNED_1G bits(29, 13)

#define PTE_BIT8 PTE_G /* in a PML4E: must be zero */

void rsvd_fill(struct paging *p, unsigned width, bool gb_pages)
{
    uint64_t always =
        (bits(51, width) & ~p->cbit) | (p->nxe ? 0 : PTE_NX & ~p->cbit);

    p->width = width;
    for (unsigned level = 1; level <= PT_MAX_LEVEL; level++)
        for (unsigned ps = 0; ps < 2; ps++)
            p->rsvd[level][ps] = always;
    p->rsvd[2][1] |= MISALIGNED_2M;
    p->rsvd[3][1] |= gb_pages ? MISALIGNED_1G : PTE_PS;
    for (unsigned ps = 0; ps < 2; ps++) {
        p->rsvd[4][ps] |= PTE_PS | PTE_BIT8;
        p->rsvd[5][ps] |= PTE_PS | PTE_BIT8;
    }
}

enum why rsvd_why(const struct paging *p, unsigned level, uint64_t pte,
                  unsigned *bit)
{
    uint64_t bad = pte & p->rsvd[level][!!(pte & PTE_PS)];

    BUG_ON(!bad);
    *bit = (unsigned)__builtin_ctzll(bad);
    if (*bit == 63)
        return WHY_RSVD_NX;
    if (*bit == 7)
        return level == 3 ? WHY_RSVD_1G : WHY_RSVD_PS;
    if (*bit == 8)
        return WHY_RSVD_BIT8;
    if (*bit < 32) /* no CPU has fewer address bits */
        return WHY_RSVD_LARGE;
    return WHY_RSVD_ADDR;
}
