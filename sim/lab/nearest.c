/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/nearest.c - a counterexample that is easy to believe.
 *
 * A violated state is told as a CPU that ships, with the fewest changes. Each
 * part is tried with the state that is closest to it; what the search did not
 * vary the part has as it ships. So it is really run, and run again without
 * each of the changes, of which only those stay that it takes.
 */
#include "lab/proof.h"

#include <inttypes.h>
#include <stdlib.h>

/* A part, and the violated state that is closest to it. */
struct candidate {
    const struct lab_space *space;
    const struct lab_part *part;
    struct policy_host as_shipped;
    unsigned changes, order;
    uint64_t state;
    struct policy_host host; /* the part with what it takes */
    const char *why;
};

struct search {
    struct pool *pool;
    const struct lab_proof *p;
    enum invariant i;
    struct machine_asker *machine;
    struct policy_asker *policy; /* of a library, which no guest runs on */
    unsigned n;
    struct candidate *c;
};

/* Inputs that differ: of those that the search varied, or of all. */
static unsigned changes(const struct lab_proof *p, const struct policy_host *a,
                        const struct policy_host *b, bool all)
{
    const struct lab_space *s = &p->q->space;
    unsigned n = 0;

    for (unsigned i = 0; all && i < N_POLICY_INPUTS; i++)
        n += a->v[i] != b->v[i];
    for (unsigned k = 0; !all && k < s->n_axes; k++)
        for (unsigned m = 0; m < s->axes[k].n_inputs; m++)
            n += a->v[s->axes[k].input[m]] != b->v[s->axes[k].input[m]];
    return n;
}

/* States come by ascending numbers: the first of the best is the smallest. */
static void find_closest(struct search *s, bool all)
{
    for (unsigned k = 0; k < s->n; k++)
        s->c[k].changes = UINT32_MAX;
    for (uint64_t x = proof_next(s->p, s->i, 0); x < s->p->states;
         x = proof_next(s->p, s->i, x + 1)) {
        struct policy_host host;

        proof_host(s->p, x, &host);
        for (unsigned k = 0; k < s->n; k++) {
            struct candidate *c = &s->c[k];
            unsigned n = changes(s->p, &c->as_shipped, &host, all);

            if (n < c->changes) {
                c->changes = n;
                c->state = x;
            }
        }
    }
}

static int by_closeness(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->changes != y->changes)
        return x->changes < y->changes ? -1 : 1;
    for (unsigned k = 0; k < x->space->n_axes; k++) {
        enum policy_input i = x->space->axes[k].input[0];

        if (x->host.v[i] != y->host.v[i])
            return x->host.v[i] < y->host.v[i] ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

/* The part with what the search varied as the state has it; with @all, with
 * everything. */
static struct policy_host changed(const struct search *s,
                                  const struct candidate *c, bool all)
{
    const struct lab_space *space = &s->p->q->space;
    struct policy_host state, host = c->as_shipped;

    proof_host(s->p, c->state, &state);
    if (all)
        return state;
    for (unsigned k = 0; k < space->n_axes; k++)
        for (unsigned m = 0; m < space->axes[k].n_inputs; m++) {
            enum policy_input i = space->axes[k].input[m];

            host.v[i] = state.v[i];
        }
    return host;
}

/* Without a guest every VM would do; which one shows it? */
static enum vm_type telling_type(const struct search *s, uint64_t state)
{
    if (s->p->q->depth == LAB_MACHINE)
        return proof_type(s->p, state);
    return s->i == SEV_ES_CAN_MMIO ? VM_SEV_ES : VM_PLAIN;
}

/* ---- as a scenario would say it ---- */

static const char *value_text(struct pool *pool, enum policy_input input,
                              uint64_t v)
{
    const struct policy_input_desc *d = &policy_inputs[input];

    if (d->spelling)
        return d->spelling[v];
    if (d->min == 0 && d->max == 1)
        return v ? "true" : "false";
    return pool_printf(pool, d->radix == 16 ? "0x%" PRIx64 : "%" PRIu64, v);
}

/* false: a scenario has no words for it. */
static bool tell_settings(struct search *s, const struct policy_host *from,
                          const struct policy_host *to,
                          struct report_example *out)
{
    struct report_setting *list =
        pool_alloc(s->pool, N_POLICY_INPUTS * sizeof(*list));

    out->setting = list;
    out->n_settings = 0;
    for (unsigned i = 0; i < N_POLICY_INPUTS; i++) {
        if (from->v[i] == to->v[i])
            continue;
        if (!policy_inputs[i].path)
            return false;
        list[out->n_settings++] = (struct report_setting) {
            policy_inputs[i].path,
            value_text(s->pool, i, to->v[i]),
        };
    }
    return true;
}

static bool is_violated(struct search *s, const struct candidate *c,
                        const struct policy_host *host, const char **why)
{
    const struct invariant_report *r;

    if (s->policy)
        return policy_ask(s->policy, host).violated >> s->i & 1;
    r = machine_tell(s->machine, c->part->model, host,
                     telling_type(s, c->state));
    if (!r || r[s->i].state != INVARIANT_VIOLATED)
        return false;
    *why = pool_strdup(s->pool, r[s->i].why);
    return true;
}

/* Take back every change that is not needed. */
static void shrink(struct search *s, const struct candidate *c,
                   struct policy_host *host, const char **why)
{
    for (unsigned i = 0; i < N_POLICY_INPUTS; i++) {
        uint64_t v = host->v[i];

        if (v == c->as_shipped.v[i])
            continue;
        host->v[i] = c->as_shipped.v[i];
        if (!is_violated(s, c, host, why))
            host->v[i] = v;
    }
}

/* false: the part does not violate it. */
static bool try_part(struct search *s, struct candidate *c, bool all)
{
    c->host = changed(s, c, all);
    c->why = NULL;
    if (!is_violated(s, c, &c->host, &c->why))
        return false;
    shrink(s, c, &c->host, &c->why);
    c->changes = changes(s->p, &c->as_shipped, &c->host, true);
    return true;
}

static void tell(struct search *s, const struct candidate *c,
                 struct report_example *out)
{
    *out = (struct report_example) {
        .cpu = c->part->name,
        .vm = vm_type_names[telling_type(s, c->state)],
        .why = c->why,
        .memory = LAB_MEMORY,
        .device = LAB_DEVICE,
    };
    if (!tell_settings(s, &c->as_shipped, &c->host, out))
        out->cpu = NULL;
}

/* Each part is tried with the state that is closest to it. */
static bool try_all(struct search *s, bool all, struct report_example *out)
{
    unsigned n = 0;

    find_closest(s, all);
    for (unsigned k = 0; k < s->n; k++)
        if (try_part(s, &s->c[k], all))
            s->c[n++] = s->c[k];
    qsort(s->c, n, sizeof(*s->c), by_closeness);
    for (unsigned k = 0; k < n; k++) {
        tell(s, &s->c[k], out);
        if (out->cpu)
            return true;
    }
    return false;
}

static void gather(struct search *s, const struct lab_part *parts)
{
    for (unsigned k = 0; k < s->n; k++)
        s->c[k] =
            (struct candidate) { .space = &s->p->q->space,
                                 .part = &parts[k],
                                 .as_shipped = lab_host_of(parts[k].model),
                                 .order = k };
}

struct report_example nearest_example(struct pool *pool,
                                      const struct lab_proof *p,
                                      enum invariant i,
                                      const struct lab_part *parts, unsigned n)
{
    struct search s = { .pool = pool, .p = p, .i = i, .n = n };
    struct pool *machines = pool_create();
    struct report_example out;

    s.c = pool_alloc(pool, (n + 1) * sizeof(*s.c));
    if (p->q->text)
        s.policy = policy_asker_create(machines, p->q);
    else
        s.machine = machine_asker_create(machines, p->q);
    gather(&s, parts);
    if (!try_all(&s, false, &out)) {
        gather(&s, parts);
        if (!try_all(&s, true, &out))
            out = (struct report_example) { .cpu = NULL };
    }
    pool_destroy(machines);
    return out;
}
