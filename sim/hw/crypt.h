/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/crypt.h - the encryption engine in the memory controller.
 *
 * A model of AMD's memory encryption that keeps what software can observe
 * (amd: deterministic, tweaked by the system-physical address, 16-byte blocks,
 * no integrity) and is not cryptography. Whose key an access uses is decided by
 * the walkers (hw/guest_walk.c); here it is just applied.
 */
#ifndef NPTSIM_HW_CRYPT_H
#define NPTSIM_HW_CRYPT_H

#include "hw/memory.h"

#define CRYPT_BLOCK 16

/* The host's SME key in events; guests are named by their ASID, 0 = no key. */
#define KEY_ID_HOST 65536

struct key {
    uint64_t k[2];
    uint32_t id;
};

/* The @n-th key of this machine; every n gives another one. */
struct key key_make(uint64_t n, uint32_t id);

/* Memory as a holder of @key sees it; @key NULL: as DRAM holds it. A write
 * decrypts, changes and encrypts whole blocks. */
void crypt_read(struct memory *m, spa_t spa, void *buf, size_t len,
                const struct key *key);
void crypt_write(struct memory *m, spa_t spa, const void *buf, size_t len,
                 const struct key *key);
uint64_t crypt_read64(struct memory *m, spa_t spa, const struct key *key);
void crypt_write64(struct memory *m, spa_t spa, uint64_t value,
                   const struct key *key);

#endif
