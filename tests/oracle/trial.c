/* SPDX-License-Identifier: GPL-2.0-only */
/* oracle/trial.c - vectors: the hardware's answer, comparing, printing. */
#include "oracle/trial.h"

#include <inttypes.h>
#include <string.h>

void trial_init(struct trial *v)
{
    *v = (struct trial) {
        .width = 48,
        .cbit = 47,
        .gb_pages = true,
        .s = {
            .h_cr0 = CR0_PG | CR0_PE | CR0_WP,
            .h_cr4 = CR4_PAE,
            .h_efer = EFER_LMA | EFER_LME | EFER_NXE | EFER_SVME,
            .np = true,
            .g_cr0 = CR0_PG | CR0_PE | CR0_WP,
            .g_cr4 = CR4_PAE,
            .g_efer = EFER_LMA | EFER_LME | EFER_NXE | EFER_SVME,
            .g_rflags = RFLAGS_FIXED,
        },
        .kind = ACCESS_READ,
        .size = 1,
    };
}

uint64_t words_get(const struct words *w, spa_t spa)
{
    for (unsigned i = 0; i < w->n; i++) {
        if (w->at[i].spa == spa)
            return w->at[i].value;
    }
    return 0;
}

bool words_set(struct words *w, spa_t spa, uint64_t value)
{
    unsigned i = 0;

    while (i < w->n && w->at[i].spa != spa)
        i++;
    if (i == TRIAL_WORDS)
        return false;
    if (i == w->n)
        w->n++;
    w->at[i].spa = spa;
    w->at[i].value = value;
    return true;
}

/* The CPU that `batch walk` makes of the same fields. */
static struct cpu_model model_of(const struct trial *v)
{
    static const enum feature always[] = {
        FEAT_PSE,  FEAT_PAE,  FEAT_PGE,       FEAT_PAT,   FEAT_NX,   FEAT_LM,
        FEAT_SVM,  FEAT_NP,   FEAT_SME,       FEAT_SMEP,  FEAT_SMAP, FEAT_PKU,
        FEAT_LA57, FEAT_GMET, FEAT_SSS_CHECK, FEAT_ROGPT, FEAT_PCID,
    };
    struct cpu_model m = {
        .name = "trial",
        .maxphyaddr_raw = v->width,
        .phys_reduction = v->reduction,
        .cbit = v->cbit,
        .linear_bits = 57,
        .n_asids = 32768,
        .max_ext_leaf = 0x80000021,
        .mem_encrypt = v->encrypt,
        .smmlock = true,
        .knobs = v->knobs,
    };

    for (size_t i = 0; i < ARRAY_SIZE(always); i++)
        m.features[always[i]] = true;
    m.features[FEAT_PAGE1GB] = v->gb_pages;
    return m;
}

/* Words as they are now: those of @v, and what an update wrote elsewhere. */
static void collect(const struct cpu *c, const struct trial *v,
                    const struct walk_log *log, struct words *out)
{
    *out = v->mem;
    for (unsigned i = 0; i < out->n; i++)
        out->at[i].value = cpu_peek64(c, out->at[i].spa);
    for (unsigned i = 0; i < log->n_dirty && i < log->max_dirty; i++) {
        spa_t spa = log->dirty[i] & ~7ULL;

        words_set(out, spa, cpu_peek64(c, spa));
    }
}

/*
 * The same access with all tables at hand and nobody listening takes another
 * way through the walkers. Accessed and dirty bits are set by now, so memory
 * stays as it is; with ROGPT setting them took references of its own.
 */
static bool repeats(struct cpu *c, const struct trial *v,
                    const struct answer *first)
{
    struct walk_result w =
        walk_access(c, v->gva, v->kind, v->size, v->stack, NULL);

    for (unsigned i = 0; i < first->mem.n; i++)
        if (cpu_peek64(c, first->mem.at[i].spa) != first->mem.at[i].value)
            return false;
    return w.outcome == first->outcome && w.spa == first->spa &&
           w.info1 == first->code && w.info2 == first->addr &&
           (w.n_refs == first->refs || v->s.rogpt);
}

bool trial_load(struct cpu *c, const struct trial *v,
                const struct tlb_geometry *g)
{
    struct cpu_model m = model_of(v);
    const char *why;

    if (g)
        m.tlb = *g;
    cpu_reset(c, &m);
    for (unsigned i = 0; i < v->mem.n; i++)
        cpu_poke64(c, v->mem.at[i].spa, v->mem.at[i].value);
    return walk_load(c, &v->s, &why);
}

const char *trial_run(struct cpu *c, const struct trial *v, struct answer *out)
{
    const char *why = walk_unsupported(&v->s);
    spa_t dirty[256];
    struct walk_log log = { .dirty = dirty, .max_dirty = ARRAY_SIZE(dirty) };
    struct walk_result w = { .outcome = WALK_INVALID };

    if (why)
        return why;
    if (trial_load(c, v, NULL))
        w = walk_access(c, v->gva, v->kind, v->size, v->stack, &log);
    out->outcome = w.outcome;
    out->spa = w.spa;
    out->code = w.info1;
    out->addr = w.info2;
    out->refs = w.n_refs;
    out->unknown = false;
    collect(c, v, &log, &out->mem);
    out->unsteady = w.outcome != WALK_INVALID && !repeats(c, v, out);
    return NULL;
}

const char *outcome_name(enum walk_outcome o)
{
    static const char *const names[] = { "ok", "npf", "pf",
                                         "gp", "ss",  "invalid" };

    return names[o];
}

const char *answers_differ(const struct answer *a, const struct answer *b)
{
    bool coded = a->outcome == WALK_NPF || a->outcome == WALK_PF;

    if (a->outcome != b->outcome)
        return "outcome";
    if (a->unsteady || b->unsteady)
        return "answer the second time";
    if (coded && a->code != b->code)
        return "code";
    if (coded && a->addr != b->addr)
        return "address";
    if (a->outcome == WALK_OK && a->spa != b->spa)
        return "system-physical address";
    if (a->refs != b->refs)
        return "number of references";
    for (unsigned i = 0; i < a->mem.n; i++) {
        if (words_get(&b->mem, a->mem.at[i].spa) != a->mem.at[i].value)
            return "accessed/dirty updates";
    }
    for (unsigned i = 0; i < b->mem.n; i++) {
        if (words_get(&a->mem, b->mem.at[i].spa) != b->mem.at[i].value)
            return "accessed/dirty updates";
    }
    return NULL;
}

/* ---- printing ---- */

static void print_words(FILE *f, const struct words *w)
{
    fputs("\"mem\":{", f);
    for (unsigned i = 0; i < w->n; i++)
        fprintf(f, "%s\"0x%" PRIx64 "\":\"0x%" PRIx64 "\"", i ? "," : "",
                w->at[i].spa, w->at[i].value);
    fputc('}', f);
}

void trial_print(FILE *f, const struct trial *v, const char *id)
{
    static const char *const kinds[] = {
        "read", "write", "rmw", "fetch", "shadow-read", "shadow-write"
    };
    const struct walk_setup *s = &v->s;

    fprintf(f,
            "{\"id\":\"%s\",\"cpu\":{\"maxphyaddr_raw\":%u,"
            "\"phys_reduction\":%u,\"cbit\":%u,\"mem_encrypt\":%d,"
            "\"gb_pages\":%d},",
            id, v->width, v->reduction, v->cbit, v->encrypt, v->gb_pages);
    fprintf(f,
            "\"host\":{\"cr0\":\"0x%" PRIx64 "\",\"cr4\":\"0x%" PRIx64
            "\",\"efer\":\"0x%" PRIx64 "\",\"ncr3\":\"0x%" PRIx64
            "\",\"np\":%d},\"vmcb\":{\"gmet\":%d,\"sss\":%d,\"rogpt\":%d},",
            s->h_cr0, s->h_cr4, s->h_efer, s->ncr3, s->np, s->gmet, s->sss,
            s->rogpt);
    fprintf(f,
            "\"guest\":{\"cr0\":\"0x%" PRIx64 "\",\"cr3\":\"0x%" PRIx64
            "\",\"cr4\":\"0x%" PRIx64 "\",\"efer\":\"0x%" PRIx64
            "\",\"rflags\":\"0x%" PRIx64 "\",\"cpl\":%u,\"pkru\":%" PRIu32 "},",
            s->g_cr0, s->g_cr3, s->g_cr4, s->g_efer, s->g_rflags, s->cpl,
            s->pkru);
    print_words(f, &v->mem);
    fprintf(f,
            ",\"access\":{\"gva\":\"0x%" PRIx64
            "\",\"kind\":\"%s\",\"size\":%u,\"stack\":%d}}\n",
            v->gva, kinds[v->kind], v->size, v->stack);
}

void answer_json(FILE *f, const struct answer *a, const char *id)
{
    fprintf(f, "{\"id\":\"%s\",\"outcome\":\"%s\"", id,
            outcome_name(a->outcome));
    if (a->outcome == WALK_OK)
        fprintf(f, ",\"spa\":\"0x%" PRIx64 "\"", a->spa);
    if (a->outcome == WALK_NPF)
        fprintf(f, ",\"info1\":\"0x%" PRIx64 "\",\"info2\":\"0x%" PRIx64 "\"",
                a->code, a->addr);
    if (a->outcome == WALK_PF)
        fprintf(f,
                ",\"error_code\":\"0x%" PRIx64 "\",\"cr2\":\"0x%" PRIx64 "\"",
                a->code, a->addr);
    fputs("}\n", f);
}

void answer_print(FILE *f, const struct trial *v, const struct answer *a)
{
    fputs(outcome_name(a->outcome), f);
    if (a->outcome == WALK_NPF || a->outcome == WALK_PF)
        fprintf(f, " code %" PRIx64 " address %" PRIx64, a->code, a->addr);
    if (a->outcome == WALK_OK)
        fprintf(f, " spa %" PRIx64, a->spa);
    fprintf(f, ", %u references", a->refs);
    for (unsigned i = 0; i < a->mem.n; i++) {
        spa_t spa = a->mem.at[i].spa;

        if (words_get(&v->mem, spa) != a->mem.at[i].value)
            fprintf(f, ", %" PRIx64 " = %" PRIx64, spa, a->mem.at[i].value);
    }
    fputc('\n', f);
}
