/* SPDX-License-Identifier: GPL-2.0-only */
/* render/verdicts.c - one line per expectation, with the reason beside it. */
#include "render/renderer.h"

#include <string.h>

#define WHAT_COLUMN 36

static const struct {
    const char *tag, *colour;
} styles[] = {
    [VERDICT_PASS] = { "[ PASS ]", "\033[32m" },
    [VERDICT_FAIL] = { "[ FAIL ]", "\033[31m" },
    [VERDICT_SKIP] = { "[ SKIP ]", "\033[33m" },
};

void render_verdicts(struct buf *b, const struct verdict *v, unsigned n,
                     bool colour)
{
    for (unsigned i = 0; i < n; i++) {
        size_t start;

        buf_printf(b, "%s%s%s ", colour ? styles[v[i].result].colour : "",
                   styles[v[i].result].tag, colour ? "\033[0m" : "");
        start = b->len;
        buf_adds(b, v[i].what);
        if (v[i].got)
            buf_printf(b, ", but: %s", v[i].got);
        if (v[i].reason && *v[i].reason) {
            size_t used = b->len - start;

            buf_printf(b, "%*s  ",
                       (int)(used < WHAT_COLUMN ? WHAT_COLUMN - used : 0), "");
            buf_adds(b, v[i].reason);
        }
        buf_addc(b, '\n');
        if (v[i].result == VERDICT_FAIL && v[i].at.file && v[i].at.line)
            buf_printf(b, "         expected at %s:%u:%u\n", v[i].at.file,
                       v[i].at.line, v[i].at.col);
    }
}
