/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/vmsa.c - the integrity value of a VMSA.
 *
 * Encryption has no integrity, registers must: the CPU adds a checksum when it
 * writes a VMSA and verifies it when it loads one (APM vol. 2, 15.35.8). The
 * place and the function are this model's own.
 */
#include "hw/cpu.h"

#include <string.h>

#define CHECKSUM_AT (PAGE_SIZE_4K - 8)
#define LANES       8

/* Lanes that do not wait for each other: it is done at every world switch. A
 * change of any word changes its lane for good. */
static uint64_t checksum(const uint8_t *page)
{
    uint64_t lane[LANES] = { 0 }, word[LANES], sum = 1;

    for (unsigned i = 0; i < PAGE_SIZE_4K; i += sizeof(word)) {
        memcpy(word, page + i, sizeof(word));
        if (i + sizeof(word) == PAGE_SIZE_4K)
            word[LANES - 1] = 0; /* the checksum's own place */
        for (unsigned k = 0; k < LANES; k++)
            lane[k] = (lane[k] ^ word[k]) * 0x9e3779b97f4a7c15ULL;
    }
    for (unsigned k = 0; k < LANES; k++)
        sum = mix64(sum + lane[k]);
    return sum;
}

void vmsa_seal(uint8_t page[PAGE_SIZE_4K])
{
    uint64_t sum = checksum(page);

    memcpy(page + CHECKSUM_AT, &sum, sizeof(sum));
}

bool vmsa_intact(const uint8_t page[PAGE_SIZE_4K])
{
    uint64_t sum = checksum(page);

    return memcmp(page + CHECKSUM_AT, &sum, sizeof(sum)) == 0;
}
