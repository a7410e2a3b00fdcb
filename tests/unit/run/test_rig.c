/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine that was lived through before must be told from a new one by
 * nothing at all: not by one event, not by one field.
 */
#include "story.h"
#include "unit/suite.h"

#include <inttypes.h>

#define N_STORIES 300

static const char *const cpus[] = { "milan", "genoa", "naples", "kaveri" };
static const char *const kernels[] = { "v5.18",    "v5.19",     "v6.0", "v6.1",
                                       "v6.1.192", "v6.12.107", "v7.3" };

/* ---- every event as a line of text ---- */

static void write_event(void *ctx, const struct event *ev)
{
    const struct event_desc *d = &event_table[ev->id];
    struct buf *b = ctx;

    buf_printf(b, "%" PRIu64 " %" PRIu64 " %s", ev->seq, ev->vcpu, d->name);
    for (unsigned i = 0; i < d->n_fields; i++)
        if (d->fields[i].kind == KIND_STR)
            buf_printf(b, " %s", event_str(ev, i));
        else
            buf_printf(b, " %" PRIx64, ev->fields[i]);
    buf_addc(b, '\n');
}

/* ---- stories by number ---- */

static uint64_t draw(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static bool one_in(uint64_t *seed, unsigned n)
{
    return draw(seed) % n == 0;
}

static void draw_geometry(struct cpu_model *m, uint64_t *seed)
{
    if (one_in(seed, 2))
        return;
    m->maxphyaddr_raw = 40 + (unsigned)(draw(seed) % 13);
    m->phys_reduction = (unsigned)(draw(seed) % 6);
    if (m->mem_encrypt)
        m->cbit = 36 + (unsigned)(draw(seed) % 16);
}

/* Any entry may get or lose any of the bits that matter. */
static struct run_npt draw_npt(const struct story *s, uint64_t *seed)
{
    static const uint64_t bits[] = { PTE_P, PTE_W,  PTE_U,  PTE_A,
                                     PTE_D, PTE_PS, BIT(8), PTE_NX };
    uint64_t bit = bits[draw(seed) % ARRAY_SIZE(bits)];
    struct run_npt n = { .part = (enum npt_part)(draw(seed) % 3) };

    if (s->config.bare.host.paging == BARE_PAGING_32BIT && bit == PTE_NX)
        bit = BIT(13);
    if (n.part == NPT_ADDRESS) {
        n.change.gpa = draw(seed) % (40 * MIB) & PAGE_MASK_4K;
        n.change.size = one_in(seed, 2) ? PAGE_SIZE_4K : 0;
    }
    if (n.part == NPT_ADDRESS && one_in(seed, 4))
        n.change.level = 2;
    if (one_in(seed, 2))
        n.change.set = bit;
    else
        n.change.clear = bit;
    return n;
}

static void add_bare(struct story *s, uint64_t *seed)
{
    static const enum step_kind kinds[] = { STEP_NPT,     STEP_NPT,
                                            STEP_VMCB,    STEP_FLUSH,
                                            STEP_INVLPGA, STEP_RESUME };
    struct run_step *step = &s->steps[s->config.n_steps];

    step->id = pool_printf(s->pool, "s%u", s->config.n_steps++);
    step->what = "host";
    step->kind = kinds[draw(seed) % ARRAY_SIZE(kinds)];
    step->npt = draw_npt(s, seed);
    step->flush = one_in(seed, 2) ? BARE_FLUSH_ASID : BARE_FLUSH_ALL;
    step->gva = 0x1000;
    step->vmcb.asid = (uint32_t)(draw(seed) % 3);
    step->vmcb.set = draw(seed) & (NESTED_CTL_ROGPT | NESTED_CTL_SSS);
    step->vmcb.clear = draw(seed) & (NESTED_CTL_ROGPT | NESTED_CTL_GMET);
}

static void draw_bare(struct story *s, uint64_t *seed)
{
    struct run_bare *b = &s->config.bare;

    s->config.is_bare = true;
    s->config.vm.n_mmio = 0;
    b->host = (struct bare_host) {
        .paging = (enum bare_paging)(draw(seed) % (BARE_PAGING_5LEVEL + 1)),
        .nxe = !one_in(seed, 4),
        .smep = one_in(seed, 4),
        .wp = one_in(seed, 2),
        .pse = !one_in(seed, 4),
    };
    b->vmcb = (struct bare_vmcb) { .np = !one_in(seed, 8),
                                   .gmet = one_in(seed, 4),
                                   .sss = one_in(seed, 4),
                                   .rogpt = one_in(seed, 4),
                                   .clean = one_in(seed, 3) };
    b->page_size = one_in(seed, 2) ? PAGE_SIZE_4K : 2 * MIB;
    b->npt = pool_alloc(s->pool, 2 * sizeof(*b->npt));
    if (one_in(seed, 3))
        b->npt[b->n_npt++] = draw_npt(s, seed);
    if (b->vmcb.gmet)
        b->npt[b->n_npt++] = (struct run_npt) { .part = NPT_KERNEL,
                                                .change = { .clear = PTE_U } };
}

static void draw_step(struct story *s, uint64_t *seed)
{
    static const gva_t places[] = { 0x1000,       0x1ffc,     HPET + 0xf0,
                                    HPET + 0xffc, 0xdead0000, 15 * MIB,
                                    32 * MIB };
    gva_t gva = places[draw(seed) % ARRAY_SIZE(places)];

    /* The guest's own kernel: code, stacks, page tables, ... */
    if (one_in(seed, 3))
        gva = s->memory[0].size - MIB + draw(seed) % 24 * PAGE_SIZE_4K +
              draw(seed) % 512 * 8;
    switch (draw(seed) % 8) {
    case 0:
    case 1:
    case 2:
        add_read(s, gva);
        break;
    case 3:
    case 4:
        add_write(s, gva);
        break;
    case 5:
        add_fetch(s, gva);
        break;
    case 6:
        ADD_CODE(s, gva, "\x0f\xa2"); /* cpuid */
        break;
    case 7:
        if (s->config.is_bare) {
            add_bare(s, seed);
            break;
        }
        add_host(s, one_in(seed, 2) ? STEP_MEMSLOT_CREATE : STEP_MEMSLOT_DELETE,
                 32 * MIB);
        break;
    }
    s->steps[s->config.n_steps - 1].vcpu =
        (unsigned)(draw(seed) % s->config.vm.n_vcpus);
}

static void draw_vm(struct story *s, uint64_t *seed)
{
    static const uint64_t host_pages[] = { PAGE_SIZE_4K, PAGE_SIZE_4K,
                                           2 * MIB };
    struct vmm_config *vm = &s->config.vm;

    vm->n_vcpus = 1 + (unsigned)(draw(seed) % 2);
    s->memory[0].size = (one_in(seed, 3) ? 1 : 16) * MIB;
    s->memory[0].host_page = host_pages[draw(seed) % 3];
    if (one_in(seed, 3)) {
        s->memory[1] = (struct vmm_memory) { .gpa = 32 * MIB,
                                             .size = 2 * MIB,
                                             .host_page = PAGE_SIZE_4K,
                                             .readonly = one_in(seed, 2) };
        vm->n_memory = 2;
    }
}

static struct story *draw_story(unsigned n)
{
    uint64_t seed = 0x9e3779b97f4a7c15ULL * (n + 1);
    const char *kernel = kernels[draw(&seed) % ARRAY_SIZE(kernels)];
    const char *cpu = cpus[draw(&seed) % ARRAY_SIZE(cpus)];
    struct story *s = new_story(cpu, kernel, draw(&seed) % 3);
    struct run_config *c = &s->config;

    draw_geometry(&c->cpu, &seed);
    draw_vm(s, &seed);
    c->cpu.tlb.mode = one_in(&seed, 3) ? TLB_ADVERSARIAL : TLB_OFF;
    c->cpu.knobs.vmcb_clean_strict = one_in(&seed, 4);
    c->params.mmio_caching = !one_in(&seed, 6);
    c->params.sme = one_in(&seed, 4);
    c->guest.cpl = one_in(&seed, 4) ? 3 : 0;
    c->guest.smap = one_in(&seed, 4);
    c->guest.vc_handler = one_in(&seed, 5) ? VC_HANDLER_NONE : VC_HANDLER_LINUX;
    if (one_in(&seed, 4))
        draw_bare(s, &seed);
    for (unsigned i = 1 + (unsigned)(draw(&seed) % 5); i; i--)
        draw_step(s, &seed);
    return s;
}

/* ---- the comparison ---- */

/* What the story says on a machine of its own; an error is a line, too. */
static void tell_fresh(const struct run_config *c, struct buf *b)
{
    struct pool *pool = pool_create();
    struct err e = { 0 };
    struct trace trace;

    trace_init(&trace, pool);
    trace_add_sink(&trace, write_event, b);
    if (run_scenario(pool, c, &trace, &e))
        buf_printf(b, "error: %s\n", e.msg);
    pool_destroy(pool);
}

struct reused {
    struct pool *pool;
    struct trace trace;
    struct rig *rig;
    struct buf told;
};

static void reused_open(struct reused *r)
{
    *r = (struct reused) { .pool = pool_create(), .told = BUF_INIT };
    trace_init(&r->trace, r->pool);
    trace_add_sink(&r->trace, write_event, &r->told);
    r->rig = rig_create(r->pool, &r->trace);
}

static void reused_close(struct reused *r)
{
    pool_destroy(r->pool);
    buf_free(&r->told);
}

static void tell_again(struct reused *r, const struct run_config *c)
{
    struct err e = { 0 };

    buf_clear(&r->told);
    if (rig_run(r->rig, c, &e))
        buf_printf(&r->told, "error: %s\n", e.msg);
}

/* Where two texts part, for the message. */
static void check_same(const struct buf *a, const struct buf *b, unsigned n)
{
    size_t i = 0, line = 0;

    while (i < a->len && i < b->len && a->data[i] == b->data[i]) {
        if (a->data[i++] == '\n')
            line = i;
    }
    ck_assert_msg(a->len == b->len && i == a->len,
                  "story %u: fresh %.150s, reused %.150s", n, a->data + line,
                  b->data + line);
}

START_TEST(a_used_machine_tells_the_same_as_a_fresh_one)
{
    struct buf fresh = BUF_INIT;
    struct reused r;

    reused_open(&r);
    for (unsigned n = 0; n < N_STORIES; n++) {
        struct story *s = draw_story(n);

        buf_clear(&fresh);
        tell_fresh(&s->config, &fresh);
        tell_again(&r, &s->config);
        check_same(&fresh, &r.told, n);
        end(s);
    }
    reused_close(&r);
    buf_free(&fresh);
}
END_TEST

/* Twelve stories in every order of pairs: what one leaves behind meets each
 * other one. */
START_TEST(no_story_leaves_a_trace_in_the_next_one)
{
    struct story *s[12];
    struct buf fresh[12];
    struct reused r;

    reused_open(&r);
    for (unsigned i = 0; i < 12; i++) {
        s[i] = draw_story(1000 + 37 * i);
        fresh[i] = (struct buf)BUF_INIT;
        tell_fresh(&s[i]->config, &fresh[i]);
    }
    for (unsigned i = 0; i < 12; i++)
        for (unsigned k = 0; k < 12; k++) {
            tell_again(&r, &s[i]->config);
            check_same(&fresh[i], &r.told, i);
            tell_again(&r, &s[k]->config);
            check_same(&fresh[k], &r.told, k);
        }
    for (unsigned i = 0; i < 12; i++) {
        end(s[i]);
        buf_free(&fresh[i]);
    }
    reused_close(&r);
}
END_TEST

START_TEST(a_rig_that_met_everything_grows_no_more)
{
    struct story *s[50];
    size_t held = 0;
    struct reused r;

    reused_open(&r);
    for (unsigned i = 0; i < ARRAY_SIZE(s); i++)
        s[i] = draw_story(i);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < ARRAY_SIZE(s); i++)
            tell_again(&r, &s[i]->config);
        if (round == 1)
            held = pool_footprint(r.pool);
        ck_assert_msg(round < 1 || pool_footprint(r.pool) == held,
                      "round %u: %zu bytes, first %zu", round,
                      pool_footprint(r.pool), held);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(s); i++)
        end(s[i]);
    reused_close(&r);
}
END_TEST

/* What is told of single references, and only where somebody asks for it. */
static bool is_detail(enum event_id id)
{
    return id == EV_npt_step || id == EV_gpt_step || id == EV_tlb_hit;
}

static void write_unnumbered(void *ctx, const struct event *ev)
{
    struct event e = *ev;

    e.seq = 0;
    if (!is_detail(ev->id))
        write_event(ctx, &e);
}

/* Walks that nobody looks at may be cut short; the story stays the same. */
START_TEST(nobody_changes_a_story_by_listening)
{
    struct trace_interest wants = { .texts = true };
    struct buf all = BUF_INIT, some = BUF_INIT;
    struct pool *pool = pool_create();
    struct trace loud, quiet;
    struct rig *rig[2];

    for (unsigned id = 0; id < N_EVENTS; id++)
        wants.event[id] = !is_detail(id);
    trace_init(&loud, pool);
    trace_add_sink(&loud, write_unnumbered, &all);
    trace_init(&quiet, pool);
    trace_add_listener(&quiet, write_unnumbered, &some, &wants);
    rig[0] = rig_create(pool, &loud);
    rig[1] = rig_create(pool, &quiet);
    for (unsigned n = 0; n < N_STORIES; n++) {
        struct story *s = draw_story(5000 + n);
        struct err e = { 0 };

        buf_clear(&all);
        buf_clear(&some);
        ck_assert_int_eq(rig_run(rig[0], &s->config, &e),
                         rig_run(rig[1], &s->config, &e));
        check_same(&all, &some, n);
        end(s);
    }
    pool_destroy(pool);
    buf_free(&all);
    buf_free(&some);
}
END_TEST

START_TEST(a_refused_config_leaves_the_rig_usable)
{
    struct story *good = draw_story(7), *bad = draw_story(7);
    struct buf fresh = BUF_INIT;
    struct reused r;

    add_read(good, HPET);
    bad->config.vm.n_vcpus = 0;
    tell_fresh(&good->config, &fresh);
    reused_open(&r);
    for (unsigned i = 0; i < 3; i++) {
        tell_again(&r, &good->config);
        check_same(&fresh, &r.told, i);
        tell_again(&r, &bad->config);
        ck_assert_ptr_nonnull(strstr(r.told.data, "error: "));
    }
    reused_close(&r);
    buf_free(&fresh);
    end(good);
    end(bad);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rig");
    TCase *t = tcase_create("rig");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, a_used_machine_tells_the_same_as_a_fresh_one);
    tcase_add_test(t, no_story_leaves_a_trace_in_the_next_one);
    tcase_add_test(t, a_rig_that_met_everything_grows_no_more);
    tcase_add_test(t, nobody_changes_a_story_by_listening);
    tcase_add_test(t, a_refused_config_leaves_the_rig_usable);
    suite_add_tcase(s, t);
    return run_suite(s);
}
