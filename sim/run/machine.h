/* SPDX-License-Identifier: GPL-2.0-only */
/* run/machine.h - everyone who takes part in one scenario. */
#ifndef NPTSIM_RUN_MACHINE_H
#define NPTSIM_RUN_MACHINE_H

#include "run.h"

#define RUN_MAX_VCPUS 8

struct machine {
    struct pool *pool;
    struct trace *trace;
    const struct run_config *config;
    struct cpu *cpu;
    struct kvm_module module;
    struct vmm *vmm;
    struct guest *guest;
    struct guest_platform platform;
    /* Why a vCPU takes no more steps; NULL while it lives. */
    const char *dead[RUN_MAX_VCPUS];
};

/* Take all steps in order. @refused: why there is no VM to take them in; every
 * step is then skipped with it. */
void take_steps(struct machine *m, const char *refused);

#endif
