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
            .asid = 1,
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
        FEAT_PSE,   FEAT_PAE,  FEAT_PGE,  FEAT_PAT,    FEAT_NX,
        FEAT_LM,    FEAT_SVM,  FEAT_NP,   FEAT_SME,    FEAT_SMEP,
        FEAT_SMAP,  FEAT_PKU,  FEAT_LA57, FEAT_GMET,   FEAT_SSS_CHECK,
        FEAT_ROGPT, FEAT_PCID, FEAT_SEV,  FEAT_SEV_ES,
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
        .max_sev_asid = 1023,
        .knobs = v->knobs,
    };

    for (size_t i = 0; i < ARRAY_SIZE(always); i++)
        m.features[always[i]] = true;
    m.features[FEAT_PAGE1GB] = v->gb_pages;
    m.features[FEAT_SEV_SNP] = v->snp;
    return m;
}

/* One access, told in full, from memory that holds @before. */
static void ask(struct cpu *c, const struct trial *v,
                const struct words *before, struct answer *out)
{
    spa_t dirty[256];
    struct walk_log log = { .dirty = dirty, .max_dirty = ARRAY_SIZE(dirty) };
    struct walk_result w =
        walk_access(c, v->gva, v->kind, v->size, v->stack, &log);

    *out = (struct answer) {
        .outcome = w.outcome,
        .spa = w.spa,
        .code = w.info1,
        .addr = w.info2,
        .refs = w.n_refs,
        .mem = *before,
    };
    for (unsigned i = 0; i < out->mem.n; i++)
        out->mem.at[i].value = cpu_peek64(c, out->mem.at[i].spa);
    for (unsigned i = 0; i < log.n_dirty && i < log.max_dirty; i++)
        words_set(&out->mem, dirty[i] & ~7ULL, cpu_peek64(c, dirty[i] & ~7ULL));
}

/* The same from the same memory, while nobody listens. */
static bool repeats(struct cpu *c, const struct trial *v,
                    const struct words *before, const struct answer *told)
{
    const struct words *mem = &told->mem;
    struct walk_result w;

    for (unsigned i = 0; i < mem->n; i++)
        cpu_poke64(c, mem->at[i].spa, words_get(before, mem->at[i].spa));
    w = walk_access(c, v->gva, v->kind, v->size, v->stack, NULL);
    for (unsigned i = 0; i < mem->n; i++)
        if (cpu_peek64(c, mem->at[i].spa) != mem->at[i].value)
            return false;
    return w.outcome == told->outcome && w.spa == told->spa &&
           w.info1 == told->code && w.info2 == told->addr &&
           w.n_refs == told->refs;
}

/*
 * With the pages of all tables at hand and nobody listening an access takes
 * another way through the walkers. It must lead to the same answer: where
 * accessed and dirty bits are still to be set, and where they are. That a bit
 * changes the answer is no fault: tables may contain themselves.
 */
static bool is_steady(struct cpu *c, const struct trial *v,
                      const struct answer *first)
{
    struct answer again;

    if (!repeats(c, v, &v->mem, first))
        return false;
    ask(c, v, &first->mem, &again);
    return repeats(c, v, &first->mem, &again);
}

bool trial_load(struct cpu *c, const struct trial *v,
                const struct tlb_geometry *g)
{
    struct cpu_model m = model_of(v);
    struct walk_setup s = v->s;
    const char *why;

    s.in_clear = true; /* the oracle has no keys */
    if (g)
        m.tlb = *g;
    cpu_reset(c, &m);
    for (unsigned i = 0; i < v->mem.n; i++)
        cpu_poke64(c, v->mem.at[i].spa, v->mem.at[i].value);
    return walk_load(c, &s, &why);
}

const char *trial_run(struct cpu *c, const struct trial *v, struct answer *out)
{
    const char *why = walk_unsupported(&v->s);

    if (why)
        return why;
    if (!trial_load(c, v, NULL)) {
        *out = (struct answer) { .outcome = WALK_INVALID, .mem = v->mem };
        return NULL;
    }
    ask(c, v, &v->mem, out);
    out->unsteady = !is_steady(c, v, out);
    return NULL;
}

const char *outcome_name(enum walk_outcome o)
{
    static const char *const names[] = { "ok", "npf", "pf",     "gp",
                                         "ss", "vc",  "invalid" };

    return names[o];
}

static bool has_code(const struct answer *a)
{
    return a->outcome == WALK_NPF || a->outcome == WALK_PF ||
           a->outcome == WALK_VC;
}

const char *answers_differ(const struct answer *a, const struct answer *b)
{
    bool coded = has_code(a);

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

/* Those that the oracle knows. */
static void print_knobs(FILE *f, const struct cpu_knobs *k)
{
    static const char *const bit8[] = { "reserved", "ignored" };
    static const char *const pse36[] = { "amd40", "intel36", "none" };
    static const char *const id[] = { "nxe_or_smep", "nxe", "always" };
    static const char *const u0[] = { "allowed", "faults" };
    static const char *const wide[] = { "not_present", "alias", "reserved" };
    static const char *const when[] = { "always", "never" };

    fprintf(f,
            "\"knobs\":{\"amd_bit8\":\"%s\",\"pse36_mode\":\"%s\","
            "\"npf_id_policy\":\"%s\",\"gmet_user_u0\":\"%s\","
            "\"nested_wide_gpa\":\"%s\",\"reduced_bits_reserved\":\"%s\","
            "\"ei2_table_page_aligned\":%s,\"err1218\":%s}",
            bit8[k->amd_bit8], pse36[k->pse36_mode], id[k->npf_id_policy],
            u0[k->gmet_user_u0], wide[k->nested_wide_gpa],
            when[k->reduced_bits_reserved],
            k->ei2_table_page_aligned ? "true" : "false",
            k->err1218 ? "true" : "false");
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
            "\"gb_pages\":%d,\"snp\":%d,",
            id, v->width, v->reduction, v->cbit, v->encrypt, v->gb_pages,
            v->snp);
    print_knobs(f, &v->knobs);
    fputs("},", f);
    fprintf(f,
            "\"host\":{\"cr0\":\"0x%" PRIx64 "\",\"cr4\":\"0x%" PRIx64
            "\",\"efer\":\"0x%" PRIx64 "\",\"ncr3\":\"0x%" PRIx64
            "\",\"np\":%d,\"snpe\":%d,\"vmple\":%d},\"vmcb\":{\"gmet\":%d,"
            "\"sss\":%d,\"rogpt\":%d},",
            s->h_cr0, s->h_cr4, s->h_efer, s->ncr3, s->np, s->snpe, s->vmple,
            s->gmet, s->sss, s->rogpt);
    fprintf(f,
            "\"guest\":{\"cr0\":\"0x%" PRIx64 "\",\"cr3\":\"0x%" PRIx64
            "\",\"cr4\":\"0x%" PRIx64 "\",\"efer\":\"0x%" PRIx64
            "\",\"rflags\":\"0x%" PRIx64 "\",\"cpl\":%u,\"pkru\":%" PRIu32
            ",\"sev\":%d,\"snp\":%d,\"asid\":%" PRIu32
            ",\"vmpl\":%u,\"vtom\":\"0x%" PRIx64 "\"},",
            s->g_cr0, s->g_cr3, s->g_cr4, s->g_efer, s->g_rflags, s->cpl,
            s->pkru, s->sev, s->snp, s->asid, s->vmpl, s->vtom);
    if (s->snpe)
        fprintf(f,
                "\"rmp\":{\"base\":\"0x%" PRIx64 "\",\"end\":\"0x%" PRIx64
                "\"},",
                s->rmp_base, s->rmp_end);
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
    if (a->outcome == WALK_PF || a->outcome == WALK_VC)
        fprintf(f,
                ",\"error_code\":\"0x%" PRIx64 "\",\"cr2\":\"0x%" PRIx64 "\"",
                a->code, a->addr);
    fputs("}\n", f);
}

void answer_print(FILE *f, const struct trial *v, const struct answer *a)
{
    fputs(outcome_name(a->outcome), f);
    if (has_code(a))
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
