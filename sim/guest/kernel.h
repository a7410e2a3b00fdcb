/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/kernel.h - what the files of the guest's kernel share.
 *
 * The kernel owns the last GUEST_KERNEL_SIZE bytes of the first writable RAM
 * range, identity-mapped in 4K pages. From its base upwards: code (stubs), IDT,
 * GDT and TSSs, stacks, the steps' programs, page tables. From its end
 * downwards: one GHCB page per vCPU, shared with the hypervisor.
 */
#ifndef NPTSIM_GUEST_KERNEL_H
#define NPTSIM_GUEST_KERNEL_H

#include "guest.h"

#define GUEST_MAX_VCPUS 8

/* Segment selectors (GDT index * 8, requested privilege level). */
#define KERNEL_CS   0x08
#define KERNEL_SS   0x10
#define USER_SS     (0x18 | 3)
#define USER_CS     (0x20 | 3)
#define FIRST_TR    0x28 /* a TSS descriptor per vCPU, 16 bytes apart */
#define GDT_LIMIT   (FIRST_TR + 16 * GUEST_MAX_VCPUS - 1)
#define TSS_SIZE    104
#define SYSCALL_INT 0x80 /* how a step at CPL 3 says that it ended */

/* SOFTCALL numbers. An exception handler is SOFT_EXCEPTION + vector. */
enum soft {
    SOFT_BOOT,
    SOFT_STEP_END, /* end marker at CPL 0 */
    SOFT_SYSCALL,  /* INT 0x80: end marker at CPL 3 */
    SOFT_LANDED,   /* a fetch step arrived at its target */
    SOFT_VC_DONE,  /* second half of the #VC handler, after VMGEXIT */
    SOFT_HALT,     /* back to the HLT of a kernel that gave up */
    SOFT_EXCEPTION = 0x40,
};
#define SOFTCALL_LEN 3
#define INT_LEN      2

/* ---- image.c: the kernel's bytes ---- */

struct image {
    struct pool *pool;
    gpa_t base;
    uint8_t *bytes;
    size_t used, capacity, limit;
};

void image_init(struct image *i, struct pool *pool, gpa_t base, size_t limit);
/* @pages zeroed pages; false when the area is full. */
bool image_alloc(struct image *i, unsigned pages, gpa_t *out);
/* Where the byte at @gpa lies; valid until the next image_alloc(). */
void *image_at(const struct image *i, gpa_t gpa);
void image_put64(const struct image *i, gpa_t gpa, uint64_t value);
/* Does the page at @gpa belong to the image? */
bool image_has(const struct image *i, gpa_t gpa);

/* ---- tables.c: the guest's own page tables ---- */

/* How the tables of a paging mode look (APM vol. 2, 5.2 and 5.3). */
struct table_format {
    unsigned levels;   /* 0: no paging */
    unsigned max_page; /* the highest level that may be a page */
    unsigned entry_size, index_bits, linear_bits;
};

const struct table_format *table_format(enum guest_paging paging);
/* The bytes that an entry of @level maps. */
uint64_t table_page(const struct table_format *f, unsigned level);

/* Long mode: a lower and an upper half; else 32 bits. */
static inline gva_t lower_end(const struct table_format *f)
{
    return f->linear_bits == 32 ? BIT(32) : BIT(f->linear_bits - 1);
}

static inline bool is_canonical(const struct table_format *f, gva_t gva)
{
    return gva < lower_end(f) ||
           (f->linear_bits > 32 && gva >= ~(lower_end(f) - 1));
}

struct tables {
    struct image *image;
    const struct table_format *format;
    gpa_t root;
    uint64_t cbit; /* the C-bit as a mask, 0 without SEV */
};

/* All of these return false when the kernel's area has no page left. */
bool tables_init(struct tables *t, struct image *image,
                 const struct table_format *format, uint64_t cbit);
/* Map [gva, gva+size) to gpa.. with the largest pages up to @max_level that
 * fit. @flags: the leaf's bits; 4K aligned throughout. */
bool tables_map(struct tables *t, gva_t gva, gpa_t gpa, uint64_t size,
                unsigned max_level, uint64_t flags);
/* What such a leaf looks like; and a pointer from @level to a @table. */
uint64_t tables_leaf(const struct tables *t, unsigned level, gpa_t gpa,
                     uint64_t flags);
uint64_t tables_pointer(const struct tables *t, unsigned level, gpa_t table);
/* Write @entry as the one of @level for @gva, splitting a larger page. */
bool tables_set(struct tables *t, gva_t gva, unsigned level, uint64_t entry);
/* The leaf that maps @gva and the GPA behind it; false: not mapped. */
bool tables_find(const struct tables *t, gva_t gva, gpa_t *gpa,
                 uint64_t *entry);

/* ---- the kernel ---- */

struct step {
    gva_t end; /* its end marker */
    gva_t target;
    bool has_target;
    struct mark at;
};

struct guest_vcpu {
    struct guest *guest;
    gva_t stack, vc_stack, df_stack; /* one page each, address of the page */
    gva_t user_stack;
    gva_t tss, program;
    uint64_t program_size;
    gva_t ghcb;
    struct step *steps;     /* the boot, then those of the scenario */
    unsigned n_steps, done; /* in all; that reached their end marker */
    unsigned skipped;       /* behind the step at hand, to be passed over */
    unsigned n_met;         /* pages that the boot touched */
    bool panicked;
};

struct guest {
    struct pool *pool;
    struct trace *trace;
    const struct guest_config *config;
    const struct guest_platform *platform;
    uint64_t cbit;  /* as a mask; 0 without SEV, or where entries have none */
    bool long_mode; /* runs 64-bit code; else 32-bit code */
    unsigned word;  /* bytes of a word on its stacks */
    struct image image;
    struct tables tables;
    gva_t idt, gdt;
    struct {
        gva_t page; /* 4K of stubs */
        gva_t next; /* where the next stub goes, while building */
        gva_t entry, iret, halt, terminate, syscall;
        gva_t exception[32]; /* 0: no handler */
    } code;
    struct guest_vcpu vcpu[GUEST_MAX_VCPUS];
    struct guest_chunk *chunks;
    unsigned n_chunks;
};

/* boot.c */
/* The kernel's area is full; @at asked for too much. */
int out_of_room(struct err *e, struct mark at);

/* descriptors.c */
void write_code(struct guest *g);
void write_descriptors(struct guest *g);
uint16_t idt_limit(const struct guest *g);

/* map.c */
uint64_t identity_size(const struct guest *g, gpa_t gpa, uint64_t size);
int map_everything(struct guest *g, struct err *e);

/* program.c: steps as machine code, and pads at the targets of fetch steps. */
uint64_t program_size(const struct guest_code *steps, unsigned n_steps,
                      unsigned vcpu);
void program_write(struct guest_vcpu *v, const struct guest_code *steps,
                   unsigned n_steps);
int program_pads(struct guest *g, struct err *e);

/* ---- frame.c: what a handler finds, and the ends of steps ---- */

static inline bool in_code_page(const struct guest *g, gva_t rip)
{
    return (rip & PAGE_MASK_4K) == g->code.page;
}

/* NULL: the program is over. */
static inline const struct step *current_step(const struct guest_vcpu *v)
{
    return v->done < v->n_steps ? &v->steps[v->done] : NULL;
}

/* What the CPU pushes for an exception; @error is 0 where it pushes none. */
struct frame {
    gva_t at; /* where RIP lies on the stack */
    uint64_t error, rip, cs, rflags, rsp, ss;
};

enum port_result frame_read(struct guest_port *p, bool has_error,
                            struct frame *f);
/* Write @f back and leave RSP at its RIP, for the stub's IRETQ. */
enum port_result frame_return(struct guest_port *p, const struct frame *f);
/* Say that execution goes on elsewhere than the exception would have it. */
void tell_fixup(const struct guest_vcpu *v, struct guest_port *p,
                const struct frame *f, unsigned vector, const char *why);
/* Let the interrupted step go on at its end marker, and say why; a kernel that
 * was not in a step gives up itself. */
enum port_result give_up_step(struct guest_vcpu *v, struct guest_port *p,
                              struct frame *f, unsigned vector,
                              const char *why);
/* The kernel gives up: halt for ever. */
enum port_result panic(struct guest_vcpu *v, struct guest_port *p,
                       const struct frame *f, unsigned vector, const char *why);

/* ---- handlers.c, vc.c ---- */

enum port_result guest_softcall(void *vcpu, struct guest_port *p,
                                unsigned number);

/* The two halves of the #VC handler, around VMGEXIT. */
enum port_result vc_enter(struct guest_vcpu *v, struct guest_port *p);
enum port_result vc_done(struct guest_vcpu *v, struct guest_port *p);

#endif
