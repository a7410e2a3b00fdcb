/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/flush.c - from an instruction to what leaves the TLB.
 *
 * Each operation flushes what the manual promises and no more, so that software
 * which relies on more is caught (APM vol. 2, 5.5.3, 15.16; vol. 3, INVLPGB,
 * INVPCID). Whether an instruction is intercepted or privileged is settled
 * before it comes here.
 */
#include "hw/cpu.h"

#define EFER_TCE BIT(15)

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

static void flush(struct cpu *c, struct tlb_scope s)
{
    if (c->tlb_on)
        tlb_flush(c->tlb, &s);
}

unsigned cpu_pcid(const struct cpu *c)
{
    const struct guest_regs *r = &c->g.r;

    return r->cr4 & CR4_PCIDE ? (unsigned)(r->cr3 & TAG_PCID) : 0;
}

static void flush_spaces(struct cpu *c, enum flush_scope scope, uint32_t asid,
                         bool nested, const char *why)
{
    tell(c, scope, asid, 0, why);
    flush(c, (struct tlb_scope) {
                 .any_asid = scope == FLUSH_ALL,
                 .asid = asid,
                 .any_pcid = scope != FLUSH_PCID,
                 .pcid = cpu_pcid(c),
                 .any_addr = true,
                 .globals = scope == FLUSH_ALL || scope == FLUSH_ASID,
                 .nested = nested,
             });
}

void cpu_flush_tlb(struct cpu *c, enum flush_scope scope, uint32_t asid,
                   const char *why)
{
    flush_spaces(c, scope, asid, scope == FLUSH_ALL, why);
}

/* VMRUN reads TLB_CONTROL and leaves it as it is. CPUs without FlushByAsid look
 * at its lowest bit only: they flush more, never less. */
void flush_at_vmrun(struct cpu *c)
{
    static const char why[] = "TLB_CONTROL asks for it";
    uint8_t control = c->ctl.tlb_control;
    uint32_t asid = c->ctl.asid;

    if (!c->model.features[FEAT_FLUSH_BY_ASID])
        control &= TLB_CTL_ALL;
    switch (control) {
    case TLB_CTL_ALL:
        flush_spaces(c, FLUSH_ALL, asid, true, why);
        break;
    case TLB_CTL_ASID:
        flush_spaces(c, FLUSH_ASID, asid, true, why);
        break;
    case TLB_CTL_ASID_LOCAL:
        flush_spaces(c, FLUSH_ASID_LOCAL, asid, true, why);
        break;
    }
}

void tlb_mov_cr(struct cpu *c, const struct guest_regs *old)
{
    const struct guest_regs *r = &c->g.r;
    uint64_t cr0 = r->cr0 ^ old->cr0, cr4 = r->cr4 ^ old->cr4;
    bool all = (cr0 & CR0_PG) || (cr4 & (CR4_PAE | CR4_PSE | CR4_PGE)) ||
               (cr4 & r->cr4 & CR4_PKE) || (cr4 & old->cr4 & CR4_PCIDE);
    bool keep = (r->cr4 & CR4_PCIDE) && (r->cr3 & BIT(63));

    if (all)
        cpu_flush_tlb(c, FLUSH_ASID, c->ctl.asid, "MOV to CR0 or CR4");
    else if (r->cr3 != old->cr3 && !keep)
        cpu_flush_tlb(c, FLUSH_PCID, c->ctl.asid, "MOV to CR3");
}

void tlb_invlpg(struct cpu *c, gva_t va)
{
    tell(c, FLUSH_PAGE, c->ctl.asid, va, "INVLPG");
    flush(c, (struct tlb_scope) {
                 .asid = c->ctl.asid,
                 .pcid = cpu_pcid(c),
                 .globals = true,
                 .addr = va,
                 .last = va,
                 .all_pointers = !(c->g.r.efer & EFER_TCE),
             });
}

void tlb_invlpga(struct cpu *c, gva_t va, uint32_t asid)
{
    tell(c, FLUSH_PAGE, asid, va, "INVLPGA");
    flush(c, (struct tlb_scope) {
                 .asid = asid,
                 .any_pcid = true,
                 .globals = true,
                 .addr = va,
                 .last = va,
             });
}

bool tlb_invpcid(struct cpu *c, uint64_t type, uint64_t pcid, gva_t va)
{
    enum { ADDRESS, CONTEXT, ALL, ALL_BUT_GLOBAL };
    static const enum flush_scope scopes[] = {
        [ADDRESS] = FLUSH_PAGE,
        [CONTEXT] = FLUSH_PCID,
        [ALL] = FLUSH_ASID,
        [ALL_BUT_GLOBAL] = FLUSH_ASID_LOCAL,
    };
    bool one_pcid = type == ADDRESS || type == CONTEXT;

    if (type > ALL_BUT_GLOBAL || (pcid & ~TAG_PCID) ||
        (type == ADDRESS && !is_canonical(c, va)) ||
        (one_pcid && pcid && !(c->g.r.cr4 & CR4_PCIDE)))
        return false;
    tell(c, scopes[type], c->ctl.asid, type == ADDRESS ? va : 0, "INVPCID");
    flush(c, (struct tlb_scope) {
                 .asid = c->ctl.asid,
                 .pcid = (unsigned)pcid,
                 .any_pcid = !one_pcid,
                 .any_addr = type != ADDRESS,
                 .addr = va,
                 .last = va,
                 .globals = type == ALL,
                 .all_pointers = !(c->g.r.efer & EFER_TCE),
             });
    return true;
}

/* ---- INVLPGB ---- */

#define RAX_VA       BIT(0)
#define RAX_PCID     BIT(1)
#define RAX_ASID     BIT(2)
#define RAX_GLOBAL   BIT(3)
#define RAX_FINAL    BIT(4)
#define RAX_NESTED   BIT(5)
#define RAX_RESERVED bits(11, 6)
#define ECX_COUNT    bits(15, 0)
#define ECX_2M       BIT(31)
#define ECX_RESERVED bits(30, 16)
#define EDX_RESERVED bits(31, 28)

static bool invlpgb_legal(const struct cpu *c, uint64_t rax, uint32_t ecx,
                          uint32_t edx, uint64_t cr4)
{
    if ((rax & RAX_RESERVED) || (ecx & ECX_RESERVED) || (edx & EDX_RESERVED))
        return false;
    if ((ecx & ECX_COUNT) > c->model.invlpgb_max)
        return false;
    if ((rax & RAX_VA) && !is_canonical(c, rax & PAGE_MASK_4K))
        return false;
    if ((rax & RAX_PCID) && !(cr4 & CR4_PCIDE))
        return false;
    return !(rax & RAX_NESTED) || c->model.features[FEAT_INVLPGB_NESTED];
}

static enum flush_scope invlpgb_scope(const struct tlb_scope *s)
{
    if (!s->any_addr)
        return FLUSH_PAGE;
    if (s->any_asid)
        return FLUSH_ALL;
    if (!s->any_pcid)
        return FLUSH_PCID;
    return s->globals ? FLUSH_ASID : FLUSH_ASID_LOCAL;
}

bool tlb_invlpgb(struct cpu *c, uint64_t rax, uint32_t ecx, uint32_t edx,
                 bool guest)
{
    uint64_t cr4 = guest ? c->g.r.cr4 : c->host_cr4;
    uint64_t efer = guest ? c->g.r.efer : c->efer;
    uint64_t page = pt_size(ecx & ECX_2M ? 2 : 1);
    gva_t from = rax & PAGE_MASK_4K;
    uint64_t more = ((ecx & ECX_COUNT) + 1) * page - 1;
    struct tlb_scope s;

    if (!invlpgb_legal(c, rax, ecx, edx, cr4))
        return false;
    s = (struct tlb_scope) {
        .any_asid = !guest && !(rax & RAX_ASID),
        .asid = guest ? c->ctl.asid : edx & 0xffff,
        .any_pcid = !(rax & RAX_PCID),
        .pcid = edx >> 16 & TAG_PCID,
        .any_addr = !(rax & RAX_VA),
        .addr = from,
        .last = more > ~from ? ~0ULL : from + more,
        .globals = rax & RAX_GLOBAL,
        .leaves_only = rax & RAX_FINAL,
        .nested = rax & RAX_NESTED,
        .all_pointers = !(efer & EFER_TCE),
    };
    tell(c, invlpgb_scope(&s), s.asid, s.any_addr ? 0 : from, "INVLPGB");
    if (c->tlb_on)
        tlb_flush_later(c->tlb, &s);
    return true;
}

/* The CPU may take its time with INVLPGB, until here (Linux, asm/tlb.h). */
void tlb_tlbsync(struct cpu *c)
{
    if (c->tlb_on)
        tlb_wait(c->tlb);
}
