/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/progress.c - one line about a long computation, for a person. */
#include "cli/cli.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct cli_progress cli_progress_begin(const char *what, uint64_t total)
{
    double now = seconds();

    return (struct cli_progress) { .what = what,
                                   .total = total,
                                   .began = now,
                                   .stage = now,
                                   .is_tty = isatty(STDERR_FILENO) };
}

bool cli_progress_tick(void *progress, uint64_t done)
{
    struct cli_progress *p = progress;
    double now = seconds(), rate;

    if (!p->is_tty || now - p->began < 1)
        return true;
    rate = (double)(done - p->from) / (now - p->stage + 1e-9);
    fprintf(stderr, "\r%s %" PRIu64, p->what, done);
    if (p->total)
        fprintf(stderr, " of %" PRIu64, p->total);
    if (rate > 0)
        fprintf(stderr, ", %.0f/s", rate);
    if (p->total && rate > 0 && done <= p->total)
        fprintf(stderr, ", %.0f s left", (double)(p->total - done) / rate);
    fputs("\033[K", stderr);
    p->shown = true;
    return true;
}

void cli_progress_stage(struct cli_progress *p, const char *what, uint64_t done,
                        uint64_t total)
{
    if (p->what != what) {
        p->stage = seconds();
        p->from = done;
    }
    p->what = what;
    p->total = total;
    cli_progress_tick(p, done);
}

void cli_progress_end(struct cli_progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
}

/* ---- being told to stop ---- */

static sigset_t stop_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

void cli_stop_hold(void)
{
    sigset_t set = stop_signals();

    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

bool cli_stop_asked(void)
{
    const struct timespec now = { 0 };
    sigset_t set = stop_signals();

    return sigtimedwait(&set, NULL, &now) >= 0;
}
