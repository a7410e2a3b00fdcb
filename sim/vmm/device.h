/* SPDX-License-Identifier: GPL-2.0-only */
/* vmm/device.h - the emulated devices of one VM. */
#ifndef NPTSIM_VMM_DEVICE_H
#define NPTSIM_VMM_DEVICE_H

#include "vmm.h"

/* Serve the MMIO exit in @run: fill in what a read returns. */
void device_serve(const struct vmm_config *config, struct kvm_run *run,
                  struct trace *trace);

#endif
