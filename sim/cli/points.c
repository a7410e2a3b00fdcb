/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/points.c - every machine of a file, and the step that somebody names. */
#include "cli/cli.h"

#include <string.h>
#include <sys/stat.h>

int cli_each_point(struct cli_points *p, struct err *e)
{
    const struct cli_settings *s = p->settings;
    struct scenario_file *f;
    struct pool *pool;
    struct stat st;
    int ret = scenario_file_load(p->pool, p->catalog, p->path, s ? s->s : NULL,
                                 s ? s->n : 0, &f, e);

    if (ret) {
        if (stat(p->path, &st) == 0 && S_ISDIR(st.st_mode))
            err_hint(e, "nptsim test runs all scenarios below a folder");
        return -1;
    }
    p->n = scenario_file_points(f);
    p->excluded = 0;
    pool = pool_create();
    for (uint64_t i = 0; i < p->n && ret >= 0; i++) {
        struct scenario point;

        ret = scenario_file_point(f, pool, i, &point, e);
        p->excluded += ret > 0;
        if (ret == 0 && p->visit)
            ret = p->visit(p->ctx, pool, &point, e);
        pool_reset(pool);
    }
    pool_destroy(pool);
    return ret < 0 ? -1 : 0;
}

struct cli_target cli_target(struct pool *pool, const char *text)
{
    const char *mark = strrchr(text, '#');

    if (!mark)
        return (struct cli_target) { text, NULL };
    return (struct cli_target) {
        pool_strndup(pool, text, (size_t)(mark - text)), mark + 1
    };
}

int cli_check_step(const struct scenario *s, const char *step, struct err *e)
{
    unsigned n = s->config.n_steps;
    struct pool *pool;
    const char **ids;

    for (unsigned i = 0; step && i < n; i++)
        if (strcmp(s->config.steps[i].id, step) == 0)
            return 0;
    if (!step)
        return 0;
    pool = pool_create();
    ids = pool_alloc(pool, (n + 1) * sizeof(*ids));
    for (unsigned i = 0; i < n; i++)
        ids[i] = s->config.steps[i].id;
    err_plain(e, s->path, "no step '%s'", step);
    err_suggest(e, step, ids, n);
    pool_destroy(pool);
    return -1;
}
