/* SPDX-License-Identifier: GPL-2.0-only */
/* hw/formats.c - which page-table format do the registers select? */
#include "hw/paging.h"

/* APM vol. 2, table 5-1 and 5.3. */
const struct pt_format pt_formats[] = {
    [PT_OFF] = { 0, 0, 32,
                 "paging is off (CR0.PG = 0): this version translates 4-level "
                 "long-mode tables only" },
    [PT_32BIT] = { 2, 4, 32,
                   "legacy 32-bit paging: this version translates 4-level "
                   "long-mode tables only" },
    [PT_PAE] = { 3, 8, 32,
                 "PAE paging: this version translates 4-level long-mode "
                 "tables only" },
    [PT_4LEVEL] = { 4, 8, 48, NULL },
    [PT_5LEVEL] = { 5, 8, 57,
                    "5-level paging (CR4.LA57 = 1): this version translates "
                    "4-level long-mode tables only" },
};

enum pt_mode pt_mode(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    if (!(cr0 & CR0_PG))
        return PT_OFF;
    if (!(cr4 & CR4_PAE))
        return PT_32BIT;
    if (!(efer & (EFER_LMA | EFER_LME)))
        return PT_PAE;
    return cr4 & CR4_LA57 ? PT_5LEVEL : PT_4LEVEL;
}
