/* SPDX-License-Identifier: GPL-2.0-only */
/* differential/recipes.h - ways to break a sane question. */
#ifndef NPTSIM_DIFFERENTIAL_RECIPES_H
#define NPTSIM_DIFFERENTIAL_RECIPES_H

#include "differential/build.h"

#define N_GROUPS 9

/* "one-bit", "permissions", ...: the family that a question belongs to. */
const char *group_name(unsigned group);
/* Build b->q as the family of @group does. */
void group_build(struct builder *b, unsigned group);

#endif
