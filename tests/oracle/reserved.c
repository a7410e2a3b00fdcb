/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle/reserved.c - which bits of an entry must be zero, one bit at a time.
 *
 * APM vol. 2, chapter 5, the figures of the entries; 7.10.1 for the width.
 */
#include "oracle/oracle.h"

static bool bit(uint64_t value, unsigned n)
{
    return (value >> n) & 1;
}

bool oracle_is_leaf(const struct regime *r, unsigned level, uint64_t entry)
{
    if (level == 1)
        return true;
    switch (r->mode) {
    case MODE_OFF:
        return false;
    case MODE_LEGACY:
        return r->pse && bit(entry, 7);
    case MODE_PAE:
        return level == 2 && bit(entry, 7);
    case MODE_LONG4:
    case MODE_LONG5:
        return level <= 3 && bit(entry, 7);
    }
    return false;
}

/* AMD's 40-bit scheme: bits 20:13 of a 4M entry are address bits 39:32. Intel's
 * has four of them; before PSE-36 there were none. */
static bool legacy_bit(const struct regime *r, bool large, unsigned n)
{
    if (!large || n < 13 || n > 21)
        return false;
    switch (r->knobs->pse36_mode) {
    case PSE36_AMD40:
        return n == 21 || 32 + (n - 13) >= r->width;
    case PSE36_INTEL36:
        return n >= 17;
    case PSE36_NONE:
        return true;
    }
    return true;
}

static bool pae_bit(const struct regime *r, unsigned level, bool large,
                    unsigned n)
{
    if (n == 63)
        return level == 3 || !r->nxe;
    if (n >= 52)
        return true;
    if (n >= r->width)
        return n != r->cbit;
    if (level == 3)
        return n == 1 || n == 2 || (n >= 5 && n <= 8);
    return level == 2 && large && n >= 13 && n <= 20;
}

static bool long_bit(const struct regime *r, unsigned level, bool large,
                     unsigned n)
{
    if (n == 63)
        return !r->nxe;
    if (n >= 52)
        return false;
    if (n >= r->width)
        return n != r->cbit;
    if (level >= 4)
        return n == 7 || (n == 8 && r->knobs->amd_bit8 == BIT8_RESERVED);
    if (level == 3 && large && !r->gb_pages)
        return n == 7;
    if (level == 3 && large)
        return n >= 13 && n <= 29;
    return level == 2 && large && n >= 13 && n <= 20;
}

bool oracle_reserved(const struct regime *r, unsigned level, uint64_t entry)
{
    bool large = level > 1 && oracle_is_leaf(r, level, entry);

    for (unsigned n = 0; n < 64; n++) {
        bool reserved = false;

        if (!bit(entry, n))
            continue;
        if (r->forbidden && n == r->forbidden && r->mode != MODE_LEGACY)
            return true;
        switch (r->mode) {
        case MODE_OFF:
            break;
        case MODE_LEGACY:
            reserved = legacy_bit(r, large, n);
            break;
        case MODE_PAE:
            reserved = pae_bit(r, level, large, n);
            break;
        case MODE_LONG4:
        case MODE_LONG5:
            reserved = long_bit(r, level, large, n);
            break;
        }
        if (reserved)
            return true;
    }
    return false;
}
