/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/exits.c - what KVM does about a #VMEXIT.
 *
 * Handlers answer as all of KVM's exit handlers do: 1 resume the guest, 0 leave
 * to userspace (v->run says why), negative errno. The same handlers serve the
 * requests of an SEV-ES guest, whose registers then came through the GHCB.
 */
#include "kvm/mmu/mmu.h"
#include "kvm/svm/svm.h"

/* KVM's own bits in an error code; hardware must not deliver them. */
#define PFERR_SYNTHETIC (BIT(48) | BIT(49))

/* What a hypercall answers (include/uapi/linux/kvm_para.h). */
#define KVM_EPERM  1ULL
#define KVM_ENOSYS 1000ULL

#define SUBERROR_UNEXPECTED_EXIT 4U

/* ---- may KVM emulate? ---- */

struct verdict {
    enum emulate_answer answer;
    const char *why;
};

/* An SEV guest's page fault without a single instruction byte. Erratum 1096:
 * the CPU fetches them with SMAP applied and may come back with none. */
static struct verdict sev_without_bytes(struct kvm_vcpu *v)
{
    uint64_t cr4 = vmcb_read64(v, VMCB_SAVE + SAVE_CR4);
    bool user = kvm_cpl(v) == 3;

    if (v->last_exit.info1 & (PFERR_GUEST_PAGE | PFERR_FETCH))
        return (struct verdict) { EMUL_RETRY_INSTR,
                                  "SEV: a fault of a fetch or of a guest page "
                                  "table has no instruction bytes; resume" };
    if (!(cr4 & CR4_SMAP) || ((cr4 & CR4_SMEP) && !user))
        return (struct verdict) { EMUL_RETRY_INSTR,
                                  "SEV: the CPU delivered no instruction "
                                  "bytes; resume and hope for the next time" };
    if (user)
        kvm_queue_exception(v, VEC_GP, true, 0);
    else
        v->triple_fault = true;
    return (struct verdict) { EMUL_PROPAGATE_FAULT,
                              "SEV: no instruction bytes because of SMAP "
                              "(erratum 1096), and memory is ciphertext" };
}

static bool skip_gives_up(const struct kvm_vcpu *v)
{
    switch ((enum skip_no_bytes)vm_slot(v->vm, SLOT_SKIP_NO_BYTES)) {
    case SKIP_INJECTS_UD:
        return false;
    case SKIP_GIVES_UP:
        return true;
    }
    BUG_ON(true);
}

static struct verdict can_emulate(struct kvm_vcpu *v, unsigned type,
                                  const uint8_t *insn, unsigned insn_len)
{
    if (!sev_guest(v->vm))
        return (struct verdict) { EMUL_CONTINUE,
                                  "KVM can read registers and code" };
    if (sev_es_guest(v->vm))
        return (struct verdict) { EMUL_RETRY_INSTR,
                                  "SEV-ES: KVM can read neither registers nor "
                                  "code; resume and hope that the CPU turns "
                                  "the next fault into #VC" };
    if (type & EMULTYPE_NO_DECODE)
        return (struct verdict) { EMUL_CONTINUE,
                                  "SEV: nothing needs to be decoded" };
    if (!insn && (type & EMULTYPE_SKIP) && skip_gives_up(v))
        return (struct verdict) { EMUL_UNHANDLEABLE,
                                  "SEV: no instruction bytes to step over" };
    if (!insn) {
        kvm_queue_exception(v, VEC_UD, false, 0);
        return (struct verdict) { EMUL_PROPAGATE_FAULT,
                                  "SEV: this exit delivers no instruction "
                                  "bytes, and memory is ciphertext" };
    }
    if (!insn_len)
        return sev_without_bytes(v);
    return (struct verdict) { EMUL_CONTINUE,
                              "SEV: the CPU delivered the instruction bytes" };
}

/* How this kernel words its answer. */
static const char *verdict_name(const struct kvm_vm *vm, enum emulate_answer a)
{
    if (vm_slot(vm, SLOT_EMULATE_VERDICT) == VERDICT_BOOL)
        return a == EMUL_CONTINUE ? "true" : "false";
    switch (a) {
    case EMUL_CONTINUE:
        return "CONTINUE";
    case EMUL_RETRY_INSTR:
        return "RETRY_INSTR";
    case EMUL_PROPAGATE_FAULT:
        return "PROPAGATE_FAULT";
    case EMUL_UNHANDLEABLE:
        return "UNHANDLEABLE";
    }
    BUG_ON(true);
}

enum emulate_answer svm_can_emulate_instruction(struct kvm_vcpu *v,
                                                unsigned type,
                                                const uint8_t *insn,
                                                unsigned insn_len)
{
    struct verdict verdict = can_emulate(v, type, insn, insn_len);

    TRACE(vcpu_trace(v), kvm_emulate_verdict,
          .vm = sev_es_guest(v->vm) ? "sev-es"
                : sev_guest(v->vm)  ? "sev"
                                    : "plain",
          .verdict = verdict_name(v->vm, verdict.answer), .why = verdict.why,
          .source = vm_slot_source(v->vm, SLOT_EMULATE_VERDICT));

    /* A bool has no word for giving up: "false" means resume. */
    if (verdict.answer == EMUL_UNHANDLEABLE &&
        vm_slot(v->vm, SLOT_EMULATE_VERDICT) == VERDICT_BOOL)
        return EMUL_RETRY_INSTR;
    return verdict.answer;
}

/* ---- nested page faults ---- */

/* The bytes that the CPU fetched for KVM; NULL without decode assists. */
static const uint8_t *decode_assist(struct kvm_vcpu *v, uint8_t bytes[16],
                                    unsigned *len)
{
    *len = 0;
    if (!kvm_host_has_svm(vcpu_module(v), FEAT_DECODE_ASSISTS))
        return NULL;
    host_read(v->vm->kvm, v->vmcb + VMCB_INSN_LEN, bytes, 16);
    *len = bytes[0] & 0xf;
    return bytes + 1;
}

/* Should the guest be resumed before the MMU has a look? Later kernels try the
 * fast MMIO bus first, on which no device of this host has registered. */
static bool resume_before_mmu(struct kvm_vcpu *v, uint64_t error_code)
{
    return vm_slot(v->vm, SLOT_NPF_EXIT) == NPF_EXIT_FAST_MMIO &&
           (error_code & PFERR_RSVD) &&
           svm_can_emulate_instruction(v, EMULTYPE_PF | EMULTYPE_NO_DECODE,
                                       NULL, 0) != EMUL_CONTINUE;
}

static int npf_interception(struct kvm_vcpu *v)
{
    gpa_t addr = v->last_exit.info2;
    uint64_t error_code = v->last_exit.info1;
    uint8_t bytes[16];
    const uint8_t *insn;
    unsigned len;

    if (vm_slot(v->vm, SLOT_NPF_EXIT) != NPF_EXIT_PLAIN &&
        (error_code & PFERR_SYNTHETIC)) {
        TRACE(vcpu_trace(v), kvm_warn,
              .text = "the CPU set KVM's own bits in a fault code");
        error_code &= ~PFERR_SYNTHETIC;
    }
    TRACE(vcpu_trace(v), kvm_page_fault, .rip = kvm_rip_read(v),
          .address = addr, .error_code = error_code);
    if (resume_before_mmu(v, error_code))
        return 1;

    insn = decode_assist(v, bytes, &len);
    return kvm_mmu_page_fault(v, addr, error_code, insn, len);
}

/* ---- instructions ---- */

static int halt_interception(struct kvm_vcpu *v)
{
    int ret = kvm_skip_emulated_instruction(v);

    /* The interrupt controller is userspace's, so is the waiting. */
    return ret <= 0 ? ret : kvm_exit_to_user(v, KVM_EXIT_HLT);
}

static int vmmcall_interception(struct kvm_vcpu *v)
{
    /* No hypercall is offered; user code may not even ask. */
    v->gpr[GPR_RAX] = kvm_cpl(v) ? -KVM_EPERM : -KVM_ENOSYS;
    return kvm_skip_emulated_instruction(v);
}

static int cpuid_interception(struct kvm_vcpu *v)
{
    const struct wire *w = &vcpu_module(v)->wire;
    struct cpuid_regs r = w->ops->cpuid(w->hw, (uint32_t)v->gpr[GPR_RAX],
                                        (uint32_t)v->gpr[GPR_RCX]);

    v->gpr[GPR_RAX] = r.eax;
    v->gpr[GPR_RBX] = r.ebx;
    v->gpr[GPR_RCX] = r.ecx;
    v->gpr[GPR_RDX] = r.edx;
    return kvm_skip_emulated_instruction(v);
}

static int shutdown_interception(struct kvm_vcpu *v)
{
    if (sev_es_guest(v->vm) &&
        vm_slot(v->vm, SLOT_ES_SHUTDOWN) == ES_SHUTDOWN_EINVAL)
        return -EINVAL;
    return kvm_exit_to_user(v, KVM_EXIT_SHUTDOWN);
}

/* Nested virtualisation is not offered: EFER.SVME is 0 to the guest, and none
 * of SVM's instructions is there. */
static int no_svm_interception(struct kvm_vcpu *v)
{
    kvm_queue_exception(v, VEC_UD, false, 0);
    return 1;
}

static int unexpected_exit(struct kvm_vcpu *v, uint64_t code)
{
    TRACE(vcpu_trace(v), kvm_log,
          .text = trace_text(vcpu_trace(v),
                             "SVM: vcpu%u: unhandled exit reason %#lx; this "
                             "model has no handler for it",
                             v->id, (unsigned long)code));
    v->run.internal.suberror = SUBERROR_UNEXPECTED_EXIT;
    return kvm_exit_to_user(v, KVM_EXIT_INTERNAL_ERROR);
}

int svm_invoke_exit_handler(struct kvm_vcpu *v, uint64_t code)
{
    switch (code) {
    case EXIT_INTR: /* the host took its interrupt as soon as it was back */
        return 1;
    case EXIT_NPF:
        return npf_interception(v);
    case EXIT_HLT:
        return halt_interception(v);
    case EXIT_VMMCALL:
        return vmmcall_interception(v);
    case EXIT_CPUID:
        return cpuid_interception(v);
    case EXIT_SHUTDOWN:
        return shutdown_interception(v);
    case EXIT_VMRUN:
    case EXIT_INVLPGA:
        return no_svm_interception(v);
    case EXIT_VMGEXIT:
        return sev_handle_vmgexit(v);
    }
    return unexpected_exit(v, code);
}

int svm_handle_exit(struct kvm_vcpu *v)
{
    const struct kvm_last_exit *e = &v->last_exit;
    uint64_t intr = vmcb_read64(v, VMCB_EXITINTINFO);

    TRACE(vcpu_trace(v), kvm_exit, .reason = e->code, .rip = kvm_rip_read(v),
          .info1 = e->info1, .info2 = e->info2, .intr_info = intr & 0xffffffff,
          .error_code = (intr & EVENT_V) && (intr & EVENT_EV) ? intr >> 32 : 0);

    if (e->code == EXIT_INVALID) {
        v->run.fail_entry_reason = e->code;
        return kvm_exit_to_user(v, KVM_EXIT_FAIL_ENTRY);
    }
    return svm_invoke_exit_handler(v, e->code);
}
