/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle/oracle.h - the manual's rules a second time, naively.
 *
 * Written from the APM and kvm-unit-tests without a look at sim/hw: bit by bit,
 * recursive, slow, obvious. It exists to disagree. Two people who misread the
 * same sentence alike are not caught by it; see the conformance rows for that.
 *
 * Of SEV it knows which accesses are private and what the reverse map table
 * thinks of them, but no keys. It knows no shadow stacks and no TLB; of the
 * CPU's knobs those that change what an entry or a code means, not when
 * accessed bits are set (ad_policy).
 */
#ifndef ORACLE_ORACLE_H
#define ORACLE_ORACLE_H

#include "oracle/trial.h"

enum oracle_mode { MODE_OFF, MODE_LEGACY, MODE_PAE, MODE_LONG4, MODE_LONG5 };

/* One set of tables: which format, and what the CPU accepts in it. */
struct regime {
    enum oracle_mode mode;
    unsigned width; /* physical address bits that an entry may use */
    unsigned root;  /* and those that CR3 may use */
    unsigned cbit;  /* functional C-bit; 0 = there is none */
    unsigned
        forbidden; /* with vTOM the C-bit must not be set; 0 = no such bit */
    bool nxe, pse, gb_pages;
    const struct cpu_knobs *knobs;
};

/* Is there a bit in @entry that must be zero? @level: 1 = PTE. */
bool oracle_reserved(const struct regime *r, unsigned level, uint64_t entry);
/* Does this entry map memory, or point to a table? */
bool oracle_is_leaf(const struct regime *r, unsigned level, uint64_t entry);

enum oracle_mode oracle_mode(uint64_t cr0, uint64_t cr4, uint64_t efer);
unsigned oracle_levels(enum oracle_mode mode);
/* What the registers and the CPU of @v make of both sets of tables. */
void oracle_regimes(const struct trial *v, struct regime *guest,
                    struct regime *host);

/* The lowest address bit that selects an entry at @level. */
unsigned oracle_shift(const struct regime *r, unsigned level);
/* Where the entry for @addr lies in @table. */
uint64_t oracle_slot(const struct regime *r, unsigned level, uint64_t table,
                     uint64_t addr);
/* The address in an entry or CR3, from bit @low on, without the C-bit. */
uint64_t oracle_address(const struct regime *r, uint64_t value, unsigned low);
/* The entry at @slot: 4 bytes in legacy tables, else 8. */
uint64_t oracle_get(const struct regime *r, const struct words *mem,
                    uint64_t slot);
void oracle_put(const struct regime *r, struct words *mem, uint64_t slot,
                uint64_t entry);
uint64_t oracle_root(const struct regime *r, uint64_t cr3);
/* Where the leaf @entry puts the byte at @addr. */
uint64_t oracle_leaf(const struct regime *r, unsigned level, uint64_t entry,
                     uint64_t addr);

/* ---- reverse.c ---- */
/* Does memory encryption count, and is the guest one with SEV, or SEV-SNP? */
bool oracle_is_sev(const struct trial *v);
bool oracle_is_snp(const struct trial *v);
/* 0, or the address below which an SNP guest's data is private. */
gpa_t oracle_vtom(const struct trial *v);

struct reverse_access {
    gpa_t gpa;
    spa_t spa;
    bool large; /* its page has 2M or more in the tables that the host built */
    bool table, write, fetch, private;
};

enum reverse { REVERSE_OK, REVERSE_NPF, REVERSE_VMPL, REVERSE_VC };

/* What the table in @mem makes of an access that all paging permits. */
enum reverse oracle_reverse(const struct trial *v, const struct words *mem,
                            const struct reverse_access *a);

struct answer oracle_walk(const struct trial *v);

#endif
