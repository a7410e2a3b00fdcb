/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/decode_exit.c - nptsim decode exit: every code of a #VMEXIT in words.
 *
 * Up to A6h a code is the place of its intercept: word and bit count together
 * (APM vol. 2, appendices B and C). Which of them the CPU model executes is
 * another question.
 */
#include "cli/decode.h"

#include "arch/sev.h"
#include "arch/svm.h"

/* What code FIRST_WORD + i means; what EXITINFO1 and 2 hold (APM vol. 2, 15.7
 * to 15.14). */
#define FIRST_WORD 0x60
static const struct exit_words {
    const char *what, *info1, *info2;
} words[] = {
    { "a physical interrupt", NULL, NULL },
    { "an NMI", NULL, NULL },
    { "an SMI", "bit 0: an external one",
      "rIP of the I/O instruction that caused it" },
    { "INIT", NULL, NULL },
    { "a virtual interrupt is about to be taken", NULL, NULL },
    { "MOV to CR0 that changes more than TS and MP",
      "bit 63: MOV CR; 3:0: the register", NULL },
    { "SIDT", NULL, NULL },
    { "SGDT", NULL, NULL },
    { "SLDT", NULL, NULL },
    { "STR", NULL, NULL },
    { "LIDT", NULL, NULL },
    { "LGDT", NULL, NULL },
    { "LLDT", NULL, NULL },
    { "LTR", NULL, NULL },
    { "RDTSC", NULL, NULL },
    { "RDPMC", NULL, NULL },
    { "PUSHF", NULL, NULL },
    { "POPF", NULL, NULL },
    { "CPUID", NULL, NULL },
    { "RSM", NULL, NULL },
    { "IRET", NULL, NULL },
    { "INT n", "7:0: the vector", NULL },
    { "INVD", NULL, NULL },
    { "PAUSE", NULL, NULL },
    { "HLT", NULL, NULL },
    { "INVLPG", "the linear address", NULL },
    { "INVLPGA", "the linear address", NULL },
    { "IN or OUT of a port that the I/O permission map names",
      "31:16: the port; 6:4: the size; rep, string, direction",
      "rIP of the next instruction" },
    { "RDMSR or WRMSR of an MSR that the MSR permission map names",
      "0 = RDMSR, 1 = WRMSR", NULL },
    { "a task switch", "15:0: selector of the TSS",
      "31:0: error code; 36: by IRET; 38: by far JMP; 44: has an error code" },
    { "the FPU freezes for FERR", NULL, NULL },
    { "shutdown: a triple fault", NULL, NULL },
    { "VMRUN", NULL, NULL },
    { "VMMCALL", NULL, NULL },
    { "VMLOAD", NULL, NULL },
    { "VMSAVE", NULL, NULL },
    { "STGI", NULL, NULL },
    { "CLGI", NULL, NULL },
    { "SKINIT", NULL, NULL },
    { "RDTSCP", NULL, NULL },
    { "ICEBP", NULL, NULL },
    { "WBINVD or WBNOINVD", NULL, NULL },
    { "MONITOR or MONITORX", NULL, NULL },
    { "MWAIT or MWAITX", NULL, NULL },
    { "MWAIT or MWAITX with the monitor armed", NULL, NULL },
    { "XSETBV", NULL, NULL },
    { "RDPRU", NULL, NULL },
    { "EFER was written", "the new value", NULL },
};

/* Those behind 9Fh, the last of the CR traps. */
#define FIRST_LATE 0xa0
static const char *const late[] = {
    "INVLPGB",
    "INVLPGB with an illegal operand",
    "INVPCID",
    "MCOMMIT",
    "TLBSYNC",
    "the count of bus locks is used up",
    "HLT with no interrupt pending",
};

static const struct {
    uint64_t code;
    struct exit_words w;
} others[] = {
    { 0x400,
      { "nested page fault: always exits, unless an SEV-ES guest runs and "
        "EXITINFO1 has RSV:\n  then it is #VC with error code 0x400 inside the "
        "guest [APM vol. 2, 15.35.5]",
        "what failed (decode npf)", "the guest-physical address" } },
    { 0x401,
      { "AVIC: an IPI could not be delivered", "the ICR",
        "63:32: why; 11:0: index of the target" } },
    { 0x402,
      { "AVIC: an APIC register that hardware does not handle",
        "bit 32: a write; 11:4: the register", "7:0: vector of an EOI" } },
    { 0x403, { "VMGEXIT: an SEV-ES guest asks, see its GHCB", NULL, NULL } },
    { 0x404,
      { "no exit but an error code of #VC: an SNP guest touched a private page "
        "that is not\n  validated; CR2 says where [APM vol. 2, 15.36.10]",
        NULL, NULL } },
    { EXIT_INVALID, { "VMRUN refused the VMCB", NULL, NULL } },
    { EXIT_BUSY, { "VMRUN: the VMSA is marked busy", NULL, NULL } },
    { EXIT_IDLE_REQUIRED,
      { "VMRUN: the guest wants an idle sibling thread", NULL, NULL } },
    { EXIT_INVALID_PMC,
      { "VMRUN: state of performance counters is illegal", NULL, NULL } },
};

/* Sixteen codes for sixteen registers, a bit of an intercept word each. */
static const struct {
    unsigned first;
    const char *what, *info1;
} registers[] = {
    { 0x00, "MOV from CR%u", "bit 63: MOV CR; 3:0: the register" },
    { 0x10, "MOV to CR%u", "bit 63: MOV CR; 3:0: the register" },
    { 0x20, "MOV from DR%u", "3:0: the register" },
    { 0x30, "MOV to DR%u", "3:0: the register" },
    { 0x90, "CR%u was written", "the new value" },
};

static void print_words(const struct exit_words *w)
{
    printf("  %s\n", w->what);
    if (w->info1)
        printf("  EXITINFO1  %s\n", w->info1);
    if (w->info2)
        printf("  EXITINFO2  %s\n", w->info2);
}

/* false: not one of them. */
static bool print_register(uint64_t v)
{
    char what[32];

    for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
        if (v - registers[i].first >= 16)
            continue;
        snprintf(what, sizeof(what), registers[i].what,
                 (unsigned)(v - registers[i].first));
        print_words(&(struct exit_words) { what, registers[i].info1, NULL });
        return true;
    }
    return false;
}

static void print_exception(unsigned vector)
{
    printf("  exception %s, intercepted\n", vector_name(vector));
    if (vector == VEC_PF)
        print_words(&(struct exit_words) {
            "CR2 stays as it was", "the error code (decode pf)",
            "the address that CR2 would have got" });
}

static bool print_one(uint64_t v)
{
    if (v >= EXIT_EXC && v < EXIT_EXC + 32)
        print_exception((unsigned)(v - EXIT_EXC));
    else if (v >= FIRST_WORD && v - FIRST_WORD < ARRAY_SIZE(words))
        print_words(&words[v - FIRST_WORD]);
    else if (v >= FIRST_LATE && v - FIRST_LATE < ARRAY_SIZE(late))
        print_words(&(struct exit_words) { late[v - FIRST_LATE], NULL, NULL });
    else
        return false;
    return true;
}

int decode_exit(const struct decode_args *a, uint64_t v)
{
    const char *name = exit_code_name(v);

    (void)a;
    printf("0x%llx", (unsigned long long)v);
    if (name)
        printf(": %s", name);
    printf("\n");
    if (print_register(v) || print_one(v)) {
        printf("  asked for at offset %02Xh of the VMCB, bit %u\n",
               (unsigned)(v / 32 * 4), (unsigned)(v % 32));
        return STATUS_OK;
    }
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        if (others[i].code == v) {
            print_words(&others[i].w);
            return STATUS_OK;
        }
    }
    if (v == 0xf0000000)
        printf("  reserved for software\n");
    else if (v >> 31 == 1)
        printf("  not of hardware: what a guest writes into its GHCB\n");
    else
        printf("  no exit: the APM knows none of this number\n");
    return STATUS_OK;
}
