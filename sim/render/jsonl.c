/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/jsonl.c - the trace for programs: one JSON object per event.
 *
 * 64-bit values are hex strings, because a JSON number is a double to most
 * readers. No cycles and no clock of the wall: what a trace says does not
 * depend on what it costs, or when it ran.
 */
#include "render/parts.h"

#define JSON_MAX_INT BIT(53)

/* Bytes of the well-formed UTF-8 sequence at @s (RFC 3629); 0 = none. */
static unsigned utf8_length(const unsigned char *s)
{
    unsigned n = s[0] < 0x80   ? 1
                 : s[0] < 0xc2 ? 0
                 : s[0] < 0xe0 ? 2
                 : s[0] < 0xf0 ? 3
                 : s[0] < 0xf5 ? 4
                               : 0;

    for (unsigned i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

/* What is not text any more becomes U+FFFD, the replacement character. */
void render_json_string(struct buf *b, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    buf_addc(b, '"');
    while (*s) {
        unsigned n = utf8_length(s);

        if (*s == '"' || *s == '\\')
            buf_addc(b, '\\');
        if (*s == '\n')
            buf_adds(b, "\\n");
        else if (*s == '\t')
            buf_adds(b, "\\t");
        else if (*s < 0x20 || *s == 0x7f)
            buf_printf(b, "\\u%04x", *s);
        else if (n)
            buf_add(b, s, n);
        else
            buf_adds(b, "\xef\xbf\xbd");
        s += n ? n : 1;
    }
    buf_addc(b, '"');
}

static void add_hex_string(struct buf *b, uint64_t v)
{
    buf_adds(b, "\"0x");
    buf_hex(b, v);
    buf_addc(b, '"');
}

static void add_value(struct buf *b, const struct event *ev, unsigned i)
{
    uint64_t v = ev->fields[i];

    switch (event_table[ev->id].fields[i].kind) {
    case KIND_DEC:
        if (v < JSON_MAX_INT)
            buf_dec(b, v);
        else
            add_hex_string(b, v);
        return;
    case KIND_HEX:
    case KIND_PTE:
    case KIND_PFERR:
    case KIND_EXIT:
        add_hex_string(b, v);
        return;
    case KIND_BOOL:
        buf_adds(b, v ? "true" : "false");
        return;
    case KIND_STR:
        render_json_string(b, event_str(ev, i));
        return;
    }
    BUG_ON(true);
}

void render_json(struct buf *b, const struct event *ev)
{
    const struct event_desc *d = &event_table[ev->id];

    buf_adds(b, "{\"seq\":");
    buf_dec(b, ev->seq);
    buf_adds(b, ",\"vcpu\":");
    buf_dec(b, ev->vcpu);
    buf_adds(b, ",\"event\":\"");
    buf_adds(b, d->name);
    buf_adds(b, "\",\"actor\":\"");
    buf_adds(b, actor_name(d->actor));
    buf_addc(b, '"');
    for (unsigned i = 0; i < d->n_fields; i++) {
        buf_adds(b, ",\"");
        buf_adds(b, d->fields[i].name);
        buf_adds(b, "\":");
        add_value(b, ev, i);
    }
    buf_addc(b, '}');
}
