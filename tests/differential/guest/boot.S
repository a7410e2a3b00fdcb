/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/boot.S - from multiboot to long mode, and the world switch itself.
 *
 * Memory below 4 GiB is mapped one to one with supervisor pages, without NX,
 * so that any combination of host EFER.NXE, CR4.SMEP and CR4.SMAP still runs
 * this code. There is no IDT: an exception of our own is a triple fault, which
 * ends QEMU (-no-reboot), and the judge says at which question.
 */
#define MULTIBOOT_MAGIC 0x1badb002
#define CR4_PAE  0x20
#define CR4_LA57 0x1000
/* of struct control, question.h */
#define HOST_LEVELS 0x06000018
#define EFER    0xc0000080
#define EFER_START 0x1900 /* LME NXE SVME */
#define CR0_START  0x80010011 /* PG WP ET PE */

    .section .multiboot, "a"
    .align 4
    .long MULTIBOOT_MAGIC, 0, -MULTIBOOT_MAGIC

    .text
    .code32
    .globl start
start:
    cli
    cld
    mov $stack_end, %esp

    /* PML5[0] -> PML4, where asked for; PML4[0] -> PDPT; PDPT[0..3] -> four directories of 2 MiB pages */
    movl $pml4 + 3, pml5
    movl $pdpt + 3, pml4
    mov $4, %ecx
    mov $directories + 3, %eax
    mov $pdpt, %edi
1:  mov %eax, (%edi)
    add $0x1000, %eax
    add $8, %edi
    loop 1b
    mov $2048, %ecx
    mov $0x83, %eax
    mov $directories, %edi
2:  mov %eax, (%edi)
    add $0x200000, %eax
    add $8, %edi
    loop 2b

    mov $CR4_PAE, %eax
    mov $pml4, %ebx
    cmpl $5, HOST_LEVELS
    jne 3f
    or $CR4_LA57, %eax
    mov $pml5, %ebx
3:  mov %eax, %cr4
    mov %ebx, %cr3
    mov $EFER, %ecx
    mov $EFER_START, %eax
    xor %edx, %edx
    wrmsr
    mov $CR0_START, %eax
    mov %eax, %cr0
    lgdt gdt_pointer
    ljmp $8, $long_mode

    .code64
long_mode:
    mov $16, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    call guest_main
    /* isa-debug-exit: QEMU ends with status (0 << 1) | 1 */
    xor %eax, %eax
    out %eax, $0xf4
4:  hlt
    jmp 4b

/*
 * void world_switch(vmcb %rdi, gva %rsi, cr0 %rdx, cr4 %rcx, efer %r8)
 *
 * Take the question's host registers on, run the guest with RDI = gva until it
 * exits, take our own on again.
 */
    .globl world_switch
world_switch:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rcx, %r9
    mov %cr0, %rax
    push %rax
    mov %cr4, %rax
    push %rax

    mov %rdx, %r10
    mov $EFER, %ecx
    mov %r8d, %eax
    xor %edx, %edx
    wrmsr
    mov %r9, %cr4
    mov %r10, %cr0
    mov %rdi, %rax
    mov %rsi, %rdi
    clgi
    vmrun %rax

    pop %rax
    mov %rax, %cr4
    pop %rax
    mov %rax, %cr0
    mov $EFER, %ecx
    mov $EFER_START, %eax
    xor %edx, %edx
    wrmsr
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

    .align 8
gdt:
    .quad 0
    .quad 0x00af9b000000ffff /* 64-bit code */
    .quad 0x00cf93000000ffff /* data */
gdt_pointer:
    .word . - gdt - 1
    .long gdt

    .bss
    .align 4096
pml5:
    .skip 4096
pml4:
    .skip 4096
pdpt:
    .skip 4096
directories:
    .skip 4 * 4096
    .skip 16384
stack_end:

    .section .note.GNU-stack, "", @progbits
