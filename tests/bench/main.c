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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 50

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

struct measurement {
    double (*rate)(void);
    double result;
    pthread_barrier_t *start;
};

static void *measure(void *arg)
{
    struct measurement *m = arg;

    pthread_barrier_wait(m->start);
    m->result = m->rate();
    return NULL;
}

double bench_on_all_cores(double (*rate)(void))
{
    struct measurement m[BENCH_CORES];
    pthread_t thread[BENCH_CORES];
    pthread_barrier_t start;
    double sum = 0;

    pthread_barrier_init(&start, NULL, BENCH_CORES);
    for (unsigned i = 0; i < BENCH_CORES; i++) {
        m[i] = (struct measurement) { rate, 0, &start };
        if (pthread_create(&thread[i], NULL, measure, &m[i]))
            bench_fail("no thread");
    }
    for (unsigned i = 0; i < BENCH_CORES; i++) {
        pthread_join(thread[i], NULL);
        sum += m[i].result;
    }
    pthread_barrier_destroy(&start);
    return sum;
}

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

int main(int argc, char **argv)
{
    double chain = bench_chain();

    bench_walk(chain);
    bench_tlb(chain);
    bench_gating();
    bench_machines();
    if (argc > 1)
        bench_scenario(argv[1]);
    return EXIT_SUCCESS;
}
