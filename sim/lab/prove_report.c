/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/prove_report.c - violated states in few words.
 *
 * Two questions are kept apart: on which CPUs, which are geometries, and under
 * which settings. First come those that need no setting but the defaults, then
 * for each single other setting the geometries that it adds.
 */
#include "lab/proof.h"
#include "lab/words.h"

#include <string.h>

/* Products of values that a description has at most. */
#define MAX_TERMS 12

struct telling {
    struct pool *pool;
    const struct lab_proof *p;
    enum invariant i;
    /* Of each axis: how many hosts one step is, and the value that is no
     * setting. */
    uint64_t stride[N_POLICY_INPUTS];
    unsigned usual[N_POLICY_INPUTS];
    unsigned n_place, place[LAB_GEOMETRY];
};

static unsigned value_at(const struct telling *t, unsigned axis, uint64_t host)
{
    return (unsigned)(host / t->stride[axis] %
                      t->p->q->space.axes[axis].n_values);
}

/* The default, if the axis has it. */
static unsigned usual_value(const struct lab_axis *a,
                            const struct policy_host *base)
{
    for (unsigned v = 0; v < a->n_values; v++) {
        bool all = true;

        for (unsigned k = 0; k < a->n_inputs; k++)
            all = all && a->values[v][k] == base->v[a->input[k]];
        if (all)
            return v;
    }
    return 0;
}

/* A flag that is the same in all violated states says nothing about a place. */
static bool is_constant(const struct telling *t, unsigned axis)
{
    const struct lab_axis *a = &t->p->q->space.axes[axis];
    uint64_t states = t->p->states, s = proof_next(t->p, t->i, 0);
    unsigned first;

    if (policy_inputs[a->input[0]].max != 1 || s == states)
        return false;
    first = value_at(t, axis, s / t->p->n_types);
    for (; s < states; s = proof_next(t->p, t->i, s + 1))
        if (value_at(t, axis, s / t->p->n_types) != first)
            return false;
    return true;
}

static struct telling prepare(struct pool *pool, const struct lab_proof *p,
                              enum invariant i)
{
    const struct lab_space *s = &p->q->space;
    struct telling t = { .pool = pool, .p = p, .i = i };
    uint64_t stride = 1;

    for (unsigned a = s->n_axes; a-- > 0;) {
        t.stride[a] = stride;
        stride *= s->axes[a].n_values;
        t.usual[a] = usual_value(&s->axes[a], &s->base);
    }
    for (unsigned a = 0; a < LAB_GEOMETRY; a++)
        if (!is_constant(&t, a))
            t.place[t.n_place++] = a;
    return t;
}

/* ---- groups ---- */

/* States under one setting, or under none. */
struct group {
    uint64_t count;
    struct lab_cluster *places;
};

/* Settings of @host that are not as usual; *@axis: the last of them. */
static unsigned settings_of(const struct telling *t, uint64_t host,
                            unsigned *axis)
{
    unsigned n = 0;

    for (unsigned a = LAB_GEOMETRY; a < t->p->q->space.n_axes; a++)
        if (value_at(t, a, host) != t->usual[a]) {
            *axis = a;
            n++;
        }
    return n;
}

/* Is the same geometry violated with all settings as usual, by whichever VM? */
static bool usual_is_violated(const struct telling *t, uint64_t host,
                              unsigned axis)
{
    uint64_t usual = host - value_at(t, axis, host) * t->stride[axis] +
                     t->usual[axis] * t->stride[axis];
    const uint64_t *set = t->p->finding[t->i].set;
    bool violated = false;

    for (unsigned k = 0; k < t->p->n_types; k++) {
        uint64_t state = usual * t->p->n_types + k;

        violated |= set[state / 64] >> state % 64 & 1;
    }
    return violated;
}

static void join(const struct telling *t, struct group *g, uint64_t host)
{
    if (!g->count++)
        g->places =
            lab_cluster_create(t->pool, &t->p->q->space, t->place, t->n_place);
    if (g->places)
        lab_cluster_add(g->places, host);
}

static struct report_places tell_group(const struct telling *t,
                                       const char *when, const struct group *g)
{
    struct report_places out = { when, g->count, 0, "" };
    struct buf b = BUF_INIT;

    if (!g->places)
        return out;
    lab_cluster_describe(g->places, MAX_TERMS, &b);
    out.n = lab_cluster_size(g->places);
    out.text = words_taken(t->pool, &b);
    return out;
}

/* "p_npt=0", or with one that adds the same: "p_npt=0 or p_sev=0". */
static void add_places(const struct telling *t, struct report_finding *f,
                       struct report_places *list, struct report_places new)
{
    for (unsigned i = 0; i < f->n_places; i++)
        if (list[i].n == new.n &&*list[i].when &&
            strcmp(list[i].text, new.text) == 0) {
            list[i].count += new.count;
            list[i].when =
                pool_printf(t->pool, "%s or %s", list[i].when, new.when);
            return;
        }
    list[f->n_places++] = new;
}

static const char *setting_text(const struct telling *t, unsigned axis,
                                unsigned value)
{
    const struct lab_axis *a = &t->p->q->space.axes[axis];
    struct buf b = BUF_INIT;

    for (unsigned k = 0; k < a->n_inputs; k++)
        words_input(&b, a->input[k], a->values[value][k]);
    return words_taken(t->pool, &b);
}

static void tell_places(const struct telling *t, struct report_finding *f)
{
    const struct lab_space *s = &t->p->q->space;
    struct group usual = { 0 }, *group[N_POLICY_INPUTS];
    struct report_places *list;
    unsigned axis = 0, n = 1;

    for (unsigned a = LAB_GEOMETRY; a < s->n_axes; a++) {
        group[a] = pool_alloc(t->pool, s->axes[a].n_values * sizeof(*group[a]));
        n += s->axes[a].n_values;
    }
    for (uint64_t x = proof_next(t->p, t->i, 0); x < t->p->states;
         x = proof_next(t->p, t->i, x + 1)) {
        uint64_t host = x / t->p->n_types;
        unsigned settings = settings_of(t, host, &axis);

        if (settings == 0)
            join(t, &usual, host);
        else if (settings > 1)
            f->elsewhere++;
        else if (!usual_is_violated(t, host, axis))
            join(t, &group[axis][value_at(t, axis, host)], host);
        else
            f->repeated++;
    }
    list = pool_alloc(t->pool, n * sizeof(*list));
    f->places = list;
    if (usual.count)
        list[f->n_places++] = tell_group(t, "", &usual);
    for (unsigned a = LAB_GEOMETRY; a < s->n_axes; a++)
        for (unsigned v = 0; v < s->axes[a].n_values; v++)
            if (group[a][v].count)
                add_places(t, f, list,
                           tell_group(t, setting_text(t, a, v), &group[a][v]));
}

/* "sev-es", "plain, sev". */
static const char *tell_types(const struct telling *t)
{
    bool seen[LAB_N_VM_TYPES] = { false };
    struct buf b = BUF_INIT;

    if (t->p->q->depth == LAB_POLICY)
        return NULL;
    for (uint64_t x = proof_next(t->p, t->i, 0); x < t->p->states;
         x = proof_next(t->p, t->i, x + 1))
        seen[x % t->p->n_types] = true;
    for (unsigned k = 0; k < t->p->n_types; k++)
        if (seen[k])
            buf_printf(&b, "%s%s", b.len ? ", " : "",
                       vm_type_names[t->p->type[k]]);
    return words_taken(t->pool, &b);
}

/* Of the geometry, what all violated states have in common. */
static const char *tell_common(const struct telling *t)
{
    uint64_t first = proof_next(t->p, t->i, 0) / t->p->n_types;
    struct buf b = BUF_INIT;
    unsigned place = 0;

    for (unsigned a = 0; a < LAB_GEOMETRY; a++) {
        const struct lab_axis *axis = &t->p->q->space.axes[a];

        if (place < t->n_place && t->place[place] == a)
            place++;
        else
            words_input(&b, axis->input[0],
                        axis->values[value_at(t, a, first)][0]);
    }
    return words_taken(t->pool, &b);
}

/* ---- all of it ---- */

static void tell_finding(struct pool *pool, const struct lab_proof *p,
                         enum invariant i, const struct lab_part *parts,
                         unsigned n_parts, struct report_finding *f)
{
    struct telling t;

    *f = (struct report_finding) {
        .invariant = invariant_table[i].name,
        .claim = invariant_table[i].claim,
        .advice = invariant_table[i].advice,
        .told = p->finding[i].set,
        .tested = p->finding[i].tested,
        .violated = p->finding[i].violated,
    };
    if (!f->violated)
        return;
    t = prepare(pool, p, i);
    f->vms = tell_types(&t);
    f->common = tell_common(&t);
    f->place = words_place(pool, &p->q->space, t.place, t.n_place);
    tell_places(&t, f);
    f->example = nearest_example(pool, p, i, parts, n_parts);
}

void lab_proof_report(struct pool *pool, const struct lab_proof *p,
                      const struct lab_part *parts, unsigned n_parts,
                      struct report_proof *out)
{
    struct report_finding *list =
        pool_alloc(pool, N_INVARIANTS * sizeof(*list));

    *out = (struct report_proof) {
        .kernel = p->q->text ? p->q->text->version : p->q->kernel->name,
        .depth = p->q->depth == LAB_POLICY ? "policy" : "machine",
        .over = words_space(pool, &p->q->space),
        .states = p->states,
        .done = p->done,
        .skipped = p->skipped,
        .finding = list,
    };
    for (unsigned i = 0; i < N_INVARIANTS; i++)
        if (p->q->asked[i])
            tell_finding(pool, p, i, parts, n_parts, &list[out->n_findings++]);
}
