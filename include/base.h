/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base.h - what every folder stands on: address types, errors with a place,
 * a memory pool, a growing text buffer, number parsing.
 *
 * Nothing here knows what a CPU is. Skip it on first reading.
 */
#ifndef NPTSIM_BASE_H
#define NPTSIM_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Guest-virtual, guest-physical, system-physical and host-virtual addresses. */
typedef uint64_t gva_t;
typedef uint64_t gpa_t;
typedef uint64_t spa_t;
typedef uint64_t hva_t;

#define BIT(n)        (1ULL << (n))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE_SIZE_4K  0x1000ULL
#define PAGE_MASK_4K  (~(PAGE_SIZE_4K - 1))

/* Bits hi..lo set, both inclusive; 0 when hi < lo. 0 <= lo, hi <= 63. */
static inline uint64_t bits(unsigned hi, unsigned lo)
{
    return hi < lo ? 0 : (~0ULL >> (63 - hi)) & (~0ULL << lo);
}

static inline bool is_aligned(uint64_t value, uint64_t align)
{
    return (value & (align - 1)) == 0;
}

/* Our own bug: abort with the place. Never for bad input (design.md, 6). */
#define BUG_ON(cond)                                                           \
    do {                                                                       \
        if (__builtin_expect(!!(cond), 0))                                     \
            bug_at(__FILE__, __LINE__, #cond);                                 \
    } while (0)
_Noreturn void bug_at(const char *file, int line, const char *cond);

/* ---- errors of the user's input ---- */

/* A place in an input. line and col count from 1; line 0 = the whole file. */
struct mark {
    const char *file;
    unsigned line, col;
    unsigned span; /* characters that the caret line underlines, 0 = 1 */
};

/* The first error of an operation. Later calls to err_at() keep the first. */
struct err {
    bool set;
    struct mark at;
    char msg[400];
    char hint[200]; /* "" = none */
};

/* Record an error unless one is set. Always returns -1. */
int err_at(struct err *e, struct mark at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Add a hint to the error just recorded, unless it has one. Returns -1. */
int err_hint(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Hint at the one of @words that @word was probably meant to be. Where none is
 * near there is no hint yet: a general one may follow. Returns -1. */
int err_suggest(struct err *e, const char *word, const char *const *words,
                size_t n);
/* An error without a place in a file, for instance an unreadable one. */
int err_plain(struct err *e, const char *file, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- memory ---- */

/* Everything that a machine or a document allocates; dropped in one call. */
struct pool;
struct pool *pool_create(void);
/* A pool that ends with @parent at the latest: at its reset or destruction. */
struct pool *pool_child(struct pool *parent);
void pool_destroy(struct pool *p);
/* Forget everything allocated so far, keep the memory for reuse. */
void pool_reset(struct pool *p);
/* Bytes that the pool and its children keep from the system. */
size_t pool_footprint(const struct pool *p);
/* Zeroed, 16-byte aligned; never NULL (out of memory ends the program). */
void *pool_alloc(struct pool *p, size_t size);
/* @list of @n elements of @size bytes with room for one more: itself, or a
 * larger copy, for which *@room is set. A list begins as NULL, 0, 0; what it
 * outgrows stays in the pool. */
void *pool_more(struct pool *p, void *list, unsigned n, unsigned *room,
                size_t size);
char *pool_strdup(struct pool *p, const char *text);
char *pool_strndup(struct pool *p, const char *text, size_t len);
char *pool_printf(struct pool *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- growing text ---- */

/* NUL-terminated after every call; start with BUF_INIT. */
struct buf {
    char *data;
    size_t len, cap;
};
#define BUF_INIT                                                               \
    {                                                                          \
        NULL, 0, 0                                                             \
    }

void buf_free(struct buf *b);
void buf_clear(struct buf *b);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *text);
void buf_addc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Fast paths of the table writers: no format parsing. */
void buf_hex(struct buf *b, uint64_t v);
void buf_dec(struct buf *b, uint64_t v);

/* Whole file, or standard input for "-", NUL-terminated in the buffer. At most
 * @limit bytes; more, or unreadable, is an error. */
int read_file(struct buf *b, const char *path, size_t limit, struct err *e);

/* ---- numbers and words ---- */

enum num_result {
    NUM_OK,
    NUM_NOT,          /* not a number at all */
    NUM_LEADING_ZERO, /* "010": octal or decimal? refused */
    NUM_TOO_BIG,      /* does not fit 64 bits */
    NUM_BAD_SUFFIX,   /* "64Mib" */
};

/* Decimal or 0x hexadecimal, '_' between digits, suffix KiB MiB GiB TiB. */
enum num_result num_parse(const char *text, size_t len, uint64_t *out);
/* Plain hexadecimal without 0x (batch columns). */
enum num_result num_parse_hex(const char *text, size_t len, uint64_t *out);
/* Why a num_result is not NUM_OK, in words for an error message. */
const char *num_problem(enum num_result r);

/* The candidate nearest to @word by edit distance, or NULL if none is near. */
const char *closest_word(const char *word, const char *const *candidates,
                         size_t n);

#endif
