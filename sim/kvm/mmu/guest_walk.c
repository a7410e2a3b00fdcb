/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/guest_walk.c - KVM walks the guest's own page tables in software.
 *
 * Needed where the CPU's exit does not say enough: for code that it did not
 * deliver, for the second page of an access. The tables are read through the
 * memslots; those of an encrypted guest are ciphertext, and the walk goes
 * wherever that leads. Long mode only. Protection keys are not looked at.
 */
#include "kvm/mmu/mmu.h"
#include "kvm/svm/svm.h"

struct guest_walk {
    uint64_t cr0, cr4, efer, rflags;
    bool user, write, fetch;
    uint64_t access; /* PTE_W | PTE_U allowed so far, PTE_NX if denied */
};

static struct guest_walk walk_setup(const struct kvm_vcpu *v, uint64_t access)
{
    return (struct guest_walk) {
        .cr0 = vmcb_read64(v, VMCB_SAVE + SAVE_CR0),
        .cr4 = vmcb_read64(v, VMCB_SAVE + SAVE_CR4),
        .efer = vmcb_read64(v, VMCB_SAVE + SAVE_EFER),
        .rflags = vmcb_read64(v, VMCB_SAVE + SAVE_RFLAGS),
        .user = kvm_cpl(v) == 3,
        .write = access & PFERR_WRITE,
        .fetch = access & PFERR_FETCH,
        .access = PTE_W | PTE_U,
    };
}

static uint64_t reserved_bits(const struct kvm_vcpu *v,
                              const struct guest_walk *w, unsigned level,
                              bool large)
{
    uint64_t reserved = bits(51, vcpu_module(v)->maxphyaddr);

    if (!(w->efer & EFER_NXE))
        reserved |= PTE_NX;
    if (level >= 4)
        reserved |= PTE_PS;
    if (large)
        reserved |= bits(pt_shift(level) - 1, 13);
    return reserved;
}

/* Does the guest forbid itself the access to a page that it has mapped? */
static bool permission_fault(const struct guest_walk *w)
{
    bool user_page = w->access & PTE_U;

    if (w->user && !user_page)
        return true;
    if (w->write && !(w->access & PTE_W) && (w->user || (w->cr0 & CR0_WP)))
        return true;
    if (w->fetch && (w->access & PTE_NX))
        return true;
    if (w->user || !user_page)
        return false;
    if (w->fetch)
        return w->cr4 & CR4_SMEP;
    return (w->cr4 & CR4_SMAP) && !(w->rflags & RFLAGS_AC);
}

/* As the CPU would have done: A on the way, D where it writes. A read-only slot
 * keeps what it has. */
static void set_accessed_dirty(struct kvm_vcpu *v, gpa_t slot, uint64_t pte,
                               bool dirty)
{
    uint64_t new = pte | PTE_A | (dirty ? PTE_D : 0);

    if (new != pte)
        (void)kvm_write_guest(v->vm, slot, &new, sizeof(new));
}

bool kvm_mmu_gva_to_gpa(struct kvm_vcpu *v, gva_t gva, uint64_t access,
                        gpa_t *gpa, uint32_t *error_code)
{
    struct guest_walk w = walk_setup(v, access);
    uint64_t pte = vmcb_read64(v, VMCB_SAVE + SAVE_CR3), fault = 0;
    gpa_t slot[6];
    uint64_t entry[6];
    unsigned top = w.cr4 & CR4_LA57 ? 5 : 4, level = top + 1;
    bool leaf;

    do {
        level--;
        slot[level] = (pte & PTE_ADDR_MASK) + 8 * pt_index(gva, level);
        if (kvm_read_guest(v->vm, slot[level], &pte, sizeof(pte)) ||
            !(pte & PTE_P))
            goto fault;
        entry[level] = pte;
        leaf = level == 1 || (level <= 3 && (pte & PTE_PS));
        fault = PFERR_PRESENT;
        if (pte & reserved_bits(v, &w, level, leaf && level > 1)) {
            fault |= PFERR_RSVD;
            goto fault;
        }
        w.access =
            (w.access & pte & (PTE_W | PTE_U)) | ((w.access | pte) & PTE_NX);
        if (!leaf)
            fault = 0;
    } while (!leaf);
    if (permission_fault(&w))
        goto fault;

    for (unsigned l = top; l >= level; l--)
        set_accessed_dirty(v, slot[l], entry[l], l == level && w.write);
    *gpa = (pte & PTE_ADDR_MASK & ~(pt_size(level) - 1)) |
           (gva & (pt_size(level) - 1));
    return true;

fault:
    fault |= w.write ? PFERR_WRITE : 0;
    fault |= w.user ? PFERR_USER : 0;
    if (w.fetch && ((w.efer & EFER_NXE) || (w.cr4 & CR4_SMEP)))
        fault |= PFERR_FETCH;
    *error_code = (uint32_t)fault;
    return false;
}
