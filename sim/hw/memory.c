/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/memory.c - sparse DRAM, and whether it changed.
 *
 * Pages live in a hash table. Once made, a page stays where it is when memory
 * is cleared, and only what was written is zeroed: machines that follow each
 * other use the same pages, and most use little of them.
 *
 * "Did anything change since the mark?" is answered exactly: what a block held
 * at the mark is written down before it changes for the first time.
 */
#include "hw/page.h"

#define FIRST_BUCKETS 256
/* Pages to keep in their places, however few of them are in use. */
#define KEPT_PAGES 256

/* What a block held at the mark; WHOLE_PAGE: all of it was zero. */
#define WHOLE_PAGE BLOCKS_OF_PAGE
struct note {
    struct page *page;
    unsigned block;
    bool clear;
    struct key key; /* if clear */
    uint64_t words[2];
};

struct memory {
    struct pool *pool;
    struct page_ref *refs;
    unsigned n_refs;

    struct page **bucket; /* by hash, a power of two of them */
    unsigned n_buckets, n_pages, n_touched;
    struct page *pages, *touched, *spare;

    uint64_t tables; /* see mem_tables() */

    uint64_t mark; /* its number, 0: none */
    uint64_t last_mark;
    struct note *note;
    unsigned n_notes, max_notes;
    unsigned differed; /* the note that last told a difference */
};

/* ---- finding pages ---- */

static struct page **bucket_of(const struct memory *m, uint64_t pfn)
{
    uint64_t hash = pfn * 0x9e3779b97f4a7c15ULL;

    return &m->bucket[hash >> 32 & (m->n_buckets - 1)];
}

static void hash_page(struct memory *m, struct page *p)
{
    struct page **at = bucket_of(m, p->pfn);

    p->next_hashed = *at;
    *at = p;
}

/* The table lives in the pool and only grows. */
static void make_table(struct memory *m, unsigned n)
{
    m->n_buckets = n;
    m->bucket = pool_alloc(m->pool, n * sizeof(struct page *));
    for (struct page *p = m->pages; p; p = p->next)
        hash_page(m, p);
}

struct page *page_find(const struct memory *m, uint64_t pfn)
{
    struct page *p = *bucket_of(m, pfn);

    while (p && p->pfn != pfn)
        p = p->next_hashed;
    return p;
}

/* Spare pages are as empty as new ones. */
struct page *page_make(struct memory *m, uint64_t pfn)
{
    struct page *p = m->spare;

    if (m->n_pages == m->n_buckets)
        make_table(m, 2 * m->n_buckets);
    if (p)
        m->spare = p->next;
    else
        p = pool_alloc(m->pool, sizeof(*p));
    p->pfn = pfn;
    p->next = m->pages;
    m->pages = p;
    m->n_pages++;
    hash_page(m, p);
    return p;
}

struct memory *mem_create(struct pool *pool, struct page_ref *refs,
                          unsigned n_refs)
{
    struct memory *m = pool_alloc(pool, sizeof(*m));

    *m = (struct memory) { .pool = pool, .refs = refs, .n_refs = n_refs };
    for (unsigned i = 0; i < n_refs; i++)
        refs[i].pfn = NO_PFN;
    make_table(m, FIRST_BUCKETS);
    return m;
}

/* ---- clearing ---- */

static void empty_page(struct page *p)
{
    if (p->lines == ~0ULL)
        memset(p->words, 0, sizeof(p->words));
    else
        for (uint64_t left = p->lines; left; left &= left - 1)
            memset((char *)p->words + LINE * __builtin_ctzll(left), 0, LINE);
    p->lines = 0;
    if (p->any_clear)
        memset(p->clear, 0, sizeof(p->clear));
    p->any_clear = p->touched = false;
}

/* Give all pages away, so that others can take their places. */
static void forget_places(struct memory *m)
{
    struct page **end = &m->pages;

    for (; *end; end = &(*end)->next)
        (*end)->table = false;
    *end = m->spare;
    m->spare = m->pages;
    m->pages = NULL;
    m->n_pages = 0;
    memset(m->bucket, 0, m->n_buckets * sizeof(struct page *));
    for (unsigned i = 0; i < m->n_refs; i++)
        m->refs[i].pfn = NO_PFN;
}

void mem_clear(struct memory *m)
{
    if (!m->touched)
        return;
    for (struct page *p = m->touched; p; p = p->next_touched)
        empty_page(p);
    if (m->n_pages > KEPT_PAGES && m->n_pages / 4 > m->n_touched)
        forget_places(m);
    m->touched = NULL;
    m->n_touched = 0;
    m->tables++;
    m->mark = 0;
}

/* ---- the mark ---- */

void mem_mark(struct memory *m)
{
    m->mark = ++m->last_mark;
    m->n_notes = m->differed = 0;
}

static struct note *new_note(struct memory *m)
{
    if (m->n_notes == m->max_notes) {
        unsigned n = m->max_notes ? 2 * m->max_notes : 64;
        struct note *more = pool_alloc(m->pool, n * sizeof(*more));

        if (m->n_notes)
            memcpy(more, m->note, m->n_notes * sizeof(*more));
        m->note = more;
        m->max_notes = n;
    }
    return &m->note[m->n_notes++];
}

/* The first note of a page since the mark. */
static void begin_notes(struct memory *m, struct page *p)
{
    bool empty = !p->lines && !p->any_clear;

    p->mark = m->mark;
    memset(p->noted, empty ? 0xff : 0, sizeof(p->noted));
    if (empty)
        *new_note(m) = (struct note) { .page = p, .block = WHOLE_PAGE };
}

static void write_down(struct memory *m, struct page *p, unsigned b)
{
    if (p->mark != m->mark)
        begin_notes(m, p);
    if (has_bit(p->noted, b))
        return;
    set_bit(p->noted, b);
    *new_note(m) = (struct note) {
        .page = p,
        .block = b,
        .clear = has_bit(p->clear, b),
        .key = p->key,
        .words = { p->words[2 * b], p->words[2 * b + 1] },
    };
}

void page_enlist(struct memory *m, struct page *p)
{
    if (p->touched)
        return;
    p->touched = true;
    p->next_touched = m->touched;
    m->touched = p;
    m->n_touched++;
}

void page_touch(struct memory *m, struct page *p, unsigned b)
{
    p->lines |= BIT(b / BLOCKS_OF_LINE);
    page_enlist(m, p);
}

uint64_t mem_tables(const struct memory *m)
{
    return m->tables;
}

uint64_t mem_changes(const struct memory *m, spa_t spa)
{
    const struct page *p = page_find(m, spa >> 12);

    return p ? p->changes : 0;
}

static void count_change(struct memory *m, struct page *p)
{
    m->tables += p->table;
    p->changes++;
}

void page_change(struct memory *m, struct page *p, unsigned b)
{
    count_change(m, p);
    if (m->mark)
        write_down(m, p, b);
    page_touch(m, p, b);
}

void page_change_line(struct memory *m, struct page *p, unsigned b)
{
    count_change(m, p);
    if (m->mark && p->mark != m->mark)
        begin_notes(m, p);
    if (m->mark && ~p->noted[b / 64] & line_mask(b))
        for (unsigned i = 0; i < BLOCKS_OF_LINE; i++)
            write_down(m, p, b + i);
    page_touch(m, p, b);
}

void page_change_all(struct memory *m, struct page *p)
{
    count_change(m, p);
    if (m->mark && p->mark != m->mark)
        begin_notes(m, p);
    for (unsigned b = 0; m->mark && b < BLOCKS_OF_PAGE; b += 64)
        for (unsigned i = 0; ~p->noted[b / 64] && i < 64; i++)
            write_down(m, p, b + i);
    page_enlist(m, p);
    p->lines = ~0ULL;
}

/* Block @b as DRAM holds it, whatever its form. */
static void content(const struct page *p, unsigned b, uint64_t out[2])
{
    page_ciphertext(p->pfn, b, has_bit(p->clear, b) ? &p->key : NULL,
                    &p->words[2 * b], out);
}

static bool is_empty(const struct page *p)
{
    uint64_t now[2];

    for (unsigned b = 0; b < BLOCKS_OF_PAGE; b++) {
        if (!(p->lines & BIT(b / BLOCKS_OF_LINE)))
            continue;
        content(p, b, now);
        if (now[0] | now[1])
            return false;
    }
    return true;
}

static bool differs(const struct note *n)
{
    const struct page *p = n->page;
    bool clear;
    uint64_t a[2], b[2];

    if (n->block == WHOLE_PAGE)
        return !is_empty(p);
    clear = has_bit(p->clear, n->block);
    if (clear == n->clear && (!clear || same_key(&p->key, &n->key)))
        return memcmp(&p->words[2 * n->block], n->words, CRYPT_BLOCK) != 0;
    content(p, n->block, a);
    page_ciphertext(p->pfn, n->block, n->clear ? &n->key : NULL, n->words, b);
    return memcmp(a, b, sizeof(a)) != 0;
}

bool mem_unchanged(struct memory *m)
{
    BUG_ON(!m->mark);
    if (m->differed < m->n_notes && differs(&m->note[m->differed]))
        return false;
    for (unsigned i = 0; i < m->n_notes; i++)
        if (differs(&m->note[i])) {
            m->differed = i;
            return false;
        }
    return true;
}

/* ---- what DRAM holds ---- */

void page_hide(struct memory *m, struct page *p)
{
    for (unsigned i = 0; i < m->n_refs; i++)
        if (m->refs[i].pfn == p->pfn)
            m->refs[i].pfn = NO_PFN;
}

static void settle(struct memory *m, struct page *p, unsigned first,
                   unsigned last)
{
    for (unsigned b = first; b <= last && p->any_clear; b++)
        page_settle(m, p, b);
}

/* Word @i of the page. */
static uint64_t word_of(struct memory *m, struct page *p, unsigned i)
{
    settle(m, p, i / 2, i / 2);
    return p->words[i];
}

static void set_word(struct memory *m, struct page *p, unsigned i,
                     uint64_t value)
{
    if (word_of(m, p, i) == value)
        return;
    page_change(m, p, i / 2);
    p->words[i] = value;
}

uint64_t mem_read64_far(struct memory *m, spa_t spa, struct page_ref *near)
{
    struct page *p = page_find(m, spa >> 12);

    if (!p)
        return 0;
    p->table = true;
    if (!p->any_clear)
        *near = (struct page_ref) { .pfn = p->pfn, .words = p->words };
    return word_of(m, p, spa % PAGE_SIZE_4K / 8);
}

uint64_t mem_read64(struct memory *m, spa_t spa)
{
    struct page *p = page_find(m, spa >> 12);

    BUG_ON(spa % 8);
    return p ? word_of(m, p, spa % PAGE_SIZE_4K / 8) : 0;
}

void mem_write64(struct memory *m, spa_t spa, uint64_t value)
{
    struct page *p = page_find(m, spa >> 12);

    BUG_ON(spa % 8);
    if (!p && !value)
        return;
    if (!p)
        p = page_make(m, spa >> 12);
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
        struct page *p = page_find(m, spa >> 12);
        unsigned at = spa % PAGE_SIZE_4K;
        size_t n = within_page(spa, len);

        if (p) {
            settle(m, p, at / CRYPT_BLOCK,
                   (unsigned)(at + n - 1) / CRYPT_BLOCK);
            memcpy(to, (const char *)p->words + at, n);
        } else {
            memset(to, 0, n);
        }
        to += n;
        spa += n;
        len -= n;
    }
}

static bool is_zero(const char *bytes, size_t len)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

/* @n bytes within a block. */
static void write_block(struct memory *m, struct page *p, unsigned at,
                        const char *from, size_t n)
{
    char *to = (char *)p->words + at;

    if (memcmp(to, from, n) == 0)
        return;
    page_change(m, p, at / CRYPT_BLOCK);
    memcpy(to, from, n);
}

static void write_line(struct memory *m, struct page *p, unsigned at,
                       const char *from)
{
    char *to = (char *)p->words + at;

    if (same_line(to, from))
        return;
    page_change_line(m, p, at / CRYPT_BLOCK);
    memcpy(to, from, LINE);
}

/* A whole page where nothing was yet, as when memory is loaded. */
static void fill_page(struct memory *m, struct page *p, const char *from)
{
    if (is_zero(from, PAGE_SIZE_4K))
        return;
    page_change_all(m, p);
    memcpy(p->words, from, PAGE_SIZE_4K);
}

static void write_page(struct memory *m, struct page *p, unsigned at,
                       const char *from, size_t len)
{
    if (len == PAGE_SIZE_4K && !p->touched) {
        fill_page(m, p, from);
        return;
    }
    settle(m, p, at / CRYPT_BLOCK, (unsigned)(at + len - 1) / CRYPT_BLOCK);
    while (len) {
        size_t n = LINE;

        if (at % LINE == 0 && len >= LINE) {
            write_line(m, p, at, from);
        } else {
            n = within_block(at, len);
            write_block(m, p, at, from, n);
        }
        at += (unsigned)n;
        from += n;
        len -= n;
    }
}

void mem_write(struct memory *m, spa_t spa, const void *buf, size_t len)
{
    const char *from = buf;

    while (len) {
        struct page *p = page_find(m, spa >> 12);
        size_t n = within_page(spa, len);

        if (!p && !is_zero(from, n))
            p = page_make(m, spa >> 12);
        if (p)
            write_page(m, p, spa % PAGE_SIZE_4K, from, n);
        from += n;
        spa += n;
        len -= n;
    }
}
