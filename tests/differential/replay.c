/* SPDX-License-Identifier: GPL-2.0-only */
/* differential/replay.c - ask sim/hw what QEMU is asked. */
#include "differential/replay.h"

#include <string.h>

/* mov (%rdi), %rax; mov %rax, (%rdi); lock addb $0, (%rdi) */
static const unsigned insn_len[N_KINDS] = { 3, 3, 4, 3 };
static const unsigned access_len[N_KINDS] = { 8, 8, 1, 3 };
#define INSN_LEN_32   2 /* mov (%edi), %eax; mov %eax, (%edi) */
#define ACCESS_LEN_32 4
/* Bits 8:5, 2 and 1 (APM vol. 2, figure 5-10). */
#define PDPTE_MBZ 0x1e6ULL

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
    case WALK_VC:
        break;
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

/* Outside 64-bit mode MOV has no REX prefix. */
static bool is_short(const struct question *q)
{
    return !(q->g_efer & EFER_LMA) &&
           (q->kind == KIND_READ || q->kind == KIND_WRITE);
}

unsigned replay_access_len(const struct question *q)
{
    return is_short(q) ? ACCESS_LEN_32 : access_len[q->kind];
}

/* Where byte @i of the data lies. */
static spa_t byte_spa(const struct replay *r, unsigned i, unsigned len)
{
    spa_t spa = r->data_spa + i;

    if (spa >> 12 == r->data_spa >> 12)
        return spa;
    return r->end_spa - (len - 1 - i);
}

static uint64_t load(struct cpu *c, const struct replay *r, unsigned len)
{
    uint64_t value = 0;

    for (unsigned i = len; i-- > 0;) {
        spa_t spa = byte_spa(r, i, len);

        value =
            value << 8 | (cpu_peek64(c, spa & ~7ULL) >> 8 * (spa & 7) & 0xff);
    }
    return value;
}

static void store(struct cpu *c, const struct replay *r, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        spa_t spa = byte_spa(r, i, len);
        unsigned shift = 8 * (unsigned)(spa & 7);
        uint64_t word = cpu_peek64(c, spa & ~7ULL) & ~(0xffULL << shift);

        cpu_poke64(c, spa & ~7ULL, word | (START_RAX >> 8 * i & 0xff) << shift);
    }
}

/* What the instruction does once its access is allowed. */
static void execute(struct cpu *c, const struct question *q, struct replay *r)
{
    unsigned len = replay_access_len(q);

    r->answer.rax = START_RAX;
    switch ((enum question_kind)q->kind) {
    case KIND_READ:
        r->answer.rax = load(c, r, len);
        break;
    case KIND_WRITE:
        store(c, r, len);
        break;
    case KIND_RMW: /* adds 0 */
    case KIND_FETCH:
    case N_KINDS:
        break;
    }
}

/* Where an access ends that was allowed: walked once more, which changes
 * nothing. */
static spa_t end_of_access(struct cpu *c, const struct question *q,
                           const struct replay *r, unsigned len)
{
    gva_t last = q->gva + len - 1;

    if (last >> 12 == q->gva >> 12)
        return r->data_spa + len - 1;
    return walk_access(c, last, access_kind[q->kind], 1, false, NULL).spa;
}

static void make_access(struct cpu *c, const struct question *q,
                        struct replay *r)
{
    unsigned insn = is_short(q) ? INSN_LEN_32 : insn_len[q->kind];
    unsigned len = replay_access_len(q);

    r->fetched = access_once(c, r, q->rip, ACCESS_FETCH, insn, &r->code_spa);
    if (!r->fetched)
        return;
    r->data_spa = r->code_spa;
    r->done =
        q->kind == KIND_FETCH ||
        access_once(c, r, q->gva, access_kind[q->kind], len, &r->data_spa);
    if (!r->done)
        return;
    r->end_spa = end_of_access(c, q, r, len);
    execute(c, q, r);
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

bool is_pdpte(const struct question *q, const struct word *w)
{
    bool pae =
        w->role == ROLE_GUEST ? q->mode == MODE_PAE : !(q->h_efer & EFER_LMA);

    return pae && w->level == 3;
}

void replay_liberties(struct question *q, struct cpu_model *m)
{
    m->knobs.nested_wide_gpa = WIDE_ALIAS;
    m->knobs.amd_bit8 = BIT8_IGNORED;
    if (q->mode == MODE_32BIT && m->maxphyaddr_raw < 40)
        m->maxphyaddr_raw = 40; /* 4M pages */
    if (!(q->h_efer & EFER_LMA)) {
        q->ncr3 &= PAE_ROOT;
        q->g_cr3 &= bits(31, 0);
    }
    for (unsigned i = 0; i < q->n_words; i++)
        if (is_pdpte(q, &q->word[i]))
            q->word[i].value &= ~PDPTE_MBZ;
}
