/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmio.c - memory operands of emulated instructions.
 *
 * Guest memory if there is a memslot, MMIO if not. MMIO leaves KVM for
 * userspace in fragments of at most 8 bytes: one for each page that the access
 * touches, more only for SEV-ES guests, which may ask for long transfers. No
 * device lives inside this kernel.
 */
#include "kvm/emulate.h"
#include "kvm/mmu/mmu.h"
#include "kvm/svm/svm.h"

#define APIC_DEFAULT_PHYS_BASE 0xfee00000ULL

static uint64_t first_bytes(const void *data, unsigned len)
{
    uint64_t value = 0;

    memcpy(&value, data, len < 8 ? len : 8);
    return value;
}

/* ---- towards userspace ---- */

int kvm_mmio_exit(struct kvm_vcpu *v)
{
    const struct kvm_mmio *m = &v->mmio;
    const struct mmio_fragment *f = &m->fragment[m->current];

    v->run.mmio.phys_addr = f->gpa;
    v->run.mmio.len = f->len < 8 ? f->len : 8;
    v->run.mmio.is_write = m->is_write;
    memset(v->run.mmio.data, 0, sizeof(v->run.mmio.data));
    if (m->is_write)
        memcpy(v->run.mmio.data, m->data + f->offset, v->run.mmio.len);
    return kvm_exit_to_user(v, KVM_EXIT_MMIO);
}

bool kvm_mmio_advance(struct kvm_vcpu *v)
{
    struct kvm_mmio *m = &v->mmio;
    struct mmio_fragment *f = &m->fragment[m->current];
    unsigned len = f->len < 8 ? f->len : 8;

    if (!m->is_write)
        memcpy(m->data + f->offset, v->run.mmio.data, len);
    f->gpa += len;
    f->offset += len;
    f->len -= len;
    if (!f->len)
        m->current++;
    m->needed = m->current < m->n_fragments;
    return !m->needed;
}

/* ---- one access ---- */

/* A gpa that is MMIO without asking: the APIC page always, and the page that
 * the last MMIO fault was about. */
static bool vcpu_is_mmio_gpa(struct kvm_vcpu *v, gva_t gva, gpa_t gpa,
                             bool write)
{
    if ((gpa & PAGE_MASK_4K) == APIC_DEFAULT_PHYS_BASE)
        return true;
    if (!vcpu_match_mmio_gpa(v, gpa))
        return false;
    TRACE(vcpu_trace(v), vcpu_match_mmio, .gva = gva, .gpa = gpa,
          .write = write, .by_gpa = true);
    return true;
}

/* Where @gva lies: as the fault said if it is about this access, else through
 * the guest's tables. False: #PF is queued. */
static bool operand_gpa(struct kvm_vcpu *v, gva_t gva, bool write, gpa_t *gpa)
{
    const struct emulated *e = &v->emul;
    uint32_t error_code;

    if (e->gpa_available && !((gva ^ e->gpa) & ~PAGE_MASK_4K)) {
        *gpa = e->gpa;
        return true;
    }
    if (kvm_mmu_gva_to_gpa(v, gva, write ? PFERR_WRITE : 0, gpa, &error_code))
        return true;
    kvm_inject_page_fault(v, gva, error_code);
    return false;
}

/* @len bytes that do not cross a page; bytes at v->mmio.buffer + @offset. */
static enum emul_result access_one_page(struct kvm_vcpu *v, gva_t gva,
                                        unsigned offset, unsigned len,
                                        bool write)
{
    struct kvm_mmio *m = &v->mmio;
    void *data = m->buffer + offset;
    gpa_t gpa;

    if (!operand_gpa(v, gva, write, &gpa))
        return EMUL_FAULT;
    if (!vcpu_is_mmio_gpa(v, gva, gpa, write)) {
        int ret = write ? kvm_write_guest(v->vm, gpa, data, len)
                        : kvm_read_guest(v->vm, gpa, data, len);

        if (!ret)
            return EMUL_OK;
    }
    if (write)
        TRACE(vcpu_trace(v), kvm_mmio, .kind = "write", .len = len, .gpa = gpa,
              .val = first_bytes(data, len));
    m->fragment[m->n_fragments++] = (struct mmio_fragment) { gpa, len, offset };
    return EMUL_OK;
}

static enum emul_result access_memory(struct kvm_vcpu *v, gva_t gva,
                                      unsigned len, bool write)
{
    struct kvm_mmio *m = &v->mmio;
    unsigned left = (unsigned)(PAGE_SIZE_4K - (gva & ~PAGE_MASK_4K));
    unsigned first = len < left ? len : left;
    enum emul_result result;

    m->n_fragments = m->current = 0;
    m->data = m->buffer;
    result = access_one_page(v, gva, 0, first, write);
    if (result == EMUL_OK && first < len)
        result = access_one_page(v, gva + first, first, len - first, write);
    if (result != EMUL_OK || !m->n_fragments)
        return result;

    m->needed = true;
    m->is_write = write;
    m->first_gpa = m->fragment[0].gpa;
    if (write)
        return EMUL_OK; /* for the instruction it is done */
    TRACE(vcpu_trace(v), kvm_mmio, .kind = "unsatisfied-read",
          .len = m->fragment[m->n_fragments - 1].len, .gpa = m->first_gpa,
          .val = 0);
    return EMUL_NEED_IO;
}

enum emul_result emulator_read(struct kvm_vcpu *v, gva_t gva, void *val,
                               unsigned len)
{
    struct kvm_mmio *m = &v->mmio;
    enum emul_result result = EMUL_OK;

    if (m->read_completed)
        TRACE(vcpu_trace(v), kvm_mmio, .kind = "read", .len = len,
              .gpa = m->first_gpa, .val = first_bytes(m->buffer, len));
    else
        result = access_memory(v, gva, len, false);
    if (result == EMUL_OK)
        memcpy(val, m->buffer, len);
    return result;
}

enum emul_result emulator_write(struct kvm_vcpu *v, gva_t gva, const void *val,
                                unsigned len)
{
    memcpy(v->mmio.buffer, val, len);
    return access_memory(v, gva, len, true);
}
