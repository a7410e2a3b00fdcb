/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/parallel.c - a loop over numbered points, on all cores.
 *
 * Threads take chunk after chunk; what they find lives in a state of their own
 * until the loop is over. The caller's thread works on none: it watches, tells
 * how far the loop is and may stop it.
 */
#include "lab.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MAX_JOBS 256
#define TICK_NS  100000000L

struct worker {
    struct crew *crew;
    pthread_t thread;
    void *own;
};

/* Everyone who takes part in one loop. */
struct crew {
    const struct lab_loop *loop;
    unsigned n;
    struct worker worker[MAX_JOBS];
    atomic_uint_fast64_t next, done;
    atomic_bool stop;
    /* For the one who waits. */
    pthread_mutex_t lock;
    pthread_cond_t quiet;
    unsigned working;
};

/* What 0 jobs stand for. */
static unsigned all_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (cores < 1)
        return 1;
    return cores < MAX_JOBS ? (unsigned)cores : MAX_JOBS;
}

static void work(struct worker *w)
{
    struct crew *crew = w->crew;
    const struct lab_loop *l = crew->loop;

    w->own = l->begin(l->ctx);
    while (!atomic_load(&crew->stop)) {
        uint64_t from = atomic_fetch_add(&crew->next, l->chunk), to;

        if (from >= l->points)
            break;
        to = l->points - from < l->chunk ? l->points : from + l->chunk;
        l->work(l->ctx, w->own, from, to);
        atomic_fetch_add(&crew->done, to - from);
    }
}

static void *thread(void *arg)
{
    struct worker *w = arg;
    struct crew *crew = w->crew;

    work(w);
    pthread_mutex_lock(&crew->lock);
    crew->working--;
    pthread_cond_signal(&crew->quiet);
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static void hire(struct crew *crew, unsigned jobs)
{
    while (crew->n < jobs) {
        struct worker *w = &crew->worker[crew->n];

        w->crew = crew;
        pthread_mutex_lock(&crew->lock);
        crew->working++;
        pthread_mutex_unlock(&crew->lock);
        if (pthread_create(&w->thread, NULL, thread, w)) {
            pthread_mutex_lock(&crew->lock);
            crew->working--;
            pthread_mutex_unlock(&crew->lock);
            return; /* fewer, then */
        }
        crew->n++;
    }
}

static struct timespec soon(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += TICK_NS;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_nsec -= 1000000000L;
        t.tv_sec++;
    }
    return t;
}

static void watch(struct crew *crew)
{
    const struct lab_loop *l = crew->loop;

    pthread_mutex_lock(&crew->lock);
    while (crew->working) {
        struct timespec until = soon();

        pthread_cond_timedwait(&crew->quiet, &crew->lock, &until);
        if (l->tick && !l->tick(l->tick_ctx, atomic_load(&crew->done)))
            atomic_store(&crew->stop, true);
    }
    pthread_mutex_unlock(&crew->lock);
}

uint64_t lab_parallel(const struct lab_loop *l)
{
    struct crew *crew = calloc(1, sizeof(*crew));
    unsigned jobs = l->jobs ? l->jobs : all_cores();
    uint64_t chunks, done;

    BUG_ON(!crew || !l->chunk || l->points > UINT64_MAX / 2);
    chunks = l->points / l->chunk + (l->points % l->chunk != 0);
    jobs = jobs < MAX_JOBS ? jobs : MAX_JOBS;
    jobs = jobs < chunks ? jobs : chunks ? (unsigned)chunks : 1;
    crew->loop = l;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->quiet, NULL);
    hire(crew, jobs);
    if (!crew->n) { /* no thread to be had: do it here */
        crew->worker[0].crew = crew;
        crew->n = 1;
        work(&crew->worker[0]);
    } else {
        watch(crew);
        for (unsigned i = 0; i < crew->n; i++)
            pthread_join(crew->worker[i].thread, NULL);
    }
    for (unsigned i = 0; i < crew->n; i++)
        l->end(l->ctx, crew->worker[i].own);
    done = atomic_load(&crew->done);
    pthread_cond_destroy(&crew->quiet);
    pthread_mutex_destroy(&crew->lock);
    free(crew);
    return done;
}
