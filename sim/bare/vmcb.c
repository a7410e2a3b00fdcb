/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bare/vmcb.c - what VMRUN is given: the control area, and the registers of a
 * guest at its start.
 *
 * Intercepts are what VMRUN and this simulator insist on, and HLT, by which a
 * step ends. The guest asks the CPU itself about CPUID and MSRs.
 */
#include "bare/machine.h"

#include <string.h>

/* Flat segments (APM vol. 2, 4.8): type, S, P. */
#define ATTR_CODE      0x09b
#define ATTR_DATA      0xc93
#define ATTR_TSS       0x08b
#define ATTR_LDT       0x082
#define ATTR_DPL_SHIFT 5
#define ATTR_G         BIT(11)

#define PAT_RESET 0x0007040600070406ULL
#define DR6_RESET 0xffff0ff0ULL
#define DR7_RESET 0x400ULL

/* Reset values of what only a VMSA has: XCR0, MXCSR, the x87 control word. */
#define VMSA_MXCSR  0x408
#define VMSA_FCW    0x410
#define XCR0_RESET  1ULL
#define MXCSR_RESET 0x1f80ULL
#define FCW_RESET   0x37fULL

static void write64(const struct bare *b, spa_t spa, uint64_t value)
{
    b->wire.ops->write(b->wire.hw, spa, &value, sizeof(value));
}

uint64_t bare_vmcb_read(const struct bare *b, const struct bare_vcpu *v,
                        unsigned at)
{
    uint64_t value;

    b->wire.ops->read(b->wire.hw, v->vmcb + at, &value, sizeof(value));
    return value;
}

void bare_vmcb_write(const struct bare *b, const struct bare_vcpu *v,
                     unsigned at, uint64_t value)
{
    write64(b, v->vmcb + at, value);
}

uint64_t bare_nested_ctl(const struct bare *b)
{
    const struct bare_vmcb *c = &b->config->vmcb;
    enum bare_type type = b->vm->type;

    return (c->np ? NESTED_CTL_NP_ENABLE : 0) |
           (c->gmet ? NESTED_CTL_GMET : 0) | (c->sss ? NESTED_CTL_SSS : 0) |
           (c->rogpt ? NESTED_CTL_ROGPT : 0) |
           (type != BARE_PLAIN ? NESTED_CTL_SEV : 0) |
           (bare_is_es(b) ? NESTED_CTL_SEV_ES : 0);
}

/* Words of 32 bits come in pairs. */
static uint64_t pair(uint64_t low, uint64_t high)
{
    return low | high << 32;
}

static void init_control(struct bare *b, const struct bare_vcpu *v)
{
    bool es = bare_is_es(b);

    bare_vmcb_write(
        b, v, VMCB_INTERCEPT_EXC,
        pair(0, INTERCEPT3_INTR | INTERCEPT3_HLT | INTERCEPT3_SHUTDOWN));
    bare_vmcb_write(b, v, VMCB_INTERCEPT_4, INTERCEPT4_VMRUN);
    bare_vmcb_write(b, v, VMCB_ASID, b->asid);
    bare_vmcb_write(b, v, VMCB_NESTED_CTL, b->nested_ctl);
    bare_vmcb_write(b, v, VMCB_IOPM_BASE, b->config->vmcb.iopm);
    bare_vmcb_write(b, v, VMCB_MSRPM_BASE, b->config->vmcb.msrpm);
    bare_vmcb_write(b, v, VMCB_NCR3, bare_ncr3(b));
    /* APM vol. 2, 15.35.2: no SEV-ES without it. */
    bare_vmcb_write(b, v, VMCB_VIRT_EXT, es ? VIRT_EXT_LBR : 0);
    bare_vmcb_write(b, v, VMCB_VMSA_PA, v->vmsa);
}

const char *bare_vmcb_init(struct bare *b, struct bare_vcpu *v)
{
    bool es = bare_is_es(b);

    v->vmcb = bare_frame(b);
    v->vmsa = es ? bare_frame(b) : 0;
    if (!v->vmcb || (es && !v->vmsa))
        return "no memory below 4 GiB is left for a VMCB";
    init_control(b, v);
    return NULL;
}

void bare_change_vmcb(struct bare *b, const struct bare_vmcb_change *c)
{
    b->nested_ctl = (b->nested_ctl | c->set) & ~c->clear;
    b->asid = c->asid ? c->asid : b->asid;
    for (unsigned i = 0; i < b->vm->n_vcpus; i++)
        bare_vmcb_write(b, &b->vcpu[i], VMCB_NESTED_CTL, b->nested_ctl);
    TRACE(b->trace, bare_vmcb, .asid = b->asid, .nested_ctl = b->nested_ctl);
}

/* ---- registers ---- */

/* Where they lie until the guest is launched. */
static spa_t save_area(const struct bare *b, const struct bare_vcpu *v)
{
    return bare_is_es(b) ? v->vmsa : v->vmcb + VMCB_SAVE;
}

static void set_segment(const struct bare *b, spa_t at, uint16_t selector,
                        uint64_t attr, uint32_t limit, uint64_t base)
{
    write64(b, at, selector | attr << 16 | (uint64_t)limit << 32);
    write64(b, at + 8, base);
}

static void set_segments(const struct bare *b, spa_t save,
                         const struct bare_regs *r)
{
    static const unsigned data[] = { SAVE_ES, SAVE_DS, SAVE_FS, SAVE_GS };
    uint64_t dpl = (uint64_t)r->cpl << ATTR_DPL_SHIFT;
    uint64_t data_dpl = (r->ds & 3ULL) << ATTR_DPL_SHIFT;
    uint64_t mode = r->efer & EFER_LME ? SEG_ATTR_L : SEG_ATTR_DB;

    set_segment(b, save + SAVE_CS, r->cs, ATTR_CODE | ATTR_G | mode | dpl, ~0U,
                0);
    set_segment(b, save + SAVE_SS, r->ss, ATTR_DATA | dpl, ~0U, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(data); i++)
        set_segment(b, save + data[i], r->ds, ATTR_DATA | data_dpl, ~0U, 0);
    set_segment(b, save + SAVE_LDTR, 0, ATTR_LDT, 0, 0);
    set_segment(b, save + SAVE_TR, r->tr, ATTR_TSS, r->tr_limit, r->tr_base);
    set_segment(b, save + SAVE_GDTR, 0, 0, r->gdt_limit, r->gdt_base);
    set_segment(b, save + SAVE_IDTR, 0, 0, r->idt_limit, r->idt_base);
}

void bare_set_regs(struct bare *b, unsigned vcpu, const struct bare_regs *r)
{
    spa_t save = save_area(b, &b->vcpu[vcpu]);
    const struct {
        unsigned at;
        uint64_t value;
    } words[] = {
        { SAVE_CPL & ~7U, (uint64_t)(r->cpl & 3) << 24 },
        /* VMRUN wants SVME in the guest's EFER. */
        { SAVE_EFER, r->efer | EFER_SVME },
        { SAVE_CR4, r->cr4 },
        { SAVE_CR3, r->cr3 },
        { SAVE_CR0, r->cr0 },
        { SAVE_DR7, DR7_RESET },
        { SAVE_DR6, DR6_RESET },
        { SAVE_RFLAGS, r->rflags | RFLAGS_FIXED },
        { SAVE_RIP, r->rip },
        { SAVE_RSP, r->rsp },
        { SAVE_G_PAT, PAT_RESET },
    };

    BUG_ON(vcpu >= b->vm->n_vcpus);
    set_segments(b, save, r);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        write64(b, save + words[i].at, words[i].value);
    if (!bare_is_es(b))
        return;
    write64(b, save + VMSA_XCR0, XCR0_RESET);
    write64(b, save + VMSA_MXCSR, MXCSR_RESET);
    write64(b, save + VMSA_FCW, FCW_RESET);
    if (b->vm->type == BARE_SNP)
        write64(b, save + VMSA_SEV_FEATURES, SEV_FEATURE_SNP);
}
