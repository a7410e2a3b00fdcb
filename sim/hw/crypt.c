/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/crypt.c - keyed mixing of 16-byte blocks.
 *
 * Shape as on real parts, E(P xor T) xor T with T from key and address: equal
 * plaintext at one address gives equal ciphertext, ciphertext moved to another
 * address or read with another key gives noise (APM vol. 2, 7.10; public
 * analyses of Zen 1 to 3). E is a four-round Feistel network of mix64().
 */
#include "hw/crypt.h"

#include <string.h>

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

static struct block load(struct memory *m, spa_t spa, const struct key *key)
{
    struct block b = { mem_read64(m, spa), mem_read64(m, spa + 8) };

    return decrypt(key, spa, b);
}

static void store(struct memory *m, spa_t spa, struct block b,
                  const struct key *key)
{
    b = encrypt(key, spa, b);
    mem_write64(m, spa, b.l);
    mem_write64(m, spa + 8, b.r);
}

/* Bytes from @spa to the end of its block, at most @len. */
static size_t within_block(spa_t spa, size_t len)
{
    size_t room = CRYPT_BLOCK - spa % CRYPT_BLOCK;

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
        struct block b = load(m, spa - spa % CRYPT_BLOCK, key);
        size_t n = within_block(spa, len);

        memcpy(to, (const char *)&b + spa % CRYPT_BLOCK, n);
        to += n;
        spa += n;
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
        struct block b = load(m, spa - spa % CRYPT_BLOCK, key);
        size_t n = within_block(spa, len);

        memcpy((char *)&b + spa % CRYPT_BLOCK, from, n);
        store(m, spa - spa % CRYPT_BLOCK, b, key);
        from += n;
        spa += n;
        len -= n;
    }
}

uint64_t crypt_read64(struct memory *m, spa_t spa, const struct key *key)
{
    uint64_t value;

    crypt_read(m, spa, &value, sizeof(value), key);
    return value;
}

void crypt_write64(struct memory *m, spa_t spa, uint64_t value,
                   const struct key *key)
{
    crypt_write(m, spa, &value, sizeof(value), key);
}
