/* SPDX-License-Identifier: GPL-2.0-only */
/* render/walk_text.c - a translation for programs: lines, or one JSON object.
 * References have the form of `batch walk --refs`. */
#include "render/parts.h"
#include "render/report.h"

static const char *const end_names[] = {
    [STORY_OPEN] = "open", [STORY_OK] = "ok", [STORY_NPF] = "npf",
    [STORY_PF] = "pf",     [STORY_VC] = "vc", [STORY_GP] = "gp",
};

static void add_hex(struct buf *b, const char *before, uint64_t v,
                    const char *after)
{
    buf_adds(b, before);
    buf_adds(b, "0x");
    buf_hex(b, v);
    buf_adds(b, after);
}

void walk_refs(struct buf *b, const struct walk_story *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        const struct walk_entry *e = &s->entry[i];

        buf_printf(b, "%u %s %u", i + 1, e->nested ? "npt" : "gpt", e->level);
        add_hex(b, " ", e->slot, "");
        add_hex(b, " ", e->pte, "\n");
    }
    buf_adds(b, end_names[s->end]);
    if (s->end == STORY_OK)
        add_hex(b, " ", s->spa, "");
    if (s->end == STORY_NPF || s->end == STORY_PF || s->end == STORY_VC) {
        add_hex(b, " ", s->code, "");
        add_hex(b, " ", s->addr, "");
    }
    buf_addc(b, '\n');
}

static void add_reason(struct buf *b, const struct walk_story *s)
{
    if (s->blamed < s->n)
        buf_printf(b, ",\"refused_by\":%u", s->blamed + 1);
    json_member(b, "why", s->why ? s->why : "");
    json_member(b, "source", s->source ? s->source : "");
}

static void add_end(struct buf *b, const struct walk_story *s)
{
    bool npf = s->end == STORY_NPF;

    buf_printf(b, ",\"outcome\":\"%s\"", end_names[s->end]);
    switch (s->end) {
    case STORY_OPEN:
        return;
    case STORY_OK:
        add_hex(b, ",\"spa\":\"", s->spa, "\"");
        if (s->memtype)
            buf_printf(b, ",\"memtype\":\"%s\"", s->memtype);
        return;
    case STORY_NPF:
    case STORY_PF:
    case STORY_VC:
        add_hex(b, npf ? ",\"info1\":\"" : ",\"error_code\":\"", s->code, "\"");
        add_hex(b, npf ? ",\"info2\":\"" : ",\"cr2\":\"", s->addr, "\"");
        add_reason(b, s);
        return;
    case STORY_GP:
        add_reason(b, s);
        return;
    }
    BUG_ON(true);
}

void walk_json(struct buf *b, const struct walk_story *s)
{
    const char *gap = "";

    add_hex(b, "{\"gva\":\"", s->gva, "\"");
    add_end(b, s);
    buf_printf(b, ",\"repeats\":%u,\"refs\":[", s->repeats);
    for (unsigned i = 0; i < s->n; i++) {
        const struct walk_entry *e = &s->entry[i];

        buf_printf(b, "%s[\"%s\",%u", i ? "," : "", e->nested ? "npt" : "gpt",
                   e->level);
        add_hex(b, ",\"", e->slot, "\"");
        add_hex(b, ",\"", e->pte, "\"]");
    }
    buf_adds(b, "],\"updates\":{");
    for (unsigned i = 0; i < s->n; i++) {
        if (!s->entry[i].set)
            continue;
        buf_adds(b, gap);
        add_hex(b, "\"", s->entry[i].slot, "\":");
        add_hex(b, "\"", s->entry[i].set, "\"");
        gap = ",";
    }
    buf_adds(b, "}}");
}
