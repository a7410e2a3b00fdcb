/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw.h - the CPU and its memory: truth.
 *
 * A cpu_model says what the silicon is. From it follow CPUID, MSRs, which bits
 * of an entry are reserved, and whether a fault leaves the guest as #VMEXIT or
 * stays inside as #VC. KVM sees none of this header; it gets cpu_wire().
 */
#ifndef NPTSIM_HW_H
#define NPTSIM_HW_H

#include "arch/cpuid.h"
#include "arch/paging.h"
#include "arch/svm.h"
#include "base.h"
#include "guest_port.h"
#include "wire.h"

struct trace;

enum tlb_mode {
    TLB_OFF,         /* every access walks; nothing is ever stale */
    TLB_ON,          /* as large as the part's */
    TLB_ADVERSARIAL, /* nothing leaves but by a flush */
};

/* Entries of a TLB that hold pages of one size, or of any. */
enum tlb_holds { TLB_HOLDS_4K, TLB_HOLDS_2M, TLB_HOLDS_1G, TLB_HOLDS_ANY };
struct tlb_part {
    unsigned holds, entries;
    unsigned ways; /* 0 = fully associative */
};

#define TLB_MAX_PARTS   3 /* of one TLB */
#define TLB_MAX_ENTRIES 65536

struct tlb_geometry {
    enum tlb_mode mode;
    const struct tlb_part *l1d, *l1i, *l2d, *l2i;
    unsigned n_l1d, n_l1i, n_l2d, n_l2i;
    unsigned pwc;  /* pointers kept of each level of the guest's tables */
    unsigned npwc; /* the same of the nested tables */
    unsigned ntlb; /* pages of the nested TLB */
};

/*
 * Where the manual is silent or sources disagree: what this CPU does. The first
 * value of each is the default.
 */
struct cpu_knobs {
    /* Bit 8 of a PML4E and PML5E. */
    enum { BIT8_RESERVED, BIT8_IGNORED } amd_bit8;
    /* Bits 21:13 of a 4M page's entry: eight more address bits and a reserved
     * one (AMD), four and five (Intel), or all reserved. */
    enum { PSE36_AMD40, PSE36_INTEL36, PSE36_NONE } pse36_mode;
    /* When a guest's accessed bits are set: entry by entry, all after the
     * permission check, or all after the final nested walk. */
    enum { AD_IN_WALK, AD_AFTER_CHECK, AD_AFTER_FINAL } ad_policy;
    /* When EXITINFO1 reports a fetch: host NXE or SMEP, NXE only, always. */
    enum { NPF_ID_NXE_SMEP, NPF_ID_NXE, NPF_ID_ALWAYS } npf_id_policy;
    /* GMET: a fetch at CPL 3 from a page whose nested U is 0. */
    enum { GMET_U0_ALLOWED, GMET_U0_FAULTS } gmet_user_u0;
    /* A guest-physical address wider than the nested tables can map. */
    enum { WIDE_NOT_PRESENT, WIDE_ALIAS, WIDE_RSVD } nested_wide_gpa;
    /* Address bits given up to encryption, in host and nested tables. */
    enum { REDUCED_RESERVED, REDUCED_ADDRESS } reduced_bits_reserved;
    /* An ordinary read of a supervisor shadow-stack page. */
    enum { SSS_READ_OK, SSS_READ_FAULTS } sss_read_ok;
    /* An MSR permission map that ends exactly where physical memory does. */
    enum { MSRPM_LIMIT_ALLOWED, MSRPM_LIMIT_REFUSED } msrpm_at_limit;
    /* EXITINFO2 of a fault on a guest table: the page, not the entry. */
    bool ei2_table_page_aligned;
    bool err1096; /* no instruction bytes with SMAP */
    bool err1218; /* EXITINFO1.US of a GMET fetch is the wrong way round */
    /* The host's C-bit is reserved in tables of a guest that has no C-bit. */
    bool cbit_reserved_for_plain_guest;
    /* VMRUN uses what it remembers of fields whose clean bit is set. */
    bool vmcb_clean_strict;
};

/* Is there a secure processor, and does INIT succeed on it? */
enum psp_health { PSP_WORKS, PSP_FAILS, PSP_ABSENT };
/* What its firmware knows of SEV-SNP: nothing; SNP_INIT claims success and
 * changes nothing; SNP_INIT works; somebody before this kernel has done it. */
enum psp_snp {
    PSP_SNP_NONE,
    PSP_SNP_STUCK,
    PSP_SNP_READY,
    PSP_SNP_INITIALIZED
};
/* Hiding ciphertext takes an SNP firmware that can and a BIOS that lets it. */
enum psp_cth { PSP_CTH_NONE, PSP_CTH_FIRMWARE, PSP_CTH_BIOS, PSP_CTH_BOTH };

/* What the silicon is; filled from models/cpus/<name>.yaml and cpu.set. */
struct cpu_model {
    const char *name;
    uint32_t signature;      /* CPUID 1 EAX: family, model, stepping */
    unsigned maxphyaddr_raw; /* CPUID 8000_0008 EAX[7:0], 32..52 */
    unsigned phys_reduction; /* CPUID 8000_001F EBX[11:6], 0..20 */
    unsigned cbit;           /* CPUID 8000_001F EBX[5:0]; 0 = none */
    unsigned linear_bits;    /* CPUID 8000_0008 EAX[15:8], 48 or 57 */
    unsigned n_vmpls;        /* CPUID 8000_001F EBX[15:12] */
    unsigned n_asids;        /* CPUID 8000_000A EBX */
    uint32_t max_sev_asid;   /* CPUID 8000_001F ECX */
    uint32_t min_sev_asid;   /* CPUID 8000_001F EDX */
    uint32_t max_ext_leaf;   /* CPUID 8000_0000 EAX */
    unsigned invlpgb_max;    /* CPUID 8000_0008 EDX[15:0] */
    bool mem_encrypt;        /* SYSCFG[23] as the firmware left it */
    bool smmlock;            /* HWCR[0] as the firmware left it */
    /* The platform around the cores. */
    enum psp_health psp;
    enum psp_snp psp_snp;
    unsigned psp_svn; /* version of the SNP firmware, TCB_VERSION.SNP */
    enum psp_cth psp_cth;
    bool rmp_table; /* the BIOS set memory aside for a reverse map table */
    bool features[N_FEATURES];
    struct tlb_geometry tlb;
    struct cpu_knobs knobs;
};

/* Physical bits that the walker of nested and host tables accepts. */
unsigned cpu_model_width(const struct cpu_model *m);

/* Check a whole model: what no field check can see (width left after the
 * reduction, a C-bit below 32 with encryption on, ...). NULL = fine, else what
 * is wrong, in words (allocated from @pool). */
const char *cpu_model_problem(const struct cpu_model *m, struct pool *pool);

struct cpu;

/* One machine: cores that share memory and keys; today one core. Lives in
 * @pool. @trace may be NULL. */
struct cpu *cpu_create(struct pool *pool, const struct cpu_model *m,
                       struct trace *trace);
/* Become another model, memory emptied; for walks and sweeps over models. */
void cpu_reset(struct cpu *c, const struct cpu_model *m);
struct wire cpu_wire(struct cpu *c);
/* The software that answers SOFTCALLs while the vCPU with this VMCB runs. */
void cpu_set_guest(struct cpu *c, const struct guest_software *sw);

/* Remember guest registers, memory and what the TLB holds ... */
void cpu_state_mark(struct cpu *c);
/* ... and tell whether all of it is as it was at the mark: what the run loop
 * asks to prove that nothing moves. The one mark is gone after cpu_reset(). */
bool cpu_state_same(struct cpu *c);

/* ---- a single translation, for `batch walk`, tests, benchmarks ------------
 */

enum access_kind {
    ACCESS_READ,
    ACCESS_WRITE,
    ACCESS_RMW,
    ACCESS_FETCH,
    ACCESS_SHADOW_READ, /* of a shadow stack */
    ACCESS_SHADOW_WRITE,
};

/* How caches treat memory (APM vol. 2, 7.4; WC+: table 15-19; CD: caches off).
 */
enum memtype {
    MEMTYPE_WB,
    MEMTYPE_WT,
    MEMTYPE_WP,
    MEMTYPE_WC,
    MEMTYPE_UC_MINUS,
    MEMTYPE_UC,
    MEMTYPE_WC_PLUS,
    MEMTYPE_CD,
};

const char *memtype_name(enum memtype type);
/* As PATs and MTRRs encode it; false: a reserved encoding. */
bool memtype_decode(uint64_t code, enum memtype *type);
/* A PAT of eight legal encodings. */
bool pat_is_valid(uint64_t pat);

/* What PATs hold after reset. */
#define PAT_RESET 0x0007040600070406ULL

/* Registers of guest and host around one access; no VMCB involved. */
struct walk_setup {
    uint64_t h_cr0, h_cr4, h_efer; /* as latched at VMRUN */
    bool np, gmet, sss, rogpt;     /* VMCB, 90h; np is NP_ENABLE */
    spa_t ncr3;
    uint64_t g_cr0, g_cr3, g_cr4, g_efer, g_rflags;
    uint64_t h_pat, g_pat;
    enum memtype mtrr; /* of all system-physical memory */
    uint32_t pkru;
    unsigned cpl;
    uint32_t asid; /* tags what the TLB remembers */
    /* SEV-SNP of the host: SYSCFG.SNPE and VMPLEn, and where its table is. */
    bool snpe, vmple;
    spa_t rmp_base, rmp_end;
    bool sev, snp; /* of the guest; snp: with SEV-ES, and active */
    unsigned vmpl;
    gpa_t vtom; /* of an SNP guest, VIRTUAL_TOM; 0: not active */
    /* A C-bit selects no key: memory holds what its readers see, as vectors and
     * dumps write it down. */
    bool in_clear;
};

enum walk_outcome {
    WALK_OK,
    WALK_NPF,
    WALK_PF,
    WALK_GP,
    WALK_SS,
    WALK_VC, /* not validated */
    WALK_INVALID
};

/* One memory reference of a walk. */
struct walk_ref {
    bool npt; /* nested table, else guest table */
    unsigned level;
    spa_t slot;
    uint64_t pte;
};

struct walk_result {
    enum walk_outcome outcome;
    spa_t spa; /* WALK_OK: of the first byte */
    enum memtype memtype;
    uint64_t info1;  /* WALK_NPF: EXITINFO1; WALK_PF, WALK_VC: error code */
    uint64_t info2;  /* WALK_NPF: EXITINFO2; WALK_PF, WALK_VC: CR2 */
    const char *why; /* static text, NULL when ok */
    unsigned n_refs; /* references made, also beyond the array */
};

/* Words that A/D updates changed, and references, in walker's order. */
struct walk_log {
    struct walk_ref *refs;
    unsigned max_refs;
    spa_t *dirty; /* slots written by A/D updates, in order, repeats allowed */
    unsigned max_dirty, n_dirty;
};

/* Something that this version does not walk: why, in words; NULL = it does. */
const char *walk_unsupported(const struct walk_setup *s);
/* Load @s into the core, as VMRUN would; false: VMRUN would refuse (the setup
 * is WALK_INVALID), *@why says why. */
bool walk_load(struct cpu *c, const struct walk_setup *s, const char **why);
/* Bits that must be zero in an entry of the loaded setup's nested or guest
 * tables, at @level, with bit 7 as @bit7. */
uint64_t walk_reserved(const struct cpu *c, bool nested, unsigned level,
                       bool bit7);
/* One access of @size bytes (1..64) at @gva under the loaded setup. @log may be
 * NULL. */
struct walk_result walk_access(struct cpu *c, gva_t gva, enum access_kind kind,
                               unsigned size, bool stack, struct walk_log *log);
/* Physical memory, 8 bytes, @spa 8-byte aligned, as DRAM holds it. */
uint64_t cpu_peek64(const struct cpu *c, spa_t spa);
void cpu_poke64(struct cpu *c, spa_t spa, uint64_t value);

/* ---- looking without touching, for judges: look.c --------------------------
 */

/* What an access to @gpa through the nested tables at @ncr3 would come to. Sets
 * nothing, remembers nothing, tells nobody. */
struct walk_result cpu_look(const struct cpu *c, spa_t ncr3, gpa_t gpa,
                            enum access_kind kind);
/* The same for a page whose nested entry were @pte, whatever there is. */
struct walk_result cpu_look_entry(const struct cpu *c, uint64_t pte,
                                  enum access_kind kind);
/* Bits of 51:12 with which such an entry raises RSVD. */
uint64_t cpu_faulting_bits(const struct cpu *c);

/* What an entry of the TLB answers without a walk. */
struct tlb_grant {
    gpa_t gpa;
    spa_t spa;
    uint64_t size; /* of the page */
    bool write, fetch;
};
typedef void (*grant_fn)(void *ctx, const struct tlb_grant *g);
/* All that is remembered under @asid: TLBs and nested TLB. false: the TLB is
 * off, so there never is anything. */
bool cpu_each_grant(const struct cpu *c, uint32_t asid, grant_fn fn, void *ctx);

#endif
