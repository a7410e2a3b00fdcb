/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timing/cost.c - when was this line last used?
 *
 * An open-addressing table from line number to the tick of its last use, one
 * tick per reference. It grows to what an L3 holds and no further: a line that
 * has aged out of the L3 is as good as one never seen, and is dropped when the
 * table is rebuilt.
 */
#include "timing/cost.h"

#include <string.h>

#define LINE_SHIFT 6
#define FIRST_SIZE 512
#define MAX_LINES  65 /* a page, unaligned; more is not one access */

struct slot {
    uint64_t line; /* number + 1; 0 = empty */
    uint64_t used; /* tick */
};

struct line_ages {
    struct pool *pool;
    uint64_t l1_lines, l2_lines, l3_lines;
    unsigned l1, l2, l3, dram;
    uint64_t tick;
    size_t size, filled; /* size is a power of two */
    struct slot *slot;
    struct slot *spare; /* as large as slot, or NULL */
};

static uint64_t lines_of(unsigned kib)
{
    return (uint64_t)kib << (10 - LINE_SHIFT);
}

struct line_ages *line_ages_create(struct pool *pool,
                                   const struct cost_model *m)
{
    struct line_ages *l = pool_alloc(pool, sizeof(*l));

    *l = (struct line_ages) {
        .pool = pool,
        .l1_lines = lines_of(m->l1_kib),
        .l2_lines = lines_of(m->l2_kib),
        .l3_lines = lines_of(m->l3_kib),
        .l1 = m->l1,
        .l2 = m->l2,
        .l3 = m->l3,
        .dram = m->dram,
        .size = FIRST_SIZE,
        .slot = pool_alloc(pool, FIRST_SIZE * sizeof(*l->slot)),
    };
    return l;
}

/* The slot of a line, or the empty one where it belongs. */
static struct slot *find(struct slot *table, size_t size, uint64_t line)
{
    size_t i = (line * 0x9e3779b97f4a7c15ULL >> 20) & (size - 1);

    while (table[i].line && table[i].line != line)
        i = (i + 1) & (size - 1);
    return &table[i];
}

static bool alive(const struct line_ages *l, const struct slot *s)
{
    return s->line && l->tick - s->used < l->l3_lines;
}

/* Half full: drop what has aged out; if that is not much, double. At most
 * l3_lines are alive, so the table stays below 8 slots per line of the L3. */
static void rebuild(struct line_ages *l)
{
    size_t living = 0, size = l->size;
    struct slot *new;

    for (size_t i = 0; i < l->size; i++)
        living += alive(l, &l->slot[i]);
    if (living * 4 > size)
        size *= 2;

    new = size == l->size ? l->spare : NULL;
    if (new)
        memset(new, 0, size * sizeof(*new));
    else
        new = pool_alloc(l->pool, size * sizeof(*new));
    for (size_t i = 0; i < l->size; i++)
        if (alive(l, &l->slot[i]))
            *find(new, size, l->slot[i].line) = l->slot[i];
    l->spare = size == l->size ? l->slot : NULL;
    l->slot = new;
    l->size = size;
    l->filled = living;
}

/* Other references since the line's last use, which is now; UINT64_MAX: never
 * used. */
static uint64_t touch(struct line_ages *l, uint64_t line)
{
    struct slot *s = find(l->slot, l->size, line + 1);
    uint64_t age = s->line ? l->tick - s->used : UINT64_MAX;

    if (!s->line) {
        s->line = line + 1;
        l->filled++;
    }
    s->used = ++l->tick;
    if (l->filled * 2 > l->size)
        rebuild(l);
    return age;
}

/* Load-to-use of a line that was last used @age references ago. */
static unsigned latency(const struct line_ages *l, uint64_t age)
{
    if (age < l->l1_lines)
        return l->l1;
    if (age < l->l2_lines)
        return l->l2;
    return age < l->l3_lines ? l->l3 : l->dram;
}

uint64_t line_load(struct line_ages *l, spa_t spa, uint64_t len)
{
    uint64_t line = spa >> LINE_SHIFT, cycles = 0;
    uint64_t n = ((spa & 63) + (len ? len - 1 : 0)) / 64 + 1;

    if (n > MAX_LINES)
        n = MAX_LINES;
    for (uint64_t i = 0; i < n; i++)
        cycles += latency(l, touch(l, line + i));
    return cycles;
}

uint64_t line_walk(struct line_ages *l, spa_t slot)
{
    unsigned cycles = latency(l, touch(l, slot >> LINE_SHIFT));

    return cycles < l->l2 ? l->l2 : cycles;
}
