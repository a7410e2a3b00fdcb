/* SPDX-License-Identifier: GPL-2.0-only */
/* differential/build.c - tables, data and registers of a sane question. */
#include "differential/build.h"

#include "arch/paging.h"

#include <string.h>

#define SIZE_2M    0x200000ULL
#define SIZE_1G    0x40000000ULL
#define TABLE      (PTE_P | PTE_W | PTE_U)
#define VMMCALL    0xd9010fULL
#define DATA_VALUE (0x1122334455000000ULL | VMMCALL)

/* The guest's pages, each in 2 MiB of its own. */
enum page {
    PAGE_ROOT,
    PAGE_G1,
    PAGE_G2,
    PAGE_G3,
    PAGE_G4,
    PAGE_DATA,
    PAGE_CODE_G1,
    PAGE_CODE_G2,
    PAGE_CODE_G3,
    PAGE_CODE_G4,
    PAGE_CODE,
    PAGE_DATA_END, /* of an access that crosses into it */
};
#define NESTED_TABLES (ARENA_START + 24 * SIZE_2M)

/* APM vol. 2, 5.2 and 5.3: how an address is cut into indexes. */
struct guest_format {
    unsigned levels, entry_size, linear_bits;
    unsigned shift[6]; /* by level */
    unsigned top;      /* entries of the root */
};

static const struct guest_format formats[N_MODES] = {
    [MODE_4LEVEL] = { 4, 8, 48, { 0, 12, 21, 30, 39 }, 512 },
    [MODE_5LEVEL] = { 5, 8, 57, { 0, 12, 21, 30, 39, 48 }, 512 },
    [MODE_PAE] = { 3, 8, 32, { 0, 12, 21, 30 }, 4 },
    [MODE_32BIT] = { 2, 4, 32, { 0, 12, 22 }, 1024 },
    [MODE_OFF] = { 0, 0, 32, { 0 }, 0 },
};

/* splitmix64, by Sebastiano Vigna: public domain, three constants. */
uint64_t build_random(struct builder *b)
{
    uint64_t z = b->random += 0x9e3779b97f4a7c15ULL;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

unsigned build_pick(struct builder *b, unsigned n)
{
    return (unsigned)(build_random(b) >> 33) % n;
}

bool build_chance(struct builder *b, unsigned n)
{
    return build_pick(b, n) == 0;
}

static spa_t page_spa(enum page page)
{
    return ARENA_START + page * SIZE_2M + (7 * page + 3) * PAGE_SIZE_4K;
}

/* The low 30 bits of a guest-physical address are those of its place in
 * memory, so that nested leaves of every size are aligned. The root is in slot
 * 0, where a 32-bit CR3 reaches. */
static gpa_t page_gpa(const struct builder *b, enum page page)
{
    uint64_t slot =
        b->slot_shift ? (uint64_t)page << b->slot_shift : (page & 3) * SIZE_1G;

    return slot | page_spa(page);
}

static struct word *find_word(struct question *q, spa_t spa)
{
    for (unsigned i = 0; i < q->n_words; i++)
        if (q->word[i].spa == spa)
            return &q->word[i];
    return NULL;
}

/* Two 4-byte entries may share a word. */
static void put_word(struct question *q, spa_t spa, uint64_t value,
                     enum word_role role, unsigned level)
{
    uint32_t shift = 8 * (spa & 7);
    struct word *w = find_word(q, spa & ~7ULL);

    if (!w) {
        BUG_ON(q->n_words == MAX_WORDS);
        w = &q->word[q->n_words++];
        *w = (struct word) { spa & ~7ULL, 0, role, level, shift, 0 };
    }
    w->value |= value << shift;
}

void build_flip(struct word *entry, uint64_t mask)
{
    entry->value ^= mask << entry->shift;
}

/* Map the guest page with @gpa where it lies, making tables on the way. */
static void map_nested(struct builder *b, gpa_t gpa, unsigned leaf)
{
    spa_t table = b->q->ncr3, spa = gpa & (SIZE_1G - 1);

    for (unsigned level = b->host_levels; level > leaf; level--) {
        spa_t slot = table + 8 * pt_index(gpa, level);
        bool pdpte = b->host_levels == 3 && level == 3;

        if (!find_word(b->q, slot)) {
            put_word(b->q, slot, b->next_table | (pdpte ? PTE_P : TABLE),
                     ROLE_NESTED, level);
            b->next_table += PAGE_SIZE_4K;
        }
        table = find_word(b->q, slot)->value & PTE_ADDR_MASK;
    }
    put_word(b->q, table + 8 * pt_index(gpa, leaf),
             (spa & ~(pt_size(leaf) - 1)) | TABLE | (leaf > 1 ? PTE_PS : 0),
             ROLE_NESTED, leaf);
}

/* Where the entry of @level for @gva lies. */
static spa_t guest_slot(const struct builder *b, enum page table, gva_t gva,
                        unsigned level)
{
    const struct guest_format *f = b->format;
    unsigned entries = level == f->levels ? f->top : 4096 / f->entry_size;

    return page_spa(table) +
           f->entry_size * (gva >> f->shift[level] & (entries - 1));
}

/* What a sane entry of @level says besides the address. Bit 7 of a 32-bit PDE
 * means nothing without CR4.PSE. */
static uint64_t entry_flags(struct builder *b, unsigned level, unsigned leaf)
{
    bool pse = b->q->g_cr4 & CR4_PSE;

    if (b->q->mode == MODE_PAE && level == 3)
        return PTE_P;
    if (b->q->mode == MODE_32BIT && level == 2 && !pse)
        return TABLE | (build_chance(b, 2) ? PTE_PS : 0);
    return TABLE | (level == leaf && leaf > 1 ? PTE_PS : 0);
}

/* The path of @gva through the root and @table[levels - 1..leaf], and the
 * nested path of each page. */
static void map_guest(struct builder *b, gva_t gva, const enum page table[],
                      unsigned leaf, enum page target)
{
    unsigned top = b->format->levels;

    for (unsigned level = top; level >= leaf && level > 0; level--) {
        enum page here = level == top ? PAGE_ROOT : table[level];
        enum page next = level == leaf ? target : table[level - 1];
        gpa_t frame = page_gpa(b, next);

        if (level == leaf)
            frame &= ~(BIT(b->format->shift[level]) - 1);
        put_word(b->q, guest_slot(b, here, gva, level),
                 frame | entry_flags(b, level, leaf), ROLE_GUEST, level);
        if (level != leaf)
            map_nested(b, page_gpa(b, next), 1);
    }
    map_nested(b, page_gpa(b, target),
               target == PAGE_DATA || target == PAGE_DATA_END ? b->nested_leaf
                                                              : 1);
}

/* Any combination of the bits that decide about permissions. */
static void choose_modes(struct builder *b)
{
    struct question *q = b->q;

    q->h_cr0 = CR0_PG | CR0_PE | CR0_ET | (build_chance(b, 2) ? CR0_WP : 0);
    q->g_cr0 = CR0_PG | CR0_PE | CR0_ET | (build_chance(b, 3) ? 0 : CR0_WP);
    q->h_cr4 =
        CR4_PAE | (build_random(b) & (CR4_PSE | CR4_PGE | CR4_SMEP | CR4_SMAP));
    q->g_cr4 = CR4_PAE | (build_random(b) & (CR4_PSE | CR4_PGE));
    q->g_cr4 |= build_chance(b, 3) ? CR4_SMEP : 0;
    q->g_cr4 |= build_chance(b, 3) ? CR4_SMAP : 0;
    q->h_efer = EFER_SVME;
    q->h_efer |= b->host_levels > 3 ? EFER_LMA | EFER_LME : 0;
    q->h_efer |= build_chance(b, 4) ? 0 : EFER_NXE;
    q->g_efer = EFER_SVME | (build_chance(b, 4) ? 0 : EFER_NXE);
    q->g_rflags = RFLAGS_FIXED | (build_chance(b, 2) ? RFLAGS_AC : 0);
    if (b->host_levels == 5)
        q->h_cr4 |= CR4_LA57;
}

/* Half of all guests have four levels. */
static void choose_paging(struct builder *b)
{
    struct question *q = b->q;

    q->mode = build_chance(b, 2) ? MODE_4LEVEL : build_pick(b, N_MODES);
    b->format = &formats[q->mode];
    switch ((enum question_mode)q->mode) {
    case MODE_5LEVEL:
        q->g_cr4 |= CR4_LA57;
        q->g_efer |= EFER_LMA | EFER_LME;
        break;
    case MODE_4LEVEL:
        q->g_efer |= EFER_LMA | EFER_LME;
        break;
    case MODE_PAE:
        break;
    case MODE_32BIT:
        q->g_cr4 &= ~CR4_PAE;
        break;
    case MODE_OFF:
        q->g_cr0 &= ~CR0_PG;
        break;
    case N_MODES:
        break;
    }
}

/* A large page needs a format that has it. */
static void choose_sizes(struct builder *b)
{
    unsigned largest = b->format->levels < 4 ? 2 : 3;

    if (b->q->mode == MODE_32BIT && !(b->q->g_cr4 & CR4_PSE))
        largest = 1;
    b->guest_leaf = b->q->mode == MODE_OFF ? 0 : 1 + build_pick(b, largest);
    b->nested_leaf =
        1 + build_pick(b, b->slot_shift && b->host_levels > 3 ? 3 : 2);
}

/* Far apart where the width and the entries allow it: twelve pages need bits
 * up to 42 or 33. */
static unsigned choose_slot_shift(struct builder *b)
{
    if (b->q->mode == MODE_32BIT || b->q->mode == MODE_OFF ||
        b->host_levels == 3)
        return 0;
    if (b->width >= 43 && !build_chance(b, 4))
        return pt_shift(4);
    return b->width >= 34 ? pt_shift(3) : 0;
}

/* A canonical address with the low bits of @page at @offset. The first GiB of
 * the linear addresses belongs to code. A 32-bit host's EDI holds 32 bits. */
static gva_t choose_gva(struct builder *b, enum page page, unsigned offset)
{
    unsigned linear = b->host_levels == 3 ? 32 : b->format->linear_bits;
    uint64_t low = page_spa(page) + offset;
    gva_t gva;

    if (b->q->mode == MODE_OFF)
        return page_gpa(b, page) + offset;
    if (page == PAGE_CODE)
        return low;
    gva = ((1 + build_random(b) % (BIT(linear - 30) - 1)) << 30) | low;
    return linear > 32 && (gva >> (linear - 1)) ? gva | bits(63, linear) : gva;
}

static void map_code(struct builder *b)
{
    static const enum page table[] = { 0, PAGE_CODE_G1, PAGE_CODE_G2,
                                       PAGE_CODE_G3, PAGE_CODE_G4 };
    static const uint64_t insn[N_KINDS] = {
        [KIND_READ] = VMMCALL << 24 | 0x078b48,
        [KIND_WRITE] = VMMCALL << 24 | 0x078948,
        [KIND_RMW] = VMMCALL << 32 | 0x000780f0,
    };
    struct question *q = b->q;
    unsigned offset = 16 * build_pick(b, 255);
    uint64_t code = insn[q->kind];

    if (!(q->g_efer & EFER_LMA) &&
        (q->kind == KIND_READ || q->kind == KIND_WRITE))
        code >>= 8; /* no REX prefix: 4 bytes */
    q->rip = choose_gva(b, PAGE_CODE, offset);
    map_guest(b, q->rip, table, q->mode == MODE_OFF ? 0 : 1, PAGE_CODE);
    put_word(q, page_spa(PAGE_CODE) + offset, code, ROLE_DATA, 0);
    /* SMEP: the kernel cannot run the user's code. */
    if (q->cpl != 3 && q->mode != MODE_OFF) {
        spa_t slot = guest_slot(b, PAGE_CODE_G1, q->rip, 1);

        build_flip(find_word(q, slot & ~7ULL), PTE_U);
    }
}

static const enum page data_tables[] = { 0, PAGE_G1, PAGE_G2, PAGE_G3,
                                         PAGE_G4 };

/* The page behind the one at q->gva: a 4K leaf of its own, or more of a large
 * one. */
static void map_data_end(struct builder *b)
{
    gva_t gva = (b->q->gva | (PAGE_SIZE_4K - 1)) + 1;
    spa_t spa = page_spa(PAGE_DATA) + PAGE_SIZE_4K;

    b->end_from = b->q->n_words;
    if (b->guest_leaf == 1) {
        map_guest(b, gva, data_tables, 1, PAGE_DATA_END);
        spa = page_spa(PAGE_DATA_END);
    } else {
        map_nested(b, page_gpa(b, PAGE_DATA) + PAGE_SIZE_4K, b->nested_leaf);
    }
    b->end_to = b->q->n_words;
    put_word(b->q, spa, DATA_VALUE, ROLE_DATA, 0);
}

/* Where in its page the access starts; the last word is left to those that
 * cross, by one byte to three. */
static unsigned choose_offset(struct builder *b)
{
    if (b->crossing)
        return PAGE_SIZE_4K - 1 - build_pick(b, 3);
    return 8 * build_pick(b, 511);
}

void build_question(struct builder *b)
{
    struct question *q = b->q;
    uint64_t id = q->id;
    unsigned offset = choose_offset(b);

    memset(q, 0, sizeof(*q));
    q->id = id;
    q->kind = build_pick(b, b->crossing ? KIND_RMW : N_KINDS);
    q->cpl = build_chance(b, 2) ? 3 : build_pick(b, 3);
    choose_modes(b);
    choose_paging(b);
    b->slot_shift = choose_slot_shift(b);
    choose_sizes(b);
    b->next_table = NESTED_TABLES + PAGE_SIZE_4K;

    q->ncr3 = NESTED_TABLES;
    if (q->mode != MODE_OFF) {
        q->g_cr3 = page_gpa(b, PAGE_ROOT);
        map_nested(b, q->g_cr3, 1);
    }
    q->gva = choose_gva(b, PAGE_DATA, offset);
    map_guest(b, q->gva, data_tables, b->guest_leaf, PAGE_DATA);
    put_word(q, page_spa(PAGE_DATA) + (offset & ~7U), DATA_VALUE, ROLE_DATA, 0);
    if (b->crossing)
        map_data_end(b);
    if (q->kind == KIND_FETCH)
        q->rip = q->gva;
    else
        map_code(b);
}
