/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/prove_save.c - counterexamples become files, others' files stay. */
#include "cli/prove_save.h"

#include <errno.h>
#include <string.h>

#define SUFFIX ".yaml"

/* Is there a file at @path that `prove` did not write? */
static bool is_foreign(const char *path)
{
    char line[sizeof(RENDER_PROOF_MARK) + 1];
    FILE *f = fopen(path, "r");
    bool ours = false;

    if (!f)
        return errno != ENOENT;
    for (int i = 0; i < 2 && fgets(line, sizeof(line), f); i++) {
        int c;

        ours = strcmp(line, RENDER_PROOF_MARK "\n") == 0;
        if (!strchr(line, '\n'))
            while ((c = fgetc(f)) != '\n' && c != EOF)
                ;
    }
    fclose(f);
    return !ours;
}

static int refuse(const char *path, const char *why)
{
    fprintf(stderr, "nptsim: %s: the counterexample is not saved: %s\n", path,
            why);
    return STATUS_INPUT;
}

static int write_file(const char *path, const struct buf *b)
{
    FILE *f = fopen(path, "w");
    bool written;

    if (!f)
        return refuse(path, strerror(errno));
    written = fwrite(b->data, 1, b->len, f) == b->len;
    if (fclose(f) || !written)
        return refuse(path, strerror(errno));
    return STATUS_OK;
}

/* The file's own name without its suffix: what a scenario must be called. */
static const char *scenario_name(struct pool *pool, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    return pool_strndup(pool, name, strlen(name) - strlen(SUFFIX));
}

static int save(struct pool *pool, const char *path, struct report_proof *r,
                struct report_finding *f)
{
    struct buf b = BUF_INIT;
    int status;

    if (is_foreign(path))
        return refuse(path, "there is a file that nptsim prove did not write");
    render_proof_scenario(&b, r, f, scenario_name(pool, path));
    status = write_file(path, &b);
    buf_free(&b);
    if (!status)
        f->example.saved = path;
    return status;
}

int prove_save(struct pool *pool, const struct prove_save *to,
               struct report_proof *r)
{
    int status = STATUS_OK;

    for (unsigned i = 0; i < r->n_findings; i++) {
        struct report_finding *f = &r->finding[i];
        const char *path = to->file;

        if (!f->example.cpu || !f->example.why)
            continue;
        if (!path)
            path = pool_printf(pool, "%s/prove-%s-%s" SUFFIX, to->dir,
                               f->invariant, r->kernel);
        if (save(pool, strncmp(path, "./", 2) ? path : path + 2, r, f))
            status = STATUS_INPUT;
    }
    return status;
}
