/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/host_cr.c - MOV to and from control registers, by the host.
 *
 * What they select, VMRUN latches for the nested tables. Of the host's code
 * nothing is modelled, so not in which mode it runs either: it may turn paging
 * off, as code in compatibility mode can, but stays in protected mode.
 */
#include "hw/cpu.h"

uint64_t host_read_cr(const struct cpu *c, unsigned n)
{
    BUG_ON(n != 0 && n != 4);
    return n == 0 ? c->host_cr0 : c->host_cr4;
}

/* Long mode is active while paging is on and EFER.LME is set; it needs PAE (APM
 * vol. 2, 14.6). CET and WP go together (3.1). */
static bool write_cr0(struct cpu *c, uint64_t v)
{
    bool on = v & CR0_PG, long_mode = on && (c->efer & EFER_LME);
    bool begins = long_mode && !(c->efer & EFER_LMA);

    if (!cr0_is_legal(v) || !(v & CR0_PE) ||
        (begins && !(c->host_cr4 & CR4_PAE)) ||
        (!on && (c->host_cr4 & CR4_PCIDE)) ||
        (!(v & CR0_WP) && (c->host_cr4 & CR4_CET)))
        return false;
    c->host_cr0 = (v & CR0_WRITABLE) | CR0_ET;
    c->efer = (c->efer & ~EFER_LMA) | (long_mode ? EFER_LMA : 0);
    return true;
}

static bool write_cr4(struct cpu *c, uint64_t v)
{
    bool long_mode = c->efer & EFER_LMA;

    if ((v & cr4_reserved(c)) ||
        (long_mode && ((v ^ c->host_cr4) & (CR4_PAE | CR4_LA57))) ||
        (!long_mode && (v & ~c->host_cr4 & CR4_PCIDE)) ||
        ((v & CR4_CET) && !(c->host_cr0 & CR0_WP)))
        return false;
    c->host_cr4 = v;
    return true;
}

bool host_write_cr(struct cpu *c, unsigned n, uint64_t value)
{
    BUG_ON(n != 0 && n != 4);
    return n == 0 ? write_cr0(c, value) : write_cr4(c, value);
}
