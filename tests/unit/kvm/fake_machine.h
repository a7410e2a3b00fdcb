/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_machine.h - just enough of a machine to run KVM's own half on.
 *
 * Memory without keys, and a "CPU" that walks nested tables naively and lives
 * through a list of guest accesses. Written apart from sim/hw, so that what KVM
 * does is judged without the model CPU. The module is filled in by hand: these
 * tests are about run time, not about what a load concludes.
 */
#ifndef NPTSIM_TESTS_FAKE_MACHINE_H
#define NPTSIM_TESTS_FAKE_MACHINE_H

#include "arch/paging.h"
#include "kvm.h"
#include "kvm/slots.h"
#include "kvm/vm.h"
#include "unit/kvm/fake_wire.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_PAGES     65536U
#define FAKE_RIP       0x1000ULL /* of the first access; 8 bytes each */
#define FAKE_MAX_TOUCH 32U

/* One guest access: a 7-byte MOV between EAX and the page at @gpa. */
struct fake_touch {
    gpa_t gpa;
    bool write;
};

struct fake_page {
    spa_t spa;
    uint8_t *data;
};

struct fake_machine {
    struct fake_host host; /* first: fake_cpuid() and fake_rdmsr() want it */
    struct pool *pool;
    struct fake_page page[FAKE_PAGES];
    unsigned width; /* what the walker accepts */
    bool sev_es;    /* a reserved-bit fault stays inside the guest */

    struct fake_touch touch[FAKE_MAX_TOUCH];
    unsigned n_touches;
    unsigned npf, rsvd_npf, vc; /* how often each happened */
    spa_t last_spa;             /* where the last good access went */
    uint64_t eax;               /* what it would read */
    /* Replaces the list of accesses: one VMRUN. */
    void (*guest)(struct fake_machine *f, spa_t vmcb, uint64_t gpr[N_GPRS]);
    void *guest_ctx;

    uint64_t efer, hsave;
    unsigned psp_calls;
    enum psp_cmd psp_log[64];
    struct psp_request psp_last;
    enum psp_status psp_status;
};

static inline uint8_t *fake_byte(struct fake_machine *f, spa_t spa)
{
    unsigned i = (unsigned)(spa >> 12) * 2654435761U % FAKE_PAGES;

    while (f->page[i].data && f->page[i].spa != (spa & PAGE_MASK_4K))
        i = (i + 1) % FAKE_PAGES;
    if (!f->page[i].data)
        f->page[i] = (struct fake_page) { spa & PAGE_MASK_4K,
                                          pool_alloc(f->pool, PAGE_SIZE_4K) };
    return f->page[i].data + (spa & ~PAGE_MASK_4K);
}

static inline void fake_read(void *hw, spa_t spa, void *buf, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)buf)[i] = *fake_byte(hw, spa + i);
}

static inline bool fake_write(void *hw, spa_t spa, const void *buf, size_t len)
{
    for (size_t i = 0; i < len; i++)
        *fake_byte(hw, spa + i) = ((const uint8_t *)buf)[i];
    return true;
}

static inline void fake_read_c(void *hw, spa_t spa, void *buf, size_t len,
                               bool c)
{
    (void)c;
    fake_read(hw, spa, buf, len);
}

static inline bool fake_write_c(void *hw, spa_t spa, const void *buf,
                                size_t len, bool c)
{
    (void)c;
    return fake_write(hw, spa, buf, len);
}

static inline uint64_t fake_read64(void *hw, spa_t spa)
{
    uint64_t v;

    fake_read(hw, spa, &v, sizeof(v));
    return v;
}

static inline bool fake_write64(void *hw, spa_t spa, uint64_t v)
{
    return fake_write(hw, spa, &v, sizeof(v));
}

static inline bool fake_machine_rdmsr(void *hw, uint32_t msr, uint64_t *v)
{
    struct fake_machine *f = hw;

    if (msr != MSR_EFER)
        return fake_rdmsr(hw, msr, v);
    *v = f->efer;
    return true;
}

static inline bool fake_wrmsr(void *hw, uint32_t msr, uint64_t v)
{
    struct fake_machine *f = hw;

    if (msr == MSR_EFER)
        f->efer = v;
    if (msr == MSR_VM_HSAVE_PA)
        f->hsave = v;
    return msr == MSR_EFER || msr == MSR_VM_HSAVE_PA;
}

static inline enum psp_status fake_machine_psp(void *hw, enum psp_cmd cmd,
                                               struct psp_request *r)
{
    struct fake_machine *f = hw;

    f->psp_log[f->psp_calls++ % ARRAY_SIZE(f->psp_log)] = cmd;
    f->psp_last = *r;
    if (cmd == PSP_LAUNCH_START)
        r->handle = 7;
    return f->psp_status;
}

/* ---- the guest ---- */

/* Walk @gpa under @ncr3, 4 levels. 0: *@spa; else the fault code. */
static inline uint64_t fake_npt_walk(struct fake_machine *f, spa_t ncr3,
                                     gpa_t gpa, bool write, spa_t *spa)
{
    uint64_t code = PFERR_GUEST_FINAL | PFERR_USER | (write ? PFERR_WRITE : 0);
    spa_t table = ncr3;

    for (unsigned level = 4; level; level--) {
        uint64_t pte =
            fake_read64(f, table + 8 * (gpa >> (3 + 9 * level) & 511));
        bool leaf = level == 1 || (pte & PTE_PS);

        if (!(pte & PTE_P))
            return code;
        if (pte & bits(51, f->width))
            return code | PFERR_PRESENT | PFERR_RSVD;
        if (!(pte & PTE_U) || (write && !(pte & PTE_W)))
            return code | PFERR_PRESENT;
        table = pte & PTE_ADDR_MASK;
        if (leaf) {
            *spa =
                (table & ~(pt_size(level) - 1)) | (gpa & (pt_size(level) - 1));
            return 0;
        }
    }
    return code;
}

static inline void fake_exit(struct fake_machine *f, spa_t vmcb, uint64_t code,
                             uint64_t info1, uint64_t info2)
{
    fake_write64(f, vmcb + VMCB_EXITCODE, code);
    fake_write64(f, vmcb + VMCB_EXITINFO1, info1);
    fake_write64(f, vmcb + VMCB_EXITINFO2, info2);
    fake_write64(f, vmcb + VMCB_EXITINTINFO, 0);
    fake_write64(f, vmcb + VMCB_NRIP, 0);
    fake_write64(f, vmcb + VMCB_INSN_LEN, 0);
}

/* The bytes that decode assists deliver. */
static inline void fake_insn(struct fake_machine *f, spa_t vmcb,
                             const uint8_t *bytes, unsigned len)
{
    uint8_t field[16] = { (uint8_t)len };

    memcpy(field + 1, bytes, len);
    fake_write(f, vmcb + VMCB_INSN_LEN, field, sizeof(field));
}

static inline bool fake_vmrun(void *hw, spa_t vmcb, uint64_t gpr[N_GPRS])
{
    struct fake_machine *f = hw;
    spa_t rip_at = vmcb + VMCB_SAVE + SAVE_RIP;
    unsigned i;

    if (f->guest) {
        f->guest(f, vmcb, gpr);
        return true;
    }
    i = (unsigned)((fake_read64(f, rip_at) + 7 - FAKE_RIP) / 8);
    for (; i < f->n_touches; i++) {
        const struct fake_touch *t = &f->touch[i];
        uint32_t disp = (uint32_t)t->gpa;
        uint8_t mov[7] = { t->write ? 0x89 : 0x8b, 0x04, 0x25 };
        uint64_t code = fake_npt_walk(f, fake_read64(f, vmcb + VMCB_NCR3),
                                      t->gpa, t->write, &f->last_spa);

        fake_write64(f, rip_at, FAKE_RIP + 8 * i);
        if (!code)
            continue;
        if (f->sev_es && (code & PFERR_RSVD)) {
            f->vc++; /* the handler would ask for it; here it gives up */
            continue;
        }
        f->npf++;
        f->rsvd_npf += (code & PFERR_RSVD) != 0;
        fake_exit(f, vmcb, EXIT_NPF, code, t->gpa);
        if (!f->sev_es) {
            memcpy(mov + 3, &disp, 4);
            fake_insn(f, vmcb, mov, sizeof(mov));
        }
        return true;
    }
    fake_write64(f, rip_at, FAKE_RIP + 8 * i);
    f->eax = fake_read64(f, vmcb + VMCB_SAVE + SAVE_RAX);
    fake_exit(f, vmcb, EXIT_HLT, 0, 0);
    /* Stay here: accesses that the test adds later come next. */
    fake_write64(f, vmcb + VMCB_NRIP, FAKE_RIP + 8 * i);
    return true;
}

/* ---- putting it together ---- */

/* A machine, the kernel on it, a VM with one vCPU. */
struct fixture {
    struct pool *pool;
    struct fake_machine *f;
    struct kernel_model kernel;
    struct kvm_module m;
    struct trace *trace;
    struct kvm *k;
    struct kvm_vm *vm;
    struct kvm_vcpu *v;
};

static inline struct wire fake_machine_wire(struct fake_machine *f)
{
    static const struct wire_ops ops = {
        .cpuid = fake_cpuid,
        .rdmsr = fake_machine_rdmsr,
        .wrmsr = fake_wrmsr,
        .read = fake_read,
        .write = fake_write,
        .read_c = fake_read_c,
        .write_c = fake_write_c,
        .read64 = fake_read64,
        .write64 = fake_write64,
        .vmrun = fake_vmrun,
        .psp = fake_machine_psp,
    };

    return (struct wire) { f, &ops };
}

/* What a 6.1 kernel concludes on a host of 48 bits, 5 given up, C-bit 47. The
 * rows follow models/kernels/v6.1.yaml as far as run time asks for them. */
static inline void fixture_module(struct fixture *x)
{
    x->kernel = (struct kernel_model) { .name = "by hand", .source = "a test" };
    x->kernel.slot[SLOT_MMIO_FLAG] = MMIO_FLAG_SNAPSHOT;
    x->kernel.slot[SLOT_MAX_GFN] = MAX_GFN_CHECKED;
    x->kernel.slot[SLOT_GHCB_BAD_SCRATCH] = GHCB_BAD_MALFORMED;
    x->kernel.slot[SLOT_GHCB_TERMINATE] = GHCB_TERM_SYSTEM_EVENT;
    x->m = (struct kvm_module) {
        .wire = fake_machine_wire(x->f),
        .kernel = &x->kernel,
        .trace = x->trace,
        .x86_phys_bits = 43,
        .extended_cpuid_level = 0x80000021,
        .svm_features = FAKE_NP | FAKE_LBRV | FAKE_NRIPS | FAKE_FLUSH | FAKE_DA,
        .maxphyaddr = 48,
        .enable_mmio_caching = true,
        .lower_gfn_mask = bits(42, 12),
        .mmio_value = bits(51, 43) | PTE_P,
        .mmio_mask = bits(51, 43) | PTE_P,
        .mmio_access_mask = 6,
        .npt_enabled = true,
        .nrips = true,
        .sev = true,
        .sev_es = true,
        .min_sev_asid = 100,
        .max_sev_asid = 509,
        .min_sev_es_asid = 1,
        .max_sev_es_asid = 99,
        .sev_enc_bit = BIT(47),
    };
}

static inline void fixture_setup(struct fixture *x)
{
    *x = (struct fixture) { .pool = pool_create() };
    x->f = pool_alloc(x->pool, sizeof(*x->f));
    x->f->host = fake_host();
    x->f->pool = x->pool;
    x->f->width = 43;
    x->trace = pool_alloc(x->pool, sizeof(*x->trace));
    trace_init(x->trace, x->pool);
    fixture_module(x);
}

static inline void fixture_regs(struct fixture *x)
{
    struct kvm_regs r = { .rip = FAKE_RIP,
                          .cr0 = CR0_PE | CR0_PG | CR0_WP,
                          .cr4 = CR4_PAE,
                          .efer = EFER_LME | EFER_LMA | EFER_NXE,
                          .cs = 0x10,
                          .ss = 0x18 };

    ck_assert_int_eq(kvm_set_regs(x->v, &r), 0);
}

/* Open /dev/kvm, make a VM (SEV by the legacy way if @cmd is an INIT) and a
 * vCPU. After this the module must not change. */
static inline void fixture_vm(struct fixture *x, enum sev_cmd_id cmd)
{
    struct sev_cmd init = { .id = cmd };

    x->k = kvm_open(x->pool, &x->m);
    ck_assert_int_eq(kvm_create_vm(x->k, KVM_X86_DEFAULT_VM, &x->vm), 0);
    if (cmd != SEV_CMD_PROBE)
        ck_assert_int_eq(kvm_memory_encrypt_op(x->vm, &init), 0);
    x->f->sev_es = cmd == SEV_CMD_ES_INIT;
    ck_assert_int_eq(kvm_create_vcpu(x->vm, 0, &x->v), 0);
    fixture_regs(x);
}

static inline void fixture_teardown(struct fixture *x)
{
    pool_destroy(x->pool);
}

/* @size bytes of memory at @gpa in slot @id, backed by @page_size pages. */
static inline int fixture_slot(struct fixture *x, uint32_t id, gpa_t gpa,
                               uint64_t size, uint64_t page_size, bool readonly)
{
    struct kvm_memory_region r = { .slot = id,
                                   .readonly = readonly,
                                   .gpa = gpa,
                                   .size = size,
                                   .hva =
                                       kvm_host_mmap(x->k, size, page_size) };

    ck_assert_uint_ne(r.hva, 0);
    return kvm_set_memory_region(x->vm, &r);
}

static inline void fixture_touch(struct fixture *x, gpa_t gpa, bool write)
{
    x->f->touch[x->f->n_touches++] = (struct fake_touch) { gpa, write };
}

/* Signals after @n laps: for guests that never leave KVM_RUN. */
static inline bool fixture_laps(void *ctx, uint64_t laps)
{
    return laps >= *(uint64_t *)ctx;
}

/* KVM_RUN until something else than MMIO comes back; MMIO reads give 0x5a. */
static inline int fixture_run(struct fixture *x, uint64_t max_laps,
                              unsigned *mmio_exits)
{
    struct kvm_signals s = { fixture_laps, &max_laps };
    struct kvm_run *run = kvm_run_of(x->v);
    int ret;

    *mmio_exits = 0;
    while (!(ret = kvm_run(x->v, &s)) && run->exit_reason == KVM_EXIT_MMIO) {
        ++*mmio_exits;
        if (!run->mmio.is_write)
            memset(run->mmio.data, 0x5a, run->mmio.len);
    }
    return ret;
}

/* The nested entry that maps @gpa, by the naive walk; 0 = none. */
static inline uint64_t fixture_spte(struct fixture *x, gpa_t gpa,
                                    unsigned *level)
{
    spa_t table = fake_read64(x->f, x->v->vmcb + VMCB_NCR3);
    uint64_t pte = 0;

    for (*level = 4; *level; --*level) {
        pte = fake_read64(x->f, table + 8 * (gpa >> (3 + 9 * *level) & 511));
        if (!(pte & PTE_P) || *level == 1 || (pte & PTE_PS))
            break;
        table = pte & PTE_ADDR_MASK;
    }
    return pte;
}

#endif
