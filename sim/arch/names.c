/* SPDX-License-Identifier: GPL-2.0-only */
/* arch/names.c - bits and codes as words. */
#include "arch/paging.h"
#include "arch/sev.h"
#include "arch/svm.h"

#include <stdio.h>

const char *pt_level_name(unsigned level)
{
    static const char *const names[] = { "?",    "PTE",   "PDE",
                                         "PDPE", "PML4E", "PML5E" };

    return names[level < ARRAY_SIZE(names) ? level : 0];
}

const char *pt_size_name(unsigned level)
{
    static const char *const names[] = {
        "?", "4K", "2M", "1G", "512G", "256T"
    };

    return names[level < ARRAY_SIZE(names) ? level : 0];
}

void pferr_words(struct buf *b, uint64_t code)
{
    static const struct {
        uint64_t bit;
        const char *word;
    } words[] = {
        { PFERR_PRESENT, "P" },
        { PFERR_WRITE, "W" },
        { PFERR_USER, "U" },
        { PFERR_RSVD, "RSVD" },
        { PFERR_FETCH, "F" },
        { PFERR_PK, "PK" },
        { PFERR_SS, "SS" },
        { PFERR_GUEST_RMP, "RMP" },
        { PFERR_GUEST_FINAL, "FINAL" },
        { PFERR_GUEST_PAGE, "TABLE" },
        { PFERR_GUEST_ENC, "ENC" },
        { PFERR_GUEST_SIZEM, "SIZEM" },
        { PFERR_GUEST_VMPL, "VMPL" },
        { PFERR_GUEST_SSS, "SSS" },
    };
    const char *gap = "";

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (!(code & words[i].bit))
            continue;
        buf_adds(b, gap);
        buf_adds(b, words[i].word);
        gap = " ";
    }
}

const char *vector_name(unsigned vector)
{
    static const char *const names[32] = {
        "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM",
        "#DF", "#9",  "#TS", "#NP", "#SS", "#GP", "#PF", "#15",
        "#MF", "#AC", "#MC", "#XF", "#20", "#CP", "#22", "#23",
        "#24", "#25", "#26", "#27", "#HV", "#VC", "#SX", "#31",
    };

    return vector < ARRAY_SIZE(names) ? names[vector] : "interrupt";
}

const char *exit_code_name(uint64_t code)
{
    static const struct {
        uint64_t code;
        const char *name;
    } names[] = {
        { EXIT_EXC + VEC_DE, "DE excp" },
        { EXIT_EXC + VEC_DB, "DB excp" },
        { EXIT_EXC + VEC_BP, "BP excp" },
        { EXIT_EXC + VEC_UD, "UD excp" },
        { EXIT_EXC + VEC_DF, "DF excp" },
        { EXIT_EXC + VEC_TS, "TS excp" },
        { EXIT_EXC + VEC_NP, "NP excp" },
        { EXIT_EXC + VEC_SS, "SS excp" },
        { EXIT_EXC + VEC_GP, "GP excp" },
        { EXIT_EXC + VEC_PF, "PF excp" },
        { EXIT_EXC + VEC_AC, "AC excp" },
        { EXIT_EXC + VEC_VC, "VC excp" },
        { EXIT_INTR, "interrupt" },
        { EXIT_NMI, "nmi" },
        { EXIT_VINTR, "vintr" },
        { EXIT_CR0_SEL, "cr0_sel_write" },
        { EXIT_CPUID, "cpuid" },
        { EXIT_IRET, "iret" },
        { EXIT_SWINT, "swint" },
        { EXIT_HLT, "hlt" },
        { EXIT_INVLPG, "invlpg" },
        { EXIT_INVLPGA, "invlpga" },
        { EXIT_IOIO, "io" },
        { EXIT_MSR, "msr" },
        { EXIT_TASK_SWITCH, "task_switch" },
        { EXIT_SHUTDOWN, "shutdown" },
        { EXIT_VMRUN, "vmrun" },
        { EXIT_VMMCALL, "hypercall" },
        { EXIT_VMLOAD, "vmload" },
        { EXIT_VMSAVE, "vmsave" },
        { EXIT_STGI, "stgi" },
        { EXIT_CLGI, "clgi" },
        { EXIT_CR_READ + 0, "read_cr0" },
        { EXIT_CR_READ + 2, "read_cr2" },
        { EXIT_CR_READ + 3, "read_cr3" },
        { EXIT_CR_READ + 4, "read_cr4" },
        { EXIT_CR_READ + 8, "read_cr8" },
        { EXIT_CR_WRITE + 0, "write_cr0" },
        { EXIT_CR_WRITE + 2, "write_cr2" },
        { EXIT_CR_WRITE + 3, "write_cr3" },
        { EXIT_CR_WRITE + 4, "write_cr4" },
        { EXIT_CR_WRITE + 8, "write_cr8" },
        { EXIT_EFER_TRAP, "efer_trap" },
        { EXIT_CR_TRAP + 0, "cr0_trap" },
        { EXIT_CR_TRAP + 4, "cr4_trap" },
        { EXIT_CR_TRAP + 8, "cr8_trap" },
        { EXIT_INVLPGB, "invlpgb" },
        { EXIT_INVLPGB_ILLEGAL, "invlpgb_illegal" },
        { EXIT_INVPCID, "invpcid" },
        { EXIT_TLBSYNC, "tlbsync" },
        { EXIT_NPF, "npf" },
        { EXIT_VMGEXIT, "vmgexit" },
        { NAE_MMIO_READ, "vmgexit_mmio_read" },
        { NAE_MMIO_WRITE, "vmgexit_mmio_write" },
        { NAE_NMI_COMPLETE, "vmgexit_nmi_complete" },
        { NAE_AP_HLT_LOOP, "vmgexit_ap_hlt_loop" },
        { NAE_AP_JUMP_TABLE, "vmgexit_ap_jump_table" },
        { NAE_TERMINATE, "vmgexit_termination" },
        { NAE_UNSUPPORTED, "vmgexit_unsupported" },
        { EXIT_INVALID, "invalid_guest_state" },
        { EXIT_BUSY, "busy" },
        { EXIT_IDLE_REQUIRED, "idle_required" },
        { EXIT_INVALID_PMC, "invalid_pmc" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i].code == code)
            return names[i].name;
    return NULL;
}
