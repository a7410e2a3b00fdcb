/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/batch_walk.c - one access per JSON line, on the hardware alone.
 *
 * For differential tests against other implementations: no KVM, no VMCB, just
 * registers, memory words and one access (interface.md, section 4).
 */
#include "cli/batch.h"

#include "hw.h"
#include "load.h"
#include "render.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define MAX_REFS  256
#define MAX_DIRTY 64
#define MAX_LINE  (4U << 20)

/* One line on its way; errors name the line. */
struct record {
    struct mark at;
    json_t *root;
    struct err *e;
};

static int bad(const struct record *r, const char *where, const char *what)
{
    return err_at(r->e, r->at, "%s: %s", where, what);
}

/* A 64-bit value: a hex (or decimal) string, or a small integer. */
static int to_u64(const struct record *r, const char *where, const json_t *v,
                  uint64_t *out)
{
    enum num_result n;

    if (json_is_boolean(v)) {
        *out = json_is_true(v);
        return 0;
    }
    if (json_is_integer(v)) {
        if (json_integer_value(v) < 0)
            return bad(r, where, "is negative");
        *out = (uint64_t)json_integer_value(v);
        return 0;
    }
    if (!json_is_string(v))
        return bad(r, where, "is not a number; write \"0x...\"");
    n = num_parse(json_string_value(v), json_string_length(v), out);
    return n == NUM_OK ? 0 : bad(r, where, num_problem(n));
}

struct number_key {
    const char *name;
    uint64_t *out;
    uint64_t min, max;
};

/* Fill @keys from object @name of the record; absent keys keep their value. */
static int take_numbers(const struct record *r, const char *name,
                        const struct number_key *keys, size_t n)
{
    json_t *object = json_object_get(r->root, name), *value;
    const char *key;

    if (!object)
        return 0;
    if (!json_is_object(object))
        return bad(r, name, "is not an object");
    json_object_foreach(object, key, value)
    {
        size_t i = 0;

        while (i < n && strcmp(keys[i].name, key) != 0)
            i++;
        if (i == n) {
            err_at(r->e, r->at, "unknown key '%s' in %s", key, name);
            return -1;
        }
        if (to_u64(r, key, value, keys[i].out))
            return -1;
        if (*keys[i].out < keys[i].min || *keys[i].out > keys[i].max)
            return err_at(r->e, r->at, "%s.%s: not in %llu..%llu", name, key,
                          (unsigned long long)keys[i].min,
                          (unsigned long long)keys[i].max);
    }
    return 0;
}

#define ANY 0, UINT64_MAX

/* "knobs":{"err1218":true,...}, as in models/cpus/. */
static int take_knobs(const struct record *r, struct cpu_knobs *k)
{
    json_t *cpu = json_object_get(r->root, "cpu"), *value;
    json_t *knobs = json_object_get(cpu, "knobs");
    struct pool *pool = pool_create();
    const char *key;
    int ret = 0;

    if (knobs && !json_is_object(knobs))
        ret = bad(r, "cpu.knobs", "is not an object");
    json_object_foreach(knobs, key, value)
    {
        const char *text = json_is_boolean(value)
                               ? (json_is_true(value) ? "true" : "false")
                               : json_string_value(value);

        if (ret)
            break;
        if (!text)
            ret = bad(r, key, "is neither a word nor a boolean");
        else
            ret = cpu_knob_set(pool, k, key, text, r->at, r->e);
    }
    json_object_del(cpu, "knobs"); /* what is left is numbers */
    pool_destroy(pool);
    return ret;
}

static int take_cpu(const struct record *r, struct cpu_model *m)
{
    uint64_t raw = 48, red = 0, cbit = 47, enc = 0, gb = 1;
    const struct number_key keys[] = {
        { "maxphyaddr_raw", &raw, 32, 52 }, { "phys_reduction", &red, 0, 20 },
        { "cbit", &cbit, 0, 63 },           { "mem_encrypt", &enc, 0, 1 },
        { "gb_pages", &gb, 0, 1 },
    };
    static const enum feature always[] = {
        FEAT_PSE,   FEAT_PAE,       FEAT_PGE,    FEAT_PAT,  FEAT_NX,
        FEAT_LM,    FEAT_SVM,       FEAT_NP,     FEAT_SME,  FEAT_SMEP,
        FEAT_SMAP,  FEAT_PKU,       FEAT_LA57,   FEAT_PCID, FEAT_GMET,
        FEAT_ROGPT, FEAT_SSS_CHECK, FEAT_CET_SS, FEAT_UMIP,
    };

    struct cpu_knobs knobs = { 0 };

    if (take_knobs(r, &knobs) || take_numbers(r, "cpu", keys, ARRAY_SIZE(keys)))
        return -1;
    *m = (struct cpu_model) {
        .name = "batch",
        .maxphyaddr_raw = (unsigned)raw,
        .phys_reduction = (unsigned)red,
        .cbit = (unsigned)cbit,
        .linear_bits = 57,
        .n_asids = 32768,
        .max_ext_leaf = 0x80000021,
        .mem_encrypt = enc,
        .smmlock = true,
        .knobs = knobs,
    };
    for (size_t i = 0; i < ARRAY_SIZE(always); i++)
        m->features[always[i]] = true;
    m->features[FEAT_PAGE1GB] = gb;
    return 0;
}

static int take_host(const struct record *r, struct walk_setup *s)
{
    uint64_t np = 1, mtrr = 6;
    const struct number_key keys[] = {
        { "cr0", &s->h_cr0, ANY },   { "cr4", &s->h_cr4, ANY },
        { "efer", &s->h_efer, ANY }, { "np", &np, 0, 1 },
        { "ncr3", &s->ncr3, ANY },   { "pat", &s->h_pat, ANY },
        { "mtrr", &mtrr, 0, 6 },
    };

    s->h_cr0 = CR0_PG | CR0_PE | CR0_WP;
    s->h_cr4 = CR4_PAE;
    s->h_efer = EFER_LMA | EFER_LME | EFER_NXE | EFER_SVME;
    s->h_pat = PAT_RESET;
    if (take_numbers(r, "host", keys, ARRAY_SIZE(keys)))
        return -1;
    if (!pat_is_valid(s->h_pat))
        return bad(r, "host.pat", "holds a reserved memory type");
    if (!memtype_decode(mtrr, &s->mtrr))
        return bad(r, "host.mtrr",
                   "is not 0 (UC), 1 (WC), 4 (WT), 5 (WP) or "
                   "6 (WB)");
    s->np = np;
    return 0;
}

static int take_guest(const struct record *r, struct walk_setup *s)
{
    uint64_t cpl = 0, pkru = 0;
    const struct number_key keys[] = {
        { "cr0", &s->g_cr0, ANY },        { "cr3", &s->g_cr3, ANY },
        { "cr4", &s->g_cr4, ANY },        { "efer", &s->g_efer, ANY },
        { "rflags", &s->g_rflags, ANY },  { "cpl", &cpl, 0, 3 },
        { "pkru", &pkru, 0, UINT32_MAX }, { "pat", &s->g_pat, ANY },
    };

    s->g_cr0 = CR0_PG | CR0_PE | CR0_WP;
    s->g_cr4 = CR4_PAE;
    s->g_efer = EFER_LMA | EFER_LME | EFER_NXE | EFER_SVME;
    s->g_rflags = RFLAGS_FIXED;
    s->g_pat = PAT_RESET;
    if (take_numbers(r, "guest", keys, ARRAY_SIZE(keys)))
        return -1;
    s->cpl = (unsigned)cpl;
    s->pkru = (uint32_t)pkru;
    return 0;
}

/* The bits besides NP_ENABLE that say how nested tables are read. */
static int take_vmcb(const struct record *r, struct walk_setup *s)
{
    uint64_t gmet = 0, sss = 0, rogpt = 0;
    const struct number_key keys[] = {
        { "gmet", &gmet, 0, 1 },
        { "sss", &sss, 0, 1 },
        { "rogpt", &rogpt, 0, 1 },
    };

    if (take_numbers(r, "vmcb", keys, ARRAY_SIZE(keys)))
        return -1;
    s->gmet = gmet;
    s->sss = sss;
    s->rogpt = rogpt;
    return 0;
}

static int take_setup(const struct record *r, struct walk_setup *s)
{
    *s = (struct walk_setup) { .in_clear = true };
    return take_host(r, s) || take_guest(r, s) || take_vmcb(r, s) ? -1 : 0;
}

static int take_memory(const struct record *r, struct cpu *c)
{
    json_t *mem = json_object_get(r->root, "mem"), *value;
    const char *key;

    if (!mem)
        return 0;
    if (!json_is_object(mem))
        return bad(r, "mem", "is not an object");
    json_object_foreach(mem, key, value)
    {
        uint64_t spa, word;

        if (num_parse(key, strlen(key), &spa) != NUM_OK || (spa & 7) ||
            spa >> 52)
            return bad(r, key, "is not an 8-byte-aligned address below 2^52");
        if (to_u64(r, key, value, &word))
            return -1;
        cpu_poke64(c, spa, word);
    }
    return 0;
}

struct request {
    gva_t gva;
    enum access_kind kind;
    unsigned size;
    bool stack;
};

static int take_access(const struct record *r, struct request *q)
{
    static const char *const kinds[] = {
        "read", "write", "rmw", "fetch", "shadow-read", "shadow-write",
    };
    json_t *access = json_object_get(r->root, "access"), *value;
    const char *key;

    *q = (struct request) { .kind = ACCESS_READ, .size = 8 };
    if (!json_is_object(access) || !json_object_get(access, "gva"))
        return bad(r, "access", "is missing, or has no gva");
    json_object_foreach(access, key, value)
    {
        uint64_t v = 0;

        if (strcmp(key, "kind") == 0) {
            const char *name = json_string_value(value);
            size_t i = 0;

            while (i < ARRAY_SIZE(kinds) && name && strcmp(kinds[i], name))
                i++;
            if (!name || i == ARRAY_SIZE(kinds))
                return bad(r, "access.kind",
                           "is not read, write, rmw, fetch, shadow-read or "
                           "shadow-write");
            q->kind = (enum access_kind)i;
            continue;
        }
        if (strcmp(key, "gva") && strcmp(key, "size") && strcmp(key, "stack"))
            return bad(r, key, "unknown key in access");
        if (to_u64(r, key, value, &v))
            return -1;
        if (strcmp(key, "gva") == 0)
            q->gva = v;
        else if (strcmp(key, "stack") == 0)
            q->stack = v;
        else if (v < 1 || v > 64)
            return bad(r, "access.size", "is not in 1..64");
        else
            q->size = (unsigned)v;
    }
    return 0;
}

/* ---- answers ---- */

static void add_hex(struct buf *b, const char *key, uint64_t v)
{
    buf_printf(b, ",\"%s\":\"0x", key);
    buf_hex(b, v);
    buf_addc(b, '"');
}

static void add_refs(struct buf *b, const struct walk_log *log, unsigned n)
{
    buf_adds(b, ",\"refs\":[");
    for (unsigned i = 0; i < n && i < log->max_refs; i++) {
        const struct walk_ref *ref = &log->refs[i];

        buf_printf(b, "%s[\"%s\",%u,\"0x%llx\",\"0x%llx\"]", i ? "," : "",
                   ref->npt ? "npt" : "gpt", ref->level,
                   (unsigned long long)ref->slot, (unsigned long long)ref->pte);
    }
    buf_addc(b, ']');
}

/* Changed words by address, each once, with the value they have now. */
static void add_dirty(struct buf *b, const struct cpu *c, struct walk_log *log)
{
    const char *gap = "";

    buf_adds(b, ",\"mem\":{");
    for (unsigned i = 0; i < log->n_dirty && i < log->max_dirty; i++) {
        bool seen = false;

        for (unsigned k = 0; k < i; k++)
            seen |= log->dirty[k] == log->dirty[i];
        if (seen)
            continue;
        buf_printf(b, "%s\"0x%llx\":\"0x%llx\"", gap,
                   (unsigned long long)log->dirty[i],
                   (unsigned long long)cpu_peek64(c, log->dirty[i]));
        gap = ",";
    }
    buf_addc(b, '}');
}

static void add_id(struct buf *b, const json_t *root)
{
    json_t *id = json_object_get(root, "id");

    buf_addc(b, '{');
    if (!id)
        return;
    buf_adds(b, "\"id\":");
    if (json_is_string(id)) {
        render_json_string(b, json_string_value(id));
    } else {
        char *text = json_dumps(id, JSON_ENCODE_ANY | JSON_COMPACT);

        buf_adds(b, text ? text : "null");
        free(text);
    }
    buf_addc(b, ',');
}

static void add_outcome(struct buf *b, const struct walk_result *w,
                        const struct batch_walk_options *o)
{
    static const char *const names[] = { "ok", "npf", "pf",
                                         "gp", "ss",  "invalid" };

    buf_printf(b, "\"outcome\":\"%s\"", names[w->outcome]);
    switch (w->outcome) {
    case WALK_OK:
        add_hex(b, "spa", w->spa);
        if (o->memtype)
            buf_printf(b, ",\"memtype\":\"%s\"", memtype_name(w->memtype));
        break;
    case WALK_NPF:
        add_hex(b, "info1", w->info1);
        add_hex(b, "info2", w->info2);
        break;
    case WALK_PF:
        add_hex(b, "error_code", w->info1);
        add_hex(b, "cr2", w->info2);
        break;
    case WALK_GP:
    case WALK_SS:
    case WALK_INVALID:
        break;
    }
}

static int answer(const struct record *r, struct cpu *c,
                  const struct batch_walk_options *o, struct buf *out)
{
    struct walk_ref refs[MAX_REFS];
    spa_t dirty[MAX_DIRTY];
    struct walk_log log = { .refs = refs,
                            .max_refs = MAX_REFS,
                            .dirty = dirty,
                            .max_dirty = MAX_DIRTY };
    struct walk_result w = { .outcome = WALK_INVALID };
    struct walk_setup setup;
    struct cpu_model model;
    struct request q;
    const char *why;

    if (take_cpu(r, &model))
        return -1;
    cpu_reset(c, &model);
    if (take_setup(r, &setup) || take_memory(r, c) || take_access(r, &q))
        return -1;
    if (q.kind >= ACCESS_SHADOW_READ && !(setup.g_cr4 & CR4_CET))
        return bad(r, "access.kind",
                   "needs shadow stacks: set guest.cr4 bit "
                   "23 (CET)");
    if (walk_load(c, &setup, &why)) {
        why = walk_unsupported(&setup);
        if (why)
            return err_at(r->e, r->at, "%s", why);
        w = walk_access(c, q.gva, q.kind, q.size, q.stack, &log);
    }
    add_id(out, r->root);
    add_outcome(out, &w, o);
    if (o->refs)
        add_refs(out, &log, w.n_refs);
    if (o->dirty)
        add_dirty(out, c, &log);
    buf_adds(out, "}\n");
    return 0;
}

/* Keys of the record itself, so that a typo is not silently a default. */
static int check_keys(const struct record *r)
{
    static const char *const known[] = { "id",   "cpu", "host",  "guest",
                                         "vmcb", "mem", "access" };
    json_t *value;
    const char *key;

    json_object_foreach(r->root, key, value)
    {
        size_t i = 0;

        while (i < ARRAY_SIZE(known) && strcmp(known[i], key) != 0)
            i++;
        if (i == ARRAY_SIZE(known)) {
            const char *near = closest_word(key, known, ARRAY_SIZE(known));

            err_at(r->e, r->at, "unknown key '%s'", key);
            if (near)
                err_hint(r->e, "did you mean '%s'?", near);
            return -1;
        }
    }
    return 0;
}

static int one_line(const char *line, size_t len, struct record *r,
                    struct cpu *c, const struct batch_walk_options *o,
                    struct buf *out)
{
    json_error_t je;
    int ret;

    r->root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &je);
    if (!r->root) {
        r->at.col = je.column > 0 ? (unsigned)je.column : 1;
        return err_at(r->e, r->at, "not a JSON object: %s", je.text);
    }
    ret = json_is_object(r->root) ? check_keys(r)
                                  : bad(r, "record", "is not an object");
    if (!ret)
        ret = answer(r, c, o, out);
    json_decref(r->root);
    return ret;
}

static void flush(struct buf *answers, FILE *out)
{
    fwrite(answers->data, 1, answers->len, out);
    fflush(out);
    buf_clear(answers);
}

/* Who asks one question at a time waits for the answer. */
static bool would_wait(FILE *in)
{
    struct pollfd p = { .fd = fileno(in), .events = POLLIN };

    return poll(&p, 1, 0) == 0;
}

int batch_walk(FILE *in, const char *in_name, FILE *out,
               const struct batch_walk_options *o, struct err *e)
{
    static const struct cpu_model blank = { .name = "blank",
                                            .maxphyaddr_raw = 48,
                                            .linear_bits = 48 };
    struct pool *pool = pool_create();
    struct cpu *c = cpu_create(pool, &blank, NULL);
    struct record r = { .at = { .file = in_name, .col = 1 }, .e = e };
    struct buf answers = BUF_INIT;
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    int ret = 0;

    while (!ret && (len = getline(&line, &cap, in)) > 0) {
        r.at.line++;
        r.at.col = 1;
        if (len == 1 && line[0] == '\n')
            continue;
        if ((size_t)len > MAX_LINE)
            ret = bad(&r, "record", "is longer than 4 MiB");
        else
            ret = one_line(line, (size_t)len, &r, c, o, &answers);
        if (answers.len > 65536 || would_wait(in))
            flush(&answers, out);
    }
    if (!ret && ferror(in))
        ret = err_plain(e, in_name, "cannot read: %s", strerror(errno));
    flush(&answers, out);
    buf_free(&answers);
    free(line);
    pool_destroy(pool);
    return ret;
}
