/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/manifest.c - what a folder of answers is about. */
#include "sweep.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define SCHEMA    "nptsim/sweep/v1"
#define MIN_CHUNK 64
#define MAX_CHUNK 4096
#define CHUNKS    128 /* about so many: each waits for the disk once */
#define MAX_BYTES (1U << 20)

/* ---- shares ---- */

/* floor(points * k / n), without overflow: both factors are below 2^53. */
static uint64_t part(uint64_t points, uint64_t k, uint64_t n)
{
    return (uint64_t)((unsigned __int128)points * k / n);
}

void lab_manifest_share(struct lab_manifest *m)
{
    m->first = part(m->points, m->shard - 1, m->shards);
    m->end = part(m->points, m->shard, m->shards);
    m->chunk = MIN_CHUNK;
    while (m->chunk < MAX_CHUNK && m->chunk * CHUNKS < m->end - m->first)
        m->chunk *= 2;
}

uint64_t lab_manifest_chunks(const struct lab_manifest *m)
{
    return (m->end - m->first + m->chunk - 1) / m->chunk;
}

/* ---- writing ---- */

static json_t *settings_json(const struct lab_manifest *m)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < m->n_settings; i++)
        json_array_append_new(list, json_string(m->settings[i]));
    return list;
}

void lab_manifest_text(const struct lab_manifest *m, struct buf *out)
{
    char content[24];
    json_t *j;
    char *text;

    snprintf(content, sizeof(content), "0x%016" PRIx64, m->content);
    j = json_pack("{ss ss ss so sb sI sI sI sI sI sI}", "schema", SCHEMA,
                  "scenario", m->scenario, "content", content, "settings",
                  settings_json(m), "cycles", m->cycles, "points",
                  (json_int_t)m->points, "shard", (json_int_t)m->shard,
                  "shards", (json_int_t)m->shards, "first",
                  (json_int_t)m->first, "end", (json_int_t)m->end, "chunk",
                  (json_int_t)m->chunk);
    BUG_ON(!j); /* the loader lets only UTF-8 through */
    text = json_dumps(j, JSON_INDENT(2));
    BUG_ON(!text);
    buf_adds(out, text);
    buf_addc(out, '\n');
    free(text);
    json_decref(j);
}

/* ---- reading ---- */

static bool read_settings(struct pool *pool, const json_t *list,
                          struct lab_manifest *m)
{
    const char **settings;

    m->n_settings = (unsigned)json_array_size(list);
    settings = pool_alloc(pool, (m->n_settings + 1) * sizeof(*settings));
    for (unsigned i = 0; i < m->n_settings; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (!text)
            return false;
        settings[i] = pool_strdup(pool, text);
    }
    m->settings = settings;
    return true;
}

static bool read_members(struct pool *pool, json_t *j, struct lab_manifest *m)
{
    const char *scenario, *content;
    json_t *settings;
    json_int_t points, shard, shards;
    uint64_t first, end, chunk;
    json_int_t n[3];
    int cycles;

    if (json_unpack(j, "{s:s s:s s:o s:b s:I s:I s:I s:I s:I s:I}", "scenario",
                    &scenario, "content", &content, "settings", &settings,
                    "cycles", &cycles, "points", &points, "shard", &shard,
                    "shards", &shards, "first", &n[0], "end", &n[1], "chunk",
                    &n[2]) ||
        num_parse(content, strlen(content), &m->content) != NUM_OK ||
        !read_settings(pool, settings, m))
        return false;
    if (points < 1 || points >= 1LL << 53 || shards < 1 || shard < 1 ||
        shard > shards)
        return false;
    m->scenario = pool_strdup(pool, scenario);
    m->cycles = cycles;
    m->points = (uint64_t)points;
    m->shard = (uint64_t)shard;
    m->shards = (uint64_t)shards;
    first = (uint64_t)n[0];
    end = (uint64_t)n[1];
    chunk = (uint64_t)n[2];
    lab_manifest_share(m);
    return m->first == first && m->end == end && m->chunk == chunk;
}

/* 1 = read, 0 = it is something else. */
static int read_text(struct pool *pool, const struct buf *text,
                     struct lab_manifest *out)
{
    json_t *j = json_loadb(text->data, text->len, JSON_REJECT_DUPLICATES, NULL);
    const char *schema = json_string_value(json_object_get(j, "schema"));
    int ok =
        schema && strcmp(schema, SCHEMA) == 0 && read_members(pool, j, out);

    json_decref(j);
    return ok;
}

int lab_manifest_read(struct pool *pool, const char *dir,
                      struct lab_manifest *out, struct err *e)
{
    const char *path = pool_printf(pool, "%s/" LAB_MANIFEST_NAME, dir);
    struct buf text = BUF_INIT;
    int ret = -1;

    *out = (struct lab_manifest) { 0 };
    /* In messages the folder's name: it outlives the pool. */
    if (read_file(&text, path, MAX_BYTES, e)) {
        e->at.file = dir;
        err_hint(e, "the folder of a sweep has a " LAB_MANIFEST_NAME);
    } else if (read_text(pool, &text, out)) {
        ret = 0;
    } else {
        err_plain(e, dir,
                  LAB_MANIFEST_NAME " is no manifest of the kind " SCHEMA);
        err_hint(e, "another version of nptsim may have made this folder");
    }
    buf_free(&text);
    return ret;
}

/* ---- comparing ---- */

static bool same_settings(const struct lab_manifest *a,
                          const struct lab_manifest *b)
{
    bool same = a->n_settings == b->n_settings && a->cycles == b->cycles;

    for (unsigned i = 0; same && i < a->n_settings; i++)
        same = strcmp(a->settings[i], b->settings[i]) == 0;
    return same;
}

static void join(const struct lab_manifest *m, struct buf *out)
{
    for (unsigned i = 0; i < m->n_settings; i++)
        buf_printf(out, "%s%s", i ? " " : "", m->settings[i]);
    if (m->cycles)
        buf_adds(out, m->n_settings ? " --cycles" : "--cycles");
    else if (!m->n_settings)
        buf_adds(out, "none");
}

static void other_settings(const char *dir, const struct lab_manifest *is,
                           const struct lab_manifest *want, struct err *e)
{
    struct buf a = BUF_INIT, b = BUF_INIT;

    join(is, &a);
    join(want, &b);
    err_plain(e, dir, "holds a sweep with other settings: %.100s, not %.100s",
              a.data, b.data);
    buf_free(&a);
    buf_free(&b);
}

int lab_manifest_match(const char *dir, const struct lab_manifest *is,
                       const struct lab_manifest *want, struct err *e)
{
    if (strcmp(is->scenario, want->scenario) != 0)
        err_plain(e, dir, "holds a sweep of '%.60s', not of '%.60s'",
                  is->scenario, want->scenario);
    else if (!same_settings(is, want))
        other_settings(dir, is, want, e);
    else if (is->content != want->content || is->points != want->points)
        err_plain(e, dir,
                  "holds a sweep of '%.60s' as it was before its file or a "
                  "model of it was changed",
                  is->scenario);
    else
        return 0;
    return -1;
}
