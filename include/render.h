/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render.h - everything that becomes text: traces, verdicts, explanations,
 * errors with their caret. Only render and cli print.
 */
#ifndef NPTSIM_RENDER_H
#define NPTSIM_RENDER_H

#include "base.h"
#include "judge.h"
#include "report.h"
#include "trace.h"

enum trace_format { TRACE_NONE, TRACE_TEXT, TRACE_JSONL, TRACE_FTRACE };
/* -1: no such format. */
int trace_format_find(const char *name);

/* A sink that appends one line per event to @out. Lives in @pool. */
struct renderer;
struct renderer *renderer_create(struct pool *pool, enum trace_format format,
                                 struct buf *out);
void renderer_sink(void *renderer, const struct event *ev);

/* One event's fields as text, "level=4 gpa=0x1000": generic over descriptors.
 */
void render_fields(struct buf *b, const struct event *ev);
/* One event as a JSON object without newline. */
void render_json(struct buf *b, const struct event *ev);
void render_json_string(struct buf *b, const char *text);

/* What a judge found out, as members of a JSON object: `,"facts":{...}`. */
void render_json_facts(struct buf *b, const struct judge *judge);
void render_json_steps(struct buf *b, const struct judge *judge, bool cycles);
void render_json_verdicts(struct buf *b, const struct verdict *v, unsigned n);

/* One point of a matrix as one line: where it is, what came of it. The numbers
 * come first, at fixed places, for those who only count. */
struct point_axis {
    const char *name;
    struct value value;
    bool wide; /* a number that a double may not hold: as hex text */
};
struct point_record {
    uint64_t point;
    unsigned n_axes;
    const struct point_axis *axes;
    const struct judge *judge;
    bool cycles; /* of steps: a clock listened */
    struct verdict_counts counts;
    /* Those that did not pass are told. */
    unsigned n_verdicts;
    const struct verdict *verdicts;
};
void render_point(struct buf *b, const struct point_record *r);

/* `explain`: a sink that keeps the causal chain, then tells it. */
struct explainer;
struct explainer *explainer_create(struct pool *pool);
void explainer_sink(void *explainer, const struct event *ev);
/* @moral: told first. @step: id of one step, or NULL for the whole story. */
void explainer_tell(struct explainer *x, const char *moral, const char *step,
                    struct buf *out);

/* ---- `walk`: one translation, entry by entry ---- */

#define WALK_MAX_ENTRIES 64 /* 35 in a walk of 5 over 5 levels */
#define WALK_TOP_LEVEL   99 /* the guest's first table, whatever its level is */

/* One table entry that the CPU read. */
struct walk_entry {
    bool nested;          /* of a nested table, else of the guest's */
    unsigned level;       /* 1 = PTE */
    unsigned levels;      /* of its tables: 2 = 32-bit paging, 3 = PAE */
    unsigned guest_level; /* nested: of the guest entry that it is read for; 0:
                             for the access itself */
    uint64_t addr;        /* nested: guest-physical, else guest-virtual */
    spa_t slot;
    uint64_t pte; /* as read */
    uint64_t set; /* accessed and dirty bits that the walk set afterwards */
};

enum walk_story_end {
    STORY_OPEN, /* nothing said how it went on */
    STORY_OK,
    STORY_NPF,
    STORY_PF,
    STORY_VC, /* the page is not validated */
    STORY_GP, /* no walk at all */
};

/* One translation from its first reference to its end. */
struct walk_story {
    unsigned n;
    struct walk_entry entry[WALK_MAX_ENTRIES];
    gva_t gva;
    uint64_t cbit; /* as a mask, 0: no encryption */
    enum walk_story_end end;
    spa_t spa;           /* STORY_OK */
    const char *memtype; /* STORY_OK: how caches treat it; NULL: unknown */
    uint64_t code, addr; /* EXITINFO1 and 2, or error code and CR2 */
    unsigned blamed;     /* index of the entry that refused; n = none */
    const char *why, *source;
    unsigned repeats; /* how often the same came again */
};

/* A sink that keeps the translations worth looking at: every fault, and the
 * first data access that got through. */
struct walk_recorder;
struct walk_recorder *walk_recorder_create(struct pool *pool);
/* Listen during the step called @id only; NULL: always. */
void walk_recorder_only(struct walk_recorder *r, const char *id);
void walk_recorder_sink(void *recorder, const struct event *ev);
/* A bare translation has no event at its end: it led to @spa. */
void walk_recorder_reached(struct walk_recorder *r, spa_t spa);
void walk_recorder_clear(struct walk_recorder *r);
/* The @i-th story, NULL behind the last. */
const struct walk_story *walk_recorder_story(const struct walk_recorder *r,
                                             unsigned i);

/* The two-dimensional picture, the numbered list, who refused and why. */
void walk_draw(struct buf *b, const struct walk_story *s);
/* One reference per line: number, npt or gpt, level, slot, entry. */
void walk_refs(struct buf *b, const struct walk_story *s);
/* One JSON object without newline. */
void walk_json(struct buf *b, const struct walk_story *s);

#define WALK_MAX_LEVEL 5

/* A whole table of entries, for the merged-range listing. */
struct walk_table {
    unsigned levels; /* 2: 32-bit entries, 3: PAE, 4, 5 */
    uint64_t root;
    bool large_pages; /* a PDE can be a page: always but for CR4.PSE = 0 */
    bool sign_extend; /* linear addresses, else guest-physical */
    /* Bits that must be zero: by level, by bit 7. */
    uint64_t reserved[WALK_MAX_LEVEL + 1][2];
    uint64_t cbit; /* not part of an address */
    /* The page at @page; false: nobody knows what it holds. */
    bool (*read_page)(void *ctx, uint64_t page, uint64_t words[512]);
    void *ctx;
    unsigned max_tables; /* stop after as many */
};

/* Print what is mapped as ranges of equal rights and page size. false: stopped
 * early, which the last line says; the tables are too many or hostile. */
bool walk_list(struct buf *b, const struct walk_table *t);
/* Where @addr leads to, if a guest's table may lie there: user accesses may
 * read and write it. false: nowhere. */
bool walk_table_find(const struct walk_table *t, uint64_t addr, uint64_t *to);

/* ---- a map of a space ---- */

struct map_axis {
    const char *name; /* NULL: one unnamed place */
    unsigned n;
    const char *const *label;
};
/* Panels of equal size, x across and y down, a letter at each place. */
struct map {
    const char *what; /* what the letters stand for: "hpet.outcome" */
    struct map_axis x, y;
    unsigned n_panels;
    const char *const *title; /* of each panel; "" = none */
    unsigned n_values;
    const char *const *value; /* what there is, in the order of the legend */
    /* By panel, y, x: which value, from 1; 0: there is no answer. */
    const uint16_t *cell;
};
/* At most @width columns, or as many as one panel needs. */
void render_map(struct buf *b, const struct map *m, unsigned width,
                bool colour);

/* Verdicts as `run` prints them. @colour: ANSI colours. */
void render_verdicts(struct buf *b, const struct verdict *v, unsigned n,
                     bool colour);

/* How each step ended, for a scenario that expects nothing. */
void render_steps(struct buf *b, const struct judge *j);
/* One line for each invariant that was violated, unless an expectation speaks
 * about it. Returns their number. */
unsigned render_invariants(struct buf *b, const struct judge *j, bool colour);
/* All of them as a JSON object: {"no-hang":{"state":"holds"}, ...}. */
void render_invariants_json(struct buf *b, const struct judge *j);

/* "file:line:col: error: ...", the source line, a caret, the hint. */
void render_error(struct buf *b, const struct err *e);

/* ---- answers of the laboratory ---- */

/* 2437120 as "2,437,120". */
void render_count(struct buf *b, uint64_t n);
void render_diff(struct buf *b, const struct report_diff *r);
void render_diff_markdown(struct buf *b, const struct report_diff *r);
/* A line for the whole, then one for each group. */
void render_diff_json(struct buf *b, const struct report_diff *r);
void render_bisect(struct buf *b, const struct report_bisect *r);
/* A line for each kernel, releases first. */
void render_bisect_json(struct buf *b, const struct report_bisect *r);
void render_whynot(struct buf *b, const struct report_whynot *r);
/* A line for the whole, then one for each way. */
void render_whynot_json(struct buf *b, const struct report_whynot *r);

void render_proof(struct buf *b, const struct report_proof *r, bool colour);
/* Several kernels that were asked the same: a table, then what they violate,
 * kernels that violate the same together. */
void render_proofs(struct buf *b, const struct report_proof *r, unsigned n,
                   bool colour);
/* A line for each invariant. */
void render_proof_json(struct buf *b, const struct report_proof *r);
/* The counterexample of @f as a scenario called @name; its second line is the
 * mark. */
#define RENDER_PROOF_MARK "# Written by `nptsim prove`."
void render_proof_scenario(struct buf *b, const struct report_proof *r,
                           const struct report_finding *f, const char *name);

#endif
