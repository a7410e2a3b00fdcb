/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/find.c - the scenarios below some paths, sorted. */
#include "cli/cli.h"

#include <errno.h>
#include <fts.h>
#include <string.h>

static bool is_scenario(const char *name)
{
    size_t len = strlen(name);

    return len > 5 && strcmp(name + len - 5, ".yaml") == 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void add(struct cli_files *f, struct pool *pool, const char *path)
{
    f->path = pool_more(pool, f->path, f->n, &f->room, sizeof(*f->path));
    f->path[f->n++] = pool_strdup(pool, path);
}

static int complain(const char *path, int error)
{
    fprintf(stderr, "nptsim: %s: %s\n", path, strerror(error));
    return STATUS_INPUT;
}

/* What was named itself may be a pipe, and need not end in .yaml. */
static bool is_wanted(const FTSENT *f)
{
    return f->fts_level == 0 ? f->fts_info != FTS_D && f->fts_info != FTS_DP
                             : f->fts_info == FTS_F && is_scenario(f->fts_name);
}

int cli_find_scenarios(struct pool *pool, const char *path,
                       struct cli_files *out)
{
    char *one[] = { pool_strdup(pool, path), NULL };
    int status = STATUS_OK;
    FTSENT *f;
    FTS *fts;

    if (strcmp(path, "-") == 0) {
        add(out, pool, path);
        return STATUS_OK;
    }
    fts = fts_open(one, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    if (!fts)
        return complain(path, errno);
    while (!status && (f = fts_read(fts))) {
        if (f->fts_info == FTS_NS || f->fts_info == FTS_DNR ||
            f->fts_info == FTS_ERR)
            status = complain(f->fts_path, f->fts_errno);
        else if (is_wanted(f))
            add(out, pool, f->fts_path);
    }
    fts_close(fts);
    return status;
}
