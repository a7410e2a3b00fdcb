/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/page.h - a page of DRAM from the inside, for memory.c and crypt.c.
 *
 * Encrypting what nobody will ever read as ciphertext is wasted time, so a
 * block of 16 bytes may be kept in the clear: as the holder of one key sees it.
 * It turns into ciphertext when somebody looks without that key. Which of the
 * two forms a block has cannot be observed.
 */
#ifndef NPTSIM_HW_PAGE_H
#define NPTSIM_HW_PAGE_H

#include "hw/crypt.h"
#include "hw/memory.h"

#include <string.h>

#define WORDS_OF_PAGE   512
#define BLOCKS_OF_PAGE  256
#define WORDS_OF_BLOCKS (BLOCKS_OF_PAGE / 64)
#define LINE            64 /* bytes: how finely writes are remembered */
#define BLOCKS_OF_LINE  (LINE / CRYPT_BLOCK)

struct page {
    uint64_t pfn;
    uint64_t words[WORDS_OF_PAGE];
    struct key key;                  /* of the blocks in the clear */
    uint64_t clear[WORDS_OF_BLOCKS]; /* one bit for each block */
    bool any_clear;
    bool table;     /* somebody read an entry of a table from it */
    bool touched;   /* in the list of what mem_clear() must look at */
    uint64_t lines; /* written since then, one bit for each line */
    uint64_t changes;
    /* Blocks whose old content is in the journal of this mark. */
    uint64_t mark, noted[WORDS_OF_BLOCKS];
    struct page *next_touched, *next_hashed, *next;
};

static inline bool has_bit(const uint64_t *set, unsigned i)
{
    return set[i / 64] & BIT(i % 64);
}

static inline void set_bit(uint64_t *set, unsigned i)
{
    set[i / 64] |= BIT(i % 64);
}

static inline void clear_bit(uint64_t *set, unsigned i)
{
    set[i / 64] &= ~BIT(i % 64);
}

/* Four words that a CPU handles as one or two. */
typedef uint64_t quad __attribute__((vector_size(32), may_alias, aligned(8)));

/* Lines of 64 bytes, at addresses that are multiples of 8 or not. */
static inline bool same_line(const void *a, const void *b)
{
    quad x[2], y[2], d;

    memcpy(x, a, sizeof(x));
    memcpy(y, b, sizeof(y));
    d = (x[0] ^ y[0]) | (x[1] ^ y[1]);
    return !(d[0] | d[1] | d[2] | d[3]);
}

/* Bytes from @at to the end of its block, at most @len. */
static inline size_t within_block(unsigned at, size_t len)
{
    size_t room = CRYPT_BLOCK - at % CRYPT_BLOCK;

    return len < room ? len : room;
}

/* The bits of a line's blocks among those of the word that they lie in. */
static inline uint64_t line_mask(unsigned block)
{
    return bits(BLOCKS_OF_LINE - 1, 0) << block % 64;
}

static inline bool same_key(const struct key *a, const struct key *b)
{
    return a->k[0] == b->k[0] && a->k[1] == b->k[1];
}

/* ---- memory.c ---- */
/* The page, or NULL if nobody wrote it yet. */
struct page *page_find(const struct memory *m, uint64_t pfn);
struct page *page_make(struct memory *m, uint64_t pfn);
/* The words of block @b are about to be written: with another content ... */
void page_change(struct memory *m, struct page *p, unsigned b);
/* ... as are those of its whole line; or with the same in its other form. */
void page_change_line(struct memory *m, struct page *p, unsigned b);
void page_touch(struct memory *m, struct page *p, unsigned b);
/* All words of the page are about to be written. */
void page_change_all(struct memory *m, struct page *p);
/* mem_clear() must look at the page, whatever is written to it. */
void page_enlist(struct memory *m, struct page *p);
/* From now on references to @p would see what DRAM does not hold. */
void page_hide(struct memory *m, struct page *p);

/* ---- crypt.c ---- */
/* Let block @b lie there as DRAM holds it. */
void page_settle(struct memory *m, struct page *p, unsigned b);
/* A block of @p in the clear under @key, or as ciphertext (NULL): what DRAM
 * holds for it. */
void page_ciphertext(uint64_t pfn, unsigned b, const struct key *key,
                     const uint64_t words[2], uint64_t out[2]);

#endif
