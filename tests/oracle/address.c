/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle/address.c - modes, levels, and where an entry lies and points to.
 *
 * APM vol. 2, 5.2 and 5.3. The makers of vectors use this too: it only says
 * where things are, not what the CPU thinks of them.
 */
#include "oracle/oracle.h"

static bool bit(uint64_t value, unsigned n)
{
    return (value >> n) & 1;
}

enum oracle_mode oracle_mode(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    if (!bit(cr0, 31))
        return MODE_OFF;
    if (!bit(cr4, 5))
        return MODE_LEGACY;
    if (!bit(efer, 10))
        return MODE_PAE;
    return bit(cr4, 12) ? MODE_LONG5 : MODE_LONG4;
}

unsigned oracle_levels(enum oracle_mode mode)
{
    switch (mode) {
    case MODE_OFF:
        return 0;
    case MODE_LEGACY:
        return 2;
    case MODE_PAE:
        return 3;
    case MODE_LONG4:
        return 4;
    case MODE_LONG5:
        return 5;
    }
    return 0;
}

/* The lowest address bit that selects an entry at @level. */
unsigned oracle_shift(const struct regime *r, unsigned level)
{
    unsigned per_level = r->mode == MODE_LEGACY ? 10 : 9;

    return 12 + per_level * (level - 1);
}

uint64_t oracle_slot(const struct regime *r, unsigned level, uint64_t table,
                     uint64_t addr)
{
    uint64_t index = addr >> oracle_shift(r, level);

    if (r->mode == MODE_LEGACY)
        return table + 4 * (index % 1024);
    if (r->mode == MODE_PAE && level == 3)
        return table + 8 * (index % 4);
    return table + 8 * (index % 512);
}

/* The address in an entry or CR3, from bit @low on, without the C-bit. */
uint64_t oracle_address(const struct regime *r, uint64_t value, unsigned low)
{
    uint64_t address = 0;

    for (unsigned n = low; n < 52; n++) {
        if (bit(value, n) && !(r->cbit && n == r->cbit))
            address |= 1ULL << n;
    }
    return address;
}

uint64_t oracle_get(const struct regime *r, const struct words *mem,
                    uint64_t slot)
{
    uint64_t word = words_get(mem, slot - slot % 8);

    if (r->mode != MODE_LEGACY)
        return word;
    return slot % 8 ? word >> 32 : word & 0xffffffff;
}

void oracle_put(const struct regime *r, struct words *mem, uint64_t slot,
                uint64_t entry)
{
    uint64_t word = words_get(mem, slot - slot % 8);

    if (r->mode != MODE_LEGACY)
        word = entry;
    else if (slot % 8)
        word = (word & 0xffffffff) | entry << 32;
    else
        word = (word & ~0xffffffffULL) | (entry & 0xffffffff);
    words_set(mem, slot - slot % 8, word);
}

uint64_t oracle_root(const struct regime *r, uint64_t cr3)
{
    if (r->mode == MODE_LEGACY)
        return cr3 & 0xfffff000;
    if (r->mode == MODE_PAE)
        return cr3 & 0xffffffe0;
    return oracle_address(r, cr3, 12);
}

/* Where the leaf @entry puts the byte at @addr. */
uint64_t oracle_leaf(const struct regime *r, unsigned level, uint64_t entry,
                     uint64_t addr)
{
    unsigned shift = oracle_shift(r, level);
    uint64_t frame = oracle_address(r, entry, shift);

    if (r->mode == MODE_LEGACY && level == 2) {
        for (unsigned n = 13; n <= 20; n++) {
            if (bit(entry, n))
                frame |= 1ULL << (32 + n - 13);
        }
    }
    return frame + addr % (1ULL << shift);
}

void oracle_regimes(const struct trial *v, struct regime *guest,
                    struct regime *host)
{
    const struct walk_setup *s = &v->s;
    bool taken =
        v->encrypt && v->knobs.reduced_bits_reserved == REDUCED_RESERVED;

    *guest = (struct regime) {
        .mode = oracle_mode(s->g_cr0, s->g_cr4, s->g_efer),
        .width = v->width, /* the reduction is not for guests: 15.34.6 */
        .root = v->width,
        .nxe = bit(s->g_efer, 11),
        .pse = bit(s->g_cr4, 4),
        .gb_pages = v->gb_pages,
        .knobs = &v->knobs,
    };
    *host = (struct regime) {
        .mode = oracle_mode(s->h_cr0, s->h_cr4, s->h_efer),
        .width = taken ? v->width - v->reduction : v->width,
        .root = v->encrypt ? v->width - v->reduction : v->width,
        .cbit = v->encrypt ? v->cbit : 0,
        .nxe = bit(s->h_efer, 11),
        .pse = bit(s->h_cr4, 4),
        .gb_pages = v->gb_pages,
        .knobs = &v->knobs,
    };
    if (oracle_is_sev(v) && !oracle_vtom(v))
        guest->cbit = v->cbit;
    guest->forbidden = oracle_vtom(v) ? v->cbit : 0;
    if (!s->np) { /* the guest walks the host's memory */
        guest->width = host->width;
        guest->root = host->root;
        guest->cbit = host->cbit;
    }
}
