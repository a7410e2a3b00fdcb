/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/whynot_values.c - every single change of a configuration.
 *
 * A range of few numbers is tried whole. Of a wide one, such as an ASID, the
 * values near the scenario's, the powers of two, the ends, and the values next
 * to those of other keys: comparisons are made between keys, and a border lies
 * next to one of these.
 */
#include "lab/whynot.h"

#include <inttypes.h>
#include <string.h>

#define FEW  65
#define NEAR 2

struct making {
    struct pool *pool;
    const struct lab_whynot *q;
    struct trial_values *out;
    unsigned room;
};

/* What may change: the silicon, the kernel and how it is loaded or what a bare
 * hypervisor does, the kind of VM. Not what TLBs hold or what the guest is. */
static bool is_candidate(const struct lab_whynot *q, const char *path)
{
    const char *const parts[] = { "cpu.set.", "vm.type",
                                  q->base->config.is_bare ? "bare."
                                                          : "kernel." };
    static const char *const not [] = { "cpu.set.tlb.", "cpu.set.signature" };
    bool yes = false;

    for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
        yes = yes || strncmp(path, parts[i], strlen(parts[i])) == 0;
    for (unsigned i = 0; i < ARRAY_SIZE(not ); i++)
        yes = yes && strncmp(path, not [i], strlen(not [i])) != 0;
    return yes;
}

/* Is @path the key @fixed, or below it? */
static bool is_below(const char *path, const char *fixed)
{
    size_t len = strlen(fixed);

    return strncmp(path, fixed, len) == 0 &&
           (path[len] == '\0' || path[len] == '.');
}

static bool is_fixed(const struct lab_whynot *q, const char *path)
{
    for (unsigned i = 0; i < q->n_fixed; i++)
        if (is_below(path, q->fixed[i]))
            return true;
    return false;
}

static void add(struct making *m, uint64_t number, const char *name,
                const char *text)
{
    struct trial_values *out = m->out;

    out->value =
        pool_more(m->pool, out->value, out->n, &m->room, sizeof(*out->value));
    out->value[out->n++] = (struct trial_value) {
        .key = out->n_keys,
        .change = { out->key[out->n_keys].path, number, name },
        .text = text,
    };
}

static void add_number(struct making *m, uint64_t v)
{
    add(m, v, NULL,
        pool_printf(m->pool, v < 0x100000 ? "%" PRIu64 : "0x%" PRIx64, v));
}

/* ---- numbers ---- */

/* A wide range's values, ascending, each once. */
struct sample {
    uint64_t min, max;
    unsigned n;
    uint64_t v[256];
};

static void sample(struct sample *s, uint64_t v)
{
    unsigned i = 0;

    if (v < s->min || v > s->max || s->n == ARRAY_SIZE(s->v))
        return;
    while (i < s->n && s->v[i] < v)
        i++;
    if (i < s->n && s->v[i] == v)
        return;
    memmove(&s->v[i + 1], &s->v[i], (s->n - i) * sizeof(s->v[0]));
    s->v[i] = v;
    s->n++;
}

static void sample_around(struct sample *s, uint64_t v)
{
    for (uint64_t d = 0; d <= NEAR; d++) {
        if (v >= d)
            sample(s, v - d);
        if (v <= UINT64_MAX - d)
            sample(s, v + d);
    }
}

static void sample_others(struct making *m, struct sample *s)
{
    const struct config_key *all;
    unsigned n = load_config_keys(m->pool, &all);

    for (unsigned i = 0; i < n; i++) {
        struct value v;

        if (all[i].kind != VALUE_NUMBER || !is_candidate(m->q, all[i].path))
            continue;
        v = config_value(m->q->base, all[i].path);
        if (v.number > 1)
            sample_around(s, v.number);
    }
}

static void wide_range(struct making *m, const struct config_key *key,
                       uint64_t is)
{
    struct sample s = { .min = key->min, .max = key->max };

    sample_around(&s, key->min);
    sample_around(&s, key->max);
    sample_around(&s, is);
    sample_others(m, &s);
    for (unsigned bit = 0; bit < 64; bit++)
        sample(&s, BIT(bit));
    for (unsigned i = 0; i < s.n; i++)
        if (s.v[i] != is)
            add_number(m, s.v[i]);
}

static void numbers(struct making *m, const struct config_key *key, uint64_t is)
{
    m->out->sampled[m->out->n_keys] = !key->n && key->max - key->min >= FEW;
    if (m->out->sampled[m->out->n_keys]) {
        wide_range(m, key, is);
        return;
    }
    for (unsigned i = 0; i < key->n; i++)
        if (key->choice[i] != is)
            add_number(m, key->choice[i]);
    for (uint64_t v = key->min; !key->n && v <= key->max; v++)
        if (v != is)
            add_number(m, v);
}

/* ---- the rest ---- */

static void words(struct making *m, const struct config_key *key,
                  const char *is)
{
    for (unsigned i = 0; i < key->n; i++)
        if (strcmp(key->words[i], is) != 0)
            add(m, i, NULL, key->words[i]);
}

static void kernels(struct making *m, const char *is)
{
    for (unsigned i = 0; i < m->q->n_kernels; i++)
        if (strcmp(m->q->kernels[i], is) != 0)
            add(m, 0, m->q->kernels[i], m->q->kernels[i]);
}

static void all_values(struct making *m, const struct config_key *key)
{
    struct value is = config_value(m->q->base, key->path);

    switch (key->kind) {
    case VALUE_NUMBER:
        numbers(m, key, is.number);
        return;
    case VALUE_BOOL:
        add(m, !is.number, NULL, is.number ? "false" : "true");
        return;
    case VALUE_TEXT:
        if (key->words)
            words(m, key, is.text);
        else
            kernels(m, is.text);
        return;
    }
}

void trial_values_make(struct pool *pool, const struct lab_whynot *q,
                       struct trial_values *out)
{
    struct making m = { .pool = pool, .q = q, .out = out };
    const struct config_key *all;
    unsigned n = load_config_keys(pool, &all);
    struct config_key *key = pool_alloc(pool, (n + 1) * sizeof(*key));

    *out = (struct trial_values) { .key = key };
    out->sampled = pool_alloc(pool, n + 1);
    for (unsigned i = 0; i < n; i++) {
        if (!is_candidate(q, all[i].path) || is_fixed(q, all[i].path))
            continue;
        key[out->n_keys] = all[i];
        all_values(&m, &all[i]);
        out->n_keys++;
    }
}
