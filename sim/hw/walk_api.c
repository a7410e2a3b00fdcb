/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/walk_api.c - a single translation on a bare core, without VMCB.
 *
 * For `batch walk`, tests and benchmarks: the same walkers as under VMRUN, fed
 * with registers, answering with a value. Nothing is delivered, nothing exits.
 */
#include "hw/cpu.h"

static const char *unsupported(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    return pt_formats[pt_mode(cr0, cr4, efer)].unsupported;
}

const char *walk_unsupported(const struct walk_setup *s)
{
    const char *why;

    if (!s->np)
        return "nested paging is off: this version translates through nested "
               "tables only";
    why = unsupported(s->g_cr0, s->g_cr4, s->g_efer);
    if (why)
        return why;
    /* A host without paging is no question of support: VMRUN refuses it. */
    if (!(s->h_cr0 & CR0_PG))
        return NULL;
    return unsupported(s->h_cr0, s->h_cr4, s->h_efer);
}

bool walk_load(struct cpu *c, const struct walk_setup *s, const char **why)
{
    struct refusal r;

    c->ctl = (struct vmcb_control) { .asid = s->asid, .ncr3 = s->ncr3 };
    c->gkey = NULL;
    c->g = (struct guest_state) {
        .r = {
            .cr0 = s->g_cr0,
            .cr3 = s->g_cr3,
            .cr4 = s->g_cr4,
            .efer = s->g_efer,
            .rflags = s->g_rflags,
            .cpl = s->cpl,
        },
        .pkru = s->pkru,
    };
    r = check_paging(c, s->np, s->h_cr0, s->ncr3);
    *why = r.why ? r.why : walk_unsupported(s);
    if (*why)
        return false;
    latch_guest(c);
    latch_nested(c, s->h_cr0, s->h_cr4, s->h_efer, s->ncr3);
    return true;
}

struct walk_result walk_access(struct cpu *c, gva_t gva, enum access_kind kind,
                               unsigned size, bool stack, struct walk_log *log)
{
    static const enum walk_outcome outcomes[] = {
        [END_OK] = WALK_OK, [END_NPF] = WALK_NPF, [END_PF] = WALK_PF,
        [END_GP] = WALK_GP, [END_SS] = WALK_SS,
    };
    struct access a = {
        .write = kind == ACCESS_WRITE || kind == ACCESS_RMW,
        .fetch = kind == ACCESS_FETCH,
        .user = c->g.r.cpl == 3,
        .stack = stack,
    };
    struct walk_result res = { 0 };
    struct piece piece[2];
    struct walk w;

    c->log = log;
    c->n_logged = 0;
    if (log)
        log->n_dirty = 0;
    if (access_translate(c, gva, size, a, piece, &w)) {
        res.spa = piece[0].spa;
    } else if (w.end == END_NPF || w.end == END_PF) {
        res.info1 = w.code;
        res.info2 = w.addr;
    }
    res.outcome = outcomes[w.end];
    res.why = w.end == END_OK ? NULL : why_text(w.why);
    res.n_refs = w.n_refs;
    c->log = NULL;
    return res;
}
