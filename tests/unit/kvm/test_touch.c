/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_touch.c - KVM on the model CPU: the first touch of MMIO and the later.
 *
 * What test_mmu.c claims on a naive walker, here with real page tables, code,
 * keys and #VC, on CPUs and kernels from models/. The guest has no handlers at
 * all, so a #VC shuts it down: that it came is what counts.
 */
#include "hw.h"
#include "kvm.h"
#include "load.h"
#include "trace.h"
#include "unit/suite.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#define RAM_SIZE 0x200000ULL
#define PML4     0x1000ULL
#define PDPT     0x2000ULL
#define PD       0x3000ULL
#define PD_MMIO  0x4000ULL
#define CODE     0x8000ULL
#define MMIO     0x40000000ULL
#define LAPS     40

struct machine {
    struct pool *pool;
    struct trace trace;
    struct cpu *cpu;
    struct kvm_module m;
    struct kvm *k;
    struct kvm_vm *vm;
    struct kvm_vcpu *v;
    hva_t ram;
    unsigned count[N_EVENTS];
    bool moved; /* after half of the laps */
};

static void count(void *ctx, const struct event *ev)
{
    ((struct machine *)ctx)->count[ev->id]++;
}

static void boot(struct machine *x, const char *kernel, const char *cpu,
                 const struct kvm_params *params)
{
    struct err e = { 0 };
    const struct mark nowhere = { 0 };
    const struct kernel_file *k;
    const struct cpu_file *c;
    struct catalog *models;
    struct wire w;

    *x = (struct machine) { .pool = pool_create() };
    models = catalog_open(x->pool, "models");
    k = catalog_kernel(models, kernel, nowhere, &e);
    ck_assert_msg(k, "%s", e.msg);
    c = catalog_cpu(models, cpu, nowhere, &e);
    ck_assert_msg(c, "%s", e.msg);
    trace_init(&x->trace, x->pool);
    trace_add_sink(&x->trace, count, x);
    x->cpu = cpu_create(x->pool, &c->model, &x->trace);
    w = cpu_wire(x->cpu);
    kvm_module_load(&x->m, &w, &k->model, params, &x->trace);
    x->k = kvm_open(x->pool, &x->m);
}

/* ---- the guest ---- */

static void poke(struct machine *x, gpa_t gpa, const void *data, size_t len)
{
    ck_assert_int_eq(kvm_host_write(x->k, x->ram + gpa, data, len), 0);
}

static void entry(struct machine *x, gpa_t gpa, uint64_t value)
{
    poke(x, gpa, &value, sizeof(value));
}

/* 64-bit, identity-mapped, private memory with the C-bit, MMIO without. Code:
 * three loads from the device, then HLT. */
static void write_guest(struct machine *x, uint64_t cbit)
{
    const uint64_t table = PTE_P | PTE_W | PTE_U | cbit;
    static const uint8_t load[] = { 0x8b, 0x04, 0x25, 0, 0, 0, 0x40 };
    static const uint8_t hlt[] = { 0xf4 };

    entry(x, PML4, PDPT | table);
    entry(x, PDPT, PD | table);
    entry(x, PDPT + 8, PD_MMIO | table);
    entry(x, PD, PTE_PS | table);
    entry(x, PD_MMIO, MMIO | PTE_P | PTE_W | PTE_PS);
    for (unsigned i = 0; i < 3; i++)
        poke(x, CODE + i * sizeof(load), load, sizeof(load));
    poke(x, CODE + 3 * sizeof(load), hlt, sizeof(hlt));
}

static int op(struct machine *x, enum sev_cmd_id id, hva_t hva, uint64_t len)
{
    struct sev_cmd cmd = { id, hva, len };

    return kvm_memory_encrypt_op(x->vm, &cmd);
}

static void make_vm(struct machine *x, enum kvm_vm_type type)
{
    bool typed = kvm_wants_typed_vm(x->k);
    enum sev_cmd_id init = typed                    ? SEV_CMD_INIT2
                           : type == KVM_X86_SEV_VM ? SEV_CMD_INIT
                                                    : SEV_CMD_ES_INIT;

    ck_assert_int_eq(
        kvm_create_vm(x->k, typed ? type : KVM_X86_DEFAULT_VM, &x->vm), 0);
    if (type != KVM_X86_DEFAULT_VM)
        ck_assert_int_eq(op(x, init, 0, 0), 0);
}

static void launch(struct machine *x, enum kvm_vm_type type)
{
    bool sev = type != KVM_X86_DEFAULT_VM;
    struct kvm_memory_region r = { .size = RAM_SIZE };
    struct kvm_regs regs = { .rip = CODE,
                             .rflags = RFLAGS_FIXED,
                             .cr0 = CR0_PE | CR0_PG | CR0_WP,
                             .cr4 = CR4_PAE,
                             .efer = EFER_LME | EFER_LMA | EFER_NXE,
                             .cs = 8,
                             .ss = 16 };
    uint64_t cbit = sev ? x->m.sev_enc_bit : 0;

    r.hva = x->ram = kvm_host_mmap(x->k, RAM_SIZE, 0x1000);
    make_vm(x, type);
    ck_assert_int_eq(kvm_set_memory_region(x->vm, &r), 0);
    ck_assert_int_eq(kvm_create_vcpu(x->vm, 0, &x->v), 0);
    regs.cr3 = PML4 | cbit;
    ck_assert_int_eq(kvm_set_regs(x->v, &regs), 0);
    write_guest(x, cbit);
    if (!sev)
        return;
    ck_assert_int_eq(op(x, SEV_CMD_LAUNCH_START, 0, 0), 0);
    ck_assert_int_eq(op(x, SEV_CMD_LAUNCH_UPDATE_DATA, x->ram, 0x10000), 0);
    if (type == KVM_X86_SEV_ES_VM)
        ck_assert_int_eq(op(x, SEV_CMD_LAUNCH_UPDATE_VMSA, 0, 0), 0);
    ck_assert_int_eq(op(x, SEV_CMD_LAUNCH_FINISH, 0, 0), 0);
}

static bool after(void *ctx, uint64_t laps)
{
    struct machine *x = ctx;

    if (laps == LAPS / 2)
        cpu_state_mark(x->cpu);
    else if (laps > LAPS / 2)
        x->moved |= !cpu_state_same(x->cpu);
    return laps >= LAPS;
}

/* Run to the end; devices answer 0x5a. Returns KVM_RUN's last answer. */
static int run(struct machine *x)
{
    struct kvm_signals s = { after, x };
    struct kvm_run *r = kvm_run_of(x->v);
    int ret;

    while (!(ret = kvm_run(x->v, &s)) && r->exit_reason == KVM_EXIT_MMIO)
        memset(r->mmio.data, 0x5a, sizeof(r->mmio.data));
    return ret;
}

/* ---- the table ---- */

static const struct {
    const char *kernel;
    enum kvm_vm_type type;
    bool caching, sme;
    unsigned planted, exits, vc; /* MMIO SPTEs, MMIO exits, #VCs */
    int ret;
    unsigned reason;
} cases[] = {
    { "v6.0", KVM_X86_DEFAULT_VM, true, false, 1, 3, 0, 0, KVM_EXIT_HLT },
    { "v6.0", KVM_X86_DEFAULT_VM, false, false, 0, 3, 0, 0, KVM_EXIT_HLT },
    { "v7.3", KVM_X86_DEFAULT_VM, true, false, 1, 3, 0, 0, KVM_EXIT_HLT },
    { "v5.18", KVM_X86_DEFAULT_VM, true, true, 1, 3, 0, 0, KVM_EXIT_HLT },
    { "v7.3", KVM_X86_DEFAULT_VM, true, true, 1, 3, 0, 0, KVM_EXIT_HLT },
    { "v6.0", KVM_X86_SEV_VM, true, false, 1, 3, 0, 0, KVM_EXIT_HLT },
    { "v6.0", KVM_X86_SEV_VM, false, false, 0, 3, 0, 0, KVM_EXIT_HLT },
    { "v7.3", KVM_X86_SEV_VM, true, false, 1, 3, 0, 0, KVM_EXIT_HLT },
    { "v6.0", KVM_X86_SEV_VM, true, true, 1, 3, 0, 0, KVM_EXIT_HLT },
    /* One exit, then #VC; without a handler that is the end. */
    { "v6.1", KVM_X86_SEV_ES_VM, true, false, 1, 0, 1, -EINVAL, 0 },
    { "v6.1", KVM_X86_SEV_ES_VM, true, true, 1, 0, 1, -EINVAL, 0 },
    { "v7.3", KVM_X86_SEV_ES_VM, true, false, 1, 0, 1, 0, KVM_EXIT_SHUTDOWN },
    /* 5.18 offers SEV-ES without MMIO caching: it never gets further. */
    { "v5.18", KVM_X86_SEV_ES_VM, false, false, 0, 0, 0, -EINTR,
      KVM_EXIT_INTR },
};

START_TEST(three_loads_from_a_device)
{
    struct kvm_params p = kvm_default_params();
    struct machine x;
    int ret;

    p.mmio_caching = cases[_i].caching;
    p.sme = cases[_i].sme;
    boot(&x, cases[_i].kernel, "milan", &p);
    launch(&x, cases[_i].type);
    ret = run(&x);
    ck_assert_int_eq(ret, cases[_i].ret);
    if (ret != -EINVAL)
        ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, cases[_i].reason);
    ck_assert_uint_eq(x.count[EV_mark_mmio_spte], cases[_i].planted);
    ck_assert_uint_eq(x.count[EV_vcpu_match_mmio], cases[_i].exits);
    ck_assert_uint_eq(x.count[EV_vc], cases[_i].vc);
    pool_destroy(x.pool);
}
END_TEST

/* That is what lets the run loop call it a hang. */
START_TEST(in_the_endless_loop_nothing_moves)
{
    struct kvm_params p = kvm_default_params();
    struct machine x;

    p.mmio_caching = false;
    boot(&x, "v5.18", "milan", &p);
    launch(&x, KVM_X86_SEV_ES_VM);
    ck_assert_int_eq(run(&x), -EINTR);
    ck_assert_uint_eq(x.count[EV_vmexit], LAPS);
    ck_assert_uint_eq(kvm_last_exit_of(x.v).code, EXIT_NPF);
    ck_assert_uint_eq(kvm_last_exit_of(x.v).info1,
                      PFERR_GUEST_FINAL | PFERR_USER);
    ck_assert_uint_eq(kvm_last_exit_of(x.v).info2, MMIO);
    ck_assert(!x.moved);
    pool_destroy(x.pool);
}
END_TEST

/* The vCPU's cache hides the SPTE from KVM; a change of the memslots voids it,
 * and the SPTE's own generation is looked at. */
START_TEST(a_changed_memslot_makes_kvm_look_twice)
{
    struct kvm_memory_region r = { .slot = 1,
                                   .gpa = 0x10000000,
                                   .size = 0x1000 };
    struct kvm_params p = kvm_default_params();
    struct machine x;

    boot(&x, "v6.1", "milan", &p);
    launch(&x, KVM_X86_DEFAULT_VM);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0); /* the first load's exit */
    r.hva = kvm_host_mmap(x.k, r.size, 0x1000);
    ck_assert_int_eq(kvm_set_memory_region(x.vm, &r), 0);
    ck_assert_int_eq(run(&x), 0);
    ck_assert_uint_eq(x.count[EV_check_mmio_spte], 1);
    ck_assert_uint_eq(x.count[EV_mark_mmio_spte], 2);
    pool_destroy(x.pool);
}
END_TEST

START_TEST(a_device_that_becomes_memory_is_read_as_memory)
{
    struct kvm_memory_region r = { .slot = 1, .gpa = MMIO, .size = 0x200000 };
    struct kvm_params p = kvm_default_params();
    const uint32_t value = 0x12345678;
    struct kvm_regs regs;
    struct machine x;

    boot(&x, "v6.1", "milan", &p);
    launch(&x, KVM_X86_DEFAULT_VM);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    r.hva = kvm_host_mmap(x.k, r.size, 0x200000);
    ck_assert_int_eq(kvm_host_write(x.k, r.hva, &value, sizeof(value)), 0);
    ck_assert_int_eq(kvm_set_memory_region(x.vm, &r), 0);
    ck_assert_int_eq(run(&x), 0);
    ck_assert_int_eq(kvm_get_regs(x.v, &regs), 0);
    ck_assert_uint_eq(regs.gpr[GPR_RAX], value);
    pool_destroy(x.pool);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kvm/touch");
    TCase *t = tcase_create("touch");

    tcase_add_loop_test(t, three_loads_from_a_device, 0, ARRAY_SIZE(cases));
    tcase_add_test(t, in_the_endless_loop_nothing_moves);
    tcase_add_test(t, a_changed_memslot_makes_kvm_look_twice);
    tcase_add_test(t, a_device_that_becomes_memory_is_read_as_memory);
    suite_add_tcase(s, t);
    return run_suite(s);
}
