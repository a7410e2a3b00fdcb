/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/cluster_put.c - a product of sets of values as text: "(52,1..6,*)". */
#include "lab/cluster.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

static void put_value(struct buf *b, const struct lab_axis *a, unsigned i)
{
    for (unsigned k = 0; k < a->n_inputs; k++) {
        const struct policy_input_desc *d = &policy_inputs[a->input[k]];
        uint64_t v = a->values[i][k];

        buf_adds(b, k ? "-" : "");
        if (d->words)
            buf_adds(b, d->words[v]);
        else
            buf_printf(b, d->radix == 16 ? "0x%" PRIx64 : "%" PRIu64, v);
    }
}

unsigned set_size(const uint8_t *set, unsigned n)
{
    unsigned in = 0;

    for (unsigned i = 0; i < n; i++)
        in += set[i];
    return in;
}

/* A range "a..b" is every value of the axis from a to b; it needs an order. */
static bool has_order(const struct lab_axis *a)
{
    for (unsigned i = 1; i < a->n_values; i++)
        if (a->values[i][0] <= a->values[i - 1][0])
            return false;
    return a->n_inputs == 1 && !policy_inputs[a->input[0]].words;
}

static unsigned run_end(const struct lab_axis *a, const uint8_t *set,
                        unsigned i)
{
    unsigned end = i + 1;

    while (end < a->n_values && set[end])
        end++;
    return has_order(a) && end - i > 2 ? end : i + 1;
}

static void put_runs(struct buf *b, const struct lab_axis *a,
                     const uint8_t *set)
{
    const char *gap = "";

    for (unsigned i = 0; i < a->n_values;) {
        unsigned end;

        if (!set[i]) {
            i++;
            continue;
        }
        end = run_end(a, set, i);
        buf_adds(b, gap);
        put_value(b, a, i);
        if (end > i + 1) {
            buf_adds(b, "..");
            put_value(b, a, end - 1);
        }
        gap = ",";
        i = end;
    }
}

void put_values(struct buf *b, const struct lab_axis *a)
{
    uint8_t *all = malloc(a->n_values);

    BUG_ON(!all);
    memset(all, 1, a->n_values);
    put_runs(b, a, all);
    free(all);
}

static void put_set(struct buf *b, const struct lab_axis *a, const uint8_t *set)
{
    unsigned in = set_size(set, a->n_values), first = 0;

    if (in == a->n_values && in > 1) {
        buf_addc(b, '*');
        return;
    }
    while (!set[first])
        first++;
    if (in == run_end(a, set, first) - first) {
        put_runs(b, a, set);
        return;
    }
    buf_addc(b, '{');
    put_runs(b, a, set);
    buf_addc(b, '}');
}

size_t set_cost(const struct lab_axis *a, const uint8_t *set)
{
    struct buf b = BUF_INIT;
    size_t len;

    put_set(&b, a, set);
    len = b.len + 1;
    buf_free(&b);
    return len;
}

static void put_box(struct buf *b, const struct lab_cluster *c,
                    const struct box *box)
{
    buf_addc(b, '(');
    for (unsigned i = 0; i < c->n_axes; i++) {
        buf_adds(b, i ? "," : "");
        put_set(b, c->axis[i].axis, box->set[i]);
    }
    buf_addc(b, ')');
}

void put_term(struct buf *b, const struct lab_cluster *c, const struct term *t)
{
    put_box(b, c, &t->box);
    for (unsigned i = 0; i < t->n_minus; i++) {
        buf_adds(b, " minus ");
        put_box(b, c, &t->minus[i]);
    }
}
