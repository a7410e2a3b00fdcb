/* SPDX-License-Identifier: GPL-2.0-only */
/* load/host_step.c - `host:` of a step. */
#include "load/host_step.h"

#include <inttypes.h>

#define CONTROL(member, text)                                                  \
    {                                                                          \
        .key = #member, .type = FIELD_BOOL,                                    \
        MEMBER(struct vmcb_doc, member.on),                                    \
        .at = offsetof(struct vmcb_doc, member.at), .doc = text                \
    }

static const struct field vmcb_fields[] = {
    CONTROL(np, "nested paging"),
    CONTROL(gmet, "guest mode execute trap"),
    CONTROL(sss, "supervisor shadow-stack checks"),
    CONTROL(rogpt, "guest page tables are read without writing"),
    { .key = "asid",
      .type = FIELD_NUMBER,
      MEMBER(struct vmcb_doc, asid),
      .min = 1,
      .max = UINT32_MAX,
      .doc = "another one" },
};

static const struct field_table vmcb_change_table = {
    .name = "vmcb",
    .fields = vmcb_fields,
    .n = ARRAY_SIZE(vmcb_fields),
};

static const uint64_t touch_sizes[] = { 1, 2, 4, 8 };
static const uint64_t mapping_sizes[] = { PAGE_SIZE_4K, 2ULL << 20,
                                          1ULL << 30 };

#define TOUCH_SPA                                                              \
    {                                                                          \
        .key = "spa", .type = FIELD_NUMBER, .required = true,                  \
        MEMBER(struct touch_doc, spa), .max = BIT(52) - 8,                     \
        .doc = "system-physical address"                                       \
    }
#define TOUCH_SIZE                                                             \
    {                                                                          \
        .key = "size", .type = FIELD_NUMBER, MEMBER(struct touch_doc, size),   \
        .choice = touch_sizes, .n = ARRAY_SIZE(touch_sizes),                   \
        .doc = "bytes (default 8)"                                             \
    }

static const struct field write_fields[] = {
    TOUCH_SPA,
    { .key = "value",
      .type = FIELD_NUMBER,
      .required = true,
      MEMBER(struct touch_doc, value),
      .max = UINT64_MAX,
      .doc = "what is written" },
    { .key = "page_size",
      .type = FIELD_NUMBER,
      MEMBER(struct touch_doc, page_size),
      .choice = mapping_sizes,
      .n = ARRAY_SIZE(mapping_sizes),
      .doc = "of the host's own mapping (default 4KiB)" },
    TOUCH_SIZE,
};

static const struct field read_fields[] = { TOUCH_SPA, TOUCH_SIZE };

static const struct field_table write_table = {
    .name = "write",
    .fields = write_fields,
    .n = ARRAY_SIZE(write_fields),
};

static const struct field_table read_table = {
    .name = "read",
    .fields = read_fields,
    .n = ARRAY_SIZE(read_fields),
};

static const struct field host_fields[] = {
    { .key = "memslot_create",
      .type = FIELD_GROUP,
      .offset = offsetof(struct host_doc, create),
      .at = offsetof(struct host_doc, create_at),
      .table = &memory_table,
      .doc = "userspace adds a memslot" },
    { .key = "memslot_delete",
      .type = FIELD_GROUP,
      .offset = offsetof(struct host_doc, delete),
      .at = offsetof(struct host_doc, delete_at),
      .table = &memslot_gpa_table,
      .doc = "userspace deletes the memslot at gpa" },
    { .key = "npt",
      .type = FIELD_GROUP,
      .offset = offsetof(struct host_doc, npt),
      .at = offsetof(struct host_doc, npt_at),
      .table = &npt_table,
      .doc = "a bare hypervisor changes nested entries, and flushes nothing" },
    { .key = "vmcb",
      .type = FIELD_GROUP,
      .offset = offsetof(struct host_doc, vmcb),
      .at = offsetof(struct host_doc, vmcb_at),
      .table = &vmcb_change_table,
      .doc = "a bare hypervisor changes its VMCBs; what is not named stays" },
    { .key = "flush",
      .type = FIELD_WORD,
      MEMBER(struct host_doc, flush),
      .at = offsetof(struct host_doc, flush_at),
      .words = bare_flush_names,
      .n = BARE_FLUSH_ALL + 1,
      .doc =
          "a bare hypervisor's next VMRUN flushes the guest's ASID, or all" },
    { .key = "invlpga",
      .type = FIELD_NUMBER,
      MEMBER(struct host_doc, invlpga),
      .max = UINT64_MAX,
      .at = offsetof(struct host_doc, invlpga_at),
      .doc = "a bare hypervisor flushes one guest-virtual address of the "
             "guest's ASID" },
    { .key = "rmpupdate",
      .type = FIELD_GROUP,
      .offset = offsetof(struct host_doc, rmp),
      .at = offsetof(struct host_doc, rmp_at),
      .table = &rmp_table,
      .doc = "a bare hypervisor gives pages away or takes them back; the "
             "step's value is what is in EAX" },
    { .key = "psmash",
      .type = FIELD_NUMBER,
      MEMBER(struct host_doc, psmash),
      .max = BIT(52) - 1,
      .at = offsetof(struct host_doc, psmash_at),
      .doc = "a bare hypervisor splits the 2M entry of this system-physical "
             "address; value as with rmpupdate" },
    { .key = "write",
      .type = FIELD_GROUP,
      .offset = offsetof(struct host_doc, write),
      .at = offsetof(struct host_doc, write_at),
      .table = &write_table,
      .doc = "a bare hypervisor writes to memory itself, without any key" },
    { .key = "read",
      .type = FIELD_GROUP,
      .offset = offsetof(struct host_doc, read),
      .at = offsetof(struct host_doc, read_at),
      .table = &read_table,
      .doc = "a bare hypervisor reads memory itself: ciphertext where there "
             "is a key" },
};

const struct field_table host_step_table = {
    .name = "host",
    .fields = host_fields,
    .n = ARRAY_SIZE(host_fields),
};

/* Every action, and whose it is. */
static const struct action {
    size_t at; /* of its mark */
    const char *name;
    enum step_kind kind;
    bool bare;
} actions[] = {
    { offsetof(struct host_doc, create_at), "memslot_create",
      STEP_MEMSLOT_CREATE, false },
    { offsetof(struct host_doc, delete_at), "memslot_delete",
      STEP_MEMSLOT_DELETE, false },
    { offsetof(struct host_doc, npt_at), "npt", STEP_NPT, true },
    { offsetof(struct host_doc, vmcb_at), "vmcb", STEP_VMCB, true },
    { offsetof(struct host_doc, flush_at), "flush", STEP_FLUSH, true },
    { offsetof(struct host_doc, invlpga_at), "invlpga", STEP_INVLPGA, true },
    { offsetof(struct host_doc, rmp_at), "rmpupdate", STEP_RMPUPDATE, true },
    { offsetof(struct host_doc, psmash_at), "psmash", STEP_PSMASH, true },
    { offsetof(struct host_doc, write_at), "write", STEP_WRITE, true },
    { offsetof(struct host_doc, read_at), "read", STEP_READ, true },
};

static const struct mark *mark_of(const struct host_doc *d,
                                  const struct action *a)
{
    return (const struct mark *)(const void *)((const char *)d + a->at);
}

#define BARE_ACTIONS                                                           \
    "npt, vmcb, flush, invlpga, rmpupdate, psmash, write or read"
#define KERNEL_ACTIONS "memslot_create or memslot_delete"

/* The only one that is there; NULL with @e set. */
static const struct action *find_action(const struct host_doc *d,
                                        struct mark host_at, bool bare,
                                        struct err *e)
{
    const struct action *found = NULL;
    unsigned n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
        if (mark_of(d, &actions[i])->file) {
            found = &actions[i];
            n++;
        }
    if (n != 1) {
        err_at(e, host_at, "host: %s",
               n ? "one action at a time" : "no action");
        err_hint(e, bare ? BARE_ACTIONS : KERNEL_ACTIONS);
        return NULL;
    }
    if (found->bare != bare) {
        err_at(e, *mark_of(d, found), "host: %s goes with %s", found->name,
               found->bare ? "bare:, not with kernel:"
                           : "kernel:, not with bare:");
        err_hint(e, bare ? BARE_ACTIONS : KERNEL_ACTIONS);
        return NULL;
    }
    return found;
}

static const char *npt_what(struct pool *pool, const struct npt_doc *d)
{
    struct buf b = BUF_INIT;
    const char *text;

    npt_describe(d, &b);
    text = pool_strdup(pool, b.data);
    buf_free(&b);
    return text;
}

static int make_vmcb(struct pool *pool, const struct host_doc *host,
                     struct run_step *s, struct err *e)
{
    const struct vmcb_doc *d = &host->vmcb;
    const struct {
        const struct npt_flag *flag;
        const char *name;
        uint64_t bit;
    } flags[] = {
        { &d->np, "np", NESTED_CTL_NP_ENABLE },
        { &d->gmet, "gmet", NESTED_CTL_GMET },
        { &d->sss, "sss", NESTED_CTL_SSS },
        { &d->rogpt, "rogpt", NESTED_CTL_ROGPT },
    };
    struct buf b = BUF_INIT;

    buf_adds(&b, "change the VMCB:");
    s->vmcb = (struct bare_vmcb_change) { .asid = d->asid };
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        if (!flags[i].flag->at.file)
            continue;
        s->vmcb.set |= flags[i].flag->on ? flags[i].bit : 0;
        s->vmcb.clear |= flags[i].flag->on ? 0 : flags[i].bit;
        buf_printf(&b, " %s=%s", flags[i].name,
                   flags[i].flag->on ? "true" : "false");
    }
    if (d->asid)
        buf_printf(&b, " asid=%u", d->asid);
    s->what = pool_strdup(pool, b.data);
    buf_free(&b);
    if (s->vmcb.set | s->vmcb.clear | s->vmcb.asid)
        return 0;
    err_at(e, host->vmcb_at, "vmcb: no change");
    return err_hint(e, "np, gmet, sss, rogpt or asid");
}

static int make_npt(struct pool *pool, const struct host_doc *d,
                    struct run_step *s, struct err *e)
{
    struct npt_doc npt = d->npt;

    npt.at = d->npt_at;
    s->what = npt_what(pool, &npt);
    return npt_convert(&npt, &s->npt, e);
}

/* ---- memory, and whose it is ---- */

static void make_touch(struct pool *pool, const struct touch_doc *d,
                       struct run_step *s)
{
    bool write = s->kind == STEP_WRITE;

    s->spa = d->spa;
    s->value = d->value;
    s->size = d->size ? d->size : 8;
    s->page = d->page_size ? d->page_size : PAGE_SIZE_4K;
    s->what = pool_printf(pool, "%s %u bytes at 0x%" PRIx64 ", by the host",
                          write ? "write" : "read", s->size, s->spa);
}

static int make_rmpupdate(struct pool *pool, const struct host_doc *d,
                          struct run_step *s, struct err *e)
{
    struct rmp_doc rmp = d->rmp;

    rmp.at = d->rmp_at;
    if (rmp_convert(&rmp, &s->rmp, e))
        return -1;
    s->what = rmp_what(pool, &s->rmp);
    return 0;
}

static const char *memslot_what(struct pool *pool, const struct vmm_memory *m)
{
    struct buf size = BUF_INIT;
    const char *text;

    field_add_size(&size, m->size);
    text = pool_printf(pool, "create a memslot of %s at 0x%" PRIx64, size.data,
                       m->gpa);
    buf_free(&size);
    return text;
}

int host_step_make(struct pool *pool, const struct host_doc *d,
                   struct mark host_at, bool bare, struct run_step *s,
                   struct err *e)
{
    const struct action *a = find_action(d, host_at, bare, e);

    if (!a)
        return -1;
    s->kind = a->kind;
    switch (a->kind) {
    case STEP_MEMSLOT_CREATE:
        s->memory = d->create;
        s->memory.at = d->create_at;
        s->what = memslot_what(pool, &s->memory);
        return 0;
    case STEP_MEMSLOT_DELETE:
        s->memory = d->delete;
        s->memory.at = d->delete_at;
        s->what = pool_printf(pool, "delete the memslot at 0x%" PRIx64,
                              s->memory.gpa);
        return 0;
    case STEP_NPT:
        return make_npt(pool, d, s, e);
    case STEP_VMCB:
        return make_vmcb(pool, d, s, e);
    case STEP_FLUSH:
        s->flush = (enum bare_flush)d->flush;
        s->what = pool_printf(pool, "flush %s at the next VMRUN",
                              bare_flush_names[s->flush]);
        return 0;
    case STEP_INVLPGA:
        s->gva = d->invlpga;
        s->what = pool_printf(pool, "INVLPGA 0x%" PRIx64, s->gva);
        return 0;
    case STEP_RMPUPDATE:
        return make_rmpupdate(pool, d, s, e);
    case STEP_PSMASH:
        s->spa = d->psmash;
        s->what = pool_printf(pool, "PSMASH 0x%" PRIx64, s->spa);
        return 0;
    case STEP_WRITE:
        make_touch(pool, &d->write, s);
        return 0;
    case STEP_READ:
        make_touch(pool, &d->read, s);
        return 0;
    case STEP_GUEST:
    case STEP_RESUME:
        break;
    }
    BUG_ON(true); /* no action of a host */
}
