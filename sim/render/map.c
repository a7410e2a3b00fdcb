/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/map.c - a space as a picture made of letters.
 *
 * Every value has a letter of its own, taken from its name where that is
 * possible. Colour repeats what the letter says and carries nothing else.
 */
#include "render/parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NOTHING '.'
#define GAP     3 /* columns between panels */

struct drawing {
    const struct map *map;
    struct buf *out;
    bool colour;
    char *letter;          /* by value, from 1; 0: NOTHING */
    unsigned ink;          /* value whose colour is on, 0: none */
    unsigned label, panel; /* columns of a y label, of a panel */
    unsigned across;       /* panels beside each other */
};

/* ---- letters ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool take(struct drawing *d, unsigned value, const char *from)
{
    for (; *from; from++)
        if (is_letter(*from) && !memchr(d->letter, *from, value)) {
            d->letter[value] = *from;
            return true;
        }
    return false;
}

/* The first free letter of the last word, of all, of the alphabet; behind that
 * letters repeat, and the legend says so. Numbers have no letters to offer. */
static void choose_letters(struct drawing *d)
{
    static const char alphabet[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    unsigned n = d->map->n_values;

    d->letter = calloc(n + 2, 1);
    BUG_ON(!d->letter);
    d->letter[0] = NOTHING;
    for (unsigned i = 1; i <= n; i++) {
        const char *text = d->map->value[i - 1], *dot = strrchr(text, '.');
        bool word = is_letter(text[0]);

        if (!(word && dot && take(d, i, dot)) && !(word && take(d, i, text)) &&
            !take(d, i, alphabet))
            d->letter[i] = alphabet[i % (sizeof(alphabet) - 1)];
    }
}

/* ---- colour ---- */

/* What is often on a map has the same colour on all of them. */
static const char *ink_of(const struct map *m, unsigned value)
{
    static const struct {
        const char *value, *ink;
    } known[] = {
        { "mmio.vc", "32" }, { "mmio.emulated", "36" },
        { "ram", "34" },     { "hang", "1;31" },
        { "skipped", "33" }, { "true", "32" },
        { "false", "33" },   { "ok", "32" },
        { "holds", "32" },   { "violated", "1;31" },
    };
    static const char *const others[] = { "35", "31", "1;33", "1;35", "1;36" };

    for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
        if (strcmp(known[i].value, m->value[value - 1]) == 0)
            return known[i].ink;
    return others[value % ARRAY_SIZE(others)];
}

static void ink(struct drawing *d, unsigned value)
{
    if (!d->colour || value == d->ink)
        return;
    if (value)
        buf_printf(d->out, "\033[0;%sm", ink_of(d->map, value));
    else
        buf_adds(d->out, "\033[0m");
    d->ink = value;
}

/* ---- panels ---- */

static unsigned longest(const struct map_axis *a)
{
    size_t max = 0;

    for (unsigned i = 0; a->name && i < a->n; i++)
        if (strlen(a->label[i]) > max)
            max = strlen(a->label[i]);
    return (unsigned)max;
}

static void measure(struct drawing *d, unsigned width)
{
    const struct map *m = d->map;

    d->label = longest(&m->y) ? longest(&m->y) + 1 : 0;
    d->panel = d->label + m->x.n;
    for (unsigned i = 0; i < m->n_panels; i++)
        if (strlen(m->title[i]) > d->panel)
            d->panel = (unsigned)strlen(m->title[i]);
    d->across = (width + GAP) / (d->panel + GAP);
    if (d->across == 0)
        d->across = 1;
}

static void pad(struct drawing *d, unsigned columns)
{
    buf_printf(d->out, "%*s", (int)columns, "");
}

/* One line of a panel; the number of columns that it took. */
typedef unsigned (*line_fn)(struct drawing *d, unsigned panel, unsigned line);

/* The same line of panels @first and those beside it. */
static void put_line(struct drawing *d, unsigned first, line_fn put,
                     unsigned line)
{
    unsigned owed = 0; /* blanks, if something follows */

    for (unsigned i = 0; i < d->across && first + i < d->map->n_panels; i++) {
        unsigned took;

        pad(d, owed);
        took = put(d, first + i, line);
        ink(d, 0);
        owed = d->panel - took + GAP;
    }
    while (d->out->len && d->out->data[d->out->len - 1] == ' ')
        d->out->data[--d->out->len] = '\0';
    buf_addc(d->out, '\n');
}

static unsigned put_title(struct drawing *d, unsigned panel, unsigned line)
{
    (void)line;
    buf_adds(d->out, d->map->title[panel]);
    return (unsigned)strlen(d->map->title[panel]);
}

/* Labels of x stand upright: character @line from the top of each. */
static unsigned put_head(struct drawing *d, unsigned panel, unsigned line)
{
    const struct map_axis *x = &d->map->x;
    unsigned height = longest(x);

    (void)panel;
    pad(d, d->label);
    for (unsigned i = 0; i < x->n; i++) {
        unsigned len = (unsigned)strlen(x->label[i]), top = height - len;

        buf_addc(d->out, line < top ? ' ' : x->label[i][line - top]);
    }
    return d->label + x->n;
}

static unsigned put_row(struct drawing *d, unsigned panel, unsigned line)
{
    const struct map *m = d->map;
    const uint16_t *cell = m->cell + ((size_t)panel * m->y.n + line) * m->x.n;

    if (d->label)
        buf_printf(d->out, "%*s ", (int)d->label - 1, m->y.label[line]);
    for (unsigned i = 0; i < m->x.n; i++) {
        ink(d, cell[i]);
        buf_addc(d->out, d->letter[cell[i]]);
    }
    return d->label + m->x.n;
}

static void put_panels(struct drawing *d, unsigned first)
{
    const struct map *m = d->map;

    if (m->title[first][0])
        put_line(d, first, put_title, 0);
    for (unsigned i = 0; i < longest(&m->x); i++)
        put_line(d, first, put_head, i);
    for (unsigned i = 0; i < m->y.n; i++)
        put_line(d, first, put_row, i);
    buf_addc(d->out, '\n');
}

/* ---- words ---- */

static void put_summary(struct drawing *d)
{
    const struct map *m = d->map;

    buf_adds(d->out, m->what);
    if (m->x.name)
        buf_printf(d->out, "; across: %s", m->x.name);
    if (m->y.name)
        buf_printf(d->out, "; down: %s", m->y.name);
    buf_adds(d->out, "\n\n");
}

static void put_legend(struct drawing *d)
{
    const struct map *m = d->map;
    size_t n = (size_t)m->n_panels * m->y.n * m->x.n, width = 9;
    uint64_t *count = calloc(m->n_values + 1, sizeof(*count));

    BUG_ON(!count);
    for (size_t i = 0; i < n; i++)
        count[m->cell[i]]++;
    for (unsigned i = 0; i < m->n_values; i++)
        if (strlen(m->value[i]) > width)
            width = strlen(m->value[i]);
    for (unsigned i = 1; i <= m->n_values; i++) {
        ink(d, i);
        buf_addc(d->out, d->letter[i]);
        ink(d, 0);
        buf_printf(d->out, "  %-*s %8" PRIu64 "\n", (int)width, m->value[i - 1],
                   count[i]);
    }
    if (count[0])
        buf_printf(d->out, "%c  %-*s %8" PRIu64 "\n", NOTHING, (int)width,
                   "no answer", count[0]);
    free(count);
}

void render_map(struct buf *b, const struct map *m, unsigned width, bool colour)
{
    struct drawing d = { .map = m, .out = b, .colour = colour };

    choose_letters(&d);
    measure(&d, width);
    put_summary(&d);
    for (unsigned i = 0; i < m->n_panels; i += d.across)
        put_panels(&d, i);
    put_legend(&d);
    free(d.letter);
}
