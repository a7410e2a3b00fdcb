/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/pool.c - an arena: everything a machine allocates, dropped in one call.
 *
 * Chunks form a list; the newest is filled from the front. A request larger
 * than a chunk gets a chunk of its own. Resetting keeps the first chunk, so
 * that thousands of small machines in a row cost no malloc at all.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE (64 * 1024)
#define ALIGN      16

struct chunk {
    struct chunk *next;
    size_t size, used;
    _Alignas(ALIGN) char data[];
};

struct pool {
    struct chunk *newest;
};

static struct chunk *chunk_create(size_t size, struct chunk *next)
{
    struct chunk *c = malloc(sizeof(*c) + size);

    if (!c) {
        fputs("nptsim: out of memory\n", stderr);
        abort();
    }
    *c = (struct chunk) { .next = next, .size = size };
    return c;
}

struct pool *pool_create(void)
{
    struct pool *p = malloc(sizeof(*p));

    if (!p) {
        fputs("nptsim: out of memory\n", stderr);
        abort();
    }
    p->newest = chunk_create(CHUNK_SIZE, NULL);
    return p;
}

static void drop_but_oldest(struct pool *p)
{
    while (p->newest->next) {
        struct chunk *next = p->newest->next;

        free(p->newest);
        p->newest = next;
    }
}

void pool_destroy(struct pool *p)
{
    if (!p)
        return;
    drop_but_oldest(p);
    free(p->newest);
    free(p);
}

void pool_reset(struct pool *p)
{
    drop_but_oldest(p);
    p->newest->used = 0;
}

void *pool_alloc(struct pool *p, size_t size)
{
    struct chunk *c = p->newest;
    void *at;

    BUG_ON(size > SIZE_MAX / 2);
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (c->size - c->used < size) {
        c = chunk_create(size > CHUNK_SIZE ? size : CHUNK_SIZE, c);
        p->newest = c;
    }
    at = c->data + c->used;
    c->used += size;
    return memset(at, 0, size);
}

char *pool_strndup(struct pool *p, const char *text, size_t len)
{
    char *s = pool_alloc(p, len + 1);

    memcpy(s, text, len);
    return s;
}

char *pool_strdup(struct pool *p, const char *text)
{
    return pool_strndup(p, text, strlen(text));
}

char *pool_printf(struct pool *p, const char *fmt, ...)
{
    va_list ap, again;
    char *s;
    int len;

    va_start(ap, fmt);
    va_copy(again, ap);
    len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    BUG_ON(len < 0);
    s = pool_alloc(p, (size_t)len + 1);
    vsnprintf(s, (size_t)len + 1, fmt, again);
    va_end(again);
    return s;
}
