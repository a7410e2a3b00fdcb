/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/batch_gating.c - `nptsim batch gating`: one host per row in, what KVM
 * concludes about it out.
 *
 * For differential tests against tables that a real kernel's functions made:
 * the column names are theirs. Each row becomes a whole machine, on which the
 * kernel model boots and loads KVM; no shortcut around the CPU. Or the rows are
 * put to such functions themselves, where somebody has a library of them.
 */
#include "cli/batch.h"
#include "cli/batch_table.h"

struct gating {
    const struct batch_kernel *kernel;
    struct lab_bench *bench;
    const struct kvm_module *m;
    struct kvm_module reloaded;
    struct policy_result result;
};

/* Results: the columns of a policy, then details, which a text cannot tell. */
static const char *result_name(unsigned r)
{
    return r < n_policy_columns ? policy_columns[r].name
                                : lab_detail_name(r - n_policy_columns);
}

static bool is_extra(unsigned r)
{
    return r >= n_policy_columns || policy_columns[r].extra;
}

static void ask_text(struct gating *g, const struct batch_row *row)
{
    const struct policy_text *text = g->kernel->text;

    text->load(&row->host, &g->result);
    for (uint64_t i = 0; i < row->reloads; i++)
        text->reload(&row->host, &g->result);
}

static void ask(void *ctx, const struct batch_row *row)
{
    struct gating *g = ctx;

    if (g->kernel->text)
        return ask_text(g, row);
    g->m = lab_load(g->bench, g->kernel->model, &row->host);
    if (row->reloads) {
        g->reloaded = *g->m;
        g->m = &g->reloaded;
    }
    for (uint64_t i = 0; i < row->reloads; i++)
        kvm_module_reload(&g->reloaded);
    lab_result(g->m, &g->result);
}

static void put(void *ctx, struct buf *b, unsigned r)
{
    const struct gating *g = ctx;

    if (r < n_policy_columns)
        policy_put(b, &g->result, r);
    else
        lab_detail_put(b, g->m, r - n_policy_columns);
}

int batch_gating(FILE *in, const char *in_name, FILE *out,
                 const struct batch_kernel *k, const char *columns,
                 struct err *e)
{
    struct pool *pool = pool_create();
    struct gating g = { .kernel = k, .bench = lab_bench_create(pool) };
    const struct batch_kind kind = {
        .host = policy_default_host(),
        .n_results = n_policy_columns + (k->text ? 0 : n_lab_details),
        .result_name = result_name,
        .is_extra = is_extra,
        .ask = ask,
        .put = put,
        .ctx = &g,
    };
    int ret = batch_table(&kind, in, in_name, out, columns, e);

    pool_destroy(pool);
    return ret;
}
