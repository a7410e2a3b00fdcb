/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * library.c - the shared object that `make kernel-policy` builds: the text that
 * take.py took, the world around it, and policy.h's way to ask.
 *
 * What is done here in the kernel's place is little: insert the modules, run
 * the functions that the text gives no caller for, read variables off.
 */
#include "world.h"

#include "text.c"

#include <stdarg.h>

/* ---- the log, condensed ---- */

static char *log_of(const char *line, size_t name)
{
    struct policy_result *r = world.result;

    if (name == 3 && memcmp(line, "SEV", name) == 0)
        return r->sev_log;
    if (name == 6 && memcmp(line, "SEV-ES", name) == 0)
        return r->sev_es_log;
    if (name == 7 && memcmp(line, "SEV-SNP", name) == 0)
        return r->snp_log;
    return NULL;
}

/* "enabled (ASIDs 1 - 99)" as "enabled:1-99", "supported: 410 ASIDs" as
 * "supported:410", anything else as it is. */
static void condense(const char *said, char *log)
{
    static const char range[] = " (ASIDs ", count[] = ": ";
    const char *at = strstr(said, range);
    char *to = log, *end = log + POLICY_LOG_MAX - 1;

    if (at) {
        while (said < at && to < end)
            *to++ = *said++;
        for (said += sizeof(range) - 1, *to++ = ':'; to < end; said++)
            if (*said == '-' || (*said >= '0' && *said <= '9'))
                *to++ = *said;
            else if (*said != ' ')
                break;
    } else if ((at = strstr(said, count))) {
        while (said <= at && to < end)
            *to++ = *said++;
        for (said++; to < end && *said >= '0' && *said <= '9';)
            *to++ = *said++;
    } else {
        while (to < end && *said && *said != '\n')
            *to++ = *said++;
    }
    *to = '\0';
}

static void world_log(const char *format, ...)
{
    char line[128], *log;
    size_t name;
    va_list args;

    if (strncmp(format, "SEV", 3) != 0)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    name = strcspn(line, " ");
    log = log_of(line, name);
    if (log && line[name])
        condense(line + name + 1, log);
}

/* ---- loading ---- */

static _Thread_local struct kvm vm;
static _Thread_local struct kvm_vcpu vcpu = { 0 };

static void boot(void)
{
    u32 bits = world_input(POLICY_X86_CACHE_BITS);
    bool encrypted = world_input(POLICY_SME_ACTIVE) &&
                     world_input(POLICY_SYSCFG_MEMENC) &&
                     cpuid_eax(0x8000001f) & 1;

    world.loads[MODULE_BOOT]++;
    insmod_boot();
    boot_cpu_data = (struct cpuinfo_x86) { .x86 = 0x19, .x86_model = 1 };
    sme_me_mask = encrypted ? 1ULL << world_input(POLICY_CBIT) : 0;
    early_identify_cpu(&boot_cpu_data);
    identify_cpu(&boot_cpu_data);
    /* Not an AMD reality, and so not found by the code above. */
    if (bits)
        boot_cpu_data.x86_cache_bits = (u8)bits;
    if (world_input(POLICY_BUG_L1TF))
        set_cpu_cap(&boot_cpu_data, X86_BUG_L1TF);
}

static void insmod_kvm_ko(void)
{
    world.loads[MODULE_KVM]++;
    insmod_kvm();
    PARAM_mmio_caching = world_input(POLICY_P_MMIO_CACHING);
#ifdef TAKEN_kvm_mmu_spte_module_init
    kvm_mmu_spte_module_init();
#endif
}

static void insmod_kvm_amd_ko(void)
{
    struct policy_result *r = world.result;

    world.loads[MODULE_KVM_AMD]++;
    insmod_kvm_amd();
    PARAM_npt = world_input(POLICY_P_NPT);
    PARAM_sev = world_input(POLICY_P_SEV);
    PARAM_sev_es = world_input(POLICY_P_SEV_ES);
#ifdef PARAM_nrips
    PARAM_nrips = world_input(POLICY_P_NRIPS);
#endif
#ifdef PARAM_lbrv
    PARAM_lbrv = world_input(POLICY_P_LBRV);
#endif
#ifdef PARAM_sev_snp
    PARAM_sev_snp = world_input(POLICY_P_SEV_SNP);
#endif
#ifdef PARAM_ciphertext_hiding_asids
    PARAM_ciphertext_hiding_asids = world_input(POLICY_P_CTH_ASIDS);
#endif
    memset(world.cgroup, 0, sizeof(world.cgroup));
    world_sev.snp_initialized = world_input(POLICY_PSP_SNP_INIT);
    world_psp.sev_data = &world_sev;
#ifdef TAKEN_kvm_x86_vendor_init
    kvm_x86_vendor_init(NULL);
#endif
    kvm_mmu_reset_all_pte_masks();
    r->value_at_reset = shadow_mmio_value;
    r->caching_at_reset = enable_mmio_caching;
    svm_hardware_setup();
#ifdef TAKEN_kvm_mmu_init_vm
    kvm_mmu_init_vm(&vm);
#endif
    vcpu.kvm = &vm;
}

static void read_off(struct policy_result *r)
{
    r->shadow_mmio_value = shadow_mmio_value;
    r->shadow_mmio_mask = shadow_mmio_mask;
    r->enable_mmio_caching = enable_mmio_caching;
#ifdef TAKEN_shadow_phys_bits
    r->shadow_phys_bits = shadow_phys_bits;
#else
    r->shadow_phys_bits = kvm_host.maxphyaddr;
#endif
    r->x86_phys_bits = boot_cpu_data.x86_phys_bits;
    r->boot_sev = boot_cpu_has(X86_FEATURE_SEV);
    r->boot_sev_es = boot_cpu_has(X86_FEATURE_SEV_ES);
    r->sev_enabled = PARAM_sev;
    r->sev_es_enabled = PARAM_sev_es;
    r->cap_sev = !!kvm_cpu_cap_has(X86_FEATURE_SEV);
    r->cap_sev_es = !!kvm_cpu_cap_has(X86_FEATURE_SEV_ES);
#ifdef PARAM_sev_snp
    r->sev_snp_enabled = PARAM_sev_snp;
    r->cap_snp = !!kvm_cpu_cap_has(X86_FEATURE_SEV_SNP);
    r->vm_types = kvm_caps.supported_vm_types;
#endif
    r->cg_sev = world.cgroup[MISC_CG_RES_SEV];
    r->cg_sev_es = world.cgroup[MISC_CG_RES_SEV_ES];
    r->warn_count = world.warnings;
}

static void load(const struct policy_host *host, struct policy_result *r)
{
    *r = (struct policy_result) { 0 };
    world.host = host;
    world.result = r;
    world.warnings = 0;
    world.cc_attributes = 0;
    boot();
    insmod_kvm_ko();
    insmod_kvm_amd_ko();
    read_off(r);
}

static void reload(const struct policy_host *host, struct policy_result *r)
{
    *r = (struct policy_result) { 0 };
    world.host = host;
    world.result = r;
    insmod_kvm_amd_ko();
    read_off(r);
}

/* ---- MMIO SPTEs ---- */

static uint64_t make_spte(uint64_t gfn, unsigned access, uint64_t generation)
{
    vm.slots.generation = generation;
    return make_mmio_spte(&vcpu, gfn, access);
}

static bool is_spte(uint64_t spte)
{
#if TAKEN_is_mmio_spte == 2
    return is_mmio_spte(&vm, spte);
#else
    return is_mmio_spte(spte);
#endif
}

static bool check_spte(uint64_t spte, uint64_t generation)
{
    vm.slots.generation = generation;
    return check_mmio_spte(&vcpu, spte);
}

static uint64_t spte_gfn(uint64_t spte)
{
    return get_mmio_spte_gfn(spte);
}

static unsigned spte_access(uint64_t spte)
{
    return get_mmio_spte_access(spte);
}

static uint64_t spte_generation(uint64_t spte)
{
    return get_mmio_spte_generation(spte);
}

static uint64_t max_gfn(void)
{
    return kvm_mmu_max_gfn();
}

__attribute__((visibility("default"))) const struct policy_text policy_text = {
    .abi = POLICY_TEXT_ABI,
    .host_size = sizeof(struct policy_host),
    .result_size = sizeof(struct policy_result),
    .version = TAKEN_VERSION,
    .n_functions = ARRAY_SIZE(taken),
    .functions = taken,
    .load = load,
    .reload = reload,
    .make_mmio_spte = make_spte,
    .is_mmio_spte = is_spte,
    .check_mmio_spte = check_spte,
    .mmio_spte_gfn = spte_gfn,
    .mmio_spte_access = spte_access,
    .mmio_spte_generation = spte_generation,
    .max_gfn = max_gfn,
};
