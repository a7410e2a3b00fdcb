/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/emulate.c - KVM executes the guest's instruction itself.
 *
 * May we, fetch, decode, execute, retire. The family is MOV in all its memory
 * forms, MOVZX and MOVSX: what drivers use to talk to devices. A read that
 * userspace must answer leaves the instruction unfinished; it is executed
 * again, without fetching, when the data is there.
 */
#include "kvm/emulate.h"
#include "kvm/mmu/mmu.h"
#include "kvm/svm/svm.h"

#include <stdio.h>

#define SUBERROR_EMULATION 1U

/* ---- fetch and decode ---- */

/* Append the rest of the page at RIP + emul.len, as far as CS reaches; false: a
 * fault is queued. */
static bool fetch_more(struct kvm_vcpu *v)
{
    struct emulated *e = &v->emul;
    unsigned left, n = INSN_MAX_LEN - e->len;
    uint32_t error_code;
    uint64_t max;
    gva_t gva;
    gpa_t gpa;

    if (!kvm_linearize(v, SAVE_CS, kvm_rip_read(v) + e->len, 1,
                       (struct kvm_access) { .fetch = true }, &gva, &max))
        return false;
    left = (unsigned)(PAGE_SIZE_4K - (gva & ~PAGE_MASK_4K));
    if (n > left)
        n = left;
    if (n > max)
        n = (unsigned)max;
    if (!kvm_mmu_gva_to_gpa(v, gva, PFERR_FETCH, &gpa, &error_code)) {
        kvm_inject_page_fault(v, gva, error_code);
        return false;
    }
    if (kvm_read_guest(v->vm, gpa, e->bytes + e->len, n))
        return true; /* code outside memory: what there is must do */
    e->len += n;
    return true;
}

enum fetched { FETCHED, FETCH_FAULT, FETCH_UNDECODABLE };

static enum fetched fetch_and_decode(struct kvm_vcpu *v)
{
    struct emulated *e = &v->emul;
    enum insn_result result = INSN_TRUNCATED;
    enum insn_mode mode;

    if (!kvm_code_mode(v, &mode)) {
        TRACE(vcpu_trace(v), kvm_log,
              .text = "emulator: neither real nor virtual-8086 mode is "
                      "modelled");
        return FETCH_UNDECODABLE;
    }
    if (e->len)
        result = insn_decode(mode, e->bytes, e->len, &e->insn);
    while (result == INSN_TRUNCATED && e->len < INSN_MAX_LEN) {
        unsigned before = e->len;

        if (!fetch_more(v))
            return FETCH_FAULT;
        if (e->len == before)
            break;
        result = insn_decode(mode, e->bytes, e->len, &e->insn);
    }
    return result == INSN_OK ? FETCHED : FETCH_UNDECODABLE;
}

static void tell(struct kvm_vcpu *v, bool failed)
{
    struct trace *t = vcpu_trace(v);
    const struct emulated *e = &v->emul;
    unsigned len = failed ? e->len : e->insn.len;
    enum insn_mode mode = INSN_MODE_64;
    char hex[3 * INSN_MAX_LEN + 1] = "", text[96];

    if (!trace_hears(t, EV_kvm_emulate_insn))
        return;
    for (unsigned i = 0; i < len; i++)
        snprintf(hex + 3 * i, sizeof(hex) - 3 * i,
                 i + 1 < len ? "%02x " : "%02x", e->bytes[i]);
    (void)kvm_code_mode(v, &mode);
    insn_text(mode, e->bytes, e->len, kvm_rip_read(v), text, sizeof(text));
    TRACE(t, kvm_emulate_insn, .rip = kvm_rip_read(v),
          .bytes = trace_text(t, "%s", hex), .text = trace_text(t, "%s", text),
          .failed = failed);
}

/* ---- execute ---- */

/* The linear address of the memory operand; false: a fault is queued. */
static bool operand_address(struct kvm_vcpu *v, unsigned size, bool write,
                            gva_t *gva)
{
    const struct insn *i = &v->emul.insn;
    uint64_t max;

    return kvm_linearize(v, i->segment,
                         insn_address(i, v->gpr, kvm_rip_read(v)), size,
                         (struct kvm_access) { .write = write }, gva, &max);
}

static uint64_t sign_extend(uint64_t value, unsigned size)
{
    unsigned shift = 64 - 8 * size;

    return (uint64_t)((int64_t)(value << shift) >> shift);
}

static enum emul_result read_source(struct kvm_vcpu *v, uint64_t *value)
{
    const struct insn *i = &v->emul.insn;
    gva_t gva;

    *value = 0;
    switch (i->s.kind) {
    case OPND_REG:
        *value = gpr_read(v->gpr, &i->s);
        return EMUL_OK;
    case OPND_MEM:
        if (!operand_address(v, i->s.size, false, &gva))
            return EMUL_FAULT;
        return emulator_read(v, gva, value, i->s.size);
    case OPND_IMM:
    case OPND_NONE:
        *value = i->imm;
        return EMUL_OK;
    }
    BUG_ON(true);
}

static enum emul_result write_destination(struct kvm_vcpu *v, uint64_t value)
{
    const struct insn *i = &v->emul.insn;
    gva_t gva;

    if (i->d.kind == OPND_REG) {
        gpr_write(v->gpr, &i->d, value);
        return EMUL_OK;
    }
    if (!operand_address(v, i->d.size, true, &gva))
        return EMUL_FAULT;
    return emulator_write(v, gva, &value, i->d.size);
}

static enum emul_result execute(struct kvm_vcpu *v)
{
    const struct insn *i = &v->emul.insn;
    uint64_t value;
    enum emul_result result = read_source(v, &value);

    if (result != EMUL_OK)
        return result;
    if (i->op == INSN_MOVSX)
        value = sign_extend(value, i->s.size);
    return write_destination(v, value);
}

/* MOV between registers and memory; not, for instance, MOV to a segment. */
static bool supported(const struct insn *i)
{
    return (i->op == INSN_MOV || i->op == INSN_MOVZX || i->op == INSN_MOVSX) &&
           (i->d.kind == OPND_REG || i->d.kind == OPND_MEM);
}

/* Behind the instruction, out of the shadow of an STI before it. */
static void retire(struct kvm_vcpu *v, unsigned len)
{
    enum insn_mode mode;
    uint64_t rip = kvm_rip_read(v) + len;

    if (kvm_code_mode(v, &mode) && mode != INSN_MODE_64)
        rip = (uint32_t)rip;
    kvm_rip_write(v, rip);
    vmcb_write64(v, VMCB_INT_STATE, vmcb_read64(v, VMCB_INT_STATE) & ~BIT(0));
}

/* ---- the whole ---- */

/* User code gets #UD. A kernel gets it, too, but userspace should know first.
 */
static int handle_emulation_failure(struct kvm_vcpu *v, unsigned type)
{
    tell(v, true);
    if (!(type & EMULTYPE_SKIP)) {
        kvm_queue_exception(v, VEC_UD, false, 0);
        if (kvm_cpl(v))
            return 1;
    }
    v->run.internal.suberror = SUBERROR_EMULATION;
    return kvm_exit_to_user(v, KVM_EXIT_INTERNAL_ERROR);
}

static int complete_emulated_mmio(struct kvm_vcpu *v);

/* The instruction in v->emul; RIP moves when nothing is left to do for it. */
static int emulate(struct kvm_vcpu *v)
{
    enum emul_result result = execute(v);

    v->mmio.read_completed = false;
    switch (result) {
    case EMUL_FAULT:
        return 1;
    case EMUL_OK:
        retire(v, v->emul.insn.len);
        break;
    case EMUL_NEED_IO:
        break;
    }
    if (!v->mmio.needed)
        return 1;
    v->complete_userspace_io = complete_emulated_mmio;
    return kvm_mmio_exit(v);
}

static int complete_emulated_mmio(struct kvm_vcpu *v)
{
    if (!kvm_mmio_advance(v)) {
        v->complete_userspace_io = complete_emulated_mmio;
        return kvm_mmio_exit(v);
    }
    if (v->mmio.is_write)
        return 1; /* RIP was moved before the exit */
    v->mmio.read_completed = true;
    return x86_emulate_instruction(v, 0, EMULTYPE_NO_DECODE, NULL, 0);
}

/* Bring the instruction, decoded, into v->emul. False: it is over, return
 * *@ret. */
static bool decode_instruction(struct kvm_vcpu *v, gpa_t cr2_or_gpa,
                               unsigned type, const uint8_t *insn,
                               unsigned insn_len, int *ret)
{
    struct emulated *e = &v->emul;

    kvm_clear_exception_queue(v);
    *e = (struct emulated) { .gpa = cr2_or_gpa,
                             .gpa_available = type & EMULTYPE_PF,
                             .len = insn_len };
    if (insn_len)
        memcpy(e->bytes, insn, insn_len);

    switch (fetch_and_decode(v)) {
    case FETCHED:
        return true;
    case FETCH_FAULT:
        *ret = 1;
        return false;
    case FETCH_UNDECODABLE:
        *ret = handle_emulation_failure(v, type);
        return false;
    }
    BUG_ON(true);
}

int x86_emulate_instruction(struct kvm_vcpu *v, gpa_t cr2_or_gpa, unsigned type,
                            const uint8_t *insn, unsigned insn_len)
{
    int ret;

    switch (svm_can_emulate_instruction(v, type, insn, insn_len)) {
    case EMUL_CONTINUE:
        break;
    case EMUL_RETRY_INSTR:
    case EMUL_PROPAGATE_FAULT:
        return 1;
    case EMUL_UNHANDLEABLE:
        return handle_emulation_failure(v, type);
    }
    if (!(type & EMULTYPE_NO_DECODE) &&
        !decode_instruction(v, cr2_or_gpa, type, insn, insn_len, &ret))
        return ret;
    if (type & EMULTYPE_SKIP) {
        retire(v, v->emul.insn.len);
        return 1;
    }
    if (!supported(&v->emul.insn))
        return handle_emulation_failure(v, type);
    if (!(type & EMULTYPE_NO_DECODE))
        tell(v, false);
    return emulate(v);
}

int kvm_skip_emulated_instruction(struct kvm_vcpu *v)
{
    uint64_t next = vcpu_module(v)->nrips ? vmcb_read64(v, VMCB_NRIP) : 0;

    if (sev_es_guest(v->vm))
        return 1; /* the CPU, or the guest's #VC handler, moves RIP */
    if (!next)
        return x86_emulate_instruction(v, 0, EMULTYPE_SKIP, NULL, 0);
    retire(v, (unsigned)(next - kvm_rip_read(v)));
    return 1;
}
