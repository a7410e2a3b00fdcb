/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wire.h - the wall between what the CPU does and what KVM can know.
 *
 * Calls go down; only values that software on a real machine could read come
 * back: CPUID, MSRs, memory as the host sees it (ciphertext where a guest key
 * was used), what VMRUN left in the VMCB, the PSP's answers. There is no way to
 * ask why a walk failed, and none to see an SEV-ES register.
 */
#ifndef NPTSIM_WIRE_H
#define NPTSIM_WIRE_H

#include "arch/cpuid.h"
#include "arch/rmp.h"
#include "arch/sev.h"
#include "arch/svm.h"
#include "base.h"

struct wire_ops {
    struct cpuid_regs (*cpuid)(void *hw, uint32_t leaf, uint32_t subleaf);
    /* false: #GP. */
    bool (*rdmsr)(void *hw, uint32_t msr, uint64_t *value);
    bool (*wrmsr)(void *hw, uint32_t msr, uint64_t value);
    /* MOV from and to CR0 and CR4. The host's code leaves 64-bit mode where a
     * write asks for it. false: #GP. */
    uint64_t (*read_cr)(void *hw, unsigned cr);
    bool (*write_cr)(void *hw, unsigned cr, uint64_t value);
    /* Physical memory through a host mapping with C=0: raw DRAM. Any length.
     * Writes that return false: #PF, the reverse map table has a page assigned;
     * nothing was written. */
    void (*read)(void *hw, spa_t spa, void *buf, size_t len);
    bool (*write)(void *hw, spa_t spa, const void *buf, size_t len);
    /* Through a mapping of @page bytes, not of 4K. */
    bool (*write_large)(void *hw, spa_t spa, const void *buf, size_t len,
                        uint64_t page);
    /* The same through a host mapping with C=@c (host SME key if c). */
    void (*read_c)(void *hw, spa_t spa, void *buf, size_t len, bool c);
    bool (*write_c)(void *hw, spa_t spa, const void *buf, size_t len, bool c);
    /* 8 aligned bytes, the way page-table code touches memory. */
    uint64_t (*read64)(void *hw, spa_t spa);
    bool (*write64)(void *hw, spa_t spa, uint64_t value);
    /* VMRUN rAX=@vmcb; returns at the #VMEXIT. @gpr: what the host's assembly
     * loads before and stores after (RAX and RSP travel in the VMCB). For an
     * SEV-ES guest the CPU loads the host's own values back, so @gpr comes
     * back unchanged. false: #GP, the page of the VMCB or of the host's save
     * area is not the host's. */
    bool (*vmrun)(void *hw, spa_t vmcb, uint64_t gpr[N_GPRS]);
    /* Flush @asid's nested translations of one linear address. */
    void (*invlpga)(void *hw, gva_t va, uint32_t asid);
    /* Flush what the registers select; false: #UD or #GP. It is done when
     * TLBSYNC is. */
    bool (*invlpgb)(void *hw, uint64_t rax, uint32_t ecx, uint32_t edx);
    void (*tlbsync)(void *hw);
    /* What the instruction leaves in EAX, or RMP_UD. */
    enum rmp_result (*rmpupdate)(void *hw, spa_t spa,
                                 const struct rmp_state *s);
    enum rmp_result (*psmash)(void *hw, spa_t spa);
    enum rmp_result (*rmpread)(void *hw, spa_t spa, struct rmp_state *s);
    enum psp_status (*psp)(void *hw, enum psp_cmd cmd, struct psp_request *r);
};

/* A host core, as software sees it. */
struct wire {
    void *hw;
    const struct wire_ops *ops;
};

#endif
