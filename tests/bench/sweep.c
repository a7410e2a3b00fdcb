/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/sweep.c - what a point of a sweep costs: on the way to its machine, and
 * as a whole, answer and file included.
 */
#include "bench/bench.h"

#include "render.h"
#include "sweep.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 5
#define MATRIX "tests/bench/sweep.yaml"

struct matrix_file {
    struct pool *pool, *point;
    struct catalog *catalog;
    struct scenario_file *file;
    uint64_t points;
};

static void open_file(struct matrix_file *m)
{
    struct err e = { 0 };

    m->pool = pool_create();
    m->point = pool_create();
    m->catalog = catalog_open(m->pool, "models");
    if (scenario_file_load(m->pool, m->catalog, MATRIX, NULL, 0, &m->file,
                           &e)) {
        fprintf(stderr, "bench: %s: %s\n", MATRIX, e.msg);
        exit(EXIT_FAILURE);
    }
    m->points = scenario_file_points(m->file);
}

static void close_file(struct matrix_file *m)
{
    pool_destroy(m->point);
    pool_destroy(m->pool);
}

/* From the number of a point to its configuration. */
static void bind(void *ctx, unsigned turns)
{
    struct matrix_file *m = ctx;
    struct scenario s;
    struct err e = { 0 };

    for (unsigned i = 0; i < turns; i++) {
        BUG_ON(scenario_file_point(m->file, m->point, i % m->points, &s, &e));
        pool_reset(m->point);
    }
}

/* ---- the whole ---- */

static void put(struct buf *out, const struct lab_answer *a)
{
    const struct point_record r = { .point = a->point,
                                    .judge = a->judge,
                                    .counts = a->counts };

    render_point(out, &r);
}

static int drop(const char *path, const struct stat *st, int flag,
                struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

/* Seconds of one sweep into a new folder. */
static double sweep(const struct matrix_file *m, unsigned jobs)
{
    char dir[] = "/tmp/nptsim-bench-XXXXXX";
    struct lab_manifest manifest = { .scenario = scenario_file_name(m->file),
                                     .points = m->points,
                                     .shard = 1,
                                     .shards = 1 };
    struct lab_sweep s = {
        .file = m->file, .manifest = &manifest, .jobs = jobs, .put = put
    };
    struct err e = { 0 };
    double t;

    lab_manifest_share(&manifest);
    BUG_ON(!mkdtemp(dir));
    t = bench_now();
    s.store = lab_store_open(dir, &manifest, &e);
    BUG_ON(!s.store || lab_sweep_run(&s, &e) != LAB_SWEEP_DONE);
    BUG_ON(lab_store_totals(s.store).points != m->points);
    lab_store_close(s.store);
    t = bench_now() - t;
    nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
    return t;
}

static double best_sweep(const struct matrix_file *m, unsigned jobs)
{
    double best = 1e9;

    for (unsigned i = 0; i < ROUNDS; i++) {
        double t = sweep(m, jobs);

        if (t < best)
            best = t;
    }
    return (double)m->points / best;
}

void bench_sweep(void)
{
    struct matrix_file m;
    double one, all;

    open_file(&m);
    bench_line("sweep.bind", bench_best(bind, &m, (unsigned)m.points), "ns", 0,
               NULL);
    one = best_sweep(&m, 1);
    all = best_sweep(&m, BENCH_CORES);
    bench_line("sweep.point", one, "points/s", 0, NULL);
    bench_line("sweep.point.2cores", all, "points/s", all / one, "sweep.point");
    close_file(&m);
}
