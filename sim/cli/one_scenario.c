/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/one_scenario.c - a file that must come down to one machine. */
#include "cli/cli.h"

#include <inttypes.h>
#include <string.h>

/* Points that differ in more than @free_key; *@axes: the keys that do. */
static uint64_t points_apart(const struct scenario_file *f,
                             const char *free_key, struct buf *axes)
{
    uint64_t points = 1;

    for (unsigned i = 0; i < scenario_file_axes(f); i++) {
        struct axis_desc a = scenario_file_axis(f, i);

        if (a.n == 1 || (free_key && strcmp(a.path, free_key) == 0))
            continue;
        points *= a.n;
        buf_printf(axes, " --set %s=...", a.path);
    }
    return points;
}

int cli_one_scenario(struct pool *pool, struct catalog *catalog,
                     const char *path, const struct cli_settings *settings,
                     const char *free_key, struct scenario_file **file,
                     struct scenario *out)
{
    struct scenario_file *f;
    struct buf axes = BUF_INIT;
    struct err e = { 0 };
    uint64_t points;
    int ret;

    if (scenario_file_load(pool, catalog, path, settings->s, settings->n, &f,
                           &e))
        return cli_input_error(&e);
    points = points_apart(f, free_key, &axes);
    if (points > 1)
        cli_usage_error("%s has %" PRIu64 " points; choose one:%s", path,
                        points, axes.data);
    buf_free(&axes);
    if (points > 1)
        return STATUS_USAGE;
    *file = f;
    ret = scenario_file_point(f, pool, 0, out, &e);
    if (ret < 0)
        return cli_input_error(&e);
    if (ret > 0)
        return cli_usage_error("%s: the matrix excludes this point", path);
    return STATUS_OK;
}
