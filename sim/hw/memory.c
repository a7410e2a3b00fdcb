/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/memory.c - sparse DRAM and its digest.
 *
 * Pages live in a hash table; a small direct-mapped cache in front of it serves
 * everybody but the walkers, who remember their pages themselves. Pages come
 * from the machine's pool and go back to a free list when memory is cleared.
 *
 * The digest is the XOR over all words of mix(address, value), kept up to date
 * by every write, so that "did anything change?" costs nothing to answer.
 */
#include "hw/memory.h"

#include <string.h>

/* The table lives in the pool, too; it only grows, see mem_clear(). */
#define uthash_malloc(size)     pool_alloc(m->pool, size)
#define uthash_free(ptr, size)  ((void)(ptr))
#define HASH_FUNCTION(k, n, hv) ((hv) = hash_pfn(k))
#include <uthash.h>

#define N_CACHED      256
#define WORDS_OF_PAGE 512

struct page {
    uint64_t pfn;
    uint64_t words[WORDS_OF_PAGE];
    struct page *next_free;
    UT_hash_handle hh;
};

struct memory {
    struct pool *pool;
    struct page *pages, *free;
    uint64_t digest;
    struct page *cached[N_CACHED];
};

static unsigned hash_pfn(const void *key)
{
    uint64_t pfn;

    memcpy(&pfn, key, sizeof(pfn));
    return (unsigned)mix64(pfn);
}

/* uthash frees its table with the last element. One that never leaves keeps the
 * table, so that clearing memory a million times takes no pool. */
static void add_anchor(struct memory *m)
{
    struct page *anchor = pool_alloc(m->pool, sizeof(*anchor));

    anchor->pfn = NO_PFN;
    HASH_ADD(hh, m->pages, pfn, sizeof(anchor->pfn), anchor);
}

struct memory *mem_create(struct pool *pool)
{
    struct memory *m = pool_alloc(pool, sizeof(*m));

    m->pool = pool;
    add_anchor(m);
    return m;
}

void mem_clear(struct memory *m)
{
    struct page *p, *next;

    HASH_ITER(hh, m->pages, p, next)
    {
        if (p->pfn == NO_PFN)
            continue;
        HASH_DEL(m->pages, p);
        p->next_free = m->free;
        m->free = p;
    }
    memset(m->cached, 0, sizeof(m->cached));
    m->digest = 0;
}

uint64_t mem_digest(const struct memory *m)
{
    return m->digest;
}

static struct page **cache_slot(struct memory *m, uint64_t pfn)
{
    return &m->cached[(pfn ^ pfn >> 8) % N_CACHED];
}

/* The page, or NULL if nobody wrote it yet. */
static struct page *find_page(struct memory *m, uint64_t pfn)
{
    struct page **slot = cache_slot(m, pfn);
    struct page *p = *slot;

    if (p && p->pfn == pfn)
        return p;
    HASH_FIND(hh, m->pages, &pfn, sizeof(pfn), p);
    if (p)
        *slot = p;
    return p;
}

static struct page *make_page(struct memory *m, uint64_t pfn)
{
    struct page *p = m->free;

    if (p) {
        m->free = p->next_free;
        memset(p, 0, sizeof(*p));
    } else {
        p = pool_alloc(m->pool, sizeof(*p));
    }
    p->pfn = pfn;
    HASH_ADD(hh, m->pages, pfn, sizeof(p->pfn), p);
    return *cache_slot(m, pfn) = p;
}

static uint64_t mixed_word(spa_t spa, uint64_t value)
{
    return mix64(value + spa * 0x9e3779b97f4a7c15ULL);
}

static void set_word(struct memory *m, struct page *p, unsigned i,
                     uint64_t value)
{
    spa_t spa = p->pfn << 12 | i * 8;

    if (p->words[i] == value)
        return;
    m->digest ^= mixed_word(spa, p->words[i]) ^ mixed_word(spa, value);
    p->words[i] = value;
}

uint64_t mem_read64_far(struct memory *m, spa_t spa, struct page_ref *near)
{
    const struct page *p = find_page(m, spa >> 12);

    if (!p)
        return 0;
    *near = (struct page_ref) { .pfn = p->pfn, .words = p->words };
    return p->words[spa % PAGE_SIZE_4K / 8];
}

uint64_t mem_read64(struct memory *m, spa_t spa)
{
    const struct page *p = find_page(m, spa >> 12);

    BUG_ON(spa % 8);
    return p ? p->words[spa % PAGE_SIZE_4K / 8] : 0;
}

void mem_write64(struct memory *m, spa_t spa, uint64_t value)
{
    struct page *p = find_page(m, spa >> 12);

    BUG_ON(spa % 8);
    if (!p && !value)
        return;
    if (!p)
        p = make_page(m, spa >> 12);
    set_word(m, p, spa % PAGE_SIZE_4K / 8, value);
}

/* Bytes from @spa to the end of its page, at most @len. */
static size_t within_page(spa_t spa, size_t len)
{
    size_t room = PAGE_SIZE_4K - spa % PAGE_SIZE_4K;

    return len < room ? len : room;
}

void mem_read(struct memory *m, spa_t spa, void *buf, size_t len)
{
    char *to = buf;

    while (len) {
        const struct page *p = find_page(m, spa >> 12);
        size_t n = within_page(spa, len);

        if (p)
            memcpy(to, (const char *)p->words + spa % PAGE_SIZE_4K, n);
        else
            memset(to, 0, n);
        to += n;
        spa += n;
        len -= n;
    }
}

void mem_write(struct memory *m, spa_t spa, const void *buf, size_t len)
{
    const char *from = buf;

    while (len) {
        size_t n = 8 - spa % 8 < len ? 8 - spa % 8 : len;
        spa_t at = spa - spa % 8;
        uint64_t word = n == 8 ? 0 : mem_read64(m, at);

        memcpy((char *)&word + spa % 8, from, n);
        mem_write64(m, at, word);
        from += n;
        spa += n;
        len -= n;
    }
}
