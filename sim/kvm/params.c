/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/params.c - module parameters that nobody set.
 */
#include "kvm.h"

struct kvm_params kvm_default_params(void)
{
    return (struct kvm_params) {
        .mmio_caching = true,
        .npt = true,
        .sev = true,
        .sev_es = true,
        .sev_snp = true,
        .nrips = true,
        .lbrv = true,
    };
}
