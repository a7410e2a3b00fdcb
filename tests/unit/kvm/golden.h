/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * golden.h - tables that real kernel functions made, as hosts to load KVM on.
 *
 * A column that a table lacks keeps the value of fake_host() or of the default
 * parameters. Also the kernels of models/kernels/ by name.
 */
#ifndef NPTSIM_TESTS_GOLDEN_H
#define NPTSIM_TESTS_GOLDEN_H

#include "kvm.h"
#include "load.h"
#include "unit/kvm/fake_wire.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* The model; it and its pool live until the test program ends. */
static inline const struct kernel_model *kernel_of(const char *name)
{
    static struct catalog *models;
    const struct kernel_file *f;
    struct err e = { 0 };

    if (!models)
        models = catalog_open(pool_create(), "models");
    f = catalog_kernel(models, name, (struct mark) { 0 }, &e);
    ck_assert_msg(f, "%s: %s", name, e.msg);
    return &f->model;
}

struct golden {
    FILE *pipe;
    struct pool *pool;
    struct csv *csv;
};

static inline struct golden golden_open(const char *name)
{
    struct golden g = { .pool = pool_create() };
    struct err e = { 0 };
    char command[256];

    snprintf(command, sizeof(command), "gzip -dc tests/data/golden/%s", name);
    g.pipe = popen(command, "r");
    ck_assert_ptr_nonnull(g.pipe);
    g.csv = csv_open(g.pool, g.pipe, name, &e);
    ck_assert_msg(g.csv, "%s: %s", name, e.msg);
    return g;
}

static inline bool golden_next(struct golden *g)
{
    struct err e = { 0 };
    int got = csv_next(g->csv, &e);

    ck_assert_msg(got >= 0, "%s", e.msg);
    return got;
}

static inline void golden_close(struct golden *g)
{
    ck_assert_int_eq(pclose(g->pipe), 0);
    pool_destroy(g->pool);
}

static inline bool golden_has(const struct golden *g, const char *column)
{
    return csv_column(g->csv, column) >= 0;
}

static inline bool golden_is(const struct golden *g, const char *column,
                             const char *text)
{
    struct csv_cell c = csv_cell(g->csv, (unsigned)csv_column(g->csv, column));

    return c.len == strlen(text) && memcmp(c.text, text, c.len) == 0;
}

static inline uint64_t golden_number(const struct golden *g, const char *column,
                                     unsigned radix)
{
    struct err e = { 0 };
    uint64_t v;

    csv_number(g->csv, (unsigned)csv_column(g->csv, column), radix, 0, ~0ULL,
               &v, &e);
    ck_assert_msg(!e.set, "%s", e.msg);
    return v;
}

static inline uint64_t golden_dec(const struct golden *g, const char *column)
{
    return golden_number(g, column, 10);
}

static inline uint64_t golden_hex(const struct golden *g, const char *column)
{
    return golden_number(g, column, 16);
}

/* Set or clear @bit of @word as the column says, if there is one. */
static inline void golden_flag(const struct golden *g, const char *column,
                               uint32_t *word, uint32_t bit)
{
    if (!golden_has(g, column))
        return;
    *word = golden_dec(g, column) ? *word | bit : *word & ~bit;
}

static inline struct fake_host golden_host(const struct golden *g)
{
    struct fake_host h = fake_host();

    h.raw = (unsigned)golden_dec(g, "raw_maxphyaddr");
    h.reduction = (unsigned)golden_dec(g, "pa_reduction");
    h.cbit = (unsigned)golden_dec(g, "cbit");
    h.mem_encrypt = golden_dec(g, "syscfg_memenc");
    golden_flag(g, "f_sev", &h.sev_eax, FAKE_SEV);
    golden_flag(g, "f_sev_es", &h.sev_eax, FAKE_SEV_ES);
    if (golden_has(g, "min_asid")) {
        h.min_asid = (uint32_t)golden_dec(g, "min_asid");
        h.max_asid = (uint32_t)golden_dec(g, "max_asid");
    }
    return h;
}

static inline struct kvm_params golden_params(const struct golden *g)
{
    struct kvm_params p = kvm_default_params();

    p.mmio_caching = golden_dec(g, "p_mmio_caching");
    p.npt = golden_dec(g, "p_npt");
    if (golden_has(g, "p_sev"))
        p.sev = golden_dec(g, "p_sev");
    if (golden_has(g, "p_sev_es"))
        p.sev_es = golden_dec(g, "p_sev_es");
    p.bug_l1tf = golden_dec(g, "bug_l1tf");
    p.x86_cache_bits = (unsigned)golden_dec(g, "x86_cache_bits");
    return p;
}

#endif
