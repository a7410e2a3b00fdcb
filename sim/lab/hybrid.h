/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/hybrid.h - the lists of gates of a kernel, by number. */
#ifndef NPTSIM_LAB_HYBRID_H
#define NPTSIM_LAB_HYBRID_H

#include "lab.h"

#define N_GATE_LISTS 3 /* SEV, SEV-ES, SEV-SNP */

const struct kvm_gate_list *gates_of(const struct kernel_model *k,
                                     unsigned list);
bool has_gate(const struct kvm_gate_list *l, unsigned gate);

#endif
