/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/prove_save.c - counterexamples become files, others' files stay. */
#include "cli/proving.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX  ".yaml"
#define FOREIGN "there is a file that nptsim prove did not write"

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
    fprintf(stderr, "nptsim: %s: no place for a counterexample: %s\n", path,
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
        return refuse(path, FOREIGN);
    render_proof_scenario(&b, r, f, scenario_name(pool, path));
    status = write_file(path, &b);
    buf_free(&b);
    if (!status)
        f->example.saved = path;
    return status;
}

/* "dir/prove-no-hang-v5.19.yaml" */
static const char *path_of(struct pool *pool, const struct prove_save *to,
                           const char *invariant, const char *kernel)
{
    const char *path;

    if (to->file)
        return to->file;
    path =
        pool_printf(pool, "%s/prove-%s-%s" SUFFIX, to->dir, invariant, kernel);
    return strncmp(path, "./", 2) ? path : path + 2;
}

/* @dir and what leads to it. */
static int make_folder(struct pool *pool, const char *dir)
{
    char *path = pool_strdup(pool, dir);

    for (char *at = path + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(path, 0777) && errno != EEXIST)
            return refuse(dir, strerror(errno));
        *at = '/';
    }
    if (mkdir(path, 0777) && errno != EEXIST)
        return refuse(dir, strerror(errno));
    return STATUS_OK;
}

/* Can files be made in @dir? */
static int check_folder(const char *dir)
{
    struct stat st;

    if (stat(dir, &st))
        return refuse(dir, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return refuse(dir, strerror(ENOTDIR));
    return access(dir, W_OK | X_OK) ? refuse(dir, strerror(errno)) : STATUS_OK;
}

/* The folder that @file lies in. */
static const char *folder_of(struct pool *pool, const char *file)
{
    const char *slash = strrchr(file, '/');

    if (!slash)
        return ".";
    return slash == file ? "/"
                         : pool_strndup(pool, file, (size_t)(slash - file));
}

int prove_save_prepare(struct pool *pool, const struct prove_save *to,
                       const char *const *kernels, unsigned n_kernels,
                       const bool asked[N_INVARIANTS])
{
    if (!to->file && make_folder(pool, to->dir))
        return STATUS_INPUT;
    if (check_folder(to->file ? folder_of(pool, to->file) : to->dir))
        return STATUS_INPUT;
    for (unsigned k = 0; k < n_kernels; k++)
        for (unsigned i = 0; i < N_INVARIANTS; i++) {
            const char *path =
                path_of(pool, to, invariant_table[i].name, kernels[k]);

            if (asked[i] && is_foreign(path))
                return refuse(path, FOREIGN);
        }
    return STATUS_OK;
}

int prove_save(struct pool *pool, const struct prove_save *to,
               struct report_proof *r)
{
    int status = STATUS_OK;

    for (unsigned i = 0; i < r->n_findings; i++) {
        struct report_finding *f = &r->finding[i];
        if (!f->example.cpu || !f->example.why)
            continue;
        if (save(pool, path_of(pool, to, f->invariant, r->kernel), r, f))
            status = STATUS_INPUT;
    }
    return status;
}
