/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/machine.c - how many machines per second can live through two touches.
 *
 * Each is a CPU of its own, a boot, a VM of one type with its guest loaded and,
 * where that applies, encrypted; the guest reads an emulated register twice,
 * and how that ended is judged. Geometries vary, so that some kernels refuse
 * the VM and some guests hang; every other guest lies in pages of 2 MiB.
 */
#include "bench/bench.h"

#include "arch/insn.h"
#include "load.h"

#include <string.h>

#define MACHINES 1170U /* every kernel, type and geometry as often */
#define MIB      0x100000ULL
#define HPET     0xfed000f0ULL

static const char *const step_ids[] = { "first", "second" };
static const unsigned step_sizes[] = { 4, 4 };
static const struct expectations nothing;

/* The first never refuses an SEV-ES guest, the others do. */
static const char *const kernels[] = { "v5.18", "v6.0", "v7.3" };

/* One machine, to be made another one for each run. */
struct world {
    struct pool *pool;
    struct run_config config;
    const struct kernel_file *kernel[ARRAY_SIZE(kernels)];
    struct vmm_memory memory;
    struct vmm_mmio mmio;
    struct run_step steps[2];
    uint8_t code[INSN_MAX_LEN + 2];
    struct trace trace;
    struct judge *judge;
    struct rig *rig;
};

/* mov rbx, HPET; mov eax, [rbx] */
static void write_steps(struct world *w)
{
    size_t len = insn_encode_mov_imm(INSN_MODE_64, GPR_RBX, HPET, w->code);

    memcpy(w->code + len, "\x8b\x03", 2);
    for (unsigned i = 0; i < ARRAY_SIZE(w->steps); i++)
        w->steps[i] = (struct run_step) {
            .id = step_ids[i],
            .what = "read 4 bytes",
            .size = step_sizes[i],
            .code = { .bytes = w->code, .len = len + 2 },
        };
}

static void build(struct world *w, struct pool *pool)
{
    struct trace_interest wants;

    w->memory =
        (struct vmm_memory) { .size = 16 * MIB, .host_page = PAGE_SIZE_4K };
    w->mmio = (struct vmm_mmio) { .gpa = HPET & PAGE_MASK_4K,
                                  .size = PAGE_SIZE_4K,
                                  .name = "hpet",
                                  .reads = 0x5a };
    write_steps(w);
    for (unsigned i = 0; i < ARRAY_SIZE(kernels); i++)
        w->kernel[i] = bench_kernel(pool, kernels[i]);
    w->config = (struct run_config) {
        .cpu = bench_cpu(pool, "milan")->model,
        .params = kvm_default_params(),
        .vm = { .n_vcpus = 1,
                .n_memory = 1,
                .n_mmio = 1,
                .memory = &w->memory,
                .mmio = &w->mmio },
        .guest = { .paging = PAGING_4LEVEL,
                   .page_size = 2 * MIB,
                   .wp = true,
                   .nxe = true },
        .n_steps = ARRAY_SIZE(w->steps),
        .steps = w->steps,
    };
    trace_init(&w->trace, pool);
    w->judge = judge_create(pool, &nothing, ARRAY_SIZE(w->steps), step_ids,
                            step_sizes);
    judge_interest(w->judge, false, &wants);
    trace_add_listener(&w->trace, judge_sink, w->judge, &wants);
    w->rig = rig_create(pool, &w->trace);
}

struct tally {
    unsigned refused, hung, done;
};

static void run(struct world *w, unsigned i, struct tally *t)
{
    static const enum vm_type types[] = { VM_PLAIN, VM_SEV, VM_SEV_ES };
    const struct step_report *report;
    const struct verdict *verdicts;
    struct err e = { 0 };

    w->config.vm.type = types[i % 3];
    w->config.cpu.phys_reduction = i / 3 % 5;
    w->config.cpu.maxphyaddr_raw = 40 + i / 15 % 13;
    w->config.kernel = w->kernel[i / 195 % ARRAY_SIZE(kernels)]->model;
    w->config.cpu.cbit = i / 585 % 2 ? 47 : 51;
    w->memory.host_page = i % 2 ? PAGE_SIZE_4K : 2 * MIB;
    judge_reset(w->judge);
    BUG_ON(rig_run(w->rig, &w->config, &e));
    judge_finish(w->judge, &verdicts);
    judge_steps(w->judge, &report);
    if (strcmp(report[0].outcome, "skipped") == 0)
        t->refused++;
    else if (strcmp(report[0].outcome, "hang") == 0)
        t->hung++;
    else if (report[1].has_value && report[1].value == 0x5a)
        t->done++;
}

static void *create(void)
{
    struct pool *pool = pool_create();
    struct world *w = pool_alloc(pool, sizeof(*w));

    w->pool = pool;
    build(w, pool);
    return w;
}

static void live(void *world, unsigned turns)
{
    struct tally tally = { 0 };

    for (unsigned i = 0; i < turns; i++)
        run(world, i, &tally);
    BUG_ON(!tally.refused || !tally.hung ||
           tally.refused + tally.hung + tally.done != turns);
}

static void destroy(void *world)
{
    pool_destroy(((struct world *)world)->pool);
}

void bench_machines(void)
{
    static const struct bench_work work = { create, live, destroy, MACHINES };

    bench_rate("gating.machine", &work, "machines/s", 1);
}
