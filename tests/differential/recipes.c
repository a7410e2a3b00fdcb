/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * differential/recipes.c - one function per family of questions.
 *
 * Each says what it is after. None knows an answer: both CPUs are asked.
 */
#include "differential/recipes.h"

#include "arch/paging.h"

static struct word *pick_entry(struct builder *b, enum word_role role)
{
    struct question *q = b->q;
    struct word *w;

    do
        w = &q->word[build_pick(b, q->n_words)];
    while (w->role != role);
    return w;
}

/* Guest or nested tables; a guest without paging has no tables. */
static enum word_role pick_role(struct builder *b)
{
    bool guest = b->q->mode != MODE_OFF && build_chance(b, 2);

    return guest ? ROLE_GUEST : ROLE_NESTED;
}

/* How many bits an entry has. */
static unsigned entry_bits(const struct builder *b, enum word_role role)
{
    return role == ROLE_GUEST && b->q->mode == MODE_32BIT ? 32 : 64;
}

static void flip_one(struct builder *b, enum word_role role)
{
    build_flip(pick_entry(b, role), BIT(build_pick(b, entry_bits(b, role))));
}

/* Which bits are reserved, ignored, address: one bit of one entry differs. */
static void one_bit(struct builder *b)
{
    flip_one(b, pick_role(b));
}

/* The edge of the width: one address bit near it, present or reserved. In the
 * entry of a 4M page address bits 39:32 are bits 20:13. */
static void address_bit(struct builder *b)
{
    enum word_role role = pick_role(b);
    unsigned from = b->width > 34 ? b->width - 2 : 32, end = 52;

    if (entry_bits(b, role) == 32) {
        from = 12;
        end = 24;
    }
    build_flip(pick_entry(b, role), BIT(from + build_pick(b, end - from)));
}

/* W, U and NX taken away anywhere, many at once, under every mode bit. */
static void permissions(struct builder *b)
{
    static const uint64_t changes[] = { PTE_W, PTE_U, PTE_NX };
    enum word_role role = pick_role(b);
    unsigned often = 2 + build_pick(b, 12);

    for (unsigned i = 0; i < b->q->n_words; i++)
        if (b->q->word[i].role == role && build_chance(b, often))
            build_flip(&b->q->word[i], changes[build_pick(b, 3)]);
}

/* Guest fault against nested fault: which one is told? */
static void two_faults(struct builder *b)
{
    static const uint64_t changes[] = { PTE_P,  PTE_W,  PTE_U,
                                        PTE_NX, PTE_PS, BIT(51) };

    build_flip(pick_entry(b, pick_role(b)), changes[build_pick(b, 6)]);
    build_flip(pick_entry(b, ROLE_NESTED), changes[build_pick(b, 6)]);
}

/* Accessed and dirty bits as an earlier access may have left them. */
static void accessed_dirty(struct builder *b)
{
    for (unsigned i = 0; i < b->q->n_words; i++)
        if (b->q->word[i].role != ROLE_DATA)
            b->q->word[i].value |= build_random(b) & (PTE_A | PTE_D);
    if (build_chance(b, 2))
        permissions(b);
}

/* Protection keys of the guest's leaves; some of its pages the kernel's. */
static void protection_keys(struct builder *b)
{
    struct question *q = b->q;

    q->g_cr4 |= CR4_PKE;
    q->pkru = build_random(b) & UINT32_MAX;
    for (unsigned i = 0; i < q->n_words; i++)
        if (q->word[i].role == ROLE_GUEST)
            q->word[i].value |= build_random(b) & bits(62, 59);
    if (build_chance(b, 4))
        build_flip(pick_entry(b, pick_role(b)), PTE_U);
    if (build_chance(b, 4))
        build_flip(pick_entry(b, pick_role(b)), PTE_W);
}

/* Roots and linear addresses with a bit that may be too much. */
static void roots(struct builder *b)
{
    struct question *q = b->q;

    switch (build_pick(b, 4)) {
    case 0:
        q->g_cr3 ^= BIT(32 + build_pick(b, 32));
        break;
    case 1:
        q->ncr3 ^= BIT(32 + build_pick(b, 20));
        break;
    case 2: /* PWT, PCD, and bits that mean nothing without PCIDs */
        q->g_cr3 |= build_random(b) & 0xfff;
        break;
    default:
        if (q->kind != KIND_FETCH && (q->g_efer & q->h_efer & EFER_LMA))
            q->gva ^= BIT(46 + build_pick(b, 18));
        break;
    }
}

/* An access that ends in another page: which half faults, which is told? */
static void page_crossing(struct builder *b)
{
    static const uint64_t changes[] = { PTE_P,  PTE_W,  PTE_U,
                                        PTE_PS, PTE_NX, BIT(51) };
    unsigned n = b->end_to - b->end_from;

    if (n && !build_chance(b, 4)) {
        struct word *w = &b->q->word[b->end_from + build_pick(b, n)];

        build_flip(w, changes[build_pick(b, entry_bits(b, w->role) / 16 + 2)]);
    }
    if (build_chance(b, 3))
        permissions(b);
    if (build_chance(b, 3))
        two_faults(b);
}

/* Several changes anywhere. */
static void anything(struct builder *b)
{
    for (unsigned n = 1 + build_pick(b, 5); n > 0; n--)
        flip_one(b, pick_role(b));
    if (build_chance(b, 3))
        protection_keys(b);
    if (build_chance(b, 3))
        accessed_dirty(b);
}

static const struct {
    const char *name;
    void (*spoil)(struct builder *b);
} groups[N_GROUPS] = {
    { "one-bit", one_bit },
    { "address-bit", address_bit },
    { "permissions", permissions },
    { "two-faults", two_faults },
    { "accessed-dirty", accessed_dirty },
    { "protection-keys", protection_keys },
    { "roots", roots },
    { "anything", anything },
    { "page-crossing", page_crossing },
};

const char *group_name(unsigned group)
{
    return groups[group].name;
}

void group_build(struct builder *b, unsigned group)
{
    b->crossing = groups[group].spoil == page_crossing;
    build_question(b);
    b->q->group = group;
    groups[group].spoil(b);
}
