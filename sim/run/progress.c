/* SPDX-License-Identifier: GPL-2.0-only */
/* run/progress.c - find a state that comes back. */
#include "run/progress.h"

void progress_begin(struct progress *p)
{
    *p = (struct progress) { .reach = 1 };
}

static bool same(const struct lap *a, const struct lap *b)
{
    return a->state == b->state && a->code == b->code && a->info1 == b->info1 &&
           a->info2 == b->info2;
}

static void renew_anchor(struct progress *p, const struct lap *now)
{
    p->anchor = *now;
    p->anchor_at = p->laps;
    p->reach *= 2;
    p->period = 0;
    p->repeats = 0;
}

enum progress_verdict progress_lap(struct progress *p, const struct lap *now)
{
    uint64_t distance = p->laps - p->anchor_at;
    bool due = p->period && distance % p->period == 0;

    if (p->laps == 0) {
        renew_anchor(p, now);
    } else if (same(&p->anchor, now)) {
        if (!p->period)
            p->period = distance;
        p->repeats++;
    } else if (due || (!p->period && distance >= p->reach)) {
        renew_anchor(p, now);
    }
    p->laps++;
    if (p->repeats == PROGRESS_REPEATS - 1)
        return PROGRESS_REPEATS_FOR_EVER;
    return p->laps < PROGRESS_MAX_LAPS ? PROGRESS_GOES_ON : PROGRESS_NO_END;
}
