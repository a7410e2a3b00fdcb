/* SPDX-License-Identifier: GPL-2.0-only */
/* load/bare.c - the part `bare:` of a scenario: a host without a kernel. */
#include "load/bare.h"

#define HOST(member, text)                                                     \
    {                                                                          \
        .key = #member, .type = FIELD_BOOL,                                    \
        MEMBER(struct scenario_doc, s.config.bare.host.member), .doc = text    \
    }

static const struct field host_fields[] = {
    { .key = "paging",
      .type = FIELD_WORD,
      MEMBER(struct scenario_doc, s.config.bare.host.paging),
      .words = bare_paging_names,
      .n = BARE_PAGING_5LEVEL + 1,
      .doc = "of the host, which its nested tables share (default 4-level)" },
    HOST(nxe, "EFER.NXE (default true)"),
    HOST(smep, "CR4.SMEP (default false)"),
    HOST(smap, "CR4.SMAP (default false)"),
    HOST(wp, "CR0.WP (default true)"),
    HOST(snp, "SYSCFG.SNPE: a reverse map table counts (default: for VMs of "
              "type snp); the CPU must have one, cpu.set.rmp_table"),
    HOST(pse, "CR4.PSE (default true); 32-bit paging has no large pages "
              "without it"),
};

static const struct field_table host_table = {
    .name = "bare.host",
    .fields = host_fields,
    .n = ARRAY_SIZE(host_fields),
};

#define VMCB(member, text)                                                     \
    {                                                                          \
        .key = #member, .type = FIELD_BOOL,                                    \
        MEMBER(struct scenario_doc, s.config.bare.vmcb.member), .doc = text    \
    }

static const struct field vmcb_fields[] = {
    VMCB(np, "nested paging (default true); without, the guest's tables are "
             "walked alone"),
    VMCB(gmet, "guest mode execute trap (default false)"),
    VMCB(sss, "supervisor shadow-stack checks (default false)"),
    VMCB(rogpt, "guest page tables are read without writing (default false)"),
    { .key = "asid",
      .type = FIELD_NUMBER,
      MEMBER(struct scenario_doc, s.config.bare.vmcb.asid),
      .min = 1,
      .max = UINT32_MAX,
      .doc = "default: the first one for this type of VM; 0 is the host's" },
    { .key = "msrpm",
      .type = FIELD_NUMBER,
      MEMBER(struct scenario_doc, s.config.bare.vmcb.msrpm),
      .max = UINT64_MAX,
      .doc = "system-physical address of the MSR permission map (default 0); "
             "no MSR is intercepted" },
    { .key = "iopm",
      .type = FIELD_NUMBER,
      MEMBER(struct scenario_doc, s.config.bare.vmcb.iopm),
      .max = UINT64_MAX,
      .doc = "the same of the I/O permission map" },
    VMCB(clean, "from the second VMRUN on all clean bits are set, whatever "
                "was changed (default false)"),
};

static const struct field_table vmcb_table = {
    .name = "bare.vmcb",
    .fields = vmcb_fields,
    .n = ARRAY_SIZE(vmcb_fields),
};

static const struct field bare_fields[] = {
    { .key = "host",
      .type = FIELD_GROUP,
      .table = &host_table,
      .doc = "control registers, as VMRUN finds them" },
    { .key = "vmcb",
      .type = FIELD_GROUP,
      .table = &vmcb_table,
      .doc = "what the VMCB says" },
    { .key = "page_size",
      .type = FIELD_NUMBER,
      MEMBER(struct scenario_doc, s.config.bare.page_size),
      .choice = npt_page_sizes,
      .n = N_NPT_PAGE_SIZES,
      .doc = "largest page of the nested map of vm.memory (default 2MiB)" },
    { .key = "npt",
      .type = FIELD_LIST,
      MEMBER(struct scenario_doc, npt),
      .count = offsetof(struct scenario_doc, n_npt),
      .n = 64,
      .table = &npt_table,
      .doc = "what is different there, one after the other" },
    { .key = "rmp",
      .type = FIELD_LIST,
      MEMBER(struct scenario_doc, rmp),
      .count = offsetof(struct scenario_doc, n_rmp),
      .n = 64,
      .table = &rmp_table,
      .doc = "an RMPUPDATE each, once the guest is launched: at first all "
             "memory of a VM of type snp is its own, 4K where it was loaded, "
             "else 2M, validated" },
};

const struct field_table bare_table = {
    .name = "bare",
    .fields = bare_fields,
    .n = ARRAY_SIZE(bare_fields),
};

void bare_set_defaults(struct run_bare *b)
{
    *b = (struct run_bare) {
        .host = { .paging = BARE_PAGING_4LEVEL,
                  .nxe = true,
                  .wp = true,
                  .pse = true },
        .vmcb = { .np = true },
        .page_size = 2ULL << 20,
    };
}

int bare_convert(struct pool *pool, struct scenario_doc *doc, struct err *e)
{
    struct run_bare *b = &doc->s.config.bare;

    b->n_npt = doc->n_npt;
    b->npt = pool_alloc(pool, (doc->n_npt + 1) * sizeof(*b->npt));
    for (unsigned i = 0; i < doc->n_npt; i++)
        if (npt_convert(&doc->npt[i], &b->npt[i], e))
            return -1;
    b->n_rmp = doc->n_rmp;
    b->rmp = pool_alloc(pool, (doc->n_rmp + 1) * sizeof(*b->rmp));
    for (unsigned i = 0; i < doc->n_rmp; i++)
        if (rmp_convert(&doc->rmp[i], &b->rmp[i], e))
            return -1;
    return 0;
}

/* ---- what goes with what ---- */

static int check_vm(const struct run_config *config, struct mark bare_at,
                    struct err *e)
{
    const struct vmm_config *vm = &config->vm;
    unsigned width = bare_linear_bits(config->bare.host.paging);

    if (config->bare.n_rmp && !config->bare.host.snp && vm->type != VM_SNP) {
        err_at(e, bare_at, "bare: rmp without a reverse map table");
        return err_hint(e, "bare.host: {snp: true}, or vm.type: snp");
    }
    if (vm->n_mmio) {
        err_at(e, vm->mmio[0].at,
               "bare: nobody is there who emulates a device");
        return err_hint(e, "vm.mmio goes with kernel:");
    }
    for (unsigned i = 0; i < vm->n_memory; i++) {
        const struct vmm_memory *m = &vm->memory[i];

        if (m->host_page != PAGE_SIZE_4K) {
            err_at(e, m->at,
                   "bare: host_page says how KVM's userspace backs "
                   "memory");
            return err_hint(e, "bare.page_size is that of the nested map");
        }
        if (width && m->gpa + m->size > BIT(width))
            return err_at(e, m->at,
                          "memory beyond the %u bits that nested tables of a "
                          "'%s' host map",
                          width, bare_paging_names[config->bare.host.paging]);
    }
    return 0;
}

int bare_check(const struct run_config *config, struct mark bare_at,
               struct err *e)
{
    if (check_vm(config, bare_at, e))
        return -1;
    for (unsigned i = 0; i < config->bare.n_npt; i++)
        if (npt_check(config, &config->bare.npt[i], e))
            return -1;
    return 0;
}
