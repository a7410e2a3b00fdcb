/* SPDX-License-Identifier: GPL-2.0-only */
/* render/fields.c - fields as text and as JSON: generic over descriptors. */
#include "render.h"

#include "arch/paging.h"
#include "arch/svm.h"

#include <string.h>

static void pte_words(struct buf *b, uint64_t pte)
{
    static const struct {
        uint64_t bit;
        const char *word;
    } words[] = {
        { PTE_P, "P" }, { PTE_W, "W" },   { PTE_U, "U" }, { PTE_A, "A" },
        { PTE_D, "D" }, { PTE_PS, "PS" }, { PTE_G, "G" }, { PTE_NX, "NX" },
    };
    const char *gap = "";

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (!(pte & words[i].bit))
            continue;
        buf_printf(b, "%s%s", gap, words[i].word);
        gap = " ";
    }
}

static void hex(struct buf *b, uint64_t v)
{
    buf_adds(b, "0x");
    buf_hex(b, v);
}

static void text_field(struct buf *b, enum field_kind kind, uint64_t v)
{
    const char *s;

    switch (kind) {
    case KIND_DEC:
        buf_dec(b, v);
        return;
    case KIND_HEX:
        hex(b, v);
        return;
    case KIND_PTE:
        hex(b, v);
        buf_adds(b, " (");
        pte_words(b, v);
        buf_addc(b, ')');
        return;
    case KIND_PFERR:
        hex(b, v);
        buf_adds(b, " (");
        pferr_words(b, v);
        buf_addc(b, ')');
        return;
    case KIND_BOOL:
        buf_adds(b, v ? "true" : "false");
        return;
    case KIND_EXIT:
        hex(b, v);
        s = exit_code_name(v);
        if (s)
            buf_printf(b, " (%s)", s);
        return;
    case KIND_STR:
        s = (const char *)(uintptr_t)v;
        buf_addc(b, '"');
        buf_adds(b, s ? s : "");
        buf_addc(b, '"');
        return;
    }
}

void render_fields(struct buf *b, const struct event *ev)
{
    const struct event_desc *d = &event_table[ev->id];

    for (unsigned i = 0; i < d->n_fields; i++) {
        if (d->fields[i].kind == KIND_STR && !*event_str(ev, i))
            continue;
        if (b->len && b->data[b->len - 1] != ' ')
            buf_addc(b, ' ');
        buf_adds(b, d->fields[i].name);
        buf_addc(b, '=');
        text_field(b, d->fields[i].kind, ev->fields[i]);
    }
}

void render_json_string(struct buf *b, const char *text)
{
    buf_addc(b, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            buf_printf(b, "\\%c", c);
        else if (c < 0x20)
            buf_printf(b, "\\u%04x", c);
        else
            buf_addc(b, (char)c);
    }
    buf_addc(b, '"');
}

/* Decimal numbers that a double holds exactly may be JSON numbers; all other
 * 64-bit values are hex strings. */
static void json_field(struct buf *b, enum field_kind kind, uint64_t v)
{
    const char *s = (const char *)(uintptr_t)v;

    switch (kind) {
    case KIND_DEC:
        if (v >> 53)
            break;
        buf_dec(b, v);
        return;
    case KIND_BOOL:
        buf_adds(b, v ? "true" : "false");
        return;
    case KIND_STR:
        render_json_string(b, s ? s : "");
        return;
    case KIND_HEX:
    case KIND_PTE:
    case KIND_PFERR:
    case KIND_EXIT:
        break;
    }
    buf_adds(b, "\"0x");
    buf_hex(b, v);
    buf_addc(b, '"');
}

void render_json(struct buf *b, const struct event *ev)
{
    const struct event_desc *d = &event_table[ev->id];

    buf_adds(b, "{\"seq\":");
    buf_dec(b, ev->seq);
    buf_adds(b, ",\"vcpu\":");
    buf_dec(b, ev->vcpu);
    buf_printf(b, ",\"actor\":\"%s\",\"event\":\"%s\"", actor_name(d->actor),
               d->name);
    for (unsigned i = 0; i < d->n_fields; i++) {
        buf_printf(b, ",\"%s\":", d->fields[i].name);
        json_field(b, d->fields[i].kind, ev->fields[i]);
    }
    buf_addc(b, '}');
}
