/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/words.c - inputs, axes and spaces in words, for every report. */
#include "lab/words.h"

#include "lab/cluster.h"

#include <inttypes.h>

const char *words_taken(struct pool *pool, struct buf *b)
{
    const char *text = pool_strdup(pool, b->data ? b->data : "");

    buf_free(b);
    return text;
}

void words_input(struct buf *b, enum policy_input input, uint64_t v)
{
    const struct policy_input_desc *desc = &policy_inputs[input];

    buf_printf(b, "%s%s=", b->len ? " " : "", desc->name);
    if (desc->words)
        buf_adds(b, desc->words[v]);
    else
        buf_printf(b, desc->radix == 16 ? "0x%" PRIx64 : "%" PRIu64, v);
}

const char *words_place(struct pool *pool, const struct lab_space *s,
                        const unsigned *axes, unsigned n)
{
    struct buf b = BUF_INIT;

    for (unsigned i = 0; i < n; i++)
        buf_printf(&b, "%s%s", i ? "," : "(",
                   policy_inputs[s->axes[axes[i]].input[0]].name);
    buf_adds(&b, n ? ")" : "");
    return words_taken(pool, &b);
}

const char *words_space(struct pool *pool, const struct lab_space *s)
{
    struct buf b = BUF_INIT;

    for (unsigned a = 0; a < s->n_axes; a++) {
        for (unsigned k = 0; k < s->axes[a].n_inputs; k++)
            buf_printf(&b, "%s%s",
                       k   ? "-"
                       : a ? ", "
                           : "",
                       policy_inputs[s->axes[a].input[k]].name);
        buf_addc(&b, ' ');
        put_values(&b, &s->axes[a]);
    }
    return words_taken(pool, &b);
}
