/* SPDX-License-Identifier: GPL-2.0-only */
/* render/fields.c - the fields of any event as text, by their kinds. */
#include "render/parts.h"

#include "arch/paging.h"
#include "arch/svm.h"

void pte_words(struct buf *b, uint64_t pte)
{
    static const struct {
        uint64_t bit;
        const char *word;
    } words[] = {
        { PTE_P, "P" }, { PTE_W, "W" },   { PTE_U, "U" },   { PTE_A, "A" },
        { PTE_D, "D" }, { PTE_PS, "PS" }, { PTE_NX, "NX" },
    };
    const char *gap = "";

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (!(pte & words[i].bit))
            continue;
        buf_adds(b, gap);
        buf_adds(b, words[i].word);
        gap = " ";
    }
}

static void add_hex(struct buf *b, uint64_t v)
{
    buf_adds(b, "0x");
    buf_hex(b, v);
}

/* "0x5 (P U)", without parentheses if no bit has a word. */
static void add_with_words(struct buf *b, uint64_t v,
                           void (*words)(struct buf *, uint64_t))
{
    size_t before;

    add_hex(b, v);
    before = b->len;
    buf_adds(b, " (");
    words(b, v);
    if (b->len > before + 2) {
        buf_addc(b, ')');
    } else {
        b->len = before;
        b->data[before] = '\0';
    }
}

static void add_exit(struct buf *b, uint64_t code)
{
    const char *name = exit_code_name(code);

    add_hex(b, code);
    if (name)
        buf_printf(b, " (%s)", name);
}

static void add_field(struct buf *b, const struct event *ev, unsigned i)
{
    uint64_t v = ev->fields[i];

    switch (event_table[ev->id].fields[i].kind) {
    case KIND_DEC:
        buf_dec(b, v);
        return;
    case KIND_HEX:
        add_hex(b, v);
        return;
    case KIND_PTE:
        add_with_words(b, v, pte_words);
        return;
    case KIND_PFERR:
        add_with_words(b, v, pferr_words);
        return;
    case KIND_BOOL:
        buf_adds(b, v ? "true" : "false");
        return;
    case KIND_EXIT:
        add_exit(b, v);
        return;
    case KIND_STR:
        render_json_string(b, event_str(ev, i));
        return;
    }
    BUG_ON(true);
}

/* A text that says nothing is left out. */
void render_fields(struct buf *b, const struct event *ev)
{
    const struct event_desc *d = &event_table[ev->id];
    const char *gap = "";

    for (unsigned i = 0; i < d->n_fields; i++) {
        if (d->fields[i].kind == KIND_STR && !*event_str(ev, i))
            continue;
        buf_adds(b, gap);
        gap = " ";
        buf_adds(b, d->fields[i].name);
        buf_addc(b, '=');
        add_field(b, ev, i);
    }
}
