/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle/main.c - random vectors, answered by the hardware and by the oracle.
 *
 * usage: oracle check|vectors|answers [COUNT [FROM [SEED]]]
 *
 * Vectors FROM .. FROM+COUNT-1 of a seed; a long run that was cut short goes on
 * at the last number that it printed. A disagreement is printed as a line for
 * `nptsim batch walk`, without the memory that does not matter to it. "vectors"
 * prints such lines, "answers" what the oracle expects `batch walk` to answer.
 */
#include "oracle/oracle.h"
#include "oracle/random.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS      2
#define MAX_SHOWN 5
#define MAX_WHY   16

struct range {
    uint64_t count, from, seed;
};

struct tally {
    uint64_t compared, unknown, disagree;
    uint64_t outcomes[WALK_INVALID + 1];
    struct {
        const char *why;
        uint64_t n;
    } skipped[MAX_WHY];
};

static void count_skip(struct tally *t, const char *why, uint64_t n)
{
    unsigned i = 0;

    while (i < MAX_WHY - 1 && t->skipped[i].why &&
           strcmp(t->skipped[i].why, why) != 0)
        i++;
    t->skipped[i].why = why;
    t->skipped[i].n += n;
}

static const char *judge(struct cpu *c, const struct trial *v,
                         struct answer *hw, struct answer *oracle)
{
    *oracle = oracle_walk(v);
    if (oracle->unknown || trial_run(c, v, hw))
        return NULL;
    return answers_differ(hw, oracle);
}

/* Leave out every word that the disagreement can do without. */
static void minimise(struct cpu *c, struct trial *v)
{
    struct answer hw, oracle;

    for (unsigned i = v->mem.n; i-- > 0;) {
        struct trial less = *v;

        less.mem.n--;
        less.mem.at[i] = less.mem.at[less.mem.n];
        if (judge(c, &less, &hw, &oracle))
            *v = less;
    }
}

static void show(struct cpu *c, const struct trial *v, uint64_t number)
{
    struct trial small = *v;
    struct answer hw, oracle;
    const char *what;
    char id[32];

    minimise(c, &small);
    what = judge(c, &small, &hw, &oracle);
    snprintf(id, sizeof(id), "random-%" PRIu64, number);
    printf("vector %" PRIu64 ": another %s\n", number, what);
    printf("  hardware: ");
    answer_print(stdout, &small, &hw);
    printf("  oracle:   ");
    answer_print(stdout, &small, &oracle);
    trial_print(stdout, &small, id);
    fflush(stdout);
}

static void one(struct cpu *c, struct tally *t, uint64_t seed, uint64_t number)
{
    struct answer hw, oracle;
    struct trial v;
    const char *why;

    trial_random(&v, seed, number);
    why = trial_run(c, &v, &hw);
    if (why) {
        count_skip(t, why, 1);
        return;
    }
    oracle = oracle_walk(&v);
    if (oracle.unknown) {
        t->unknown++;
        return;
    }
    t->compared++;
    t->outcomes[oracle.outcome]++;
    if (answers_differ(&hw, &oracle) && t->disagree++ < MAX_SHOWN)
        show(c, &v, number);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Every JOBS-th vector, from @job on. */
static struct tally work(unsigned job, const struct range *r)
{
    static const struct cpu_model blank = { .name = "blank",
                                            .maxphyaddr_raw = 48,
                                            .linear_bits = 48 };
    struct pool *pool = pool_create();
    struct cpu *c = cpu_create(pool, &blank, NULL);
    struct tally t = { 0 };
    double start = now(), told = start;

    for (uint64_t i = job; i < r->count; i += JOBS) {
        one(c, &t, r->seed, r->from + i);
        if (job == 0 && (i & 1023) == 0 && now() - told > 60) {
            told = now();
            printf("at vector %" PRIu64 ", %.0f per second\n", r->from + i,
                   (double)i / (told - start));
            fflush(stdout);
        }
    }
    pool_destroy(pool);
    return t;
}

/* Reasons are static texts; after fork() both processes have the same. */
static void add(struct tally *sum, const struct tally *t)
{
    sum->compared += t->compared;
    sum->unknown += t->unknown;
    sum->disagree += t->disagree;
    for (unsigned i = 0; i <= WALK_INVALID; i++)
        sum->outcomes[i] += t->outcomes[i];
    for (unsigned i = 0; i < MAX_WHY && t->skipped[i].why; i++)
        count_skip(sum, t->skipped[i].why, t->skipped[i].n);
}

static void report(const struct tally *t, uint64_t count, double seconds)
{
    for (unsigned i = 0; i < MAX_WHY && t->skipped[i].why; i++)
        printf("ok - # SKIP %" PRIu64 " vectors: %s\n", t->skipped[i].n,
               t->skipped[i].why);
    if (t->unknown)
        printf("# oracle: %" PRIu64 " vectors about shadow stacks\n",
               t->unknown);
    printf("# oracle: ");
    for (unsigned i = 0; i <= WALK_INVALID; i++)
        printf("%s %" PRIu64 ", ", outcome_name((enum walk_outcome)i),
               t->outcomes[i]);
    printf("%.0f vectors per second\n", (double)count / seconds);
    printf("%s - the oracle agrees: %" PRIu64 " of %" PRIu64
           " random vectors compared, %" PRIu64 " differ\n",
           t->disagree ? "not ok" : "ok", t->compared, count, t->disagree);
}

/* Both processes work; one that dies is a failure. */
static int check(const struct range *r)
{
    struct tally sum = { 0 }, theirs;
    double start = now();
    int ends[2], status;
    pid_t child;

    if (pipe(ends) || (child = fork()) < 0) {
        perror("oracle");
        return EXIT_FAILURE;
    }
    if (child == 0) {
        sum = work(1, r);
        return write(ends[1], &sum, sizeof(sum)) == sizeof(sum) ? 0 : 1;
    }
    close(ends[1]);
    sum = work(0, r);
    if (read(ends[0], &theirs, sizeof(theirs)) != sizeof(theirs) ||
        waitpid(child, &status, 0) != child || status) {
        printf("not ok - the second process died\n");
        return EXIT_FAILURE;
    }
    add(&sum, &theirs);
    report(&sum, r->count, now() - start);
    return sum.disagree ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Those that `batch walk` and the oracle can both answer. */
static int print(const struct range *r, bool answers)
{
    for (uint64_t i = 0; i < r->count; i++) {
        struct answer a;
        struct trial v;
        char id[32];

        trial_random(&v, r->seed, r->from + i);
        if (walk_unsupported(&v.s))
            continue;
        a = oracle_walk(&v);
        if (a.unknown)
            continue;
        snprintf(id, sizeof(id), "random-%" PRIu64, r->from + i);
        if (answers)
            answer_json(stdout, &a, id);
        else
            trial_print(stdout, &v, id);
    }
    return EXIT_SUCCESS;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: oracle check|vectors|answers [COUNT [FROM [SEED]]]\n");
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct range r = { .count = 1000000, .from = 0, .seed = 1 };
    uint64_t *const numbers[] = { &r.count, &r.from, &r.seed };

    if (argc < 2 || argc > 5)
        return usage();
    for (int i = 2; i < argc; i++) {
        if (num_parse(argv[i], strlen(argv[i]), numbers[i - 2]) != NUM_OK)
            return usage();
    }
    if (strcmp(argv[1], "check") == 0)
        return check(&r);
    if (strcmp(argv[1], "vectors") == 0)
        return print(&r, false);
    if (strcmp(argv[1], "answers") == 0)
        return print(&r, true);
    return usage();
}
