/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge/expect.c - expected events, matched as they pass by.
 *
 * Items without a mode must occur in their order, other events between them
 * allowed; `never` must not occur at all; `count` is compared at the end.
 */
#include "judge/judge_state.h"

#include <string.h>

static bool field_matches(const struct event *ev, const struct expect_item *x)
{
    int field = event_field_find(ev->id, x->name);

    BUG_ON(field < 0); /* the loader checked the name */
    if (event_table[ev->id].fields[field].kind == KIND_STR)
        return x->want.kind == VALUE_TEXT &&
               strcmp(event_str(ev, (unsigned)field), x->want.text) == 0;
    return ev->fields[field] == x->want.number;
}

static bool matches(const struct event *ev, const struct expect_event *x)
{
    if (ev->id != x->event)
        return false;
    for (unsigned i = 0; i < x->n_fields; i++)
        if (!field_matches(ev, &x->fields[i]))
            return false;
    return true;
}

/* The next item of the ordered list, skipping the unordered ones. */
static unsigned skip_unordered(const struct expectations *x, unsigned i)
{
    while (i < x->n_events && x->events[i].mode != EXPECT_NEXT)
        i++;
    return i;
}

void expect_listen(struct judge *j, const struct event *ev)
{
    const struct expectations *x = j->x;

    for (unsigned i = 0; i < x->n_events; i++) {
        if (x->events[i].mode == EXPECT_NEXT || !matches(ev, &x->events[i]))
            continue;
        j->count[i]++;
        if (!j->last_seen[i])
            j->last_seen[i] = ev->seq + 1;
    }
    j->next = skip_unordered(x, j->next);
    if (j->next < x->n_events && matches(ev, &x->events[j->next])) {
        j->count[j->next] = 1;
        j->next++;
    }
}
