/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_cpu.c - nptsim cpu: list and show models, import CPUID dumps. */
#include "cli/cli.h"

#include <string.h>

struct cpu_args {
    const char *verb, *what, *name;
};

static const struct argp_option options[] = {
    { "name", 'n', "NAME", 0, "Name of the imported model (default: imported)",
      0 },
    { 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct cpu_args *a = state->input;

    switch (key) {
    case 'n':
        a->name = arg;
        return 0;
    case ARGP_KEY_ARG:
        return cli_two_words(state, arg, &a->verb, &a->what,
                             "too many arguments");
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "list, show NAME or import DUMP?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "list\nshow NAME\nimport DUMP",
    "List CPU models, show one, or turn a CPUID dump (cpuid -r, or the "
    "InstLatx64 text form) into a model file on standard output.",
    NULL,
    NULL,
    NULL
};

static int cpu_list(struct catalog *catalog)
{
    const char *const *names;
    unsigned n = catalog_cpu_names(catalog, &names);

    printf("%-22s %4s %4s %5s %5s  %-8s %s\n", "name", "raw", "red.", "width",
           "C-bit", "SEV", "title");
    for (unsigned i = 0; i < n; i++) {
        struct err e = { 0 };
        const struct cpu_file *f =
            catalog_cpu(catalog, names[i], (struct mark) { 0 }, &e);
        const struct cpu_model *m;

        if (!f)
            return cli_input_error(&e);
        m = &f->model;
        printf("%-22s %4u %4u %5u %5u  %-8s %s\n", names[i], m->maxphyaddr_raw,
               m->phys_reduction, cpu_model_width(m), m->cbit,
               m->features[FEAT_SEV_SNP]  ? "snp"
               : m->features[FEAT_SEV_ES] ? "sev-es"
               : m->features[FEAT_SEV]    ? "sev"
               : m->features[FEAT_SME]    ? "sme"
                                          : "-",
               f->title);
    }
    return STATUS_OK;
}

static void show_registers(const struct cpu_model *m)
{
    static const uint32_t leaves[] = { 0x1,        0x7,        0x80000000,
                                       0x80000001, 0x80000008, 0x8000000a,
                                       0x8000001f, 0x80000021 };
    struct pool *pool = pool_create();
    struct wire w = cpu_wire(cpu_create(pool, m, NULL));

    printf("\nCPUID             EAX      EBX      ECX      EDX\n");
    for (size_t i = 0; i < ARRAY_SIZE(leaves); i++) {
        struct cpuid_regs r = w.ops->cpuid(w.hw, leaves[i], 0);

        printf("%08x     %08x %08x %08x %08x\n", leaves[i], r.eax, r.ebx, r.ecx,
               r.edx);
    }
    pool_destroy(pool);
}

static void show_features(const struct cpu_model *m)
{
    unsigned column = 0;

    printf("\nfeatures\n");
    for (unsigned f = 0; f < N_FEATURES; f++) {
        if (!m->features[f])
            continue;
        column += (unsigned)printf("  %s", feature_table[f].name);
        if (column > 72) {
            putchar('\n');
            column = 0;
        }
    }
    if (column)
        putchar('\n');
}

static void show_platform(const struct cpu_model *m)
{
    static const char *const psp[] = {
        [PSP_WORKS] = "ok",
        [PSP_FAILS] = "fails",
        [PSP_ABSENT] = "absent",
    };
    static const char *const snp[] = {
        [PSP_SNP_NONE] = "unknown to its firmware",
        [PSP_SNP_STUCK] = "stuck",
        [PSP_SNP_READY] = "ready",
        [PSP_SNP_INITIALIZED] = "initialised",
    };

    printf("platform    secure processor %s, SEV-SNP %s%s, %sRMP table\n",
           psp[m->psp], snp[m->psp_snp],
           m->psp_cth == PSP_CTH_BOTH ? ", can hide ciphertext" : "",
           m->rmp_table ? "" : "no ");
}

static int cpu_show(struct catalog *catalog, const char *name)
{
    struct err e = { 0 };
    const struct cpu_file *f =
        catalog_cpu(catalog, name, (struct mark) { 0 }, &e);
    const struct cpu_model *m;

    if (!f)
        return cli_input_error(&e);
    m = &f->model;
    printf("%s   %s\n", m->name, f->title);
    printf("file        %s\nsource      %s\n", f->path, f->source);
    printf("MAXPHYADDR  %u raw, %u given up to encryption, %u effective\n",
           m->maxphyaddr_raw, m->phys_reduction, cpu_model_width(m));
    printf("C-bit       %u, encryption %s by firmware\n", m->cbit,
           m->mem_encrypt ? "on" : "off");
    printf("SEV ASIDs   1..%u, those below %u for SEV-ES and SNP\n",
           m->max_sev_asid, m->min_sev_asid);
    show_platform(m);
    show_features(m);
    show_registers(m);
    return STATUS_OK;
}

static int cpu_import(const char *path, const char *name)
{
    struct buf yaml = BUF_INIT, warnings = BUF_INIT;
    struct err e = { 0 };
    int status = STATUS_OK;

    if (cpuid_dump_import(path, name, &yaml, &warnings, &e))
        status = cli_input_error(&e);
    else
        cli_print(&yaml);
    if (warnings.len)
        fwrite(warnings.data, 1, warnings.len, stderr);
    buf_free(&yaml);
    buf_free(&warnings);
    return status;
}

int cmd_cpu(int argc, char **argv)
{
    struct cpu_args a = { .name = "imported" };
    struct pool *pool = pool_create();
    int status;

    cli_parse(&argp, argc, argv, &a);
    if (strcmp(a.verb, "list") == 0 && !a.what)
        status = cpu_list(cli_catalog(pool));
    else if (strcmp(a.verb, "show") == 0 && a.what)
        status = cpu_show(cli_catalog(pool), a.what);
    else if (strcmp(a.verb, "import") == 0 && a.what)
        status = cpu_import(a.what, a.name);
    else
        status = cli_usage_error("cpu: list, show NAME or import DUMP");
    pool_destroy(pool);
    return status;
}
