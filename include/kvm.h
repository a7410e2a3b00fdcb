/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm.h - the kernel as userspace sees it: module parameters, ioctls, KVM_RUN.
 *
 * Behind it stand the decisions of many kernels as named slots. A kernel model
 * is a choice of one row per slot plus ordered lists of gates; there is no
 * version number in C (design.md, 5).
 */
#ifndef NPTSIM_KVM_H
#define NPTSIM_KVM_H

#include "base.h"
#include "wire.h"

struct trace;

/* ---- a kernel model ---- */

/* A decision that upstream made in more than one way. The rows of each slot
 * are named in sim/kvm/slots.c. */
enum kvm_slot {
    SLOT_BOOT_WIDTH, /* when early boot reads the width, and reduces it */
    SLOT_SNP_HOST,   /* which CPUs may host SEV-SNP */
    SLOT_MMIO_FLAG,  /* what "MMIO caching is on" means, and when it is set */
    SLOT_MMIO_MASK_CHECK,  /* is the mask confined to the allowed bits? */
    SLOT_MMIO_MASK_BUMP,   /* does the mask step over the C-bit? */
    SLOT_MMIO_ZERO_WARN,   /* does planting an MMIO value of 0 WARN? */
    SLOT_MMIO_GENERATION,  /* width of the generation in an MMIO SPTE */
    SLOT_MMIO_ACCESS,      /* which access bits a TDP MMIO SPTE stores */
    SLOT_FROZEN_SPTE,      /* the value of a removed/frozen SPTE */
    SLOT_EMPTY_SPTE,       /* the value of a never-used SPTE */
    SLOT_HOST_WIDTH,       /* is the raw width read again or kept from boot? */
    SLOT_ME_MASK,          /* where the host's C-bit for SPTEs comes from */
    SLOT_SEV_CGROUP,       /* what failing to charge the misc cgroup does */
    SLOT_SEV_LOG,          /* which log lines SEV setup prints */
    SLOT_SEV_RANGES,       /* how ES and SNP share the ASIDs */
    SLOT_SEV_PSP_INIT,     /* when the PSP is initialised, what failure does */
    SLOT_PSP_SNP_FAILURE,  /* does a failed SNP_INIT end SEV's INIT, too? */
    SLOT_VM_TYPES,         /* which VM types KVM_CAP_VM_TYPES offers */
    SLOT_SEV_INIT_ERRNO,   /* errno of SEV_INIT with no usable ASID */
    SLOT_SEV_REINIT_ERRNO, /* errno of a second SEV_INIT */
    SLOT_VM_CREATE,        /* how userspace asks for SEV: ES_INIT or INIT2 */
    SLOT_EMULATE_VERDICT,  /* bool or code; which code for SEV-ES */
    SLOT_SKIP_NO_BYTES,    /* what stepping over unseen code does to SEV */
    SLOT_NPF_EXIT,         /* what npf_interception does before the MMU */
    SLOT_NOSLOT,           /* the no-slot handler's order */
    SLOT_MAX_GFN,          /* is a gfn beyond the host's width refused? */
    SLOT_WRITE_PROTECTED,  /* what a write to a write-protected gfn returns */
    SLOT_GHCB_BAD_SCRATCH, /* how a bad GHCB is answered */
    SLOT_GHCB_TERMINATE,   /* how a guest's wish to die reaches userspace */
    SLOT_ES_SHUTDOWN,      /* SHUTDOWN of an SEV-ES guest */
    SLOT_CPUID_SEV,        /* what KVM_GET_SUPPORTED_CPUID shows of SEV */
    SLOT_CPUID_WIDTH,      /* what it shows of widths */
    N_KVM_SLOTS,
};

struct kvm_slot_desc {
    const char *name;     /* as in a kernel model file: "mmio_flag" */
    const char *question; /* one sentence */
    unsigned n_rows;
    const char *const *rows; /* names, index = the value in kernel_model.slot */
};
extern const struct kvm_slot_desc kvm_slot_table[N_KVM_SLOTS];

/* Steps of svm_hardware_setup that matter here, in the kernel's order. */
enum kvm_setup_step {
    SETUP_NPT,
    SETUP_ME_MASK,
    SETUP_MMIO_MASK,
    SETUP_NRIPS,
    SETUP_LBRV,
    SETUP_SEV,
    N_SETUP_STEPS,
};
extern const char *const kvm_setup_step_names[N_SETUP_STEPS];

/* Conditions of sev_hardware_setup, in the order of the lists. */
enum kvm_gate {
    GATE_MODULE_PARAM, /* the feature's own parameter */
    GATE_NPT,          /* npt_enabled */
    GATE_NRIPS,
    GATE_CPUID, /* the feature's CPUID bit, after boot-time clearing */
    GATE_DECODEASSISTS,
    GATE_FLUSHBYASID,
    GATE_PSP_DRIVER,
    GATE_ASIDS, /* SEV: max ASID nonzero; ES: min ASID != 1 */
    GATE_CGROUP,
    GATE_MMIO_CACHING,
    GATE_LBRV,
    GATE_HOST_SNP,
    N_KVM_GATES,
};
extern const char *const kvm_gate_names[N_KVM_GATES];

struct kvm_gate_list {
    unsigned n;
    uint8_t gate[N_KVM_GATES];
    const char *because[N_KVM_GATES]; /* commit or tag, may be NULL */
    const char *list_because; /* why the list changed as a whole, or NULL */
};

struct kernel_model {
    const char *name, *source;
    uint8_t slot[N_KVM_SLOTS];
    const char *slot_because[N_KVM_SLOTS]; /* commit or tag, may be NULL */
    unsigned n_setup;
    uint8_t setup[N_SETUP_STEPS];
    const char *setup_because;
    struct kvm_gate_list sev, sev_es, sev_snp;
};

/* ---- loading: boot, kvm.ko, kvm-amd.ko ---- */

/* Module parameters as requested, and how the kernel was booted. */
struct kvm_params {
    bool mmio_caching, npt, sev, sev_es, sev_snp; /* defaults: all true */
    bool nrips, lbrv;
    uint32_t ciphertext_hiding_asids; /* default 0 */
    bool sme;  /* booted with memory encryption: sme_me_mask is the C-bit */
    bool la57; /* booted with five-level paging, where the CPU has it */
    /* Not an AMD reality, but in the code that all x86 share. */
    bool bug_l1tf;
    unsigned x86_cache_bits; /* 0: the raw width */
};
struct kvm_params kvm_default_params(void);

#define KVM_LOG_MAX 48

/* Each builds on the one before. */
enum sev_feature { FEATURE_SEV, FEATURE_SEV_ES, FEATURE_SEV_SNP };

struct kvm_asid_range {
    uint32_t min, max;
};

/* What the driver of the secure processor knows. */
struct kvm_psp {
    bool initialized, snp_initialized;
};

/* Everything that the kernel concluded by the time kvm-amd.ko is loaded. */
struct kvm_module {
    struct wire wire;
    const struct kernel_model *kernel;
    struct kvm_params params; /* as requested */
    struct trace *trace;

    /* boot */
    unsigned x86_phys_bits; /* final, reduced when the kernel reduced it */
    unsigned x86_cache_bits;
    bool cap_sme, cap_sev, cap_sev_es, cap_sev_snp; /* feature flags left */
    unsigned sme_cbit;                              /* 0: SME not active */
    bool la57; /* the host pages with five levels, so do nested tables */
    uint32_t extended_cpuid_level; /* CPUID 8000_0000 EAX */
    uint32_t svm_features;         /* CPUID 8000_000A EDX */
    unsigned x86_phys_bits_pass1;  /* after the first of two passes */
    struct kvm_psp psp;            /* the PSP driver, which stays loaded */

    /* kvm.ko */
    unsigned maxphyaddr; /* shadow_phys_bits, kvm_host.maxphyaddr: raw */
    bool allow_mmio_caching;
    bool warned_of_cache_bits; /* once while kvm.ko stays */
    bool enable_mmio_caching;  /* as sysfs reads it after load */
    uint64_t nonpresent_or_rsvd_mask, lower_gfn_mask;
    uint64_t mmio_value, mmio_mask, mmio_access_mask;
    uint64_t me_value, me_mask;
    uint64_t value_at_reset;
    bool caching_at_reset;

    /* kvm-amd.ko */
    bool npt_enabled, nrips, lbrv;
    bool sev, sev_es, sev_snp; /* final module parameters */
    bool sev_supported, sev_es_supported;
    uint32_t min_sev_asid, max_sev_asid;
    uint32_t min_sev_es_asid, max_sev_es_asid;
    uint32_t min_snp_asid, max_snp_asid;
    uint64_t sev_enc_bit;
    bool cpu_cap_sev, cpu_cap_sev_es, cpu_cap_snp; /* kvm_cpu_caps */
    uint32_t
        vm_types; /* KVM_CAP_VM_TYPES: 1 default, 4 SEV, 8 SEV_ES, 10h SNP */
    /* Condensed log lines: "enabled:1-99", "supported:410"; "" = no line. */
    char sev_log[KVM_LOG_MAX], sev_es_log[KVM_LOG_MAX], snp_log[KVM_LOG_MAX];
    uint32_t cg_sev, cg_sev_es; /* misc-cgroup capacities, 0 = not set */
    uint32_t cth_asids;         /* final ciphertext_hiding_asids */
    bool cth_log; /* "SEV-SNP ciphertext hiding enabled" was printed */
    /* What the PSP driver was told to hide; -1: it was not called. */
    int64_t init_max_snp_asid;
    unsigned warn_count;
};

/* Boot the kernel on the machine behind @wire and load both modules. No
 * allocation, no failure: refusals are results. */
void kvm_module_load(struct kvm_module *m, const struct wire *wire,
                     const struct kernel_model *kernel,
                     const struct kvm_params *params, struct trace *trace);
/* Load kvm-amd.ko a second time while kvm.ko stays. */
void kvm_module_reload(struct kvm_module *m);

/* The ASIDs of @f as the kernel's log would tell them, also when it does not.
 */
struct kvm_asid_range kvm_asids_told(const struct kvm_module *m,
                                     enum sev_feature f);

/* KVM_GET_SUPPORTED_CPUID: leaves 8000_0008 and 8000_001F. */
struct cpuid_regs kvm_supported_cpuid(const struct kvm_module *m,
                                      uint32_t leaf);

/* MMIO SPTEs, for `batch spte` and `decode spte`; @gen is a memslots generation
 * with the in-progress flag in bit 63. */
uint64_t kvm_make_mmio_spte(const struct kvm_module *m, uint64_t gfn,
                            unsigned access, uint64_t gen);
/* Does making one WARN, because KVM has no MMIO value? */
bool kvm_mmio_spte_warns(const struct kvm_module *m);
/* What an MMIO SPTE holds of a memslots generation. */
uint64_t kvm_mmio_generation_part(const struct kvm_module *m, uint64_t gen);
/* Was @spte made while the memslots were of @generation, and is no update in
 * progress? */
bool kvm_mmio_spte_is_current(const struct kvm_module *m, uint64_t spte,
                              uint64_t generation);
bool kvm_is_mmio_spte(const struct kvm_module *m, uint64_t spte);
uint64_t kvm_mmio_spte_gfn(const struct kvm_module *m, uint64_t spte);
unsigned kvm_mmio_spte_access(const struct kvm_module *m, uint64_t spte);
uint64_t kvm_mmio_spte_generation(const struct kvm_module *m, uint64_t spte);
uint64_t kvm_mmu_max_gfn(const struct kvm_module *m);

/* ---- /dev/kvm ---- */

struct kvm_vm;
struct kvm_vcpu;

enum kvm_vm_type { /* KVM_X86_*_VM */
                   KVM_X86_DEFAULT_VM = 0,
                   KVM_X86_SW_PROTECTED_VM = 1,
                   KVM_X86_SEV_VM = 2,
                   KVM_X86_SEV_ES_VM = 3,
                   KVM_X86_SNP_VM = 4,
};

/* KVM_MEMORY_ENCRYPT_OP commands that this version knows. */
enum sev_cmd_id {
    SEV_CMD_PROBE = -1, /* NULL argument: is SEV there? */
    SEV_CMD_INIT = 0,
    SEV_CMD_ES_INIT = 1,
    SEV_CMD_LAUNCH_START = 2,
    SEV_CMD_LAUNCH_UPDATE_DATA = 3,
    SEV_CMD_LAUNCH_UPDATE_VMSA = 4,
    SEV_CMD_LAUNCH_FINISH = 7,
    SEV_CMD_INIT2 = 22,
};

struct sev_cmd {
    enum sev_cmd_id id;
    hva_t hva;    /* LAUNCH_UPDATE_DATA */
    uint64_t len; /* LAUNCH_UPDATE_DATA */
};

/* A process that has /dev/kvm open on this kernel. Lives in @pool. */
struct kvm;
struct kvm *kvm_open(struct pool *pool, const struct kvm_module *m);
/* Which calls this kernel wants for a VM of @type: "ES_INIT", "INIT2", ... */
bool kvm_wants_typed_vm(const struct kvm *k);

/* Anonymous memory of the process, backed by host pages of @page_size (4K, 2M,
 * 1G) on first touch. 0: refused (no such page size, or no room). */
hva_t kvm_host_mmap(struct kvm *k, uint64_t size, uint64_t page_size);
/* Loads and stores of the process through its own mapping; 0 or -EFAULT. */
int kvm_host_read(struct kvm *k, hva_t hva, void *buf, size_t len);
int kvm_host_write(struct kvm *k, hva_t hva, const void *buf, size_t len);

/* All return 0 or -errno, as the ioctl would. */
int kvm_create_vm(struct kvm *k, unsigned type, struct kvm_vm **out);
int kvm_memory_encrypt_op(struct kvm_vm *vm, const struct sev_cmd *cmd);
/* The ASID that an encrypted VM owns; 0: it is none. No ioctl tells. */
uint32_t kvm_vm_asid(const struct kvm_vm *vm);
struct kvm_memory_region {
    uint32_t slot;
    bool readonly;
    gpa_t gpa;
    uint64_t size; /* 0 deletes the slot */
    hva_t hva;
};
int kvm_set_memory_region(struct kvm_vm *vm, const struct kvm_memory_region *r);
int kvm_create_vcpu(struct kvm_vm *vm, unsigned id, struct kvm_vcpu **out);

/* KVM_SET_REGS and KVM_SET_SREGS in one; -EINVAL once the state is protected.
 */
struct kvm_regs {
    uint64_t gpr[N_GPRS];
    uint64_t rip, rflags;
    uint64_t cr0, cr3, cr4, efer;
    unsigned cpl;
    uint64_t gdt_base, idt_base, tr_base;
    uint16_t gdt_limit, idt_limit, tr_limit;
    /* Selectors; hidden parts are flat, of 64 bits in long mode, else of 32.
     * ds: of DS, ES, FS and GS. */
    uint16_t cs, ss, ds, tr;
};
int kvm_set_regs(struct kvm_vcpu *v, const struct kvm_regs *r);
/* -EINVAL for a guest whose state is protected. */
int kvm_get_regs(struct kvm_vcpu *v, struct kvm_regs *r);

enum kvm_exit_reason {
    KVM_EXIT_UNKNOWN = 0,
    KVM_EXIT_EXCEPTION = 1,
    KVM_EXIT_IO = 2,
    KVM_EXIT_HYPERCALL = 3,
    KVM_EXIT_HLT = 5,
    KVM_EXIT_MMIO = 6,
    KVM_EXIT_SHUTDOWN = 8,
    KVM_EXIT_FAIL_ENTRY = 9,
    KVM_EXIT_INTR = 10,
    KVM_EXIT_INTERNAL_ERROR = 17,
    KVM_EXIT_SYSTEM_EVENT = 24,
    KVM_EXIT_MEMORY_FAULT = 39,
};
const char *kvm_exit_reason_name(unsigned reason);

/* The shared page between KVM_RUN and userspace. */
struct kvm_run {
    unsigned exit_reason;
    struct {
        gpa_t phys_addr;
        uint8_t data[8];
        unsigned len;
        bool is_write;
    } mmio;
    struct {
        unsigned suberror; /* 1 emulation, 3 delivery event, ... */
    } internal;
    struct {
        gpa_t gpa;
        uint64_t size, flags;
    } memory_fault;
    uint64_t fail_entry_reason; /* EXITCODE */
    uint64_t system_event_data; /* the GHCB MSR */
};

/* Is a signal pending for the thread? Asked between guest entries, as the
 * kernel does; true ends KVM_RUN with -EINTR. This is how the run loop breaks
 * a loop that never leaves KVM_RUN. @laps: entries since KVM_RUN began. */
struct kvm_signals {
    bool (*pending)(void *ctx, uint64_t laps);
    void *ctx;
};

/* KVM_RUN: 0 or -errno; what happened is in kvm_run_of(). */
int kvm_run(struct kvm_vcpu *v, const struct kvm_signals *signals);
struct kvm_run *kvm_run_of(struct kvm_vcpu *v);

/* The last #VMEXIT as KVM saw it: for reports about loops inside KVM_RUN. */
struct kvm_last_exit {
    uint64_t code, info1, info2;
};
struct kvm_last_exit kvm_last_exit_of(const struct kvm_vcpu *v);

/* ---- looking on, for judges: mmu/look.c ---- */

/* An entry of the nested tables that is neither empty nor a table. */
struct kvm_spte {
    gpa_t gpa;
    unsigned level;
    spa_t sptep;
    uint64_t spte;
    bool present; /* KVM says so: it maps a page */
    bool mmio;    /* KVM would take it for an MMIO SPTE */
};
typedef void (*kvm_spte_fn)(void *ctx, const struct kvm_spte *s);
/* All of them, by ascending address. */
void kvm_each_spte(const struct kvm_vm *vm, kvm_spte_fn fn, void *ctx);
/* Where the tables begin, as the VMCB says it. */
spa_t kvm_vm_ncr3(const struct kvm_vm *vm);

#endif
