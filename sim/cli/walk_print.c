/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/walk_print.c - one walk in the form that was asked for. */
#include "cli/walk.h"

void walk_print(struct buf *b, const struct walk_story *s, enum walk_form form)
{
    switch (form) {
    case WALK_FORM_PICTURE:
        walk_draw(b, s);
        return;
    case WALK_FORM_REFS:
        walk_refs(b, s);
        return;
    case WALK_FORM_JSON:
        walk_json(b, s);
        buf_addc(b, '\n');
        return;
    }
    BUG_ON(true);
}
