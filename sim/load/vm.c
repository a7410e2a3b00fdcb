/* SPDX-License-Identifier: GPL-2.0-only */
/* load/vm.c - the part `vm:` of a scenario: memory and devices. */
#include "load/scenario.h"

#include <inttypes.h>

/* As many as the guest's kernel is told about (guest.h). */
#define MAX_RANGES ARRAY_SIZE(((struct guest_platform *)0)->ram)

#define GPA(strct)                                                             \
    {                                                                          \
        .key = "gpa", .type = FIELD_NUMBER, .required = true,                  \
        MEMBER(strct, gpa), .max = BIT(52) - PAGE_SIZE_4K,                     \
        .align = PAGE_SIZE_4K, .doc = "guest-physical address"                 \
    }
#define SIZE(strct)                                                            \
    {                                                                          \
        .key = "size", .type = FIELD_NUMBER, .required = true,                 \
        MEMBER(strct, size), .min = PAGE_SIZE_4K, .max = BIT(52),              \
        .align = PAGE_SIZE_4K, .doc = "bytes"                                  \
    }

static const struct field memory_fields[] = {
    GPA(struct vmm_memory),
    SIZE(struct vmm_memory),
    { .key = "readonly",
      .type = FIELD_BOOL,
      MEMBER(struct vmm_memory, readonly),
      .doc = "KVM_MEM_READONLY" },
    { .key = "host_page",
      .type = FIELD_NUMBER,
      MEMBER(struct vmm_memory, host_page),
      .choice = field_page_sizes,
      .n = ARRAY_SIZE(field_page_sizes),
      .doc = "pages of the host behind it (default 4KiB)" },
};

static const struct vmm_memory memory_init = { .host_page = PAGE_SIZE_4K };

const struct field_table memory_table = {
    .name = "memory",
    .fields = memory_fields,
    .n = ARRAY_SIZE(memory_fields),
    .size = sizeof(struct vmm_memory),
    .init = &memory_init,
    .at = offsetof(struct vmm_memory, at),
};

const struct field_table memslot_gpa_table = {
    .name = "memslot_delete",
    .fields = memory_fields,
    .n = 1,
};

static const struct field mmio_fields[] = {
    GPA(struct vmm_mmio),
    SIZE(struct vmm_mmio),
    { .key = "name",
      .type = FIELD_TEXT,
      MEMBER(struct vmm_mmio, name),
      .doc = "of the device, for the trace" },
    { .key = "reads",
      .type = FIELD_NUMBER,
      MEMBER(struct vmm_mmio, reads),
      .max = UINT64_MAX,
      .doc = "what every read returns, cut to its size (default 0)" },
};

static const struct vmm_mmio mmio_init = { .name = "device" };

static const struct field_table mmio_table = {
    .name = "mmio",
    .fields = mmio_fields,
    .n = ARRAY_SIZE(mmio_fields),
    .size = sizeof(struct vmm_mmio),
    .init = &mmio_init,
    .at = offsetof(struct vmm_mmio, at),
};

static const struct field vm_fields[] = {
    { .key = "type",
      .type = FIELD_WORD,
      MEMBER(struct scenario_doc, s.config.vm.type),
      .words = vm_type_names,
      .n = VM_SNP + 1,
      .doc = "what userspace asks KVM for, or the VMCB says (default plain)" },
    { .key = "vcpus",
      .type = FIELD_NUMBER,
      MEMBER(struct scenario_doc, s.config.vm.n_vcpus),
      .min = 1,
      .max = VM_MAX_VCPUS,
      .doc = "how many (default 1)" },
    { .key = "memory",
      .type = FIELD_LIST,
      MEMBER(struct scenario_doc, s.config.vm.memory),
      .count = offsetof(struct scenario_doc, s.config.vm.n_memory),
      .n = MAX_RANGES,
      .table = &memory_table,
      .doc = "memslots (default 16MiB at 0)" },
    { .key = "mmio",
      .type = FIELD_LIST,
      MEMBER(struct scenario_doc, s.config.vm.mmio),
      .count = offsetof(struct scenario_doc, s.config.vm.n_mmio),
      .n = MAX_RANGES,
      .table = &mmio_table,
      .doc = "devices of userspace, without a memslot" },
};

const struct field_table vm_table = {
    .name = "vm",
    .fields = vm_fields,
    .n = ARRAY_SIZE(vm_fields),
};

void vm_set_defaults(struct pool *pool, struct vmm_config *vm)
{
    vm->type = VM_PLAIN;
    vm->n_vcpus = 1;
    vm->n_memory = 1;
    vm->memory = pool_alloc(pool, sizeof(*vm->memory));
    vm->memory[0] =
        (struct vmm_memory) { .size = 16ULL << 20, .host_page = PAGE_SIZE_4K };
}

/* ---- checks ---- */

static int range_check(gpa_t gpa, uint64_t size, unsigned maxphyaddr_raw,
                       struct mark at, struct err *e)
{
    uint64_t end = BIT(maxphyaddr_raw);

    if (gpa + size <= end)
        return 0;
    err_at(e, at, "0x%" PRIx64 "-0x%" PRIx64 " is beyond the CPU's %u bits",
           gpa, gpa + size - 1, maxphyaddr_raw);
    return err_hint(e, "the last address is 0x%" PRIx64, end - 1);
}

int memory_check(const struct vmm_memory *m, unsigned maxphyaddr_raw,
                 struct err *e)
{
    struct buf page = BUF_INIT;

    if (is_aligned(m->gpa | m->size, m->host_page))
        return range_check(m->gpa, m->size, maxphyaddr_raw, m->at, e);
    field_add_size(&page, m->host_page);
    err_at(e, m->at, "gpa and size must be multiples of host_page, %s",
           page.data);
    buf_free(&page);
    return -1;
}

/* Memory and devices alike, in the order of the file. */
struct range {
    const char *what;
    gpa_t gpa;
    uint64_t size;
    struct mark at;
};

static unsigned all_ranges(const struct vmm_config *vm, struct range *out)
{
    unsigned n = 0;

    for (unsigned i = 0; i < vm->n_memory; i++)
        out[n++] = (struct range) { "memory", vm->memory[i].gpa,
                                    vm->memory[i].size, vm->memory[i].at };
    for (unsigned i = 0; i < vm->n_mmio; i++)
        out[n++] = (struct range) { "mmio", vm->mmio[i].gpa, vm->mmio[i].size,
                                    vm->mmio[i].at };
    return n;
}

static int overlap_error(const struct range *a, const struct range *b,
                         struct err *e)
{
    err_at(e, b->at,
           "%s 0x%" PRIx64 "-0x%" PRIx64 " overlaps %s 0x%" PRIx64
           "-0x%" PRIx64,
           b->what, b->gpa, b->gpa + b->size - 1, a->what, a->gpa,
           a->gpa + a->size - 1);
    if (a->at.line)
        return err_hint(e, "which stands in line %u, column %u", a->at.line,
                        a->at.col);
    return err_hint(e, "which is there when no memory is given");
}

static int check_overlaps(const struct vmm_config *vm, struct err *e)
{
    struct range r[2 * MAX_RANGES];
    unsigned n = all_ranges(vm, r);

    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j < i; j++)
            if (r[i].gpa < r[j].gpa + r[j].size &&
                r[j].gpa < r[i].gpa + r[i].size)
                return overlap_error(&r[j], &r[i], e);
    return 0;
}

int vm_check(const struct vmm_config *vm, unsigned maxphyaddr_raw,
             struct err *e)
{
    for (unsigned i = 0; i < vm->n_memory; i++)
        if (memory_check(&vm->memory[i], maxphyaddr_raw, e))
            return -1;
    for (unsigned i = 0; i < vm->n_mmio; i++)
        if (range_check(vm->mmio[i].gpa, vm->mmio[i].size, maxphyaddr_raw,
                        vm->mmio[i].at, e))
            return -1;
    return check_overlaps(vm, e);
}
