/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sptes.c - MMIO SPTEs of random hosts, by the model and by the text.
 */
#include "kernel/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define N_SPTES     200000
#define IN_PROGRESS BIT(63)

/* Vigna's splitmix64: the same hosts in every run. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

static void random_host(uint64_t *state, struct policy_host *host)
{
    *host = policy_default_host();
    host->v[POLICY_RAW_MAXPHYADDR] = 36 + next_random(state) % 17;
    host->v[POLICY_PA_REDUCTION] = next_random(state) % 7;
    host->v[POLICY_CBIT] = 32 + next_random(state) % 32;
    host->v[POLICY_SYSCFG_MEMENC] = next_random(state) & 1;
    host->v[POLICY_P_MMIO_CACHING] = next_random(state) % 16 > 0;
    host->v[POLICY_P_NPT] = next_random(state) % 8 > 0;
    host->v[POLICY_BUG_L1TF] = next_random(state) % 8 == 0;
    host->v[POLICY_X86_CACHE_BITS] = 36 + next_random(state) % 17;
}

struct spte_question {
    uint64_t gfn, generation;
    unsigned access;
};

struct spte_answer {
    uint64_t max_gfn, spte, gfn, access, generation;
    uint64_t is_mmio, same, next, in_progress;
};

static uint64_t model_check(const struct kvm_module *m, uint64_t spte,
                            uint64_t generation)
{
    uint64_t now = kvm_make_mmio_spte(m, 0, 0, generation);

    return !(generation & IN_PROGRESS) && kvm_mmio_spte_generation(m, spte) ==
                                              kvm_mmio_spte_generation(m, now);
}

static struct spte_answer ask_model(const struct kvm_module *m,
                                    const struct spte_question *q)
{
    uint64_t spte = kvm_make_mmio_spte(m, q->gfn, q->access, q->generation);

    return (struct spte_answer) {
        .max_gfn = kvm_mmu_max_gfn(m),
        .spte = spte,
        .gfn = kvm_mmio_spte_gfn(m, spte),
        .access = kvm_mmio_spte_access(m, spte),
        .generation = kvm_mmio_spte_generation(m, spte),
        .is_mmio = kvm_is_mmio_spte(m, spte),
        .same = model_check(m, spte, q->generation),
        .next = model_check(m, spte, q->generation + 1),
        .in_progress = model_check(m, spte, q->generation | IN_PROGRESS),
    };
}

static struct spte_answer ask_text(const struct policy_text *t,
                                   const struct spte_question *q)
{
    uint64_t spte = t->make_mmio_spte(q->gfn, q->access, q->generation);

    return (struct spte_answer) {
        .max_gfn = t->max_gfn(),
        .spte = spte,
        .gfn = t->mmio_spte_gfn(spte),
        .access = t->mmio_spte_access(spte),
        .generation = t->mmio_spte_generation(spte),
        .is_mmio = t->is_mmio_spte(spte),
        .same = t->check_mmio_spte(spte, q->generation),
        .next = t->check_mmio_spte(spte, q->generation + 1),
        .in_progress = t->check_mmio_spte(spte, q->generation | IN_PROGRESS),
    };
}

static void tell_spte(const char *who, const struct spte_answer *a)
{
    printf("#     %s: max_gfn %" PRIx64 ", spte %" PRIx64 ", gfn %" PRIx64
           ", access %" PRIx64 ", generation %" PRIx64 ", is_mmio %" PRIu64
           ", match %" PRIu64 "%" PRIu64 "%" PRIu64 "\n",
           who, a->max_gfn, a->spte, a->gfn, a->access, a->generation,
           a->is_mmio, a->same, a->next, a->in_progress);
}

void judge_sptes(struct judge *j)
{
    uint64_t state = 6119;

    j->found = found_none();
    for (unsigned i = 0; i < N_SPTES; i++) {
        struct policy_result r;
        struct policy_host host;
        struct spte_question q;
        struct spte_answer model, text;

        random_host(&state, &host);
        q.gfn = next_random(&state) >> (12 + next_random(&state) % 40);
        q.generation = next_random(&state) >> next_random(&state) % 64;
        q.access = next_random(&state) & 0xf;
        j->text->load(&host, &r);
        model = ask_model(lab_load(j->bench, j->model, &host), &q);
        text = ask_text(j->text, &q);
        if (memcmp(&model, &text, sizeof(text)) == 0 ||
            j->found.differ++ >= MAX_SHOWN)
            continue;
        tell_host(&host);
        printf("#   gfn=%" PRIx64 ", access=%x, memslot_generation=%" PRIx64
               "\n",
               q.gfn, q.access, q.generation);
        tell_spte("model", &model);
        tell_spte("text", &text);
    }
    verdict(j, "spte", N_SPTES);
}
