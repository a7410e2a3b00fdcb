/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/walk.c - single translations, picked out of the stream of events.
 *
 * The walkers tell each entry that they read; how a translation ended is told
 * by the fault, the fetch or the data access behind it.
 */
#include "arch/paging.h"
#include "arch/sev.h"
#include "render/parts.h"

#include <string.h>

struct walk_recorder {
    struct pool *pool;
    const char *only;
    bool deaf; /* outside the step that is listened to */
    bool told; /* the step's first data access is kept, or will not come */
    uint64_t cbit;
    /* Translations under way: of an access that crosses a page there are two
     * before either is used. */
    unsigned n_open;
    struct walk_story open[2];
    unsigned n, cap;
    struct walk_story **stories;
};

struct walk_recorder *walk_recorder_create(struct pool *pool)
{
    struct walk_recorder *r = pool_alloc(pool, sizeof(*r));

    r->pool = pool;
    return r;
}

void walk_recorder_only(struct walk_recorder *r, const char *id)
{
    r->only = id;
    r->deaf = id;
}

void walk_recorder_clear(struct walk_recorder *r)
{
    r->n = r->n_open = 0;
    r->told = false;
}

const struct walk_story *walk_recorder_story(const struct walk_recorder *r,
                                             unsigned i)
{
    return i < r->n ? r->stories[i] : NULL;
}

/* ---- collecting ---- */

/* The story that the next entry belongs to. Levels fall within a table; one
 * that does not fall begins a new translation. */
static struct walk_story *story_for(struct walk_recorder *r, bool nested,
                                    unsigned level)
{
    struct walk_story *s = r->n_open ? &r->open[r->n_open - 1] : NULL;
    const struct walk_entry *last = s && s->n ? &s->entry[s->n - 1] : NULL;

    if (last && s->n < WALK_MAX_ENTRIES &&
        (last->nested != nested || level < last->level))
        return s;
    if (r->n_open == ARRAY_SIZE(r->open))
        r->open[0] = r->open[--r->n_open];
    s = &r->open[r->n_open++];
    memset(s, 0, sizeof(*s));
    s->cbit = r->cbit;
    return s;
}

static void add_nested(struct walk_recorder *r, const struct ev_npt_step *e)
{
    struct walk_story *s = story_for(r, true, (unsigned)e->level);

    if (!s->n)
        s->gva = e->gpa; /* until a guest table says otherwise */
    s->entry[s->n++] = (struct walk_entry) {
        .nested = true,
        .level = (unsigned)e->level,
        .levels = (unsigned)e->of,
        .addr = e->gpa,
        .slot = e->slot,
        .pte = e->pte,
    };
}

/* The nested entries behind the last guest entry were read for @level. */
static void name_purpose(struct walk_story *s, unsigned level)
{
    for (unsigned i = s->n; i-- && s->entry[i].nested;)
        s->entry[i].guest_level = level;
}

static void add_guest(struct walk_recorder *r, const struct ev_gpt_step *e)
{
    struct walk_story *s = story_for(r, false, (unsigned)e->level);

    name_purpose(s, (unsigned)e->level);
    s->gva = e->gva;
    s->entry[s->n++] = (struct walk_entry) {
        .level = (unsigned)e->level,
        .levels = (unsigned)e->of,
        .guest_level = (unsigned)e->level,
        .addr = e->gva,
        .slot = e->slot,
        .pte = e->pte,
    };
}

static void note_update(struct walk_recorder *r, const struct ev_ad_update *e)
{
    struct walk_story *s = r->n_open ? &r->open[r->n_open - 1] : NULL;

    for (unsigned i = s ? s->n : 0; i--;) {
        if (s->entry[i].slot == e->slot) {
            s->entry[i].set |= e->new & ~e->old;
            return;
        }
    }
}

/* ---- keeping ---- */

static bool same_walk(const struct walk_story *a, const struct walk_story *b)
{
    if (a->n != b->n || a->gva != b->gva || a->end != b->end ||
        a->code != b->code || a->addr != b->addr)
        return false;
    for (unsigned i = 0; i < a->n; i++)
        if (a->entry[i].slot != b->entry[i].slot ||
            a->entry[i].pte != b->entry[i].pte)
            return false;
    return true;
}

static void keep(struct walk_recorder *r, const struct walk_story *s)
{
    for (unsigned i = 0; i < r->n; i++) {
        if (same_walk(r->stories[i], s)) {
            r->stories[i]->repeats++;
            return;
        }
    }
    r->stories =
        pool_more(r->pool, r->stories, r->n, &r->cap, sizeof(*r->stories));
    r->stories[r->n] = pool_alloc(r->pool, sizeof(*s));
    *r->stories[r->n++] = *s;
}

/* Which guest entry did the nested walk look for when it failed? */
static unsigned failed_purpose(const struct walk_story *s, uint64_t info1)
{
    unsigned i = s->n;

    if (info1 & PFERR_GUEST_FINAL)
        return 0;
    while (i && s->entry[i - 1].nested)
        i--;
    return i ? s->entry[i - 1].level - 1 : WALK_TOP_LEVEL;
}

struct fault {
    enum walk_story_end end;
    uint64_t code, addr;
    gva_t gva;
    spa_t slot;
    uint64_t level;
    const char *why, *source;
};

static void keep_fault(struct walk_recorder *r, const struct fault *f)
{
    struct walk_story none = { .cbit = r->cbit }, *s = &none;

    if (r->n_open)
        s = &r->open[r->n_open - 1];
    if (f->end == STORY_NPF)
        name_purpose(s, failed_purpose(s, f->code));
    s->end = f->end;
    s->gva = f->gva;
    s->code = f->code;
    s->addr = f->addr;
    s->why = f->why;
    s->source = f->source;
    s->blamed = s->n;
    for (unsigned i = s->n; f->level && i--;) {
        if (s->entry[i].slot == f->slot) {
            s->blamed = i;
            break;
        }
    }
    keep(r, s);
    r->n_open = 0;
}

static void reach(struct walk_recorder *r, struct walk_story *s, spa_t spa)
{
    name_purpose(s, 0);
    s->end = STORY_OK;
    s->spa = spa;
    s->blamed = s->n;
    keep(r, s);
    r->told = true;
}

void walk_recorder_reached(struct walk_recorder *r, spa_t spa)
{
    if (r->n_open)
        reach(r, &r->open[r->n_open - 1], spa);
    r->n_open = 0;
}

static void note_data(struct walk_recorder *r, const struct ev_data *e)
{
    for (unsigned i = 0; i < r->n_open; i++) {
        if (r->open[i].gva != e->gva)
            continue;
        if (!r->told)
            reach(r, &r->open[i], e->spa);
        if (i == r->n_open - 1)
            r->n_open = 0;
        return;
    }
}

static void begin_step(struct walk_recorder *r, const struct ev_step *e)
{
    r->deaf = r->only && strcmp(r->only, e->id) != 0;
    r->told = false;
    r->n_open = 0;
}

void walk_recorder_sink(void *recorder, const struct event *ev)
{
    struct walk_recorder *r = recorder;

    if (ev->id == EV_cpu)
        r->cbit = EV(cpu, ev)->mem_encrypt ? BIT(EV(cpu, ev)->cbit) : 0;
    else if (ev->id == EV_step)
        begin_step(r, EV(step, ev));
    if (r->deaf)
        return;
    if (ev->id == EV_npt_step) {
        add_nested(r, EV(npt_step, ev));
    } else if (ev->id == EV_gpt_step) {
        add_guest(r, EV(gpt_step, ev));
    } else if (ev->id == EV_ad_update) {
        note_update(r, EV(ad_update, ev));
    } else if (ev->id == EV_npf) {
        const struct ev_npf *e = EV(npf, ev);

        keep_fault(r, &(struct fault) { STORY_NPF, e->info1, e->info2, e->gva,
                                        e->slot, e->level, e->why, e->source });
    } else if (ev->id == EV_rmp_fault) {
        const struct ev_rmp_fault *e = EV(rmp_fault, ev);

        keep_fault(r, &(struct fault) { STORY_VC, VC_NOT_VALIDATED, e->gva,
                                        e->gva, 0, 0, e->why, e->source });
        r->told = true;
    } else if (ev->id == EV_pf) {
        const struct ev_pf *e = EV(pf, ev);

        keep_fault(r, &(struct fault) { STORY_PF, e->error_code, e->cr2, e->cr2,
                                        e->slot, e->level, e->why, e->source });
        r->told = true; /* what follows is the CPU's and the handler's */
    } else if (ev->id == EV_data) {
        note_data(r, EV(data, ev));
    } else if (ev->id == EV_fetch) {
        r->n_open = 0;
    } else if (ev->id == EV_vc || ev->id == EV_exception) {
        r->told = true;
    }
}
