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

static void turn_knob(enum rule_knob knob, struct cpu_knobs *k)
{
    switch (knob) {
    case RULE_BIT8_IGNORED:
        k->amd_bit8 = BIT8_IGNORED;
        break;
    case RULE_NPF_ID_NXE:
        k->npf_id_policy = NPF_ID_NXE;
        break;
    case RULE_WIDE_ALIAS:
        k->nested_wide_gpa = WIDE_ALIAS;
        break;
    }
}

/* Make CPU and question what QEMU sees; false: not what this rule is about. */
static bool change_question(const struct rule *r, struct cpu_model *m,
                            struct question *q)
{
    switch (r->effect) {
    case EFFECT_KNOB:
        turn_knob(r->knob, &m->knobs);
        break;
    case EFFECT_NCR3_UNCHECKED:
        if (!(q->h_efer & EFER_LMA))
            q->ncr3 &= PAE_ROOT;
        else if (q->ncr3 & bits(51, m->maxphyaddr_raw))
            q->ncr3 = ARENA_END - PAGE_SIZE_4K; /* nothing is ever there */
        break;
    case EFFECT_CR3_UNCHECKED: /* 32 bits are all that nested tables map */
        if (!(q->h_efer & EFER_LMA))
            q->g_cr3 &= bits(31, 0);
        break;
    case EFFECT_PSE36_40_BITS:
        if (q->mode == MODE_32BIT && m->maxphyaddr_raw < 40)
            m->maxphyaddr_raw = 40;
        break;
    case EFFECT_PDPTE_UNCHECKED:
        for (unsigned i = 0; i < q->n_words; i++)
            if (is_pdpte(q, &q->word[i]))
                q->word[i].value &= ~r->mask;
        break;
    case EFFECT_CLEAR_INFO1:
    case EFFECT_CUT_EXIT_CODE:
    case EFFECT_ACCESSED_ON_FAULT:
    case EFFECT_ACCESSED_IN_PDPTE:
        return false;
    }
    return true;
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

/* The accessed bit in every entry that the walks came through: in PAE PDPTEs,
 * or in all others. */
static void mark_accessed(const struct question *q, struct replay *ours,
                          unsigned width, bool pdptes)
{
    for (unsigned i = 0; i < ours->n_visited; i++) {
        spa_t slot = ours->visited[i].slot;

        for (unsigned k = 0; k < q->n_words; k++)
            if (q->word[k].spa == (slot & ~7ULL) &&
                is_pdpte(q, &q->word[k]) == pdptes &&
                is_marked(q, ours, i, width))
                ours->answer.word[k] |= PTE_A << 8 * (slot & 7);
    }
}

/* Make our answer what QEMU tells. */
static void change_answer(const struct rule *r, const struct question *q,
                          unsigned width, struct replay *ours)
{
    switch (r->effect) {
    case EFFECT_CLEAR_INFO1:
        ours->answer.info1 &= ~r->mask;
        break;
    case EFFECT_CUT_EXIT_CODE:
        ours->answer.exit_code &= r->mask;
        break;
    case EFFECT_ACCESSED_ON_FAULT:
        mark_accessed(q, ours, width, false);
        break;
    case EFFECT_ACCESSED_IN_PDPTE:
        mark_accessed(q, ours, width, true);
        break;
    case EFFECT_KNOB:
    case EFFECT_NCR3_UNCHECKED:
    case EFFECT_CR3_UNCHECKED:
    case EFFECT_PSE36_40_BITS:
    case EFFECT_PDPTE_UNCHECKED:
        break;
    }
}

/* Apply one rule of @pending that concerns what our answer is by now, and ask
 * again. Returns what is pending then; the same if there was none. */
static unsigned ask_again(const struct rules *rules, unsigned pending,
                          struct cpu *c, struct cpu_model *m,
                          struct question *q, struct replay *ours)
{
    for (unsigned i = 0; i < rules->n; i++)
        if ((pending >> i & 1) && applies(&rules->rule[i], q, &ours->answer) &&
            change_question(&rules->rule[i], m, q)) {
            replay(c, m, q, ours);
            return pending & ~(1U << i);
        }
    return pending;
}

/* Does the set @chosen explain QEMU's answer? Each rule of it looks at what the
 * others have made of our answer so far. */
static bool try_rules(const struct rules *rules, unsigned chosen,
                      struct asker *a, const struct question *q)
{
    struct cpu_model model = a->model;
    struct question changed = *q;
    unsigned pending = 0, left = chosen;
    struct replay ours;

    replay(a->cpu, &model, q, &ours);
    while (left != pending) {
        pending = left;
        left = ask_again(rules, pending, a->cpu, &model, &changed, &ours);
    }
    /* What the changed question left out is still in memory. */
    for (unsigned i = 0; i < q->n_words; i++)
        ours.answer.word[i] |= q->word[i].value & ~changed.word[i].value;
    for (unsigned i = 0; i < rules->n; i++)
        if ((chosen >> i & 1) && applies(&rules->rule[i], q, &ours.answer))
            change_answer(&rules->rule[i], q, a->model.maxphyaddr_raw, &ours);
    return answers_equal(q, &ours.answer, &q->answer);
}

bool rules_explain(struct rules *rules, struct asker *a,
                   const struct question *q)
{
    for (unsigned size = 1; size <= rules->n; size++)
        for (unsigned chosen = 1; chosen < 1U << rules->n; chosen++) {
            if ((unsigned)__builtin_popcount(chosen) != size ||
                !try_rules(rules, chosen, a, q))
                continue;
            for (unsigned i = 0; i < rules->n; i++)
                rules->rule[i].n_explained += chosen >> i & 1;
            return true;
        }
    return false;
}
