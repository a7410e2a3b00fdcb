/* SPDX-License-Identifier: GPL-2.0-only */
/* render/wrap.c - paragraphs of a given width, with a hanging indent. */
#include "render/parts.h"

#include <string.h>

static void indent(struct buf *b, size_t n)
{
    while (n--)
        buf_addc(b, ' ');
}

void wrap_text(struct buf *out, const char *first, const char *text,
               unsigned width)
{
    size_t margin = strlen(first), used = margin;
    bool fresh = true; /* nothing but the margin on this line */

    buf_adds(out, first);
    while (*(text += strspn(text, " \n"))) {
        size_t len = strcspn(text, " \n");

        if (!fresh && used + 1 + len > width) {
            buf_addc(out, '\n');
            indent(out, margin);
            used = margin;
            fresh = true;
        }
        if (!fresh)
            buf_addc(out, ' ');
        used += len + !fresh;
        buf_add(out, text, len);
        text += len;
        fresh = false;
    }
    buf_addc(out, '\n');
}
