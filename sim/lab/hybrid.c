/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/hybrid.c - a kernel with some decisions of another, and which are enough.
 *
 * No table says what explains a difference. Sets of decisions are tried, the
 * small ones first, until the first kernel does as the second one does.
 */
#include "lab/hybrid.h"

#include <string.h>

/* ---- building ---- */

static void insert(struct kvm_gate_list *to, unsigned at, unsigned gate)
{
    memmove(&to->gate[at + 1], &to->gate[at], to->n - at);
    to->gate[at] = (uint8_t)gate;
    to->n++;
}

/* Into @to, with every gate of @other that it lacks and @wanted has, behind the
 * gate that it stands behind there. */
static void merge(struct kvm_gate_list *to, const struct kvm_gate_list *other,
                  uint64_t wanted)
{
    unsigned at = 0;

    for (unsigned i = 0; i < other->n; i++) {
        unsigned gate = other->gate[i];

        if (has_gate(to, gate)) {
            for (at = 0; to->gate[at] != gate;)
                at++;
            at++;
        } else if (wanted & BIT(gate)) {
            insert(to, at++, gate);
        }
    }
}

static void keep(struct kvm_gate_list *l, uint64_t wanted)
{
    unsigned n = 0;

    for (unsigned i = 0; i < l->n; i++)
        if (wanted & BIT(l->gate[i]))
            l->gate[n++] = l->gate[i];
    l->n = n;
}

static uint64_t gate_set(const struct kvm_gate_list *l)
{
    uint64_t set = 0;

    for (unsigned i = 0; i < l->n; i++)
        set |= BIT(l->gate[i]);
    return set;
}

/* The list as the decisions of @set want it. Reasons do not matter to a
 * hybrid: they travel with the decisions. */
static struct kvm_gate_list hybrid_gates(const struct lab_decisions *d,
                                         const struct lab_set *set,
                                         unsigned list)
{
    const struct kvm_gate_list *from = gates_of(&d->from, list);
    const struct kvm_gate_list *to = gates_of(&d->to, list);
    uint64_t wanted = gate_set(from);
    bool order_of_to = false;
    struct kvm_gate_list out = { 0 };

    for (unsigned i = 0; i < set->n; i++) {
        const struct lab_turn *t = &d->d[set->d[i]].turn;

        if (t->kind == TURN_GATE && t->which == list)
            wanted ^= BIT(t->gate);
        if (t->kind == TURN_GATE_ORDER && t->which == list)
            order_of_to = true;
    }
    merge(&out, order_of_to ? to : from, ~0ULL);
    keep(&out, wanted);
    merge(&out, order_of_to ? from : to, wanted);
    return out;
}

void lab_hybrid(const struct lab_decisions *d, const struct lab_set *set,
                struct kernel_model *out)
{
    bool gates = false;

    *out = d->from;
    for (unsigned i = 0; i < set->n; i++) {
        const struct lab_turn *t = &d->d[set->d[i]].turn;

        switch (t->kind) {
        case TURN_SLOT:
            out->slot[t->which] = t->as->slot[t->which];
            break;
        case TURN_SETUP:
            out->n_setup = t->as->n_setup;
            memcpy(out->setup, t->as->setup, sizeof(out->setup));
            break;
        case TURN_GATE:
        case TURN_GATE_ORDER:
            gates = true;
            break;
        }
    }
    if (!gates)
        return;
    out->sev = hybrid_gates(d, set, 0);
    out->sev_es = hybrid_gates(d, set, 1);
    out->sev_snp = hybrid_gates(d, set, 2);
}

/* ---- searching ---- */

struct search {
    struct pool *pool;
    const struct lab_decisions *d;
    bool (*holds)(void *ctx, const struct kernel_model *k);
    void *ctx;
    unsigned n; /* of a set */
    struct lab_set set;
    struct lab_sets found;
    unsigned room;
};

/* Sets of as many decisions are tried out, all of them. */
#define MAX_TRIED 3

static bool holds(struct search *s, const struct lab_set *set)
{
    struct kernel_model k;

    lab_hybrid(s->d, set, &k);
    return s->holds(s->ctx, &k);
}

static bool same_key(const struct search *s, unsigned a, unsigned b)
{
    return strcmp(s->d->d[a].key, s->d->d[b].key) == 0;
}

/* Does a set with the same keys stand there already? Then with older turns. */
static bool is_found(const struct search *s)
{
    for (unsigned i = 0; i < s->found.n; i++) {
        unsigned same = 0;

        while (same < s->n &&
               same_key(s, s->set.d[same], s->found.set[i].d[same]))
            same++;
        if (same == s->n)
            return true;
    }
    return false;
}

static void add_found(struct search *s, const struct lab_set *set)
{
    s->found.set =
        pool_more(s->pool, s->found.set, s->found.n, &s->room, sizeof(*set));
    s->found.set[s->found.n++] = *set;
}

/* All sets of s->n decisions that begin with s->set. */
static void extend(struct search *s)
{
    unsigned n = s->set.n, next = n ? s->set.d[n - 1] + 1 : 0;

    if (n == s->n) {
        if (!is_found(s) && holds(s, &s->set))
            add_found(s, &s->set);
        return;
    }
    for (; next < s->d->n; next++) {
        if (n && same_key(s, next, s->set.d[n - 1]))
            continue;
        s->set.d[n] = next;
        s->set.n = n + 1;
        extend(s);
        s->set.n = n;
    }
}

/* Every decision but @left_out and those in @spared, which is by number. */
static bool holds_without(struct search *s, const bool *spared,
                          unsigned left_out)
{
    struct lab_decisions rest = *s->d;
    struct kernel_model k;
    struct lab_set one = { 1, { 0 } };

    for (unsigned i = 0; i < s->d->n; i++) {
        if (!s->d->d[i].last || spared[i] || i == left_out)
            continue;
        one.d[0] = i;
        lab_hybrid(&rest, &one, &k);
        rest.from = k;
    }
    return s->holds(s->ctx, &rest.from);
}

/* A set that can spare none of its decisions: all, but for those that can go
 * one after the other. */
static void shrink(struct search *s)
{
    bool *spared = pool_alloc(s->pool, s->d->n);
    struct lab_set set = { 0 };

    for (unsigned i = 0; i < s->d->n; i++)
        spared[i] = s->d->d[i].last && holds_without(s, spared, i);
    for (unsigned i = 0; i < s->d->n; i++) {
        if (!s->d->d[i].last || spared[i])
            continue;
        if (set.n == LAB_SET_MAX)
            return;
        set.d[set.n++] = i;
    }
    add_found(s, &set);
}

struct lab_sets
lab_explain(struct pool *pool, const struct lab_decisions *d,
            bool (*does)(void *ctx, const struct kernel_model *k), void *ctx)
{
    struct search s = { .pool = pool, .d = d, .holds = does, .ctx = ctx };

    if (holds(&s, &s.set))
        return s.found; /* nothing to explain */
    for (s.n = 1; s.n <= MAX_TRIED && !s.found.n; s.n++)
        extend(&s);
    if (!s.found.n)
        shrink(&s);
    return s.found;
}
