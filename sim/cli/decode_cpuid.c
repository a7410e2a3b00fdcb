/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/decode_cpuid.c - one CPUID leaf of a CPU model, field by field. */
#include "cli/decode.h"

/* Numbers in CPUID leaves (APM vol. 3, appendix E). */
static const struct {
    uint32_t leaf;
    enum cpuid_reg reg;
    uint8_t high, low;
    const char *what;
} cpuid_numbers[] = {
    { 0x80000000, CPUID_EAX, 31, 0, "largest extended leaf" },
    { 0x80000008, CPUID_EAX, 7, 0, "physical address bits (MAXPHYADDR)" },
    { 0x80000008, CPUID_EAX, 15, 8, "linear address bits" },
    { 0x80000008, CPUID_EDX, 15, 0, "most pages that one INVLPGB flushes, -1" },
    { 0x8000000a, CPUID_EAX, 7, 0, "SVM revision" },
    { 0x8000000a, CPUID_EBX, 31, 0, "address-space identifiers (ASIDs)" },
    { 0x8000001f, CPUID_EBX, 5, 0, "position of the C-bit" },
    { 0x8000001f, CPUID_EBX, 11, 6, "address bits given up to encryption" },
    { 0x8000001f, CPUID_EBX, 15, 12, "VM privilege levels (VMPLs)" },
    { 0x8000001f, CPUID_ECX, 31, 0, "encrypted guests at the same time" },
    { 0x8000001f, CPUID_EDX, 31, 0, "first ASID that is not for SEV-ES" },
};

static void print_leaf(uint32_t leaf, const uint32_t value[4])
{
    static const char *const regs[] = { "EAX", "EBX", "ECX", "EDX" };

    for (unsigned i = 0; i < 4; i++)
        printf("  %s 0x%08x\n", regs[i], value[i]);
    for (size_t i = 0; i < ARRAY_SIZE(cpuid_numbers); i++) {
        unsigned high = cpuid_numbers[i].high, low = cpuid_numbers[i].low;
        uint32_t v = value[cpuid_numbers[i].reg];

        if (cpuid_numbers[i].leaf == leaf)
            printf("  %s[%u:%u] = %llu: %s\n", regs[cpuid_numbers[i].reg], high,
                   low, (unsigned long long)(v & bits(high, low)) >> low,
                   cpuid_numbers[i].what);
    }
    for (unsigned i = 0; i < N_FEATURES; i++) {
        const struct feature_desc *f = &feature_table[i];

        if (f->leaf == leaf)
            printf("  %s[%u] = %u: %s, %s\n", regs[f->reg], f->bit,
                   value[f->reg] >> f->bit & 1, f->name, f->doc);
    }
}

int decode_cpuid(const struct decode_args *a, uint64_t v)
{
    struct pool *pool = pool_create();
    struct err e = { 0 };
    const struct cpu_file *cpu = catalog_cpu(
        cli_catalog(pool), a->cpu, (struct mark) { .file = "--cpu" }, &e);
    int status = STATUS_OK;

    if (v > UINT32_MAX) {
        status = cli_usage_error("decode: a CPUID leaf has 32 bits");
    } else if (!cpu) {
        status = cli_input_error(&e);
    } else {
        struct wire w = cpu_wire(cpu_create(pool, &cpu->model, NULL));
        struct cpuid_regs r = w.ops->cpuid(w.hw, (uint32_t)v, 0);

        printf("CPUID leaf 0x%llx on %s\n", (unsigned long long)v, a->cpu);
        print_leaf((uint32_t)v,
                   (const uint32_t[]) { r.eax, r.ebx, r.ecx, r.edx });
    }
    pool_destroy(pool);
    return status;
}
