/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/rmp.h - who may touch a page: the reverse map table.
 *
 * While SYSCFG.SNPE is 1 an access that paging permits must pass this table as
 * well (APM vol. 2, 15.36.10). Skip it on first reading: without SEV-SNP nobody
 * comes here.
 */
#ifndef NPTSIM_HW_RMP_H
#define NPTSIM_HW_RMP_H

#include "arch/rmp.h"
#include "hw/paging.h"

struct cpu;

/* Pages that VMRUN holds until #VMEXIT: VMCB and VMSA. */
#define RMP_MAX_IN_USE 2

struct rmp {
    spa_t base, end; /* RMP_BASE, RMP_END; both 0: there is no table */
    spa_t in_use[RMP_MAX_IN_USE];
    unsigned n_in_use;
};

/* The entry that a page goes by: its own, or that of the 2M page around it. */
struct rmp_entry {
    spa_t slot; /* where it lies; 0: the page is not covered */
    uint64_t lo, hi;
    bool large;
};

/* An access that both levels of paging permit. */
struct rmp_access {
    gpa_t gpa;
    spa_t spa;
    uint64_t offset; /* size of its page in the nested tables, - 1 */
    bool table;      /* to an entry of the guest's page tables */
    bool write, fetch, user;
    bool private; /* with the guest's key: its C-bit, or always */
};

/* What of a walk is checked at its end: the tables in order, then the page. */
struct rmp_trail {
    unsigned n;
    struct rmp_access at[PT_MAX_LEVEL + 1];
};

struct rmp_entry rmp_find(const struct cpu *c, spa_t spa);
uint32_t rmp_asid(const struct rmp_entry *e);
/* Where in guest-physical memory the 4K page at @spa belongs. */
gpa_t rmp_gpa(const struct rmp_entry *e, spa_t spa);
unsigned rmp_vmpl(const struct rmp_entry *e, unsigned vmpl);
/* Is the page of @offset + 1 bytes around @spa the host's, all of it? */
bool rmp_is_host(const struct cpu *c, spa_t spa, uint64_t offset);
/* Write an entry, its 4K page's own or, with RMP_2M, that of 2M. */
void rmp_store(struct cpu *c, spa_t spa, uint64_t lo, uint64_t hi);

/* WHY_NONE: the access may happen. */
enum why rmp_check(const struct cpu *c, const struct rmp_access *a);
/* The first four steps of the check, which ask whose page it is. */
enum why rmp_owner(const struct cpu *c, const struct rmp_access *a);
/* Which kinds of access to the page may happen, by VMPL, as in rmp_entry.hi. */
uint32_t rmp_grants(const struct cpu *c, const struct rmp_access *a);
/* The same bits: which an access needs. */
static inline unsigned rmp_needs(struct access a)
{
    if (a.fetch)
        return a.user ? VMPL_UX : VMPL_SX;
    return a.write ? VMPL_R | VMPL_W : VMPL_R;
}
/* false: told in @w. @final: how the walk's own access touches memory. */
bool rmp_check_trail(struct cpu *c, struct walk *w, const struct rmp_trail *t,
                     struct access final);
bool rmp_fail(struct cpu *c, struct walk *w, enum why why,
              const struct rmp_access *a, struct access final);

#endif
