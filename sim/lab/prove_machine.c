/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/prove_machine.c - one state lived through.
 *
 * A CPU is built, the kernel boots on it and loads KVM, userspace creates a VM,
 * a guest is loaded and touches an emulated device twice through VMRUN. Where
 * the TLB is in question, too, memory is used and unplugged afterwards, with a
 * TLB that is large enough to forget nothing of its own accord.
 */
#include "lab/proof.h"

#include "arch/insn.h"
#include "run.h"
#include "trace.h"

#define DEVICE  (LAB_DEVICE + 0xf0)
#define PLUGGED 0x100000000ULL /* memory that goes away */

/* More entries than the story touches pages. */
static const struct tlb_part large = { .holds = TLB_HOLDS_ANY, .entries = 128 };
static const struct tlb_geometry tlb = {
    .mode = TLB_ON,
    .l1d = &large,
    .n_l1d = 1,
    .l1i = &large,
    .n_l1i = 1,
    .pwc = 16,
    .ntlb = 128,
};

enum { TOUCH, TOUCH_AGAIN, USE, UNPLUG, MISS, N_STEPS };

struct machine_asker {
    const struct lab_question *q;
    struct run_config config;
    struct vmm_memory memory[2];
    struct vmm_mmio device;
    struct run_step step[N_STEPS];
    uint8_t code[N_STEPS][3 * INSN_MAX_LEN];
    struct pool *texts;
    struct trace trace;
    struct invariants *invariants;
    struct rig *rig;
};

static void touch(struct machine_asker *a, unsigned i, const char *id,
                  gva_t gva, bool write)
{
    uint8_t *code = a->code[i];
    size_t len = insn_encode_mov_imm(INSN_MODE_64, GPR_RBX, gva, code);

    len +=
        write ? insn_encode_store(INSN_MODE_64, GPR_RBX, GPR_RAX, 4, code + len)
              : insn_encode_load(INSN_MODE_64, GPR_RAX, GPR_RBX, 4, code + len);
    a->step[i] = (struct run_step) {
        .id = id,
        .what = id,
        .size = 4,
        .code = { .bytes = code, .len = len },
    };
}

static void write_story(struct machine_asker *a)
{
    a->memory[0] =
        (struct vmm_memory) { .size = LAB_MEMORY, .host_page = PAGE_SIZE_4K };
    a->memory[1] = (struct vmm_memory) { .gpa = PLUGGED,
                                         .size = pt_size(2),
                                         .host_page = PAGE_SIZE_4K };
    a->device = (struct vmm_mmio) {
        .gpa = LAB_DEVICE, .size = PAGE_SIZE_4K, .name = "device", .reads = 0x5a
    };
    touch(a, TOUCH, "first", DEVICE, false);
    touch(a, TOUCH_AGAIN, "again", DEVICE, false);
    touch(a, USE, "use", PLUGGED, true);
    a->step[UNPLUG] = (struct run_step) { .id = "unplug",
                                          .what = "memslot_delete",
                                          .kind = STEP_MEMSLOT_DELETE,
                                          .memory = a->memory[1] };
    touch(a, MISS, "miss", PLUGGED, false);
}

struct machine_asker *machine_asker_create(struct pool *pool,
                                           const struct lab_question *q)
{
    struct machine_asker *a = pool_alloc(pool, sizeof(*a));
    struct trace_interest wants = { 0 };

    *a = (struct machine_asker) { .q = q, .texts = pool_child(pool) };
    write_story(a);
    a->invariants = invariants_create(pool);
    invariants_only(a->invariants, q->asked);
    invariants_interest(a->invariants, &wants);
    trace_init(&a->trace, pool);
    trace_add_listener(&a->trace, invariants_sink, a->invariants, &wants);
    a->rig = rig_create(pool, &a->trace);
    a->config = (struct run_config) {
        .kernel = *q->kernel,
        .vm = { .n_vcpus = 1,
                .n_mmio = 1,
                .memory = a->memory,
                .mmio = &a->device },
        .guest = { .paging = PAGING_4LEVEL,
                   .page_size = pt_size(2),
                   .wp = true,
                   .nxe = true },
        .steps = a->step,
        .onlooker = { invariants_meet, a->invariants },
    };
    return a;
}

/* An SEV-ES guest that misses memory asks nobody: its pages are private, and
 * that story is another one. */
static void choose_story(struct machine_asker *a, enum vm_type type)
{
    bool unplug = a->q->asked[NO_STALE_TLB] && type != VM_SEV_ES;

    a->config.vm.type = type;
    a->config.vm.n_memory = unplug ? 2 : 1;
    a->config.n_steps = unplug ? N_STEPS : TOUCH_AGAIN + 1;
    a->config.cpu.tlb =
        unplug ? tlb : (struct tlb_geometry) { .mode = TLB_OFF };
}

static const struct invariant_report *live(struct machine_asker *a,
                                           enum vm_type type)
{
    struct err e = { 0 };

    pool_reset(a->texts);
    if (cpu_model_problem(&a->config.cpu, a->texts))
        return NULL;
    choose_story(a, type);
    invariants_reset(a->invariants);
    if (rig_run(a->rig, &a->config, &e))
        return NULL;
    return invariants_finish(a->invariants);
}

struct state_verdict machine_ask(struct machine_asker *a,
                                 const struct policy_host *host,
                                 enum vm_type type)
{
    const struct invariant_report *r;
    struct state_verdict v = { 0 };

    lab_plain_machine(&a->config.cpu, &a->config.params);
    lab_machine(host, &a->config.cpu, &a->config.params);
    r = live(a, type);
    if (!r) {
        v.skipped = true;
        return v;
    }
    for (unsigned i = 0; i < N_INVARIANTS; i++) {
        if (r[i].state != INVARIANT_UNTESTED)
            v.tested |= 1U << i;
        if (r[i].state == INVARIANT_VIOLATED)
            v.violated |= 1U << i;
    }
    return v;
}

const struct invariant_report *machine_tell(struct machine_asker *a,
                                            const struct cpu_model *model,
                                            const struct policy_host *host,
                                            enum vm_type type)
{
    struct trace_interest wants = { .texts = true };

    invariants_interest(a->invariants, &wants);
    trace_init(&a->trace, a->texts);
    trace_add_listener(&a->trace, invariants_sink, a->invariants, &wants);
    lab_plain_machine(&a->config.cpu, &a->config.params);
    a->config.cpu = *model;
    lab_machine(host, &a->config.cpu, &a->config.params);
    return live(a, type);
}
