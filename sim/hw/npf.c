/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/npf.c - fault codes: what a failed walk tells, and whom.
 *
 * The two codes look alike and differ in what they are about: #PF describes the
 * guest's access to its own tables, EXITINFO1 of #NPF the access that reached
 * the nested tables (APM vol. 2, 8.4.2 and 15.25.6).
 */
#include "hw/walk.h"

static bool is_rsvd(enum why why)
{
    return why >= WHY_RSVD_BEYOND_ROOT && why <= WHY_RSVD_LARGE;
}

static bool entry_was_present(enum why why)
{
    return why != WHY_NOT_PRESENT && why != WHY_BEYOND_ROOT;
}

/*
 * Nested walks are user accesses, except where the feature that looks says who
 * asks: GMET for fetches, SSS for shadow stacks (APM vol. 2, 15.25.13 and .14).
 * Erratum 1218: the CPU gets it wrong for GMET.
 */
static bool is_user(const struct cpu *c, struct npt_access a)
{
    if (a.fetch && c->rules.gmet)
        return a.supervisor == c->model.knobs.err1218;
    return !(a.shadow && a.supervisor && c->rules.sss);
}

/* A mismatch of sizes is told apart for PVALIDATE and RMPADJUST only (APM vol.
 * 2, 15.36.10). */
static uint64_t rmp_bits(enum why why)
{
    if (why < WHY_RMP_UNCOVERED)
        return 0;
    return PFERR_GUEST_RMP | (why == WHY_RMP_VMPL ? PFERR_GUEST_VMPL : 0) |
           (why == WHY_RMP_SIZEM ? PFERR_GUEST_SIZEM : 0);
}

/*
 * The fetch bit is only reported when the host's mode could deny a fetch
 * (kvm-unit-tests, x86/svm_npt.c), and never for a table. ENC came with SEV-SNP
 * (APM vol. 2, 15.36.10).
 */
static uint64_t npf_code(const struct cpu *c, enum why why, struct npt_access a)
{
    uint64_t code = a.table ? PFERR_GUEST_PAGE : PFERR_GUEST_FINAL;

    if (entry_was_present(why))
        code |= PFERR_PRESENT;
    if (is_rsvd(why))
        code |= PFERR_RSVD;
    if (a.write)
        code |= PFERR_WRITE;
    if (is_user(c, a))
        code |= PFERR_USER;
    if (a.fetch && c->nested.fetch_reported)
        code |= PFERR_FETCH;
    if (a.shadow)
        code |= PFERR_SS;
    if (a.private && c->model.features[FEAT_SEV_SNP])
        code |= PFERR_GUEST_ENC;
    return code | rmp_bits(why);
}

bool npf_fail(struct cpu *c, struct walk *w, enum why why, gpa_t gpa,
              struct npt_access a, bool sss_page)
{
    bool page_only = a.table && c->model.knobs.ei2_table_page_aligned;

    if (w->recalled) {
        w->end = END_STALE;
        return false;
    }
    w->end = END_NPF;
    w->why = why;
    w->code = npf_code(c, why, a) | (sss_page ? PFERR_GUEST_SSS : 0);
    w->addr = page_only ? gpa & PAGE_MASK_4K : gpa;
    TRACE(c->trace, npf, .info1 = w->code, .info2 = w->addr, .gva = w->gva,
          .level = w->level, .slot = w->slot, .pte = w->pte, .bit = w->bit,
          .why = why_detail(c, w), .source = why_source(why));
    return false;
}

/* The fetch bit follows kvm-unit-tests, x86/access.c: NXE or SMEP. A protection
 * key is reported besides whatever else denied (APM vol. 2, 8.4.2). */
bool pf_fail(struct cpu *c, struct walk *w, enum why why, bool pkey,
             struct access a)
{
    uint64_t code = 0;

    if (w->recalled) {
        w->end = END_STALE;
        return false;
    }
    if (why != WHY_NOT_PRESENT)
        code |= PFERR_PRESENT;
    if (is_rsvd(why))
        code |= PFERR_RSVD;
    if (a.write)
        code |= PFERR_WRITE;
    if (a.user)
        code |= PFERR_USER;
    if (a.fetch && c->guest.fetch_reported)
        code |= PFERR_FETCH;
    if (pkey)
        code |= PFERR_PK;
    if (a.shadow)
        code |= PFERR_SS;
    w->end = END_PF;
    w->why = why;
    w->code = code | rmp_bits(why);
    w->addr = w->gva;
    TRACE(c->trace, pf, .error_code = code, .cr2 = w->gva, .level = w->level,
          .slot = w->slot, .pte = w->pte, .bit = w->bit,
          .why = why_detail(c, w), .source = why_source(why));
    return false;
}

/* The exit, unless the guest itself gets the fault. @data: an instruction's
 * load or store caused it, so the CPU may help with the instruction's bytes. */
static enum flow take_npf(struct cpu *c, const struct walk *w, bool data)
{
    if (reflects_npf(c, w->code))
        return raise_vc(c, VC_NPF, w->code,
                        "a nested page fault with RSVD set is no exit for an "
                        "SEV-ES guest: the guest gets #VC and must ask",
                        "APM vol. 2, 15.35.5");
    exit_with(c, EXIT_NPF, w->code, w->addr);
    if (data)
        access_assist(c);
    return FLOW_EXIT;
}

enum flow walk_failed(struct cpu *c, const struct walk *w, bool data)
{
    switch (w->end) {
    case END_NPF:
        return take_npf(c, w, data);
    case END_PF:
        raise_error(c, VEC_PF, (uint32_t)w->code);
        c->event.cr2 = w->addr;
        c->event.data = data;
        return FLOW_EVENT;
    case END_VC:
        raise_vc(c, w->code, 0, why_text(w->why), why_source(w->why));
        c->event.cr2 = w->addr;
        return FLOW_EVENT;
    case END_GP:
        return raise_error(c, VEC_GP, 0);
    case END_SS:
        return raise_error(c, VEC_SS, 0);
    case END_OK:
    case END_STALE:
        break;
    }
    bug_at(__FILE__, __LINE__, "a walk that did not fail");
}
