/* SPDX-License-Identifier: GPL-2.0-only */
/* base/buf.c - a growing text buffer, and whole files read into one. */
#include "base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for @more bytes and the terminating NUL. */
static void reserve(struct buf *b, size_t more)
{
    size_t cap = b->cap ? b->cap : 256;

    if (b->cap - b->len > more)
        return;
    while (cap - b->len <= more)
        cap *= 2;
    b->data = realloc(b->data, cap);
    if (!b->data) {
        fputs("nptsim: out of memory\n", stderr);
        abort();
    }
    b->cap = cap;
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf)BUF_INIT;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    reserve(b, len);
    memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_addc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    int len;

    va_start(ap, fmt);
    va_copy(again, ap);
    len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    BUG_ON(len < 0);
    reserve(b, (size_t)len);
    vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
    va_end(again);
    b->len += (size_t)len;
}

static void add_number(struct buf *b, uint64_t v, unsigned radix)
{
    char digits[20];
    unsigned at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdef"[v % radix];
        v /= radix;
    } while (v);
    buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_hex(struct buf *b, uint64_t v)
{
    add_number(b, v, 16);
}

void buf_dec(struct buf *b, uint64_t v)
{
    add_number(b, v, 10);
}

static int read_stream(struct buf *b, FILE *in, const char *name, size_t limit,
                       struct err *e)
{
    for (;;) {
        size_t got;

        reserve(b, 65536);
        got = fread(b->data + b->len, 1, 65536, in);
        b->len += got;
        b->data[b->len] = '\0';
        if (b->len > limit)
            return err_plain(e, name, "larger than %zu bytes", limit);
        if (ferror(in))
            return err_plain(e, name, "cannot read: %s", strerror(errno));
        if (got == 0)
            return 0;
    }
}

int read_file(struct buf *b, const char *path, size_t limit, struct err *e)
{
    FILE *in;
    int ret;

    if (strcmp(path, "-") == 0)
        return read_stream(b, stdin, "<stdin>", limit, e);
    in = fopen(path, "rb");
    if (!in)
        return err_plain(e, path, "cannot open: %s", strerror(errno));
    ret = read_stream(b, in, path, limit, e);
    fclose(in);
    return ret;
}
