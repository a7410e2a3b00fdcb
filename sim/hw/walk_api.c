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

static struct vmcb_control control(const struct cpu *c,
                                   const struct walk_setup *s)
{
    return (struct vmcb_control) {
        .asid = s->asid,
        .sev = s->sev && cpu_cbit(c),
        .sev_es = s->sev && s->snp && cpu_cbit(c),
        .ncr3 = s->ncr3,
        .nested_ctl = (s->np ? NESTED_CTL_NP_ENABLE : 0) |
                      (s->gmet ? NESTED_CTL_GMET : 0) |
                      (s->sss ? NESTED_CTL_SSS : 0) |
                      (s->rogpt ? NESTED_CTL_ROGPT : 0),
    };
}

/* The reverse map table, as the host left it. */
static void set_snp(struct cpu *c, const struct walk_setup *s)
{
    c->syscfg &= ~(SYSCFG_SNP_EN | SYSCFG_VMPL_EN);
    c->syscfg |=
        (s->snpe ? SYSCFG_SNP_EN : 0) | (s->vmple ? SYSCFG_VMPL_EN : 0);
    c->rmp = (struct rmp) { .base = s->rmp_base, .end = s->rmp_end };
}

/* What VMRUN asks of guests with SEV (APM vol. 2, 15.34.3 and 15.36.12). */
static const char *sev_problem(const struct cpu *c, const struct walk_setup *s)
{
    if (c->ctl.sev && !s->np)
        return "SEV without nested paging";
    if (c->ctl.sev && (!s->asid || s->asid > c->model.max_sev_asid))
        return "SEV with an ASID that has no key";
    if (is_snp_guest(c) && !s->snpe)
        return "an SNP guest while SYSCFG.SNPE is 0";
    return NULL;
}

bool walk_load(struct cpu *c, const struct walk_setup *s, const char **why)
{
    set_snp(c, s);
    c->ctl = control(c, s);
    c->asid_key = psp_key_of(&c->psp, s->asid);
    c->gkey = c->ctl.sev && !s->in_clear ? &c->asid_key : NULL;
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
        .sev_features = (s->snp ? SEV_FEATURE_SNP : 0) |
                        (s->snp && s->vtom ? SEV_FEATURE_VTOM : 0),
        .vtom = s->vtom,
        .vmpl = (uint8_t)(s->vmpl % MAX_VMPLS),
    };
    c->caching = (struct caching) {
        .mtrr = s->mtrr,
        .disabled = (s->g_cr0 | s->h_cr0) & CR0_CD,
    };
    c->host_pat = s->h_pat;
    *why = check_paging(c, s->h_cr0).why;
    if (!*why)
        *why = sev_problem(c, s);
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
        [END_GP] = WALK_GP, [END_SS] = WALK_SS,   [END_VC] = WALK_VC,
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
    } else if (w.end == END_NPF || w.end == END_PF || w.end == END_VC) {
        res.info1 = w.code;
        res.info2 = w.addr;
    }
    res.outcome = outcomes[w.end];
    res.why = w.end == END_OK ? NULL : why_text(w.why);
    res.n_refs = w.n_refs;
    c->log = NULL;
    return res;
}
