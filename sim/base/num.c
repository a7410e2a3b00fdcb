/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/num.c - numbers as people write them in scenarios and tables.
 *
 * The text is read into 64 bits directly, never through a double. "010" is
 * refused, because some readers would see eight.
 */
#include "base.h"

#include <string.h>

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Digits of @radix from @text, '_' allowed between digits. Returns how many
 * characters were consumed, 0 = no digit here. */
static size_t digits(const char *text, size_t len, unsigned radix,
                     uint64_t *out, bool *overflow)
{
    uint64_t v = 0;
    size_t i;

    *overflow = false;
    for (i = 0; i < len; i++) {
        int d = digit_value(text[i]);

        if (text[i] == '_' && i > 0 && i + 1 < len && text[i - 1] != '_' &&
            digit_value(text[i + 1]) >= 0)
            continue;
        if (d < 0 || (unsigned)d >= radix)
            break;
        if (__builtin_mul_overflow(v, radix, &v) ||
            __builtin_add_overflow(v, (unsigned)d, &v))
            *overflow = true;
    }
    *out = v;
    return i;
}

static unsigned suffix_shift(const char *text, size_t len)
{
    static const struct {
        const char *name;
        unsigned shift;
    } suffixes[] = {
        { "KiB", 10 },
        { "MiB", 20 },
        { "GiB", 30 },
        { "TiB", 40 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
        if (len == 3 && memcmp(text, suffixes[i].name, 3) == 0)
            return suffixes[i].shift;
    return 0;
}

enum num_result num_parse(const char *text, size_t len, uint64_t *out)
{
    bool hex = len > 1 && text[0] == '0' && (text[1] | 32) == 'x';
    size_t start = hex ? 2 : 0, used;
    bool overflow;

    used = digits(text + start, len - start, hex ? 16 : 10, out, &overflow);
    if (used == 0)
        return NUM_NOT;
    if (!hex && used > 1 && text[0] == '0')
        return NUM_LEADING_ZERO;
    start += used;
    if (start < len) {
        unsigned shift = suffix_shift(text + start, len - start);

        if (!shift)
            return (text[start] | 32) >= 'a' && (text[start] | 32) <= 'z'
                       ? NUM_BAD_SUFFIX
                       : NUM_NOT;
        if (*out >> (64 - shift))
            overflow = true;
        *out <<= shift;
    }
    return overflow ? NUM_TOO_BIG : NUM_OK;
}

enum num_result num_parse_hex(const char *text, size_t len, uint64_t *out)
{
    bool overflow;

    if (digits(text, len, 16, out, &overflow) != len || len == 0)
        return NUM_NOT;
    return overflow ? NUM_TOO_BIG : NUM_OK;
}

const char *num_problem(enum num_result r)
{
    switch (r) {
    case NUM_OK:
        return "is fine";
    case NUM_NOT:
        return "is not a number";
    case NUM_LEADING_ZERO:
        return "has a leading zero (octal or decimal?)";
    case NUM_TOO_BIG:
        return "does not fit 64 bits";
    case NUM_BAD_SUFFIX:
        return "has a suffix other than KiB, MiB, GiB, TiB";
    }
    return "";
}
