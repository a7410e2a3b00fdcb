/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/crypt.c - keyed mixing of 16-byte blocks.
 *
 * Shape as on real parts, E(P xor T) xor T with T from key and address: equal
 * plaintext at one address gives equal ciphertext, ciphertext moved to another
 * address or read with another key gives noise (APM vol. 2, 7.10; public
 * analyses of Zen 1 to 3). E is a four-round Feistel network of mix64().
 *
 * The work is done when it is needed: see page.h.
 */
#include "hw/page.h"

#define ROUNDS 4

struct block {
    uint64_t l, r;
};

struct key key_make(uint64_t n, uint32_t id)
{
    return (struct key) {
        .k = { mix64(2 * n + 1), mix64(2 * n + 2) },
        .id = id,
    };
}

static uint64_t round_fn(const struct key *key, unsigned round, uint64_t half)
{
    return mix64(half + key->k[round % 2] + round);
}

static struct block tweak(const struct key *key, spa_t spa)
{
    uint64_t n = spa / CRYPT_BLOCK;

    return (struct block) { mix64(n ^ key->k[0]), mix64(n + key->k[1]) };
}

static struct block encrypt(const struct key *key, spa_t spa, struct block b)
{
    struct block t = tweak(key, spa);

    b.l ^= t.l;
    b.r ^= t.r;
    for (unsigned i = 0; i < ROUNDS; i++)
        b = (struct block) { b.r, b.l ^ round_fn(key, i, b.r) };
    return (struct block) { b.l ^ t.l, b.r ^ t.r };
}

static struct block decrypt(const struct key *key, spa_t spa, struct block b)
{
    struct block t = tweak(key, spa);

    b.l ^= t.l;
    b.r ^= t.r;
    for (unsigned i = ROUNDS; i-- > 0;)
        b = (struct block) { b.r ^ round_fn(key, i, b.l), b.l };
    return (struct block) { b.l ^ t.l, b.r ^ t.r };
}

/* ---- the two forms of a block ---- */

static spa_t spa_of(uint64_t pfn, unsigned b)
{
    return pfn << 12 | b * CRYPT_BLOCK;
}

void page_ciphertext(uint64_t pfn, unsigned b, const struct key *key,
                     const uint64_t words[2], uint64_t out[2])
{
    struct block block = { words[0], words[1] };

    if (key)
        block = encrypt(key, spa_of(pfn, b), block);
    out[0] = block.l;
    out[1] = block.r;
}

void page_settle(struct memory *m, struct page *p, unsigned b)
{
    uint64_t *words = &p->words[2 * b];

    if (!has_bit(p->clear, b))
        return;
    page_touch(m, p, b);
    page_ciphertext(p->pfn, b, &p->key, words, words);
    clear_bit(p->clear, b);
}

/* Let block @b lie there as the holder of p->key sees it. */
static void reveal(struct memory *m, struct page *p, unsigned b)
{
    uint64_t *words = &p->words[2 * b];
    struct block block = { words[0], words[1] };

    if (has_bit(p->clear, b))
        return;
    page_touch(m, p, b);
    block = decrypt(&p->key, spa_of(p->pfn, b), block);
    words[0] = block.l;
    words[1] = block.r;
    set_bit(p->clear, b);
}

static void reveal_all(struct memory *m, struct page *p, unsigned first,
                       unsigned last)
{
    for (unsigned b = first; b <= last; b++)
        if (b % 64 == 0 && last - b >= 63 && p->clear[b / 64] == ~0ULL)
            b += 63;
        else
            reveal(m, p, b);
}

/* The page, where no key but @key has blocks in the clear. */
static struct page *page_of(struct memory *m, spa_t spa, const struct key *key)
{
    struct page *p = page_find(m, spa >> 12);

    if (!p)
        p = page_make(m, spa >> 12);
    if (__builtin_expect(p->any_clear && same_key(&p->key, key), 1))
        return p;
    for (unsigned b = 0; p->any_clear && b < BLOCKS_OF_PAGE; b++)
        page_settle(m, p, b);
    p->key = *key;
    p->any_clear = true;
    page_enlist(m, p);
    page_hide(m, p);
    return p;
}

/* ---- access ---- */

static size_t within_page(spa_t spa, size_t len)
{
    size_t room = PAGE_SIZE_4K - spa % PAGE_SIZE_4K;

    return len < room ? len : room;
}

void crypt_read(struct memory *m, spa_t spa, void *buf, size_t len,
                const struct key *key)
{
    char *to = buf;

    if (!key) {
        mem_read(m, spa, buf, len);
        return;
    }
    while (len) {
        struct page *p = page_of(m, spa, key);
        unsigned at = spa % PAGE_SIZE_4K;
        size_t n = within_page(spa, len);

        reveal_all(m, p, at / CRYPT_BLOCK,
                   (unsigned)(at + n - 1) / CRYPT_BLOCK);
        memcpy(to, (const char *)p->words + at, n);
        to += n;
        spa += n;
        len -= n;
    }
}

/* @n bytes within a block. A whole one can be replaced unseen. */
static void write_block(struct memory *m, struct page *p, unsigned at,
                        const char *from, size_t n)
{
    char *to = (char *)p->words + at;
    unsigned b = at / CRYPT_BLOCK;

    if (n < CRYPT_BLOCK)
        reveal(m, p, b);
    if (has_bit(p->clear, b) && memcmp(to, from, n) == 0)
        return;
    page_change(m, p, b);
    memcpy(to, from, n);
    set_bit(p->clear, b);
}

static void write_line(struct memory *m, struct page *p, unsigned at,
                       const char *from)
{
    char *to = (char *)p->words + at;
    unsigned b = at / CRYPT_BLOCK;

    if (!(~p->clear[b / 64] & line_mask(b)) && same_line(to, from))
        return;
    page_change_line(m, p, b);
    memcpy(to, from, LINE);
    p->clear[b / 64] |= line_mask(b);
}

/* A page that was nobody's comes under this key, as when a guest is launched.
 */
static void adopt_page(struct memory *m, struct page *p, const char *from)
{
    page_change_all(m, p);
    memcpy(p->words, from, PAGE_SIZE_4K);
    memset(p->clear, 0xff, sizeof(p->clear));
}

static void write_page(struct memory *m, struct page *p, unsigned at,
                       const char *from, size_t len)
{
    if (len == PAGE_SIZE_4K && !(p->clear[0] & 1)) {
        adopt_page(m, p, from);
        return;
    }
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

void crypt_write(struct memory *m, spa_t spa, const void *buf, size_t len,
                 const struct key *key)
{
    const char *from = buf;

    if (!key) {
        mem_write(m, spa, buf, len);
        return;
    }
    while (len) {
        size_t n = within_page(spa, len);

        write_page(m, page_of(m, spa, key), spa % PAGE_SIZE_4K, from, n);
        from += n;
        spa += n;
        len -= n;
    }
}

uint64_t crypt_read64(struct memory *m, spa_t spa, const struct key *key)
{
    struct page *p;

    if (!key)
        return mem_read64_far(m, spa, &(struct page_ref) { .pfn = NO_PFN });
    p = page_of(m, spa, key);
    p->table = true;
    reveal(m, p, spa % PAGE_SIZE_4K / CRYPT_BLOCK);
    return p->words[spa % PAGE_SIZE_4K / 8];
}

void crypt_write64(struct memory *m, spa_t spa, uint64_t value,
                   const struct key *key)
{
    if (key)
        crypt_write(m, spa, &value, sizeof(value), key);
    else
        mem_write64(m, spa, value);
}
