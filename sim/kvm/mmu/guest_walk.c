/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/guest_walk.c - KVM walks the guest's own page tables in software.
 *
 * Needed where the CPU's exit does not say enough: for code that it did not
 * deliver, for the second page of an access. The tables, of whatever mode the
 * guest has switched on, are read through the memslots; those of an encrypted
 * guest are ciphertext, and the walk goes wherever that leads. Protection keys
 * are not looked at.
 */
#include "kvm/mmu/mmu.h"
#include "kvm/svm/svm.h"

#define MAX_LEVEL 5

/* How the entries of a mode look; @levels 0: paging is off. */
struct format {
    unsigned levels, entry_size, index_bits;
    uint64_t root; /* the bits of CR3 that count */
};

static const struct format no_paging = { 0 };
static const struct format two_level = { 2, 4, 10, 0xfffff000 };
static const struct format pae = { 3, 8, 9, 0xffffffe0 };
static const struct format four_level = { 4, 8, 9, PTE_ADDR_MASK };
static const struct format five_level = { 5, 8, 9, PTE_ADDR_MASK };

struct guest_walk {
    const struct format *format;
    uint64_t cr0, cr3, cr4, efer, rflags;
    bool user, write, fetch;
    uint64_t access; /* PTE_W | PTE_U allowed so far, PTE_NX if denied */
};

static const struct format *format_of(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    if (!(cr0 & CR0_PG))
        return &no_paging;
    if (efer & EFER_LMA)
        return cr4 & CR4_LA57 ? &five_level : &four_level;
    return cr4 & CR4_PAE ? &pae : &two_level;
}

static struct guest_walk walk_setup(const struct kvm_vcpu *v, uint64_t access)
{
    struct guest_walk w = {
        .cr0 = vmcb_read64(v, VMCB_SAVE + SAVE_CR0),
        .cr3 = vmcb_read64(v, VMCB_SAVE + SAVE_CR3),
        .cr4 = vmcb_read64(v, VMCB_SAVE + SAVE_CR4),
        .efer = vmcb_read64(v, VMCB_SAVE + SAVE_EFER),
        .rflags = vmcb_read64(v, VMCB_SAVE + SAVE_RFLAGS),
        .user = kvm_cpl(v) == 3,
        .write = access & PFERR_WRITE,
        .fetch = access & PFERR_FETCH,
        .access = PTE_W | PTE_U,
    };

    w.format = format_of(w.cr0, w.cr4, w.efer);
    return w;
}

static unsigned shift_of(const struct format *f, unsigned level)
{
    return 12 + f->index_bits * (level - 1);
}

static bool is_large(const struct guest_walk *w, unsigned level, uint64_t pte)
{
    if (level == 1 || !(pte & PTE_PS))
        return false;
    if (w->format == &two_level)
        return w->cr4 & CR4_PSE;
    return level == 2 || (level == 3 && w->format != &pae);
}

/* Entries of 4 bytes reserve bits in a 4M page only; KVM says "36-bit PSE" to
 * its guests, bits 16:13 are then address bits. */
static uint64_t reserved_bits(const struct kvm_vcpu *v,
                              const struct guest_walk *w, unsigned level,
                              bool large)
{
    uint64_t reserved = bits(51, vcpu_module(v)->maxphyaddr);

    if (w->format == &two_level)
        return large ? bits(21, 17) : 0;
    if (w->format == &pae && level == 3)
        return reserved | bits(63, 52) | bits(8, 5) | bits(2, 1);
    if (w->format == &pae)
        reserved |= bits(62, 52);
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
 * keeps what it has; the pointers of PAE have no such bits. */
static void set_accessed_dirty(struct kvm_vcpu *v, const struct guest_walk *w,
                               unsigned level, gpa_t slot, uint64_t pte,
                               bool dirty)
{
    uint64_t new = pte | PTE_A | (dirty ? PTE_D : 0);

    if (new != pte && !(w->format == &pae && level == 3))
        (void)kvm_write_guest(v->vm, slot, &new, w->format->entry_size);
}

/* Read the entry of @level at @slot; false: there is none. */
static bool read_entry(struct kvm_vcpu *v, const struct guest_walk *w,
                       gpa_t slot, uint64_t *pte)
{
    *pte = 0;
    return !kvm_read_guest(v->vm, slot, pte, w->format->entry_size) &&
           (*pte & PTE_P);
}

/* KVM takes the four pointers of a PAE guest or none of them: one reserved bit
 * in one that is present, and all count as absent (load_pdptrs()). */
static bool pdptrs_are_sane(struct kvm_vcpu *v, const struct guest_walk *w)
{
    uint64_t pdpte;

    for (unsigned i = 0; i < 4; i++) {
        gpa_t slot = (w->cr3 & pae.root) + 8 * i;

        if (read_entry(v, w, slot, &pdpte) &&
            (pdpte & reserved_bits(v, w, 3, false)))
            return false;
    }
    return true;
}

static gpa_t page_of(const struct guest_walk *w, unsigned level, uint64_t pte,
                     gva_t gva)
{
    uint64_t offset = BIT(shift_of(w->format, level)) - 1;
    gpa_t high = 0;

    if (w->format == &two_level && level == 2)
        high = (pte & bits(16, 13)) << 19;
    return (pte & PTE_ADDR_MASK & ~offset) | high | (gva & offset);
}

static uint32_t fault_code(const struct guest_walk *w, uint64_t fault)
{
    fault |= w->write ? PFERR_WRITE : 0;
    fault |= w->user ? PFERR_USER : 0;
    if (w->fetch && ((w->efer & EFER_NXE) || (w->cr4 & CR4_SMEP)))
        fault |= PFERR_FETCH;
    return (uint32_t)fault;
}

bool kvm_mmu_gva_to_gpa(struct kvm_vcpu *v, gva_t gva, uint64_t access,
                        gpa_t *gpa, uint32_t *error_code)
{
    struct guest_walk w = walk_setup(v, access);
    const struct format *f = w.format;
    uint64_t fault = 0, entry[MAX_LEVEL + 1], pte = w.cr3 & f->root;
    gpa_t slot[MAX_LEVEL + 1];
    unsigned level = f->levels + 1;
    bool large = false;

    *gpa = gva;
    if (!f->levels)
        return true;
    if (f == &pae && !pdptrs_are_sane(v, &w))
        goto fault;
    do {
        uint64_t index = gva >> shift_of(f, --level) & (BIT(f->index_bits) - 1);

        if (f == &pae && level == 3)
            index &= 3;
        slot[level] = (level == f->levels ? pte : pte & PTE_ADDR_MASK) +
                      f->entry_size * index;
        if (!read_entry(v, &w, slot[level], &pte))
            goto fault;
        entry[level] = pte;
        large = is_large(&w, level, pte);
        if (pte & reserved_bits(v, &w, level, large)) {
            fault = PFERR_PRESENT | PFERR_RSVD;
            goto fault;
        }
        if (f == &pae && level == 3)
            continue;
        w.access =
            (w.access & pte & (PTE_W | PTE_U)) | ((w.access | pte) & PTE_NX);
    } while (level > 1 && !large);
    if (permission_fault(&w)) {
        fault = PFERR_PRESENT;
        goto fault;
    }

    for (unsigned l = f->levels; l >= level; l--)
        set_accessed_dirty(v, &w, l, slot[l], entry[l], l == level && w.write);
    *gpa = page_of(&w, level, pte, gva);
    return true;

fault:
    *error_code = fault_code(&w, fault);
    return false;
}
