/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bare.h - a hypervisor that has no policy: it does what a scenario says.
 *
 * It stands where KVM stands, on the wire, and knows as little of the CPU. It
 * sets the host's mode, builds nested tables, enters the guest; an exit that
 * nobody asked for ends the entry and stays unanswered. So whatever happens is
 * the CPU's doing.
 */
#ifndef NPTSIM_BARE_H
#define NPTSIM_BARE_H

#include "arch/paging.h"
#include "arch/rmp.h"
#include "arch/svm.h"
#include "base.h"
#include "wire.h"

struct trace;

/* ---- what it is told ------------------------------------------------------
 */

enum bare_paging {
    BARE_PAGING_NONE,
    BARE_PAGING_32BIT,
    BARE_PAGING_PAE,
    BARE_PAGING_4LEVEL,
    BARE_PAGING_5LEVEL,
};
extern const char *const bare_paging_names[]; /* "none", "32-bit", ... */
/* Levels of its nested tables, and bits of the addresses that they map; 0:
 * there are none. */
unsigned bare_levels(enum bare_paging paging);
unsigned bare_linear_bits(enum bare_paging paging);
/* Has the mode pages of @size? */
bool bare_has_page(enum bare_paging paging, uint64_t size);

/* CR0, CR4 and EFER of the host: what VMRUN takes the nested tables' mode and
 * rules from, and what has no influence on them. */
struct bare_host {
    enum bare_paging paging;
    bool nxe, smep, smap, wp, pse;
    bool snp; /* SYSCFG.SNPE: there is a reverse map table */
};

struct bare_vmcb {
    bool np; /* nested paging */
    bool gmet, sss, rogpt;
    uint32_t asid;     /* 0: the first one for this type of VM */
    spa_t msrpm, iopm; /* permission maps, in which nobody ever looks */
    /* From its second entry on a vCPU's VMCB says that nothing was changed,
     * whatever was. */
    bool clean;
};

/* A change of all VMCBs. What it does not speak of stays as it is. */
struct bare_vmcb_change {
    uint64_t set, clear; /* of VMCB_NESTED_CTL */
    uint32_t asid;       /* 0: as it is */
};

/*
 * A change of nested entries. What it does not speak of stays as it is; where
 * nothing stands, or pages of another size, it begins with a page at the same
 * system-physical address, all allowed. A page that is only partly meant is
 * split.
 */
struct bare_npt {
    gpa_t gpa;
    uint64_t size;       /* 0: the page at .gpa, as large as it is */
    uint64_t page_size;  /* 0: as it is */
    unsigned level;      /* 0: pages; else the entries of that level, tables */
    bool has_spa;        /* to other memory */
    spa_t spa;           /* ... from here on */
    uint64_t set, clear; /* bits of the entries */
};

enum bare_type { BARE_PLAIN, BARE_SEV, BARE_SEV_ES, BARE_SNP };
#define BARE_MAX_VCPUS 8

struct bare_config {
    struct bare_host host;
    struct bare_vmcb vmcb;
    uint64_t page_size; /* the largest of the nested map */
};

/* Memory of the VM: it lies at the same system-physical address. */
struct bare_memory {
    gpa_t gpa;
    uint64_t size;
    bool readonly;
};

struct bare_vm {
    enum bare_type type;
    unsigned n_vcpus, n_memory;
    const struct bare_memory *memory;
};

/* Registers of a vCPU at its start. Hidden parts of segments are flat. */
struct bare_regs {
    uint64_t rip, rsp, rflags, cr0, cr3, cr4, efer;
    unsigned cpl;
    uint64_t gdt_base, idt_base, tr_base;
    uint16_t gdt_limit, idt_limit, tr_limit;
    uint16_t cs, ss, ds, tr; /* ds: of DS, ES, FS and GS */
};

/* ---- what it does ---------------------------------------------------------
 */

struct bare;

/* Take the core behind @wire, and make the VM with its nested tables. NULL with
 * *@why set: the CPU or the secure processor refused, or the tables cannot be
 * built. */
struct bare *bare_open(struct pool *pool, const struct wire *wire,
                       const struct bare_config *config,
                       const struct bare_vm *vm, struct trace *trace,
                       const char **why);

/* Into the VM's memory, before it is launched. @is_private: to be encrypted. */
void bare_load(struct bare *b, gpa_t gpa, const void *data, size_t len,
               bool is_private);
void bare_set_regs(struct bare *b, unsigned vcpu, const struct bare_regs *r);
/* Encrypt what is private. NULL, or why not. */
const char *bare_launch(struct bare *b);

/* RMPUPDATE of one page after the other. */
struct bare_rmp {
    spa_t spa;
    uint64_t size;    /* 0: one page */
    bool guests_asid; /* the VM's, whatever state.asid says */
    struct rmp_state state;
};
/* What the first one that failed left in EAX, or the last one. */
enum rmp_result bare_rmpupdate(struct bare *b, const struct bare_rmp *c);
enum rmp_result bare_psmash(struct bare *b, spa_t spa);
/* Up to 8 bytes of memory, as the host has them; @page: of its mapping. false:
 * #PF. */
bool bare_write(struct bare *b, spa_t spa, uint64_t value, unsigned size,
                uint64_t page);
uint64_t bare_read(struct bare *b, spa_t spa, unsigned size);

/* NULL, or why it cannot be done. */
const char *bare_change_npt(struct bare *b, const struct bare_npt *c);

void bare_change_vmcb(struct bare *b, const struct bare_vmcb_change *c);

/* Translations are forgotten when somebody says so, never by themselves. */
enum bare_flush {
    BARE_FLUSH_ASID, /* TLB_CONTROL of the next VMRUN: the guest's */
    BARE_FLUSH_ALL,  /* ... everybody's */
};
extern const char *const bare_flush_names[];
void bare_flush(struct bare *b, enum bare_flush what);
void bare_invlpga(struct bare *b, gva_t gva);

/* What VMRUN left in the VMCB. */
struct bare_exit {
    uint64_t code, info1, info2;
    uint64_t rip; /* 0: nobody can read it */
};
struct bare_exit bare_last_exit(const struct bare *b, unsigned vcpu);

/* Asked between entries; true ends bare_run(). @laps: entries so far. */
struct bare_alarm {
    bool (*rings)(void *ctx, uint64_t laps);
    void *ctx;
};

enum bare_stop {
    BARE_HALTED, /* HLT, and the guest stands behind it */
    BARE_GP,     /* VMRUN itself raised #GP: the guest was not entered */
    BARE_EXITED, /* another exit; nobody did anything about it */
    BARE_ALARM,
};
/* Enter the guest until it stops; the host's interrupts are taken on the way.
 */
enum bare_stop bare_run(struct bare *b, unsigned vcpu,
                        const struct bare_alarm *alarm);

#endif
