/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/paging.h - page tables as a walker needs them, and how a walk ends.
 *
 * A struct paging is made once, when registers change (VMRUN, a guest's MOV to
 * a control register), so that the walk itself only masks and compares.
 */
#ifndef NPTSIM_HW_PAGING_H
#define NPTSIM_HW_PAGING_H

#include "arch/paging.h"
#include "base.h"
#include "hw.h"
#include "hw/crypt.h"

#include <string.h>

#define PT_MAX_LEVEL 5

/* Rows of pt_formats[] (APM vol. 2, 5.1). */
enum pt_mode { PT_OFF, PT_32BIT, PT_PAE, PT_4LEVEL, PT_5LEVEL };

struct pt_format {
    unsigned levels, entry_size, linear_bits;
    uint64_t root; /* the bits of CR3 that address the top table */
    /* By level: which bits of an address choose the entry. */
    uint8_t shift[PT_MAX_LEVEL + 1];
    uint16_t index[PT_MAX_LEVEL + 1];
};

extern const struct pt_format pt_formats[];
enum pt_mode pt_mode(uint64_t cr0, uint64_t cr4, uint64_t efer);

/* One kind of page table under the registers of the moment. */
struct paging {
    enum pt_mode mode;
    const struct pt_format *format;
    unsigned levels, linear_bits;
    bool long_mode; /* 512 entries of 8 bytes, all alike */
    bool fast;      /* so, and no reverse map table: the fast path */
    bool pse;       /* 4M pages, 32-bit mode only */
    bool nxe, pkeys, fetch_reported; /* fault codes tell fetches */
    unsigned width;                  /* address bits that are not reserved */
    uint64_t root;          /* address of the top table, C-bit removed */
    const struct key *key;  /* with which the top table is read */
    uint64_t cbit;          /* removed from every entry, 0 = no C-bit */
    uint64_t private_below; /* of a SEV guest: data at lower addresses, and
                               what has the C-bit, is private */
    uint64_t rsvd[PT_MAX_LEVEL + 1][2]; /* by level, by bit 7 (PS or PAT) */
    /* Of these bits an ordinary pointer of long mode has P alone; by level. */
    uint64_t pointer[PT_MAX_LEVEL + 1];
};

/* Fill in the masks for tables whose addresses have @width bits (C-bit aside)
 * on a CPU with or without 1G pages. mode, pse, cbit and nxe are set already.
 */
void rsvd_fill(struct paging *p, unsigned width, bool gb_pages,
               const struct cpu_knobs *k);

/*
 * A present entry without reserved bits, as 4-level tables would say it: a page
 * has PS, its address is in place, rights that the format does not know are
 * granted.
 */
uint64_t pt_normal(const struct paging *p, unsigned level, uint64_t pte);

/* Where the entry for @addr lies in the table at @table. */
static inline uint64_t pt_slot(const struct paging *p, uint64_t table,
                               uint64_t addr, unsigned level)
{
    const struct pt_format *f = p->format;
    uint64_t index = addr >> f->shift[level] & f->index[level];

    return table + f->entry_size * index;
}

/* Why a walk failed; what the faulting entry, or the address, did wrong. */
enum why {
    WHY_NONE,
    WHY_NONCANONICAL,
    WHY_BEYOND_ROOT,
    WHY_NOT_PRESENT,
    WHY_RSVD_BEYOND_ROOT,
    WHY_RSVD_ADDR,
    WHY_RSVD_NX,
    WHY_RSVD_PS,
    WHY_RSVD_BIT8,
    WHY_RSVD_1G,
    WHY_RSVD_PAE,
    WHY_RSVD_PSE36,
    WHY_RSVD_SHARED, /* the operand of PVALIDATE and the like */
    WHY_RSVD_LARGE,
    WHY_USER,
    WHY_WRITE,
    WHY_NX,
    WHY_SMEP,
    WHY_SMAP,
    WHY_PKEY,
    WHY_SHADOW,
    WHY_GMET,
    WHY_SSS,
    WHY_RMP_UNCOVERED, /* from here on: SEV-SNP */
    WHY_RMP_HOST,
    WHY_RMP_ASID,
    WHY_RMP_GPA,
    WHY_RMP_IMMUTABLE,
    WHY_RMP_SIZE,
    WHY_RMP_VALIDATED,
    WHY_RMP_VMPL,
    WHY_RMP_ASSIGNED,
    WHY_RMP_SIZEM,
    WHY_RMP_TABLE,
};

/* Which rule a reserved bit of @pte breaks; *@bit is the lowest such bit. */
enum why rsvd_why(const struct paging *p, unsigned level, uint64_t pte,
                  unsigned *bit);

/* In words, for those who have nothing but the reason. */
const char *why_text(enum why why);
/* Manual section of the rule. */
const char *why_source(enum why why);

/* How a linear address is touched. One byte: it travels in a register. */
struct access {
    bool write : 1, fetch : 1, user : 1;
    bool implicit : 1; /* by the CPU: descriptor tables, a user's exception
                          frame */
    bool stack : 1;    /* a bad address is #SS, not #GP */
    bool shadow : 1;   /* a CALL, RET, ... touches its shadow stack */
};

/* The same as a number below 64. */
static inline unsigned access_bits(struct access a)
{
    uint8_t bits;

    _Static_assert(sizeof(a) == sizeof(bits), "one byte");
    memcpy(&bits, &a, sizeof(bits));
    return bits;
}

/* Bits of all entries ANDed (NX inverted) that an access needs or must not
 * have. Protection keys are judged apart. */
struct rights {
    uint64_t need, refuse;
};

enum walk_end {
    END_OK,
    END_NPF,
    END_PF,
    END_GP,
    END_SS,
    END_VC,    /* not validated: #VC for the guest */
    END_STALE, /* refused by what was remembered: ask memory (tlb.c) */
};

/* What the entries of one level of translation said. */
struct leaf {
    uint64_t all;    /* AND of all entries, NX inverted */
    uint64_t pte;    /* the last one, as read */
    uint64_t offset; /* its page's size - 1 */
};

/* One translation. Of a successful one only spa, key, gpa and the page
 * attributes are set. */
struct walk {
    gva_t gva;
    gpa_t gpa;                     /* of the accessed byte, C-bit removed */
    spa_t spa;                     /* of the accessed byte */
    const struct key *key;         /* with which the access reaches memory */
    unsigned n_refs;               /* table entries and final access */
    uint8_t guest_pat, nested_pat; /* index into the PATs, from the leaves */
    struct leaf guest, nested;     /* of a successful walk that read memory */
    uint64_t upper; /* of the guest: the AND of all entries but the leaf */
    bool sss_page;  /* of the nested level, where SSS is on */
    uint32_t rmp;   /* with SNP: rmp_grants() */
    bool unasked;   /* in: of the page itself the reverse map table is not asked
                     */
    bool recall;    /* in: page-walk caches and the nested TLB may answer */
    bool recalled;  /* one of them did */

    enum walk_end end;
    enum why why;
    uint64_t code;  /* EXITINFO1, or the error code of #PF */
    uint64_t addr;  /* EXITINFO2, or CR2 */
    unsigned level; /* of the faulting entry, 0 = none */
    spa_t slot;
    uint64_t pte;
    unsigned bit;
};

#endif
