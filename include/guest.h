/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest.h - the software inside the VM: page tables, handlers, programs.
 *
 * guest_build() lays a small kernel into the guest's memory: page tables, IDT,
 * GDT, TSS, stacks, a GHCB per vCPU, handlers, and the code of the scenario's
 * steps; 64-bit code where it pages with 4 or 5 levels, else 32-bit code. It
 * knows guest addresses only; what carries them it never learns.
 */
#ifndef NPTSIM_GUEST_H
#define NPTSIM_GUEST_H

#include "arch/paging.h"
#include "arch/svm.h"
#include "base.h"
#include "guest_port.h"

struct trace;

enum guest_paging {
    PAGING_NONE,
    PAGING_32BIT,
    PAGING_PAE,
    PAGING_4LEVEL,
    PAGING_5LEVEL,
};
extern const char *const guest_paging_names[]; /* "none", "32-bit", ... */
/* Guests that page with 4 or 5 levels run 64-bit code, others 32-bit code. */
static inline bool guest_is_64bit(enum guest_paging paging)
{
    return paging >= PAGING_4LEVEL;
}

enum guest_vc_handler { VC_HANDLER_LINUX, VC_HANDLER_NONE };

/* One `map:` entry: an exception to the identity map. */
struct guest_map {
    gva_t gva;
    gpa_t gpa;
    uint64_t size;
    uint64_t page_size; /* 4K, 2M, 1G */
    bool present, write, user, nx;
    bool shared;    /* C=0 although the guest is encrypted */
    bool has_table; /* no page: the PDE points to a page table at @table */
    gpa_t table;
    uint64_t set_bits; /* ORed into the leaf entries, to plant reserved bits */
    struct mark at;
};

struct guest_config {
    enum guest_paging paging;
    unsigned cpl; /* 0 or 3: of the steps */
    enum guest_vc_handler vc_handler;
    uint64_t page_size; /* largest page of the identity map: 4K, 2M, 1G */
    bool wp, nxe, smep, smap;
    unsigned n_maps;
    struct guest_map *maps;
};

/* What a step makes the guest execute. */
struct guest_code {
    const uint8_t *bytes;
    size_t len;
    unsigned vcpu;
    bool has_target; /* a fetch step jumps to @target */
    gva_t target;
    struct mark at; /* for messages */
};

/* What the guest finds under its feet. */
struct guest_platform {
    unsigned n_vcpus;
    unsigned n_ram, n_mmio;
    struct {
        gpa_t gpa;
        uint64_t size;
        bool readonly;
        struct mark at; /* for messages */
    } ram[64], mmio[64];
    bool sev, sev_es;
    unsigned cbit; /* meaningful when sev */
    bool gb_pages;
};

/* Bytes to be placed at @gpa before the first instruction. */
struct guest_chunk {
    gpa_t gpa;
    const uint8_t *data;
    size_t len;
    bool shared; /* stays unencrypted (the GHCB pages) */
};

/* Registers of one vCPU at its first instruction. */
struct guest_entry {
    gva_t rip, rsp;
    uint64_t rflags, cr0, cr3, cr4, efer;
    unsigned cpl;
    gva_t gdt_base, idt_base, tr_base;
    uint16_t gdt_limit, idt_limit, tr_limit;
    uint16_t cs, ss, ds, tr; /* ds: of DS, ES, FS and GS */
};

struct guest;

/* Bytes that the guest's kernel occupies at the end of the first RAM range. */
#define GUEST_KERNEL_SIZE 0x100000ULL

/* Build the guest. Fails (err) when memory is too small, or a map overlaps the
 * kernel or is none that its tables could say. */
struct guest *guest_build(struct pool *pool, const struct guest_config *config,
                          const struct guest_platform *platform,
                          const struct guest_code *steps, unsigned n_steps,
                          struct trace *trace, struct err *e);

/* Which memory the kernel's own pages take, and which the program of @vcpu's
 * steps, within them. */
struct guest_range {
    gpa_t gpa;
    uint64_t size;
};
struct guest_range guest_kernel_range(const struct guest *g);
struct guest_range guest_program_range(const struct guest *g, unsigned vcpu);
/* Forget what the guest lived through: it can be loaded into another VM. */
void guest_restart(struct guest *g);
unsigned guest_n_chunks(const struct guest *g);
struct guest_chunk guest_chunk(const struct guest *g, unsigned i);
struct guest_entry guest_entry(const struct guest *g, unsigned vcpu);
/* The handlers, for the CPU while it runs @vcpu. */
struct guest_software guest_software(struct guest *g, unsigned vcpu);
/* How many of @vcpu's steps ran to their end marker, its boot being the first:
 * a HLT alone does not tell, because a step's own code may halt. */
unsigned guest_steps_done(const struct guest *g, unsigned vcpu);
/* @vcpu stands in the middle of a step: the one behind it, and behind those
 * that were skipped before, is not to be taken. It then counts as done. */
void guest_skip_step(struct guest *g, unsigned vcpu);
/* The kernel of @vcpu gave up and halts for ever. */
bool guest_panicked(const struct guest *g, unsigned vcpu);

#endif
