/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest_port.h - what software inside a VM can do to its CPU.
 *
 * Most of a guest is machine code in its memory. Its exception handlers are C,
 * entered when the CPU executes SOFTCALL (0F 3F ib, an encoding that no AMD CPU
 * defines) from the handler's page: the call runs as one instruction. It is
 * restartable: if one of its memory accesses faults (#PF, #VC or a #VMEXIT),
 * registers go back to what they were, and the instruction runs again later,
 * exactly as a faulting machine instruction would.
 */
#ifndef NPTSIM_GUEST_PORT_H
#define NPTSIM_GUEST_PORT_H

#include "arch/cpuid.h"
#include "arch/svm.h"
#include "base.h"

struct guest_port;

/* How an access by guest software ended. Anything but PORT_OK: return from the
 * SOFTCALL at once with that value. */
enum port_result { PORT_OK, PORT_FAULT };

/* Registers of the running guest, live: writes take effect if the SOFTCALL
 * returns PORT_OK. */
struct guest_regs {
    uint64_t gpr[N_GPRS];
    uint64_t rip, rflags;
    uint64_t cr0, cr2, cr3, cr4, efer;
    unsigned cpl;
};

struct guest_regs *port_regs(struct guest_port *p);

/* Data accesses at the current CPL, through the guest's page tables, nested
 * tables, keys: like a load or store instruction would. len 1..4096. */
enum port_result port_read(struct guest_port *p, gva_t gva, void *buf,
                           size_t len);
enum port_result port_write(struct guest_port *p, gva_t gva, const void *buf,
                            size_t len);
/* Guest's own MSRs: MSR_GHCB, MSR_SEV_STATUS, MSR_EFER. false: #GP. */
bool port_rdmsr(struct guest_port *p, uint32_t msr, uint64_t *value);
bool port_wrmsr(struct guest_port *p, uint32_t msr, uint64_t value);
/* CPUID in the guest, if the hypervisor does not intercept it (this model does
 * not): the hardware's leaf. */
struct cpuid_regs port_cpuid(struct guest_port *p, uint32_t leaf);
/* IRETQ, or in 32-bit code IRETD: pop a frame from the current stack. */
enum port_result port_iret(struct guest_port *p);

/* The software that answers SOFTCALL @number on this CPU. RIP already points
 * behind the instruction. */
struct guest_software {
    enum port_result (*softcall)(void *ctx, struct guest_port *p,
                                 unsigned number);
    void *ctx;
};

#endif
