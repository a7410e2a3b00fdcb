/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/program.c - the steps of a vCPU as one program in guest memory.
 *
 *     end marker of the boot, step 0's bytes, end marker, step 1's bytes, ...
 *
 * The end marker halts, which gives control back to the scenario: at CPL 0 it
 * tells the kernel's records and executes HLT, at CPL 3 it asks the kernel to
 * (INT 0x80). A fetch step jumps away; a pad at its target jumps back.
 */
#include "guest/kernel.h"

#include <string.h>

static const uint8_t end_at_cpl0[] = { 0x0f, 0x3f, SOFT_STEP_END, 0xf4 };
static const uint8_t end_at_cpl3[] = { 0xcd, SYSCALL_INT };
static const uint8_t pad[SOFTCALL_LEN] = { 0x0f, 0x3f, SOFT_LANDED };

uint64_t program_size(const struct guest_code *steps, unsigned n_steps,
                      unsigned vcpu)
{
    uint64_t size = sizeof(end_at_cpl0);

    for (unsigned i = 0; i < n_steps; i++)
        if (steps[i].vcpu == vcpu)
            size += steps[i].len + sizeof(end_at_cpl0);
    return size;
}

/* Append one step behind the @v->n_steps that are there; returns where the next
 * one goes. */
static gva_t append(struct guest_vcpu *v, gva_t at,
                    const struct guest_code *code)
{
    const struct guest *g = v->guest;
    bool user = g->config->cpl == 3;
    const uint8_t *end = user ? end_at_cpl3 : end_at_cpl0;
    size_t end_len = user ? sizeof(end_at_cpl3) : sizeof(end_at_cpl0);

    if (code->len)
        memcpy(image_at(&g->image, at), code->bytes, code->len);
    at += code->len;
    v->steps[v->n_steps++] = (struct step) { .end = at,
                                             .target = code->target,
                                             .has_target = code->has_target };
    memcpy(image_at(&g->image, at), end, end_len);
    return at + end_len;
}

void program_write(struct guest_vcpu *v, const struct guest_code *steps,
                   unsigned n_steps)
{
    struct guest *g = v->guest;
    gva_t at = v->program;

    v->steps = pool_alloc(g->pool, (n_steps + 1) * sizeof(*v->steps));
    at = append(v, at, &(struct guest_code) { .len = 0 });
    for (unsigned i = 0; i < n_steps; i++)
        if (steps[i].vcpu == v - g->vcpu)
            at = append(v, at, &steps[i]);
}

static bool in_ram(const struct guest_platform *p, gpa_t gpa)
{
    for (unsigned i = 0; i < p->n_ram; i++)
        if (gpa >= p->ram[i].gpa && gpa - p->ram[i].gpa < p->ram[i].size)
            return true;
    return false;
}

static bool in_kernel(const struct guest *g, gpa_t gpa)
{
    return gpa >= g->image.base && gpa - g->image.base < GUEST_KERNEL_SIZE;
}

/* Place @len bytes of a pad at @gva, which lie within one page. Nothing where
 * no RAM of the guest's own is mapped: the fetch shall meet what is there. */
static int place(struct guest *g, gva_t gva, const uint8_t *data, size_t len,
                 struct err *e)
{
    struct guest_chunk c = { .data = data, .len = len };
    uint64_t entry;

    if (!len || !tables_find(&g->tables, gva, &c.gpa, &entry))
        return 0;
    if (!in_ram(g->platform, c.gpa) || in_kernel(g, c.gpa))
        return 0;
    c.shared = g->cbit && !(entry & g->cbit);
    for (unsigned i = 0; i < g->n_chunks; i++) {
        const struct guest_chunk *o = &g->chunks[i];

        if (o->gpa == c.gpa && o->data == data)
            return 0; /* two steps, one target */
        if (o->gpa < c.gpa + len && c.gpa < o->gpa + o->len) {
            err_plain(e, NULL, "fetch steps with overlapping targets at 0x%llx",
                      (unsigned long long)gva);
            return err_hint(e, "keep targets %u bytes apart", SOFTCALL_LEN);
        }
    }
    g->chunks[g->n_chunks++] = c;
    return 0;
}

static int place_pad(struct guest *g, gva_t target, struct err *e)
{
    uint64_t room = PAGE_SIZE_4K - (target & ~PAGE_MASK_4K);
    size_t first = room < sizeof(pad) ? room : sizeof(pad);

    if (place(g, target, pad, first, e))
        return -1;
    if (target + first < target)
        return 0; /* the very end of the address space */
    return place(g, target + first, pad + first, sizeof(pad) - first, e);
}

int program_pads(struct guest *g, struct err *e)
{
    for (unsigned v = 0; v < g->platform->n_vcpus; v++)
        for (unsigned i = 0; i < g->vcpu[v].n_steps; i++) {
            const struct step *s = &g->vcpu[v].steps[i];

            if (s->has_target && place_pad(g, s->target, e))
                return -1;
        }
    return 0;
}
