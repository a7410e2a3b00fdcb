/* SPDX-License-Identifier: GPL-2.0-only */
/* base/err.c - the first error of an operation, with its place; our own bugs.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>

static int record(struct err *e, struct mark at, const char *fmt, va_list ap)
{
    if (e->set)
        return -1;
    e->set = true;
    e->at = at;
    e->hint[0] = '\0';
    vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
    return -1;
}

int err_at(struct err *e, struct mark at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    record(e, at, fmt, ap);
    va_end(ap);
    return -1;
}

int err_plain(struct err *e, const char *file, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    record(e, (struct mark) { .file = file }, fmt, ap);
    va_end(ap);
    return -1;
}

int err_hint(struct err *e, const char *fmt, ...)
{
    va_list ap;

    if (!e->set || e->hint[0])
        return -1;
    va_start(ap, fmt);
    vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
    va_end(ap);
    return -1;
}

int err_suggest(struct err *e, const char *word, const char *const *words,
                size_t n)
{
    const char *near = closest_word(word, words, n);

    return near ? err_hint(e, "did you mean '%s'?", near) : -1;
}

/* The one message outside render and cli: there is nobody left to ask. */
_Noreturn void bug_at(const char *file, int line, const char *cond)
{
    fprintf(stderr, "%s:%d: bug in nptsim: %s\n", file, line, cond);
    abort();
}
