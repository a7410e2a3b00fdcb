/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * world.h - the least world in which a kernel's policy runs: one CPU, its CPUID
 * and MSRs, and somebody who counts the warnings and keeps the log.
 *
 * Whatever is declared here is never taken from a tree (take.py asks for the
 * names). All state is one thread's own; the variables of the text are, too.
 * None of this is the kernel's text: the names are, because its text uses them.
 */
#ifndef NPTSIM_KERNEL_WORLD_H
#define NPTSIM_KERNEL_WORLD_H

#include "policy.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- language ---- */

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef int8_t s8;
typedef int32_t s32;
typedef int64_t s64;
typedef u64 gfn_t;
typedef u64 gpa_t;
typedef u64 hpa_t;
typedef u64 kvm_pfn_t;

#define __init
#define __initdata
#define __exit
#define __read_mostly
#define __ro_after_init
#undef __always_inline
#define __always_inline inline
#define __maybe_unused
#define noinline
#define __aligned(n)
#define __packed    __attribute__((packed))
#define likely(x)   (x)
#define unlikely(x) (x)
#define EXPORT_SYMBOL(f)
#define EXPORT_SYMBOL_GPL(f)
#define static_assert(...)

#define BIT(n)            (1UL << (n))
#define BIT_ULL(n)        (1ULL << (n))
#define BIT_64(n)         BIT_ULL(n)
#define GENMASK(h, l)     ((u64)GENMASK_ULL(h, l))
#define GENMASK_ULL(h, l) (~0ULL >> (63 - (h)) & ~0ULL << (l))
#define ARRAY_SIZE(a)     (sizeof(a) / sizeof((a)[0]))
#define PAGE_SHIFT        12
#define PAGE_SIZE         (1UL << PAGE_SHIFT)
#define GFP_KERNEL        0
#define ENOENT            2
#define EIO               5
#define ENOMEM            12
#define ENODEV            19
#define EINVAL            22
#define EOPNOTSUPP        95
#define min(a, b)         ((a) < (b) ? (a) : (b))
#define max(a, b)         ((a) > (b) ? (a) : (b))

#define __KERNEL__ 1
/* The options of a distribution's kernel for servers. */
#define CONFIG_X86_64               1
#define CONFIG_KVM_AMD_MODULE       1
#define CONFIG_KVM_AMD_SEV          1
#define CONFIG_ARCH_HAS_CC_PLATFORM 1
#define CONFIG_AMD_MEM_ENCRYPT      1
#define CONFIG_CGROUP_MISC          1
#define CONFIG_CPU_SUP_AMD          1
#define CONFIG_CRYPTO_DEV_SP_PSP    1

/* 1 if @option is defined as 1, also inside #if. A defined option puts a comma
 * before the 1 that is looked for in second place. */
#define WORLD_SET_1             ,
#define WORLD_SECOND(a, b, ...) b
#define WORLD_LOOK(before)      WORLD_SECOND(before 1, 0, 0)
#define WORLD_PASTE(value)      WORLD_LOOK(WORLD_SET_##value)
#define IS_BUILTIN(option)      WORLD_PASTE(option)
#define IS_MODULE(option)       WORLD_PASTE(option##_MODULE)
#define IS_ENABLED(option)      (IS_BUILTIN(option) || IS_MODULE(option))

/* ---- whom the kernel runs on ---- */

enum world_module { MODULE_BOOT, MODULE_KVM, MODULE_KVM_AMD, N_WORLD_MODULES };

struct world {
    const struct policy_host *host;
    struct policy_result *result; /* who hears the log */
    unsigned warnings;
    unsigned loads[N_WORLD_MODULES]; /* "once" is once per load */
    u64 cc_attributes;
    u32 cgroup[16]; /* capacities by enum misc_res_type */
};
static _Thread_local struct world world;

static inline u32 world_input(enum policy_input i)
{
    return (u32)world.host->v[i];
}

/* What the CPU answers; leaves that it does not have are 0. */
static inline void world_cpuid(u32 leaf, u32 *eax, u32 *ebx, u32 *ecx, u32 *edx)
{
    *eax = *ebx = *ecx = *edx = 0;
    if (leaf >= 0x80000000 && leaf > world_input(POLICY_MAX_EXT_LEAF))
        return;
    switch (leaf) {
    case 0x80000000:
        *eax = world_input(POLICY_MAX_EXT_LEAF);
        break;
    case 0x80000008:
        *eax = world_input(POLICY_RAW_MAXPHYADDR) | 48 << 8;
        break;
    case 0x8000000a:
        *edx = world_input(POLICY_F_NPT) | world_input(POLICY_F_LBRV) << 1 |
               world_input(POLICY_F_NRIPS) << 3 |
               world_input(POLICY_F_FLUSHBYASID) << 6 |
               world_input(POLICY_F_DECODEASSISTS) << 7;
        break;
    case 0x8000001f:
        *eax = world_input(POLICY_F_SME) | world_input(POLICY_F_SEV) << 1 |
               world_input(POLICY_F_SEV_ES) << 3 |
               world_input(POLICY_F_SNP) << 4;
        *ebx = world_input(POLICY_CBIT) | world_input(POLICY_PA_REDUCTION) << 6;
        *ecx = world_input(POLICY_MAX_ASID);
        *edx = world_input(POLICY_MIN_ASID);
        break;
    }
}

#define cpuid(leaf, a, b, c, d) world_cpuid(leaf, a, b, c, d)
#define cpuid_count(leaf, sub, a, b, c, d)                                     \
    ((void)(sub), world_cpuid(leaf, a, b, c, d))
static inline u32 cpuid_eax(u32 leaf)
{
    u32 a, b, c, d;

    world_cpuid(leaf, &a, &b, &c, &d);
    return a;
}
static inline u32 cpuid_ebx(u32 leaf)
{
    u32 a, b, c, d;

    world_cpuid(leaf, &a, &b, &c, &d);
    return b;
}
static inline u32 cpuid_ecx(u32 leaf)
{
    u32 a, b, c, d;

    world_cpuid(leaf, &a, &b, &c, &d);
    return c;
}
static inline u32 cpuid_edx(u32 leaf)
{
    u32 a, b, c, d;

    world_cpuid(leaf, &a, &b, &c, &d);
    return d;
}

static inline u64 world_rdmsr(u32 msr)
{
    switch (msr) {
    case 0xc0010010: /* SYSCFG */
        return (u64)world_input(POLICY_SYSCFG_MEMENC) << 23;
    case 0xc0010015: /* HWCR */
        return world_input(POLICY_HWCR_SMMLOCK);
    default:
        return 0;
    }
}
#define rdmsrl(msr, value) ((value) = world_rdmsr(msr))
#define rdmsrq(msr, value) ((value) = world_rdmsr(msr))

/* ---- what the kernel keeps of its CPU ---- */

struct cpuinfo_x86 {
    u8 x86, x86_vendor, x86_model, x86_stepping;
    u8 x86_virt_bits, x86_phys_bits, x86_cache_bits;
    u16 x86_clflush_size;
    int x86_cache_alignment;
    int cpuid_level;
    u32 extended_cpuid_level;
    int x86_power;
    u32 x86_capability[64];
};
static _Thread_local struct cpuinfo_x86 boot_cpu_data;

struct cpu_dev {
    void (*c_early_init)(struct cpuinfo_x86 *);
    void (*c_bsp_init)(struct cpuinfo_x86 *);
    void (*c_init)(struct cpuinfo_x86 *);
};
#define this_cpu (&amd_cpu_dev)

/* The C-bit, if the kernel itself is encrypted: as booted, not as decided. */
static _Thread_local u64 sme_me_mask;

#define cpu_has(c, bit) (!!((c)->x86_capability[(bit) / 32] & 1U << (bit) % 32))
#define set_cpu_cap(c, bit)                                                    \
    ((void)((c)->x86_capability[(bit) / 32] |= 1U << (bit) % 32))
#define clear_cpu_cap(c, bit)                                                  \
    ((void)((c)->x86_capability[(bit) / 32] &= ~(1U << (bit) % 32)))
#define boot_cpu_has(bit)        cpu_has(&boot_cpu_data, bit)
#define boot_cpu_has_bug(bit)    boot_cpu_has(bit)
#define cpu_feature_enabled(bit) boot_cpu_has(bit)
#define static_cpu_has(bit)      boot_cpu_has(bit)
/* A flag that stays off, or on, however often CPUID is read again. */
#define setup_clear_cpu_cap(bit)                                               \
    (clear_cpu_cap(&boot_cpu_data, bit),                                       \
     (void)(cpu_caps_set[(bit) / 32] &= ~(1U << (bit) % 32)),                  \
     (void)(cpu_caps_cleared[(bit) / 32] |= 1U << (bit) % 32))
#define setup_force_cpu_cap(bit)                                               \
    (set_cpu_cap(&boot_cpu_data, bit),                                         \
     (void)(cpu_caps_set[(bit) / 32] |= 1U << (bit) % 32))

#define have_cpuid_p()                   true
#define identify_cpu_without_cpuid(c)    ((void)(c))
#define init_scattered_cpuid_features(c) ((void)(c))
#define init_speculation_control(c)      ((void)(c))
#define pgtable_l5_enabled()             false

/* ---- warnings and the log ---- */

static inline bool world_warn(bool hit)
{
    world.warnings += hit;
    return hit;
}
#define WARN_ON(condition)   world_warn(!!(condition))
#define WARN(condition, ...) world_warn(!!(condition))
#define WARN_ON_ONCE(condition)                                                \
    ({                                                                         \
        static _Thread_local unsigned told;                                    \
        bool hit = !!(condition);                                              \
                                                                               \
        world_warn(hit &&told != world.loads[MODULE]);                         \
        if (hit)                                                               \
            told = world.loads[MODULE];                                        \
        hit;                                                                   \
    })
#define WARN_ONCE(condition, ...)  WARN_ON_ONCE(condition)
#define MMU_WARN_ON(condition)     ((void)sizeof(condition))
#define KVM_MMU_WARN_ON(condition) ((void)sizeof(condition))
/* The kernel would stop here; a policy that stops is one warning more. */
#define BUG_ON(condition)                 ((void)world_warn(!!(condition)))
#define BUILD_BUG()                       ((void)0)
#define BUILD_BUG_ON(condition)           ((void)0)
#define BUILD_BUG_ON_MSG(condition, text) ((void)0)

static void world_log(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
#define pr_info(...)  world_log(__VA_ARGS__)
#define pr_warn(...)  world_log(__VA_ARGS__)
#define pr_err(...)   world_log(__VA_ARGS__)
#define pr_debug(...) ((void)0)
#define pgprintk(...) ((void)0)
#define KERN_INFO     ""
#define printk(...)   world_log(__VA_ARGS__)

/* ---- whom KVM asks ---- */

/* Memory is never short, and nobody looks at an ASID bitmap before a VM. */
static unsigned long world_bitmap[1];
#define bitmap_zalloc(bits, flags) ((void)(bits), world_bitmap)
#define bitmap_free(map)           ((void)(map))

static inline int misc_cg_set_capacity(unsigned type, u64 capacity)
{
    world.cgroup[type % 16] = (u32)capacity;
    return 0;
}

static inline void cc_platform_set(unsigned attribute)
{
    world.cc_attributes |= 1ULL << attribute;
}
static inline void cc_platform_clear(unsigned attribute)
{
    world.cc_attributes &= ~(1ULL << attribute);
}
static inline bool cc_platform_has(unsigned attribute)
{
    return world.cc_attributes >> attribute & 1;
}
#define cc_vendor     world.cgroup[15]
#define CC_VENDOR_AMD 0
static inline bool snp_probe_rmptable_info(void)
{
    return world_input(POLICY_HOST_SNP_OK);
}

/* The PSP's driver. */
static inline int sev_platform_init(void *arguments)
{
    (void)arguments;
    switch ((enum policy_psp)world_input(POLICY_PSP)) {
    case POLICY_PSP_OK:
        return 0;
    case POLICY_PSP_FAIL:
        return -EIO;
    case POLICY_PSP_ABSENT:
        break;
    }
    return -ENODEV;
}
static inline int sev_module_init(void)
{
    return 0;
}
static inline bool is_sev_snp_initialized(void)
{
    return world_input(POLICY_PSP_SNP_INIT);
}
static inline bool sev_is_snp_ciphertext_hiding_supported(void)
{
    return world_input(POLICY_CTH_HW);
}

/* What the driver knows of the PSP; NULL: there is none. */
struct sev_device {
    bool snp_initialized;
};
struct psp_device {
    void *sev_data;
};
static _Thread_local struct sev_device world_sev;
static _Thread_local struct psp_device world_psp;
#define psp_master                                                             \
    (world_input(POLICY_PSP) == POLICY_PSP_ABSENT ? NULL : &world_psp)
static inline bool sev_firmware_allows_es(struct sev_device *sev)
{
    (void)sev;
    return world_input(POLICY_FW_ALLOWS_ES);
}

/* One VM with one vCPU, as far as MMIO SPTEs know of it. */
struct kvm_memslots {
    u64 generation;
};
struct kvm {
    struct kvm_memslots slots;
    struct {
        u64 shadow_mmio_value;
    } arch;
};
struct kvm_vcpu {
    struct kvm *kvm;
};
static inline struct kvm_memslots *kvm_vcpu_memslots(struct kvm_vcpu *vcpu)
{
    return &vcpu->kvm->slots;
}
#define trace_check_mmio_spte(...) ((void)0)

#endif
