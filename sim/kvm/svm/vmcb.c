/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/vmcb.c - the VMCB: what KVM writes into it before the first VMRUN.
 *
 * The VMCB lies in physical memory; nothing of it is cached here. Registers of
 * a guest whose state is not encrypted live in its save area, except the
 * general ones, which the entry code loads.
 */
#include "kvm/svm/svm.h"

/* Flat segments (APM vol. 2, 4.8): type, S, P; then DPL. */
#define ATTR_CODE      0x09b
#define ATTR_DATA      0xc93
#define ATTR_TSS       0x08b
#define ATTR_LDT       0x082
#define ATTR_DPL_SHIFT 5
#define ATTR_G         BIT(11)

#define G_PAT_RESET 0x0007040600070406ULL
#define DR6_RESET   0xffff0ff0ULL
#define DR7_RESET   0x400ULL

#define IOPM_SIZE  0x3000ULL
#define MSRPM_SIZE 0x2000ULL

uint64_t vmcb_read64(const struct kvm_vcpu *v, unsigned offset)
{
    return host_read64(v->vm->kvm, v->vmcb + offset);
}

void vmcb_write64(struct kvm_vcpu *v, unsigned offset, uint64_t value)
{
    host_write64(v->vm->kvm, v->vmcb + offset, value);
}

void vmcb_write32(struct kvm_vcpu *v, unsigned offset, uint32_t value)
{
    unsigned shift = 8 * (offset & 4);
    uint64_t word = vmcb_read64(v, offset & ~7U);

    word &= ~(0xffffffffULL << shift);
    vmcb_write64(v, offset & ~7U, word | (uint64_t)value << shift);
}

/* An encrypted guest's RIP is nobody's business. */
uint64_t kvm_rip_read(const struct kvm_vcpu *v)
{
    return v->state_protected ? 0 : vmcb_read64(v, VMCB_SAVE + SAVE_RIP);
}

void kvm_rip_write(struct kvm_vcpu *v, uint64_t rip)
{
    vmcb_write64(v, VMCB_SAVE + SAVE_RIP, rip);
}

unsigned kvm_cpl(const struct kvm_vcpu *v)
{
    return vmcb_read64(v, VMCB_SAVE + (SAVE_CPL & ~7U)) >> 24 & 3;
}

/* ---- registers ---- */

static void set_segment(struct kvm_vcpu *v, unsigned save, uint16_t selector,
                        uint64_t attr, uint32_t limit, uint64_t base)
{
    vmcb_write64(v, VMCB_SAVE + save,
                 selector | attr << 16 | (uint64_t)limit << 32);
    vmcb_write64(v, VMCB_SAVE + save + 8, base);
}

static void set_flat_segments(struct kvm_vcpu *v, const struct kvm_regs *r)
{
    static const unsigned data[] = { SAVE_ES, SAVE_DS, SAVE_FS, SAVE_GS };
    uint64_t dpl = (uint64_t)r->cpl << ATTR_DPL_SHIFT;
    uint64_t data_dpl = (r->ds & 3ULL) << ATTR_DPL_SHIFT;
    uint64_t mode = r->efer & EFER_LME ? SEG_ATTR_L : SEG_ATTR_DB;

    set_segment(v, SAVE_CS, r->cs, ATTR_CODE | ATTR_G | mode | dpl, ~0U, 0);
    set_segment(v, SAVE_SS, r->ss, ATTR_DATA | dpl, ~0U, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(data); i++)
        set_segment(v, data[i], r->ds, ATTR_DATA | data_dpl, ~0U, 0);
    set_segment(v, SAVE_LDTR, 0, ATTR_LDT, 0, 0);
    set_segment(v, SAVE_TR, r->tr, ATTR_TSS, r->tr_limit, r->tr_base);
    set_segment(v, SAVE_GDTR, 0, 0, r->gdt_limit, r->gdt_base);
    set_segment(v, SAVE_IDTR, 0, 0, r->idt_limit, r->idt_base);
}

void svm_set_regs(struct kvm_vcpu *v, const struct kvm_regs *r)
{
    for (unsigned i = 0; i < N_GPRS; i++)
        v->gpr[i] = r->gpr[i];
    set_flat_segments(v, r);
    vmcb_write64(v, VMCB_SAVE + (SAVE_CPL & ~7U), (uint64_t)(r->cpl & 3) << 24);
    /* VMRUN wants SVME in the guest's EFER; the guest is not told. */
    vmcb_write64(v, VMCB_SAVE + SAVE_EFER, r->efer | EFER_SVME);
    vmcb_write64(v, VMCB_SAVE + SAVE_CR4, r->cr4);
    vmcb_write64(v, VMCB_SAVE + SAVE_CR3, r->cr3);
    vmcb_write64(v, VMCB_SAVE + SAVE_CR0, r->cr0);
    vmcb_write64(v, VMCB_SAVE + SAVE_RFLAGS, r->rflags | RFLAGS_FIXED);
    vmcb_write64(v, VMCB_SAVE + SAVE_RIP, r->rip);
    v->event.pending = false;
}

static uint64_t save_word(const struct kvm_vcpu *v, unsigned offset)
{
    return vmcb_read64(v, VMCB_SAVE + offset);
}

void svm_get_regs(struct kvm_vcpu *v, struct kvm_regs *r)
{
    *r = (struct kvm_regs) {
        .rip = save_word(v, SAVE_RIP),
        .rflags = save_word(v, SAVE_RFLAGS),
        .cr0 = save_word(v, SAVE_CR0),
        .cr3 = save_word(v, SAVE_CR3),
        .cr4 = save_word(v, SAVE_CR4),
        .efer = save_word(v, SAVE_EFER) & ~EFER_SVME,
        .cpl = kvm_cpl(v),
        .gdt_base = save_word(v, SAVE_GDTR + 8),
        .idt_base = save_word(v, SAVE_IDTR + 8),
        .tr_base = save_word(v, SAVE_TR + 8),
        .gdt_limit = (uint16_t)(save_word(v, SAVE_GDTR) >> 32),
        .idt_limit = (uint16_t)(save_word(v, SAVE_IDTR) >> 32),
        .tr_limit = (uint16_t)(save_word(v, SAVE_TR) >> 32),
        .cs = (uint16_t)save_word(v, SAVE_CS),
        .ss = (uint16_t)save_word(v, SAVE_SS),
        .ds = (uint16_t)save_word(v, SAVE_DS),
        .tr = (uint16_t)save_word(v, SAVE_TR),
    };
    for (unsigned i = 0; i < N_GPRS; i++)
        r->gpr[i] = v->gpr[i];
}

/* ---- control area ---- */

/* An I/O or MSR permission map full of ones: everything is intercepted. One is
 * enough for all vCPUs. */
static int permission_map(struct kvm *k, spa_t *map, uint64_t size)
{
    uint8_t ones[PAGE_SIZE_4K];

    if (*map)
        return 0;
    *map = host_alloc(k, size, PAGE_SIZE_4K);
    if (!*map)
        return -ENOMEM;
    for (unsigned i = 0; i < sizeof(ones); i++)
        ones[i] = 0xff;
    for (uint64_t at = 0; at < size; at += PAGE_SIZE_4K)
        host_write(k, *map + at, ones, sizeof(ones));
    return 0;
}

static void init_control(struct kvm_vcpu *v)
{
    const struct kvm_vm *vm = v->vm;
    uint64_t nested = NESTED_CTL_NP_ENABLE;

    if (sev_guest(vm))
        nested |= NESTED_CTL_SEV;
    if (sev_es_guest(vm))
        nested |= NESTED_CTL_SEV_ES;

    vmcb_write32(v, VMCB_INTERCEPT_3,
                 INTERCEPT3_INTR | INTERCEPT3_NMI | INTERCEPT3_CPUID |
                     INTERCEPT3_HLT | INTERCEPT3_INVLPGA | INTERCEPT3_IOIO |
                     INTERCEPT3_MSR | INTERCEPT3_SHUTDOWN);
    vmcb_write32(v, VMCB_INTERCEPT_4, INTERCEPT4_VMRUN | INTERCEPT4_VMMCALL);
    vmcb_write64(v, VMCB_IOPM_BASE, vm->kvm->iopm);
    vmcb_write64(v, VMCB_MSRPM_BASE, vm->kvm->msrpm);
    vmcb_write64(v, VMCB_NESTED_CTL, nested);
    /* APM vol. 2, 15.35.2: without LBR virtualisation no SEV-ES guest runs. */
    vmcb_write64(v, VMCB_VIRT_EXT, sev_es_guest(vm) ? VIRT_EXT_LBR : 0);
}

int svm_vcpu_create(struct kvm_vcpu *v)
{
    struct kvm *k = v->vm->kvm;

    v->vmcb = host_alloc_zeroed(k, PAGE_SIZE_4K);
    if (!v->vmcb || permission_map(k, &k->iopm, IOPM_SIZE) ||
        permission_map(k, &k->msrpm, MSRPM_SIZE))
        return -ENOMEM;
    init_control(v);
    vmcb_write64(v, VMCB_SAVE + SAVE_G_PAT, G_PAT_RESET);
    vmcb_write64(v, VMCB_SAVE + SAVE_DR6, DR6_RESET);
    vmcb_write64(v, VMCB_SAVE + SAVE_DR7, DR7_RESET);
    return sev_es_guest(v->vm) ? sev_es_vcpu_create(v) : 0;
}
