/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/tlb.h - remembered translations.
 *
 * They are here because they change what software can observe: a translation
 * outlives the entries that it came from until someone flushes it. Three kinds:
 * from linear to system-physical (tlb.c), from guest-physical to
 * system-physical (ntlb.c), and pointers of either level's tables (pwc.c). What
 * a hit costs is not here; see timing.h. With the TLB off, which is the
 * default, every access walks: skip this file on first reading.
 */
#ifndef NPTSIM_HW_TLB_H
#define NPTSIM_HW_TLB_H

#include "hw.h"
#include "hw/paging.h"

/*
 * Whose translation this is: ASID and, below it, PCID (APM vol. 2, 5.5.1,
 * 15.16). A global page matches whatever the PCID, within its ASID.
 */
#define TAG_PCID bits(11, 0)
static inline uint64_t tlb_tag(uint32_t asid, unsigned pcid)
{
    return (uint64_t)asid << 12 | pcid;
}

/* Registers that have a say in what an access may do. */
struct tlb_context {
    uint64_t cr0, cr4, efer, rflags;
    uint32_t pkru;
    unsigned rules; /* of the nested level: GMET, SSS; and the VMPL */
};

/* One remembered thing, of any of the three kinds. */
struct tlb_entry {
    struct tlb_entry *next; /* of its set, used less recently */
    uint64_t addr, offset;  /* first byte; size - 1 */
    uint64_t tag, tag_mask; /* the mask leaves the PCID out if global */

    gpa_t gpa; /* of the first byte; of a pointer: the table */
    spa_t spa;
    const struct key *key;
    uint8_t guest_pat, nested_pat;

    /* Bit a: what access_bits() calls a was permitted in this context. */
    uint64_t granted;
    struct tlb_context context;

    uint64_t whole; /* size - 1 of the guest's page, maybe larger */
    struct leaf guest, nested;
    uint64_t upper; /* as in struct walk */
    uint32_t rmp;   /* with SNP: rmp_grants() */
    bool sss_page;
};

/* Entries of one kind and size. A set is a list, most recently used first. */
struct tlb_array {
    unsigned shift; /* of the smallest page held, which selects the set */
    bool any;       /* holds larger ones, too */
    unsigned sets, ways;
    struct tlb_entry **set;
};

struct tlb_level {
    struct tlb_array part[TLB_MAX_PARTS];
    unsigned n;
};

enum tlb_kind { TLB_DATA, TLB_CODE, N_TLB_KINDS };

/* What a flush covers (APM vol. 2, 15.16). */
struct tlb_scope {
    bool any_asid, any_pcid, any_addr;
    bool globals;      /* global pages, too */
    bool nested;       /* translations of guest-physical addresses, too */
    bool all_pointers; /* pointers on every path, not only to addr */
    bool leaves_only;  /* no pointers at all */
    uint32_t asid;
    unsigned pcid;
    uint64_t addr, last; /* the range, inclusive */
};

#define TLB_MAX_PENDING 16

struct tlb {
    struct pool *pool;
    struct tlb_entry *spare;
    struct tlb_entry **heads; /* of all sets of all arrays */
    size_t n_heads, max_heads;
    struct tlb_level level[N_TLB_KINDS][2];
    /* Where the most recent entry of a fully associative L1 is; else NULL is.
     */
    struct tlb_entry **recent[N_TLB_KINDS], *none;
    /* By level of the entry: pointers of the guest's and of nested tables. */
    struct tlb_array pwc[PT_MAX_LEVEL + 1], npwc[PT_MAX_LEVEL + 1];
    struct tlb_array ntlb;
    /* Flushes that nobody has waited for yet. */
    bool lazy;
    struct tlb_scope pending[TLB_MAX_PENDING];
    unsigned n_pending;
};

/* ---- tlb_array.c: remembering, apart from what it is about ---- */

struct tlb *tlb_create(struct pool *pool);
/* Empty, with the arrays that @g asks for. */
void tlb_reset(struct tlb *t, const struct tlb_geometry *g);
struct tlb_entry *tlb_find_far(const struct tlb_array *a, uint64_t tag,
                               uint64_t addr);

static inline struct tlb_entry **tlb_set(const struct tlb_array *a,
                                         uint64_t addr)
{
    return &a->set[a->sets == 1 ? 0 : (addr >> a->shift) % a->sets];
}

static inline bool tlb_covers(const struct tlb_entry *e, uint64_t tag,
                              uint64_t addr)
{
    return !(((e->addr ^ addr) & ~e->offset) | ((e->tag ^ tag) & e->tag_mask));
}

/* The entry that covers @addr for @tag, now the most recent one; or NULL. */
static inline struct tlb_entry *tlb_find(const struct tlb_array *a,
                                         uint64_t tag, uint64_t addr)
{
    struct tlb_entry *e;

    if (!a->sets)
        return NULL;
    e = *tlb_set(a, addr);
    if (__builtin_expect(e && tlb_covers(e, tag, addr), 1))
        return e;
    return tlb_find_far(a, tag, addr);
}
/* Remember a copy of @e, in place of what covered its first byte, or of the
 * least recent entry where the set is full. */
void tlb_insert(struct tlb *t, struct tlb_array *a, const struct tlb_entry *e);
/* Forget what covers @addr for @tag. */
void tlb_forget(struct tlb *t, struct tlb_array *a, uint64_t tag,
                uint64_t addr);
void tlb_flush(struct tlb *t, const struct tlb_scope *s);
/* The same, to be waited for: an adversarial TLB does not do it before. */
void tlb_flush_later(struct tlb *t, const struct tlb_scope *s);
void tlb_wait(struct tlb *t);
/* A number for the content and its order of use. */
uint64_t tlb_digest(const struct tlb *t);

#endif
