/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/slots.c - every decision that upstream has made in more than one way.
 *
 * The vocabulary of models/kernels/: a slot's question, and the names of its
 * rows in the order of the enums in slots.h. What a row does stands where the
 * decision is taken.
 */
#include "kvm/slots.h"

#define ROWS(...)                                                              \
    .n_rows = ARRAY_SIZE(((const char *const[]) { __VA_ARGS__ })),             \
    .rows = (const char *const[])                                              \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

const struct kvm_slot_desc kvm_slot_table[N_KVM_SLOTS] = {
    [SLOT_BOOT_WIDTH] = { "boot_width",
                          "Does early boot read the width before the vendor "
                          "hook reduces it, or after?",
                          ROWS("before_hook", "after_hook") },
    [SLOT_SNP_HOST] = { "snp_host",
                        "On which CPUs may the kernel host SEV-SNP guests?",
                        ROWS("none", "family_19h", "known_rmp") },
    [SLOT_MMIO_FLAG] = { "mmio_flag",
                         "What does 'MMIO caching is on' mean, and when is it "
                         "decided?",
                         ROWS("tag", "value", "sticky", "snapshot") },
    [SLOT_MMIO_MASK_CHECK] = { "mmio_mask_check",
                               "Is an MMIO mask confined to bits that an MMIO "
                               "SPTE leaves free?",
                               ROWS("none", "allowed_bits",
                                    "allowed_bits_and_10") },
    [SLOT_MMIO_MASK_BUMP] = { "mmio_mask_bump",
                              "Does the MMIO mask start one bit higher where "
                              "it would start at the C-bit?",
                              ROWS("none", "over_cbit") },
    [SLOT_MMIO_ZERO_WARN] = { "mmio_zero_warn",
                              "Is there a WARN when an MMIO SPTE is made of "
                              "value 0?",
                              ROWS("warn", "silent") },
    [SLOT_MMIO_GENERATION] = { "mmio_generation",
                               "How many bits of the memslots generation does "
                               "an MMIO SPTE hold?",
                               ROWS("gen19", "gen18", "gen18_tag") },
    [SLOT_MMIO_ACCESS] = { "mmio_access",
                           "Which access bits does the TDP MMU store in an "
                           "MMIO SPTE?",
                           ROWS("all", "role") },
    [SLOT_FROZEN_SPTE] = { "frozen_spte",
                           "What value marks an SPTE that another CPU is "
                           "changing?",
                           ROWS("bit59", "5a0", "bit63_5a0", "bit63_1a0") },
    [SLOT_EMPTY_SPTE] = { "empty_spte",
                          "What value does a never-used SPTE have?",
                          ROWS("zero", "bit63") },
    [SLOT_HOST_WIDTH] = { "host_width",
                          "Is the raw physical width read at every mask reset, "
                          "or kept once?",
                          ROWS("shadow_phys_bits", "kvm_host") },
    [SLOT_ME_MASK] = { "me_mask",
                       "Where does the encryption bit of SPTEs come from?",
                       ROWS("sme_me_mask", "set_me_spte_mask") },
    [SLOT_SEV_CGROUP] = { "sev_cgroup",
                          "What follows when the misc cgroup refuses the ASID "
                          "capacity?",
                          ROWS("none", "error", "warn", "if_usable") },
    [SLOT_SEV_LOG] = { "sev_log", "Which lines does SEV setup print?",
                       ROWS("success_only", "states", "states_unusable",
                            "own_ranges", "vm_types") },
    [SLOT_SEV_RANGES] = { "sev_ranges",
                          "Do SEV-ES and SEV-SNP share one range of ASIDs?",
                          ROWS("shared", "split") },
    [SLOT_SEV_PSP_INIT] = { "sev_psp_init",
                            "When is the PSP initialised, and does its failure "
                            "count?",
                            ROWS("at_vm", "probe_ignored", "at_load") },
    [SLOT_PSP_SNP_FAILURE] = { "psp_snp_failure",
                               "Does the PSP driver initialise SEV although "
                               "SNP_INIT failed?",
                               ROWS("go_on", "abort") },
    [SLOT_VM_TYPES] = { "vm_types", "What does KVM_CAP_VM_TYPES offer?",
                        ROWS("none", "default", "booleans",
                             "usable_and_firmware") },
    [SLOT_SEV_INIT_ERRNO] = { "sev_init_errno",
                              "Which errno has SEV_INIT when no ASID is usable "
                              "at all?",
                              ROWS("ebusy", "enotty") },
    [SLOT_SEV_REINIT_ERRNO] = { "sev_reinit_errno",
                                "Which errno has a second SEV_INIT?",
                                ROWS("ebusy", "einval") },
    [SLOT_VM_CREATE] = { "vm_create", "How does userspace ask for an SEV VM?",
                         ROWS("legacy", "typed") },
    [SLOT_EMULATE_VERDICT] = { "emulate_verdict",
                               "How does can_emulate_instruction answer?",
                               ROWS("bool", "code") },
    [SLOT_SKIP_NO_BYTES] = { "skip_no_bytes",
                             "What becomes of an SEV guest's instruction that "
                             "KVM must step over but cannot read?",
                             ROWS("ud", "give_up") },
    [SLOT_NPF_EXIT] = { "npf_exit",
                        "What does npf_interception do before the MMU?",
                        ROWS("plain", "private", "fast_mmio") },
    [SLOT_NOSLOT] = { "noslot",
                      "Who handles a fault without a memslot, and what comes "
                      "first?",
                      ROWS("abnormal_pfn", "private_first") },
    [SLOT_MAX_GFN] = { "max_gfn",
                       "Is an MMIO SPTE refused beyond the host's physical "
                       "width?",
                       ROWS("unchecked", "checked") },
    [SLOT_WRITE_PROTECTED] = { "write_protected",
                               "What follows a write to a gfn that KVM "
                               "write-protects?",
                               ROWS("emulate", "retry_on_progress") },
    [SLOT_GHCB_BAD_SCRATCH] = { "ghcb_malformed",
                                "How is a malformed GHCB answered?",
                                ROWS("einval", "error_code") },
    [SLOT_GHCB_TERMINATE] = { "ghcb_terminate",
                              "How does a guest's termination request reach "
                              "userspace?",
                              ROWS("einval", "system_event") },
    [SLOT_ES_SHUTDOWN] = { "es_shutdown",
                           "How does the shutdown of an SEV-ES guest reach "
                           "userspace?",
                           ROWS("einval", "exit_shutdown") },
    [SLOT_CPUID_SEV] = { "cpuid_sev",
                         "What does KVM_GET_SUPPORTED_CPUID show in leaf "
                         "8000_001F?",
                         ROWS("host", "granted") },
    [SLOT_CPUID_WIDTH] = { "cpuid_width",
                           "Which widths does it show in leaf 8000_0008?",
                           ROWS("guest", "guest_and_mappable") },
};

const char *const kvm_setup_step_names[N_SETUP_STEPS] = {
    [SETUP_NPT] = "npt",
    [SETUP_ME_MASK] = "me_mask",
    [SETUP_MMIO_MASK] = "mmio_mask",
    [SETUP_NRIPS] = "nrips",
    [SETUP_LBRV] = "lbrv",
    [SETUP_SEV] = "sev",
};

const char *const kvm_gate_names[N_KVM_GATES] = {
    [GATE_MODULE_PARAM] = "module_param",
    [GATE_NPT] = "npt",
    [GATE_NRIPS] = "nrips",
    [GATE_CPUID] = "cpuid",
    [GATE_DECODEASSISTS] = "decodeassists",
    [GATE_FLUSHBYASID] = "flushbyasid",
    [GATE_PSP_DRIVER] = "psp_driver",
    [GATE_ASIDS] = "asids",
    [GATE_CGROUP] = "cgroup",
    [GATE_MMIO_CACHING] = "mmio_caching",
    [GATE_LBRV] = "lbrv",
    [GATE_HOST_SNP] = "host_snp",
};
