/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arch/paging.h - page-table entries, fault codes, control registers.
 *
 * The manual's chapter 5 and section 15.25 as names. Facts only, no behaviour:
 * which bit is reserved on which CPU is a question for sim/hw/rsvd.c.
 */
#ifndef NPTSIM_ARCH_PAGING_H
#define NPTSIM_ARCH_PAGING_H

#include "base.h"

/* Page-table entry bits (APM vol. 2, 5.4). */
#define PTE_P   BIT(0)
#define PTE_W   BIT(1)
#define PTE_U   BIT(2)
#define PTE_PWT BIT(3)
#define PTE_PCD BIT(4)
#define PTE_A   BIT(5)
#define PTE_D   BIT(6)
#define PTE_PS  BIT(7)
#define PTE_G   BIT(8)
#define PTE_NX  BIT(63)
/* The widest address field of an entry; a CPU may use less of it. */
#define PTE_ADDR_MASK 0x000ffffffffff000ULL

/* Fault code bits, common to #PF and EXITINFO1 of #NPF. */
#define PFERR_PRESENT BIT(0)
#define PFERR_WRITE   BIT(1)
#define PFERR_USER    BIT(2)
#define PFERR_RSVD    BIT(3)
#define PFERR_FETCH   BIT(4)
#define PFERR_PK      BIT(5)
#define PFERR_SS      BIT(6)
/* #NPF only (APM vol. 2, 15.25.6, 15.36.10). */
#define PFERR_GUEST_RMP   BIT(31)
#define PFERR_GUEST_FINAL BIT(32)
#define PFERR_GUEST_PAGE  BIT(33)
#define PFERR_GUEST_ENC   BIT(34)
#define PFERR_GUEST_SIZEM BIT(35)
#define PFERR_GUEST_VMPL  BIT(36)
#define PFERR_GUEST_SSS   BIT(37)

#define CR0_PE BIT(0)
#define CR0_MP BIT(1)
#define CR0_EM BIT(2)
#define CR0_TS BIT(3)
#define CR0_ET BIT(4)
#define CR0_NE BIT(5)
#define CR0_WP BIT(16)
#define CR0_AM BIT(18)
#define CR0_NW BIT(29)
#define CR0_CD BIT(30)
#define CR0_PG BIT(31)
/* The other bits below 32 ignore writes; ET is always 1. */
#define CR0_WRITABLE                                                           \
    (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW |   \
     CR0_CD | CR0_PG)

#define CR4_PVI   BIT(1)
#define CR4_PSE   BIT(4)
#define CR4_PAE   BIT(5)
#define CR4_PGE   BIT(7)
#define CR4_LA57  BIT(12)
#define CR4_PCIDE BIT(17)
#define CR4_SMEP  BIT(20)
#define CR4_SMAP  BIT(21)
#define CR4_PKE   BIT(22)
#define CR4_CET   BIT(23)

#define EFER_SCE  BIT(0)
#define EFER_LME  BIT(8)
#define EFER_LMA  BIT(10)
#define EFER_NXE  BIT(11)
#define EFER_SVME BIT(12)
#define EFER_UAIE BIT(20)

#define RFLAGS_FIXED      BIT(1)
#define RFLAGS_TF         BIT(8)
#define RFLAGS_IF         BIT(9)
#define RFLAGS_IOPL_SHIFT 12
#define RFLAGS_NT         BIT(14)
#define RFLAGS_RF         BIT(16)
#define RFLAGS_VM         BIT(17)
#define RFLAGS_AC         BIT(18)
#define RFLAGS_VIF        BIT(19)
#define RFLAGS_VIP        BIT(20)

/* Levels count from the leaf: 1 = PTE, 2 = PDE, 3 = PDPE, 4 = PML4E, 5 = PML5E.
 */
static inline unsigned pt_shift(unsigned level)
{
    return 12 + 9 * (level - 1);
}

static inline unsigned pt_index(uint64_t addr, unsigned level)
{
    return (unsigned)(addr >> pt_shift(level)) & 511;
}

/* Bytes that one entry of @level maps: 4K, 2M, 1G, 512G, 256T. */
static inline uint64_t pt_size(unsigned level)
{
    return BIT(pt_shift(level));
}

/* "PTE", "PDE", ...; level 1..5. */
const char *pt_level_name(unsigned level);
/* "4K", "2M", "1G", ...; level 1..5. */
const char *pt_size_name(unsigned level);

/* Words for a fault code: "P W U RSVD FINAL"; @b is appended to. */
void pferr_words(struct buf *b, uint64_t code);

/* Exception vectors. */
enum vector {
    VEC_DE = 0,
    VEC_DB = 1,
    VEC_NMI = 2,
    VEC_BP = 3,
    VEC_UD = 6,
    VEC_DF = 8,
    VEC_TS = 10,
    VEC_NP = 11,
    VEC_SS = 12,
    VEC_GP = 13,
    VEC_PF = 14,
    VEC_AC = 17,
    VEC_HV = 28,
    VEC_VC = 29,
};

/* "#PF", "#VC", ...; any vector. */
const char *vector_name(unsigned vector);

#endif
