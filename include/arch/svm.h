/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arch/svm.h - the VMCB as it lies in memory, intercepts, exit codes.
 *
 * Offsets are architectural (APM vol. 2, appendix B, tables B-1 and B-2); both
 * sides of the wall use them, because memory is what they share.
 */
#ifndef NPTSIM_ARCH_SVM_H
#define NPTSIM_ARCH_SVM_H

#include "base.h"

/* Control area, offset from the VMCB. */
#define VMCB_INTERCEPT_CR  0x000 /* 15:0 reads, 31:16 writes */
#define VMCB_INTERCEPT_DR  0x004
#define VMCB_INTERCEPT_EXC 0x008
#define VMCB_INTERCEPT_3   0x00c
#define VMCB_INTERCEPT_4   0x010
#define VMCB_INTERCEPT_5   0x014
#define VMCB_IOPM_BASE     0x040
#define VMCB_MSRPM_BASE    0x048
#define VMCB_TSC_OFFSET    0x050
#define VMCB_ASID          0x058
#define VMCB_TLB_CONTROL   0x05c
#define VMCB_INT_CTL       0x060
#define VMCB_INT_STATE     0x068
#define VMCB_EXITCODE      0x070
#define VMCB_EXITINFO1     0x078
#define VMCB_EXITINFO2     0x080
#define VMCB_EXITINTINFO   0x088
#define VMCB_NESTED_CTL    0x090
#define VMCB_GHCB_GPA      0x0a0
#define VMCB_EVENTINJ      0x0a8
#define VMCB_NCR3          0x0b0
#define VMCB_VIRT_EXT      0x0b8
#define VMCB_CLEAN         0x0c0
#define VMCB_NRIP          0x0c8
#define VMCB_INSN_LEN      0x0d0
#define VMCB_INSN_BYTES    0x0d1
#define VMCB_AVIC_BAR      0x098
#define VMCB_AVIC_BACKING  0x0e0
#define VMCB_AVIC_LOGICAL  0x0f0
#define VMCB_AVIC_PHYSICAL 0x0f8 /* 11:0: highest index */
#define VMCB_VMSA_PA       0x108
#define VMCB_ALLOWED_SEV   0x138 /* SEV_FEATURES that the host allows */
#define VMCB_SAVE          0x400 /* start of the state-save area */

/* VMCB_NESTED_CTL bits. */
#define NESTED_CTL_NP_ENABLE BIT(0)
#define NESTED_CTL_SEV       BIT(1)
#define NESTED_CTL_SEV_ES    BIT(2)
/* Ignored by CPUs without the feature. */
#define NESTED_CTL_GMET  BIT(3)
#define NESTED_CTL_SSS   BIT(4)
#define NESTED_CTL_VTE   BIT(5)
#define NESTED_CTL_ROGPT BIT(6)
/* INVLPGB and TLBSYNC may be executed in the guest. */
#define NESTED_CTL_INVLPGB  BIT(7)
#define ALLOWED_SEV_ENFORCE BIT(63) /* of VMCB_ALLOWED_SEV */
/* VMCB_VIRT_EXT bits. */
#define VIRT_EXT_LBR         BIT(0)
#define VIRT_EXT_VMLOAD_SAVE BIT(1) /* in a guest: rAX is guest-physical */

/* VMCB_CLEAN: a bit for each group of fields (APM vol. 2, 15.15.3). */
#define VMCB_CLEAN_ALL bits(12, 0)

/* VMCB_TLB_CONTROL, low byte. */
#define TLB_CTL_NOTHING    0U
#define TLB_CTL_ALL        1U
#define TLB_CTL_ASID       3U
#define TLB_CTL_ASID_LOCAL 7U /* all but global translations */

/* VMCB_INT_CTL bits. */
#define INT_CTL_V_TPR        0xffULL
#define INT_CTL_V_IRQ        BIT(8)
#define INT_CTL_V_GIF        BIT(9)
#define INT_CTL_V_NMI        BIT(11)
#define INT_CTL_V_NMI_MASK   BIT(12)
#define INT_CTL_PRIO_SHIFT   16 /* 4 bits */
#define INT_CTL_V_IGN_TPR    BIT(20)
#define INT_CTL_V_MASKING    BIT(24)
#define INT_CTL_V_GIF_ENABLE BIT(25)
#define INT_CTL_V_NMI_ENABLE BIT(26)
#define INT_CTL_X2AVIC       BIT(30)
#define INT_CTL_AVIC         BIT(31)
#define INT_CTL_VECTOR_SHIFT 32

/* State-save area, offset from VMCB_SAVE, or from the VMSA page (SEV-ES).
 * A segment is 16 bytes: selector16, attrib16, limit32, base64. */
#define SAVE_ES           0x000
#define SAVE_CS           0x010
#define SAVE_SS           0x020
#define SAVE_DS           0x030
#define SAVE_FS           0x040
#define SAVE_GS           0x050
#define SAVE_GDTR         0x060
#define SAVE_LDTR         0x070
#define SAVE_IDTR         0x080
#define SAVE_TR           0x090
#define SAVE_U_CET        0x0c0 /* only in a VMSA */
#define SAVE_VMPL         0x0ca /* only in a VMSA */
#define SAVE_CPL          0x0cb
#define SAVE_EFER         0x0d0
#define SAVE_CR4          0x148
#define SAVE_CR3          0x150
#define SAVE_CR0          0x158
#define SAVE_DR7          0x160
#define SAVE_DR6          0x168
#define SAVE_RFLAGS       0x170
#define SAVE_RIP          0x178
#define SAVE_RSP          0x1d8
#define SAVE_S_CET        0x1e0
#define SAVE_RAX          0x1f8
#define SAVE_STAR         0x200
#define SAVE_LSTAR        0x208
#define SAVE_CSTAR        0x210
#define SAVE_SFMASK       0x218
#define SAVE_KGS          0x220 /* KernelGSBase */
#define SAVE_SYSENTER_CS  0x228
#define SAVE_SYSENTER_ESP 0x230
#define SAVE_SYSENTER_EIP 0x238
#define SAVE_CR2          0x240
#define SAVE_G_PAT        0x268
/* Only in a VMSA: the other general registers and the like. */
#define VMSA_RCX             0x308
#define VMSA_RDX             0x310
#define VMSA_RBX             0x318
#define VMSA_RBP             0x328
#define VMSA_RSI             0x330
#define VMSA_RDI             0x338
#define VMSA_R8              0x340 /* R8..R15, 8 bytes each */
#define VMSA_GUEST_EXITINFO1 0x390
#define VMSA_GUEST_EXITINFO2 0x398
#define VMSA_GUEST_EXITCODE  0x3c0
#define VMSA_SEV_FEATURES    0x3b0
#define VMSA_VINTR_CTRL      0x3b8
#define VMSA_VIRTUAL_TOM     0x3c8
#define VMSA_XCR0            0x3e8

#define VINTR_CTRL_BUSY BIT(63) /* of VMSA_VINTR_CTRL */
/* Of VMSA_SEV_FEATURES. */
#define SEV_FEATURE_SNP            BIT(0)
#define SEV_FEATURE_VTOM           BIT(1)
#define SEV_FEATURE_RESTRICTED     BIT(3) /* injection */
#define SEV_FEATURE_ALTERNATE      BIT(4) /* injection */
#define SEV_FEATURE_SMT_PROTECTION BIT(15)

/* Segment attribute word: type 3:0, S 4, DPL 6:5, P 7, AVL 8, L 9, D/B 10,
 * G 11. */
#define SEG_ATTR_RW   BIT(1) /* code: readable, data: writable */
#define SEG_ATTR_DOWN BIT(2) /* data: expand-down */
#define SEG_ATTR_CODE BIT(3)
#define SEG_ATTR_P    BIT(7)
#define SEG_ATTR_L    BIT(9)
#define SEG_ATTR_DB   BIT(10)

/* Intercept word 3 (0x00c) and 4 (0x010). */
#define INTERCEPT3_INTR     BIT(0)
#define INTERCEPT3_NMI      BIT(1)
#define INTERCEPT3_VINTR    BIT(4)
#define INTERCEPT3_CR0_SEL  BIT(5) /* writes that change more than TS and MP */
#define INTERCEPT3_CPUID    BIT(18)
#define INTERCEPT3_IRET     BIT(20)
#define INTERCEPT3_INTN     BIT(21)
#define INTERCEPT3_HLT      BIT(24)
#define INTERCEPT3_INVLPG   BIT(25)
#define INTERCEPT3_INVLPGA  BIT(26)
#define INTERCEPT3_IOIO     BIT(27)
#define INTERCEPT3_MSR      BIT(28)
#define INTERCEPT3_TASK     BIT(29)
#define INTERCEPT3_SHUTDOWN BIT(31)
#define INTERCEPT4_VMRUN    BIT(0)
#define INTERCEPT4_VMMCALL  BIT(1)
#define INTERCEPT4_VMLOAD   BIT(2)
#define INTERCEPT4_VMSAVE   BIT(3)
#define INTERCEPT4_STGI     BIT(4)
#define INTERCEPT4_CLGI     BIT(5)
/* Traps: the instruction is done when these exit. */
#define INTERCEPT4_EFER_TRAP       BIT(15)
#define INTERCEPT4_CR_TRAP(n)      ((uint32_t)BIT(16 + (n)))
#define INTERCEPT5_INVLPGB         BIT(0)
#define INTERCEPT5_INVLPGB_ILLEGAL BIT(1)
#define INTERCEPT5_INVPCID         BIT(2)
#define INTERCEPT5_TLBSYNC         BIT(4)

/* Exit codes (APM vol. 2, appendix C). */
#define EXIT_CR_READ         0x000 /* + number */
#define EXIT_CR_WRITE        0x010 /* + number */
#define EXIT_EXC             0x040 /* + vector */
#define EXIT_INTR            0x060
#define EXIT_NMI             0x061
#define EXIT_VINTR           0x064
#define EXIT_CR0_SEL         0x065
#define EXIT_CPUID           0x072
#define EXIT_IRET            0x074
#define EXIT_SWINT           0x075
#define EXIT_HLT             0x078
#define EXIT_INVLPG          0x079
#define EXIT_INVLPGA         0x07a
#define EXIT_IOIO            0x07b
#define EXIT_MSR             0x07c
#define EXIT_TASK_SWITCH     0x07d
#define EXIT_SHUTDOWN        0x07f
#define EXIT_VMRUN           0x080
#define EXIT_VMMCALL         0x081
#define EXIT_VMLOAD          0x082
#define EXIT_VMSAVE          0x083
#define EXIT_STGI            0x084
#define EXIT_CLGI            0x085
#define EXIT_EFER_TRAP       0x08f
#define EXIT_CR_TRAP         0x090 /* + number */
#define EXIT_INVLPGB         0x0a0
#define EXIT_INVLPGB_ILLEGAL 0x0a1
#define EXIT_INVPCID         0x0a2
#define EXIT_TLBSYNC         0x0a4
#define EXIT_NPF             0x400
#define EXIT_VMGEXIT         0x403
/* VMRUN did not enter the guest. */
#define EXIT_INVALID       (~0ULL)
#define EXIT_BUSY          (~1ULL)
#define EXIT_IDLE_REQUIRED (~2ULL)
#define EXIT_INVALID_PMC   (~3ULL)

/* EVENTINJ and EXITINTINFO. */
#define EVENT_VECTOR_MASK 0xffULL
#define EVENT_TYPE_SHIFT  8
#define EVENT_TYPE_INTR   0U
#define EVENT_TYPE_NMI    2U
#define EVENT_TYPE_EXC    3U
#define EVENT_TYPE_SOFT   4U
#define EVENT_EV          BIT(11)
#define EVENT_V           BIT(31)

/* General registers in encoding order: rax rcx rdx rbx rsp rbp rsi rdi r8.. */
enum gpr {
    GPR_RAX,
    GPR_RCX,
    GPR_RDX,
    GPR_RBX,
    GPR_RSP,
    GPR_RBP,
    GPR_RSI,
    GPR_RDI,
    GPR_R8,
    N_GPRS = 16,
};

/* "npf", "vmgexit", ... as KVM's traces print exit reasons; NULL if unknown. */
const char *exit_code_name(uint64_t code);

#endif
