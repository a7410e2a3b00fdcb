/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/main.c - `make bench`: one line per figure, tab-separated: name, value,
 * unit, ratio, what the ratio is to ("-" where none).
 */
#include "bench/bench.h"

#include "load.h"

#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS      50
#define RATE_ROUNDS 10

extern char **environ;

static _Noreturn void bench_fail(const char *why)
{
    fprintf(stderr, "bench: %s\n", why);
    exit(EXIT_FAILURE);
}

double bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void bench_line(const char *name, double value, const char *unit, double ratio,
                const char *to)
{
    if (to)
        printf("%s\t%.1f\t%s\t%.2f\t%s\n", name, value, unit, ratio, to);
    else
        printf("%s\t%.1f\t%s\t-\t-\n", name, value, unit);
    fflush(stdout);
}

double bench_best(void (*round)(void *ctx, unsigned turns), void *ctx,
                  unsigned turns)
{
    double best = 1e9;

    for (unsigned i = 0; i < ROUNDS; i++) {
        double t = bench_now();

        round(ctx, turns);
        t = bench_now() - t;
        if (t < best)
            best = t;
    }
    return best * 1e9 / turns;
}

/* ---- on one core and on all ---- */

struct worker {
    const struct bench_work *work;
    pthread_t thread;
    pthread_barrier_t *begin, *end;
};

static void *labour(void *arg)
{
    struct worker *w = arg;
    void *own = w->work->create();

    for (unsigned i = 0; i <= RATE_ROUNDS; i++) { /* one to warm up */
        pthread_barrier_wait(w->begin);
        w->work->round(own, w->work->turns);
        pthread_barrier_wait(w->end);
    }
    w->work->destroy(own);
    return NULL;
}

/* Seconds of the best round of @n threads side by side. */
static double best_round(const struct bench_work *work, unsigned n)
{
    struct worker w[BENCH_CORES];
    pthread_barrier_t begin, end;
    double best = 1e9;

    pthread_barrier_init(&begin, NULL, n + 1);
    pthread_barrier_init(&end, NULL, n + 1);
    for (unsigned i = 0; i < n; i++) {
        w[i] = (struct worker) { work, 0, &begin, &end };
        if (pthread_create(&w[i].thread, NULL, labour, &w[i]))
            bench_fail("no thread");
    }
    for (unsigned i = 0; i <= RATE_ROUNDS; i++) {
        double t;

        pthread_barrier_wait(&begin);
        t = bench_now();
        pthread_barrier_wait(&end);
        t = bench_now() - t;
        if (i && t < best)
            best = t;
    }
    for (unsigned i = 0; i < n; i++)
        pthread_join(w[i].thread, NULL);
    return best;
}

void bench_rate(const char *name, const struct bench_work *work,
                const char *unit, double scale)
{
    double one = work->turns / best_round(work, 1) / scale;
    double all =
        BENCH_CORES * work->turns / best_round(work, BENCH_CORES) / scale;
    char cores[64];

    snprintf(cores, sizeof(cores), "%s.%ucores", name, BENCH_CORES);
    bench_line(name, one, unit, 0, NULL);
    bench_line(cores, all, unit, all / one, name);
}

/* ---- models ---- */

const struct cpu_file *bench_cpu(struct pool *pool, const char *name)
{
    struct catalog *catalog = catalog_open(pool, "models");
    struct err e = { 0 };
    const struct cpu_file *f =
        catalog_cpu(catalog, name, (struct mark) { 0 }, &e);

    if (!f)
        bench_fail(e.msg);
    return f;
}

const struct kernel_file *bench_kernel(struct pool *pool, const char *name)
{
    struct catalog *catalog = catalog_open(pool, "models");
    struct err e = { 0 };
    const struct kernel_file *f =
        catalog_kernel(catalog, name, (struct mark) { 0 }, &e);

    if (!f)
        bench_fail(e.msg);
    return f;
}

/* Run the program on one scenario, its output thrown away; seconds. */
static double run_once(const char *nptsim, const char *scenario)
{
    char *argv[] = { (char *)(uintptr_t)nptsim, (char *)(uintptr_t) "run",
                     (char *)(uintptr_t)scenario, NULL };
    posix_spawn_file_actions_t quiet;
    double start = bench_now();
    int status = 1;
    pid_t pid;

    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", 1, 0);
    if (posix_spawn(&pid, nptsim, &quiet, NULL, argv, environ) == 0)
        waitpid(pid, &status, 0);
    posix_spawn_file_actions_destroy(&quiet);
    if (status)
        bench_fail("the program failed on its scenario");
    return bench_now() - start;
}

static void bench_scenario(const char *nptsim)
{
    double best = 1e9;

    for (int i = 0; i < 20; i++) {
        double t =
            run_once(nptsim, "scenarios/lessons/05-hidden-registers.yaml");

        if (t < best)
            best = t;
    }
    bench_line("scenario.start", best * 1e3, "ms", 0, NULL);
}

/* nptsim-bench [NPTSIM [NAME]]: only the figures whose name begins with NAME.
 */
static bool wanted(int argc, char **argv, const char *name)
{
    return argc < 3 || strncmp(name, argv[2], strlen(argv[2])) == 0;
}

int main(int argc, char **argv)
{
    double chain = bench_chain();

    if (wanted(argc, argv, "walk.4k4k.hot"))
        bench_walk(chain);
    if (wanted(argc, argv, "tlb.hit"))
        bench_tlb(chain);
    if (wanted(argc, argv, "gating.policy"))
        bench_gating();
    if (wanted(argc, argv, "gating.machine"))
        bench_machines();
    if (wanted(argc, argv, "sweep"))
        bench_sweep();
    if (wanted(argc, argv, "prove"))
        bench_proofs();
    if (argc > 1 && wanted(argc, argv, "scenario.start"))
        bench_scenario(argv[1]);
    return EXIT_SUCCESS;
}
