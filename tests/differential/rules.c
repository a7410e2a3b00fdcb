/* SPDX-License-Identifier: GPL-2.0-only */
/* differential/rules.c - apply what is known of QEMU to our own answer. */
#include "differential/rules.h"

#include <string.h>

bool answers_equal(const struct question *q, const struct answer *a,
                   const struct answer *b)
{
    return a->exit_code == b->exit_code && a->info1 == b->info1 &&
           a->info2 == b->info2 && a->rax == b->rax &&
           memcmp(a->word, b->word, q->n_words * sizeof(a->word[0])) == 0;
}

static const char *exit_word(uint64_t code)
{
    switch (code) {
    case EXIT_VMMCALL:
        return "ok";
    case EXIT_NPF:
        return "npf";
    case EXIT_EXC + VEC_PF:
        return "pf";
    case EXIT_EXC + VEC_GP:
        return "gp";
    case EXIT_INVALID:
        return "invalid";
    default:
        return "other";
    }
}

static bool applies(const struct rule *r, const struct question *q,
                    const struct answer *ours)
{
    const char *word = exit_word(ours->exit_code);
    bool exit = r->n_exits == 0;

    for (unsigned i = 0; i < r->n_exits; i++)
        exit |= strcmp(r->exits[i], word) == 0;
    return exit && (ours->info1 & r->info1_has) == r->info1_has &&
           !(q->h_efer & r->h_efer_lacks);
}

/* Change the question as the rule sees it; false: nothing to change. */
static bool change_question(const struct rule *r, unsigned width,
                            struct question *q)
{
    bool changed = false;

    switch (r->effect) {
    case EFFECT_IGNORE_ENTRY_BITS:
        changed = question_clear(q, ROLE_GUEST, r->level, r->mask);
        changed |= question_clear(q, ROLE_NESTED, r->level, r->mask);
        break;
    case EFFECT_NCR3_UNCHECKED:
        changed = q->ncr3 & bits(51, width);
        if (changed)
            q->ncr3 = ARENA_END - PAGE_SIZE_4K; /* nothing is ever there */
        break;
    case EFFECT_GPA_ALIASED:
        changed = question_alias(q, width);
        break;
    case EFFECT_CLEAR_INFO1:
    case EFFECT_CUT_EXIT_CODE:
    case EFFECT_ACCESSED_ON_FAULT:
        break;
    }
    return changed;
}

/*
 * A walk that fails has read its last entry in vain, unless that is a 1 GiB
 * leaf: QEMU marks a present PDPE that has no reserved bit in its upper half,
 * and only then looks whether it is a leaf.
 */
static bool is_marked(const struct question *q, const struct replay *r,
                      unsigned i, unsigned width)
{
    const struct walk_ref *ref = &r->visited[i];
    uint64_t efer = ref->npt ? q->h_efer : q->g_efer;
    uint64_t reserved = bits(51, width) | (efer & EFER_NXE ? 0 : PTE_NX);

    if (i + 1 < r->n_visited)
        return true;
    return ref->level == 3 && (ref->pte & PTE_P) && (ref->pte & PTE_PS) &&
           !(ref->pte & reserved);
}

static bool add_accessed(const struct question *q, struct replay *ours,
                         unsigned width)
{
    bool changed = false;

    for (unsigned i = 0; i < ours->n_visited; i++)
        for (unsigned k = 0; k < q->n_words; k++) {
            if (q->word[k].spa != ours->visited[i].slot ||
                !is_marked(q, ours, i, width))
                continue;
            changed |= !(ours->answer.word[k] & PTE_A);
            ours->answer.word[k] |= PTE_A;
        }
    return changed;
}

/* Change our answer as the rule sees it; false: nothing to change. */
static bool change_answer(const struct rule *r, const struct question *q,
                          unsigned width, struct replay *ours)
{
    struct answer before = ours->answer;

    switch (r->effect) {
    case EFFECT_CLEAR_INFO1:
        ours->answer.info1 &= ~r->mask;
        return ours->answer.info1 != before.info1;
    case EFFECT_CUT_EXIT_CODE:
        ours->answer.exit_code &= r->mask;
        return ours->answer.exit_code != before.exit_code;
    case EFFECT_ACCESSED_ON_FAULT:
        return add_accessed(q, ours, width);
    case EFFECT_IGNORE_ENTRY_BITS:
    case EFFECT_NCR3_UNCHECKED:
    case EFFECT_GPA_ALIASED:
        break;
    }
    return false;
}

/* What a changed question left out is still in memory, and in the address that
 * a nested fault tells. */
static void restore(const struct question *asked,
                    const struct question *changed, struct replay *r)
{
    uint64_t lost = asked->g_cr3 & ~changed->g_cr3;

    for (unsigned i = 0; i < asked->n_words; i++) {
        uint64_t gone = asked->word[i].value & ~changed->word[i].value;

        r->answer.word[i] |= gone;
        lost |= gone;
    }
    lost &= bits(51, 48);
    if (r->answer.exit_code == EXIT_NPF)
        r->answer.info2 |= asked->answer.info2 & lost;
}

/* Does the set @chosen, each of its rules having a part, explain QEMU? */
static bool try_rules(const struct rules *rules, unsigned chosen,
                      struct asker *a, const struct question *q)
{
    struct question changed = *q;
    unsigned used = 0, width = a->model.maxphyaddr_raw;
    struct replay ours;

    replay(a->cpu, &a->model, q, &ours);
    for (unsigned i = 0; i < rules->n; i++)
        if ((chosen >> i & 1) && applies(&rules->rule[i], q, &ours.answer) &&
            change_question(&rules->rule[i], width, &changed))
            used |= 1U << i;
    if (used) {
        replay(a->cpu, &a->model, &changed, &ours);
        restore(q, &changed, &ours);
    }
    for (unsigned i = 0; i < rules->n; i++)
        if ((chosen >> i & 1) && applies(&rules->rule[i], q, &ours.answer) &&
            change_answer(&rules->rule[i], q, width, &ours))
            used |= 1U << i;
    return used == chosen && answers_equal(q, &ours.answer, &q->answer);
}

bool rules_explain(struct rules *rules, struct asker *a,
                   const struct question *q)
{
    for (int size = 1; size <= (int)rules->n; size++)
        for (unsigned chosen = 1; chosen < 1U << rules->n; chosen++) {
            if (__builtin_popcount(chosen) != size ||
                !try_rules(rules, chosen, a, q))
                continue;
            for (unsigned i = 0; i < rules->n; i++)
                rules->rule[i].n_explained += chosen >> i & 1;
            return true;
        }
    return false;
}
