/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/rsvd.c - which bits of an entry are reserved?
 *
 * The question behind this whole program: an entry with P=1 and a reserved bit
 * faults with RSVD on every access, and KVM marks emulated MMIO that way. APM
 * vol. 2, 5.2 and 5.3 (entry figures), 7.10.1 (address bits given up to
 * encryption are reserved, the C-bit is not).
 */
#include "hw/paging.h"

/* A large page's address is aligned: these bits would misalign it. Bit 12 is
 * the PAT bit of a large page. */
#define MISALIGNED_2M bits(20, 13)
#define MISALIGNED_1G bits(29, 13)

#define PTE_BIT8 PTE_G /* in a PML4E: must be zero */

/* A page-directory-pointer entry of PAE: all but P, PWT, PCD, the address and
 * what is left to software (APM vol. 2, figure 5-10). */
#define PAE_PDPE (PTE_NX | bits(8, 5) | PTE_U | PTE_W)

static void set(struct paging *p, unsigned level, uint64_t mask)
{
    p->rsvd[level][0] |= mask;
    p->rsvd[level][1] |= mask;
}

/* Only a 4M page has reserved bits, those of its PSE-36 address. */
static void fill_32bit(struct paging *p, const struct cpu_knobs *k)
{
    if (!p->pse)
        return;
    switch (k->pse36_mode) {
    case PSE36_AMD40: /* bits 20:13 are address bits 39:32 */
        p->rsvd[2][1] = BIT(21);
        if (p->width < 40) /* of a host that gave bits up maybe below 32 */
            p->rsvd[2][1] |= bits(20, p->width < 32 ? 13 : p->width - 19);
        break;
    case PSE36_INTEL36:
        p->rsvd[2][1] = bits(21, 17);
        break;
    case PSE36_NONE:
        p->rsvd[2][1] = bits(21, 13);
        break;
    }
}

static void fill_pae(struct paging *p, uint64_t always)
{
    for (unsigned level = 1; level <= p->levels; level++)
        set(p, level, always | (bits(62, 52) & ~p->cbit));
    set(p, 3, PAE_PDPE & ~p->cbit);
    p->rsvd[2][1] |= MISALIGNED_2M;
}

static void fill_long(struct paging *p, uint64_t always, bool gb_pages,
                      const struct cpu_knobs *k)
{
    uint64_t bit8 = k->amd_bit8 == BIT8_RESERVED ? PTE_BIT8 : 0;

    for (unsigned level = 1; level <= PT_MAX_LEVEL; level++)
        set(p, level, always);
    p->rsvd[2][1] |= MISALIGNED_2M;
    p->rsvd[3][1] |= gb_pages ? MISALIGNED_1G : PTE_PS;
    set(p, 4, PTE_PS | bit8);
    set(p, 5, PTE_PS | bit8);
    for (unsigned level = 2; level <= PT_MAX_LEVEL; level++)
        p->pointer[level] = PTE_P | PTE_PS | p->rsvd[level][0] | p->cbit;
}

void rsvd_fill(struct paging *p, unsigned width, bool gb_pages,
               const struct cpu_knobs *k)
{
    uint64_t always =
        (bits(51, width) & ~p->cbit) | (p->nxe ? 0 : PTE_NX & ~p->cbit);

    p->width = width;
    switch (p->mode) {
    case PT_OFF:
        break;
    case PT_32BIT:
        fill_32bit(p, k);
        break;
    case PT_PAE:
        fill_pae(p, always);
        break;
    case PT_4LEVEL:
    case PT_5LEVEL:
        fill_long(p, always, gb_pages, k);
        break;
    }
}

/* Bits that long mode gives a meaning or leaves to software. */
static bool is_pae_only(unsigned level, unsigned bit)
{
    return level == 3 ? bit < 9 || bit >= 52 : bit >= 52 && bit < 63;
}

enum why rsvd_why(const struct paging *p, unsigned level, uint64_t pte,
                  unsigned *bit)
{
    uint64_t bad = pte & p->rsvd[level][!!(pte & PTE_PS)];

    BUG_ON(!bad);
    *bit = (unsigned)__builtin_ctzll(bad);
    if (p->mode == PT_32BIT)
        return WHY_RSVD_PSE36;
    if (p->mode == PT_PAE && is_pae_only(level, *bit))
        return WHY_RSVD_PAE;
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
