/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/ghcb.c - VMGEXIT: what an SEV-ES guest asks for, and the answer.
 *
 * The guest puts a request into a shared page, marks the fields that count as
 * valid and exits. KVM copies the page once, judges it, lets the ordinary exit
 * handlers work on the copy, and writes the answer back before the guest runs
 * again. Very early, with no page yet, guests talk through the GHCB MSR itself.
 * Source: GHCB standard (pub. 56421) as KVM implements it.
 */
#include "kvm/svm/ghcb.h"

#define GHCB_RSI         0x330
#define GHCB_VERSION_MIN 1U

/* Version 2 of the MSR protocol: what the hypervisor can do beyond the base. */
#define GHCB_MSR_HV_FT_REQ   0x080ULL
#define GHCB_MSR_HV_FT_RESP  0x081ULL
#define GHCB_HV_FT_SUPPORTED 3ULL /* SEV-SNP, and AP creation with it */

uint64_t ghcb_msr_sev_info(const struct kvm_module *m, unsigned max_version)
{
    uint64_t cbit = (uint64_t)__builtin_ctzll(m->sev_enc_bit);

    return (uint64_t)max_version << 48 | (uint64_t)GHCB_VERSION_MIN << 32 |
           cbit << 24 | GHCB_MSR_SEV_INFO;
}

/* ---- the page ---- */

/* A part of the GHCB page through the memslots. 0 or -EFAULT. */
static int ghcb_access(struct kvm_vcpu *v, unsigned offset, void *buf,
                       unsigned len, bool write)
{
    struct kvm_vm *vm = v->vm;
    gpa_t gpa = v->ghcb.gpa + offset;
    const struct kvm_memory_slot *slot = kvm_gfn_to_memslot(vm, gpa >> 12);
    uint64_t page_size;
    spa_t spa = 0;

    if (slot)
        (void)host_get_user_page(vm->kvm, kvm_gfn_to_hva(slot, gpa >> 12), &spa,
                                 &page_size);
    TRACE(vcpu_trace(v), ghcb_ref, .spa = spa + offset, .len = len,
          .write = write);
    return write ? kvm_write_guest(vm, gpa, buf, len)
                 : kvm_read_guest(vm, gpa, buf, len);
}

static uint64_t ghcb_field(const struct ghcb_copy *g, unsigned offset)
{
    uint64_t value;

    memcpy(&value, g->save + offset, sizeof(value));
    return value;
}

static uint64_t field_if_valid(const struct ghcb_copy *g, unsigned offset)
{
    return ghcb_valid(g, offset) ? ghcb_field(g, offset) : 0;
}

/* What the handlers see as the guest's registers is what the guest chose to
 * show, and nothing else. */
static void sync_from_ghcb(struct kvm_vcpu *v, const struct ghcb_copy *g)
{
    uint64_t cpl = ghcb_valid(g, GHCB_CPL) ? g->save[GHCB_CPL] & 3 : 0;
    uint8_t no_bits[16] = { 0 };

    memset(v->gpr, 0, sizeof(v->gpr));
    v->gpr[GPR_RAX] = field_if_valid(g, GHCB_RAX);
    v->gpr[GPR_RBX] = field_if_valid(g, GHCB_RBX);
    v->gpr[GPR_RCX] = field_if_valid(g, GHCB_RCX);
    v->gpr[GPR_RDX] = field_if_valid(g, GHCB_RDX);
    v->gpr[GPR_RSI] = field_if_valid(g, GHCB_RSI);
    vmcb_write64(v, VMCB_SAVE + (SAVE_CPL & ~7U), cpl << 24);
    v->ghcb.exit_code = field_if_valid(g, GHCB_SW_EXITCODE);
    v->ghcb.info1 = field_if_valid(g, GHCB_SW_EXITINFO1);
    v->ghcb.info2 = field_if_valid(g, GHCB_SW_EXITINFO2);
    v->ghcb.scratch_gpa = field_if_valid(g, GHCB_SW_SCRATCH);
    (void)ghcb_access(v, GHCB_VALID_BITMAP, no_bits, sizeof(no_bits), true);
}

static void answer(struct kvm_vcpu *v, uint64_t info1, uint64_t info2)
{
    v->ghcb.answer1 = info1;
    v->ghcb.answer2 = info2;
}

static void put_field(uint8_t bitmap[16], struct kvm_vcpu *v, unsigned offset,
                      uint64_t value)
{
    unsigned bit = offset / 8;

    bitmap[bit / 8] |= (uint8_t)BIT(bit % 8);
    (void)ghcb_access(v, offset, &value, sizeof(value), true);
}

void sev_es_unmap_ghcb(struct kvm_vcpu *v)
{
    struct ghcb_state *g = &v->ghcb;
    uint8_t bitmap[16] = { 0 };

    if (!g->mapped)
        return;
    g->mapped = false;
    if (g->sync_scratch)
        (void)kvm_write_guest(v->vm, g->scratch_gpa, g->scratch,
                              g->scratch_len);
    TRACE(vcpu_trace(v), kvm_vmgexit_exit, .exit_reason = g->exit_code,
          .info1 = g->answer1, .info2 = g->answer2);
    put_field(bitmap, v, GHCB_RAX, v->gpr[GPR_RAX]);
    put_field(bitmap, v, GHCB_RBX, v->gpr[GPR_RBX]);
    put_field(bitmap, v, GHCB_RCX, v->gpr[GPR_RCX]);
    put_field(bitmap, v, GHCB_RDX, v->gpr[GPR_RDX]);
    put_field(bitmap, v, GHCB_SW_EXITINFO1, g->answer1);
    put_field(bitmap, v, GHCB_SW_EXITINFO2, g->answer2);
    (void)ghcb_access(v, GHCB_VALID_BITMAP, bitmap, sizeof(bitmap), true);
}

/* Tell the guest, or, as early kernels did, end KVM_RUN. */
static int malformed(struct kvm_vcpu *v, uint64_t reason, const char *why)
{
    TRACE(vcpu_trace(v), ghcb_malformed, .reason = reason, .why = why);
    switch ((enum ghcb_bad)vm_slot(v->vm, SLOT_GHCB_BAD_SCRATCH)) {
    case GHCB_BAD_EINVAL:
        return -EINVAL;
    case GHCB_BAD_MALFORMED:
        answer(v, GHCB_HV_RESP_MALFORMED, reason);
        return 1;
    }
    BUG_ON(true);
}

/* ---- MMIO ---- */

/* KVM works on a copy of the scratch area. 0; 1: refused, the guest is told;
 * negative errno. */
static int setup_scratch(struct kvm_vcpu *v, bool sync, uint64_t len)
{
    struct ghcb_state *g = &v->ghcb;
    const char *problem = ghcb_scratch_problem(g, len);

    if (problem)
        return malformed(v, GHCB_ERR_INVALID_SCRATCH, problem);
    if (!g->scratch || g->scratch_room < len) {
        g->scratch_room = (unsigned)(len / PAGE_SIZE_4K + 1) * PAGE_SIZE_4K;
        g->scratch = pool_alloc(v->vm->kvm->pool, g->scratch_room);
    }
    g->scratch_len = (unsigned)len;
    g->sync_scratch = sync;
    return kvm_read_guest(v->vm, g->scratch_gpa, g->scratch, len);
}

static void tell_mmio(struct kvm_vcpu *v, const char *kind, bool with_value)
{
    const struct ghcb_state *g = &v->ghcb;
    uint64_t value = 0;

    if (with_value)
        memcpy(&value, g->scratch, g->scratch_len < 8 ? g->scratch_len : 8);
    TRACE(vcpu_trace(v), kvm_mmio, .kind = kind, .len = g->scratch_len,
          .gpa = g->info1, .val = value);
}

static int complete_sev_es_mmio(struct kvm_vcpu *v)
{
    if (!kvm_mmio_advance(v)) {
        v->complete_userspace_io = complete_sev_es_mmio;
        return kvm_mmio_exit(v);
    }
    if (!v->mmio.is_write)
        tell_mmio(v, "read", true);
    return 1;
}

/* The guest decoded its instruction; KVM only carries the bytes. Neither the
 * memslots nor the SPTEs are asked whether the address is MMIO. */
static int sev_es_mmio(struct kvm_vcpu *v, bool write)
{
    struct ghcb_state *g = &v->ghcb;
    int ret = setup_scratch(v, !write, g->info2);

    if (ret)
        return ret;
    if (!g->scratch_len)
        return 1;
    tell_mmio(v, write ? "write" : "unsatisfied-read", write);
    v->mmio = (struct kvm_mmio) {
        .needed = true,
        .is_write = write,
        .n_fragments = 1,
        .fragment = { { .gpa = g->info1, .len = g->scratch_len } },
        .data = g->scratch,
    };
    v->complete_userspace_io = complete_sev_es_mmio;
    return kvm_mmio_exit(v);
}

/* ---- requests ---- */

static int terminate(struct kvm_vcpu *v, uint64_t set, uint64_t code)
{
    TRACE(vcpu_trace(v), kvm_log,
          .text = trace_text(vcpu_trace(v),
                             "SEV-ES guest requested termination: %#lx:%#lx",
                             (unsigned long)set, (unsigned long)code));
    switch ((enum ghcb_terminate)vm_slot(v->vm, SLOT_GHCB_TERMINATE)) {
    case GHCB_TERM_EINVAL:
        return -EINVAL;
    case GHCB_TERM_SYSTEM_EVENT:
        v->run.system_event_data = vmcb_read64(v, VMCB_GHCB_GPA);
        return kvm_exit_to_user(v, KVM_EXIT_SYSTEM_EVENT);
    }
    BUG_ON(true);
}

static int ap_jump_table(struct kvm_vcpu *v)
{
    switch (v->ghcb.info1) {
    case 0:
        v->vm->sev.ap_jump_table = v->ghcb.info2;
        return 1;
    case 1:
        answer(v, 0, v->vm->sev.ap_jump_table);
        return 1;
    }
    return malformed(v, GHCB_ERR_INVALID_INPUT,
                     "the AP jump table can be set (0) or read (1)");
}

static int handle_request(struct kvm_vcpu *v)
{
    switch (v->ghcb.exit_code) {
    case NAE_MMIO_READ:
        return sev_es_mmio(v, false);
    case NAE_MMIO_WRITE:
        return sev_es_mmio(v, true);
    case NAE_NMI_COMPLETE:
        return 1;
    case NAE_AP_JUMP_TABLE:
        return ap_jump_table(v);
    case NAE_HV_FEATURES:
        answer(v, 0, GHCB_HV_FT_SUPPORTED);
        return 1;
    case NAE_TERMINATE:
        return terminate(v, v->ghcb.info1 & 0xf, v->ghcb.info1 >> 4 & 0xff);
    case NAE_UNSUPPORTED:
        TRACE(vcpu_trace(v), kvm_log,
              .text = "vmgexit: the guest met an event that it cannot handle");
        return -EINVAL;
    }
    return svm_invoke_exit_handler(v, v->ghcb.exit_code);
}

/* ---- the MSR protocol ---- */

static uint64_t cpuid_answer(struct kvm_vcpu *v, uint64_t msr)
{
    const struct wire *w = &vcpu_module(v)->wire;
    struct cpuid_regs r = w->ops->cpuid(w->hw, (uint32_t)(msr >> 32), 0);
    const uint32_t value[] = { r.eax, r.ebx, r.ecx, r.edx };
    unsigned reg = msr >> 30 & 3;

    return (uint64_t)value[reg] << 32 | (uint64_t)reg << 30 |
           GHCB_MSR_CPUID_RESP;
}

static int handle_msr_protocol(struct kvm_vcpu *v, uint64_t msr)
{
    int ret = 1;

    TRACE(vcpu_trace(v), kvm_vmgexit_msr_protocol_enter, .ghcb_gpa = msr);
    switch (msr & GHCB_MSR_CODE_MASK) {
    case GHCB_MSR_SEV_INFO_REQ:
        msr = ghcb_msr_sev_info(vcpu_module(v), v->vm->sev.ghcb_version);
        break;
    case GHCB_MSR_CPUID_REQ:
        msr = cpuid_answer(v, msr);
        break;
    case GHCB_MSR_HV_FT_REQ:
        if (ghcb_knows_version2(v->vm))
            msr = GHCB_HV_FT_SUPPORTED << 12 | GHCB_MSR_HV_FT_RESP;
        break;
    case GHCB_MSR_TERM_REQ:
        ret = terminate(v, msr >> 12 & 0xf, msr >> 16 & 0xff);
        break;
    default: /* unknown: the value stays, and the guest will notice */
        break;
    }
    vmcb_write64(v, VMCB_GHCB_GPA, msr);
    TRACE(vcpu_trace(v), kvm_vmgexit_msr_protocol_exit, .ghcb_gpa = msr,
          .result = (uint64_t)(int64_t)ret);
    return ret;
}

/* ---- VMGEXIT ---- */

int sev_handle_vmgexit(struct kvm_vcpu *v)
{
    uint64_t msr = vmcb_read64(v, VMCB_GHCB_GPA);
    struct ghcb_complaint complaint;
    struct ghcb_copy g;

    if (msr & GHCB_MSR_CODE_MASK)
        return handle_msr_protocol(v, msr);
    v->ghcb.gpa = msr;
    if (!msr || ghcb_access(v, 0, g.save, sizeof(g.save), false) ||
        ghcb_access(v, GHCB_USAGE, &g.usage, sizeof(g.usage), false)) {
        TRACE(vcpu_trace(v), kvm_log,
              .text = "vmgexit: there is no GHCB where the guest says");
        return 1;
    }

    sync_from_ghcb(v, &g);
    v->ghcb.mapped = true;
    v->ghcb.sync_scratch = false;
    TRACE(vcpu_trace(v), kvm_vmgexit_enter, .exit_reason = v->ghcb.exit_code,
          .info1 = v->ghcb.info1, .info2 = v->ghcb.info2);
    complaint = ghcb_validate(v, &g);
    if (complaint.reason)
        return malformed(v, complaint.reason, complaint.why);
    answer(v, 0, 0);
    return handle_request(v);
}
