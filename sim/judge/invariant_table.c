/* SPDX-License-Identifier: GPL-2.0-only */
/* judge/invariant_table.c - what must be true of every run, in words. */
#include "judge.h"

#include <string.h>

const struct invariant_desc invariant_table[N_INVARIANTS] = {
    [MMIO_FAULTS] = { "mmio-faults",
                      "every MMIO SPTE that KVM installed raises #NPF with "
                      "RSVD on this CPU",
                      false },
    [ONLY_MMIO_FAULTS] = { "only-mmio-faults",
                           "no other present SPTE raises #NPF with RSVD",
                           false },
    [SEV_ES_CAN_MMIO] = { "sev-es-can-mmio",
                          "if KVM offers SEV-ES, an access of such a guest to "
                          "an emulated device completes",
                          false },
    [CACHING_NOT_WASTED] = { "caching-not-wasted",
                             "KVM gives MMIO caching up only where the CPU has "
                             "no address bit that faults",
                             true },
    [NO_STALE_TLB] = { "no-stale-tlb",
                       "once KVM has entered the guest again, the TLB grants "
                       "nothing that a fresh nested walk denies",
                       false },
    [NO_HANG] = { "no-hang", "no fault repeats for ever", false },
    [NO_LEAK] = { "no-leak",
                  "private memory and SEV-ES registers reach the host as "
                  "ciphertext or through the GHCB only",
                  false },
};

const char *const invariant_state_names[] = {
    [INVARIANT_UNTESTED] = "untested",
    [INVARIANT_HOLDS] = "holds",
    [INVARIANT_VIOLATED] = "violated",
    NULL,
};

int invariant_find(const char *name)
{
    for (unsigned i = 0; i < N_INVARIANTS; i++)
        if (strcmp(invariant_table[i].name, name) == 0)
            return (int)i;
    return -1;
}
