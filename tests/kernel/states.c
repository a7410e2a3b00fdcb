/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * states.c - one host, or all of a space, put to model and text.
 */
#include "kernel/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- one state ---- */

static bool same_column(const struct policy_result *a,
                        const struct policy_result *b, unsigned column)
{
    const struct policy_column *c = &policy_columns[column];

    if (c->format == POLICY_TEXT)
        return strcmp((const char *)a + c->offset,
                      (const char *)b + c->offset) == 0;
    return policy_number(a, column) == policy_number(b, column);
}

void tell_host(const struct policy_host *host)
{
    struct policy_host plain = policy_default_host();
    const char *comma = "#   ";

    for (unsigned i = 0; i < N_POLICY_INPUTS; i++) {
        if (host->v[i] == plain.v[i])
            continue;
        printf(policy_inputs[i].radix == 16 ? "%s%s=%" PRIx64 : "%s%s=%" PRIu64,
               comma, policy_inputs[i].name, host->v[i]);
        comma = ", ";
    }
    printf("\n");
}

static void tell_column(const struct policy_result *model,
                        const struct policy_result *text, unsigned column)
{
    struct buf a = BUF_INIT, b = BUF_INIT;

    policy_put(&a, model, column);
    policy_put(&b, text, column);
    printf("#     %s: model '%s', text '%s'\n", policy_columns[column].name,
           a.data ? a.data : "", b.data ? b.data : "");
    buf_free(&a);
    buf_free(&b);
}

static bool same(const struct policy_result *model,
                 const struct policy_result *text)
{
    for (unsigned c = 0; c < n_policy_columns; c++)
        if (!same_column(model, text, c))
            return false;
    return true;
}

static void ask(const struct judge *j, struct lab_bench *bench,
                const struct policy_host *host, struct policy_result *model,
                struct policy_result *text)
{
    const struct kvm_module *m = lab_load(bench, j->model, host);
    struct kvm_module again;

    j->text->load(host, text);
    if (j->reload) {
        again = *m;
        kvm_module_reload(&again);
        m = &again;
        j->text->reload(host, text);
    }
    lab_result(m, model);
}

static void tell(const struct judge *j, const struct policy_host *host)
{
    struct policy_result model, text;

    ask(j, j->bench, host, &model, &text);
    tell_host(host);
    for (unsigned c = 0; c < n_policy_columns; c++)
        if (!same_column(&model, &text, c))
            tell_column(&model, &text, c);
}

/* ---- all states of a section, on all cores ---- */

/* Keep the smallest: which thread sees which points is chance. */
static void note(struct found *f, uint64_t point)
{
    for (unsigned i = 0; i < MAX_SHOWN; i++) {
        uint64_t at = f->at[i];

        if (point < at) {
            f->at[i] = point;
            point = at;
        }
    }
}

struct found found_none(void)
{
    struct found f = { .differ = 0 };

    for (unsigned i = 0; i < MAX_SHOWN; i++)
        f.at[i] = UINT64_MAX;
    return f;
}

struct worker {
    struct pool *pool;
    struct lab_bench *bench;
    struct found found;
};

static void *begin_worker(void *ctx)
{
    struct pool *pool = pool_create();
    struct worker *w = pool_alloc(pool, sizeof(*w));

    (void)ctx;
    w->pool = pool;
    w->bench = lab_bench_create(pool);
    w->found = found_none();
    return w;
}

static void work(void *ctx, void *own, uint64_t from, uint64_t to)
{
    const struct judge *j = ctx;
    struct worker *w = own;

    for (uint64_t i = from; i < to; i++) {
        struct policy_result model, text;
        struct policy_host host;

        lab_space_host(j->space, i * j->step, &host);
        ask(j, w->bench, &host, &model, &text);
        if (same(&model, &text))
            continue;
        w->found.differ++;
        note(&w->found, i * j->step);
    }
}

static void end_worker(void *ctx, void *own)
{
    struct judge *j = ctx;
    struct worker *w = own;

    j->found.differ += w->found.differ;
    for (unsigned i = 0; i < MAX_SHOWN; i++)
        note(&j->found, w->found.at[i]);
    pool_destroy(w->pool);
}

void verdict(struct judge *j, const char *name, uint64_t states)
{
    if (j->found.differ)
        printf("not ok %s: %" PRIu64 " of %" PRIu64 " states differ\n", name,
               j->found.differ, states);
    else
        printf("ok %s: %" PRIu64 " states\n", name, states);
    fflush(stdout);
    j->failed |= j->found.differ > 0;
}

/* A step that shares no factor with the axes meets all their values. */
static uint64_t step_for(uint64_t points, uint64_t states)
{
    uint64_t step = states && states < points ? points / states | 1 : 1;

    while (step > 1 &&
           (step % 3 == 0 || step % 5 == 0 || step % 7 == 0 || step % 17 == 0))
        step += 2;
    return step;
}

void judge_space(struct judge *j, const struct lab_space *space,
                 const char *name, uint64_t states)
{
    struct lab_loop loop = { .chunk = 4096,
                             .begin = begin_worker,
                             .work = work,
                             .end = end_worker,
                             .ctx = j };
    uint64_t points = lab_space_points(space);

    j->space = space;
    j->step = step_for(points, states);
    j->found = found_none();
    loop.points = (points + j->step - 1) / j->step;
    lab_parallel(&loop);
    for (unsigned i = 0; i < MAX_SHOWN && j->found.at[i] < UINT64_MAX; i++) {
        struct policy_host host;

        lab_space_host(space, j->found.at[i], &host);
        tell(j, &host);
    }
    verdict(j, name, loop.points);
}
