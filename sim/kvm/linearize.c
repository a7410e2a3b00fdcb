/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/linearize.c - the emulator's addresses, in the mode that the guest is in.
 *
 * 64-bit code: canonical, and FS and GS have a base. All other code: the
 * segment's type and limit are checked as the CPU would have done, before it
 * came to the fault that brought KVM here.
 */
#include "kvm/emulate.h"
#include "kvm/svm/svm.h"

#define RFLAGS_VM BIT(17)
#define MAX_32    0xffffffffU

struct segment {
    uint64_t attr, base;
    uint32_t limit;
};

static uint64_t save_word(const struct kvm_vcpu *v, unsigned offset)
{
    return vmcb_read64(v, VMCB_SAVE + offset);
}

static struct segment segment_of(const struct kvm_vcpu *v, unsigned save)
{
    uint64_t word = save_word(v, save);

    return (struct segment) { .attr = word >> 16 & 0xfff,
                              .base = save_word(v, save + 8),
                              .limit = (uint32_t)(word >> 32) };
}

bool kvm_code_mode(const struct kvm_vcpu *v, enum insn_mode *mode)
{
    uint64_t attr = segment_of(v, SAVE_CS).attr;

    if (!(save_word(v, SAVE_CR0) & CR0_PE) ||
        (save_word(v, SAVE_RFLAGS) & RFLAGS_VM))
        return false;
    *mode = (save_word(v, SAVE_EFER) & EFER_LMA) && (attr & SEG_ATTR_L)
                ? INSN_MODE_64
            : attr & SEG_ATTR_DB ? INSN_MODE_32
                                 : INSN_MODE_16;
    return true;
}

static bool canonical(const struct kvm_vcpu *v, gva_t gva)
{
    unsigned width = save_word(v, SAVE_CR4) & CR4_LA57 ? 57 : 48;
    int64_t upper = (int64_t)gva >> (width - 1);

    return upper == 0 || upper == -1;
}

static bool type_fits(const struct segment *s, bool write, bool fetch)
{
    bool code = s->attr & SEG_ATTR_CODE, rw = s->attr & SEG_ATTR_RW;

    if (!(s->attr & SEG_ATTR_P))
        return false;
    return fetch || (write ? rw && !code : rw || !code);
}

/* Bytes that the segment has from @offset on. */
static uint64_t room(const struct segment *s, uint32_t offset)
{
    bool down = !(s->attr & SEG_ATTR_CODE) && (s->attr & SEG_ATTR_DOWN);
    uint32_t limit = s->limit;

    if (down && offset <= limit)
        return 0;
    if (down)
        limit = s->attr & SEG_ATTR_DB ? MAX_32 : 0xffff;
    return offset <= limit ? (uint64_t)limit + 1 - offset : 0;
}

bool kvm_linearize(struct kvm_vcpu *v, unsigned save, uint64_t offset,
                   unsigned size, struct kvm_access a, gva_t *gva,
                   uint64_t *max)
{
    struct segment s = segment_of(v, save);
    enum insn_mode mode;
    bool ok;

    if (!kvm_code_mode(v, &mode))
        BUG_ON(true); /* nothing was decoded */
    *max = ~0ULL;
    if (mode == INSN_MODE_64) {
        *gva = offset + (save >= SAVE_FS ? s.base : 0);
        ok = canonical(v, *gva) && canonical(v, *gva + size - 1);
    } else {
        *gva = (uint32_t)(s.base + offset);
        *max = room(&s, (uint32_t)offset);
        ok = type_fits(&s, a.write, a.fetch) && *max >= size;
    }
    if (!ok)
        kvm_queue_exception(v, save == SAVE_SS ? VEC_SS : VEC_GP, true, 0);
    return ok;
}
