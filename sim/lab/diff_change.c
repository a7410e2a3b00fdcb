/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/diff_change.c - what changed between two results, in kinds.
 *
 * Booleans and sets of VM types are told as they are. Of masks and counts the
 * kind of the change is kept: "0 -> set", "more"; the example shows the number.
 */
#include "lab/diff.h"

#include <string.h>

static bool is_text(unsigned column)
{
    return policy_columns[column].format == POLICY_TEXT;
}

static const char *text_of(const struct policy_result *r, unsigned column)
{
    return (const char *)r + policy_columns[column].offset;
}

static bool same_column(const struct policy_result *a,
                        const struct policy_result *b, unsigned column)
{
    if (is_text(column))
        return strcmp(text_of(a, column), text_of(b, column)) == 0;
    return policy_number(a, column) == policy_number(b, column);
}

bool same_in(const struct policy_result *a, const struct policy_result *b,
             uint64_t columns)
{
    for (unsigned i = 0; i < n_policy_columns; i++)
        if (columns & BIT(i) && !same_column(a, b, i))
            return false;
    return true;
}

/* "enabled:1-99" is the state "enabled"; without a line there is none. */
static void key_text(struct buf *b, const char *from, const char *to)
{
    size_t old = strcspn(from, ":"), new = strcspn(to, ":");
    bool same = old == new &&memcmp(from, to, old) == 0;

    buf_add(b, old ? from : "no line", old ? old : strlen("no line"));
    buf_addc(b, '>');
    buf_add(b, new ? to : "no line", new ? new : strlen("no line"));
    buf_adds(b, same ? " with other numbers" : "");
}

static void key_number(struct buf *b, const struct policy_column *c,
                       uint64_t from, uint64_t to)
{
    bool is_mask = c->size == sizeof(uint64_t);

    if (c->size == sizeof(uint8_t)) {
        buf_dec(b, from);
        buf_addc(b, '>');
        buf_dec(b, to);
    } else if (c->format == POLICY_HEX && !is_mask) {
        buf_adds(b, "0x");
        buf_hex(b, from);
        buf_adds(b, ">0x");
        buf_hex(b, to);
    } else if (!from || !to) {
        buf_adds(b, from ? "set>0" : "0>set");
    } else if (is_mask) {
        buf_adds(b, "bits>other bits");
    } else {
        buf_adds(b, from < to ? "a number>more" : "a number>less");
    }
}

void change_key(struct buf *b, const struct policy_result *from,
                const struct policy_result *to, uint64_t columns)
{
    for (unsigned i = 0; i < n_policy_columns; i++) {
        if (!(columns & BIT(i)) || same_column(from, to, i))
            continue;
        buf_adds(b, policy_columns[i].name);
        buf_addc(b, '=');
        if (is_text(i))
            key_text(b, text_of(from, i), text_of(to, i));
        else
            key_number(b, &policy_columns[i], policy_number(from, i),
                       policy_number(to, i));
        buf_addc(b, ';');
    }
}

/* Up to the first @end; *@s: behind it. */
static const char *cut(struct pool *pool, const char **s, char end)
{
    const char *at = strchr(*s, end), *text;

    text = pool_strndup(pool, *s, (size_t)(at - *s));
    *s = at + 1;
    return text;
}

unsigned change_list(struct pool *pool, const char *key,
                     const struct report_change **out)
{
    struct report_change *list;
    unsigned n = 0;

    for (const char *s = key; *s; s++)
        n += *s == ';';
    list = pool_alloc(pool, (n + 1) * sizeof(*list));
    for (unsigned i = 0; i < n; i++) {
        list[i].what = cut(pool, &key, '=');
        list[i].from = cut(pool, &key, '>');
        list[i].to = cut(pool, &key, ';');
    }
    *out = list;
    return n;
}
