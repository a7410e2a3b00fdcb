/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/memory.h - DRAM: 2^52 bytes, of which only touched pages exist.
 *
 * What lies here is what the memory chips hold; encryption (hw/crypt.h) sits
 * between it and everybody who has a key. A page that nobody wrote reads as
 * zero and costs nothing.
 */
#ifndef NPTSIM_HW_MEMORY_H
#define NPTSIM_HW_MEMORY_H

#include "base.h"

struct memory;

/* A page that somebody expects to touch again: the walkers keep one for each
 * step of a walk, so that a repeated walk finds its tables without a search. */
struct page_ref {
    uint64_t pfn; /* NO_PFN = nothing remembered */
    const uint64_t *words;
};
#define NO_PFN (~0ULL)

/* @refs: all references that will ever be made; memory voids them itself. */
struct memory *mem_create(struct pool *pool, struct page_ref *refs,
                          unsigned n_refs);
/* All zero again. */
void mem_clear(struct memory *m);

/* Remember the content as it is now; one mark at a time. */
void mem_mark(struct memory *m);
/* Does memory hold what it held at the mark? */
bool mem_unchanged(struct memory *m);

/* A number that grows whenever a byte of this page changes. */
uint64_t mem_changes(const struct memory *m, spa_t spa);

/* As DRAM holds it. */
void mem_read(struct memory *m, spa_t spa, void *buf, size_t len);
void mem_write(struct memory *m, spa_t spa, const void *buf, size_t len);
/* Aligned 8 bytes. */
uint64_t mem_read64(struct memory *m, spa_t spa);
void mem_write64(struct memory *m, spa_t spa, uint64_t value);

/* A number that grows whenever a byte changes of a page that somebody read an
 * entry of a table from: with mem_read64_far() or crypt_read64(). */
uint64_t mem_tables(const struct memory *m);
/* An entry; @near may remember the page afterwards. */
uint64_t mem_read64_far(struct memory *m, spa_t spa, struct page_ref *near);

/* A well-mixed function of @x: keys and ciphertext are made of it. */
static inline uint64_t mix64(uint64_t x)
{
    x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
    x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
    return x ^ x >> 32;
}

#endif
