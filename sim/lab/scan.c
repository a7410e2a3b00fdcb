/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/scan.c - RFC 8259, from left to right. */
#include "lab/scan.h"

#include <string.h>

#define MAX_DEPTH 32

static bool fail(struct scan *s)
{
    s->bad = true;
    s->at = s->end;
    return false;
}

static void skip_blanks(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t'))
        s->at++;
}

bool scan_sees(struct scan *s, char c)
{
    skip_blanks(s);
    return s->at < s->end && *s->at == c;
}

static bool accept(struct scan *s, char c)
{
    if (!scan_sees(s, c))
        return false;
    s->at++;
    return true;
}

bool scan_expect(struct scan *s, char c)
{
    return accept(s, c) || fail(s);
}

bool scan_more(struct scan *s, char close, bool *first)
{
    bool was_first = *first;

    *first = false;
    if (s->bad || accept(s, close))
        return false;
    return was_first || scan_expect(s, ',');
}

/* ---- strings ---- */

bool scan_raw(struct scan *s, const char **text, size_t *len, bool *plain)
{
    const char *at;

    if (!scan_expect(s, '"'))
        return false;
    *plain = true;
    for (at = s->at; at < s->end && *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return fail(s);
        if (*at == '\\') {
            *plain = false;
            at++;
        }
    }
    if (at >= s->end)
        return fail(s);
    *text = s->at;
    *len = (size_t)(at - s->at);
    s->at = at + 1;
    return true;
}

/* Four hexadecimal digits; -1: these are none. */
static int read_unit(const char *at, const char *end)
{
    uint64_t v;

    if (end - at < 4 || num_parse_hex(at, 4, &v) != NUM_OK)
        return -1;
    return (int)v;
}

static char *put_utf8(char *to, unsigned c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
    } else {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (c & 0x3f));
    return to;
}

/* What an escape stands for, behind its backslash. nptsim writes \u for control
 * characters only; halves of larger ones are no text. */
static const char *put_escape(char **to, const char *at, const char *end)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    const char *simple = strchr(from, *at);
    int unit;

    if (simple && *at) {
        *(*to)++ = into[simple - from];
        return at + 1;
    }
    unit = *at == 'u' ? read_unit(at + 1, end) : -1;
    if (unit <= 0 || (unit & 0xf800) == 0xd800)
        return NULL;
    *to = put_utf8(*to, (unsigned)unit);
    return at + 5;
}

const char *scan_text(struct scan *s, struct pool *pool)
{
    const char *raw, *end;
    char *text, *to;
    size_t len;
    bool plain;

    if (!scan_raw(s, &raw, &len, &plain))
        return NULL;
    if (plain)
        return pool_strndup(pool, raw, len);
    text = to = pool_alloc(pool, len + 1);
    for (end = raw + len; raw < end;) {
        if (*raw != '\\') {
            *to++ = *raw++;
            continue;
        }
        raw = put_escape(&to, raw + 1, end);
        if (!raw) {
            fail(s);
            return NULL;
        }
    }
    return text;
}

/* ---- numbers and words ---- */

static size_t number_length(const struct scan *s)
{
    const char *at = s->at;

    while (at < s->end && ((*at >= '0' && *at <= '9') || *at == '.' ||
                           *at == '-' || *at == '+' || (*at | 32) == 'e'))
        at++;
    return (size_t)(at - s->at);
}

bool scan_number(struct scan *s, uint64_t *out)
{
    const char *text;
    size_t len;
    bool plain;

    if (scan_sees(s, '"')) {
        if (!scan_raw(s, &text, &len, &plain) || len < 3 || text[0] != '0' ||
            text[1] != 'x')
            return fail(s);
    } else {
        text = s->at;
        len = number_length(s);
        s->at += len;
    }
    return num_parse(text, len, out) == NUM_OK || fail(s);
}

static bool accept_word(struct scan *s, const char *word)
{
    size_t len = strlen(word);

    skip_blanks(s);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
        return false;
    s->at += len;
    return true;
}

bool scan_bool(struct scan *s, bool *out)
{
    *out = accept_word(s, "true");
    return *out || accept_word(s, "false") || fail(s);
}

/* ---- anything ---- */

static bool skip(struct scan *s, unsigned depth)
{
    bool object = scan_sees(s, '{'), first = true, plain;
    const char *text;
    size_t len;

    if (depth == MAX_DEPTH)
        return fail(s);
    if (object || scan_sees(s, '[')) {
        s->at++;
        while (scan_more(s, object ? '}' : ']', &first)) {
            if (object &&
                !(scan_raw(s, &text, &len, &plain) && scan_expect(s, ':')))
                return false;
            if (!skip(s, depth + 1))
                return false;
        }
        return !s->bad;
    }
    if (scan_sees(s, '"'))
        return scan_raw(s, &text, &len, &plain);
    if (accept_word(s, "true") || accept_word(s, "false") ||
        accept_word(s, "null"))
        return true;
    len = number_length(s);
    s->at += len;
    return len || fail(s);
}

bool scan_skip(struct scan *s)
{
    return skip(s, 0);
}
