/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * story.h - scenarios as C structs, lived through on the real CPU and KVM, and
 * what was heard on the bus.
 */
#ifndef TESTS_RUN_STORY_H
#define TESTS_RUN_STORY_H

#include "arch/insn.h"
#include "load.h"
#include "run.h"
#include "trace.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define MIB  0x100000ULL
#define HPET 0xfed00000ULL

struct heard {
    unsigned count[N_EVENTS];
    unsigned n_steps;
    const char *how[16]; /* of each step_done, in order */
    const char *why[16]; /* may be NULL */
    const char *created; /* vm_create.result */
    uint64_t rax;        /* of the last halt */
    uint64_t npf[16];    /* EXITINFO1 of the first #NPFs */
    struct ev_hang hang; /* the last one */
    struct ev_guest_fixup fixup;
    struct ev_vmm_device device;
    const char *terminate;
};

struct story {
    struct pool *pool;
    struct catalog *catalog;
    struct run_config config;
    struct vmm_memory memory[4];
    struct vmm_mmio mmio[2];
    struct run_step steps[16];
    struct heard heard;
    struct trace trace;
    struct err err;
};

static inline void hear(void *ctx, const struct event *ev)
{
    struct heard *h = ctx;
    unsigned n = h->count[ev->id]++;

    if (ev->id == EV_step_done) {
        const struct ev_step_done *e = (const void *)ev->fields;

        h->how[h->n_steps] = e->how;
        h->why[h->n_steps++] = e->why;
    } else if (ev->id == EV_vm_create) {
        h->created = ((const struct ev_vm_create *)ev->fields)->result;
    } else if (ev->id == EV_halt) {
        h->rax = ((const struct ev_halt *)ev->fields)->rax;
    } else if (ev->id == EV_npf && n < ARRAY_SIZE(h->npf)) {
        h->npf[n] = ((const struct ev_npf *)ev->fields)->info1;
    } else if (ev->id == EV_hang) {
        h->hang = *(const struct ev_hang *)ev->fields;
    } else if (ev->id == EV_guest_fixup) {
        h->fixup = *(const struct ev_guest_fixup *)ev->fields;
    } else if (ev->id == EV_vmm_device) {
        h->device = *(const struct ev_vmm_device *)ev->fields;
    } else if (ev->id == EV_guest_terminate) {
        h->terminate = ((const struct ev_guest_terminate *)ev->fields)->why;
    }
}

/* A machine with 16 MiB and an HPET that reads 5Ah, no steps yet. */
static inline struct story *new_story(const char *cpu, const char *kernel,
                                      enum vm_type type)
{
    struct pool *pool = pool_create();
    struct story *s = pool_alloc(pool, sizeof(*s));
    struct mark at = { 0 };
    const struct cpu_file *c;
    const struct kernel_file *k;

    s->pool = pool;
    s->catalog = catalog_open(pool, "models");
    c = catalog_cpu(s->catalog, cpu, at, &s->err);
    ck_assert_msg(c, "%s", s->err.msg);
    k = catalog_kernel(s->catalog, kernel, at, &s->err);
    ck_assert_msg(k, "%s", s->err.msg);
    s->memory[0] =
        (struct vmm_memory) { .size = 16 * MIB, .host_page = PAGE_SIZE_4K };
    s->mmio[0] = (struct vmm_mmio) { HPET, 4096, "hpet", 0x5a, { 0 } };
    s->config = (struct run_config) {
        .cpu = c->model,
        .kernel = k->model,
        .params = kvm_default_params(),
        .vm = { .type = type,
                .n_vcpus = 1,
                .n_memory = 1,
                .n_mmio = 1,
                .memory = s->memory,
                .mmio = s->mmio },
        .guest = { .paging = PAGING_4LEVEL,
                   .page_size = 2 * MIB,
                   .wp = true,
                   .nxe = true },
        .steps = s->steps,
    };
    return s;
}

/* mov rbx, addr; then @bytes. */
static inline struct run_step *add_code(struct story *s, gva_t rbx,
                                        const char *bytes, size_t len)
{
    struct run_step *step = &s->steps[s->config.n_steps];
    uint8_t *code = pool_alloc(s->pool, INSN_MAX_LEN + len);
    size_t n = insn_encode_mov_imm(INSN_MODE_64, GPR_RBX, rbx, code);

    memcpy(code + n, bytes, len);
    step->id = pool_printf(s->pool, "s%u", s->config.n_steps++);
    step->what = "code";
    step->code = (struct guest_code) { .bytes = code, .len = n + len };
    return step;
}
#define ADD_CODE(s, rbx, bytes) add_code(s, rbx, bytes, sizeof(bytes) - 1)

static inline void add_read(struct story *s, gva_t gva)
{
    ADD_CODE(s, gva, "\x8b\x03"); /* mov eax, [rbx] */
}

static inline void add_write(struct story *s, gva_t gva)
{
    ADD_CODE(s, gva, "\xc7\x03\x44\x33\x22\x11"); /* mov dword [rbx], imm */
}

static inline void add_fetch(struct story *s, gva_t gva)
{
    struct run_step *step = ADD_CODE(s, gva, "\xff\xe3"); /* jmp rbx */

    step->code.has_target = true;
    step->code.target = gva;
}

static inline void add_host(struct story *s, enum step_kind kind, gpa_t gpa)
{
    struct run_step *step = &s->steps[s->config.n_steps];

    step->id = pool_printf(s->pool, "s%u", s->config.n_steps++);
    step->what = "host";
    step->kind = kind;
    step->memory = (struct vmm_memory) { .gpa = gpa,
                                         .size = PAGE_SIZE_4K,
                                         .host_page = PAGE_SIZE_4K };
}

static inline const struct heard *live(struct story *s)
{
    trace_init(&s->trace, s->pool);
    trace_add_sink(&s->trace, hear, &s->heard);
    ck_assert_msg(!run_scenario(s->pool, &s->config, &s->trace, &s->err), "%s",
                  s->err.msg);
    ck_assert_uint_eq(s->heard.n_steps, s->config.n_steps);
    return &s->heard;
}

static inline void end(struct story *s)
{
    pool_destroy(s->pool);
}

#endif
