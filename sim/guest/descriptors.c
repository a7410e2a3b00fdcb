/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/descriptors.c - the kernel's stubs, and the tables that lead to them.
 *
 * A stub is a SOFTCALL into a handler written in C (see guest_port.h) and what
 * the CPU must execute itself: VMGEXIT, HLT, IRET. Vectors without a stub have
 * no gate; what then happens is the CPU's affair.
 */
#include "guest/kernel.h"

#include <string.h>

#define IST_VC 1
#define IST_DF 2

/* ---- code ---- */

static gva_t emit(struct guest *g, const void *bytes, size_t len)
{
    gva_t at = g->code.next;

    BUG_ON(at + len > g->code.page + PAGE_SIZE_4K);
    memcpy(image_at(&g->image, at), bytes, len);
    g->code.next += len;
    return at;
}

static gva_t emit_softcall(struct guest *g, unsigned number)
{
    return emit(g, (uint8_t[]) { 0x0f, 0x3f, (uint8_t)number }, SOFTCALL_LEN);
}

/* IRETQ; in 32-bit code IRETD, without the prefix. */
static gva_t emit_iret(struct guest *g)
{
    return g->long_mode ? emit(g, "\x48\xcf", 2) : emit(g, "\xcf", 1);
}

static gva_t emit_hlt(struct guest *g)
{
    return emit(g, "\xf4", 1);
}

static gva_t emit_vmgexit(struct guest *g)
{
    return emit(g, "\xf3\x0f\x01\xd9", 4);
}

static void emit_handler(struct guest *g, enum vector vector)
{
    g->code.exception[vector] = emit_softcall(g, SOFT_EXCEPTION + vector);
    emit_iret(g);
}

/* The #VC handler asks the hypervisor between its two halves. */
static void emit_vc_handler(struct guest *g)
{
    g->code.exception[VEC_VC] = emit_softcall(g, SOFT_EXCEPTION + VEC_VC);
    emit_vmgexit(g);
    emit_softcall(g, SOFT_VC_DONE);
    emit_iret(g);
}

void write_code(struct guest *g)
{
    static const enum vector plain[] = { VEC_UD, VEC_NP, VEC_SS, VEC_GP,
                                         VEC_PF };

    g->code.next = g->code.page;
    g->code.entry = emit_softcall(g, SOFT_BOOT);
    g->code.iret = emit_iret(g);
    g->code.terminate = emit_vmgexit(g);
    g->code.halt = emit_hlt(g);
    emit_softcall(g, SOFT_HALT);
    g->code.syscall = emit_softcall(g, SOFT_SYSCALL);
    emit_hlt(g);
    emit_iret(g);
    for (unsigned i = 0; i < ARRAY_SIZE(plain); i++)
        emit_handler(g, plain[i]);
    if (g->config->vc_handler == VC_HANDLER_LINUX) {
        emit_handler(g, VEC_DF);
        emit_vc_handler(g);
    }
}

/* ---- descriptor tables (APM vol. 2, 4.7, 4.8, 8.7, 8.9, 12.2) ---- */

static unsigned gate_size(const struct guest *g)
{
    return g->long_mode ? 16 : 8;
}

uint16_t idt_limit(const struct guest *g)
{
    return (uint16_t)(256 * gate_size(g) - 1);
}

/* Only gates of 64 bits have a stack of their own. */
static void put_gate(struct guest *g, unsigned vector, gva_t handler,
                     unsigned ist, unsigned dpl)
{
    uint64_t low = (handler & 0xffff) | (uint64_t)KERNEL_CS << 16 |
                   (uint64_t)(g->long_mode ? ist : 0) << 32 | 0xeULL << 40 |
                   (uint64_t)dpl << 45 | BIT(47) |
                   (handler >> 16 & 0xffff) << 48;

    image_put64(&g->image, g->idt + gate_size(g) * vector, low);
    if (g->long_mode)
        image_put64(&g->image, g->idt + 16 * vector + 8, handler >> 32);
}

static void write_idt(struct guest *g)
{
    for (unsigned v = 0; v < ARRAY_SIZE(g->code.exception); v++)
        if (g->code.exception[v])
            put_gate(g, v, g->code.exception[v],
                     v == VEC_VC   ? IST_VC
                     : v == VEC_DF ? IST_DF
                                   : 0,
                     0);
    put_gate(g, SYSCALL_INT, g->code.syscall, 0, 3);
}

static void write_tss(struct guest *g, const struct guest_vcpu *v)
{
    unsigned index = (unsigned)(v - g->vcpu);
    gpa_t descriptor = g->gdt + FIRST_TR + 16 * index;

    if (g->long_mode) {
        image_put64(&g->image, v->tss + 4, v->stack + PAGE_SIZE_4K); /* RSP0 */
        image_put64(&g->image, v->tss + 0x24, v->vc_stack + PAGE_SIZE_4K);
        image_put64(&g->image, v->tss + 0x2c, v->df_stack + PAGE_SIZE_4K);
    } else { /* ESP0, SS0 */
        image_put64(&g->image, v->tss + 4,
                    (v->stack + PAGE_SIZE_4K) | (uint64_t)KERNEL_SS << 32);
    }
    image_put64(&g->image, descriptor,
                (TSS_SIZE - 1) | (v->tss & 0xffffff) << 16 | 0x8bULL << 40 |
                    (v->tss >> 24 & 0xff) << 56);
    image_put64(&g->image, descriptor + 8, v->tss >> 32);
}

static void write_gdt(struct guest *g)
{
    /* L or D */
    uint64_t mode = g->long_mode ? BIT(53) : BIT(54);

    image_put64(&g->image, g->gdt + KERNEL_CS, 0x008f9b000000ffffULL | mode);
    image_put64(&g->image, g->gdt + KERNEL_SS, 0x00cf93000000ffffULL);
    image_put64(&g->image, g->gdt + (USER_SS & ~3), 0x00cff3000000ffffULL);
    image_put64(&g->image, g->gdt + (USER_CS & ~3),
                0x008ffb000000ffffULL | mode);
    for (unsigned i = 0; i < g->platform->n_vcpus; i++)
        write_tss(g, &g->vcpu[i]);
}

void write_descriptors(struct guest *g)
{
    write_idt(g);
    write_gdt(g);
}
