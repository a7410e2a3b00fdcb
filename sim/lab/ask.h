/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/ask.h - one thread's machine, asked one scenario after the other.
 *
 * What nobody will read is not said: no reasons, no prices. If an expectation
 * fails the machine lives through it again, this time with the reasons.
 */
#ifndef NPTSIM_LAB_ASK_H
#define NPTSIM_LAB_ASK_H

#include "sweep.h"

struct asker;
struct asker *asker_create(struct pool *pool);
/* Live through @s and judge it, its invariants too; the answer's texts live in
 * @pool or until the next question. -1: the machine cannot be built from it. */
int asker_ask(struct asker *a, struct pool *pool, const struct scenario *s,
              bool cycles, struct lab_answer *out, struct err *e);

/* Live through @s, with the reasons if wanted: its judge, who has finished.
 * NULL: the machine cannot be built from it. */
const struct judge *asker_live(struct asker *a, struct pool *pool,
                               const struct scenario *s, bool reasons,
                               struct err *e);

#endif
