/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.h - a scenario's story, and the machine that lives through it.
 *
 * run_scenario() builds CPU, kernel, guest and userspace, then takes the steps
 * in order. It returns no outcome: everything that happened is on the bus.
 */
#ifndef NPTSIM_RUN_H
#define NPTSIM_RUN_H

#include "bare.h"
#include "base.h"
#include "guest.h"
#include "hw.h"
#include "kvm.h"
#include "vmm.h"

enum step_kind {
    STEP_GUEST,
    /* Userspace of KVM: */
    STEP_MEMSLOT_CREATE,
    STEP_MEMSLOT_DELETE,
    /* A bare hypervisor: */
    STEP_RESUME, /* the guest goes on where an exit stopped it */
    STEP_NPT,
    STEP_VMCB,
    STEP_FLUSH,
    STEP_INVLPGA,
    STEP_RMPUPDATE,
    STEP_PSMASH,
    STEP_WRITE, /* by the host itself */
    STEP_READ,
};

/* A change of nested entries, by address or by what the guest keeps there. */
enum npt_part {
    NPT_ADDRESS,
    NPT_KERNEL,  /* the guest's kernel, but for ... */
    NPT_PROGRAM, /* ... the program that its steps are */
};
extern const char *const npt_part_names[]; /* "kernel", "program"; from 0 */
struct run_npt {
    enum npt_part part;
    struct bare_npt change; /* NPT_ADDRESS: gpa and size are given */
    struct mark at;
};

/* Bare hardware: a hypervisor without a policy in the place of KVM. */
struct run_bare {
    struct bare_host host;
    struct bare_vmcb vmcb;
    uint64_t page_size; /* the largest of the nested map */
    unsigned n_npt;
    struct run_npt *npt;
    unsigned n_rmp;
    struct bare_rmp *rmp; /* once the guest is launched */
};

struct run_step {
    const char *id;   /* unique within the scenario */
    const char *what; /* one line: "read 4 bytes at 0xfed000f0" */
    enum step_kind kind;
    unsigned vcpu;
    unsigned size; /* of a read/write step's value in bytes; 0 for code */
    struct guest_code code; /* STEP_GUEST: 64-bit code */
    struct guest_code
        code32; /* the same as 32-bit code; empty: cannot be said */
    struct vmm_memory memory;     /* STEP_MEMSLOT_*; DELETE uses gpa only */
    struct run_npt npt;           /* STEP_NPT */
    struct bare_vmcb_change vmcb; /* STEP_VMCB */
    enum bare_flush flush;        /* STEP_FLUSH */
    gva_t gva;                    /* STEP_INVLPGA */
    struct bare_rmp rmp;          /* STEP_RMPUPDATE */
    spa_t spa;                    /* STEP_PSMASH, STEP_WRITE, STEP_READ */
    uint64_t value, page;         /* STEP_WRITE; .size bytes; the mapping's */
    struct mark at;
};

/* Someone who looks at the machine and changes nothing: met once, before the
 * first step. @module is NULL without KVM, @vm then, too, and where it was
 * refused. What it meets lives as long as the pool of the run. */
struct run_onlooker {
    void (*meet)(void *ctx, const struct cpu *cpu,
                 const struct kvm_module *module, const struct kvm_vm *vm);
    void *ctx;
};

struct run_config {
    struct cpu_model cpu;
    bool is_bare; /* .bare counts; else .kernel, .params, .reloads */
    struct run_bare bare;
    struct kernel_model kernel;
    struct kvm_params params;
    unsigned reloads; /* of kvm-amd.ko, before the VM is created */
    struct vmm_config vm;
    struct guest_config guest;
    unsigned n_steps;
    struct run_step *steps;
    struct run_onlooker onlooker; /* .meet NULL: nobody */
};

struct trace;

/* Live through @config. 0; or -1 with @e when the machine cannot be built from
 * it (memory too small for the guest, ...): the user's input is wrong. */
int run_scenario(struct pool *pool, const struct run_config *config,
                 struct trace *trace, struct err *e);

/*
 * Machines in a row: a rig lives through any number of scenarios, each on a
 * machine that nobody used before, and keeps only what it is built of. It says
 * the same as run_scenario() would, whatever it lived through before.
 *
 * Texts in events live until the next rig_run(), and so does nothing else of a
 * run. One rig for each thread; what configs point to may be shared between
 * them. @trace may be NULL; it starts anew, at event 0, with each run. What
 * nobody listens to costs nothing: see trace_add_listener(), judge_interest().
 */
struct rig;
struct rig *rig_create(struct pool *pool, struct trace *trace);
/* As run_scenario(); after an error the rig can be used as before. */
int rig_run(struct rig *r, const struct run_config *config, struct err *e);

#endif
