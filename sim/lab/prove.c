/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/prove.c - every state of a space against the invariants, on all cores.
 *
 * What each state said is counted, and violated ones are kept as bits of a set,
 * by number: so the answer does not depend on who asked which state when.
 */
#include "lab/proof.h"

#include <stdlib.h>
#include <string.h>

#define WORD_BITS 64

/* States that a thread takes at a time; whole words of the sets. */
#define POLICY_CHUNK  (256 * WORD_BITS)
#define MACHINE_CHUNK WORD_BITS

static bool can_ask(enum lab_depth depth, enum invariant i)
{
    return depth == LAB_MACHINE || i == MMIO_FAULTS || i == SEV_ES_CAN_MMIO ||
           i == CACHING_NOT_WASTED;
}

/* ---- states by number ---- */

void proof_host(const struct lab_proof *p, uint64_t state,
                struct policy_host *host)
{
    lab_space_host(&p->q->space, state / p->n_types, host);
}

enum vm_type proof_type(const struct lab_proof *p, uint64_t state)
{
    return p->type[state % p->n_types];
}

uint64_t proof_next(const struct lab_proof *p, enum invariant i, uint64_t from)
{
    const uint64_t *set = p->finding[i].set;

    while (from < p->states) {
        uint64_t word = set[from / WORD_BITS] >> from % WORD_BITS;

        if (word)
            return from + (uint64_t)__builtin_ctzll(word);
        from = (from / WORD_BITS + 1) * WORD_BITS;
    }
    return p->states;
}

/* Which VMs are worth creating for what is asked. */
static unsigned choose_types(const struct lab_question *q,
                             enum vm_type type[LAB_N_VM_TYPES])
{
    static const enum vm_type all[] = { VM_PLAIN, VM_SEV, VM_SEV_ES };

    if (q->depth == LAB_POLICY) {
        type[0] = VM_SEV_ES; /* as which a counterexample is told */
        return 1;
    }
    for (unsigned i = 0; i < N_INVARIANTS; i++)
        if (q->asked[i] && i != SEV_ES_CAN_MMIO) {
            memcpy(type, all, sizeof(all));
            return ARRAY_SIZE(all);
        }
    type[0] = VM_SEV_ES;
    return 1;
}

uint64_t lab_states(const struct lab_question *q)
{
    enum vm_type type[LAB_N_VM_TYPES];
    uint64_t n = lab_space_points(&q->space);

    return __builtin_mul_overflow(n, choose_types(q, type), &n) ? UINT64_MAX
                                                                : n;
}

/* ---- one thread ---- */

struct prover {
    struct pool *pool;
    struct policy_asker *policy;
    struct machine_asker *machine;
    uint64_t skipped, tested[N_INVARIANTS], violated[N_INVARIANTS];
};

static void *begin(void *ctx)
{
    const struct lab_proof *p = ctx;
    struct pool *pool = pool_create();
    struct prover *w = pool_alloc(pool, sizeof(*w));

    w->pool = pool;
    if (p->q->depth == LAB_POLICY)
        w->policy = policy_asker_create(pool, p->q);
    else
        w->machine = machine_asker_create(pool, p->q);
    return w;
}

static void note(struct lab_proof *p, struct prover *w, uint64_t state,
                 struct state_verdict v)
{
    w->skipped += v.skipped;
    for (unsigned i = 0; i < N_INVARIANTS; i++) {
        uint64_t *set = p->finding[i].set;

        if (!set || !(v.tested >> i & 1))
            continue;
        w->tested[i]++;
        if (!(v.violated >> i & 1))
            continue;
        w->violated[i]++;
        /* No other thread has a chunk with this word. */
        set[state / WORD_BITS] |= BIT(state % WORD_BITS);
    }
}

static void ask_policies(void *ctx, void *own, uint64_t from, uint64_t to)
{
    struct lab_proof *p = ctx;
    struct prover *w = own;
    struct policy_host host;

    lab_space_host(&p->q->space, from, &host);
    for (uint64_t i = from; i < to; i++) {
        if (i > from)
            lab_space_next(&p->q->space, i, &host);
        note(p, w, i, policy_ask(w->policy, &host));
    }
}

static void ask_machines(void *ctx, void *own, uint64_t from, uint64_t to)
{
    struct lab_proof *p = ctx;
    struct prover *w = own;

    for (uint64_t i = from; i < to; i++) {
        struct policy_host host;

        proof_host(p, i, &host);
        note(p, w, i, machine_ask(w->machine, &host, proof_type(p, i)));
    }
}

static void end(void *ctx, void *own)
{
    struct lab_proof *p = ctx;
    struct prover *w = own;

    p->skipped += w->skipped;
    for (unsigned i = 0; i < N_INVARIANTS; i++) {
        p->finding[i].tested += w->tested[i];
        p->finding[i].violated += w->violated[i];
    }
    pool_destroy(w->pool);
}

/* ---- all of it ---- */

void lab_prove(const struct lab_question *q, struct lab_proof *p)
{
    bool policy = q->depth == LAB_POLICY;
    struct lab_loop loop = {
        .chunk = policy ? POLICY_CHUNK : MACHINE_CHUNK,
        .jobs = q->jobs,
        .begin = begin,
        .work = policy ? ask_policies : ask_machines,
        .end = end,
        .ctx = p,
        .tick = q->tick,
        .tick_ctx = q->tick_ctx,
    };

    *p = (struct lab_proof) { .q = q, .states = lab_states(q) };
    BUG_ON(p->states > LAB_MAX_STATES);
    p->n_types = choose_types(q, p->type);
    for (unsigned i = 0; i < N_INVARIANTS; i++) {
        if (!q->asked[i] || !can_ask(q->depth, i))
            continue;
        p->finding[i].set =
            calloc(p->states / WORD_BITS + 1, sizeof(*p->finding[i].set));
        BUG_ON(!p->finding[i].set);
    }
    loop.points = p->states;
    p->done = lab_parallel(&loop);
}

void lab_proof_free(struct lab_proof *p)
{
    for (unsigned i = 0; i < N_INVARIANTS; i++)
        free(p->finding[i].set);
}
