/* SPDX-License-Identifier: GPL-2.0-only */
/* render/prove_json.c - what `nptsim prove` found, a JSON object for each
 * invariant. */
#include "render/prove.h"
#include "render/report.h"

#include <inttypes.h>
#include <string.h>

static const char *end_name(enum finding_end e)
{
    static const char *const names[] = {
        [END_NOT_TOLD] = "not asked", [END_UNTESTED] = "untested",
        [END_HOLDS] = "holds",        [END_SO_FAR] = "unfinished",
        [END_ADVICE] = "reported",    [END_BAD] = "violated",
    };

    return names[e];
}

static void json_count(struct buf *b, const char *key, uint64_t n)
{
    buf_printf(b, ",\"%s\":%" PRIu64, key, n);
}

static void json_places(struct buf *b, const struct report_finding *f)
{
    json_member(b, "place", f->place);
    json_member(b, "common", f->common);
    buf_adds(b, ",\"places\":[");
    for (unsigned i = 0; i < f->n_places; i++) {
        const struct report_places *p = &f->places[i];

        buf_printf(b, "%s{\"when\":", i ? "," : "");
        render_json_string(b, p->when);
        json_count(b, "states", p->count);
        json_count(b, "n", p->n);
        json_member(b, "where", p->text);
        buf_addc(b, '}');
    }
    buf_addc(b, ']');
    json_count(b, "repeated", f->repeated);
    json_count(b, "elsewhere", f->elsewhere);
}

static void json_example(struct buf *b, const struct report_example *x)
{
    buf_adds(b, ",\"counterexample\":{\"cpu\":");
    render_json_string(b, x->cpu);
    json_member(b, "vm", x->vm);
    buf_adds(b, ",\"settings\":{");
    for (unsigned i = 0; i < x->n_settings; i++) {
        if (i)
            buf_addc(b, ',');
        render_json_string(b, x->setting[i].key);
        buf_addc(b, ':');
        render_json_string(b, x->setting[i].value);
    }
    buf_addc(b, '}');
    json_member(b, "why", x->why);
    json_member(b, "saved", x->saved);
    buf_addc(b, '}');
}

static void json_finding(struct buf *b, const struct report_proof *r,
                         const struct report_finding *f)
{
    buf_adds(b, "{\"kernel\":");
    render_json_string(b, r->kernel);
    json_member(b, "invariant", f->invariant);
    json_member(b, "verdict", end_name(finding_end(r, f)));
    json_member(b, "depth", r->depth);
    json_member(b, "over", r->over);
    json_count(b, "states", r->states);
    json_count(b, "done", r->done);
    json_count(b, "skipped", r->skipped);
    json_count(b, "tested", f->tested);
    json_count(b, "violated", f->violated);
    json_member(b, "vms", f->vms);
    if (f->violated)
        json_places(b, f);
    if (f->example.cpu)
        json_example(b, &f->example);
    buf_adds(b, "}\n");
}

void render_proof_json(struct buf *b, const struct report_proof *r)
{
    for (unsigned i = 0; i < r->n_findings; i++)
        json_finding(b, r, &r->finding[i]);
}
