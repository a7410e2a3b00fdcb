/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/latch.c - from control registers to what the walkers need.
 *
 * The nested tables use the host's mode as it was at VMRUN, whatever the guest
 * does to its own registers later (APM vol. 2, 15.25.3).
 */
#include "hw/cpu.h"

static struct paging make(const struct cpu *c, uint64_t cr0, uint64_t cr4,
                          uint64_t efer, uint64_t cbit, unsigned width)
{
    const struct pt_format *f = &pt_formats[pt_mode(cr0, cr4, efer)];
    struct paging p = {
        .levels = f->levels,
        .linear_bits = f->linear_bits,
        .cbit = cbit,
        .nxe = efer & EFER_NXE,
        .fetch_reported = (efer & EFER_NXE) || (cr4 & CR4_SMEP),
    };

    BUG_ON(f->unsupported);
    rsvd_fill(&p, width, c->model.features[FEAT_PAGE1GB]);
    return p;
}

/*
 * The guest's tables. Encryption takes no address bits from a guest: only hosts
 * lose them (APM vol. 2, 15.34.6).
 */
void latch_guest(struct cpu *c)
{
    const struct guest_regs *r = &c->g.r;

    c->guest = make(c, r->cr0, r->cr4, r->efer, c->gkey ? cpu_cbit(c) : 0,
                    c->model.maxphyaddr_raw);
    c->guest.root = r->cr3 & PTE_ADDR_MASK & ~c->guest.cbit;
    c->guest.key = c->gkey;
    c->latched = *r;
    c->tag = tlb_tag(c->ctl.asid, cpu_pcid(c));
}

/* Software inside the guest may have written control registers. */
void latch_guest_again(struct cpu *c)
{
    const struct guest_regs *r = &c->g.r, *l = &c->latched;

    if (r->cr0 != l->cr0 || r->cr3 != l->cr3 || r->cr4 != l->cr4 ||
        r->efer != l->efer) {
        tlb_mov_cr(c, l);
        latch_guest(c);
    }
}

void latch_nested(struct cpu *c, uint64_t cr0, uint64_t cr4, uint64_t efer,
                  uint64_t ncr3)
{
    c->nested = make(c, cr0, cr4, efer, cpu_cbit(c), cpu_phys_bits(c));
    c->nested.root = ncr3 & PTE_ADDR_MASK & ~c->nested.cbit;
    c->nested.key = ncr3 & c->nested.cbit ? &c->host_key : NULL;
}
