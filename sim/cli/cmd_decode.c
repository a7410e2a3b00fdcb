/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_decode.c - nptsim decode: bits in words. */
#include "cli/decode.h"

#include "arch/paging.h"
#include "arch/sev.h"

#include <string.h>

static const struct argp_option options[] = {
    { "cpu", 'c', "NAME", 0, "spte, pte, cpuid: on this CPU (default milan)",
      0 },
    { "kernel", 'k', "NAME", 0, "spte: as this kernel reads it (default v6.1)",
      0 },
    { 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct decode_args *a = state->input;

    switch (key) {
    case 'c':
        a->cpu = arg;
        return 0;
    case 'k':
        a->kernel = arg;
        return 0;
    case ARGP_KEY_ARG:
        return cli_two_words(state, arg, &a->what, &a->value,
                             "too many arguments");
    case ARGP_KEY_END:
        if (!a->value)
            argp_error(state, "npf, pf, spte, pte, exit or cpuid, and a value");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "npf|pf|spte|pte|exit VALUE\ncpuid LEAF",
    "Say in words what an EXITINFO1 of #NPF, an error code of #PF, an SPTE, a "
    "page-table entry, a #VMEXIT code or a CPUID leaf means.",
    NULL,
    NULL,
    NULL
};

struct bit_words {
    uint64_t bit;
    const char *name, *set, *clear; /* clear NULL: say nothing */
};

static void print_bits(const struct bit_words *w, size_t n, uint64_t value)
{
    for (size_t i = 0; i < n; i++) {
        bool set = value & w[i].bit;

        if (set || w[i].clear)
            printf("  %2d %-6s %d  %s\n", __builtin_ctzll(w[i].bit), w[i].name,
                   set, set ? w[i].set : w[i].clear);
    }
}

/* A fault's code @v: in words, then bit by bit. */
static void print_code(const char *name, const char *fault,
                       const struct bit_words *w, size_t n, uint64_t v)
{
    struct buf words = BUF_INIT;
    uint64_t unknown = v;

    pferr_words(&words, v);
    printf("%s 0x%llx of %s: %s\n", name, (unsigned long long)v, fault,
           words.len ? words.data : "no bit");
    print_bits(w, n, v);
    for (size_t i = 0; i < n; i++)
        unknown &= ~w[i].bit;
    if (unknown)
        printf("  other bits set: 0x%llx; no CPU reports these\n",
               (unsigned long long)unknown);
    buf_free(&words);
}

/* APM vol. 2, 15.25.6 and 15.36.10. */
static const struct bit_words npf_bits[] = {
    { PFERR_PRESENT, "P", "the entry was present: permission or reserved bit",
      "some nested entry was not present" },
    { PFERR_WRITE, "RW", "a write (a guest-table read counts as one)",
      "a read" },
    { PFERR_USER, "US", "a user access, as every nested access is",
      "not a user access: no plain nested access is one" },
    { PFERR_RSVD, "RSV", "a reserved bit was set: for SEV-ES this becomes #VC",
      "no reserved bit: for SEV-ES this exits to the hypervisor" },
    { PFERR_FETCH, "ID", "an instruction fetch", NULL },
    { PFERR_SS, "SS", "a shadow-stack access", NULL },
    { PFERR_GUEST_RMP, "RMP", "the RMP check failed", NULL },
    { PFERR_GUEST_FINAL, "FINAL", "while translating the final address", NULL },
    { PFERR_GUEST_PAGE, "TABLE", "while translating a guest page-table address",
      NULL },
    { PFERR_GUEST_ENC, "ENC", "the guest's C-bit was effective", NULL },
    { PFERR_GUEST_SIZEM, "SIZEM", "page sizes of RMP and operand differ",
      NULL },
    { PFERR_GUEST_VMPL, "VMPL", "the VMPL permission failed", NULL },
    { PFERR_GUEST_SSS, "SSS", "of a supervisor shadow-stack page", NULL },
};

static int decode_npf(const struct decode_args *a, uint64_t v)
{
    (void)a;
    print_code("EXITINFO1", "#NPF", npf_bits, ARRAY_SIZE(npf_bits), v);
    if ((v & PFERR_RSVD) && !(v & PFERR_PRESENT))
        printf("  RSV without P: no AMD CPU reports this, some emulators do\n");
    if (!(v & PFERR_GUEST_FINAL) == !(v & PFERR_GUEST_PAGE))
        printf("  exactly one of FINAL and TABLE is set on hardware\n");
    return STATUS_OK;
}

/* APM vol. 2, 8.4.2. */
static const struct bit_words pf_bits[] = {
    { PFERR_PRESENT, "P", "the entry was present: permission or reserved bit",
      "some entry was not present" },
    { PFERR_WRITE, "RW", "a write", "a read" },
    { PFERR_USER, "US", "at privilege 3", "at privilege 0, 1 or 2" },
    { PFERR_RSVD, "RSV", "a reserved bit was set in some entry", NULL },
    { PFERR_FETCH, "ID", "an instruction fetch, with NXE or SMEP on", NULL },
    { PFERR_PK, "PK", "PKRU forbids the protection key", NULL },
    { PFERR_SS, "SS", "a shadow-stack access", NULL },
    { PFERR_GUEST_RMP, "RMP", "the RMP check failed", NULL },
};

static int decode_pf(const struct decode_args *a, uint64_t v)
{
    (void)a;
    print_code("error code", "#PF", pf_bits, ARRAY_SIZE(pf_bits), v);
    return STATUS_OK;
}

/* APM vol. 2, 5.3.3 and 5.4.1, long mode. */
static const struct bit_words pte_bits[] = {
    { PTE_P, "P", "present", "not present: all other bits are software's" },
    { PTE_W, "W", "writable", "read-only" },
    { PTE_U, "U", "user may use it", "supervisor only" },
    { PTE_PWT, "PWT", "write-through", NULL },
    { PTE_PCD, "PCD", "not cached", NULL },
    { PTE_A, "A", "accessed", "not accessed yet" },
    { PTE_D, "D", "dirty (in a leaf)", NULL },
    { PTE_PS, "PS", "a 2M or 1G page; in a PTE: PAT; reserved above", NULL },
    { PTE_G, "G", "global (in a leaf); reserved in a PML4E", NULL },
    { PTE_NX, "NX", "not executable; reserved while EFER.NXE is 0", NULL },
};

static void print_reserved(const char *whose, unsigned width, uint64_t cbit,
                           uint64_t v)
{
    uint64_t bad = v & bits(51, width) & ~cbit;

    if (bad)
        printf("  in %s table: bit %d is reserved, the width there is %u; the "
               "access faults with RSVD\n",
               whose, __builtin_ctzll(bad), width);
    else
        printf("  in %s table: no address bit is reserved\n", whose);
}

static int decode_pte(const struct decode_args *a, uint64_t v)
{
    struct pool *pool = pool_create();
    struct err e = { 0 };
    const struct cpu_file *cpu = catalog_cpu(
        cli_catalog(pool), a->cpu, (struct mark) { .file = "--cpu" }, &e);
    int status = STATUS_OK;

    if (!cpu) {
        status = cli_input_error(&e);
    } else {
        const struct cpu_model *m = &cpu->model;
        uint64_t cbit = m->mem_encrypt ? BIT(m->cbit) : 0;

        printf("entry 0x%llx of a long-mode table on %s\n",
               (unsigned long long)v, a->cpu);
        print_bits(pte_bits, ARRAY_SIZE(pte_bits), v);
        printf("  address 0x%llx\n",
               (unsigned long long)(v & PTE_ADDR_MASK & ~cbit));
        if (cbit)
            printf("  C-bit (%u) %d\n", m->cbit, !!(v & cbit));
        if (v & PTE_P) {
            print_reserved("a host or nested", cpu_model_width(m), cbit, v);
            print_reserved("a plain guest's", m->maxphyaddr_raw, 0, v);
        }
    }
    pool_destroy(pool);
    return status;
}

/* Linux, arch/x86/kvm/mmu/spte.h: software bits of a present SPTE on AMD. */
static const struct bit_words spte_bits[] = {
    { PTE_P, "P", "present for the CPU", "not present for the CPU" },
    { PTE_W, "W", "writable", "read-only" },
    { PTE_U, "U", "user: nested accesses need it", "supervisor: all denied" },
    { PTE_A, "A", "accessed", NULL },
    { PTE_D, "D", "dirty", NULL },
    { PTE_PS, "PS", "large page", NULL },
    { BIT(9), "HW", "host-writable: the host maps it writable", NULL },
    { BIT(10), "MMUW", "MMU-writable: KVM allows a write", NULL },
    { BIT(11), "MMUP", "MMU-present: a real SPTE", "not a real SPTE of KVM" },
    { PTE_NX, "NX", "not executable", NULL },
};

static void print_mmio_spte(const struct kvm_module *m, uint64_t v)
{
    uint64_t gfn = kvm_mmio_spte_gfn(m, v);
    unsigned access = kvm_mmio_spte_access(m, v);

    printf("  an MMIO SPTE: mask 0x%llx, value 0x%llx\n",
           (unsigned long long)m->mmio_mask, (unsigned long long)m->mmio_value);
    printf("  gfn 0x%llx (gpa 0x%llx), access%s%s, generation 0x%llx\n",
           (unsigned long long)gfn, (unsigned long long)gfn << 12,
           access & PTE_W ? " W" : "", access & PTE_U ? " U" : "",
           (unsigned long long)kvm_mmio_spte_generation(m, v));
    printf("  the CPU finds reserved bits: #NPF with RSV, or #VC for SEV-ES\n");
}

static int decode_spte(const struct decode_args *a, uint64_t v)
{
    struct pool *pool = pool_create();
    struct catalog *catalog = cli_catalog(pool);
    struct err e = { 0 };
    const struct cpu_file *cpu =
        catalog_cpu(catalog, a->cpu, (struct mark) { .file = "--cpu" }, &e);
    const struct kernel_file *kernel =
        cpu ? catalog_kernel(catalog, a->kernel,
                             (struct mark) { .file = "--kernel" }, &e)
            : NULL;
    struct kvm_params params = kvm_default_params();
    struct kvm_module m;
    struct wire wire;
    int status = STATUS_OK;

    if (!kernel) {
        status = cli_input_error(&e);
        goto out;
    }
    wire = cpu_wire(cpu_create(pool, &cpu->model, NULL));
    kvm_module_load(&m, &wire, &kernel->model, &params, NULL);
    printf("SPTE 0x%llx on %s under %s\n", (unsigned long long)v, a->cpu,
           a->kernel);
    if (kvm_is_mmio_spte(&m, v)) {
        print_mmio_spte(&m, v);
        goto out;
    }
    print_bits(spte_bits, ARRAY_SIZE(spte_bits), v);
    printf("  address 0x%llx\n",
           (unsigned long long)(v & PTE_ADDR_MASK & ~m.me_mask));
    if (m.me_mask)
        printf("  C-bit %d\n", !!(v & m.me_mask));
out:
    pool_destroy(pool);
    return status;
}

static const struct {
    const char *name;
    int (*decode)(const struct decode_args *a, uint64_t value);
} kinds[] = {
    { "npf", decode_npf }, { "pf", decode_pf },     { "spte", decode_spte },
    { "pte", decode_pte }, { "exit", decode_exit }, { "cpuid", decode_cpuid },
};

int cmd_decode(int argc, char **argv)
{
    struct decode_args a = { .cpu = "milan", .kernel = "v6.1" };
    enum num_result n;
    uint64_t v = 0;

    cli_parse(&argp, argc, argv, &a);
    n = num_parse(a.value, strlen(a.value), &v);
    if (n != NUM_OK)
        return cli_usage_error("decode: '%s' %s", a.value, num_problem(n));
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (strcmp(kinds[i].name, a.what) == 0)
            return kinds[i].decode(&a, v);
    return cli_usage_error("decode: '%s' is not npf, pf, spte, pte, exit or "
                           "cpuid",
                           a.what);
}
