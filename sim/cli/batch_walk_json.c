/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/batch_walk_json.c - numbers and objects of a line of `batch walk`.
 */
#include "cli/batch_walk.h"

#include <stdio.h>
#include <string.h>

#define MAX_KEY 64 /* longer ones are found by their beginning */

/* The quoted @key in the line, from @from on; NULL: it is not there. */
static const char *find_key(const struct record *r, const char *from,
                            const char *key, size_t len)
{
    char quoted[MAX_KEY + 2] = "\"";
    size_t n = len < MAX_KEY ? len : MAX_KEY;

    memcpy(quoted + 1, key, n);
    quoted[1 + n] = '"';
    return memmem(from, (size_t)(r->line + r->len - from), quoted,
                  n + 1 + (n == len));
}

struct mark walk_place(const struct record *r, const char *where)
{
    const char *found = r->line, *next;
    struct mark at = r->at;

    for (;; where += *where == '.') {
        size_t len = strcspn(where, ".");

        next = find_key(r, found, where, len);
        if (!next)
            return at;
        found = next;
        at.col = (unsigned)(found - r->line) + 1;
        where += len;
        if (!*where)
            return at;
    }
}

int walk_bad(const struct record *r, const char *where, const char *what)
{
    return err_at(r->e, walk_place(r, where), "%s: %s", where, what);
}

int walk_number(const struct record *r, const char *where, const json_t *v,
                uint64_t *out)
{
    enum num_result n;

    if (json_is_boolean(v)) {
        *out = json_is_true(v);
        return 0;
    }
    if (json_is_integer(v)) {
        if (json_integer_value(v) < 0)
            return walk_bad(r, where, "is negative");
        *out = (uint64_t)json_integer_value(v);
        return 0;
    }
    if (!json_is_string(v))
        return walk_bad(r, where, "is not a number; write \"0x...\"");
    n = num_parse(json_string_value(v), json_string_length(v), out);
    return n == NUM_OK ? 0 : walk_bad(r, where, num_problem(n));
}

static int unknown_key(const struct record *r, const char *name,
                       const char *where, const char *key,
                       const struct number_key *keys, size_t n)
{
    const char *known[16];

    err_at(r->e, walk_place(r, where), "unknown key '%s' in %s", key, name);
    BUG_ON(n > ARRAY_SIZE(known));
    for (size_t i = 0; i < n; i++)
        known[i] = keys[i].name;
    return err_suggest(r->e, key, known, n);
}

int walk_numbers_in(const struct record *r, const char *name, json_t *object,
                    const struct number_key *keys, size_t n)
{
    const char *key;
    json_t *value;

    if (!object)
        return 0;
    if (!json_is_object(object))
        return walk_bad(r, name, "is not an object");
    json_object_foreach(object, key, value)
    {
        char where[2 * MAX_KEY];
        size_t i = 0;

        snprintf(where, sizeof(where), "%s.%s", name, key);
        while (i < n && strcmp(keys[i].name, key) != 0)
            i++;
        if (i == n)
            return unknown_key(r, name, where, key, keys, n);
        if (walk_number(r, where, value, keys[i].out))
            return -1;
        if (*keys[i].out < keys[i].min || *keys[i].out > keys[i].max)
            return err_at(r->e, walk_place(r, where), "%s: not in %llu..%llu",
                          where, (unsigned long long)keys[i].min,
                          (unsigned long long)keys[i].max);
    }
    return 0;
}

int walk_numbers(const struct record *r, const char *name,
                 const struct number_key *keys, size_t n)
{
    return walk_numbers_in(r, name, json_object_get(r->root, name), keys, n);
}
