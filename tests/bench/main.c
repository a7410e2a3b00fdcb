/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/main.c - `make bench`: one line per figure, tab-separated: name, value,
 * unit, ratio, what the ratio is to ("-" where none).
 */
#include "bench/bench.h"

#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 50

extern char **environ;

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
    if (status) {
        fprintf(stderr, "bench: %s run %s failed\n", nptsim, scenario);
        exit(EXIT_FAILURE);
    }
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
    if (argc > 1)
        bench_scenario(argv[1]);
    return EXIT_SUCCESS;
}
