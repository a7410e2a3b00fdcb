/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * differential/judge.c - compare QEMU's answers with ours.
 *
 * judge KNOWN.YAML FILE...: one TAP line per RAM file, then what each rule
 * explained. Status 1 if a question is unanswered or an answer unexplained.
 */
#include "differential/image.h"
#include "differential/recipes.h"
#include "differential/rules.h"

#include <stdio.h>

#define SHOWN 3 /* of the unexplained ones, in full */

struct score {
    uint64_t asked, equal, explained, unexplained;
};

static void show_answer(const char *who, const struct answer *a)
{
    printf("#   %-7s exit 0x%llx info1 0x%llx info2 0x%llx rax 0x%llx\n", who,
           (unsigned long long)a->exit_code, (unsigned long long)a->info1,
           (unsigned long long)a->info2, (unsigned long long)a->rax);
}

/* Registers and words as `nptsim batch walk` reads them; the code's own fetch,
 * which comes first, is a record of its own. */
static void show_question(unsigned width, const struct question *q)
{
    static const char *const kinds[] = { "read", "write", "rmw", "fetch" };

#define X(member) (unsigned long long)q->member
    printf("#   rip 0x%llx {\"cpu\":{\"maxphyaddr_raw\":%u},\"host\":{\"cr0\":"
           "\"0x%llx\",\"cr4\":\"0x%llx\",\"efer\":\"0x%llx\",\"ncr3\":"
           "\"0x%llx\"},",
           X(rip), width, X(h_cr0), X(h_cr4), X(h_efer), X(ncr3));
    printf("\"guest\":{\"cr0\":\"0x%llx\",\"cr3\":\"0x%llx\",\"cr4\":\"0x%llx\""
           ",\"efer\":\"0x%llx\",\"rflags\":\"0x%llx\",\"cpl\":%u,\"pkru\":"
           "\"0x%llx\"},\"mem\":{",
           X(g_cr0), X(g_cr3), X(g_cr4), X(g_efer), X(g_rflags), q->cpl,
           X(pkru));
    for (unsigned i = 0; i < q->n_words; i++)
        printf("%s\"0x%llx\":\"0x%llx\"", i ? "," : "", X(word[i].spa),
               X(word[i].value));
    printf("},\"access\":{\"gva\":\"0x%llx\",\"kind\":\"%s\",\"size\":%u}}\n",
           X(gva), kinds[q->kind], replay_access_len(q));
#undef X
}

static void show(unsigned width, const struct question *q,
                 const struct replay *ours)
{
    static const char *const modes[N_MODES] = {
        [MODE_4LEVEL] = "4-level", [MODE_5LEVEL] = "5-level",
        [MODE_PAE] = "PAE",        [MODE_32BIT] = "32-bit",
        [MODE_OFF] = "no",
    };

    printf("# unexplained: question %llu at width %u, %s guest, %s%s%s\n",
           (unsigned long long)q->id, width, modes[q->mode],
           q->group < N_GROUPS ? group_name(q->group) : "no group",
           ours->why ? ": " : "", ours->why ? ours->why : "");
    show_answer("nptsim", &ours->answer);
    show_answer("QEMU", &q->answer);
    for (unsigned i = 0; i < q->n_words; i++)
        if (ours->answer.word[i] != q->answer.word[i])
            printf("#   word 0x%llx, level %u of %s table: nptsim 0x%llx "
                   "QEMU 0x%llx\n",
                   (unsigned long long)q->word[i].spa, q->word[i].level,
                   q->word[i].role == ROLE_NESTED ? "a nested" : "a guest",
                   (unsigned long long)ours->answer.word[i],
                   (unsigned long long)q->answer.word[i]);
    show_question(width, q);
}

static struct score judge_image(const struct image *m, struct rules *rules,
                                struct asker *a)
{
    struct score s = { .asked = m->control->n_done };
    struct replay ours;

    for (uint64_t i = 0; i < s.asked; i++) {
        const struct question *q = &m->question[i];

        replay(a->cpu, &a->model, q, &ours);
        if (answers_equal(q, &ours.answer, &q->answer))
            s.equal++;
        else if (rules_explain(rules, a, q))
            s.explained++;
        else if (s.unexplained++ < SHOWN)
            show(a->model.maxphyaddr_raw, q, &ours);
    }
    return s;
}

static void show_stop(const struct control *c)
{
    if (c->running == NO_QUESTION)
        printf("# QEMU came to no question at all\n");
    else
        printf("# QEMU stopped at question %llu of %llu\n",
               (unsigned long long)c->running,
               (unsigned long long)c->n_questions);
}

/* One RAM file: a TAP line, and its score added to @total. */
static int judge_file(const char *path, struct rules *rules, struct cpu *cpu,
                      struct score *total)
{
    struct err e = { 0 };
    struct asker a = { .cpu = cpu };
    struct image m;
    struct score s;
    bool whole;

    if (image_open(&m, path, &e)) {
        printf("not ok %s: %s\n", e.at.file, e.msg);
        return -1;
    }
    a.model = replay_model((unsigned)m.control->width);
    s = judge_image(&m, rules, &a);
    whole = s.asked == m.control->n_questions;
    if (!whole)
        show_stop(m.control);
    printf("%s width %u, %u nested levels: %llu answers alike, %llu explained, "
           "%llu "
           "unexplained, %llu missing\n",
           whole && !s.unexplained ? "ok" : "not ok", a.model.maxphyaddr_raw,
           (unsigned)m.control->host_levels, (unsigned long long)s.equal,
           (unsigned long long)s.explained, (unsigned long long)s.unexplained,
           (unsigned long long)(m.control->n_questions - s.asked));
    total->asked += s.asked;
    total->equal += s.equal;
    total->explained += s.explained;
    total->unexplained += s.unexplained;
    image_close(&m);
    return whole && !s.unexplained ? 0 : -1;
}

static void report(const struct rules *rules, const struct score *s)
{
    printf("# %llu questions: %llu answered alike, %llu explained by a rule, "
           "%llu unexplained\n",
           (unsigned long long)s->asked, (unsigned long long)s->equal,
           (unsigned long long)s->explained,
           (unsigned long long)s->unexplained);
    for (unsigned i = 0; i < rules->n; i++)
        printf("# %8llu  %s%s\n",
               (unsigned long long)rules->rule[i].n_explained,
               rules->rule[i].name,
               rules->rule[i].n_explained
                   ? ""
                   : "  (explains nothing: has this QEMU changed?)");
}

static int judge(struct pool *pool, struct rules *rules, char **files, int n)
{
    struct cpu_model blank = replay_model(48);
    struct cpu *cpu = cpu_create(pool, &blank, NULL);
    struct score total = { 0 };
    int status = 0;

    for (int i = 0; i < n; i++)
        if (judge_file(files[i], rules, cpu, &total))
            status = 1;
    report(rules, &total);
    return status;
}

int main(int argc, char **argv)
{
    struct pool *pool;
    struct err e = { 0 };
    struct rules rules;
    int status = 65;

    if (argc < 3) {
        fprintf(stderr, "usage: judge KNOWN.YAML FILE...\n");
        return 2;
    }
    pool = pool_create();
    if (rules_read(pool, argv[1], &rules, &e))
        fprintf(stderr, "%s:%u:%u: error: %s\n", e.at.file, e.at.line, e.at.col,
                e.msg);
    else
        status = judge(pool, &rules, argv + 2, argc - 2);
    pool_destroy(pool);
    return status;
}
