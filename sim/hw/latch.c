/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/latch.c - from control registers to what the walkers need.
 *
 * The nested tables use the host's mode as it was at VMRUN, whatever the guest
 * does to its own registers later (APM vol. 2, 15.25.3).
 */
#include "hw/again.h"

static struct paging make(const struct cpu *c, uint64_t cr0, uint64_t cr4,
                          uint64_t efer, uint64_t cr3, uint64_t cbit,
                          unsigned width)
{
    enum pt_mode mode = pt_mode(cr0, cr4, efer);
    const struct pt_format *f = &pt_formats[mode];
    bool nxe = (efer & EFER_NXE) && mode != PT_32BIT;
    struct paging p = {
        .mode = mode,
        .format = f,
        .levels = f->levels,
        .linear_bits = f->linear_bits,
        .long_mode = mode >= PT_4LEVEL,
        .pse = cr4 & CR4_PSE,
        .nxe = nxe,
        .pkeys = (cr4 & CR4_PKE) && mode >= PT_4LEVEL,
        .fetch_reported = nxe || (cr4 & CR4_SMEP),
        /* 32-bit entries have no place for the C-bit. */
        .cbit = f->entry_size == 8 ? cbit : 0,
        .root = cr3 & f->root & ~cbit,
    };

    rsvd_fill(&p, width, c->model.features[FEAT_PAGE1GB], &c->model.knobs);
    return p;
}

/* The host's C-bit means nothing in tables of a guest without one; usually it
 * is an address bit there, or beyond them. */
static void reserve_host_cbit(struct cpu *c)
{
    for (unsigned level = 1; level <= c->guest.levels; level++)
        for (unsigned ps = 0; ps < 2; ps++)
            c->guest.rsvd[level][ps] |= cpu_cbit(c);
}

/* Address bits that an entry of the host's own tables may use. */
static unsigned host_width(const struct cpu *c)
{
    return c->model.knobs.reduced_bits_reserved == REDUCED_RESERVED
               ? cpu_phys_bits(c)
               : c->model.maxphyaddr_raw;
}

/* Without a place for the C-bit everything is private (APM vol. 2, 15.34.5);
 * with a virtual top of memory what lies below it (15.36.8). */
static uint64_t private_below(const struct cpu *c)
{
    if (has_vtom(c))
        return c->g.vtom;
    return c->guest.cbit ? 0 : ~0ULL;
}

/*
 * The guest's tables. Encryption takes no address bits from a guest: only hosts
 * lose them (APM vol. 2, 15.34.6). Without nested paging the tables are the
 * host's own, which shadow the guest's.
 */
void latch_guest(struct cpu *c)
{
    const struct guest_regs *r = &c->g.r;
    bool shadow = !c->nested.levels;
    bool has_cbit = shadow || (c->ctl.sev && !has_vtom(c));
    uint64_t cbit = has_cbit ? cpu_cbit(c) : 0;

    c->guest = make(c, r->cr0, r->cr4, r->efer, r->cr3, cbit,
                    shadow ? host_width(c) : c->model.maxphyaddr_raw);
    c->guest.key = c->gkey;
    c->guest.fast = c->guest.long_mode && !snp_on(c);
    c->rules.context = c->rules.special | (unsigned)c->g.vmpl << 2;
    c->guest.private_below = private_below(c);
    if (has_vtom(c) || (!cbit && c->model.knobs.cbit_reserved_for_plain_guest))
        reserve_host_cbit(c);
    c->latched = *r;
    c->tag = tlb_tag(c->ctl.asid, cpu_pcid(c));
    again_latch(c);
}

/* Software inside the guest may have written control registers. */
void latch_guest_again(struct cpu *c)
{
    const struct guest_regs *r = &c->g.r, *l = &c->latched;

    if (r->cr0 != l->cr0 || r->cr3 != l->cr3 || r->cr4 != l->cr4 ||
        r->efer != l->efer)
        latch_guest(c);
}

/* Each is ignored by a CPU without it; SSS also by a host whose tables cannot
 * mark a page no-execute (APM vol. 2, 15.25.14). */
static struct nested_rules rules(const struct cpu *c)
{
    const bool *f = c->model.features;
    uint64_t ctl = c->ctl.nested_ctl;
    bool alias = c->model.knobs.nested_wide_gpa == WIDE_ALIAS;
    struct nested_rules r = {
        .gmet = f[FEAT_GMET] && (ctl & NESTED_CTL_GMET),
        .sss = f[FEAT_SSS_CHECK] && (ctl & NESTED_CTL_SSS) && c->nested.nxe,
        .rogpt = f[FEAT_ROGPT] && (ctl & NESTED_CTL_ROGPT),
        .beyond = alias ? 0 : bits(63, c->nested.linear_bits),
    };

    r.special = r.gmet | r.sss << 1;
    return r;
}

/* kvm-unit-tests, x86/svm_npt.c: NXE or SMEP, though SMEP never denies. */
static bool reports_fetch(const struct cpu *c, uint64_t cr4, uint64_t efer)
{
    switch (c->model.knobs.npf_id_policy) {
    case NPF_ID_NXE_SMEP:
        return (efer & EFER_NXE) || (cr4 & CR4_SMEP);
    case NPF_ID_NXE:
        return efer & EFER_NXE;
    case NPF_ID_ALWAYS:
        return true;
    }
    bug_at(__FILE__, __LINE__, "no such npf_id_policy");
}

void latch_nested(struct cpu *c, uint64_t cr0, uint64_t cr4, uint64_t efer,
                  uint64_t ncr3)
{
    c->nested = make(c, cr0, cr4, efer, ncr3, cpu_cbit(c), host_width(c));
    c->nested.key = ncr3 & c->nested.cbit ? c->host_key : NULL;
    c->nested.fetch_reported = reports_fetch(c, cr4, efer);
    c->rules = rules(c);
    c->rules.plain = c->nested.long_mode && !c->nested.key && !c->rules.special;
}

void latch_no_nested(struct cpu *c)
{
    c->nested = (struct paging) { .mode = PT_OFF };
    c->rules = (struct nested_rules) { 0 };
}
