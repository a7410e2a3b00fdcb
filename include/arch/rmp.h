/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arch/rmp.h - the reverse map table of SEV-SNP, as software meets it.
 *
 * One entry for each 4K page of covered memory says who owns the page, and at
 * which guest-physical address a guest may use it (APM vol. 2, 15.36.3 and
 * 15.36.4). Software changes entries with instructions; how they lie in memory
 * is each generation's own.
 */
#ifndef NPTSIM_ARCH_RMP_H
#define NPTSIM_ARCH_RMP_H

#include "base.h"

#define RMP_BOOKKEEPING 0x4000ULL /* in front of the entries */
#define RMP_ENTRY_SIZE  16
#define RMP_ALIGNMENT   0x2000ULL /* of RMP_BASE and of RMP_END + 1 */

/* The low word of an entry on Zen 3 and Zen 4 (Linux, virt/svm/sev.c). */
#define RMP_ASSIGNED   BIT(0)
#define RMP_2M         BIT(1)
#define RMP_IMMUTABLE  BIT(2)
#define RMP_GPA        bits(50, 12)
#define RMP_ASID_SHIFT 51
#define RMP_ASID       bits(60, 51)
#define RMP_VMSA       BIT(61)
#define RMP_VALIDATED  BIT(62)

/* The high word: permissions of VMPL 0 to 3, eight bits each (that they lie
 * there is assumed; which bits there are is APM vol. 2, 15.36.7). */
#define RMP_VMPL_SHIFT 8
#define VMPL_R         BIT(0)
#define VMPL_W         BIT(1)
#define VMPL_UX        BIT(2) /* execute as user */
#define VMPL_SX        BIT(3) /* execute as supervisor */
#define VMPL_SHADOW    BIT(4) /* supervisor shadow stack */
#define VMPL_ALL       bits(4, 0)
#define MAX_VMPLS      4

/* Where a table that begins at @base has the entry of @spa. */
static inline spa_t rmp_slot(spa_t base, spa_t spa)
{
    return base + RMP_BOOKKEEPING + (spa >> 12) * RMP_ENTRY_SIZE;
}

/* What RMPUPDATE reads and RMPREAD writes: 16 bytes in memory. */
struct rmp_state {
    gpa_t gpa;
    uint32_t asid; /* 0: the host's, or the secure processor's if assigned */
    bool assigned, large, immutable;
};

/* What the instructions leave in EAX. */
enum rmp_result {
    RMP_OK = 0,
    RMP_FAIL_INPUT = 1,
    RMP_FAIL_PERMISSION = 2,
    RMP_FAIL_INUSE = 3,
    RMP_FAIL_OVERLAP = 4,
    RMP_FAIL_SIZEMISMATCH = 6,
    RMP_FAIL_BADADDR = 7,
    RMP_UD = 0xffff, /* no result: #UD, there is no such instruction */
};

#endif
