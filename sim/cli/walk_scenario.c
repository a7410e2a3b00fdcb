/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/walk_scenario.c - the walks of a scenario, or of one of its steps. */
#include "cli/walk.h"

struct walking {
    const char *step; /* NULL: all of them */
    enum walk_form form;
    unsigned walks;
};

/* A point without a walk is passed over silently. */
static int walk_point(void *ctx, struct pool *pool, const struct scenario *s,
                      struct err *e)
{
    struct walk_recorder *r = walk_recorder_create(pool);
    struct walking *w = ctx;
    const struct walk_story *story;
    struct buf out = BUF_INIT;
    struct trace trace;
    unsigned n = 0;

    if (cli_check_step(s, w->step, e))
        return -1;
    trace_init(&trace, pool);
    walk_recorder_only(r, w->step);
    trace_add_sink(&trace, walk_recorder_sink, r);
    if (run_scenario(pool, &s->config, &trace, e))
        return -1;
    if (w->form == WALK_FORM_PICTURE)
        execute_title(&out, s);
    for (; (story = walk_recorder_story(r, n)); n++) {
        if (w->form == WALK_FORM_PICTURE)
            buf_addc(&out, '\n');
        walk_print(&out, story, w->form);
    }
    if (n)
        cli_print(&out);
    buf_free(&out);
    w->walks += n;
    return 0;
}

int walk_scenario(const struct walk_args *a)
{
    struct cli_target target = cli_target(a->pool, a->target);
    struct walking w = { .step = target.step, .form = a->form };
    struct cli_points points = { .pool = a->pool,
                                 .catalog = cli_catalog(a->pool),
                                 .path = target.path,
                                 .settings = &a->settings,
                                 .visit = walk_point,
                                 .ctx = &w };
    struct err e = { 0 };

    if (cli_each_point(&points, &e))
        return cli_input_error(&e);
    if (w.walks)
        return STATUS_OK;
    fprintf(stderr,
            "nptsim: no guest touched memory%s%s; 'nptsim explain' says why\n",
            w.step ? " in step " : "", w.step ? w.step : "");
    return STATUS_SKIPPED;
}
