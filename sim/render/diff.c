/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/diff.c - where two kernels differ, and which commit it was.
 *
 * Groups of equal change, the largest first; in each the explanations, which
 * configurations they are for, and one to try.
 */
#include "render/report.h"

#include <inttypes.h>
#include <stdio.h>

/* 2437120 as "2,437,120". */
void render_count(struct buf *b, uint64_t n)
{
    char digits[21];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            buf_addc(b, ',');
        buf_addc(b, digits[i]);
    }
}

static void put_changes(struct buf *b, const struct report_group *g)
{
    for (unsigned i = 0; i < g->n_changes; i++)
        buf_printf(b, "%s%s %s -> %s", i ? ", " : "", g->change[i].what,
                   g->change[i].from, g->change[i].to);
}

static void put_decision(struct buf *b, const struct report_decision *d)
{
    buf_printf(b, "%s: %s", d->key, d->change);
}

static void put_reason(struct buf *b, const struct report_decision *d)
{
    buf_printf(b, "%s%s (%s)", d->undone ? "before " : "", d->because,
               d->kernel);
}

/* ---- text ---- */

void put_sets(struct buf *b, const struct report_set *set, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        for (unsigned k = 0; k < set[i].n; k++) {
            const struct report_decision *d = &set[i].decision[k];

            buf_adds(b, k   ? "       with "
                        : i ? "         or "
                            : "    because ");
            put_decision(b, d);
            buf_adds(b, "\n            ");
            put_reason(b, d);
            buf_addc(b, '\n');
        }
    }
}

/* "99 with p_mmio_caching=1 in 33 geometries: (52,0,*), (52,1,51)" */
static void put_places(struct buf *b, const struct report_diff *r,
                       const struct report_places *p)
{
    render_count(b, p->count);
    if (*p->when)
        buf_printf(b, " with %s", p->when);
    if (p->n) {
        buf_adds(b, " in ");
        render_count(b, p->n);
        buf_printf(b, " %s", p->n == 1 ? r->place_one : r->place_many);
    }
    if (*p->text)
        buf_printf(b, ": %s", p->text);
}

static void text_cause(struct buf *b, const struct report_diff *r,
                       const struct report_cause *c)
{
    put_sets(b, c->set, c->n_sets);
    for (unsigned i = 0; i < c->n_places; i++) {
        buf_adds(b, i ? "            " : "        for ");
        put_places(b, r, &c->places[i]);
        buf_addc(b, '\n');
    }
    if (*c->where)
        buf_printf(b, "      where %s\n", c->where);
    if (*c->example)
        buf_printf(b, "       e.g. %s\n", c->example);
}

static void text_group(struct buf *b, const struct report_diff *r, unsigned i)
{
    const struct report_group *g = &r->group[i];

    buf_printf(b, "\n%2u. %s", i + 1, g->is_log ? "log text: " : "");
    put_changes(b, g);
    buf_adds(b, "\n    ");
    render_count(b, g->count);
    buf_printf(b, " %s\n", g->count == 1 ? r->noun_one : r->noun);
    for (unsigned k = 0; k < g->n_causes; k++)
        text_cause(b, r, &g->cause[k]);
}

static void put_summary(struct buf *b, const struct report_diff *r)
{
    render_count(b, r->differ);
    buf_adds(b, " of ");
    render_count(b, r->compared);
    buf_printf(b, " %s differ", r->noun);
    if (r->differ_in_log) {
        buf_adds(b, ", ");
        render_count(b, r->differ_in_log);
        buf_adds(b, " more in log text alone");
    }
}

void render_diff(struct buf *b, const struct report_diff *r)
{
    buf_printf(b, "%s -> %s: ", r->from, r->to);
    put_summary(b, r);
    buf_printf(b, "\nover %s\n", r->over);
    if (r->n_groups && *r->place)
        buf_printf(b, "a %s is %s\n", r->place_one, r->place);
    for (unsigned i = 0; i < r->n_groups; i++)
        text_group(b, r, i);
}

/* ---- Markdown, for a patch mail ---- */

static void markdown_cause(struct buf *b, const struct report_diff *r,
                           const struct report_cause *c)
{
    for (unsigned i = 0; i < c->n_places; i++) {
        buf_adds(b, "  - ");
        put_places(b, r, &c->places[i]);
        buf_addc(b, '\n');
    }
    if (*c->where)
        buf_printf(b, "    where %s\n", c->where);
    for (unsigned i = 0; i < c->n_sets; i++) {
        for (unsigned k = 0; k < c->set[i].n; k++) {
            const struct report_decision *d = &c->set[i].decision[k];

            buf_printf(b, "    %s`", k ? "with " : i ? "or " : "because ");
            put_decision(b, d);
            buf_adds(b, "`: ");
            put_reason(b, d);
            buf_addc(b, '\n');
        }
    }
}

void render_diff_markdown(struct buf *b, const struct report_diff *r)
{
    buf_printf(b, "### %s -> %s\n\n", r->from, r->to);
    put_summary(b, r);
    buf_printf(b, " (%s).\n", r->over);
    if (r->n_groups && *r->place)
        buf_printf(b, "A %s is %s.\n", r->place_one, r->place);
    buf_addc(b, '\n');
    for (unsigned i = 0; i < r->n_groups; i++) {
        const struct report_group *g = &r->group[i];

        buf_printf(b, "- %s**", g->is_log ? "log text: " : "");
        put_changes(b, g);
        buf_adds(b, "**: ");
        render_count(b, g->count);
        buf_printf(b, " %s\n", g->count == 1 ? r->noun_one : r->noun);
        for (unsigned k = 0; k < g->n_causes; k++)
            markdown_cause(b, r, &g->cause[k]);
    }
}

/* ---- JSON Lines ---- */

void json_member(struct buf *b, const char *key, const char *text)
{
    if (!text)
        return;
    buf_printf(b, ",\"%s\":", key);
    render_json_string(b, text);
}

static void json_set(struct buf *b, const struct report_set *s)
{
    buf_addc(b, '[');
    for (unsigned i = 0; i < s->n; i++) {
        const struct report_decision *d = &s->decision[i];

        buf_printf(b, "%s{\"decision\":", i ? "," : "");
        render_json_string(b, d->key);
        json_member(b, "change", d->change);
        json_member(b, "kernel", d->kernel);
        json_member(b, "because", d->because);
        buf_printf(b, ",\"undone\":%s}", d->undone ? "true" : "false");
    }
    buf_addc(b, ']');
}

void json_sets(struct buf *b, const struct report_set *set, unsigned n)
{
    buf_adds(b, ",\"explanations\":[");
    for (unsigned i = 0; i < n; i++) {
        buf_adds(b, i ? "," : "");
        json_set(b, &set[i]);
    }
    buf_addc(b, ']');
}

static void json_places(struct buf *b, const struct report_places *p)
{
    buf_adds(b, "{\"when\":");
    render_json_string(b, p->when);
    buf_printf(b, ",\"count\":%" PRIu64 ",\"n\":%" PRIu64, p->count, p->n);
    json_member(b, "text", p->text);
    buf_addc(b, '}');
}

static void json_cause(struct buf *b, const struct report_cause *c)
{
    buf_printf(b, "{\"count\":%" PRIu64 ",\"places\":[", c->count);
    for (unsigned i = 0; i < c->n_places; i++) {
        buf_adds(b, i ? "," : "");
        json_places(b, &c->places[i]);
    }
    buf_addc(b, ']');
    json_member(b, "where", c->where);
    json_member(b, "example", c->example);
    json_sets(b, c->set, c->n_sets);
    buf_addc(b, '}');
}

static void json_group(struct buf *b, const struct report_group *g)
{
    buf_printf(b, "{\"log\":%s,\"count\":%" PRIu64 ",\"changes\":[",
               g->is_log ? "true" : "false", g->count);
    for (unsigned i = 0; i < g->n_changes; i++) {
        buf_printf(b, "%s{\"what\":", i ? "," : "");
        render_json_string(b, g->change[i].what);
        json_member(b, "from", g->change[i].from);
        json_member(b, "to", g->change[i].to);
        buf_addc(b, '}');
    }
    buf_adds(b, "],\"causes\":[");
    for (unsigned i = 0; i < g->n_causes; i++) {
        buf_adds(b, i ? "," : "");
        json_cause(b, &g->cause[i]);
    }
    buf_adds(b, "]}\n");
}

void render_diff_json(struct buf *b, const struct report_diff *r)
{
    buf_adds(b, "{\"from\":");
    render_json_string(b, r->from);
    json_member(b, "to", r->to);
    json_member(b, "over", r->over);
    json_member(b, "place", r->place);
    buf_printf(b,
               ",\"compared\":%" PRIu64 ",\"differ\":%" PRIu64
               ",\"differ_in_log\":%" PRIu64 ",\"groups\":%u}\n",
               r->compared, r->differ, r->differ_in_log, r->n_groups);
    for (unsigned i = 0; i < r->n_groups; i++)
        json_group(b, &r->group[i]);
}
