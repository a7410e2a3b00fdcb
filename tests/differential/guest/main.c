/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/main.c - a hypervisor that asks QEMU's CPU one question after another.
 * Compiled for a 64-bit and for a 32-bit host.
 *
 * For every question: write its words, fill a VMCB, VMRUN, note the exit and
 * what became of the words, zero them again. It judges nothing; whoever reads
 * the RAM file afterwards does. Freestanding: no library, no interrupts.
 */
#include "differential/question.h"

#include "arch/paging.h"
#include "arch/svm.h"

#define MSR_VM_HSAVE_PA 0xc0010117
#define SEG_CODE64      0x29b /* L P S, code, readable, accessed */
#define SEG_CODE32      0xc9b /* G D P S, code, readable, accessed */
#define SEG_DATA        0xc93 /* G D P S, data, writable, accessed */
#define DR6_START       0xffff0ff0
#define DR7_START       0x400
#define INTERCEPT_ALL   0xffffffffU

static uint8_t vmcb[4096] __attribute__((aligned(4096)));
static uint8_t host_save[4096] __attribute__((aligned(4096)));
/* Permission maps: only their addresses matter, nothing intercepts by them. */
static uint8_t maps[3 * 4096] __attribute__((aligned(4096)));

void guest_main(void);
void world_switch(void *vmcb, uint64_t gva, uint64_t cr0, uint64_t cr4,
                  uint64_t efer);

static void put32(unsigned offset, uint32_t value)
{
    *(volatile uint32_t *)(vmcb + offset) = value;
}

static void put64(unsigned offset, uint64_t value)
{
    *(volatile uint64_t *)(vmcb + offset) = value;
}

static uint64_t get64(unsigned offset)
{
    return *(volatile uint64_t *)(vmcb + offset);
}

static void save64(unsigned offset, uint64_t value)
{
    put64(VMCB_SAVE + offset, value);
}

static void segment(unsigned offset, uint32_t selector, uint32_t attributes)
{
    put32(VMCB_SAVE + offset, selector | attributes << 16);
    put32(VMCB_SAVE + offset + 4, 0xffffffff);
}

static void write_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value),
                     "d"((uint32_t)(value >> 32)));
}

/* PKRU is no part of the VMCB: the guest runs with what the host left. */
static void write_pkru(uint32_t value)
{
    uintptr_t cr4;

    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" ::"r"((uintptr_t)(cr4 | CR4_PKE)));
    __asm__ volatile("wrpkru" ::"c"(0), "a"(value), "d"(0));
    __asm__ volatile("mov %0, %%cr4" ::"r"(cr4));
}

static void fill_control(const struct question *q)
{
    put32(VMCB_INTERCEPT_EXC, INTERCEPT_ALL);
    put32(VMCB_INTERCEPT_3, INTERCEPT3_HLT | INTERCEPT3_SHUTDOWN);
    put32(VMCB_INTERCEPT_4, INTERCEPT4_VMRUN | INTERCEPT4_VMMCALL);
    put64(VMCB_IOPM_BASE, (uintptr_t)maps);
    put64(VMCB_MSRPM_BASE, (uintptr_t)maps);
    put32(VMCB_ASID, START_ASID);
    put32(VMCB_TLB_CONTROL, 1); /* flush everything */
    put64(VMCB_NESTED_CTL, NESTED_CTL_NP_ENABLE);
    put64(VMCB_NCR3, q->ncr3);
}

static void fill_state(const struct question *q)
{
    uint32_t code = q->g_efer & EFER_LMA ? SEG_CODE64 : SEG_CODE32;

    segment(SAVE_CS, 0x8 | q->cpl, code | q->cpl << 5);
    segment(SAVE_SS, 0x10 | q->cpl, SEG_DATA | q->cpl << 5);
    segment(SAVE_DS, 0x10 | q->cpl, SEG_DATA | q->cpl << 5);
    segment(SAVE_ES, 0x10 | q->cpl, SEG_DATA | q->cpl << 5);
    vmcb[VMCB_SAVE + SAVE_CPL] = (uint8_t)q->cpl;
    save64(SAVE_EFER, q->g_efer);
    save64(SAVE_CR0, q->g_cr0);
    save64(SAVE_CR3, q->g_cr3);
    save64(SAVE_CR4, q->g_cr4);
    save64(SAVE_RFLAGS, q->g_rflags);
    save64(SAVE_RIP, q->rip);
    save64(SAVE_RSP, 0);
    save64(SAVE_RAX, START_RAX);
    save64(SAVE_CR2, 0);
    save64(SAVE_DR6, DR6_START);
    save64(SAVE_DR7, DR7_START);
    save64(SAVE_G_PAT, START_PAT);
}

static volatile uint64_t *memory(uint64_t spa)
{
    return (volatile uint64_t *)(uintptr_t)spa;
}

static void ask(struct question *q)
{
    for (unsigned i = 0; i < sizeof(vmcb); i += 8)
        put64(i, 0);
    fill_control(q);
    fill_state(q);
    for (uint64_t i = 0; i < q->n_words; i++)
        *memory(q->word[i].spa) = q->word[i].value;
    write_pkru((uint32_t)q->pkru);

    world_switch(vmcb, q->gva, q->h_cr0, q->h_cr4, q->h_efer);

    q->answer.exit_code = get64(VMCB_EXITCODE);
    q->answer.info1 = get64(VMCB_EXITINFO1);
    q->answer.info2 = get64(VMCB_EXITINFO2);
    q->answer.rax = 0;
    if (q->answer.exit_code == EXIT_VMMCALL)
        q->answer.rax = get64(VMCB_SAVE + SAVE_RAX);
    for (uint64_t i = 0; i < q->n_words; i++) {
        q->answer.word[i] = *memory(q->word[i].spa);
        *memory(q->word[i].spa) = 0;
    }
}

void guest_main(void)
{
    volatile struct control *control = (void *)(uintptr_t)CONTROL_AT;
    struct question *questions = (void *)(uintptr_t)QUESTIONS_AT;

    if (control->magic != QUESTION_MAGIC)
        return;
    write_msr(MSR_VM_HSAVE_PA, (uintptr_t)host_save);
    for (uint64_t i = 0; i < control->n_questions; i++) {
        control->running = questions[i].id;
        ask(&questions[i]);
        control->n_done = i + 1;
    }
    control->running = NO_QUESTION;
}
