/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/sev_vm.c - making a VM an encrypted one: KVM_MEMORY_ENCRYPT_OP.
 *
 * KVM picks the ASID; keys, encryption of the initial memory and of the
 * registers are the secure processor's. The order of the launch commands is
 * policed by the firmware, not by KVM: a wrong one is -EIO.
 */
#include "kvm/svm/psp.h"
#include "kvm/svm/svm.h"

/* GHCB protocol versions that this KVM speaks. */
#define GHCB_VERSION_LEGACY  1U /* VMs made by KVM_SEV_ES_INIT */
#define GHCB_VERSION_DEFAULT 2U /* VMs made by KVM_SEV_INIT2 */

/* The part of the save area that VMCB and VMSA have in common. */
#define SAVE_COMMON_SIZE 0x298U

#define VMSA_MXCSR  0x408U
#define MXCSR_RESET 0x1f80ULL
#define FCW_RESET   0x37fULL /* follows FTW at 0x40e */

/* What a command answers: 0 or -errno, the reason, and whose decision it is. */
struct sev_answer {
    int ret;
    const char *why;
    enum kvm_slot slot;
};

static struct sev_answer ok(const char *why)
{
    return (struct sev_answer) { 0, why, SLOT_SEV_INIT_ERRNO };
}

static struct sev_answer refuse(int ret, const char *why)
{
    return (struct sev_answer) { ret, why, SLOT_SEV_INIT_ERRNO };
}

static struct sev_answer refuse_by(enum kvm_slot slot, int ret, const char *why)
{
    return (struct sev_answer) { ret, why, slot };
}

static enum psp_status psp(struct kvm_vm *vm, enum psp_cmd cmd,
                           struct psp_request *r)
{
    const struct wire *w = &vm->kvm->m->wire;

    r->handle = cmd == PSP_LAUNCH_START ? 0 : vm->sev.handle;
    return w->ops->psp(w->hw, cmd, r);
}

/* ---- KVM_SEV_INIT, _ES_INIT, _INIT2 ---- */

static struct sev_answer platform_init(struct kvm_vm *vm)
{
    int ret = psp_platform_init(vm->kvm->m, &vm->kvm->psp, 0);

    return ret ? refuse_by(SLOT_SEV_PSP_INIT, ret,
                           ret == -ENODEV ? "there is no secure processor"
                                          : "the secure processor could not be "
                                            "initialised")
               : ok("");
}

/* Once there was one word, EBUSY, for whatever was not free. */
static int no_asid_errno(const struct kvm_vm *vm, int ret)
{
    switch ((enum sev_init_errno)vm_slot(vm, SLOT_SEV_INIT_ERRNO)) {
    case SEV_INIT_EBUSY:
        return -EBUSY;
    case SEV_INIT_ENOTTY: /* an empty range is not a busy one */
        return ret;
    }
    BUG_ON(true);
}

static int second_init_errno(const struct kvm_vm *vm)
{
    switch ((enum sev_reinit_errno)vm_slot(vm, SLOT_SEV_REINIT_ERRNO)) {
    case SEV_REINIT_EBUSY:
        return -EBUSY;
    case SEV_REINIT_EINVAL:
        return -EINVAL;
    }
    BUG_ON(true);
}

static struct sev_answer guest_init(struct kvm_vm *vm, enum sev_feature f,
                                    unsigned ghcb_version)
{
    struct sev_answer answer;
    const char *why = NULL;
    int64_t asid;

    if (vm->vcpus)
        return refuse(-EINVAL, "the VM has vCPUs already");
    if (vm->sev.active)
        return refuse_by(SLOT_SEV_REINIT_ERRNO, second_init_errno(vm),
                         "the VM is an SEV VM already");
    asid = sev_asid_new(vm->kvm, f, &why);
    if (asid < 0)
        return refuse(no_asid_errno(vm, (int)asid), why);
    answer = platform_init(vm);
    if (answer.ret)
        return answer;

    vm->sev = (struct kvm_sev) { .active = true,
                                 .es_active = f != FEATURE_SEV,
                                 .snp_active = f == FEATURE_SEV_SNP,
                                 .asid = (uint32_t)asid,
                                 .ghcb_version = ghcb_version };
    return ok("an ASID was free");
}

static struct sev_answer legacy_init(struct kvm_vm *vm, bool es)
{
    if (es && !vm->kvm->m->sev_es)
        return refuse(-ENOTTY, "SEV-ES is off");
    if (vm->type != KVM_X86_DEFAULT_VM)
        return refuse(-EINVAL, "a VM with a type wants KVM_SEV_INIT2");
    return guest_init(vm, es ? FEATURE_SEV_ES : FEATURE_SEV,
                      GHCB_VERSION_LEGACY);
}

static struct sev_answer init2(struct kvm_vm *vm)
{
    if (!kvm_wants_typed_vm(vm->kvm))
        return refuse(-EINVAL, "this kernel does not know the command");
    if (vm->type == KVM_X86_DEFAULT_VM)
        return refuse(-EINVAL, "a default VM wants KVM_SEV_INIT or "
                               "KVM_SEV_ES_INIT");
    return guest_init(vm,
                      vm->type == KVM_X86_SEV_VM      ? FEATURE_SEV
                      : vm->type == KVM_X86_SEV_ES_VM ? FEATURE_SEV_ES
                                                      : FEATURE_SEV_SNP,
                      GHCB_VERSION_DEFAULT);
}

/* ---- launch ---- */

static struct sev_answer firmware(enum psp_status status)
{
    if (status == PSP_OK)
        return ok("the firmware did it");
    return refuse(-EIO, "the firmware refused the command");
}

static struct sev_answer launch_start(struct kvm_vm *vm)
{
    struct psp_request r = { .es = vm->sev.es_active };
    struct sev_answer answer = firmware(psp(vm, PSP_LAUNCH_START, &r));

    if (answer.ret)
        return answer;
    vm->sev.handle = r.handle;
    r = (struct psp_request) { .asid = vm->sev.asid };
    return firmware(psp(vm, PSP_ACTIVATE, &r));
}

static struct sev_answer launch_update_data(struct kvm_vm *vm, hva_t hva,
                                            uint64_t len)
{
    if (!len || hva + len < hva)
        return refuse(-EINVAL, "the region is empty or wraps");
    while (len) {
        struct psp_request r = { 0 };
        struct sev_answer answer;
        uint64_t page_size, left;

        if (host_get_user_page(vm->kvm, hva, &r.spa, &page_size))
            return refuse(-EFAULT, "the process has no memory there");
        left = page_size - (hva & (page_size - 1));
        r.len = len < left ? len : left;
        r.spa = kvm_sme_set(vm->kvm->m, r.spa);
        answer = firmware(psp(vm, PSP_LAUNCH_UPDATE_DATA, &r));
        if (answer.ret)
            return answer;
        hva += r.len;
        len -= r.len;
    }
    return ok("the firmware encrypted the region");
}

/* The registers as userspace set them, laid out as the CPU wants to find them
 * in a VMSA: still readable, for the last time. */
static void sync_vmsa(struct kvm_vcpu *v)
{
    static const unsigned where[N_GPRS] = {
        [GPR_RAX] = SAVE_RAX,        [GPR_RCX] = VMSA_RCX,
        [GPR_RDX] = VMSA_RDX,        [GPR_RBX] = VMSA_RBX,
        [GPR_RSP] = SAVE_RSP,        [GPR_RBP] = VMSA_RBP,
        [GPR_RSI] = VMSA_RSI,        [GPR_RDI] = VMSA_RDI,
        [GPR_R8] = VMSA_R8,          [GPR_R8 + 1] = VMSA_R8 + 8,
        [GPR_R8 + 2] = VMSA_R8 + 16, [GPR_R8 + 3] = VMSA_R8 + 24,
        [GPR_R8 + 4] = VMSA_R8 + 32, [GPR_R8 + 5] = VMSA_R8 + 40,
        [GPR_R8 + 6] = VMSA_R8 + 48, [GPR_R8 + 7] = VMSA_R8 + 56,
    };
    struct kvm *k = v->vm->kvm;
    uint8_t page[PAGE_SIZE_4K] = { 0 };
    const uint64_t xcr0 = 1, mxcsr = MXCSR_RESET, fcw = FCW_RESET;

    host_read(k, v->vmcb + VMCB_SAVE, page, SAVE_COMMON_SIZE);
    for (unsigned i = 0; i < N_GPRS; i++)
        memcpy(page + where[i], &v->gpr[i], 8);
    memcpy(page + VMSA_XCR0, &xcr0, 8);
    memcpy(page + VMSA_MXCSR, &mxcsr, 4);
    memcpy(page + VMSA_MXCSR + 8, &fcw, 2);
    host_write(k, v->vmsa, page, sizeof(page));
}

static struct sev_answer launch_update_vmsa(struct kvm_vm *vm)
{
    if (!vm->sev.es_active)
        return refuse(-ENOTTY, "only SEV-ES encrypts registers");
    for (struct kvm_vcpu *v = vm->vcpus; v; v = v->next) {
        struct psp_request r = { .spa = kvm_sme_set(vm->kvm->m, v->vmsa),
                                 .len = PAGE_SIZE_4K };
        struct sev_answer answer;

        if (!v->state_protected)
            sync_vmsa(v);
        answer = firmware(psp(vm, PSP_LAUNCH_UPDATE_VMSA, &r));
        if (answer.ret)
            return answer;
        v->state_protected = true;
    }
    return ok("the firmware encrypted the registers; KVM cannot read them any "
              "more");
}

static struct sev_answer launch_finish(struct kvm_vm *vm)
{
    struct psp_request r = { 0 };

    return firmware(psp(vm, PSP_LAUNCH_FINISH, &r));
}

/* ---- the ioctl ---- */

static const char *command_name(enum sev_cmd_id id)
{
    switch (id) {
    case SEV_CMD_PROBE:
        return "NULL";
    case SEV_CMD_INIT:
        return "KVM_SEV_INIT";
    case SEV_CMD_ES_INIT:
        return "KVM_SEV_ES_INIT";
    case SEV_CMD_LAUNCH_START:
        return "KVM_SEV_LAUNCH_START";
    case SEV_CMD_LAUNCH_UPDATE_DATA:
        return "KVM_SEV_LAUNCH_UPDATE_DATA";
    case SEV_CMD_LAUNCH_UPDATE_VMSA:
        return "KVM_SEV_LAUNCH_UPDATE_VMSA";
    case SEV_CMD_LAUNCH_FINISH:
        return "KVM_SEV_LAUNCH_FINISH";
    case SEV_CMD_INIT2:
        return "KVM_SEV_INIT2";
    }
    return "unknown command";
}

static struct sev_answer launch_command(struct kvm_vm *vm,
                                        const struct sev_cmd *cmd)
{
    if (!vm->sev.active)
        return refuse(-ENOTTY, "the VM is no SEV VM");
    switch (cmd->id) {
    case SEV_CMD_LAUNCH_START:
        return launch_start(vm);
    case SEV_CMD_LAUNCH_UPDATE_DATA:
        return launch_update_data(vm, cmd->hva, cmd->len);
    case SEV_CMD_LAUNCH_UPDATE_VMSA:
        return launch_update_vmsa(vm);
    case SEV_CMD_LAUNCH_FINISH:
        return launch_finish(vm);
    case SEV_CMD_PROBE:
    case SEV_CMD_INIT:
    case SEV_CMD_ES_INIT:
    case SEV_CMD_INIT2:
        break;
    }
    return refuse(-EINVAL, "no such command in this version");
}

static struct sev_answer encrypt_op(struct kvm_vm *vm,
                                    const struct sev_cmd *cmd)
{
    if (!vm->kvm->m->sev)
        return refuse(-ENOTTY, "SEV is off");
    if (cmd->id == SEV_CMD_PROBE)
        return ok("SEV is on");
    if (cmd->id == SEV_CMD_INIT || cmd->id == SEV_CMD_ES_INIT)
        return legacy_init(vm, cmd->id == SEV_CMD_ES_INIT);
    if (cmd->id == SEV_CMD_INIT2)
        return init2(vm);
    return launch_command(vm, cmd);
}

int kvm_memory_encrypt_op(struct kvm_vm *vm, const struct sev_cmd *cmd)
{
    struct sev_answer answer = encrypt_op(vm, cmd);

    TRACE(vm->kvm->m->trace, kvm_create_vm, .path = kvm_vm_type_name(vm->type),
          .call = command_name(cmd->id), .ret = kvm_errno_name(answer.ret),
          .why = answer.why, .source = vm_slot_source(vm, answer.slot));
    return answer.ret;
}

uint32_t kvm_vm_asid(const struct kvm_vm *vm)
{
    return vm->sev.active ? vm->sev.asid : 0;
}

/* ---- what only SEV-ES vCPUs have ---- */

int sev_es_vcpu_create(struct kvm_vcpu *v)
{
    const struct kvm_sev *sev = &v->vm->sev;

    v->vmsa = host_alloc_zeroed(v->vm->kvm, PAGE_SIZE_4K);
    if (!v->vmsa)
        return -ENOMEM;
    vmcb_write64(v, VMCB_VMSA_PA, v->vmsa);
    vmcb_write64(v, VMCB_GHCB_GPA,
                 ghcb_msr_sev_info(vcpu_module(v), sev->ghcb_version));
    return 0;
}
