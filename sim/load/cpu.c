/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/cpu.c - models/cpus/NAME.yaml: what a CPU is, and where we know it from.
 *
 * Every value is covered by a source or admits to be assumed: its own, that of
 * its group, or that of its file, which is required. Nothing has a default but
 * the knobs: what neither the file nor a parent says is an error.
 */
#include "load/catalog.h"
#include "load/origin.h"
#include "load/yaml.h"

static const char *feature_name(unsigned i)
{
    return feature_table[i].name;
}

#define NUMBER(member, lo, hi, text)                                           \
    {                                                                          \
        .key = #member, .type = FIELD_NUMBER,                                  \
        MEMBER(struct cpu_model, member), .min = lo, .max = hi, .doc = text    \
    }

static const uint64_t linear_widths[] = { 48, 57 };

/* ---- TLBs ---- */

static const char *const tlb_modes[] = {
    [TLB_OFF] = "off",
    [TLB_ON] = "on",
    [TLB_ADVERSARIAL] = "adversarial",
};

static const char *const tlb_holds[] = {
    [TLB_HOLDS_4K] = "4K",
    [TLB_HOLDS_2M] = "2M",
    [TLB_HOLDS_1G] = "1G",
    [TLB_HOLDS_ANY] = "any",
};

static const struct field part_fields[] = {
    { .key = "holds",
      .type = FIELD_WORD,
      .required = true,
      MEMBER(struct tlb_part, holds),
      .words = tlb_holds,
      .n = ARRAY_SIZE(tlb_holds),
      .doc = "pages of one size, or of any; a larger page is broken up" },
    { .key = "entries",
      .type = FIELD_NUMBER,
      .required = true,
      MEMBER(struct tlb_part, entries),
      .min = 1,
      .max = TLB_MAX_ENTRIES,
      .doc = "how many" },
    { .key = "ways",
      .type = FIELD_NUMBER,
      MEMBER(struct tlb_part, ways),
      .min = 1,
      .max = TLB_MAX_ENTRIES,
      .doc = "associativity; fully associative without" },
};

static const struct field_table part_table = {
    .name = "a part of a TLB",
    .fields = part_fields,
    .n = ARRAY_SIZE(part_fields),
    .size = sizeof(struct tlb_part),
};

#define TLB(member, text)                                                      \
    {                                                                          \
        .key = #member, .type = FIELD_LIST,                                    \
        MEMBER(struct tlb_geometry, member), .n = TLB_MAX_PARTS,               \
        .count = offsetof(struct tlb_geometry, n_##member),                    \
        .table = &part_table, .doc = text                                      \
    }
#define TLB_SIZE(member, text)                                                 \
    {                                                                          \
        .key = #member, .type = FIELD_NUMBER,                                  \
        MEMBER(struct tlb_geometry, member), .max = TLB_MAX_ENTRIES,           \
        .doc = text                                                            \
    }

static const struct field tlb_fields[] = {
    /* The first is no property of a part: files of CPUs do not have it. */
    { .key = "mode",
      .type = FIELD_WORD,
      MEMBER(struct tlb_geometry, mode),
      .words = tlb_modes,
      .n = ARRAY_SIZE(tlb_modes),
      .doc = "off: every access walks; adversarial: endless" },
    TLB(l1d, "L1 TLB of data"),
    TLB(l1i, "L1 TLB of code"),
    TLB(l2d, "L2 TLB of data"),
    TLB(l2i, "L2 TLB of code"),
    TLB_SIZE(pwc, "page-walk cache: pointers kept of each level"),
    TLB_SIZE(npwc, "the same of nested tables"),
    TLB_SIZE(ntlb, "nested TLB: guest-physical 4 KiB pages"),
};

static const struct field_table tlb_table = {
    .name = "tlb",
    .fields = tlb_fields,
    .n = ARRAY_SIZE(tlb_fields),
};

/* ---- the model ---- */

#define KNOB(member, list, text)                                               \
    {                                                                          \
        .key = #member, .type = FIELD_WORD, MEMBER(struct cpu_knobs, member),  \
        .words = list, .n = ARRAY_SIZE(list), .doc = text                      \
    }
#define SWITCH(member, text)                                                   \
    {                                                                          \
        .key = #member, .type = FIELD_BOOL, MEMBER(struct cpu_knobs, member),  \
        .doc = text                                                            \
    }

/* In the order of the enums of struct cpu_knobs; the first is the default. */
static const char *const bit8_words[] = { "reserved", "ignored" };
static const char *const pse36_words[] = { "amd40", "intel36", "none" };
static const char *const ad_words[] = { "in_walk", "after_check",
                                        "after_final" };
static const char *const id_words[] = { "nxe_or_smep", "nxe", "always" };
static const char *const u0_words[] = { "allowed", "faults" };
static const char *const wide_words[] = { "not_present", "alias", "reserved" };
static const char *const when_words[] = { "always", "never" };
static const char *const limit_words[] = { "allowed", "refused" };

static const struct field knob_fields[] = {
    KNOB(amd_bit8, bit8_words, "bit 8 of a PML4E and PML5E"),
    KNOB(pse36_mode, pse36_words,
         "bits 21:13 of a 4M page's entry: 8, 4 or no more address bits, the "
         "others reserved"),
    KNOB(ad_policy, ad_words,
         "when a walk sets the guest's accessed and dirty bits"),
    KNOB(npf_id_policy, id_words,
         "when EXITINFO1 tells a fetch, by the host's EFER.NXE and CR4.SMEP"),
    KNOB(gmet_user_u0, u0_words,
         "GMET: a fetch at CPL 3 from a page whose nested U is 0"),
    KNOB(nested_wide_gpa, wide_words,
         "a guest-physical address that the nested tables are too small for"),
    KNOB(reduced_bits_reserved, when_words,
         "address bits given up to encryption are reserved"),
    KNOB(sss_read_ok, when_words,
         "an ordinary access may read a supervisor shadow-stack page"),
    KNOB(
        msrpm_at_limit, limit_words,
        "VMRUN, of an MSR permission map that ends where physical memory does"),
    SWITCH(ei2_table_page_aligned,
           "EXITINFO2 of a fault on a guest table: its page, not the entry"),
    SWITCH(err1096, "erratum 1096: no instruction bytes with SMAP"),
    SWITCH(err1218, "erratum 1218: EXITINFO1.US is wrong for GMET"),
    SWITCH(cbit_reserved_for_plain_guest,
           "the host's C-bit is reserved in tables of a guest without one"),
    SWITCH(vmcb_clean_strict,
           "VMRUN uses what it remembers of fields whose clean bit is set"),
};

static const struct field_table knob_table = {
    .name = "knobs",
    .fields = knob_fields,
    .n = ARRAY_SIZE(knob_fields),
};

static const char *const psp_words[] = {
    [PSP_WORKS] = "ok",
    [PSP_FAILS] = "fail",
    [PSP_ABSENT] = "absent",
};

static const char *const psp_snp_words[] = {
    [PSP_SNP_NONE] = "none",
    [PSP_SNP_STUCK] = "stuck",
    [PSP_SNP_READY] = "ready",
    [PSP_SNP_INITIALIZED] = "initialized",
};

static const char *const psp_cth_words[] = {
    [PSP_CTH_NONE] = "none",
    [PSP_CTH_FIRMWARE] = "firmware",
    [PSP_CTH_BIOS] = "bios",
    [PSP_CTH_BOTH] = "both",
};

#define WORD(member, list, text)                                               \
    {                                                                          \
        .key = #member, .type = FIELD_WORD, MEMBER(struct cpu_model, member),  \
        .words = list, .n = ARRAY_SIZE(list), .doc = text                      \
    }
#define FLAG(member, text)                                                     \
    {                                                                          \
        .key = #member, .type = FIELD_BOOL, MEMBER(struct cpu_model, member),  \
        .doc = text                                                            \
    }

int cpu_knob_set(struct pool *pool, struct cpu_knobs *k, const char *name,
                 const char *value, struct mark at, struct err *e)
{
    const struct node node = { .kind = NODE_SCALAR, .at = at, .text = value };
    const struct field *f = field_find(&knob_table, name);

    return f ? field_set(pool, f, &node, k, e)
             : field_unknown(&knob_table, name, at, e);
}

/* In the order of the groups, which are slices of this table. */
static const struct field model_fields[] = {
    NUMBER(signature, 0, UINT32_MAX, "CPUID 1 EAX: family, model, stepping"),

    NUMBER(maxphyaddr_raw, 32, 52,
           "CPUID 8000_0008 EAX[7:0]: physical address bits"),
    NUMBER(phys_reduction, 0, 20,
           "CPUID 8000_001F EBX[11:6]: bits given up to encryption"),
    NUMBER(cbit, 0, 63, "CPUID 8000_001F EBX[5:0]: the C-bit; 0 = none"),
    { .key = "linear_bits",
      .type = FIELD_NUMBER,
      MEMBER(struct cpu_model, linear_bits),
      .choice = linear_widths,
      .n = ARRAY_SIZE(linear_widths),
      .doc = "CPUID 8000_0008 EAX[15:8]: linear address bits" },

    NUMBER(n_asids, 0, UINT32_MAX, "CPUID 8000_000A EBX: ASIDs"),
    NUMBER(invlpgb_max, 0, 0xffff, "CPUID 8000_0008 EDX[15:0]"),
    NUMBER(max_ext_leaf, 0x80000000, 0x8fffffff,
           "CPUID 8000_0000 EAX: highest extended leaf"),

    NUMBER(max_sev_asid, 0, UINT32_MAX,
           "CPUID 8000_001F ECX: highest ASID of an encrypted guest"),
    NUMBER(min_sev_asid, 0, UINT32_MAX,
           "CPUID 8000_001F EDX: lowest ASID of an SEV guest without ES"),
    NUMBER(n_vmpls, 0, 15, "CPUID 8000_001F EBX[15:12]: privilege levels"),

    FLAG(mem_encrypt,
         "SYSCFG[23], MemEncryptionModEn, as the firmware left it"),
    FLAG(smmlock, "HWCR[0], SmmLock, as the firmware left it"),

    WORD(psp, psp_words,
         "the secure processor: its INIT works, fails, or is "
         "not there"),
    WORD(psp_snp, psp_snp_words,
         "SEV-SNP in its firmware: unknown, SNP_INIT changes nothing, SNP_INIT "
         "works, or was done before the kernel came"),
    NUMBER(psp_svn, 0, 255, "version (SVN) of the SNP firmware"),
    WORD(psp_cth, psp_cth_words,
         "who allows hiding of ciphertext: SNP firmware, BIOS, or both, as it "
         "takes"),
    FLAG(rmp_table,
         "the BIOS set memory aside for a reverse map table (RMP_BASE, "
         "RMP_END)"),

    { .key = "features",
      .type = FIELD_FLAGS,
      .offset = offsetof(struct cpu_model, features),
      .n = N_FEATURES,
      .flag_name = feature_name,
      .doc = "CPUID feature bits by name" },
    { .key = "tlb",
      .type = FIELD_GROUP,
      MEMBER(struct cpu_model, tlb),
      .table = &tlb_table,
      .doc = "what remembers translations" },
    { .key = "knobs",
      .type = FIELD_GROUP,
      .offset = offsetof(struct cpu_model, knobs),
      .table = &knob_table,
      .doc = "what the CPU does where the manual is silent" },
};

const struct field_table cpu_set_table = {
    .name = "cpu.set",
    .fields = model_fields,
    .n = ARRAY_SIZE(model_fields),
};

#define COST(member, text)                                                     \
    {                                                                          \
        .key = #member, .type = FIELD_NUMBER,                                  \
        MEMBER(struct cost_model, member), .max = 1000000000, .doc = text      \
    }

static const struct field cost_fields[] = {
    COST(l1, "cycles of a load that hits L1"),
    COST(l2, "cycles of a load that hits L2"),
    COST(l3, "cycles of a load that hits L3"),
    COST(dram, "cycles of a load from memory"),
    COST(l1_kib, "size of L1 in KiB"),
    COST(l2_kib, "size of L2 in KiB"),
    COST(l3_kib, "size of L3 in KiB"),
    COST(walker_step, "added to each page-table reference"),
    COST(vmrun, "cycles of VMRUN"),
    COST(vmexit, "cycles of #VMEXIT"),
    COST(light_exit, "handler of an exit like CPUID"),
    COST(npf_fix, "KVM maps a 4 KiB page"),
    COST(mmio_kernel, "MMIO served by a device in the kernel"),
    COST(mmio_user, "MMIO served by userspace"),
    COST(vc_entry, "#VC entry and decoding in the guest"),
    COST(vmgexit, "VMGEXIT round trip"),
};

/* Fields @first to @first + @count - 1 of the model. */
#define SLICE(group, first, count)                                             \
    {                                                                          \
        .name = group, .fields = model_fields + (first), .n = (count)          \
    }

_Static_assert(ARRAY_SIZE(model_fields) == 21, "the slices must follow");

static const struct field_table group_tables[N_CPU_GROUPS] = {
    [CPU_IDENTITY] = SLICE("identity", 0, 1),
    [CPU_GEOMETRY] = SLICE("geometry", 1, 4),
    [CPU_SVM] = SLICE("svm", 5, 3),
    [CPU_SEV] = SLICE("sev", 8, 3),
    [CPU_FIRMWARE] = SLICE("firmware", 11, 2),
    [CPU_PLATFORM] = SLICE("platform", 13, 5),
    [CPU_TIMING] = { .name = "timing",
                     .fields = cost_fields,
                     .n = ARRAY_SIZE(cost_fields) },
    [CPU_TLB] = { .name = "tlb",
                  .fields = tlb_fields + 1,
                  .n = ARRAY_SIZE(tlb_fields) - 1 },
};

struct cpu_doc {
    struct model_head head;
    const struct node *groups[N_CPU_GROUPS], *features, *knobs;
};

static const char *const cpu_schema[] = { "nptsim/cpu/v1" };

#define GROUP(name, index)                                                     \
    {                                                                          \
        .key = name, .type = FIELD_NODE,                                       \
        .offset = offsetof(struct cpu_doc, groups[index])                      \
    }

static const struct field doc_fields[] = {
    MODEL_HEAD_FIELDS(struct cpu_doc, cpu_schema),
    GROUP("identity", CPU_IDENTITY),
    GROUP("geometry", CPU_GEOMETRY),
    GROUP("svm", CPU_SVM),
    GROUP("sev", CPU_SEV),
    GROUP("firmware", CPU_FIRMWARE),
    GROUP("platform", CPU_PLATFORM),
    GROUP("timing", CPU_TIMING),
    GROUP("tlb", CPU_TLB),
    { .key = "features",
      .type = FIELD_NODE,
      .offset = offsetof(struct cpu_doc, features) },
    { .key = "knobs",
      .type = FIELD_NODE,
      .offset = offsetof(struct cpu_doc, knobs) },
};

static const struct field_table doc_table = {
    .name = "a CPU file",
    .fields = doc_fields,
    .n = ARRAY_SIZE(doc_fields),
};

/* ---- the file ---- */

static int check_complete(const struct node *root, const struct cpu_entry *x,
                          struct err *e)
{
    for (unsigned g = 0; g < N_CPU_GROUPS; g++) {
        const struct field_table *t = &group_tables[g];

        for (unsigned i = 0; i < t->n; i++) {
            if (x->given[g] & 1U << i)
                continue;
            err_at(e, root->at, "%s.%s is nowhere set", t->name,
                   t->fields[i].key);
            return err_hint(e, "say it here or in a model to extend");
        }
    }
    return 0;
}

static int inherit(struct catalog *c, const struct model_head *head,
                   struct cpu_entry *out, struct err *e)
{
    const struct cpu_entry *parent;

    if (!head->extends)
        return 0;
    parent = catalog_cpu_entry(c, head->extends, head->extends_at, e);
    if (!parent)
        return -1;
    *out = *parent;
    return 0;
}

/* What the fields of group @g fill. */
static void *group_base(struct cpu_file *file, unsigned g)
{
    if (g == CPU_TIMING)
        return &file->cost;
    return g == CPU_TLB ? (void *)&file->model.tlb : (void *)&file->model;
}

/* A group whose values are covered by the source of the file. */
static int set_whole(struct pool *pool, const char *key, const struct node *n,
                     struct cpu_model *m, struct err *e)
{
    return n ? field_set(pool, field_find(&cpu_set_table, key), n, m, e) : 0;
}

int cpu_read(struct pool *pool, struct catalog *c, const char *path,
             const char *name, struct cpu_entry *out, struct err *e)
{
    const struct node *root = yaml_file(pool, path, e);
    struct cpu_doc doc = { 0 };
    const char *problem;

    if (!root || fields_fill(pool, &doc_table, root, &doc, e) ||
        model_check_name(&doc.head, name, e) || inherit(c, &doc.head, out, e))
        return -1;
    for (unsigned g = 0; g < N_CPU_GROUPS; g++) {
        if (origin_read_group(pool, &group_tables[g], doc.groups[g],
                              group_base(&out->file, g), &out->given[g], e))
            return -1;
    }
    if (set_whole(pool, "features", doc.features, &out->file.model, e) ||
        set_whole(pool, "knobs", doc.knobs, &out->file.model, e))
        return -1;
    out->file.title = doc.head.title;
    out->file.source = doc.head.source;
    out->file.path = path;
    out->file.model.name = name;
    if (check_complete(root, out, e))
        return -1;
    problem = cpu_model_problem(&out->file.model, pool);
    return problem ? err_at(e, root->at, "%s", problem) : 0;
}
