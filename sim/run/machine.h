/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run/machine.h - everyone who takes part in one scenario.
 *
 * Steps are taken alike on every machine. Who runs the VM, KVM and its
 * userspace or a hypervisor without a policy, stands behind struct host.
 */
#ifndef NPTSIM_RUN_MACHINE_H
#define NPTSIM_RUN_MACHINE_H

#include "run.h"

#define RUN_MAX_VCPUS 8

struct machine;

/* How an entry into the guest, or a step, ended. */
struct ending {
    const char *how, *why;
    enum {
        VCPU_READY,   /* for the next step */
        VCPU_HALTED,  /* by HLT, perhaps the step's end marker */
        VCPU_ALARMED, /* stopped by the alarm, see host.run */
        VCPU_STANDS,  /* at an exit: only a step with `resume` goes on */
        VCPU_DEAD,    /* takes no more steps */
    } vcpu;
};

struct run_exit {
    uint64_t code, info1, info2;
};

struct alarm {
    bool (*rings)(void *ctx, uint64_t laps);
    void *ctx;
};

struct host {
    /* Load the guest, ready to run. NULL, or why there is no VM. */
    const char *(*open)(struct machine *m);
    void (*introduce)(const struct machine *m, const struct run_onlooker *o);
    struct ending (*run)(struct machine *m, unsigned vcpu,
                         const struct alarm *alarm);
    struct run_exit (*last_exit)(const struct machine *m, unsigned vcpu);
    /* 0: nobody can read it. */
    uint64_t (*rip)(const struct machine *m, unsigned vcpu);
    /* A step of its own. */
    struct ending (*act)(struct machine *m, const struct run_step *s);
};
extern const struct host host_kvm, host_bare;

struct machine {
    struct pool *pool;
    struct trace *trace;
    const struct run_config *config;
    struct cpu *cpu;
    const struct host *host;
    struct guest *guest;
    struct guest_platform platform;
    /* host_kvm */
    struct kvm_module module;
    struct vmm *vmm;
    /* host_bare */
    struct bare *bare;
    /* Why a vCPU takes no more steps; NULL while it lives. */
    const char *dead[RUN_MAX_VCPUS];
    /* Where it stands, if at an exit that nobody handled. */
    const char *stands[RUN_MAX_VCPUS];
};

/* Take all steps in order. @refused: why there is no VM to take them in; every
 * step is then skipped with it. */
void take_steps(struct machine *m, const char *refused);

#endif
