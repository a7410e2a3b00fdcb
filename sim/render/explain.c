/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/explain.c - the causal chain of an outcome, told as numbered links.
 *
 * A sink keeps one link per event that has a sentence. When the story is told,
 * a run of links that repeats (the laps of a loop) is told once and counted.
 */
#include "render/explain.h"

#include <string.h>

#define WIDTH      96
#define INDENT     5
#define MAX_PERIOD 16

struct link {
    struct link *next;
    const char *text, *source;
    const char *step; /* id, NULL before the first step */
    bool heading;
};

struct explainer {
    struct pool *pool;
    struct link *first, **last;
    const char *step;
};

struct explainer *explainer_create(struct pool *pool)
{
    struct explainer *x = pool_alloc(pool, sizeof(*x));

    x->pool = pool;
    x->last = &x->first;
    return x;
}

static void keep(struct explainer *x, const char *text, const char *source,
                 bool heading)
{
    struct link *l = pool_alloc(x->pool, sizeof(*l));

    l->text = text;
    l->source = source;
    l->step = x->step;
    l->heading = heading;
    *x->last = l;
    x->last = &l->next;
}

void explainer_sink(void *explainer, const struct event *ev)
{
    struct explainer *x = explainer;
    struct buf b = BUF_INIT;

    if (ev->id == EV_step) {
        const struct ev_step *s = FIELDS(step, ev);

        x->step = s->id;
        keep(x, pool_printf(x->pool, "Step %s: %s", s->id, s->what), "", true);
        return;
    }
    if (ev->id == EV_step_done) {
        const struct ev_step_done *d = FIELDS(step_done, ev);

        keep(
            x,
            d->why && *d->why
                ? pool_printf(x->pool, "The step ends: %s, %s.", d->how, d->why)
                : pool_printf(x->pool, "The step ends: %s.", d->how),
            "", false);
        x->step = NULL;
        return;
    }
    explain_sentence(&b, ev);
    if (b.len)
        keep(x, pool_strdup(x->pool, b.data),
             pool_strdup(x->pool, explain_source(ev)), false);
    buf_free(&b);
}

void wrap_text(struct buf *b, const char *text, unsigned first_column,
               unsigned indent, unsigned width)
{
    unsigned column = first_column;
    bool start = true;

    while (*text) {
        size_t len = strcspn(text, " \n");

        if (len && !start && column + 1 + len > width) {
            buf_printf(b, "\n%*s", (int)indent, "");
            column = indent;
            start = true;
        }
        if (len && !start) {
            buf_addc(b, ' ');
            column++;
        }
        buf_add(b, text, len);
        column += (unsigned)len;
        if (len)
            start = false;
        text += len;
        while (*text == ' ' || *text == '\n')
            text++;
    }
    buf_addc(b, '\n');
}

static bool same_link(const struct link *a, const struct link *b)
{
    return !a->heading && !b->heading && strcmp(a->text, b->text) == 0;
}

/* How often the @period links at @l repeat right behind themselves. */
static unsigned repeats(struct link *const *l, size_t left, size_t period)
{
    unsigned n = 1;

    for (;; n++) {
        if ((n + 1) * period > left)
            return n;
        for (size_t i = 0; i < period; i++)
            if (!same_link(l[i], l[n * period + i]))
                return n;
    }
}

/* The shortest loop that starts here and runs at least three times. */
static unsigned find_loop(struct link *const *l, size_t left, size_t *period)
{
    for (*period = 1; *period <= MAX_PERIOD && *period <= left; (*period)++) {
        unsigned n = repeats(l, left, *period);

        if (n >= 3)
            return n;
    }
    *period = 1;
    return 1;
}

static void tell_link(struct buf *out, const struct link *l, unsigned *number)
{
    struct buf text = BUF_INIT;

    if (l->heading) {
        buf_printf(out, "\n%s\n", l->text);
        return;
    }
    buf_adds(&text, l->text);
    if (*l->source)
        buf_printf(&text, " [%s]", l->source);
    buf_printf(out, "%3u. ", ++*number);
    wrap_text(out, text.data, INDENT, INDENT, WIDTH);
    buf_free(&text);
}

/* The links to tell: those before the steps, and the wanted step's. */
static size_t select_links(struct explainer *x, const char *step,
                           struct link ***out)
{
    size_t n = 0;
    struct link **v;

    for (struct link *l = x->first; l; l = l->next)
        n++;
    v = pool_alloc(x->pool, (n + 1) * sizeof(struct link *));
    n = 0;
    for (struct link *l = x->first; l; l = l->next)
        if (!step || !l->step || strcmp(l->step, step) == 0)
            v[n++] = l;
    *out = v;
    return n;
}

void explainer_tell(struct explainer *x, const char *moral, const char *step,
                    struct buf *out)
{
    struct link **l;
    size_t n = select_links(x, step, &l), i = 0;
    unsigned number = 0;

    if (moral && *moral) {
        buf_adds(out, "\n");
        wrap_text(out, moral, 0, 0, WIDTH);
        buf_adds(out, "\n");
    }
    while (i < n) {
        size_t period;
        unsigned times = find_loop(l + i, n - i, &period);
        unsigned first = number + 1;

        for (size_t k = 0; k < period; k++)
            tell_link(out, l[i + k], &number);
        if (times > 1 && period == 1)
            buf_printf(out, "%*s... and %u times more, word for word.\n",
                       INDENT, "", times - 1);
        else if (times > 1)
            buf_printf(out,
                       "%*s... and links %u-%u repeat %u times more, word for "
                       "word.\n",
                       INDENT, "", first, number, times - 1);
        i += period * times;
    }
}
