/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/pool.c - an arena: everything a machine allocates, dropped in one call.
 *
 * Chunks form a list; the newest is filled from the front. A request larger
 * than a chunk gets a chunk of its own. Resetting keeps all chunks as spares,
 * so that thousands of small machines in a row cost no malloc at all.
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
    struct chunk *newest, *spare;
    struct pool *parent, *children, *sibling;
};

static void *must(void *memory)
{
    if (!memory) {
        fputs("nptsim: out of memory\n", stderr);
        abort();
    }
    return memory;
}

/* The first spare chunk that @size fits into, or a new one. */
static struct chunk *take_chunk(struct pool *p, size_t size)
{
    struct chunk **at = &p->spare, *c;

    while (*at && (*at)->size < size)
        at = &(*at)->next;
    c = *at;
    if (c) {
        *at = c->next;
    } else {
        size = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        c = must(malloc(sizeof(*c) + size));
        c->size = size;
    }
    c->used = 0;
    c->next = p->newest;
    return p->newest = c;
}

struct pool *pool_create(void)
{
    return must(calloc(1, sizeof(struct pool)));
}

struct pool *pool_child(struct pool *parent)
{
    struct pool *p = pool_create();

    p->parent = parent;
    p->sibling = parent->children;
    return parent->children = p;
}

static void free_chunks(struct chunk *c)
{
    while (c) {
        struct chunk *next = c->next;

        free(c);
        c = next;
    }
}

static void leave_parent(struct pool *p)
{
    struct pool **at;

    if (!p->parent)
        return;
    at = &p->parent->children;
    while (*at != p)
        at = &(*at)->sibling;
    *at = p->sibling;
}

void pool_destroy(struct pool *p)
{
    if (!p)
        return;
    while (p->children)
        pool_destroy(p->children);
    leave_parent(p);
    free_chunks(p->newest);
    free_chunks(p->spare);
    free(p);
}

/* The chunk that is filled first comes first again: it is warm. */
void pool_reset(struct pool *p)
{
    while (p->children)
        pool_destroy(p->children);
    while (p->newest) {
        struct chunk *c = p->newest;

        p->newest = c->next;
        c->next = p->spare;
        p->spare = c;
    }
}

static size_t size_of(const struct chunk *c)
{
    size_t sum = 0;

    for (; c; c = c->next)
        sum += sizeof(*c) + c->size;
    return sum;
}

size_t pool_footprint(const struct pool *p)
{
    size_t sum = sizeof(*p) + size_of(p->newest) + size_of(p->spare);

    for (const struct pool *c = p->children; c; c = c->sibling)
        sum += pool_footprint(c);
    return sum;
}

void *pool_alloc(struct pool *p, size_t size)
{
    struct chunk *c = p->newest;
    void *at;

    BUG_ON(size > SIZE_MAX / 2);
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (!c || c->size - c->used < size)
        c = take_chunk(p, size);
    at = c->data + c->used;
    c->used += size;
    return memset(at, 0, size);
}

void *pool_more(struct pool *p, void *list, unsigned n, unsigned *room,
                size_t size)
{
    void *larger;

    if (n < *room)
        return list;
    *room = *room ? 2 * *room : 4;
    larger = pool_alloc(p, *room * size);
    if (n)
        memcpy(larger, list, n * size);
    return larger;
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
