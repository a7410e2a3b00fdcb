/* SPDX-License-Identifier: GPL-2.0-only */
/* differential/replay.c - ask sim/hw what QEMU is asked. */
#include "differential/replay.h"

#include <string.h>

/* mov (%rdi), %rax; mov %al, (%rdi); lock addb $0, (%rdi) */
static const unsigned insn_len[N_KINDS] = { 3, 2, 4, 3 };
static const unsigned access_len[N_KINDS] = { 8, 1, 1, 3 };
static const enum access_kind access_kind[N_KINDS] = {
    ACCESS_READ,
    ACCESS_WRITE,
    ACCESS_RMW,
    ACCESS_FETCH,
};

struct cpu_model replay_model(unsigned width)
{
    static const enum feature always[] = {
        FEAT_PSE, FEAT_PAE,  FEAT_PGE,     FEAT_PAT,  FEAT_NX,
        FEAT_LM,  FEAT_SVM,  FEAT_NP,      FEAT_SMEP, FEAT_SMAP,
        FEAT_PKU, FEAT_LA57, FEAT_PAGE1GB,
    };
    struct cpu_model m = {
        .name = "differential",
        .maxphyaddr_raw = width,
        .linear_bits = 57,
        .n_asids = 16,
        .max_ext_leaf = 0x80000021,
        .smmlock = true,
    };

    for (unsigned i = 0; i < ARRAY_SIZE(always); i++)
        m.features[always[i]] = true;
    return m;
}

static struct walk_setup setup_of(const struct question *q)
{
    return (struct walk_setup) {
        .h_cr0 = q->h_cr0,
        .h_cr4 = q->h_cr4,
        .h_efer = q->h_efer,
        .np = true,
        .ncr3 = q->ncr3,
        .g_cr0 = q->g_cr0,
        .g_cr3 = q->g_cr3,
        .g_cr4 = q->g_cr4,
        .g_efer = q->g_efer,
        .g_rflags = q->g_rflags,
        .pkru = (uint32_t)q->pkru,
        .cpl = q->cpl,
    };
}

const char *replay_unsupported(const struct question *q)
{
    struct walk_setup s = setup_of(q);

    return walk_unsupported(&s);
}

/* All exceptions are intercepted, so each outcome is an exit. */
static uint64_t exit_code(enum walk_outcome outcome)
{
    switch (outcome) {
    case WALK_OK:
        return EXIT_VMMCALL;
    case WALK_NPF:
        return EXIT_NPF;
    case WALK_PF:
        return EXIT_EXC + VEC_PF;
    case WALK_GP:
        return EXIT_EXC + VEC_GP;
    case WALK_SS:
        return EXIT_EXC + VEC_SS;
    case WALK_INVALID:
        return EXIT_INVALID;
    }
    BUG_ON(true);
}

static bool access_once(struct cpu *c, struct replay *r, gva_t gva,
                        enum access_kind kind, unsigned len, spa_t *spa)
{
    struct walk_log log = { .refs = r->visited + r->n_visited,
                            .max_refs = MAX_VISITED - r->n_visited };
    struct walk_result w = walk_access(c, gva, kind, len, false, &log);

    r->answer.exit_code = exit_code(w.outcome);
    r->answer.info1 = w.info1;
    r->answer.info2 = w.info2;
    r->why = w.why;
    r->n_visited += w.n_refs < log.max_refs ? w.n_refs : log.max_refs;
    *spa = w.spa;
    return w.outcome == WALK_OK;
}

/* What the instruction does once its access is allowed. */
static void execute(struct cpu *c, struct replay *r, enum question_kind kind)
{
    spa_t slot = r->data_spa & ~7ULL;
    unsigned shift = 8 * (unsigned)(r->data_spa & 7);
    uint64_t word = cpu_peek64(c, slot);

    r->answer.rax = START_RAX;
    switch (kind) {
    case KIND_READ:
        r->answer.rax = word;
        break;
    case KIND_WRITE:
        word &= ~(0xffULL << shift);
        cpu_poke64(c, slot, word | (START_RAX & 0xff) << shift);
        break;
    case KIND_RMW: /* adds 0 */
    case KIND_FETCH:
    case N_KINDS:
        break;
    }
}

static void make_access(struct cpu *c, const struct question *q,
                        struct replay *r)
{
    enum question_kind kind = q->kind;

    r->fetched =
        access_once(c, r, q->rip, ACCESS_FETCH, insn_len[kind], &r->code_spa);
    if (!r->fetched)
        return;
    r->data_spa = r->code_spa;
    r->done = kind == KIND_FETCH || access_once(c, r, q->gva, access_kind[kind],
                                                access_len[kind], &r->data_spa);
    if (r->done)
        execute(c, r, kind);
}

void replay(struct cpu *c, const struct cpu_model *m, const struct question *q,
            struct replay *r)
{
    struct walk_setup setup = setup_of(q);

    memset(r, 0, sizeof(*r));
    cpu_reset(c, m);
    for (unsigned i = 0; i < q->n_words; i++)
        cpu_poke64(c, q->word[i].spa, q->word[i].value);
    if (walk_load(c, &setup, &r->why))
        make_access(c, q, r);
    else
        r->answer.exit_code = EXIT_INVALID;
    for (unsigned i = 0; i < q->n_words; i++)
        r->answer.word[i] = cpu_peek64(c, q->word[i].spa);
}

bool question_clear(struct question *q, enum word_role role, uint64_t level,
                    uint64_t mask)
{
    bool changed = false;

    for (unsigned i = 0; i < q->n_words; i++) {
        struct word *w = &q->word[i];

        if (w->role != role || (level && w->level != level))
            continue;
        changed |= w->value & mask;
        w->value &= ~mask;
    }
    return changed;
}

bool question_alias(struct question *q, unsigned width)
{
    uint64_t beyond = bits(width - 1, 48);
    bool changed = question_clear(q, ROLE_GUEST, 0, beyond);

    changed |= q->g_cr3 & beyond;
    q->g_cr3 &= ~beyond;
    return changed;
}
