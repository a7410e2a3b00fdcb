/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/walk_api.c - a single translation on a bare core, without VMCB.
 *
 * For `batch walk`, tests and benchmarks: the same walkers as under VMRUN, fed
 * with registers, answering with a value. Nothing is delivered, nothing exits.
 */
#include "hw/cpu.h"
#include "hw/walk.h"

const char *walk_unsupported(const struct walk_setup *s)
{
    if (s->g_efer & EFER_UAIE)
        return "upper address ignore (EFER.UAIE): this version does not "
               "translate such addresses";
    return NULL;
}

static struct vmcb_control control(const struct walk_setup *s)
{
    return (struct vmcb_control) {
        .asid = s->asid,
        .ncr3 = s->ncr3,
        .nested_ctl = (s->np ? NESTED_CTL_NP_ENABLE : 0) |
                      (s->gmet ? NESTED_CTL_GMET : 0) |
                      (s->sss ? NESTED_CTL_SSS : 0) |
                      (s->rogpt ? NESTED_CTL_ROGPT : 0),
    };
}

bool walk_load(struct cpu *c, const struct walk_setup *s, const char **why)
{
    c->ctl = control(s);
    c->gkey = NULL;
    c->host_key = s->in_clear ? NULL : &c->memory_key;
    c->g = (struct guest_state) {
        .r = {
            .cr0 = s->g_cr0,
            .cr3 = s->g_cr3,
            .cr4 = s->g_cr4,
            .efer = s->g_efer,
            .rflags = s->g_rflags,
            .cpl = s->cpl,
        },
        .seg[SEG(SAVE_CS)].attr = SEG_ATTR_L, /* counts in long mode only */
        .pkru = s->pkru,
        .pat = s->g_pat,
    };
    c->caching = (struct caching) {
        .mtrr = s->mtrr,
        .disabled = (s->g_cr0 | s->h_cr0) & CR0_CD,
    };
    c->host_pat = s->h_pat;
    *why = check_paging(c, s->h_cr0).why;
    if (!*why && s->sss && !s->np && c->model.features[FEAT_SSS_CHECK])
        *why = "shadow-stack checks (SSS) without nested paging";
    if (!*why && s->np && !pat_is_valid(s->g_pat))
        *why = "G_PAT holds a reserved memory type";
    if (*why)
        return false;
    if (s->np)
        latch_nested(c, s->h_cr0, s->h_cr4, s->h_efer, s->ncr3);
    else
        latch_no_nested(c);
    latch_guest(c);
    *why = check_tables(c).why;
    return !*why;
}

uint64_t walk_reserved(const struct cpu *c, bool nested, unsigned level,
                       bool bit7)
{
    return (nested ? &c->nested : &c->guest)->rsvd[level][bit7];
}

struct walk_result walk_access(struct cpu *c, gva_t gva, enum access_kind kind,
                               unsigned size, bool stack, struct walk_log *log)
{
    static const enum walk_outcome outcomes[] = {
        [END_OK] = WALK_OK, [END_NPF] = WALK_NPF, [END_PF] = WALK_PF,
        [END_GP] = WALK_GP, [END_SS] = WALK_SS,
    };
    struct access a = {
        .write = kind == ACCESS_WRITE || kind == ACCESS_RMW ||
                 kind == ACCESS_SHADOW_WRITE,
        .fetch = kind == ACCESS_FETCH,
        .shadow = kind == ACCESS_SHADOW_READ || kind == ACCESS_SHADOW_WRITE,
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
        res.memtype = memtype_of(c, piece[0].guest_pat, piece[0].nested_pat);
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
