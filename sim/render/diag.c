/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/diag.c - an input error as compilers print it: place, line, caret.
 *
 * The source line is read again from the file; if that is not possible (stdin,
 * --set, the file has gone), the message stands alone.
 */
#include "render/renderer.h"

#include <string.h>

#define WINDOW     100
#define FILE_LIMIT (16U << 20)

/* Line @number (from 1) of @text; NULL if it has fewer. */
static const char *find_line(const char *text, unsigned number, size_t *len)
{
    for (unsigned i = 1; i < number; i++) {
        text = strchr(text, '\n');
        if (!text)
            return NULL;
        text++;
    }
    *len = strcspn(text, "\r\n");
    return text;
}

static void add_caret(struct buf *b, const char *line, unsigned before,
                      unsigned span)
{
    buf_printf(b, "%5s | ", "");
    for (unsigned i = 0; i < before; i++)
        buf_addc(b, line[i] == '\t' ? '\t' : ' ');
    buf_addc(b, '^');
    for (unsigned i = 1; i < span; i++)
        buf_addc(b, '~');
}

/* The line, or the part of a long one around the column. */
static void add_source(struct buf *b, const struct err *e, const char *line,
                       size_t len)
{
    unsigned col = e->at.col ? e->at.col - 1 : 0;
    unsigned start = col > WINDOW - 20 ? col - (WINDOW / 2) : 0;
    unsigned span = e->at.span ? e->at.span : 1;
    size_t show;

    if (col > len)
        col = (unsigned)len;
    if (start > col)
        start = col;
    show = len - start < WINDOW ? len - start : WINDOW;
    if (span > start + show - col)
        span = start + show > col ? (unsigned)(start + show - col) : 1;
    buf_printf(b, "%5u | ", e->at.line);
    for (size_t i = 0; i < show; i++) {
        unsigned char c = (unsigned char)line[start + i];

        buf_addc(b, c < 0x20 && c != '\t' ? '?' : (char)c);
    }
    buf_addc(b, '\n');
    add_caret(b, line + start, col - start, span);
}

void render_error(struct buf *b, const struct err *e)
{
    struct buf text = BUF_INIT;
    struct err ignored = { 0 };
    const char *line = NULL;
    bool on_caret_line = false;
    size_t len = 0;

    buf_adds(b, e->at.file ? e->at.file : "nptsim");
    if (e->at.line)
        buf_printf(b, ":%u", e->at.line);
    if (e->at.line && e->at.col)
        buf_printf(b, ":%u", e->at.col);
    buf_printf(b, ": error: %s\n", e->msg);
    if (e->at.file && e->at.line && e->at.file[0] != '<' &&
        e->at.file[0] != '-' &&
        read_file(&text, e->at.file, FILE_LIMIT, &ignored) == 0 && text.data)
        line = find_line(text.data, e->at.line, &len);
    if (line) {
        add_source(b, e, line, len);
        on_caret_line = true;
    }
    if (e->hint[0])
        buf_printf(b, "%s%s", on_caret_line ? " " : "  hint: ", e->hint);
    if (on_caret_line || e->hint[0])
        buf_addc(b, '\n');
    buf_free(&text);
}
