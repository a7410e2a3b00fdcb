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

/* TLB_CONTROL (APM vol. 2, 15.16.1). */
#define FLUSH_ALL        1
#define FLUSH_ASID       3
#define FLUSH_ASID_LOCAL 7

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

void tlb_flush_all(struct cpu *c)
{
    flush(c, (struct tlb_scope) {
                 .any_asid = true,
                 .any_pcid = true,
                 .any_addr = true,
                 .globals = true,
                 .nested = true,
             });
}

/* A part without FlushByAsid looks at bit 0 alone. */
void tlb_vmrun(struct cpu *c)
{
    bool by_asid = c->model.features[FEAT_FLUSH_BY_ASID];
    unsigned what = c->ctl.tlb_control & (by_asid ? 7 : FLUSH_ALL);

    if (what == FLUSH_ALL)
        tlb_flush_all(c);
    if (what == FLUSH_ASID || what == FLUSH_ASID_LOCAL)
        flush(c, (struct tlb_scope) {
                     .asid = c->ctl.asid,
                     .any_pcid = true,
                     .any_addr = true,
                     .globals = what == FLUSH_ASID,
                     .nested = true,
                 });
}

void tlb_mov_cr(struct cpu *c, const struct guest_regs *old)
{
    const struct guest_regs *r = &c->g.r;
    uint64_t cr0 = r->cr0 ^ old->cr0, cr4 = r->cr4 ^ old->cr4;
    bool all = (cr0 & CR0_PG) || (cr4 & (CR4_PAE | CR4_PSE | CR4_PGE)) ||
               (cr4 & r->cr4 & CR4_PKE) || (cr4 & old->cr4 & CR4_PCIDE);
    bool keep = (r->cr4 & CR4_PCIDE) && (r->cr3 & BIT(63));

    if (!all && (r->cr3 == old->cr3 || keep))
        return;
    flush(c, (struct tlb_scope) {
                 .asid = c->ctl.asid,
                 .pcid = cpu_pcid(c),
                 .any_pcid = all,
                 .any_addr = true,
                 .globals = all,
             });
}

void tlb_invlpg(struct cpu *c, gva_t va)
{
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
    bool one_pcid = type == ADDRESS || type == CONTEXT;

    if (type > ALL_BUT_GLOBAL || (pcid & ~TAG_PCID) ||
        (type == ADDRESS && !is_canonical(c, va)) ||
        (one_pcid && pcid && !(c->g.r.cr4 & CR4_PCIDE)))
        return false;
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

bool tlb_invlpgb(struct cpu *c, uint64_t rax, uint32_t ecx, uint32_t edx,
                 bool guest)
{
    uint64_t cr4 = guest ? c->g.r.cr4 : c->host_cr4;
    uint64_t efer = guest ? c->g.r.efer : c->efer;
    uint64_t page = pt_size(ecx & ECX_2M ? 2 : 1);
    gva_t from = rax & PAGE_MASK_4K;
    uint64_t more = ((ecx & ECX_COUNT) + 1) * page - 1;

    if (!invlpgb_legal(c, rax, ecx, edx, cr4))
        return false;
    flush(c, (struct tlb_scope) {
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
             });
    return true;
}
