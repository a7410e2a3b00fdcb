/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bare/machine.h - what the files of this hypervisor share.
 *
 * Reading order: host.c (the core), tables.c and npt.c (the nested tables),
 * vmcb.c, sev.c, run.c.
 */
#ifndef NPTSIM_BARE_MACHINE_H
#define NPTSIM_BARE_MACHINE_H

#include "bare.h"
#include "trace.h"

/* A page table, with those below it. Only its entries are in the machine's
 * memory; who points where is the hypervisor's own note. */
struct bare_table {
    spa_t at;
    struct bare_table *below[1024];
};

struct bare_vcpu {
    spa_t vmcb, vmsa; /* vmsa: SEV-ES only */
    uint64_t gpr[N_GPRS];
    uint64_t again; /* EVENTINJ: the event that the last exit interrupted */
    bool entered;   /* before */
};

/* Pages of the VM's memory, once each. */
struct bare_pages {
    unsigned n, room;
    gpa_t *page;
};

struct bare {
    struct pool *pool;
    struct wire wire;
    const struct bare_config *config;
    const struct bare_vm *vm;
    struct trace *trace;
    struct bare_table *root; /* NULL: a host without paging */
    spa_t free_below;        /* where frames are taken from, downwards */
    unsigned n_frames;       /* that were taken */
    uint64_t nested_ctl;     /* of every VMCB */
    uint32_t asid, handle;   /* handle: of the secure processor */
    uint8_t tlb_control;     /* of the next VMRUN */
    spa_t gctx;              /* SEV-SNP: its context page */
    struct bare_pages private, shared; /* that the guest was loaded into */
    struct bare_vcpu vcpu[BARE_MAX_VCPUS];
};

/* host.c. NULL, or what was refused. */
const char *bare_take_core(struct bare *b);
/* A zeroed page of the hypervisor's own, below 4 GiB where every host's tables
 * reach it; 0: none is left. It has 32 MiB at most: enough for 8 TiB in pages
 * of 2 MiB, and an end to whatever a scenario may ask for. */
#define BARE_MAX_FRAMES 8192
spa_t bare_frame(struct bare *b);

/* ---- tables.c ---- */

unsigned bare_top_level(const struct bare *b);
uint64_t bare_page_of(const struct bare *b, unsigned level);
/* The level whose pages have @size; 0: none. */
unsigned bare_level_of(const struct bare *b, uint64_t size);
bool bare_may_be_page(const struct bare *b, unsigned level);

uint64_t bare_entry(const struct bare *b, spa_t slot);
void bare_put_entry(const struct bare *b, spa_t slot, uint64_t value);
/* The address field of a page's entry, to and fro. */
uint64_t bare_leaf_address(const struct bare *b, unsigned level, spa_t spa);
spa_t bare_leaf_frame(const struct bare *b, unsigned level, uint64_t entry);
uint64_t bare_leaf_mask(const struct bare *b, unsigned level);

/* The lowest entry on the way to @gpa: of a page, or of none. */
struct bare_place {
    unsigned level;
    spa_t slot;
    struct bare_table **below; /* *below: the table that it points to */
};
struct bare_place bare_lowest(const struct bare *b, gpa_t gpa);
/* The entry of @level; tables are made, pages split. false: no frame left. */
bool bare_reach(struct bare *b, gpa_t gpa, unsigned level,
                struct bare_place *out);

/* npt.c: all of the VM's memory. */
const char *bare_map_all(struct bare *b);
/* Where the tables begin; 0: nowhere. */
spa_t bare_ncr3(const struct bare *b);

/* ---- vmcb.c ---- */

/* NULL, or why not. */
const char *bare_vmcb_init(struct bare *b, struct bare_vcpu *v);
/* VMCB_NESTED_CTL as the scenario wants it at first. */
uint64_t bare_nested_ctl(const struct bare *b);
uint64_t bare_vmcb_read(const struct bare *b, const struct bare_vcpu *v,
                        unsigned at);
void bare_vmcb_write(const struct bare *b, const struct bare_vcpu *v,
                     unsigned at, uint64_t value);

/* Does the VM's state lie in a VMSA? */
static inline bool bare_is_es(const struct bare *b)
{
    return b->vm->type >= BARE_SEV_ES;
}

/* snp.c. NULL, or what was refused. */
const char *bare_snp_enable(struct bare *b);
const char *bare_snp_open(struct bare *b);
const char *bare_snp_launch(struct bare *b);

/* sev.c. NULL, or what was refused. */
const char *bare_psp(struct bare *b, enum psp_cmd cmd, const char *name,
                     struct psp_request *r);
const char *bare_sev_open(struct bare *b);
void bare_add_pages(struct bare *b, struct bare_pages *p, gpa_t gpa,
                    size_t len);

#endif
