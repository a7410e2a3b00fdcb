/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle/random.c - vectors that hope to hurt.
 *
 * Purely random words would fault on their first entry. So: a random CPU, a
 * guest and a host in random modes, tables that do map the address, and then a
 * few mutations: bits flipped where it matters, pointers bent so that tables
 * overlap or loop, garbage.
 */
#include "oracle/random.h"

#include "arch/rmp.h"
#include "oracle/oracle.h"

struct maker {
    struct trial *v;
    uint64_t state;
    struct regime guest, host;
    spa_t next_page;
};

/* splitmix64: a counter, well stirred. */
static uint64_t draw(struct maker *m)
{
    uint64_t z = m->state += 0x9e3779b97f4a7c15ULL;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static unsigned below(struct maker *m, unsigned n)
{
    return (unsigned)(draw(m) % n);
}

static bool one_in(struct maker *m, unsigned n)
{
    return below(m, n) == 0;
}

/* ---- the CPU and its registers ---- */

static void make_cpu(struct maker *m)
{
    static const unsigned common[] = { 36, 39, 40, 46, 48, 51, 52 };
    struct trial *v = m->v;
    unsigned most;

    v->width =
        one_in(m, 2) ? 32 + below(m, 21) : common[below(m, ARRAY_SIZE(common))];
    most = v->width - 32 < 20 ? v->width - 32 : 20;
    v->reduction = below(m, most + 1);
    v->cbit = one_in(m, 4) ? 51 : 32 + below(m, 20);
    v->encrypt = one_in(m, 4);
    v->gb_pages = !one_in(m, 4);
}

/* Mostly a CPU as it comes. */
static void make_knobs(struct maker *m)
{
    struct cpu_knobs *k = &m->v->knobs;

    if (!one_in(m, 4))
        return;
    k->amd_bit8 = below(m, 2);
    k->pse36_mode = below(m, 3);
    k->npf_id_policy = below(m, 3);
    k->gmet_user_u0 = below(m, 2);
    k->nested_wide_gpa = below(m, 3);
    k->reduced_bits_reserved = below(m, 2);
    k->ei2_table_page_aligned = one_in(m, 2);
    k->err1218 = one_in(m, 2);
}

static void set_mode(enum oracle_mode mode, uint64_t *cr0, uint64_t *cr4,
                     uint64_t *efer)
{
    *cr0 &= ~CR0_PG;
    *cr4 &= ~(CR4_PAE | CR4_LA57);
    *efer &= ~(EFER_LMA | EFER_LME);
    if (mode != MODE_OFF)
        *cr0 |= CR0_PG;
    if (mode != MODE_OFF && mode != MODE_LEGACY)
        *cr4 |= CR4_PAE;
    if (mode == MODE_LONG5)
        *cr4 |= CR4_LA57;
    if (mode == MODE_LONG4 || mode == MODE_LONG5)
        *efer |= EFER_LMA | EFER_LME;
}

static void make_registers(struct maker *m)
{
    static const enum oracle_mode guests[] = { MODE_OFF,   MODE_LEGACY,
                                               MODE_PAE,   MODE_LONG4,
                                               MODE_LONG4, MODE_LONG5 };
    static const enum oracle_mode hosts[] = { MODE_LEGACY, MODE_PAE, MODE_LONG4,
                                              MODE_LONG4, MODE_LONG5 };
    const uint64_t cr4 = CR4_PSE | CR4_PGE | CR4_SMEP | CR4_SMAP | CR4_PKE;
    struct walk_setup *s = &m->v->s;

    s->h_cr0 ^= one_in(m, 4) ? CR0_WP : 0;
    s->g_cr0 ^= one_in(m, 3) ? CR0_WP : 0;
    s->h_cr4 |= draw(m) & draw(m) & cr4;
    s->g_cr4 |= draw(m) & draw(m) & cr4;
    s->h_efer ^= one_in(m, 4) ? EFER_NXE : 0;
    s->g_efer ^= one_in(m, 4) ? EFER_NXE : 0;
    s->g_rflags |= one_in(m, 2) ? RFLAGS_AC : 0;
    s->pkru = (uint32_t)(draw(m) & draw(m));
    s->cpl = one_in(m, 2) ? 3 : below(m, 3);
    s->np = !one_in(m, 10);
    s->gmet = one_in(m, 10);
    s->rogpt = one_in(m, 10);
    s->g_cr4 |= one_in(m, 8) ? CR4_PCIDE : 0;
    set_mode(guests[below(m, ARRAY_SIZE(guests))], &s->g_cr0, &s->g_cr4,
             &s->g_efer);
    set_mode(hosts[below(m, ARRAY_SIZE(hosts))], &s->h_cr0, &s->h_cr4,
             &s->h_efer);
    if (!(s->g_efer & EFER_LMA))
        s->g_cr4 &= ~CR4_PCIDE;
}

static void make_access(struct maker *m)
{
    static const unsigned sizes[] = { 1, 2, 4, 8, 16, 32, 64 };
    struct trial *v = m->v;
    bool wide = v->s.g_efer & EFER_LMA;
    unsigned top = v->s.g_cr4 & CR4_LA57 ? 56 : 47;

    v->kind = (enum access_kind)below(m, 4);
    v->size = sizes[below(m, ARRAY_SIZE(sizes))];
    v->stack = v->kind != ACCESS_FETCH && one_in(m, 4);
    v->gva = draw(m);
    if (one_in(m, 8)) /* the edges of the address space */
        v->gva = one_in(m, 2) ? BIT(top) - 4 : 0 - BIT(top) - 4;
    if (one_in(m, 4)) /* across a page */
        v->gva = (v->gva | 0xfff) - below(m, v->size);
    if (!wide)
        v->gva &= 0xffffffff;
    else if (!one_in(m, 32))
        v->gva = v->gva & BIT(top) ? v->gva | bits(63, top)
                                   : v->gva & ~bits(63, top);
}

/* ---- SEV and the reverse map table ---- */

static void make_snp(struct maker *m)
{
    struct trial *v = m->v;
    struct walk_setup *s = &v->s;

    v->snp = one_in(m, 2);
    v->encrypt |= v->snp && one_in(m, 2);
    s->sev = v->encrypt && s->np && one_in(m, 2);
    s->asid = 1 + below(m, 1022);
    if (!v->snp || one_in(m, 4))
        return;
    s->snpe = true;
    s->vmple = one_in(m, 2);
    s->snp = s->sev && one_in(m, 2);
    s->vmpl = s->snp ? below(m, MAX_VMPLS) : 0;
    s->vtom = s->snp && one_in(m, 3) ? draw(m) & bits(m->v->width - 1, 21) : 0;
    s->rmp_base = draw(m) & 0xffffe000;
    s->rmp_end = s->rmp_base + RMP_BOOKKEEPING +
                 (BIT(one_in(m, 16) ? 20 : v->width - 12) * RMP_ENTRY_SIZE) - 1;
}

/* Mostly what lets the guest in. */
static void set_owner(struct maker *m, gpa_t gpa, spa_t spa, bool large)
{
    static const unsigned bits_that_count[] = { 0, 1, 2, 12, 51, 62 };
    struct walk_setup *s = &m->v->s;
    uint64_t lo, hi = draw(m) | draw(m);

    if (!s->snp && !one_in(m, 6))
        return;
    if (one_in(m, 24))
        large = !large;
    if (large) {
        gpa -= spa & (pt_size(2) - 1);
        spa &= ~(pt_size(2) - 1);
    }
    lo = RMP_ASSIGNED | RMP_VALIDATED | (large ? RMP_2M : 0) | (gpa & RMP_GPA) |
         (uint64_t)s->asid << RMP_ASID_SHIFT;
    if (one_in(m, 24))
        lo ^= BIT(below(m, 64));
    if (one_in(m, 40))
        lo ^= BIT(bits_that_count[below(m, ARRAY_SIZE(bits_that_count))]);
    hi |= one_in(m, 3) ? 0 : 0x0f0f0f0f;
    words_set(&m->v->mem, rmp_slot(s->rmp_base, spa), lo);
    words_set(&m->v->mem, rmp_slot(s->rmp_base, spa) + 8, hi);
}

/* ---- tables that map the address ---- */

/* Table pages lie below 4 GiB, where entries of every mode can point to. */
static spa_t new_page(struct maker *m)
{
    m->next_page += 0x1000;
    return m->next_page;
}

/* An address that entries of @r can hold, in front of @size-aligned zeros. */
static uint64_t some_frame(struct maker *m, const struct regime *r,
                           unsigned shift)
{
    unsigned width = r->mode == MODE_LEGACY ? 32 : r->width;

    if (r == &m->guest && m->host.mode != MODE_LONG5 && !one_in(m, 100) &&
        width > (m->host.mode == MODE_LONG4 ? 48 : 32))
        width = m->host.mode == MODE_LONG4 ? 48 : 32;
    if (one_in(m, 2) && width > 34)
        width = 34;
    return oracle_address(r, draw(m) & bits(width - 1, shift), 12);
}

/* The bits of an entry around its address; mostly permissive. */
static uint64_t some_flags(struct maker *m, const struct regime *r,
                           unsigned level, bool leaf)
{
    uint64_t flags = PTE_P | (draw(m) & (PTE_PWT | PTE_PCD | bits(11, 9)));

    if (r->mode == MODE_PAE && level == 3)
        return flags;
    flags |= PTE_W | PTE_U | (draw(m) & PTE_A);
    if (leaf)
        flags |= draw(m) & (PTE_D | PTE_G);
    if (leaf && level > 1)
        flags |= PTE_PS;
    else if (leaf)
        flags |= draw(m) & PTE_PS; /* of a PTE: the PAT bit */
    if (one_in(m, 200))
        flags &= ~PTE_W;
    if (one_in(m, 200))
        flags &= ~PTE_U;
    if (one_in(m, 40) && r->nxe && r->mode != MODE_LEGACY)
        flags |= PTE_NX;
    if ((r->mode == MODE_LONG4 || r->mode == MODE_LONG5) && one_in(m, 3))
        flags |= draw(m) & bits(62, 52);
    return flags;
}

static bool make_large(struct maker *m, const struct regime *r, unsigned level)
{
    if (level == 1)
        return true;
    return oracle_is_leaf(r, level, PTE_PS) && (level < 3 || m->v->gb_pages) &&
           one_in(m, 6);
}

/* Map @gpa, unless it is: its place in memory. */
static spa_t map_nested(struct maker *m, gpa_t gpa, bool table)
{
    const struct regime *r = &m->host;
    spa_t at = oracle_root(r, m->v->s.ncr3);
    unsigned level = oracle_levels(r->mode);

    if (!m->v->s.np && m->v->s.snpe)
        set_owner(m, gpa, gpa, false);
    if (!m->v->s.np)
        return gpa;
    for (;; level--) {
        spa_t slot = oracle_slot(r, level, at, gpa);
        uint64_t entry = oracle_get(r, &m->v->mem, slot);

        if (m->v->s.snpe && one_in(m, 120)) /* a table that is not the host's */
            set_owner(m, 0, slot & PAGE_MASK_4K, false);
        if (!(entry & PTE_P)) {
            bool leaf = make_large(m, r, level);
            bool page = !leaf || (level == 1 && table);

            entry =
                some_flags(m, r, level, leaf) |
                (page ? new_page(m) : some_frame(m, r, oracle_shift(r, level)));
            if (r->cbit && one_in(m, 2))
                entry |= BIT(r->cbit);
            oracle_put(r, &m->v->mem, slot, entry);
        }
        if (level == 1 || oracle_is_leaf(r, level, entry)) {
            spa_t spa = oracle_leaf(r, level, entry, gpa);

            if (m->v->s.snpe)
                set_owner(m, gpa, spa, oracle_shift(r, level) >= 21);
            return spa;
        }
        at = oracle_address(r, entry, 12);
    }
}

/* Map @gva and everything that its translation touches. */
static void map_guest(struct maker *m, gva_t gva)
{
    const struct regime *r = &m->guest;
    gpa_t at = oracle_root(r, m->v->s.g_cr3);

    for (unsigned level = oracle_levels(r->mode); level; level--) {
        spa_t slot = map_nested(m, oracle_slot(r, level, at, gva), true);
        uint64_t entry = oracle_get(r, &m->v->mem, slot);

        if (!(entry & PTE_P)) {
            bool leaf = make_large(m, r, level);
            unsigned shift = leaf ? oracle_shift(r, level) : 12;

            entry = some_flags(m, r, level, leaf) | some_frame(m, r, shift);
            if (r->cbit && one_in(m, 2))
                entry |= BIT(r->cbit);
            oracle_put(r, &m->v->mem, slot, entry);
        }
        if (level == 1 || oracle_is_leaf(r, level, entry)) {
            map_nested(m, oracle_leaf(r, level, entry, gva), false);
            return;
        }
        at = oracle_address(r, entry, 12);
    }
    map_nested(m, gva & 0xffffffff, false);
}

static void make_tables(struct maker *m)
{
    struct trial *v = m->v;
    uint64_t last = v->gva + v->size - 1;

    if (!(v->s.g_efer & EFER_LMA))
        last &= 0xffffffff;
    m->next_page = draw(m) & 0x3ffff000;
    v->s.ncr3 = new_page(m) | (draw(m) & (PTE_PWT | PTE_PCD));
    v->s.g_cr3 = some_frame(m, &m->guest, 12) & 0xfffffffffffffULL;
    if (m->guest.mode == MODE_PAE || m->guest.mode == MODE_LEGACY)
        v->s.g_cr3 &= 0xfffff000;
    if (m->guest.mode == MODE_PAE)
        v->s.g_cr3 |= draw(m) & 0xfe0;
    if (v->s.g_cr4 & CR4_PCIDE)
        v->s.g_cr3 |= draw(m) & 0xfff;
    map_guest(m, v->gva);
    if ((last ^ v->gva) >> 12)
        map_guest(m, last);
}

/* ---- and now break something ---- */

static unsigned interesting_bit(struct maker *m)
{
    static const unsigned low[] = { 0,  1,  2,  5,  6,  7,  8,  12,
                                    13, 16, 20, 21, 22, 29, 30, 31,
                                    47, 48, 51, 52, 59, 62, 63 };
    unsigned width = m->v->width - (one_in(m, 2) ? m->v->reduction : 0);

    switch (below(m, 4)) {
    case 0:
        return width - 1 + below(m, 3); /* 31..54 */
    case 1:
        return m->v->cbit;
    case 2:
        return below(m, 64);
    case 3:
        break;
    }
    return low[below(m, ARRAY_SIZE(low))];
}

static void mutate_word(struct maker *m)
{
    struct words *w = &m->v->mem;
    unsigned i = below(m, w->n), other = below(m, w->n);
    uint64_t *value = &w->at[i].value;

    switch (below(m, 8)) {
    case 0: /* overlap, or loop */
        *value = (*value & ~PTE_ADDR_MASK) | (w->at[other].spa & PTE_ADDR_MASK);
        break;
    case 1:
        *value = w->at[other].value;
        break;
    case 2:
        *value = one_in(m, 2) ? draw(m) : draw(m) | draw(m) | PTE_P;
        break;
    case 3:
        *value ^= BIT(below(m, 9));
        break;
    default:
        *value ^= BIT(interesting_bit(m));
        break;
    }
}

static void mutate_register(struct maker *m)
{
    struct walk_setup *s = &m->v->s;

    switch (below(m, 6)) {
    case 0:
        s->ncr3 ^= BIT(interesting_bit(m));
        break;
    case 1:
        s->g_cr3 ^= BIT(interesting_bit(m));
        break;
    case 2:
        s->h_efer ^= EFER_NXE;
        break;
    case 3:
        s->g_efer ^= EFER_NXE;
        break;
    case 4:
        s->h_cr4 ^= CR4_PSE;
        break;
    case 5:
        s->gmet = !s->gmet;
        break;
    }
}

void trial_random(struct trial *v, uint64_t seed, uint64_t number)
{
    struct maker m = { .v = v, .state = seed * 0x2545f4914f6cdd1dULL };

    m.state = draw(&m) ^ number * 0xd1342543de82ef95ULL;
    trial_init(v);
    make_cpu(&m);
    make_knobs(&m);
    make_registers(&m);
    make_access(&m);
    make_snp(&m);
    oracle_regimes(v, &m.guest, &m.host);
    make_tables(&m);
    for (unsigned n = one_in(&m, 2) ? 0 : 1 + below(&m, 3); n; n--) {
        if (v->mem.n == 0 || one_in(&m, 12))
            mutate_register(&m);
        else
            mutate_word(&m);
    }
}
