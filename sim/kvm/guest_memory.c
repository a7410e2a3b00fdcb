/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/guest_memory.c - KVM's own view of guest-physical memory.
 *
 * Through the memslots and the process' mapping, so KVM reads what the host
 * reads: of an encrypted guest, ciphertext. Without a slot there is no memory;
 * that is how the emulator finds out that an address is MMIO.
 */
#include "kvm/vm.h"

static int guest_access(struct kvm_vm *vm, gpa_t gpa, void *buf, size_t len,
                        bool write)
{
    uint8_t *at = buf;

    while (len) {
        const struct kvm_memory_slot *slot = kvm_gfn_to_memslot(vm, gpa >> 12);
        size_t left = PAGE_SIZE_4K - (gpa & ~PAGE_MASK_4K);
        size_t n = len < left ? len : left;
        hva_t hva;
        int ret;

        if (!slot || slot->invalid || (write && slot->readonly))
            return -EFAULT;
        hva = kvm_gfn_to_hva(slot, gpa >> 12) | (gpa & ~PAGE_MASK_4K);
        ret = write ? kvm_host_write(vm->kvm, hva, at, n)
                    : kvm_host_read(vm->kvm, hva, at, n);
        if (ret)
            return ret;
        at += n;
        gpa += n;
        len -= n;
    }
    return 0;
}

int kvm_read_guest(struct kvm_vm *vm, gpa_t gpa, void *buf, size_t len)
{
    return guest_access(vm, gpa, buf, len, false);
}

int kvm_write_guest(struct kvm_vm *vm, gpa_t gpa, const void *buf, size_t len)
{
    return guest_access(vm, gpa, (void *)(uintptr_t)buf, len, true);
}
