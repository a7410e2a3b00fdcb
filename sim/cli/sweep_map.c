/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/sweep_map.c - nptsim sweep map: one column of the answers, in the space
 * of the axes.
 *
 * Two axes span a panel; there is a panel for each combination of the others.
 */
#include "cli/atlas.h"
#include "cli/sweep_commands.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_PLACES 4000000
#define NO_AXIS    UINT32_MAX

struct map_args {
    struct pool *pool;
    const char *from, *x, *y, *fact;
    struct cli_settings where;
};

/* Which axes span a panel, by their index, or NO_AXIS. */
struct span {
    unsigned x, y;
};

static const struct argp_option options[] = {
    { "x", 'x', "AXIS", 0, "Axis from left to right", 0 },
    { "y", 'y', "AXIS", 0, "Axis from top to bottom", 0 },
    { "fact", 'f', "COLUMN", 0,
      "What to show (default: the last step's outcome, else vm.create)", 0 },
    { "where", 'w', "AXIS=VALUE", 0, "Only these points; may be repeated", 0 },
    { 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct map_args *a = state->input;

    switch (key) {
    case 'x':
        a->x = arg;
        return 0;
    case 'y':
        a->y = arg;
        return 0;
    case 'f':
        a->fact = arg;
        return 0;
    case 'w':
        if (!cli_add_setting(&a->where, a->pool, arg))
            argp_error(state, "--where: '%s' is not AXIS=VALUE", arg);
        return 0;
    case ARGP_KEY_ARG:
        return cli_one_word(state, arg, &a->from,
                            "one folder or file at a time");
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which folder or file?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "DIR|FILE",
    "Draw a map of a sweep's folder, finished or not, or of a merged file: a "
    "letter for each point, a panel for each combination of the axes that are "
    "neither x nor y.\v"
    "COLUMN is a fact (kvm.sev_es), something of a step (hpet.outcome), an "
    "invariant (no-hang), or "
    "any other column of `nptsim sweep csv`. Without --x and --y the numeric "
    "axes with the most values are taken. Colour on a terminal only, and not "
    "with NO_COLOR.",
    NULL,
    NULL,
    NULL
};

/* ---- choosing ---- */

static int find_axis(const struct atlas *m, const char *name, unsigned *out,
                     struct err *e)
{
    int column = lab_table_find(m->table, name, e);

    if (column < 0)
        return -1;
    for (unsigned i = 0; i < m->n_axes; i++) {
        if (m->axes[i].index == (unsigned)column) {
            *out = i;
            return 0;
        }
    }
    return err_plain(e, NULL, "'%.60s' is no axis of this sweep", name);
}

/* The axis with the most values, of numbers or of anything; NO_AXIS: there is
 * none with two. */
static unsigned longest_axis(const struct atlas *m, const struct span *s,
                             bool numbers)
{
    unsigned best = NO_AXIS, most = 1;

    for (unsigned i = 0; i < m->n_axes; i++) {
        bool number = m->axes[i].column->kind == VALUE_NUMBER;

        if (i != s->x && i != s->y && m->axes[i].n > most &&
            (number || !numbers)) {
            best = i;
            most = m->axes[i].n;
        }
    }
    return best;
}

static int choose_span(const struct atlas *m, const struct map_args *a,
                       struct span *s, struct err *e)
{
    s->x = s->y = NO_AXIS;
    if ((a->x && find_axis(m, a->x, &s->x, e)) ||
        (a->y && find_axis(m, a->y, &s->y, e)))
        return -1;
    if (s->x != NO_AXIS && s->x == s->y)
        return err_plain(e, NULL, "--x and --y are the same axis");
    if (s->x == NO_AXIS)
        s->x = longest_axis(m, s, true);
    if (s->y == NO_AXIS)
        s->y = longest_axis(m, s, true);
    if (s->y == NO_AXIS)
        s->y = longest_axis(m, s, false);
    return 0;
}

/* ---- panels ---- */

static bool is_panel_axis(const struct atlas *m, const struct span *s,
                          unsigned axis)
{
    return axis != s->x && axis != s->y && m->axes[axis].n > 1;
}

static size_t panel_of(const struct atlas *m, const struct span *s,
                       const uint16_t *answer)
{
    size_t panel = 0;

    for (unsigned i = 0; i < m->n_axes; i++)
        if (is_panel_axis(m, s, i))
            panel = panel * m->axes[i].n + answer[i];
    return panel;
}

/* "cbit" for "cpu.set.cbit"; "kernel.model" is short enough. */
static const char *short_name(const char *name)
{
    const char *first = strchr(name, '.'), *last = strrchr(name, '.');

    return first != last ? last + 1 : name;
}

static const char *panel_title(const struct atlas *m, const struct span *s,
                               size_t panel)
{
    const char *title = "";

    for (unsigned i = m->n_axes; i-- > 0;) {
        const struct atlas_values *v = &m->axes[i];

        if (!is_panel_axis(m, s, i))
            continue;
        title = pool_printf(m->pool, "%s=%s%s%s", short_name(v->column->name),
                            v->text[panel % v->n], title[0] ? " " : "", title);
        panel /= v->n;
    }
    return title;
}

static int count_panels(const struct atlas *m, const struct span *s,
                        size_t places, unsigned *panels, struct err *e)
{
    *panels = 1;
    for (unsigned i = 0; i < m->n_axes; i++) {
        if (!is_panel_axis(m, s, i))
            continue;
        *panels *= m->axes[i].n;
        places *= m->axes[i].n;
        if (places > MAX_PLACES) {
            err_plain(e, NULL, "a map of more than %d places", MAX_PLACES);
            return err_hint(e, "--where AXIS=VALUE leaves fewer");
        }
    }
    return 0;
}

/* ---- drawing ---- */

static struct map_axis map_axis(const struct atlas *m, unsigned axis)
{
    static const char *const nothing[] = { "" };

    if (axis == NO_AXIS)
        return (struct map_axis) { NULL, 1, nothing };
    return (struct map_axis) { m->axes[axis].column->name, m->axes[axis].n,
                               m->axes[axis].text };
}

static int make_map(const struct atlas *m, const struct span *s,
                    struct map *map, struct err *e)
{
    const char **titles;
    uint16_t *cells;
    size_t size;

    *map = (struct map) { .what = m->shown.column->name,
                          .x = map_axis(m, s->x),
                          .y = map_axis(m, s->y),
                          .n_values = m->shown.n,
                          .value = m->shown.text };
    size = (size_t)map->x.n * map->y.n;
    if (count_panels(m, s, size, &map->n_panels, e))
        return -1;
    map->title = titles = pool_alloc(m->pool, map->n_panels * sizeof(*titles));
    map->cell = cells =
        pool_alloc(m->pool, map->n_panels * size * sizeof(*cells));
    for (size_t i = 0; i < map->n_panels; i++)
        titles[i] = panel_title(m, s, i);
    for (size_t i = 0; i < m->n; i++) {
        const uint16_t *a = atlas_answer(m, i);
        size_t y = s->y == NO_AXIS ? 0 : a[s->y];
        size_t x = s->x == NO_AXIS ? 0 : a[s->x];

        cells[panel_of(m, s, a) * size + y * map->x.n + x] =
            (uint16_t)(a[m->n_axes] + 1);
    }
    return 0;
}

static unsigned terminal_width(void)
{
    struct winsize size;

    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
        size.ws_col)
        return size.ws_col;
    return 80;
}

static int draw(const struct map_args *a, struct lab_table *table,
                struct buf *out, struct err *e)
{
    uint64_t missing = lab_table_missing(table);
    struct atlas m;
    struct span s;
    struct map map;
    int ret = -1;

    if (atlas_read(&m, a->pool, table, a->fact, &a->where, e) == 0 &&
        choose_span(&m, a, &s, e) == 0 && make_map(&m, &s, &map, e) == 0) {
        render_map(out, &map, terminal_width(), cli_colour());
        if (missing)
            buf_printf(out, "%" PRIu64 " points are not in %s yet\n", missing,
                       a->from);
        ret = 0;
    }
    atlas_free(&m);
    return ret;
}

int sweep_map(int argc, char **argv)
{
    struct map_args a = { .pool = pool_create() };
    struct lab_table *table;
    struct buf out = BUF_INIT;
    struct err e = { 0 };
    int status = STATUS_OK;

    cli_parse(&argp, argc, argv, &a);
    table = lab_table_open(a.pool, a.from, &e);
    if (!table || draw(&a, table, &out, &e))
        status = cli_input_error(&e);
    cli_print(&out);
    buf_free(&out);
    lab_table_close(table);
    pool_destroy(a.pool);
    return status;
}
