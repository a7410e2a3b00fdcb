/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/boot32.S - the same hypervisor on a host outside long mode.
 *
 * The host's own tables have the PAE format, so nested tables have it too:
 * three levels, four gigabytes of guest-physical memory. Otherwise as boot.S.
 */
#define MULTIBOOT_MAGIC 0x1badb002
#define CR4_PAE    0x20
#define EFER       0xc0000080
#define EFER_START 0x1800 /* NXE SVME */
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

    /* PDPT[0..3] -> four directories of 2 MiB pages; a PDPTE has no W bit */
    mov $4, %ecx
    mov $directories + 1, %eax
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
    mov %eax, %cr4
    mov $pdpt, %eax
    mov %eax, %cr3
    mov $EFER, %ecx
    mov $EFER_START, %eax
    xor %edx, %edx
    wrmsr
    mov $CR0_START, %eax
    mov %eax, %cr0
    lgdt gdt_pointer
    ljmp $8, $reloaded
reloaded:
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
 * void world_switch(vmcb, uint64_t gva, uint64_t cr0, uint64_t cr4,
 *                   uint64_t efer), all on the stack
 *
 * EDI has 32 bits here, so no question has a higher gva.
 */
    .globl world_switch
world_switch:
    push %ebx
    push %ebp
    push %esi
    push %edi
    mov %cr0, %eax
    push %eax
    mov %cr4, %eax
    push %eax

    mov 28(%esp), %ebx /* vmcb */
    mov 32(%esp), %edi /* gva */
    mov 40(%esp), %esi /* cr0 */
    mov 48(%esp), %ebp /* cr4 */
    mov 56(%esp), %eax /* efer */
    mov $EFER, %ecx
    xor %edx, %edx
    wrmsr
    mov %ebp, %cr4
    mov %esi, %cr0
    mov %ebx, %eax
    clgi
    vmrun %eax

    pop %eax
    mov %eax, %cr4
    pop %eax
    mov %eax, %cr0
    mov $EFER, %ecx
    mov $EFER_START, %eax
    xor %edx, %edx
    wrmsr
    pop %edi
    pop %esi
    pop %ebp
    pop %ebx
    ret

    .align 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff /* 32-bit code */
    .quad 0x00cf93000000ffff /* data */
gdt_pointer:
    .word . - gdt - 1
    .long gdt

    .bss
    .align 4096
pdpt:
    .skip 4096
directories:
    .skip 4 * 4096
    .skip 16384
stack_end:

    .section .note.GNU-stack, "", @progbits
