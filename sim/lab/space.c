/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/space.c - cross products of hosts, by number. */
#include "lab.h"

uint64_t lab_space_points(const struct lab_space *s)
{
    uint64_t n = 1;

    for (unsigned i = 0; i < s->n_axes; i++)
        if (__builtin_mul_overflow(n, s->axes[i].n_values, &n))
            return UINT64_MAX;
    return n;
}

static void set(struct policy_host *host, const struct lab_axis *a, unsigned at)
{
    for (unsigned i = 0; i < a->n_inputs; i++)
        host->v[a->input[i]] = a->values[at][i];
}

void lab_space_host(const struct lab_space *s, uint64_t i,
                    struct policy_host *host)
{
    *host = s->base;
    for (unsigned a = s->n_axes; a-- > 0;) {
        set(host, &s->axes[a], (unsigned)(i % s->axes[a].n_values));
        i /= s->axes[a].n_values;
    }
}

void lab_space_next(const struct lab_space *s, uint64_t i,
                    struct policy_host *host)
{
    for (unsigned a = s->n_axes; a-- > 0;) {
        unsigned at = (unsigned)(i % s->axes[a].n_values);

        set(host, &s->axes[a], at);
        if (at)
            return; /* axes to the left stay where they are */
        i /= s->axes[a].n_values;
    }
}
