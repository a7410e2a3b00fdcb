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

static uint64_t checksum(const uint8_t *page)
{
    uint64_t sum = 1, word;

    for (unsigned i = 0; i < CHECKSUM_AT; i += 8) {
        memcpy(&word, page + i, sizeof(word));
        sum = mix64(sum + word);
    }
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
