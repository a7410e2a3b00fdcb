/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hand-made runs, as the actors would speak them: an SEV-ES guest and one
 * device, on hosts that differ in what KVM concluded.
 */
#ifndef NPTSIM_TESTS_STORIES_H
#define NPTSIM_TESTS_STORIES_H

#include "arch/svm.h"
#include "trace.h"

#define HPET 0xfed000f0ULL

static inline void tell_host(struct trace *t, unsigned reduction,
                             unsigned width)
{
    TRACE(t, cpu, .model = "milan", .raw = 52, .reduction = reduction,
          .width = width, .cbit = 51, .mem_encrypt = true);
    TRACE(t, kvm_boot_width, .kernel = "v6.0", .maxphyaddr = 52,
          .x86_phys_bits = width, .sme = true, .sev = true, .sev_es = true,
          .why = "memory encryption takes bits",
          .source = "Linux, early_detect_mem_encrypt()");
    TRACE(t, kvm_mmio_mask, .stage = "reset", .value = 0, .caching = false,
          .why = "the raw width is 52: no bit of an NPTE is left",
          .source = "c3e0c8c2e8b1, KVM: x86/mmu: Fully re-evaluate MMIO "
                    "caching when SPTE masks change");
}

/* The kernel has the gate and closes it: there will be no VM. */
static inline void tell_refusal(struct trace *t)
{
    tell_host(t, 1, 51);
    TRACE(t, kvm_mmio_mask, .stage = "svm", .value = 0, .caching = false,
          .why = "first spare bit 51 is the C-bit; the next would be 52; no "
                 "bit of an NPTE is left",
          .source = "c3e0c8c2e8b1");
    TRACE(t, kvm_gate, .feature = "sev", .gate = "module_param", .open = true);
    TRACE(t, kvm_gate, .feature = "sev", .gate = "npt", .open = true);
    TRACE(t, kvm_gate, .feature = "sev_es", .gate = "module_param",
          .open = true);
    TRACE(t, kvm_gate, .feature = "sev_es", .gate = "mmio_caching",
          .open = false,
          .why = "SEV-ES guests learn of MMIO only from a reserved-bit #NPF",
          .source = "0c29397ac1fd");
    TRACE(t, kvm_loaded, .npt = true, .sev = true);
    TRACE(t, kvm_create_vm, .call = "KVM_CREATE_VM", .ret = "ok");
    TRACE(t, kvm_create_vm, .call = "KVM_SEV_ES_INIT", .ret = "ENOTTY",
          .why = "sev_es is off");
    TRACE(t, vm_create, .type = "sev-es", .path = "ES_INIT", .result = "ENOTTY",
          .why = "sev_es is off");
    TRACE(t, step, .id = "hpet", .what = "read 4 bytes at 0xfed000f0");
    TRACE(t, step_done, .id = "hpet", .how = "skipped", .why = "no VM");
}

/* An older kernel without the gate lets the guest run into its loop. */
static inline void tell_loop(struct trace *t, unsigned laps)
{
    tell_host(t, 1, 51);
    TRACE(t, kvm_gate, .feature = "sev_es", .gate = "cpuid", .open = true);
    TRACE(t, kvm_mmio_mask, .stage = "svm", .value = 0, .caching = false,
          .why = "no bit of an NPTE is left");
    TRACE(t, kvm_loaded, .npt = true, .sev = true, .sev_es = true);
    TRACE(t, vm_create, .type = "sev-es", .result = "ok");
    TRACE(t, step, .id = "hpet", .what = "read 4 bytes at 0xfed000f0");
    for (unsigned i = 0; i < laps; i++) {
        TRACE(t, vmrun, .sev_es = true);
        TRACE(t, npt_step, .level = 4);
        TRACE(t, npf, .info1 = 0x100000004, .info2 = HPET, .level = 1,
              .why = "the entry is not present",
              .source = "APM vol. 2, "
                        "15.25.6");
        TRACE(t, vmexit, .code = EXIT_NPF, .info1 = 0x100000004);
        TRACE(t, kvm_exit, .reason = EXIT_NPF);
        TRACE(t, mmio_spte_refused, .gfn = HPET >> 12,
              .why = "MMIO caching is off");
        TRACE(t, kvm_emulate_verdict, .vm = "sev-es", .verdict = "false",
              .why = "KVM can read neither registers nor code");
    }
    TRACE(t, kvm_userspace_exit, .reason = 10, .name = "KVM_EXIT_INTR",
          .ret = "EINTR");
    TRACE(t, hang, .laps = laps, .exit = EXIT_NPF, .info1 = 0x100000004,
          .info2 = HPET, .why = "nothing will ever change");
    TRACE(t, step_done, .id = "hpet", .how = "hang", .why = "no progress");
}

static inline void tell_ram_touch(struct trace *t, gpa_t gpa)
{
    TRACE(t, vmrun, .sev_es = true);
    TRACE(t, npf, .info1 = 0x100000004, .info2 = gpa, .level = 1,
          .why = "the entry is not present");
    TRACE(t, kvm_mmu_set_spte, .gfn = gpa >> 12, .level = 1, .spte = 0x7);
    TRACE(t, kvm_fault_result, .result = "RET_PF_FIXED");
}

/* With a spare bit: empty entry, MMIO SPTE, #VC, GHCB, device. */
static inline void tell_vc_path(struct trace *t)
{
    tell_host(t, 6, 46);
    TRACE(t, kvm_mmio_mask, .stage = "svm", .value = 0xfc00000000001,
          .caching = true, .why = "bits 46 to 51 lie above the width");
    TRACE(t, kvm_gate, .feature = "sev_es", .gate = "mmio_caching",
          .open = true);
    TRACE(t, kvm_loaded, .mmio_caching = true, .sev_es = true);
    TRACE(t, vm_create, .type = "sev-es", .result = "ok");
    TRACE(t, step, .id = "hpet", .what = "read 4 bytes at 0xfed000f0");
    tell_ram_touch(t, 0x1000);
    tell_ram_touch(t, 0x2000);
    TRACE(t, vmrun, .sev_es = true);
    TRACE(t, npf, .info1 = 0x100000004, .info2 = HPET, .level = 1,
          .why = "the entry is not present");
    TRACE(t, mark_mmio_spte, .gfn = HPET >> 12, .spte = 0xffc00fed00007);
    TRACE(t, kvm_emulate_verdict, .verdict = "false",
          .why = "KVM can read neither registers nor code");
    TRACE(t, vmrun, .sev_es = true);
    TRACE(t, npf, .info1 = 0x10000000d, .info2 = HPET, .level = 1,
          .pte = 0xffc00fed00007,
          .why = "bit 46 is reserved: this CPU has 46 physical bits");
    TRACE(t, vc, .error_code = EXIT_NPF, .info1 = 0x10000000d,
          .why = "a reserved bit is not an automatic exit",
          .source = "APM vol. 2, 15.35.5");
    TRACE(t, guest_vc, .text = "mov eax, [rbx]", .gva = HPET, .gpa = HPET,
          .size = 4);
    TRACE(t, kvm_vmgexit_enter, .exit_reason = 0x80000001, .info1 = HPET,
          .info2 = 4);
    TRACE(t, kvm_userspace_exit, .reason = 6, .name = "KVM_EXIT_MMIO");
    TRACE(t, vmm_device, .name = "hpet", .gpa = HPET, .len = 4, .value = 0x5a);
    TRACE(t, vmrun, .sev_es = true);
    TRACE(t, guest_vc_done, .value = 0x5a);
    TRACE(t, halt, .rax = 0x5a);
    TRACE(t, step_done, .id = "hpet", .how = "completed", .why = "");
}

#endif
