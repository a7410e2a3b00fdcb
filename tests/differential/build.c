/* SPDX-License-Identifier: GPL-2.0-only */
/* differential/build.c - tables, data and registers of a sane question. */
#include "differential/build.h"

#include "arch/paging.h"

#include <string.h>

#define LEVELS     4
#define SIZE_2M    0x200000ULL
#define SIZE_1G    0x40000000ULL
#define TABLE      (PTE_P | PTE_W | PTE_U)
#define VMMCALL    0xd9010fULL
#define DATA_VALUE (0x1122334455000000ULL | VMMCALL)

/* The guest's pages, each in 2 MiB of its own. */
enum page {
    PAGE_ROOT,
    PAGE_G3,
    PAGE_G2,
    PAGE_G1,
    PAGE_DATA,
    PAGE_CODE_G3,
    PAGE_CODE_G2,
    PAGE_CODE_G1,
    PAGE_CODE,
    N_PAGES,
};
#define NESTED_TABLES (ARENA_START + 24 * SIZE_2M)

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
 * memory, so that nested leaves of every size are aligned. */
static gpa_t page_gpa(const struct builder *b, enum page page)
{
    uint64_t slot =
        b->slot_shift ? (page + 1ULL) << b->slot_shift : (page & 3) * SIZE_1G;

    return slot | page_spa(page);
}

static struct word *find_word(struct question *q, spa_t spa)
{
    for (unsigned i = 0; i < q->n_words; i++)
        if (q->word[i].spa == spa)
            return &q->word[i];
    return NULL;
}

static void put_word(struct question *q, spa_t spa, uint64_t value,
                     enum word_role role, unsigned level)
{
    BUG_ON(q->n_words == MAX_WORDS || find_word(q, spa));
    q->word[q->n_words++] = (struct word) { spa, value, role, level };
}

/* Map the guest page with @gpa where it lies, making tables on the way. */
static void map_nested(struct builder *b, gpa_t gpa, unsigned leaf)
{
    spa_t table = b->q->ncr3, spa = gpa & (SIZE_1G - 1);

    for (unsigned level = LEVELS; level > leaf; level--) {
        spa_t slot = table + 8 * pt_index(gpa, level);

        if (!find_word(b->q, slot)) {
            put_word(b->q, slot, b->next_table | TABLE, ROLE_NESTED, level);
            b->next_table += PAGE_SIZE_4K;
        }
        table = find_word(b->q, slot)->value & PTE_ADDR_MASK;
    }
    put_word(b->q, table + 8 * pt_index(gpa, leaf),
             (spa & ~(pt_size(leaf) - 1)) | TABLE | (leaf > 1 ? PTE_PS : 0),
             ROLE_NESTED, leaf);
}

/* The path of @gva through @table[4..leaf], and the nested path of each. */
static void map_guest(struct builder *b, gva_t gva, const enum page table[],
                      unsigned leaf, enum page target)
{
    for (unsigned level = LEVELS; level >= leaf; level--) {
        spa_t slot = page_spa(table[level]) + 8 * pt_index(gva, level);
        enum page next = level == leaf ? target : table[level - 1];
        gpa_t frame = page_gpa(b, next);

        if (level == leaf)
            frame &= ~(pt_size(leaf) - 1);
        put_word(b->q, slot,
                 frame | TABLE | (leaf > 1 && level == leaf ? PTE_PS : 0),
                 ROLE_GUEST, level);
        map_nested(b, page_gpa(b, next),
                   next == PAGE_DATA ? b->nested_leaf : 1);
    }
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
    q->h_efer = EFER_LMA | EFER_LME | EFER_SVME;
    q->g_efer = EFER_LMA | EFER_LME | EFER_SVME;
    q->h_efer |= build_chance(b, 4) ? 0 : EFER_NXE;
    q->g_efer |= build_chance(b, 4) ? 0 : EFER_NXE;
    q->g_rflags = RFLAGS_FIXED | (build_chance(b, 2) ? RFLAGS_AC : 0);
}

/* Far apart where the width allows it: nine pages need bits up to 42 or 33. */
static unsigned choose_slot_shift(struct builder *b)
{
    if (b->width >= 43 && !build_chance(b, 4))
        return pt_shift(4);
    return b->width >= 34 ? pt_shift(3) : 0;
}

/* A canonical address with these low 30 bits; PML4 slot 0 belongs to code. */
static gva_t choose_gva(struct builder *b, uint64_t low)
{
    uint64_t top = 1 + build_pick(b, 511);
    gva_t gva = top << 39 | (gva_t)build_pick(b, 512) << 30 | low;

    return top < 256 ? gva : gva | bits(63, 48);
}

static void map_code(struct builder *b)
{
    static const enum page table[] = { 0, PAGE_CODE_G1, PAGE_CODE_G2,
                                       PAGE_CODE_G3, PAGE_ROOT };
    static const uint64_t insn[N_KINDS] = {
        [KIND_READ] = VMMCALL << 24 | 0x078b48,
        [KIND_WRITE] = VMMCALL << 16 | 0x0788,
        [KIND_RMW] = VMMCALL << 32 | 0x000780f0,
    };
    struct question *q = b->q;
    spa_t spa = page_spa(PAGE_CODE) + 16 * build_pick(b, 255);

    q->rip = (gva_t)build_pick(b, 512) << 30 | spa;
    map_guest(b, q->rip, table, 1, PAGE_CODE);
    put_word(q, spa, insn[q->kind], ROLE_DATA, 0);
    /* SMEP: the kernel cannot run the user's code. */
    if (q->cpl != 3)
        find_word(q, page_spa(PAGE_CODE_G1) + 8 * pt_index(q->rip, 1))->value &=
            ~PTE_U;
}

void build_question(struct builder *b)
{
    static const enum page table[] = { 0, PAGE_G1, PAGE_G2, PAGE_G3,
                                       PAGE_ROOT };
    struct question *q = b->q;
    spa_t spa = page_spa(PAGE_DATA) + 8 * build_pick(b, 511);
    uint64_t id = q->id;

    memset(q, 0, sizeof(*q));
    q->id = id;
    q->kind = build_pick(b, N_KINDS);
    q->cpl = build_chance(b, 2) ? 3 : 0;
    choose_modes(b);
    b->slot_shift = choose_slot_shift(b);
    b->guest_leaf = 1 + build_pick(b, 3);
    b->nested_leaf = 1 + build_pick(b, b->slot_shift ? 3 : 2);
    b->next_table = NESTED_TABLES + PAGE_SIZE_4K;

    q->ncr3 = NESTED_TABLES;
    q->g_cr3 = page_gpa(b, PAGE_ROOT);
    map_nested(b, q->g_cr3, 1);
    q->gva = choose_gva(b, spa);
    map_guest(b, q->gva, table, b->guest_leaf, PAGE_DATA);
    put_word(q, spa, DATA_VALUE, ROLE_DATA, 0);
    if (q->kind == KIND_FETCH)
        q->rip = q->gva;
    else
        map_code(b);
}
