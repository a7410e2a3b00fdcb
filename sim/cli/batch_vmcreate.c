/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/batch_vmcreate.c - `nptsim batch vmcreate`: which errno userspace sees
 * when it asks for a VM in each of the ways that kernels have had.
 *
 * Where a row is silent, the host is one on which SEV-SNP can work: the BIOS
 * set an RMP aside, firmware and BIOS can hide ciphertext, and SNP is
 * initialised if the CPU has it.
 */
#include "cli/batch.h"
#include "cli/batch_table.h"

#include <string.h>

/* Create a VM of this type, then, if there is one, this command. */
static const struct path {
    const char *name;
    unsigned type;
    enum sev_cmd_id init; /* SEV_CMD_PROBE: none */
} paths[] = {
    { "DEFAULT", KVM_X86_DEFAULT_VM, SEV_CMD_PROBE },
    { "DEFAULT+SEV_INIT", KVM_X86_DEFAULT_VM, SEV_CMD_INIT },
    { "DEFAULT+ES_INIT", KVM_X86_DEFAULT_VM, SEV_CMD_ES_INIT },
    { "SEV_VM+INIT2", KVM_X86_SEV_VM, SEV_CMD_INIT2 },
    { "SEV_ES_VM+INIT2", KVM_X86_SEV_ES_VM, SEV_CMD_INIT2 },
    { "SNP_VM+INIT2", KVM_X86_SNP_VM, SEV_CMD_INIT2 },
    { "SEV_VM+SEV_INIT", KVM_X86_SEV_VM, SEV_CMD_INIT },
    { "SEV_ES_VM+ES_INIT", KVM_X86_SEV_ES_VM, SEV_CMD_ES_INIT },
};

enum result {
    SEV,
    SEV_ES,
    SEV_SNP,
    VM_TYPES,
    CREATE_VM,
    INIT_ERRNO,
    ASID,
    N_RESULTS
};

static const char *const names[N_RESULTS] = {
    [SEV] = "sev_enabled",
    [SEV_ES] = "sev_es_enabled",
    [SEV_SNP] = "sev_snp_enabled",
    [VM_TYPES] = "vm_types",
    [CREATE_VM] = "kvm_create_vm",
    [INIT_ERRNO] = "init_errno",
    [ASID] = "asid",
};

struct vms {
    const struct kernel_model *kernel;
    struct lab_bench *bench;
    struct pool *pool; /* of one row */
    const struct kvm_module *m;
    int create, init;
    bool inited; /* init was called */
    uint32_t asid;
};

static const char *result_name(unsigned r)
{
    return names[r];
}

static bool is_extra(unsigned r)
{
    (void)r;
    return false;
}

static void complete(struct batch_row *row, const bool has[N_POLICY_INPUTS])
{
    uint64_t *v = row->host.v;

    if (!has[POLICY_PSP_SNP_INIT])
        v[POLICY_PSP_SNP_INIT] = v[POLICY_F_SNP];
}

static void ask(void *ctx, const struct batch_row *row)
{
    const struct path *p = &paths[row->own[0]];
    struct sev_cmd cmd = { .id = p->init };
    struct vms *v = ctx;
    struct kvm_vm *vm;

    pool_reset(v->pool);
    v->m = lab_load(v->bench, v->kernel, &row->host);
    v->asid = 0;
    v->create = kvm_create_vm(kvm_open(v->pool, v->m), p->type, &vm);
    v->inited = !v->create && p->init != SEV_CMD_PROBE;
    if (!v->inited)
        return;
    v->init = kvm_memory_encrypt_op(vm, &cmd);
    if (!v->init)
        v->asid = kvm_vm_asid(vm);
}

static void put_errno(struct buf *b, int ret)
{
    if (!ret)
        return buf_addc(b, '0');
    buf_addc(b, '-');
    buf_adds(b, strerrorname_np(-ret));
}

static void put(void *ctx, struct buf *b, unsigned r)
{
    const struct vms *v = ctx;

    switch ((enum result)r) {
    case SEV:
        return buf_dec(b, v->m->sev);
    case SEV_ES:
        return buf_dec(b, v->m->sev_es);
    case SEV_SNP:
        return buf_dec(b, v->m->sev_snp);
    case VM_TYPES:
        return buf_hex(b, v->m->vm_types);
    case CREATE_VM:
        return put_errno(b, v->create);
    case INIT_ERRNO:
        if (v->inited)
            put_errno(b, v->init);
        return;
    case ASID:
        return buf_dec(b, v->asid);
    case N_RESULTS:
        break;
    }
    BUG_ON(true);
}

int batch_vmcreate(FILE *in, const char *in_name, FILE *out,
                   const struct kernel_model *k, const char *columns,
                   struct err *e)
{
    const char *words[ARRAY_SIZE(paths)];
    const struct policy_input_desc path = { .name = "path",
                                            .max = ARRAY_SIZE(paths) - 1,
                                            .radix = 10,
                                            .words = words };
    struct pool *pool = pool_create(), *row = pool_create();
    struct vms v = { .kernel = k,
                     .bench = lab_bench_create(pool),
                     .pool = row };
    struct batch_kind kind = {
        .host = policy_default_host(),
        .n_own = 1,
        .own = &path,
        .required = path.name,
        .n_results = N_RESULTS,
        .result_name = result_name,
        .is_extra = is_extra,
        .complete = complete,
        .ask = ask,
        .put = put,
        .ctx = &v,
    };
    int ret;

    for (unsigned i = 0; i < ARRAY_SIZE(paths); i++)
        words[i] = paths[i].name;
    kind.host.v[POLICY_HOST_SNP_OK] = kind.host.v[POLICY_CTH_HW] = 1;
    ret = batch_table(&kind, in, in_name, out, columns, e);
    pool_destroy(row);
    pool_destroy(pool);
    return ret;
}
