/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/whynot_report.c - hits, in ways: the same keys, whose values make ranges.
 *
 * A way says for each of its keys the values that do; where the values of one
 * depend on those of another, there are more ways.
 */
#include "lab/whynot.h"

#include <stdlib.h>
#include <string.h>

struct reporting {
    struct pool *pool;
    const struct lab_whynot *q;
    const struct trial_values *values;
    unsigned n; /* changes */
    struct trier *trier;
    struct report_whynot *out;
    unsigned room;
    struct report_way *way;
};

/* Values for each key; every combination is a hit. */
struct product {
    uint64_t n[WHYNOT_MAX_CHANGES];
    const unsigned *value[WHYNOT_MAX_CHANGES];
};

/* Hits that have the same value, where they stand. */
struct slice {
    const struct trial_hit *hit;
    uint64_t n;
    bool done;
};

static unsigned key_of(const struct reporting *r, unsigned value)
{
    return r->values->value[value].key;
}

/* ---- values in words ---- */

/* Do @a and @b follow each other? The scenario's own value lies between some
 * that seem to, and is none that would do. */
static bool is_next(const struct reporting *r, unsigned a, unsigned b)
{
    const struct trial_value *v = r->values->value;
    const struct config_key *key = &r->values->key[v[a].key];
    uint64_t is;

    if (b != a + 1 || v[a].key != v[b].key || key->kind != VALUE_NUMBER ||
        key->n)
        return false;
    is = config_value(r->q->base, key->path).number;
    return is < v[a].change.number || is > v[b].change.number;
}

/* "2..16, 20" */
static const char *values_text(const struct reporting *r, const unsigned *value,
                               uint64_t n)
{
    const struct trial_value *v = r->values->value;
    struct buf b = BUF_INIT;
    const char *text;

    for (uint64_t i = 0, end; i < n; i = end) {
        end = i + 1;
        while (end < n && is_next(r, value[end - 1], value[end]))
            end++;
        buf_printf(&b, "%s%s", i ? ", " : "", v[value[i]].text);
        if (end - i > 1)
            buf_printf(&b, "..%s", v[value[end - 1]].text);
    }
    text = pool_strdup(r->pool, b.data);
    buf_free(&b);
    return text;
}

/* ---- the nearest member ---- */

/* As many decisions lie between them. */
static uint64_t kernel_distance(const struct reporting *r, const char *name)
{
    struct pool *scratch = pool_create();
    struct lab_decisions d = { .n = 0 };
    struct err e = { 0 };
    uint64_t n;

    lab_decisions(scratch, r->q->catalog, r->q->base->kernel_name, name, &d,
                  &e);
    n = d.n;
    pool_destroy(scratch);
    return n;
}

static uint64_t distance(const struct reporting *r, unsigned value)
{
    const struct trial_value *v = &r->values->value[value];
    const struct config_key *key = &r->values->key[v->key];
    uint64_t is;

    if (v->change.text)
        return kernel_distance(r, v->change.text);
    if (key->kind != VALUE_NUMBER)
        return 0;
    is = config_value(r->q->base, key->path).number;
    return v->change.number > is ? v->change.number - is
                                 : is - v->change.number;
}

static struct trial_hit nearest(const struct reporting *r,
                                const struct product *p)
{
    struct trial_hit best = { { 0 } };

    for (unsigned k = 0; k < r->n; k++) {
        uint64_t least = UINT64_MAX;

        for (uint64_t i = 0; i < p->n[k]; i++) {
            uint64_t far = distance(r, p->value[k][i]);

            if (far < least) {
                least = far;
                best.value[k] = p->value[k][i];
            }
        }
    }
    return best;
}

static const char *settings_text(const struct reporting *r,
                                 const struct trial_hit *hit)
{
    const char *text = "";

    for (unsigned i = 0; i < r->n; i++) {
        const struct trial_value *v = &r->values->value[hit->value[i]];

        text = pool_printf(r->pool, "%s%s--set %s=%s", text, i ? " " : "",
                           v->change.path, v->text);
    }
    return text;
}

static const char *reason_of(const struct reporting *r,
                             const struct trial_hit *hit, unsigned n)
{
    struct pool *scratch = pool_create();
    struct outcome_value v;
    const char *text = "";

    if (trier_tell(r->trier, scratch, r->values, hit->value, n, &v) && v.reason)
        text = pool_strdup(r->pool, v.reason);
    pool_destroy(scratch);
    return text;
}

/* ---- ways ---- */

static struct report_way *add_way(struct reporting *r)
{
    struct report_whynot *out = r->out;

    r->way = pool_more(r->pool, r->way, out->n_ways, &r->room, sizeof(*r->way));
    return &r->way[out->n_ways++];
}

static void add_product(struct reporting *r, const struct product *p)
{
    struct trial_hit best = nearest(r, p);
    struct report_way *w = add_way(r);
    struct report_values *list = pool_alloc(r->pool, r->n * sizeof(*list));

    *w = (struct report_way) { .count = 1,
                               .value = list,
                               .nearest = settings_text(r, &best),
                               .reason = reason_of(r, &best, r->n) };
    for (unsigned k = 0; k < r->n; k++) {
        unsigned key = key_of(r, p->value[k][0]);

        w->count *= p->n[k];
        list[k] = (struct report_values) { r->values->key[key].path,
                                           values_text(r, p->value[k], p->n[k]),
                                           r->values->sampled[key] };
    }
}

/* Are the values behind depth @k the same? */
static bool alike(const struct reporting *r, unsigned k, const struct slice *a,
                  const struct slice *b)
{
    if (a->n != b->n)
        return false;
    for (uint64_t i = 0; i < a->n; i++)
        if (memcmp(&a->hit[i].value[k + 1], &b->hit[i].value[k + 1],
                   (r->n - k - 1) * sizeof(unsigned)) != 0)
            return false;
    return true;
}

static uint64_t cut(struct slice *out, const struct trial_hit *hit, uint64_t n,
                    unsigned k)
{
    uint64_t slices = 0;

    for (uint64_t i = 0; i < n; i++) {
        if (i == 0 || hit[i].value[k] != hit[i - 1].value[k])
            out[slices++] = (struct slice) { .hit = &hit[i] };
        out[slices - 1].n++;
    }
    return slices;
}

/* Hits with the same keys, and the same values before depth @k: values behind
 * which the same lies go together. */
static void cover(struct reporting *r, const struct trial_hit *hit, uint64_t n,
                  unsigned k, struct product *p)
{
    struct slice *slice = pool_alloc(r->pool, n * sizeof(*slice));
    uint64_t slices = cut(slice, hit, n, k);

    for (uint64_t i = 0; i < slices; i++) {
        unsigned *value;

        if (slice[i].done)
            continue;
        value = pool_alloc(r->pool, (slices - i) * sizeof(*value));
        p->value[k] = value;
        p->n[k] = 0;
        for (uint64_t j = i; j < slices; j++) {
            if (slice[j].done || !alike(r, k, &slice[i], &slice[j]))
                continue;
            slice[j].done = true;
            value[p->n[k]++] = slice[j].hit->value[k];
        }
        if (k + 1 == r->n)
            add_product(r, p);
        else
            cover(r, slice[i].hit, slice[i].n, k + 1, p);
    }
}

static int by_keys(const void *a, const void *b, void *reporting)
{
    const struct reporting *r = reporting;
    const struct trial_hit *x = a, *y = b;

    for (unsigned k = 0; k < r->n; k++) {
        unsigned i = key_of(r, x->value[k]), j = key_of(r, y->value[k]);

        if (i != j)
            return i < j ? -1 : 1;
    }
    for (unsigned k = 0; k < r->n; k++)
        if (x->value[k] != y->value[k])
            return x->value[k] < y->value[k] ? -1 : 1;
    return 0;
}

static bool same_keys(const struct reporting *r, const struct trial_hit *a,
                      const struct trial_hit *b)
{
    for (unsigned k = 0; k < r->n; k++)
        if (key_of(r, a->value[k]) != key_of(r, b->value[k]))
            return false;
    return true;
}

static void all_ways(struct reporting *r, struct trial_hit *hit, uint64_t n)
{
    if (n)
        qsort_r(hit, n, sizeof(*hit), by_keys, r);
    for (uint64_t i = 0, end; i < n; i = end) {
        struct product p = { { 0 }, { NULL } };

        for (end = i + 1; end < n && same_keys(r, &hit[i], &hit[end]);)
            end++;
        cover(r, &hit[i], end - i, 0, &p);
    }
}

void whynot_report(struct pool *pool, const struct lab_whynot *q,
                   const struct trial_values *values, struct trial_hit *hits,
                   uint64_t n_hits, unsigned n, struct report_whynot *out)
{
    struct reporting r = { .pool = pool,
                           .q = q,
                           .values = values,
                           .n = n,
                           .trier = trier_create(pool, q),
                           .out = out };
    struct trial_hit none = { { 0 } };
    struct outcome_value is;

    out->is = "";
    if (trier_tell(r.trier, pool, values, none.value, 0, &is)) {
        out->is = is.text;
        out->reason = is.reason;
    }
    all_ways(&r, hits, n_hits);
    out->way = r.way;
}
