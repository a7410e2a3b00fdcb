/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/image.c - the bytes of the guest's kernel, page by page.
 *
 * One contiguous image that grows as pages are asked for, so that a small guest
 * costs little to load and to encrypt. Addresses, not pointers, are what the
 * builder keeps: growing moves the bytes.
 */
#include "guest/kernel.h"

#include <string.h>

#define FIRST_CAPACITY (16 * PAGE_SIZE_4K)

void image_init(struct image *i, struct pool *pool, gpa_t base, size_t limit)
{
    *i = (struct image) { .pool = pool, .base = base, .limit = limit };
}

static void grow(struct image *i, size_t need)
{
    size_t capacity = i->capacity ? i->capacity : FIRST_CAPACITY;
    uint8_t *bytes;

    while (capacity < need)
        capacity *= 2;
    bytes = pool_alloc(i->pool, capacity);
    if (i->used)
        memcpy(bytes, i->bytes, i->used);
    i->bytes = bytes;
    i->capacity = capacity;
}

bool image_alloc(struct image *i, unsigned pages, gpa_t *out)
{
    size_t size = pages * PAGE_SIZE_4K;

    if (size > i->limit - i->used)
        return false;
    if (i->used + size > i->capacity)
        grow(i, i->used + size);
    *out = i->base + i->used;
    i->used += size;
    return true;
}

void *image_at(const struct image *i, gpa_t gpa)
{
    BUG_ON(gpa < i->base || gpa - i->base >= i->used);
    return i->bytes + (gpa - i->base);
}

bool image_has(const struct image *i, gpa_t gpa)
{
    return gpa >= i->base && gpa - i->base < i->used;
}

void image_put64(const struct image *i, gpa_t gpa, uint64_t value)
{
    memcpy(image_at(i, gpa), &value, sizeof(value));
}
