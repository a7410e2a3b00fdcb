/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/diag.c - an error of the user's input, with the line it is about.
 *
 * The line is read again from the file. Tabs are kept above and below, so that
 * the caret stands right whatever their width is; of a very long line a window
 * around the place is shown. A file that cannot be read again (standard input,
 * --set) costs the line, never the message.
 */
#include "render/parts.h"

#include <string.h>
#include <sys/stat.h>

#define FILE_LIMIT (16U << 20)
#define WINDOW     96 /* bytes of a source line */
#define BEFORE     32 /* of them before the place, in a long line */

static void add_place(struct buf *b, struct mark at)
{
    if (!at.file)
        buf_adds(b, "nptsim: ");
    else if (!at.line)
        buf_printf(b, "%s: ", at.file);
    else
        buf_printf(b, "%s:%u:%u: ", at.file, at.line, at.col);
}

/* Line @number of the text, without its end; false: there is none. */
static bool find_line(const char *text, size_t size, unsigned number,
                      const char **line, size_t *len)
{
    const char *end = text + size, *stop;

    while (--number) {
        text = memchr(text, '\n', (size_t)(end - text));
        if (!text++)
            return false;
    }
    stop = memchr(text, '\n', (size_t)(end - text));
    *len = (size_t)((stop ? stop : end) - text);
    if (*len && text[*len - 1] == '\r')
        --*len;
    *line = text;
    return true;
}

/* What is not printable ASCII or UTF-8 would spoil the terminal. */
static void add_source(struct buf *b, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        buf_addc(b, (c < 0x20 && c != '\t') || c == 0x7f ? '?' : s[i]);
    }
}

static bool starts_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

/* Byte at which character @col (from 1) of a UTF-8 line begins. */
static size_t offset_of(const char *line, size_t len, unsigned col)
{
    size_t at = 0;

    while (at < len && col > 1) {
        at++;
        while (at < len && !starts_character(line[at]))
            at++;
        col--;
    }
    return at;
}

/* The beginning of the character that byte @at lies in. */
static size_t character_of(const char *line, size_t at)
{
    size_t back = 0;

    while (back < 3 && back < at && !starts_character(line[at - back]))
        back++;
    return at - back;
}

/* "~~~" below the rest of the span, as far as the window shows it. */
static void add_caret(struct buf *b, const char *from, const char *place,
                      const char *end, unsigned span)
{
    for (const char *s = from; s < place; s++)
        if (starts_character(*s))
            buf_addc(b, *s == '\t' ? '\t' : ' ');
    buf_addc(b, '^');
    for (unsigned i = 1; i < span && place + i < end; i++)
        buf_addc(b, '~');
}

static void add_window(struct buf *b, const char *line, size_t len,
                       const struct err *e)
{
    size_t place = offset_of(line, len, e->at.col);
    size_t from = 0, to = len;

    if (len > WINDOW) {
        from = place > BEFORE ? character_of(line, place - BEFORE) : 0;
        to = len - from > WINDOW ? character_of(line, from + WINDOW) : len;
    }
    buf_printf(b, "%5u | %s", e->at.line, from ? "..." : "");
    add_source(b, line + from, to - from);
    buf_printf(b, "%s\n      | %s", to < len ? "..." : "", from ? "   " : "");
    add_caret(b, line + from, line + place, line + to, e->at.span);
    if (e->hint[0])
        buf_printf(b, " %s", e->hint);
    buf_addc(b, '\n');
}

/* Only a regular file can be read twice; a pipe would wait for ever. */
static bool can_reread(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool add_excerpt(struct buf *b, const struct err *e)
{
    struct buf text = BUF_INIT;
    struct err ignored = { 0 };
    const char *line;
    size_t len;
    bool found = false;

    if (!e->at.file || !e->at.line || !can_reread(e->at.file))
        return false;
    if (read_file(&text, e->at.file, FILE_LIMIT, &ignored) == 0 && text.data)
        found = find_line(text.data, text.len, e->at.line, &line, &len);
    if (found)
        add_window(b, line, len, e);
    buf_free(&text);
    return found;
}

void render_error(struct buf *b, const struct err *e)
{
    add_place(b, e->at);
    buf_printf(b, "error: %s\n", e->msg);
    if (!add_excerpt(b, e) && e->hint[0])
        buf_printf(b, "      hint: %s\n", e->hint);
}
