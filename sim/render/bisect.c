/* SPDX-License-Identifier: GPL-2.0-only */
/* render/bisect.c - one outcome under every kernel, and what changed it. */
#include "render/report.h"

#include <string.h>

static int widest(const struct report_bisect *r, size_t least)
{
    size_t width = least;

    for (unsigned i = 0; i < r->n + r->n_apart; i++) {
        const struct report_turn *t =
            i < r->n ? &r->turn[i] : &r->apart[i - r->n];

        width = strlen(t->kernel) > width ? strlen(t->kernel) : width;
    }
    return (int)width;
}

static void text_changes(struct buf *b, const struct report_bisect *r)
{
    const char *word = "first changed";

    for (unsigned i = 1; i < r->n; i++) {
        const struct report_turn *t = &r->turn[i];

        if (!t->changed)
            continue;
        buf_printf(b, "\n%s in %s: %s -> %s\n", word, t->kernel, t[-1].value,
                   t->value);
        put_sets(b, t->set, t->n_sets);
        word = "then";
    }
    if (!r->n_changes)
        buf_adds(b, "\nnever changed from release to release\n");
}

/* What one kernel says again is not worth a line. */
static const char *new_reason(const struct report_bisect *r, unsigned i)
{
    const char *reason = r->turn[i].reason;
    const char *before = i ? r->turn[i - 1].reason : NULL;

    return !reason || (before && strcmp(reason, before) == 0) ? "" : reason;
}

void render_bisect(struct buf *b, const struct report_bisect *r)
{
    int width = widest(r, 8);

    buf_printf(b, "%s: %s\n", r->scenario, r->outcome);
    for (unsigned i = 0; i < r->n; i++) {
        const struct report_turn *t = &r->turn[i];

        buf_printf(b, "%c %-*s %-14s %s\n", t->changed ? '*' : ' ', width,
                   t->kernel, t->value, new_reason(r, i));
    }
    for (unsigned i = 0; i < r->n_apart; i++) {
        const struct report_turn *t = &r->apart[i];

        buf_printf(b, "%s  %-*s %-14s %s%s%s\n", i ? "" : "apart\n", width,
                   t->kernel, t->value, t->kind, t->extends ? ", extends " : "",
                   t->extends ? t->extends : "");
    }
    text_changes(b, r);
}

static void json_turn(struct buf *b, const struct report_bisect *r,
                      const struct report_turn *t)
{
    buf_adds(b, "{\"scenario\":");
    render_json_string(b, r->scenario);
    json_member(b, "outcome", r->outcome);
    json_member(b, "kernel", t->kernel);
    json_member(b, "kind", t->kind);
    json_member(b, "value", t->value);
    if (t->reason)
        json_member(b, "reason", t->reason);
    buf_printf(b, ",\"changed\":%s", t->changed ? "true" : "false");
    if (t->changed)
        json_sets(b, t->set, t->n_sets);
    buf_adds(b, "}\n");
}

void render_bisect_json(struct buf *b, const struct report_bisect *r)
{
    for (unsigned i = 0; i < r->n; i++)
        json_turn(b, r, &r->turn[i]);
    for (unsigned i = 0; i < r->n_apart; i++)
        json_turn(b, r, &r->apart[i]);
}
