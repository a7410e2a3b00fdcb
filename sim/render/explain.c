/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/explain.c - the run retold as a chain of numbered links.
 *
 * Nothing is worked out here: each link is one event in plain words, with the
 * reason and the source that the event brought along. What this file adds is
 * order. Notes form laps (from one VM entry to the next), laps form chapters
 * (the set-up, each step). Laps that are alike are told once and counted, and
 * so are first touches of ordinary memory on the way to something else.
 */
#include "render/explain.h"

#include <stdio.h>
#include <string.h>

#define WIDTH     100
#define MAX_NOTES 65536 /* what is beyond is counted, not told */
#define MAX_LAPS  24    /* told of one chapter, and its last ones */
#define LAST_LAPS 3

struct lap {
    unsigned first, n; /* notes */
    unsigned repeats;  /* further laps exactly like it */
};

struct chapter {
    const char *id, *what; /* id NULL: not a step */
    const char *how, *why; /* how the step ended */
    unsigned first, n;     /* laps */
};

struct explainer {
    struct pool *pool;
    struct note *note;
    struct lap *lap;
    struct chapter *chapter;
    unsigned n_notes, cap_notes, n_laps, cap_laps, n_chapters, cap_chapters;
    unsigned open_note; /* the first note of the lap that is still growing */
    unsigned npt_refs, gpt_refs; /* of the walk at hand */
    uint64_t untold;             /* notes beyond MAX_NOTES */
};

/* ---- recording ----------------------------------------------------------- */

static void open_chapter(struct explainer *x, const char *id, const char *what)
{
    x->chapter = pool_more(x->pool, x->chapter, x->n_chapters, &x->cap_chapters,
                           sizeof(*x->chapter));
    x->chapter[x->n_chapters++] =
        (struct chapter) { .id = id, .what = what, .first = x->n_laps };
}

struct explainer *explainer_create(struct pool *pool)
{
    struct explainer *x = pool_alloc(pool, sizeof(*x));

    x->pool = pool;
    open_chapter(x, NULL, "How the machine came to be");
    return x;
}

static const struct link *link_of(enum event_id id)
{
    const struct link *l = explain_setup_link(id);

    if (!l->tell)
        l = explain_bare_link(id);
    return l->tell ? l : explain_run_link(id);
}

static struct event event_of(const struct note *n)
{
    return (struct event) { .id = n->id, .fields = n->fields };
}

static bool same_note(const struct note *a, const struct note *b)
{
    const struct event_desc *d = &event_table[a->id];
    struct event ea = event_of(a), eb = event_of(b);

    if (a->id != b->id)
        return false;
    for (unsigned i = 0; i < d->n_fields; i++) {
        if (d->fields[i].kind == KIND_STR
                ? strcmp(event_str(&ea, i), event_str(&eb, i)) != 0
                : a->fields[i] != b->fields[i])
            return false;
    }
    return true;
}

/* Is the growing lap, of @n notes, like the one before it? */
static bool like_previous(const struct explainer *x, unsigned n)
{
    const struct chapter *c = &x->chapter[x->n_chapters - 1];
    const struct lap *last = c->n ? &x->lap[x->n_laps - 1] : NULL;

    if (!last || last->n != n)
        return false;
    for (unsigned i = 0; i < n; i++)
        if (!same_note(&x->note[last->first + i], &x->note[x->open_note + i]))
            return false;
    return true;
}

static void close_lap(struct explainer *x)
{
    unsigned n = x->n_notes - x->open_note;

    if (n && like_previous(x, n)) {
        x->lap[x->n_laps - 1].repeats++;
        x->n_notes = x->open_note;
    } else if (n) {
        x->lap = pool_more(x->pool, x->lap, x->n_laps, &x->cap_laps,
                           sizeof(*x->lap));
        x->lap[x->n_laps++] = (struct lap) { .first = x->open_note, .n = n };
        x->chapter[x->n_chapters - 1].n++;
    }
    x->open_note = x->n_notes;
}

static void keep_note(struct explainer *x, const struct event *ev)
{
    struct note *n;

    if (x->n_notes >= MAX_NOTES && ev->id != EV_hang) {
        x->untold++;
        return;
    }
    x->note = pool_more(x->pool, x->note, x->n_notes, &x->cap_notes,
                        sizeof(*x->note));
    n = &x->note[x->n_notes++];
    *n = (struct note) { .id = ev->id,
                         .npt_refs = x->npt_refs,
                         .gpt_refs = x->gpt_refs };
    memcpy(n->fields, ev->fields,
           event_table[ev->id].n_fields * sizeof(*n->fields));
}

static void end_step(struct explainer *x, const struct event *ev)
{
    struct chapter *c = &x->chapter[x->n_chapters - 1];

    close_lap(x);
    c->how = EV(step_done, ev)->how;
    c->why = EV(step_done, ev)->why;
    open_chapter(x, NULL, "Between the steps");
}

void explainer_sink(void *explainer, const struct event *ev)
{
    struct explainer *x = explainer;

    if (ev->id == EV_npt_step)
        x->npt_refs++;
    else if (ev->id == EV_gpt_step)
        x->gpt_refs++;

    if (ev->id == EV_vmrun || ev->id == EV_hang || ev->id == EV_step)
        close_lap(x);
    if (ev->id == EV_step)
        open_chapter(x, EV(step, ev)->id, EV(step, ev)->what);
    else if (ev->id == EV_step_done)
        end_step(x, ev);
    else if (link_of(ev->id)->tell && !explain_run_silent(ev))
        keep_note(x, ev);

    if (ev->id == EV_npf || ev->id == EV_pf || ev->id == EV_data ||
        ev->id == EV_fetch)
        x->npt_refs = x->gpt_refs = 0;
}

/* ---- telling ------------------------------------------------------------- */

/* First touches of memory that were mended in passing. */
struct passing {
    unsigned n;
    gpa_t gpa[4];
};

struct story {
    struct explainer *x;
    struct telling t;
    struct passing passing;
    struct buf *out; /* NULL: only listen, for what later links refer to */
    unsigned number;
};

const char *text_or(const char *s, const char *otherwise)
{
    return s && *s ? s : otherwise;
}

void tell_why(struct telling *t, const char *why)
{
    size_t len = why ? strlen(why) : 0;

    if (len)
        buf_printf(&t->text, ": %s", why);
    if (!len || why[len - 1] != '.')
        buf_addc(&t->text, '.');
}

static bool is_commit(const char *s)
{
    return strspn(s, "0123456789abcdef") == 12 && (!s[12] || s[12] == ',');
}

/* The source that the sentence names, else the one that came with the event,
 * else the one of its link. */
static void add_source(struct telling *t, const struct event *ev,
                       const char *otherwise)
{
    int field = event_field_find(ev->id, "source");
    const char *s = field < 0 ? "" : event_str(ev, (unsigned)field);

    s = text_or(t->source, text_or(s, text_or(otherwise, "seen in this run")));
    buf_printf(&t->text, " [%s%s]", is_commit(s) ? "commit " : "", s);
}

/* The text at hand becomes the next numbered link. */
static void end_link(struct story *s)
{
    char first[16];

    if (s->out && s->t.text.len) {
        snprintf(first, sizeof(first), "%3u. ", ++s->number);
        wrap_text(s->out, first, s->t.text.data, WIDTH);
    }
    buf_clear(&s->t.text);
}

static void tell_note(struct story *s, const struct note *n)
{
    struct event ev = event_of(n);
    const struct link *l = link_of(n->id);

    s->t.note = n;
    l->tell(&s->t, &ev);
    if (s->t.text.len)
        add_source(&s->t, &ev, l->source);
    s->t.source = NULL;
    end_link(s);
}

static void tell_passing(struct story *s)
{
    const struct passing *p = &s->passing;
    unsigned shown = p->n < ARRAY_SIZE(p->gpa) ? p->n : ARRAY_SIZE(p->gpa);

    if (p->n) {
        buf_printf(&s->t.text,
                   "On the way %u page%s of guest memory %s touched for the "
                   "first time:",
                   p->n, p->n > 1 ? "s" : "", p->n > 1 ? "were" : "was");
        for (unsigned i = 0; i < shown; i++)
            buf_printf(&s->t.text, " 0x%llx%s", (unsigned long long)p->gpa[i],
                       i + 1 < shown ? "," : "");
        buf_printf(&s->t.text,
                   "%s. Each faulted with #NPF (not present), and KVM mapped "
                   "it. [Linux, kvm_tdp_mmu_map()]",
                   shown < p->n ? ", ..." : "");
        end_link(s);
    }
    s->passing = (struct passing) { 0 };
}

/* Nothing but a fault on memory that KVM mended? */
static bool only_maps(const struct explainer *x, const struct lap *l)
{
    bool maps = false;

    for (unsigned i = l->first; i < l->first + l->n; i++) {
        enum event_id id = x->note[i].id;

        maps |= id == EV_kvm_mmu_set_spte;
        if (id != EV_npf && id != EV_kvm_mmu_set_spte &&
            id != EV_kvm_fault_result)
            return false;
    }
    return maps;
}

static bool faults(const struct explainer *x, const struct lap *l)
{
    for (unsigned i = l->first; i < l->first + l->n; i++)
        if (x->note[i].id == EV_npf)
            return true;
    return false;
}

static void pass_by(struct story *s, const struct lap *l)
{
    struct passing *p = &s->passing;

    for (unsigned i = l->first; i < l->first + l->n; i++) {
        struct event ev = event_of(&s->x->note[i]);

        if (ev.id != EV_npf)
            continue;
        if (p->n < ARRAY_SIZE(p->gpa))
            p->gpa[p->n] = EV(npf, &ev)->info2;
        p->n++;
    }
}

static void tell_lap(struct story *s, const struct lap *l)
{
    s->t.lap = &s->x->note[l->first];
    s->t.lap_end = s->t.lap + l->n;
    for (const struct note *n = s->t.lap; n < s->t.lap_end; n++)
        tell_note(s, n);
    if (l->repeats) {
        buf_printf(&s->t.text,
                   "The guest repeats its instruction, and the same happens "
                   "again: %u lap%s exactly alike. [seen in this run]",
                   l->repeats + 1, l->repeats ? "s" : "");
        end_link(s);
    }
}

/* Say that @n laps from @lap on are left out; returns the last of them. */
static unsigned leave_out(struct story *s, unsigned n, unsigned lap)
{
    buf_printf(&s->t.text,
               "It goes on like this; %u laps are left out here. [seen in this "
               "run]",
               n);
    end_link(s);
    return lap + n - 1;
}

/* The last faulting lap is what the chapter is about; others that only map
 * memory are passed by. */
static void tell_laps(struct story *s, const struct chapter *c)
{
    unsigned last_fault = c->n;

    for (unsigned i = 0; i < c->n; i++)
        if (faults(s->x, &s->x->lap[c->first + i]))
            last_fault = i;
    for (unsigned i = 0; i < c->n; i++) {
        const struct lap *l = &s->x->lap[c->first + i];

        if (i != last_fault && only_maps(s->x, l)) {
            pass_by(s, l);
            continue;
        }
        tell_passing(s);
        if (i == MAX_LAPS && i + LAST_LAPS < c->n)
            i = leave_out(s, c->n - LAST_LAPS - i, i);
        else
            tell_lap(s, l);
    }
    tell_passing(s);
}

static void tell_end(struct story *s, const struct chapter *c)
{
    if (!s->out || !c->how)
        return;
    buf_printf(&s->t.text, "The step ends: %s", c->how);
    if (strcmp(c->how, "hang") == 0)
        buf_addc(&s->t.text, '.');
    else
        tell_why(&s->t, c->why);
    wrap_text(s->out, "  => ", s->t.text.data, WIDTH);
    buf_clear(&s->t.text);
}

static void tell_chapter(struct story *s, const struct chapter *c)
{
    if (s->out && (c->id || c->n)) {
        buf_addc(s->out, '\n');
        if (c->id)
            buf_printf(s->out, "Step %s: %s\n", c->id, c->what ? c->what : "");
        else
            buf_printf(s->out, "%s\n", c->what);
    }
    tell_laps(s, c);
    tell_end(s, c);
}

static bool wanted(const struct chapter *c, unsigned i, const char *step)
{
    return !step || i == 0 || (c->id && strcmp(c->id, step) == 0);
}

void explainer_tell(struct explainer *x, const char *moral, const char *step,
                    struct buf *out)
{
    struct story s = { .x = x, .t = { .text = BUF_INIT, .gates = BUF_INIT } };

    close_lap(x);
    if (moral && *moral)
        wrap_text(out, "", moral, WIDTH);
    for (unsigned i = 0; i < x->n_chapters; i++) {
        s.out = wanted(&x->chapter[i], i, step) ? out : NULL;
        tell_chapter(&s, &x->chapter[i]);
    }
    if (x->untold)
        buf_printf(out, "\n%llu more events are not told.\n",
                   (unsigned long long)x->untold);
    buf_free(&s.t.text);
    buf_free(&s.t.gates);
}
