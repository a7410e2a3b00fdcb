/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/execute.c - one scenario on one machine, with everyone listening. */
#include "cli/cli.h"
#include "sweep.h"

int execute(struct pool *pool, const struct scenario *s,
            const struct execute_options *o, struct execution *x, struct err *e)
{
    struct run_config config = s->config;
    struct trace trace;

    *x = (struct execution) { .pool = pool };
    trace_init(&trace, pool);
    x->clock = clock_create(pool, &s->cost);
    trace_set_clock(&trace, clock_price, x->clock);
    x->judge = lab_judge(pool, s);
    trace_add_sink(&trace, judge_sink, x->judge);
    if (o->trace != TRACE_NONE)
        trace_add_sink(&trace, renderer_sink,
                       renderer_create(pool, o->trace, o->trace_out));
    if (o->explain) {
        x->explainer = explainer_create(pool);
        trace_add_sink(&trace, explainer_sink, x->explainer);
    }
    config.onlooker =
        (struct run_onlooker) { invariants_meet, judge_invariants(x->judge) };
    if (run_scenario(pool, &config, &trace, e))
        return -1;
    x->n_verdicts = judge_finish(x->judge, &x->verdicts);
    x->counts = verdict_count(x->verdicts, x->n_verdicts);
    return 0;
}

void execute_title(struct buf *b, const struct scenario *s)
{
    const struct cpu_model *m = &s->config.cpu;

    buf_printf(b, "%s   cpu %s (MAXPHYADDR %u raw, %u effective", s->name,
               s->cpu_name, m->maxphyaddr_raw, cpu_model_width(m));
    if (m->cbit)
        buf_printf(b, ", C-bit %u%s", m->cbit, m->mem_encrypt ? "" : " off");
    if (s->config.is_bare)
        buf_adds(b, ")   bare hypervisor");
    else
        buf_printf(b, ")   kernel %s", s->kernel_name);
    buf_printf(b, "   vm %s", vm_type_names[s->config.vm.type]);
    if (s->point && s->point[0])
        buf_printf(b, "   [%s]", s->point);
    buf_addc(b, '\n');
}
