/* SPDX-License-Identifier: GPL-2.0-only */
/* hw/psp.h - the secure processor: who owns which key. */
#ifndef NPTSIM_HW_PSP_H
#define NPTSIM_HW_PSP_H

#include "arch/sev.h"
#include "hw/crypt.h"

enum psp_guest_state { PSP_CREATED, PSP_LAUNCHING, PSP_RUNNING };

struct psp_guest {
    struct psp_guest *next;
    uint32_t handle, asid; /* asid 0: not active */
    bool es, snp;
    spa_t gctx; /* SEV-SNP: the context page */
    enum psp_guest_state state;
    struct key key;
};

struct psp {
    bool initialized;
    bool snp_initialized;
    uint32_t last_handle;
    struct psp_guest *guests, *spare;
};

/* As the firmware leaves it: nobody is known. */
void psp_reset(struct psp *psp);

/* The key that accesses with @asid use. Without an active guest some key is
 * there as well, only nobody has encrypted anything with it. */
struct key psp_key_of(const struct psp *psp, uint32_t asid);

#endif
