/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/decisions.c - what lies between two kernels, decision by decision.
 *
 * Kernel files extend each other, so the way from one to the other leads up to
 * the file that both come from and down again. Each file on the way says what
 * it decided and why; on the way up its decisions are taken back.
 */
#include "lab/hybrid.h"
#include "load.h"

#include <string.h>

#define MAX_WAY 64

static const char *const list_keys[N_GATE_LISTS] = { "sev_gates",
                                                     "sev_es_gates",
                                                     "sev_snp_gates" };

/* The kernels from the first to the second. Between i - 1 and i one file makes
 * the difference: the lower of the two. */
struct way {
    struct pool *pool;
    unsigned n;
    const struct kernel_model *at[MAX_WAY];
    bool up[MAX_WAY]; /* from i - 1 to the file that it extends */
};

const struct kvm_gate_list *gates_of(const struct kernel_model *k,
                                     unsigned list)
{
    switch (list) {
    case 0:
        return &k->sev;
    case 1:
        return &k->sev_es;
    case 2:
        return &k->sev_snp;
    }
    BUG_ON(true);
}

bool has_gate(const struct kvm_gate_list *l, unsigned gate)
{
    for (unsigned i = 0; i < l->n; i++)
        if (l->gate[i] == gate)
            return true;
    return false;
}

/* ---- the way ---- */

/* @name and what it extends, up to the root. */
static int ancestors(struct catalog *c, const char *name,
                     const struct kernel_file **out, unsigned *n, struct err *e)
{
    for (*n = 0; name; name = out[(*n)++]->extends) {
        BUG_ON(*n == MAX_WAY / 2); /* the catalogue refuses longer ones */
        out[*n] = catalog_kernel(c, name, (struct mark) { 0 }, e);
        if (!out[*n])
            return -1;
    }
    return 0;
}

static void go(struct way *w, const struct kernel_file *f, bool up)
{
    w->at[w->n] = &f->model;
    w->up[w->n++] = up;
}

static int find_way(struct way *w, struct catalog *c, const char *from,
                    const char *to, struct err *e)
{
    const struct kernel_file *up[MAX_WAY / 2], *down[MAX_WAY / 2];
    unsigned n_up, n_down, common = 0;

    if (ancestors(c, from, up, &n_up, e) || ancestors(c, to, down, &n_down, e))
        return -1;
    while (common < n_up && common < n_down &&
           up[n_up - 1 - common] == down[n_down - 1 - common])
        common++;
    /* The file that both come from is up[n_up - common]; without one the way
     * is a single step. */
    for (unsigned i = 0; i < n_up && (common ? i <= n_up - common : i == 0);
         i++)
        go(w, up[i], i > 0);
    for (unsigned i = common ? n_down - common : 1; i-- > 0;)
        go(w, down[i], false);
    return 0;
}

/* The file that makes the difference between @i - 1 and @i. */
static const struct kernel_model *maker(const struct way *w, unsigned i)
{
    return w->up[i] ? w->at[i - 1] : w->at[i];
}

/* ---- decisions ---- */

struct gathering {
    struct way way;
    struct lab_decisions *out;
    unsigned room;
};

static struct lab_decision *add(struct gathering *g, unsigned i,
                                const char *because)
{
    struct lab_decisions *out = g->out;
    const struct kernel_model *m = maker(&g->way, i);

    out->d = pool_more(g->way.pool, out->d, out->n, &g->room, sizeof(*out->d));
    out->d[out->n] = (struct lab_decision) {
        .kernel = m->name,
        .because = because ? because : m->source,
        .undone = g->way.up[i],
        .turn.as = g->way.at[i],
    };
    return &out->d[out->n++];
}

static void add_slot(struct gathering *g, unsigned slot)
{
    const struct way *w = &g->way;
    const struct kvm_slot_desc *desc = &kvm_slot_table[slot];
    unsigned was = w->at[0]->slot[slot], will = w->at[w->n - 1]->slot[slot];
    uint64_t seen = BIT(was);

    for (unsigned i = 1; i < w->n && was != will; i++) {
        unsigned row = w->at[i]->slot[slot];
        struct lab_decision *d;

        if (seen & BIT(row))
            continue;
        seen |= BIT(row);
        d = add(g, i, maker(w, i)->slot_because[slot]);
        d->key = pool_printf(w->pool, "slots.%s", desc->name);
        d->change =
            pool_printf(w->pool, "%s -> %s", desc->rows[was], desc->rows[row]);
        d->last = row == will;
        d->turn.kind = TURN_SLOT;
        d->turn.which = slot;
    }
}

static bool same_setup(const struct kernel_model *a,
                       const struct kernel_model *b)
{
    return a->n_setup == b->n_setup &&
           memcmp(a->setup, b->setup, a->n_setup) == 0;
}

static const char *setup_text(struct pool *pool, const struct kernel_model *k)
{
    const char *text = "";

    for (unsigned i = 0; i < k->n_setup; i++)
        text = pool_printf(pool, "%s%s%s", text, i ? ", " : "",
                           kvm_setup_step_names[k->setup[i]]);
    return text;
}

static void add_setup(struct gathering *g)
{
    const struct way *w = &g->way;
    const struct kernel_model *was = w->at[0], *will = w->at[w->n - 1];

    for (unsigned i = 1; i < w->n && !same_setup(was, will); i++) {
        struct lab_decision *d;

        if (same_setup(w->at[i], w->at[i - 1]) || same_setup(w->at[i], was))
            continue;
        d = add(g, i, maker(w, i)->setup_because);
        d->key = "setup_order";
        d->change =
            pool_printf(w->pool, "now %s", setup_text(w->pool, w->at[i]));
        d->last = same_setup(w->at[i], will);
        d->turn.kind = TURN_SETUP;
    }
}

/* Why the gate is, or no longer is, between @i - 1 and @i. */
static const char *gate_because(const struct way *w, unsigned i, unsigned list,
                                unsigned gate)
{
    const struct kvm_gate_list *l = gates_of(maker(w, i), list);

    for (unsigned k = 0; k < l->n; k++)
        if (l->gate[k] == gate)
            return l->because[k];
    return l->list_because;
}

static void add_gate(struct gathering *g, unsigned list, unsigned gate)
{
    const struct way *w = &g->way;
    bool was = has_gate(gates_of(w->at[0], list), gate);
    bool will = has_gate(gates_of(w->at[w->n - 1], list), gate);
    struct lab_decision *d;
    unsigned i = 1;

    if (was == will)
        return;
    while (has_gate(gates_of(w->at[i], list), gate) == was)
        i++;
    d = add(g, i, gate_because(w, i, list, gate));
    d->key =
        pool_printf(w->pool, "%s.%s", list_keys[list], kvm_gate_names[gate]);
    d->change = will ? "added" : "removed";
    d->last = true;
    d->turn = (struct lab_turn) { TURN_GATE, list, gate, w->at[w->n - 1] };
}

/* Do the gates that both lists have stand in the same order? */
static bool same_order(const struct kvm_gate_list *a,
                       const struct kvm_gate_list *b)
{
    unsigned k = 0;

    for (unsigned i = 0; i < a->n; i++) {
        if (!has_gate(b, a->gate[i]))
            continue;
        while (!has_gate(a, b->gate[k]))
            k++;
        if (a->gate[i] != b->gate[k++])
            return false;
    }
    return true;
}

static void add_gate_order(struct gathering *g, unsigned list)
{
    const struct way *w = &g->way;
    const struct kvm_gate_list *was = gates_of(w->at[0], list);
    struct lab_decision *d;
    unsigned i = 1;

    if (same_order(was, gates_of(w->at[w->n - 1], list)))
        return;
    while (same_order(was, gates_of(w->at[i], list)))
        i++;
    d = add(g, i, gates_of(maker(w, i), list)->list_because);
    d->key = pool_printf(w->pool, "%s.order", list_keys[list]);
    d->change = "another order";
    d->last = true;
    d->turn = (struct lab_turn) { TURN_GATE_ORDER, list, 0, w->at[w->n - 1] };
}

int lab_decisions(struct pool *pool, struct catalog *c, const char *from,
                  const char *to, struct lab_decisions *out, struct err *e)
{
    struct gathering g = { .way.pool = pool, .out = out };

    *out = (struct lab_decisions) { 0 };
    if (find_way(&g.way, c, from, to, e))
        return -1;
    out->from = *g.way.at[0];
    out->to = *g.way.at[g.way.n - 1];
    for (unsigned slot = 0; slot < N_KVM_SLOTS; slot++)
        add_slot(&g, slot);
    add_setup(&g);
    for (unsigned list = 0; list < N_GATE_LISTS; list++) {
        add_gate_order(&g, list);
        for (unsigned gate = 0; gate < N_KVM_GATES; gate++)
            add_gate(&g, list, gate);
    }
    return 0;
}
