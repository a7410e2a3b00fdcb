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

struct memory *mem_create(struct pool *pool);
/* All zero again; every page_ref into it is void. */
void mem_clear(struct memory *m);
/* A number for the content: equal numbers, equal content. */
uint64_t mem_digest(const struct memory *m);

void mem_read(struct memory *m, spa_t spa, void *buf, size_t len);
void mem_write(struct memory *m, spa_t spa, const void *buf, size_t len);
/* Aligned 8 bytes. */
uint64_t mem_read64(struct memory *m, spa_t spa);
void mem_write64(struct memory *m, spa_t spa, uint64_t value);

uint64_t mem_read64_far(struct memory *m, spa_t spa, struct page_ref *near);

/* Aligned 8 bytes of a page that @near may remember. */
static inline uint64_t mem_read64_near(struct memory *m, spa_t spa,
                                       struct page_ref *near)
{
    if (__builtin_expect(near->pfn == spa >> 12, 1))
        return near->words[(spa & (PAGE_SIZE_4K - 1)) / 8];
    return mem_read64_far(m, spa, near);
}

/* A well-mixed function of @x: digests and keys are made of it. */
static inline uint64_t mix64(uint64_t x)
{
    x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
    x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
    return x ^ x >> 32;
}

#endif
