/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * differential/generate.c - write a RAM file full of questions.
 *
 * generate FILE WIDTH LEVELS COUNT SEED. The walkers are asked first where each
 * access would lead: one that ends in memory which belongs to the machine, or
 * runs code that was not put there, says nothing about paging and is not asked.
 */
#include "differential/image.h"
#include "differential/recipes.h"
#include "differential/replay.h"

#include <stdio.h>
#include <string.h>

/* A recipe that is never askable would be our own bug. */
#define MAX_TRIES 10000

static bool is_ours(spa_t spa)
{
    return (spa >= ARENA_START && spa < ARENA_END) || spa >= FIRST_ABSENT;
}

static bool is_listed(const struct question *q, spa_t spa)
{
    for (unsigned i = 0; i < q->n_words; i++)
        if (q->word[i].spa == (spa & ~7ULL))
            return true;
    return false;
}

/* The instruction, or the VMMCALL of a fetch, must be what runs. */
static bool is_code(const struct question *q, spa_t spa)
{
    for (unsigned i = 0; i < q->n_words; i++)
        if (q->word[i].spa == spa && q->word[i].role == ROLE_DATA)
            return (spa & 0xfff) == (q->rip & 0xfff);
    return false;
}

/* What is written must be put back. */
static bool may_touch(const struct question *q, spa_t spa)
{
    return is_ours(spa) &&
           (q->kind == KIND_READ || spa >= FIRST_ABSENT || is_listed(q, spa));
}

static bool is_askable(const struct question *q, const struct replay *r)
{
    for (unsigned i = 0; i < r->n_visited; i++)
        if (!is_ours(r->visited[i].slot))
            return false;
    if (r->fetched && !is_code(q, r->code_spa))
        return false;
    if (!r->done || q->kind == KIND_FETCH)
        return true;
    return may_touch(q, r->data_spa) && may_touch(q, r->end_spa);
}

/* Both for our CPU and for one that goes on where QEMU does: see known.yaml. */
static bool is_safe(struct cpu *c, const struct cpu_model *m,
                    const struct question *q)
{
    struct question liberal = *q;
    struct cpu_model model = *m;
    struct replay r;

    replay(c, m, q, &r);
    if (!is_askable(q, &r))
        return false;
    replay_liberties(&liberal, &model);
    replay(c, &model, &liberal, &r);
    return is_askable(&liberal, &r);
}

static void fill(struct image *m, struct cpu *c, uint64_t n, uint64_t seed)
{
    unsigned width = (unsigned)m->control->width;
    struct cpu_model model = replay_model(width);
    struct builder b = { .width = width,
                         .host_levels = (unsigned)m->control->host_levels,
                         .random = seed };

    for (uint64_t i = 0; i < n; i++) {
        unsigned tries = 0;

        b.q = &m->question[i];
        do {
            BUG_ON(++tries > MAX_TRIES);
            b.q->id = i;
            group_build(&b, (unsigned)(i % N_GROUPS));
            BUG_ON(replay_unsupported(b.q));
        } while (!is_safe(c, &model, b.q));
        b.q->sum = question_sum(b.q);
    }
}

static int usage(void)
{
    fprintf(stderr,
            "usage: generate FILE WIDTH LEVELS COUNT SEED\n"
            "  WIDTH 32..52, LEVELS 3..5, COUNT 1..%llu\n",
            (unsigned long long)MAX_QUESTIONS);
    return 2;
}

int main(int argc, char **argv)
{
    uint64_t number[4];
    struct err e = { 0 };
    struct image m;
    struct cpu_model blank = replay_model(48);
    struct pool *pool;

    if (argc != 6)
        return usage();
    for (int i = 0; i < 4; i++)
        if (num_parse(argv[2 + i], strlen(argv[2 + i]), &number[i]) != NUM_OK)
            return usage();
    if (number[0] < 32 || number[0] > 52 || number[1] < 3 || number[1] > 5 ||
        number[2] < 1 || number[2] > MAX_QUESTIONS)
        return usage();
    if (image_create(&m, argv[1], &e)) {
        fprintf(stderr, "generate: %s: %s\n", e.at.file, e.msg);
        return 65;
    }
    *m.control = (struct control) { .magic = QUESTION_MAGIC,
                                    .width = number[0],
                                    .n_questions = number[2],
                                    .host_levels = number[1],
                                    .running = NO_QUESTION };
    pool = pool_create();
    fill(&m, cpu_create(pool, &blank, NULL), number[2], number[3]);
    pool_destroy(pool);
    image_close(&m);
    return 0;
}
