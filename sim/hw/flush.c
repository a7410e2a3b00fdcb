/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/flush.c - what makes the CPU forget translations.
 *
 * Everything that flushes says so here, and here only: TLB_CONTROL of VMRUN,
 * INVLPG, INVLPGA, writes to control registers (APM vol. 2, 5.5.3 and 15.16).
 * Today every access walks, so there is nothing to forget but the saying.
 */
#include "hw/cpu.h"

static const char *scope_name(enum flush_scope scope)
{
    switch (scope) {
    case FLUSH_ALL:
        return "all ASIDs";
    case FLUSH_ASID:
        return "ASID";
    case FLUSH_ASID_LOCAL:
        return "ASID, not global";
    case FLUSH_PCID:
        return "PCID, not global";
    case FLUSH_PAGE:
        return "page";
    }
    bug_at(__FILE__, __LINE__, "a scope that flush.c never heard of");
}

static void tell(struct cpu *c, enum flush_scope scope, uint32_t asid,
                 gva_t gva, const char *why)
{
    TRACE(c->trace, tlb_flush, .asid = asid, .scope = scope_name(scope),
          .gva = gva, .why = why);
}

void cpu_flush_tlb(struct cpu *c, enum flush_scope scope, uint32_t asid,
                   const char *why)
{
    tell(c, scope, asid, 0, why);
}

void cpu_flush_page(struct cpu *c, uint32_t asid, gva_t gva, const char *why)
{
    tell(c, FLUSH_PAGE, asid, gva, why);
}

/* VMRUN reads TLB_CONTROL and leaves it as it is. CPUs without FlushByAsid look
 * at its lowest bit only: they flush more, never less. */
void flush_at_vmrun(struct cpu *c)
{
    uint8_t control = c->ctl.tlb_control;
    uint32_t asid = c->ctl.asid;

    if (!c->model.features[FEAT_FLUSH_BY_ASID])
        control &= TLB_CTL_ALL;
    switch (control) {
    case TLB_CTL_ALL:
        cpu_flush_tlb(c, FLUSH_ALL, asid, "TLB_CONTROL asks for it");
        break;
    case TLB_CTL_ASID:
        cpu_flush_tlb(c, FLUSH_ASID, asid, "TLB_CONTROL asks for it");
        break;
    case TLB_CTL_ASID_LOCAL:
        cpu_flush_tlb(c, FLUSH_ASID_LOCAL, asid, "TLB_CONTROL asks for it");
        break;
    }
}
