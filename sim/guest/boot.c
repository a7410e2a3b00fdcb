/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/boot.c - lay the kernel out, and say how a vCPU starts in it.
 *
 * The kernel is what a scenario needs and no more: stubs that enter handlers
 * written in C (see guest_port.h), descriptor tables, stacks, page tables. It
 * handles no interrupts and schedules nothing.
 */
#include "guest/kernel.h"

#include <string.h>

const char *const guest_paging_names[] = {
    [PAGING_NONE] = "none",      [PAGING_32BIT] = "32-bit",
    [PAGING_PAE] = "pae",        [PAGING_4LEVEL] = "4-level",
    [PAGING_5LEVEL] = "5-level",
};

int out_of_room(struct err *e, struct mark at)
{
    err_at(e, at,
           "the guest's kernel has %llu KiB for programs and page tables, and "
           "this needs more",
           GUEST_KERNEL_SIZE / 1024);
    return err_hint(e, "map with larger pages (guest.page_size), or less "
                       "memory, or take fewer or shorter steps");
}

/* The frame that the entry stub's IRET pops: into the first step. 32-bit code
 * finds a stack there only where the privilege changes. */
static unsigned first_words(const struct guest *g)
{
    return g->long_mode || g->config->cpl == 3 ? 5 : 3;
}

static gva_t first_frame(const struct guest_vcpu *v)
{
    return v->stack + PAGE_SIZE_4K - first_words(v->guest) * v->guest->word;
}

static void write_first_frame(const struct guest_vcpu *v)
{
    const struct guest *g = v->guest;
    bool user = g->config->cpl == 3;
    const uint64_t words[] = {
        v->program,
        user ? USER_CS : KERNEL_CS,
        RFLAGS_FIXED,
        (user ? v->user_stack : v->stack) + PAGE_SIZE_4K,
        user ? USER_SS : KERNEL_SS,
    };

    for (unsigned i = 0; i < first_words(g); i++)
        memcpy(image_at(&g->image, first_frame(v) + i * g->word), &words[i],
               g->word);
}

static bool lay_out_vcpu(struct guest *g, unsigned index,
                         const struct guest_code *steps, unsigned n_steps)
{
    struct guest_vcpu *v = &g->vcpu[index];
    struct image *i = &g->image;

    v->guest = g;
    v->tss = g->gdt + PAGE_SIZE_4K / 4 + index * 128;
    v->ghcb = i->base + GUEST_KERNEL_SIZE - (index + 1) * PAGE_SIZE_4K;
    v->program_size =
        (program_size(steps, n_steps, index) + PAGE_SIZE_4K - 1) & PAGE_MASK_4K;
    if (v->program_size > GUEST_KERNEL_SIZE)
        return false;
    return image_alloc(i, 1, &v->stack) && image_alloc(i, 1, &v->vc_stack) &&
           image_alloc(i, 1, &v->df_stack) &&
           image_alloc(i, 1, &v->user_stack) &&
           image_alloc(i, (unsigned)(v->program_size / PAGE_SIZE_4K),
                       &v->program);
}

static bool lay_out(struct guest *g, const struct guest_code *steps,
                    unsigned n_steps)
{
    if (!image_alloc(&g->image, 1, &g->code.page) ||
        !image_alloc(&g->image, 1, &g->idt) ||
        !image_alloc(&g->image, 1, &g->gdt))
        return false;
    for (unsigned i = 0; i < g->platform->n_vcpus; i++)
        if (!lay_out_vcpu(g, i, steps, n_steps))
            return false;
    write_code(g);
    write_descriptors(g);
    for (unsigned i = 0; i < g->platform->n_vcpus; i++) {
        write_first_frame(&g->vcpu[i]);
        program_write(&g->vcpu[i], steps, n_steps);
    }
    return true;
}

/* Where the kernel goes: the end of the first RAM range that can be written,
 * or of what the identity map reaches of it. */
static int find_home(struct guest *g, struct err *e)
{
    const struct guest_platform *p = g->platform;
    uint64_t reserved = p->sev_es ? p->n_vcpus * PAGE_SIZE_4K : 0;
    unsigned i = 0;
    uint64_t size;

    while (i < p->n_ram && p->ram[i].readonly)
        i++;
    if (i == p->n_ram)
        return err_at(e, i ? p->ram[0].at : (struct mark) { 0 },
                      "the guest has no memory that it can write");
    size = identity_size(g, p->ram[i].gpa, p->ram[i].size);
    if (size < GUEST_KERNEL_SIZE) {
        err_at(e, p->ram[i].at,
               "no room for the guest's kernel: it takes the last %llu KiB of "
               "the first writable memory, below 2^%d and the C-bit",
               GUEST_KERNEL_SIZE / 1024, g->long_mode ? 47 : 32);
        return err_hint(e, "make this range larger, or put one before it");
    }
    image_init(&g->image, g->pool, p->ram[i].gpa + size - GUEST_KERNEL_SIZE,
               GUEST_KERNEL_SIZE - reserved);
    return 0;
}

static void list_chunks(struct guest *g, unsigned n_steps)
{
    g->chunks = pool_alloc(g->pool, (2 + 2 * n_steps) * sizeof(*g->chunks));
    if (g->platform->sev_es) {
        size_t len = g->platform->n_vcpus * PAGE_SIZE_4K;

        g->chunks[g->n_chunks++] = (struct guest_chunk) {
            .gpa = g->image.base + GUEST_KERNEL_SIZE - len,
            .data = pool_alloc(g->pool, len),
            .len = len,
            .shared = true,
        };
    }
    g->chunks[g->n_chunks++] = (struct guest_chunk) {
        .gpa = g->image.base,
        .data = g->image.bytes,
        .len = g->image.used,
    };
}

struct guest *guest_build(struct pool *pool, const struct guest_config *config,
                          const struct guest_platform *platform,
                          const struct guest_code *steps, unsigned n_steps,
                          struct trace *trace, struct err *e)
{
    struct guest *g = pool_alloc(pool, sizeof(*g));
    bool has_cbit = platform->sev && platform->cbit &&
                    table_format(config->paging)->entry_size == 8;
    bool long_mode = guest_is_64bit(config->paging);

    BUG_ON(platform->n_vcpus > GUEST_MAX_VCPUS);
    *g = (struct guest) {
        .pool = pool,
        .trace = trace,
        .config = config,
        .platform = platform,
        .cbit = has_cbit ? BIT(platform->cbit) : 0,
        .long_mode = long_mode,
        .word = long_mode ? 8 : 4,
    };
    if (find_home(g, e))
        return NULL;
    if (!lay_out(g, steps, n_steps)) {
        out_of_room(e, n_steps ? steps[n_steps - 1].at : (struct mark) { 0 });
        return NULL;
    }
    if (map_everything(g, e))
        return NULL;
    list_chunks(g, n_steps);
    return program_pads(g, e) ? NULL : g;
}

struct guest_range guest_kernel_range(const struct guest *g)
{
    return (struct guest_range) { g->image.base, GUEST_KERNEL_SIZE };
}

struct guest_range guest_program_range(const struct guest *g, unsigned vcpu)
{
    const struct guest_vcpu *v = &g->vcpu[vcpu];

    return (struct guest_range) { v->program, v->program_size };
}

void guest_restart(struct guest *g)
{
    for (unsigned i = 0; i < g->platform->n_vcpus; i++) {
        g->vcpu[i].done = g->vcpu[i].n_met = g->vcpu[i].skipped = 0;
        g->vcpu[i].panicked = false;
    }
}

unsigned guest_n_chunks(const struct guest *g)
{
    return g->n_chunks;
}

struct guest_chunk guest_chunk(const struct guest *g, unsigned i)
{
    BUG_ON(i >= g->n_chunks);
    return g->chunks[i];
}

static uint64_t entry_cr4(const struct guest_config *c)
{
    static const uint64_t mode[] = {
        [PAGING_NONE] = 0,
        [PAGING_32BIT] = CR4_PSE,
        [PAGING_PAE] = CR4_PAE,
        [PAGING_4LEVEL] = CR4_PAE,
        [PAGING_5LEVEL] = CR4_PAE | CR4_LA57,
    };

    return mode[c->paging] | (c->smep ? CR4_SMEP : 0) |
           (c->smap ? CR4_SMAP : 0);
}

static uint64_t entry_efer(const struct guest *g)
{
    bool nxe = g->config->nxe && g->tables.format->entry_size == 8;

    return (g->long_mode ? EFER_LME | EFER_LMA : 0) | (nxe ? EFER_NXE : 0);
}

/* A kernel of 32-bit code keeps data segments that its programs may have, too,
 * as Linux does. */
struct guest_entry guest_entry(const struct guest *g, unsigned vcpu)
{
    const struct guest_vcpu *v = &g->vcpu[vcpu];
    const struct guest_config *c = g->config;
    bool paging = c->paging != PAGING_NONE;

    return (struct guest_entry) {
        .rip = g->code.entry,
        .rsp = first_frame(v),
        .rflags = RFLAGS_FIXED,
        .cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | (c->wp ? CR0_WP : 0) |
               (paging ? CR0_PG : 0),
        .cr3 = g->tables.root | (g->long_mode ? g->cbit : 0),
        .cr4 = entry_cr4(c),
        .efer = entry_efer(g),
        .cpl = 0,
        .gdt_base = g->gdt,
        .gdt_limit = GDT_LIMIT,
        .idt_base = g->idt,
        .idt_limit = idt_limit(g),
        .tr_base = v->tss,
        .tr_limit = TSS_SIZE - 1,
        .cs = KERNEL_CS,
        .ss = KERNEL_SS,
        .ds = g->long_mode ? KERNEL_SS : USER_SS,
        .tr = (uint16_t)(FIRST_TR + 16 * vcpu),
    };
}

struct guest_software guest_software(struct guest *g, unsigned vcpu)
{
    BUG_ON(vcpu >= g->platform->n_vcpus);
    return (struct guest_software) { guest_softcall, &g->vcpu[vcpu] };
}

unsigned guest_steps_done(const struct guest *g, unsigned vcpu)
{
    return g->vcpu[vcpu].done;
}

void guest_skip_step(struct guest *g, unsigned vcpu)
{
    struct guest_vcpu *v = &g->vcpu[vcpu];

    BUG_ON(v->done + v->skipped + 1 >= v->n_steps);
    v->skipped++;
}

bool guest_panicked(const struct guest *g, unsigned vcpu)
{
    return g->vcpu[vcpu].panicked;
}
