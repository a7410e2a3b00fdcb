#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# mini.sh DIR: a tree with the shape of Linux and a policy of three lines, to
# see text taken without having a kernel. Its rules are its own: no physical
# bit is given up, the MMIO value is bit 50, SEV is what its parameter says, and
# SEV-ES is offered if MMIO caching was on when SEV was set up.
set -e
cpu=$1/arch/x86/kernel/cpu asm=$1/arch/x86/include/asm kvm=$1/arch/x86/kvm
mkdir -p "$cpu" "$asm" "$kvm/mmu" "$kvm/svm" "$1/include/linux"

cat >"$1/Makefile" <<'EOF'
VERSION = 9
PATCHLEVEL = 8
SUBLEVEL = 7
EXTRAVERSION = -mini
EOF
cat >"$asm/cpufeatures.h" <<'EOF'
#define NCAPINTS 2
#define X86_FEATURE_CPUID 0
#define X86_FEATURE_ZEN3 1
#define X86_FEATURE_SEV (32 + 1)
#define X86_FEATURE_SEV_ES (32 + 3)
#define X86_BUG_L1TF (64 + 0)
EOF
cat >"$1/include/linux/misc_cgroup.h" <<'EOF'
enum misc_res_type { MISC_CG_RES_SEV, MISC_CG_RES_SEV_ES };
EOF
cat >"$cpu/common.c" <<'EOF'
static u32 cpu_caps_cleared[4], cpu_caps_set[4];
void get_cpu_address_sizes(struct cpuinfo_x86 *c)
{
    c->x86_phys_bits = cpuid_eax(0x80000008) & 0xff;
    c->x86_cache_bits = c->x86_phys_bits;
}
static void __init early_identify_cpu(struct cpuinfo_x86 *c)
{
    launch_missiles(c); /* x86_phys_bits: a comment is no mention */
    get_cpu_address_sizes(c);
    if (this_cpu->c_early_init)
        this_cpu->c_early_init(c);
    if (this_cpu->c_bsp_init)
        this_cpu->c_bsp_init(c);
}
static void identify_cpu(struct cpuinfo_x86 *c)
{
    unsigned long far_away = distance(c);

    for_each_missile(m) {
        aim(m);
    }
    if (far_away)
        launch_missiles(c);
    c->x86_virt_bits = 48;
}
EOF
cat >"$cpu/amd.c" <<'EOF'
static void early_detect_mem_encrypt(struct cpuinfo_x86 *c)
{
    u64 msr;

    rdmsrl(0xc0010010, msr);
    if (msr)
        set_cpu_cap(c, X86_FEATURE_SEV);
}
static void early_init_amd(struct cpuinfo_x86 *c)
{
    early_detect_mem_encrypt(c);
}
static void bsp_init_amd(struct cpuinfo_x86 *c)
{
    stranger(c);
    switch (c->x86) {
    case 0x19:
        setup_force_cpu_cap(X86_FEATURE_ZEN3);
        break;
    default:
        goto warn;
    }
    stranger(c);
    return;
warn:
    WARN_ONCE(1, "family %x", c->x86);
}
static const struct cpu_dev amd_cpu_dev = {
    .c_early_init = early_init_amd,
    .c_bsp_init = bsp_init_amd,
};
EOF
cat >"$kvm/mmu/spte.c" <<'EOF'
bool enable_mmio_caching = true;
module_param_named(mmio_caching, enable_mmio_caching, bool, 0444);
u64 shadow_mmio_value, shadow_mmio_mask;
u8 shadow_phys_bits;
void kvm_mmu_set_mmio_spte_mask(u64 value)
{
    if (!enable_mmio_caching)
        value = 0;
    WARN_ON_ONCE(value == 3);
    shadow_mmio_value = shadow_mmio_mask = value;
}
void kvm_mmu_reset_all_pte_masks(void)
{
    shadow_phys_bits = cpuid_eax(0x80000008) & 0xff;
    kvm_mmu_set_mmio_spte_mask(3);
}
u64 make_mmio_spte(struct kvm_vcpu *vcpu, u64 gfn, unsigned access)
{
    return gfn << PAGE_SHIFT | shadow_mmio_value;
}
EOF
cat >"$kvm/mmu/spte.h" <<'EOF'
static inline bool is_mmio_spte(u64 spte)
{
    return spte & shadow_mmio_value;
}
EOF
cat >"$kvm/mmu/mmu.c" <<'EOF'
static gfn_t get_mmio_spte_gfn(u64 spte)
{
    return (spte & ~shadow_mmio_value) >> PAGE_SHIFT;
}
static unsigned get_mmio_spte_access(u64 spte) { return 0; }
static u64 get_mmio_spte_generation(u64 spte) { return 0; }
static bool check_mmio_spte(struct kvm_vcpu *vcpu, u64 spte) { return true; }
EOF
cat >"$kvm/mmu.h" <<'EOF'
static inline gfn_t kvm_mmu_max_gfn(void) { return 7; }
EOF
cat >"$kvm/cpuid.c" <<'EOF'
static u32 kvm_cpu_caps[2];
void kvm_set_cpu_caps(void)
{
    memset(kvm_cpu_caps, 0, sizeof(kvm_cpu_caps));
    kvm_cpu_caps[1] = 1U << X86_FEATURE_SEV % 32;
}
EOF
cat >"$kvm/cpuid.h" <<'EOF'
static bool kvm_cpu_cap_has(unsigned f) { return kvm_cpu_caps[f / 32] >> f % 32 & 1; }
EOF
cat >"$kvm/svm/sev.c" <<'EOF'
#ifdef CONFIG_KVM_AMD_SEV
static bool sev_enabled = true;
module_param_named(sev, sev_enabled, bool, 0444);
static bool sev_es_enabled = true;
module_param_named(sev_es, sev_es_enabled, bool, 0444);
#else
#define sev_enabled false
#define sev_es_enabled false
#endif
void sev_set_cpu_caps(void) {}
void __init sev_hardware_setup(void)
{
    sev_es_enabled = sev_es_enabled && shadow_mmio_value == BIT_ULL(50);
    misc_cg_set_capacity(MISC_CG_RES_SEV_ES, 77);
    pr_info("SEV-ES %s (ASIDs %u - %u)\n", sev_es_enabled ? "enabled" : "disabled", 1, 77);
}
EOF
cat >"$kvm/svm/svm.c" <<'EOF'
bool npt_enabled = true;
module_param_named(npt, npt_enabled, bool, 0444);
static void svm_adjust_mmio_mask(void)
{
    kvm_mmu_set_mmio_spte_mask(BIT_ULL(50));
}
static void svm_set_cpu_caps(void)
{
    kvm_set_cpu_caps();
    sev_set_cpu_caps();
}
static int svm_hardware_setup(void)
{
    int r, order = get_order(IOPM_SIZE);

    iopm = alloc_pages(GFP_KERNEL, order);
    if (!iopm)
        return -ENOMEM;
    svm_adjust_mmio_mask();
    sev_hardware_setup();
    for_each_possible_cpu(cpu) {
        r = svm_cpu_init(cpu);
        if (r)
            goto err;
    }
    svm_set_cpu_caps();
    return 0;
err:
    svm_hardware_unsetup();
    return r;
}
EOF
