/* SPDX-License-Identifier: GPL-2.0-only */
/* render/whynot.c - the fewest changes that flip an outcome. */
#include "render/report.h"

#include <inttypes.h>

static void put_way(struct buf *b, const struct report_whynot *r,
                    const struct report_way *w)
{
    bool sampled = false;

    for (unsigned i = 0; i < r->n_changes; i++) {
        buf_printf(b, "%s%s: %s", i ? "  and  " : "  ", w->value[i].key,
                   w->value[i].text);
        sampled = sampled || w->value[i].sampled;
    }
    buf_printf(b, "%s\n",
               sampled ? "   (of a wide range, some were tried)" : "");
    if (*w->reason)
        buf_printf(b, "      %s\n", w->reason);
    buf_printf(b, "      %s\n", w->nearest);
}

static const char *number_word(unsigned n)
{
    static const char *const words[] = { "no change", "one change",
                                         "two changes", "three changes" };

    return words[n];
}

static void put_end(struct buf *b, const struct report_whynot *r)
{
    if (r->n_ways) {
        buf_printf(b, "%s to %s, %s:\n", number_word(r->n_changes), r->wanted,
                   r->n_ways == 1 ? "one way" : "any of these ways");
    } else {
        buf_printf(b, "no way to %s with %s%s", r->wanted,
                   r->n_changes > 1 ? "up to " : "", number_word(r->n_changes));
        buf_adds(b, r->stopped ? " as far as was tried\n" : "\n");
    }
}

void render_whynot(struct buf *b, const struct report_whynot *r)
{
    buf_printf(b, "%s: %s = %s\n", r->scenario, r->outcome, r->is);
    if (r->reason)
        buf_printf(b, "  %s\n", r->reason);
    if (r->is_so) {
        buf_adds(b, "that is so already\n");
        return;
    }
    put_end(b, r);
    for (unsigned i = 0; i < r->n_ways; i++)
        put_way(b, r, &r->way[i]);
    render_count(b, r->tried);
    buf_printf(b, " configurations tried%s\n",
               r->stopped ? "; stopped before the end" : "");
}

void render_whynot_json(struct buf *b, const struct report_whynot *r)
{
    buf_adds(b, "{\"scenario\":");
    render_json_string(b, r->scenario);
    json_member(b, "outcome", r->outcome);
    json_member(b, "is", r->is);
    json_member(b, "wanted", r->wanted);
    buf_printf(b,
               ",\"is_so\":%s,\"stopped\":%s,\"changes\":%u,\"ways\":%u"
               ",\"tried\":%" PRIu64 "}\n",
               r->is_so ? "true" : "false", r->stopped ? "true" : "false",
               r->n_changes, r->n_ways, r->tried);
    for (unsigned i = 0; i < r->n_ways; i++) {
        const struct report_way *w = &r->way[i];

        buf_printf(b, "{\"count\":%" PRIu64 ",\"change\":[", w->count);
        for (unsigned k = 0; k < r->n_changes; k++) {
            buf_printf(b, "%s{\"key\":", k ? "," : "");
            render_json_string(b, w->value[k].key);
            json_member(b, "values", w->value[k].text);
            buf_printf(b, ",\"sampled\":%s}",
                       w->value[k].sampled ? "true" : "false");
        }
        buf_addc(b, ']');
        json_member(b, "nearest", w->nearest);
        json_member(b, "reason", w->reason);
        buf_adds(b, "}\n");
    }
}
