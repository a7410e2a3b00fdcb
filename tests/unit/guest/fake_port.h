/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_port.h - a CPU that only lends its registers and the kernel's memory.
 *
 * Guest software is run against it without page tables, keys or exits. One
 * access can be told to fault, to see that a SOFTCALL can start over.
 */
#ifndef TESTS_GUEST_FAKE_PORT_H
#define TESTS_GUEST_FAKE_PORT_H

#include "guest/kernel.h"
#include "trace.h"
#include "world.h"

struct guest_port {
    struct world w;
    struct guest_regs regs;
    gpa_t base;
    uint8_t memory[GUEST_KERNEL_SIZE];
    uint64_t ghcb_msr;
    bool no_ghcb_msr;
    int faults_in; /* accesses until one faults, negative: never */
    unsigned n_accesses;
    struct trace trace;
    struct ev_guest_fixup fixup;
    struct ev_guest_terminate terminate;
    struct ev_guest_vc vc;
    struct ev_guest_vc_done vc_done;
    unsigned count[N_EVENTS];
};

struct guest_regs *port_regs(struct guest_port *p)
{
    return &p->regs;
}

static uint8_t *reach(struct guest_port *p, gva_t gva, size_t len)
{
    p->n_accesses++;
    if (p->faults_in >= 0 && p->faults_in-- == 0)
        return NULL;
    ck_assert_msg(gva >= p->base && gva + len <= p->base + GUEST_KERNEL_SIZE,
                  "access outside the kernel: 0x%llx", (unsigned long long)gva);
    return p->memory + (gva - p->base);
}

enum port_result port_read(struct guest_port *p, gva_t gva, void *buf,
                           size_t len)
{
    const uint8_t *at = reach(p, gva, len);

    if (!at)
        return PORT_FAULT;
    memcpy(buf, at, len);
    return PORT_OK;
}

enum port_result port_write(struct guest_port *p, gva_t gva, const void *buf,
                            size_t len)
{
    uint8_t *at = reach(p, gva, len);

    if (!at)
        return PORT_FAULT;
    memcpy(at, buf, len);
    return PORT_OK;
}

bool port_wrmsr(struct guest_port *p, uint32_t msr, uint64_t value)
{
    ck_assert_uint_eq(msr, MSR_GHCB);
    if (!p->no_ghcb_msr)
        p->ghcb_msr = value;
    return !p->no_ghcb_msr;
}

static inline void port_hear(void *ctx, const struct event *ev)
{
    struct guest_port *p = ctx;

    p->count[ev->id]++;
    if (ev->id == EV_guest_fixup)
        p->fixup = *(const struct ev_guest_fixup *)ev->fields;
    else if (ev->id == EV_guest_terminate)
        p->terminate = *(const struct ev_guest_terminate *)ev->fields;
    else if (ev->id == EV_guest_vc)
        p->vc = *(const struct ev_guest_vc *)ev->fields;
    else if (ev->id == EV_guest_vc_done)
        p->vc_done = *(const struct ev_guest_vc_done *)ev->fields;
}

/* Build @w's guest, load it, and let vCPU 0 stand behind its boot. */
static inline struct guest_port *new_port(struct world w)
{
    struct guest_port *p = pool_alloc(w.pool, sizeof(*p));

    p->w = w;
    p->faults_in = -1;
    trace_init(&p->trace, w.pool);
    trace_add_sink(&p->trace, port_hear, p);
    p->w.guest = guest_build(w.pool, &p->w.config, &p->w.platform, p->w.steps,
                             p->w.n_steps, &p->trace, &p->w.err);
    ck_assert_msg(p->w.guest, "%s", p->w.err.msg);
    p->base = p->w.guest->image.base;
    for (uint64_t i = 0; i < p->w.guest->image.used; i++)
        p->memory[i] = byte_at(&p->w, p->base + i);
    p->regs.cr3 = guest_entry(p->w.guest, 0).cr3;
    p->regs.efer = guest_entry(p->w.guest, 0).efer;
    p->w.guest->vcpu[0].done = 1;
    return p;
}

static inline struct guest_vcpu *vcpu0(struct guest_port *p)
{
    return &p->w.guest->vcpu[0];
}

static inline uint64_t peek(struct guest_port *p, gva_t at)
{
    uint64_t v;

    memcpy(&v, p->memory + (at - p->base), sizeof(v));
    return v;
}

static inline void poke(struct guest_port *p, gva_t at, uint64_t v)
{
    memcpy(p->memory + (at - p->base), &v, sizeof(v));
}

/* Run SOFTCALL @number as the CPU does: registers go back on a fault. */
static inline enum port_result softcall(struct guest_port *p, unsigned number)
{
    struct guest_software sw = guest_software(p->w.guest, 0);
    struct guest_regs before = p->regs;
    enum port_result r;

    p->regs.rip += SOFTCALL_LEN;
    r = sw.softcall(sw.ctx, p, number);
    if (r == PORT_FAULT)
        p->regs = before;
    return r;
}

/* What the CPU does to enter a handler: push a frame on @stack, jump. */
static inline void deliver(struct guest_port *p, unsigned vector, bool error,
                           uint64_t error_code, gva_t stack)
{
    bool user = p->w.config.cpl == 3;
    const uint64_t frame[] = { user ? USER_SS : KERNEL_SS, p->regs.gpr[GPR_RSP],
                               p->regs.rflags, user ? USER_CS : KERNEL_CS,
                               p->regs.rip };
    gva_t rsp = stack + PAGE_SIZE_4K;

    for (unsigned i = 0; i < ARRAY_SIZE(frame); i++)
        poke(p, rsp -= 8, frame[i]);
    if (error)
        poke(p, rsp -= 8, error_code);
    p->regs.gpr[GPR_RSP] = rsp;
    p->regs.rip = p->w.guest->code.exception[vector];
}

/* Where IRETQ would go now, and with which RSP. */
static inline gva_t return_rip(struct guest_port *p)
{
    return peek(p, p->regs.gpr[GPR_RSP]);
}

static inline gva_t return_rsp(struct guest_port *p)
{
    return peek(p, p->regs.gpr[GPR_RSP] + 24);
}

#endif
