/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that encrypts when it must, beside one that encrypts at once: nobody
 * may see which is which. And marks, beside copies of everything.
 */
#include "hw/crypt.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

#define N_PAGES 4
#define SIZE    (N_PAGES * PAGE_SIZE_4K)
#define N_KEYS  3 /* and none */
#define N_OPS   40000

static struct pool *pool;
static struct page_ref refs[4];
static struct memory *lazy, *eager;
static struct key keys[N_KEYS];
static uint64_t seed;

static void setup(void)
{
    pool = pool_create();
    lazy = mem_create(pool, refs, 4);
    eager = mem_create(pool, NULL, 0);
    for (unsigned i = 0; i < N_KEYS; i++)
        keys[i] = key_make(i, i);
    seed = 0x9e3779b97f4a7c15ULL;
}

static void teardown(void)
{
    pool_destroy(pool);
}

static uint64_t draw(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

static const struct key *draw_key(void)
{
    uint64_t k = draw(N_KEYS + 1);

    return k < N_KEYS ? &keys[k] : NULL;
}

/* What DRAM holds; looking leaves nothing in the clear. */
static void dump(struct memory *m, uint8_t *out)
{
    mem_read(m, 0, out, SIZE);
}

static void fill(uint8_t *bytes, size_t len)
{
    bool zero = draw(4) == 0;

    for (size_t i = 0; i < len; i++)
        bytes[i] = zero ? 0 : (uint8_t)draw(256);
}

static void one_op(void)
{
    static uint8_t a[2 * PAGE_SIZE_4K], b[2 * PAGE_SIZE_4K], all[SIZE];
    size_t len = 1 + draw(draw(8) ? 40 : 2 * PAGE_SIZE_4K);
    const struct key *key = draw_key();
    spa_t spa = draw(SIZE - len);

    if (draw(2)) {
        fill(a, len);
        crypt_write(lazy, spa, a, len, key);
        crypt_write(eager, spa, a, len, key);
    } else {
        crypt_read(lazy, spa, a, len, key);
        crypt_read(eager, spa, b, len, key);
        ck_assert_mem_eq(a, b, len);
    }
    dump(eager, all);
}

START_TEST(nobody_sees_when_a_block_is_encrypted)
{
    static uint8_t a[SIZE], b[SIZE];

    for (unsigned i = 0; i < N_OPS; i++) {
        one_op();
        if (draw(500))
            continue;
        dump(lazy, a);
        dump(eager, b);
        ck_assert_mem_eq(a, b, SIZE);
    }
}
END_TEST

/* The walkers' references never show what DRAM does not hold. */
START_TEST(a_remembered_page_shows_ciphertext)
{
    for (unsigned i = 0; i < N_OPS; i++) {
        spa_t slot = draw(SIZE / 8) * 8;
        struct page_ref *near = &refs[draw(4)];
        uint64_t seen;

        one_op();
        seen = near->pfn == slot >> 12 ? near->words[slot % PAGE_SIZE_4K / 8]
                                       : mem_read64_far(lazy, slot, near);
        ck_assert_uint_eq(seen, mem_read64(eager, slot));
    }
}
END_TEST

START_TEST(a_mark_tells_exactly_whether_anything_differs)
{
    static uint8_t then[SIZE], now[SIZE];
    unsigned same = 0;

    for (unsigned round = 0; round < 400; round++) {
        mem_mark(lazy);
        dump(eager, then);
        for (unsigned i = draw(6); i; i--)
            one_op();
        if (draw(2)) { /* all back */
            const struct key *key = draw_key();
            static uint8_t plain[SIZE];

            mem_write(eager, 0, then, SIZE);
            crypt_read(eager, 0, plain, SIZE, key);
            crypt_write(lazy, 0, plain, SIZE, key);
        }
        dump(eager, now);
        ck_assert_int_eq(mem_unchanged(lazy), memcmp(then, now, SIZE) == 0);
        same += memcmp(then, now, SIZE) == 0;
        if (draw(20) == 0) {
            mem_clear(lazy);
            mem_clear(eager);
        }
    }
    ck_assert_uint_gt(same, 100);
    ck_assert_uint_lt(same, 350);
}
END_TEST

START_TEST(cleared_memory_is_zero_wherever_it_was_used)
{
    static const uint8_t zero[PAGE_SIZE_4K];
    uint8_t page[PAGE_SIZE_4K];
    size_t held = 0;

    /* Other pages each round, more than are kept in their places. */
    for (unsigned round = 0; round < 40; round++) {
        spa_t base = (spa_t)round << 32;

        for (unsigned i = 0; i < 40; i++) {
            spa_t spa = base + draw(1000) * PAGE_SIZE_4K;

            memset(page, 0xa5, sizeof(page));
            crypt_write(lazy, spa, page, sizeof(page), draw_key());
            crypt_read(lazy, spa + PAGE_SIZE_4K, page, 64, draw_key());
        }
        mem_clear(lazy);
        for (unsigned i = 0; i < 1000; i++) {
            mem_read(lazy, base + i * PAGE_SIZE_4K, page, sizeof(page));
            ck_assert_mem_eq(page, zero, sizeof(page));
        }
        if (round == 20)
            held = pool_footprint(pool);
    }
    ck_assert_uint_eq(pool_footprint(pool), held);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("memory");
    TCase *t = tcase_create("memory");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, nobody_sees_when_a_block_is_encrypted);
    tcase_add_test(t, a_remembered_page_shows_ciphertext);
    tcase_add_test(t, a_mark_tells_exactly_whether_anything_differs);
    tcase_add_test(t, cleared_memory_is_zero_wherever_it_was_used);
    suite_add_tcase(s, t);
    return run_suite(s);
}
