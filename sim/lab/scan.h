/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/scan.h - read a line of JSON from left to right, into nothing but the
 * places that ask for a value.
 *
 * A tree of a million answers costs more than the questions. Everything that is
 * no JSON, or not what was asked for, turns the scan bad, once and for good.
 */
#ifndef NPTSIM_LAB_SCAN_H
#define NPTSIM_LAB_SCAN_H

#include "base.h"

struct scan {
    const char *at, *end;
    bool bad;
};

/* The next character must be @c, which is taken. */
bool scan_expect(struct scan *s, char c);
/* What follows begins with @c. */
bool scan_sees(struct scan *s, char c);

/* Between the brackets of an object or array: is there one more member? @first:
 * true before the first one. */
bool scan_more(struct scan *s, char close, bool *first);

/* A string as it is written; *@plain: without escapes. */
bool scan_raw(struct scan *s, const char **text, size_t *len, bool *plain);
/* A string, in @pool; NULL: there is none. */
const char *scan_text(struct scan *s, struct pool *pool);
/* A natural number, or one in a hexadecimal string. */
bool scan_number(struct scan *s, uint64_t *out);
bool scan_bool(struct scan *s, bool *out);
/* Any value at all. */
bool scan_skip(struct scan *s);

#endif
