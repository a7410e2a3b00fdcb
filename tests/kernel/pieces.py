# SPDX-License-Identifier: GPL-2.0-only
"""What take.py takes out of a Linux tree, and where it looks."""
from collections import namedtuple

KVM = "arch/x86/kvm/"
CPU = "arch/x86/kernel/cpu/"
ASM = "arch/x86/include/asm/"

HEADERS = [
    ASM + "cpufeatures.h", ASM + "cpufeature.h", ASM + "msr-index.h",
    ASM + "processor.h", ASM + "cpuid.h", ASM + "kvm_host.h", ASM + "svm.h", ASM + "pgtable_types.h",
    "arch/x86/include/uapi/asm/kvm.h", "include/linux/kvm_host.h",
    "include/linux/cc_platform.h", "include/linux/psp-sev.h",
    "include/linux/misc_cgroup.h", "include/uapi/linux/kvm.h",
]
KVM_FILES = [KVM + f for f in (
    "mmu/spte.c", "mmu/spte.h", "mmu/mmu.c", "mmu/mmu_internal.h", "mmu.h",
    "cpuid.c", "cpuid.h", "reverse_cpuid.h", "x86.c", "x86.h")]
AMD_FILES = [KVM + f for f in ("svm/svm.c", "svm/sev.c", "svm/svm.h")]
PSP_FILES = ["drivers/crypto/ccp/sev-dev.c"]
BOOT_FILES = [CPU + f for f in ("common.c", "amd.c", "cpu.h")]

# The kernel itself and two modules: what each of them sees, nearest first.
FILES = {
    "boot": BOOT_FILES + HEADERS,
    "kvm": KVM_FILES + HEADERS,
    "kvm_amd": AMD_FILES + KVM_FILES + HEADERS + PSP_FILES,
}
ALL_FILES = BOOT_FILES + AMD_FILES + KVM_FILES + HEADERS + PSP_FILES


def module_of(path):
    if path in BOOT_FILES:
        return "boot"
    return "kvm_amd" if path in AMD_FILES else "kvm"


# A function to take. @without: what cannot be told where it is missing; None:
# some kernels have none, and do without.
Piece = namedtuple("Piece", "name files without")


def boot(name, file, without=None):
    return Piece(name, [CPU + file], without)


def kvm(name, without=None):
    return Piece(name, KVM_FILES, without)


def amd(name, without=None):
    return Piece(name, AMD_FILES, without)


PIECES = [
    boot("early_identify_cpu", "common.c",
         "how the boot CPU is looked at first cannot be told"),
    boot("identify_cpu", "common.c",
         "how the boot CPU is looked at a second time cannot be told"),
    boot("get_cpu_address_sizes", "common.c",
         "the width of physical addresses cannot be told"),
    boot("early_detect_mem_encrypt", "amd.c",
         "what memory encryption takes of the width cannot be told"),
    kvm("kvm_mmu_spte_module_init"),
    kvm("kvm_mmu_reset_all_pte_masks", "the masks at load cannot be told"),
    kvm("kvm_mmu_set_mmio_spte_mask",
        "whether MMIO is cached cannot be told"),
    kvm("kvm_mmu_init_vm"),
    kvm("kvm_x86_vendor_init"),
    kvm("kvm_cpu_cap_has", "the features offered to guests cannot be told"),
    kvm("make_mmio_spte", "MMIO SPTEs cannot be made"),
    kvm("is_mmio_spte", "MMIO SPTEs cannot be told from others"),
    kvm("get_mmio_spte_gfn", "MMIO SPTEs cannot be read back"),
    kvm("get_mmio_spte_access", "MMIO SPTEs cannot be read back"),
    kvm("get_mmio_spte_generation", "MMIO SPTEs cannot be read back"),
    kvm("check_mmio_spte", "stale MMIO SPTEs cannot be told"),
    kvm("kvm_mmu_max_gfn", "which gfns KVM maps cannot be told"),
    amd("svm_hardware_setup",
        "the order of mask adjustment and SEV setup cannot be told"),
    amd("svm_adjust_mmio_mask",
        "what encryption does to the MMIO mask cannot be told"),
    amd("sev_hardware_setup", "whether SEV is offered cannot be told"),
    amd("svm_set_cpu_caps", "the features offered to guests cannot be told"),
    amd("sev_set_cpu_caps", "the features offered to guests cannot be told"),
]

# Of these functions only the statements that mention one of the names.
IDENTIFY = ["x86_phys_bits", "x86_capability", "extended_cpuid_level",
            "X86_FEATURE_CPUID", "get_cpu_cap", "get_cpu_address_sizes",
            "apply_forced_caps"]
CAPS = ["memset", "memcpy", "CPUID_8000_001F_EAX", "X86_FEATURE_SEV",
        "X86_FEATURE_SEV_ES", "X86_FEATURE_SEV_SNP",
        "kvm_is_configuring_cpu_caps"]
KEEP = {
    "early_identify_cpu": IDENTIFY + ["c_early_init", "c_bsp_init"],
    "identify_cpu": IDENTIFY + ["generic_identify", "c_init"],
    "generic_identify": IDENTIFY,
    "early_init_amd": ["early_detect_mem_encrypt"],
    "init_amd": ["early_init_amd", "early_detect_mem_encrypt"],
    "bsp_init_amd": ["bsp_determine_snp", "X86_FEATURE_ZEN3"],
    "kvm_mmu_init_vm": ["shadow_mmio_value"],
    "kvm_x86_vendor_init": ["supported_vm_types"],
    "kvm_set_cpu_caps": CAPS,
    "kvm_initialize_cpu_caps": CAPS,
    "kvm_finalize_cpu_caps": CAPS,
    "svm_hardware_setup": ["npt_enabled", "nrips", "lbrv",
                           "kvm_configure_mmu", "kvm_mmu_set_me_spte_mask",
                           "svm_adjust_mmio_mask", "sev_hardware_setup",
                           "svm_set_cpu_caps"],
    "svm_set_cpu_caps": ["kvm_set_cpu_caps", "kvm_initialize_cpu_caps",
                         "sev_set_cpu_caps", "kvm_finalize_cpu_caps"],
}

# The vendor's hooks into early boot.
HOOKS_FILE, HOOKS_OF = CPU + "amd.c", "amd_cpu_dev"

PARAMS = {
    "kvm": ["mmio_caching"],
    "kvm_amd": ["npt", "nrips", "lbrv", "sev", "sev_es", "sev_snp",
                "ciphertext_hiding_asids"],
}
PARAMS_NEEDED = ["mmio_caching", "npt", "sev", "sev_es"]

# Names that world.h and library.c ask for themselves.
ALSO_OF_BOOT = ["cpu_caps_cleared", "cpu_caps_set"]
ALSO = ["X86_BUG_L1TF", "X86_FEATURE_SEV", "X86_FEATURE_SEV_ES",
        "X86_FEATURE_SEV_SNP", "MISC_CG_RES_SEV", "MISC_CG_RES_SEV_ES",
        "CC_ATTR_HOST_SEV_SNP", "NCAPINTS"]
