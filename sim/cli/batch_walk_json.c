/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/batch_walk_json.c - numbers and objects of a line of `batch walk`.
 */
#include "cli/batch_walk.h"

#include <string.h>

int walk_bad(const struct record *r, const char *where, const char *what)
{
    return err_at(r->e, r->at, "%s: %s", where, what);
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
        size_t i = 0;

        while (i < n && strcmp(keys[i].name, key) != 0)
            i++;
        if (i == n) {
            err_at(r->e, r->at, "unknown key '%s' in %s", key, name);
            return -1;
        }
        if (walk_number(r, key, value, keys[i].out))
            return -1;
        if (*keys[i].out < keys[i].min || *keys[i].out > keys[i].max)
            return err_at(r->e, r->at, "%s.%s: not in %llu..%llu", name, key,
                          (unsigned long long)keys[i].min,
                          (unsigned long long)keys[i].max);
    }
    return 0;
}

int walk_numbers(const struct record *r, const char *name,
                 const struct number_key *keys, size_t n)
{
    return walk_numbers_in(r, name, json_object_get(r->root, name), keys, n);
}
