/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/batch_walk.c - one access per JSON line, on the hardware alone.
 *
 * For differential tests against other implementations: no KVM, no VMCB, just
 * registers, memory words and one access (interface.md, section 4).
 */
#include "cli/batch.h"
#include "cli/batch_walk.h"
#include "render.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define MAX_REFS  256
#define MAX_DIRTY 64
#define MAX_LINE  (4U << 20)

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
    static const char *const names[] = { "ok", "npf", "pf",     "gp",
                                         "ss", "vc",  "invalid" };

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
    case WALK_VC:
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

    if (walk_take_cpu(r, &model))
        return -1;
    cpu_reset(c, &model);
    if (walk_take_setup(r, &setup) || walk_take_memory(r, &setup, c) ||
        walk_take_access(r, &q))
        return -1;
    if (!model.features[FEAT_SEV_SNP] && (setup.snpe || setup.snp))
        return walk_bad(r, setup.snp ? "guest.snp" : "host.snpe",
                        "needs a CPU with it: set cpu.snp");
    if (q.kind >= ACCESS_SHADOW_READ && !(setup.g_cr4 & CR4_CET))
        return walk_bad(r, "access.kind",
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
    static const char *const known[] = { "id",   "cpu", "host", "guest",
                                         "vmcb", "rmp", "mem",  "access" };
    json_t *value;
    const char *key;

    json_object_foreach(r->root, key, value)
    {
        size_t i = 0;

        while (i < ARRAY_SIZE(known) && strcmp(known[i], key) != 0)
            i++;
        if (i == ARRAY_SIZE(known)) {
            err_at(r->e, walk_place(r, key), "unknown key '%s'", key);
            return err_suggest(r->e, key, known, ARRAY_SIZE(known));
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

    r->line = line;
    r->len = len;
    r->root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &je);
    if (!r->root) {
        r->at.col = je.column > 0 ? (unsigned)je.column : 1;
        return err_at(r->e, r->at, "not a JSON object: %s", je.text);
    }
    ret = json_is_object(r->root) ? check_keys(r)
                                  : walk_bad(r, "record", "is not an object");
    if (!ret)
        ret = answer(r, c, o, out);
    json_decref(r->root);
    return ret;
}

static void flush(struct buf *answers, FILE *out)
{
    if (!answers->len)
        return;
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
            ret = walk_bad(&r, "record", "is longer than 4 MiB");
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
