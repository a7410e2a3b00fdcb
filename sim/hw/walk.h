/* SPDX-License-Identifier: GPL-2.0-only */
/* hw/walk.h - what the two walkers share. */
#ifndef NPTSIM_HW_WALK_H
#define NPTSIM_HW_WALK_H

#include "hw/cpu.h"

/* How the nested level is asked. */
struct npt_access {
    bool table : 1; /* for a guest page-table entry, not the access itself */
    bool write : 1, fetch : 1, shadow : 1;
    bool supervisor : 1; /* matters to GMET and shadow stacks only */
    bool private : 1;    /* with the guest's key: EXITINFO1.ENC */
};

/* Where a nested walk begins: at the root, or further down. */
struct npt_start {
    unsigned level;      /* of the first entry that is read */
    uint64_t table, all; /* where it is; the AND of the entries above */
    const struct key *key;
};

/* Translate @gpa into w->spa and w->key. @guest_level: of the guest entry that
 * it is for, 0 for the final access. false: a nested page fault, told in @w. */
bool npt_walk(struct cpu *c, struct walk *w, gpa_t gpa, struct npt_access a,
              unsigned guest_level);

struct npt_start npt_root(const struct cpu *c);
/* The same, always entry by entry, from @start on; pointers are remembered. */
bool npt_walk_from(struct cpu *c, struct walk *w, gpa_t gpa,
                   struct npt_access a, unsigned guest_level,
                   const struct npt_start *start);

/* ntlb.c: the same, where the nested TLB may remember */
bool ntlb_walk(struct cpu *c, struct walk *w, gpa_t gpa, struct npt_access a,
               unsigned guest_level);
static inline bool gpa_walk(struct cpu *c, struct walk *w, gpa_t gpa,
                            struct npt_access a, unsigned guest_level)
{
    if (__builtin_expect(c->tlb_on, 0))
        return ntlb_walk(c, w, gpa, a, guest_level);
    return npt_walk(c, w, gpa, a, guest_level);
}

/* pwc.c: where the walk to w->gva may begin instead of at the root: level,
 * *@base, *@raw and *@all as if it had come there */
unsigned pwc_recall(struct cpu *c, struct walk *w, gpa_t *base, uint64_t *raw,
                    uint64_t *all);
/* The entry of @level, @raw, pointed to the table at @base. */
void pwc_fill(struct cpu *c, const struct walk *w, unsigned level, gpa_t base,
              uint64_t raw, uint64_t all);

/* The same for nested tables and the walk to @gpa. */
struct npt_start npwc_recall(struct cpu *c, struct walk *w, gpa_t gpa);
/* The walk to @gpa has come to @s through the entry of the level above. */
void npwc_fill(struct cpu *c, gpa_t gpa, const struct npt_start *s);
void npwc_forget(struct cpu *c, gpa_t gpa);

/* guest_walk.c: is the data private that a walk has found? */
bool walk_is_private(const struct cpu *c, const struct walk *w);

/* perm.c: the guest's own rules */
struct rights guest_rights(const struct cpu *c, struct access a);
bool pkey_denies(const struct cpu *c, uint64_t all, uint64_t leaf,
                 struct access a);
/* @upper: the AND of all entries but the leaf. */
bool shadow_denies(uint64_t upper, uint64_t leaf);
enum why rights_why(struct rights r, uint64_t all, struct access a);
/* perm.c: the nested level's, with GMET and shadow-stack checks */
struct rights nested_rights(const struct cpu *c, struct npt_access a,
                            bool sss_page);
bool is_sss_page(uint64_t upper, uint64_t leaf);

/* npf.c: put the fault together, speak the event, return false */
bool npf_fail(struct cpu *c, struct walk *w, enum why why, gpa_t gpa,
              struct npt_access a, bool sss_page);
bool pf_fail(struct cpu *c, struct walk *w, enum why why, bool pkey,
             struct access a);

/* walk_watch.c */
void walk_watch(struct cpu *c, bool npt, unsigned level, uint64_t addr,
                spa_t slot, uint64_t pte);
/* Set accessed and dirty bits in the entry at @slot, which reads @old. */
void ad_set(struct cpu *c, bool npt, spa_t slot, uint64_t old, uint64_t set,
            const struct key *key);

/*
 * Entry @index of the table at @table, as the CPU sees it with @key. The levels
 * say where in the walk this is, so that a repeated walk finds the page at
 * once; asking with the index, which does not depend on the entry before, lets
 * the real CPU load all entries of such a walk side by side.
 */
static inline uint64_t entry_read(struct cpu *c, spa_t table, unsigned index,
                                  const struct key *key, unsigned guest_level,
                                  unsigned nested_level)
{
    struct page_ref *near = &c->near[guest_level][nested_level];

    if (__builtin_expect(key != NULL, 0))
        return crypt_read64(c->mem, table + 8 * index, key);
    if (__builtin_expect(near->pfn == table >> 12, 1))
        return near->words[index];
    return mem_read64_far(c->mem, table + 8 * index, near);
}

/* The one at @slot of tables of @p, whose entries may have 4 bytes. */
static inline uint64_t entry_read_any(struct cpu *c, const struct paging *p,
                                      spa_t slot, const struct key *key,
                                      unsigned guest_level,
                                      unsigned nested_level)
{
    uint64_t word = entry_read(c, slot & PAGE_MASK_4K, slot % PAGE_SIZE_4K / 8,
                               key, guest_level, nested_level);

    return p->format->entry_size == 8 ? word : (uint32_t)(word >> slot % 8 * 8);
}

/* Which entry of a PAT a leaf selects (APM vol. 2, 7.8.2). */
static inline uint8_t pat_index(uint64_t pte, unsigned level)
{
    return (uint8_t)((pte >> 3 & 3) | (pte >> (level == 1 ? 7 : 12) & 1) << 2);
}

#endif
