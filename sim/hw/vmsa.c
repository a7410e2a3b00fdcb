/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/vmsa.c - the integrity value of a VMSA.
 *
 * Encryption has no integrity, registers must: the CPU adds a checksum when it
 * writes a VMSA and verifies it when it loads one (APM vol. 2, 15.35.8). The
 * place and the function are this model's own: sums, and sums of sums, which
 * notice any change of one word and, but for chance, any noise. Behind the
 * registers nothing changes from load to store, so its part is kept.
 */
#include "hw/page.h"

#include "hw/cpu.h"

#define CHECKSUM_AT (PAGE_SIZE_4K - 8)

struct sums {
    quad a, b;
};

static struct sums add_up(const uint8_t *from, size_t len)
{
    struct sums s = { 0 };
    quad words;

    for (size_t i = 0; i < len; i += sizeof(words)) {
        memcpy(&words, from + i, sizeof(words));
        s.a += words;
        s.b += s.a;
    }
    return s;
}

static uint64_t mixed(struct sums s)
{
    uint64_t sum = 1;

    for (unsigned i = 0; i < sizeof(quad) / 8; i++)
        sum = mix64(mix64(sum + s.a[i]) + s.b[i]);
    return sum;
}

uint64_t vmsa_rest(const uint8_t page[PAGE_SIZE_4K])
{
    uint8_t last[sizeof(quad)] = { 0 };
    size_t whole = PAGE_SIZE_4K - sizeof(last) - SAVE_AREA_SIZE;

    memcpy(last, page + PAGE_SIZE_4K - sizeof(last), sizeof(last) - 8);
    return mixed(add_up(page + SAVE_AREA_SIZE, whole)) +
           mixed(add_up(last, sizeof(last)));
}

static uint64_t checksum(const uint8_t *page, uint64_t rest)
{
    return mix64(rest + mixed(add_up(page, SAVE_AREA_SIZE)));
}

void vmsa_seal(uint8_t page[PAGE_SIZE_4K], uint64_t rest)
{
    uint64_t sum = checksum(page, rest);

    memcpy(page + CHECKSUM_AT, &sum, sizeof(sum));
}

bool vmsa_intact(const uint8_t page[PAGE_SIZE_4K], uint64_t rest)
{
    uint64_t sum = checksum(page, rest);

    return memcmp(page + CHECKSUM_AT, &sum, sizeof(sum)) == 0;
}
