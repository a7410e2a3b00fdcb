/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/cpu.h - the inside of a core, shared by the files of this folder only.
 *
 * Reading order: struct cpu here, then guest_walk.c and npt_walk.c (how an
 * address is translated), npf.c and reflect.c (what a failed walk becomes),
 * vmrun.c and exec.c (what runs), deliver.c (how a fault reaches the guest).
 */
#ifndef NPTSIM_HW_CPU_H
#define NPTSIM_HW_CPU_H

#include "hw.h"
#include "hw/paging.h"
#include "hw/psp.h"
#include "hw/rmp.h"
#include "hw/tlb.h"
#include "trace.h"

/* ---- the guest's state, as VMRUN loads it ---- */

struct segment {
    uint16_t sel, attr;
    uint32_t limit;
    uint64_t base;
};

/* Index of a segment in guest_state.seg: its place in the save area. */
#define SEG(save_offset) ((save_offset) / 16)
#define N_SEGS           (SEG(SAVE_TR) + 1)

struct guest_state {
    struct guest_regs r;
    struct segment seg[N_SEGS];
    uint64_t dr6, dr7, pat, ghcb;
    uint64_t s_cet, u_cet;             /* u_cet: SEV-ES only */
    uint64_t sev_features, vintr_ctrl; /* SEV-ES only */
    /* With FS, GS, LDTR and TR: the set of VMLOAD and VMSAVE. */
    uint64_t star, lstar, cstar, sfmask, kernel_gs;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint32_t pkru;
    uint8_t vmpl;  /* SEV-SNP only */
    uint64_t vtom; /* VIRTUAL_TOM, where it is active */
    bool shadow;   /* the instruction after STI or MOV SS: INTERRUPT_SHADOW */
};

/* What the control area of the VMCB says, read once per VMRUN. */
struct vmcb_control {
    uint32_t cr, exceptions, word3, word4, word5; /* intercepts */
    uint32_t asid, clean;
    uint8_t tlb_control;
    uint64_t int_ctl, int_state, nested_ctl, virt_ext;
    uint64_t ghcb, eventinj, ncr3, nrip, vmsa, allowed_sev;
    uint64_t iopm, msrpm;
    uint64_t avic[3]; /* backing page, logical table, physical table */
    bool sev, sev_es; /* as this CPU understands them */
};

/* ---- events on their way to a handler ---- */

struct cpu_event {
    uint8_t vector;
    uint8_t type; /* EVENT_TYPE_* */
    bool valid, has_error;
    bool injected; /* by EVENTINJ: the host does not intercept it */
    uint32_t error;
    uint64_t cr2;  /* #PF, and #VC of a page that was not validated */
    uint64_t next; /* software interrupts: RIP to return to */
    bool data;     /* #PF only: by an instruction's load or store */
};

/* What a #VMEXIT will write to the VMCB. */
struct cpu_exit {
    uint64_t code, info1, info2, nrip;
    uint8_t insn_len, insn_bytes[15];
};

/* How a piece of execution ended. */
enum flow {
    FLOW_NEXT,  /* fine, go on */
    FLOW_EVENT, /* cpu.event waits for delivery */
    FLOW_EXIT,  /* cpu.exit is filled, leave the guest */
};

/* A piece of an access that lies in one page. Its members stand in another
 * order than those of a walk, lest the compiler copy two at once: a wide load
 * right behind the stores that it needs waits for them to leave the core. */
struct piece {
    const struct key *key;
    gpa_t gpa;
    size_t len;
    spa_t spa;
    uint8_t guest_pat, nested_pat; /* index into the PATs, from the leaves */
};

/* Rules of the nested level beyond those of its tables, latched at VMRUN. */
struct nested_rules {
    bool gmet, sss, rogpt; /* VMCB, 90h */
    unsigned special; /* not 0: gmet or sss, other permissions than usual */
    unsigned context; /* all that TLB entries were judged by: the VMPL, too */
    bool plain;       /* long mode, not encrypted, not special */
    uint64_t beyond;  /* bits of a guest-physical address that no nested
                         table can map */
};

/* What decides about memory types, besides the tables and the PATs. */
struct caching {
    enum memtype mtrr;
    bool disabled; /* CR0.CD of guest or host */
};

/* Of the VMCB that ran last, as the core knows it; see vmcb_clean.c. */
#define NO_VMCB (~0ULL)
struct vmcb_cache {
    spa_t vmcb; /* NO_VMCB: nothing is remembered */
    uint8_t bytes[2 * VMCB_SAVE];
};

/* Of the guest, what cpu_state_same() compares besides memory. */
struct state_mark {
    struct guest_regs r;
    uint64_t ghcb, dr6, tlb;
};

/* Walks that need not be repeated: again.h. */
#define AGAIN_ENTRIES 32
struct again_inputs {
    uint64_t word[15];
};
struct again_entry {
    uint64_t page, context, tables;
    unsigned kind;
    uint32_t pkru;
    struct piece piece; /* of the page's first byte */
};
struct again {
    bool on; /* a guest runs */
    uint64_t context;
    struct again_inputs inputs;
    struct again_entry entry[AGAIN_ENTRIES];
};

/* The VMSA that this core stored last, which is still in cpu.area. */
struct stored_vmsa {
    spa_t at; /* 0: none */
    struct key key;
    uint64_t changes; /* of its page, by then */
};

struct cpu {
    struct cpu_model model;
    struct pool *pool;
    struct trace *trace;
    struct memory *mem;
    struct psp psp;
    struct key memory_key;      /* the host's, drawn at reset */
    const struct key *host_key; /* it, or NULL: memory lies in the clear */
    struct guest_software software;

    struct rmp rmp;

    uint64_t efer, syscfg, hwcr, vm_cr, hsave_pa; /* MSRs of the host */
    uint64_t host_cr0, host_cr4, host_pat;
    /* Feature bits of the leaves that were asked for, see cpuid.c. */
    struct cpuid_regs feature_bits[N_FEATURE_LEAVES];
    uint32_t leaves_known;

    /* The guest of the moment. */
    spa_t vmcb;
    const struct key *vmcb_key;
    struct vmcb_control ctl;
    struct guest_state g;
    struct stored_vmsa stored;
    struct key asid_key;
    const struct key *gkey;      /* NULL: not a SEV guest */
    struct paging guest, nested; /* nested.levels 0: has_nested() is false */
    struct nested_rules rules;
    struct caching caching;      /* set by walk_load() only, for its report */
    struct guest_regs latched;   /* registers that .guest was made from */
    struct cpu_event event;      /* waits for delivery */
    struct cpu_event delivering; /* EXITINTINFO, should an exit interrupt */
    struct cpu_exit exit;
    bool shadows; /* the instruction of the moment was STI, and set IF, or a MOV
                     to SS: no interrupt before the next one */

    /* The instruction of the moment: bytes that were fetched. */
    uint8_t code[15];
    uint8_t code_len;

    struct tlb *tlb;
    uint64_t tag; /* of the running guest's translations */
    bool tlb_on;
    bool looking; /* a copy that must not write: look.c */

    /* Somebody looks at single references: trace or walk_log. */
    bool watched;
    struct walk_log *log;
    unsigned n_logged;

    /* From here on: what cpu_reset() leaves alone. References are memory's to
     * void, the rest is written before it is read. */
    /* Pages of the last walk, by guest level (0: final) and nested level (0:
     * the guest entry itself). */
    struct page_ref near[PT_MAX_LEVEL + 1][PT_MAX_LEVEL + 1];
    uint8_t area[PAGE_SIZE_4K]; /* save area or VMSA, as loaded */
    uint64_t vmsa_rest;         /* of the VMSA */
    struct vmcb_cache cache;
    struct state_mark mark;
    struct again again;
};

/* ---- cpu.c ---- */
/* Address bits of host and nested tables, with encryption as it is now. */
unsigned cpu_phys_bits(const struct cpu *c);
/* The C-bit as a mask, 0 while memory encryption is off. */
uint64_t cpu_cbit(const struct cpu *c);

/* Does VMRUN translate twice (NP_ENABLE)? Else the guest's CR3 points to tables
 * that the host built, and its PAT is the host's. */
static inline bool has_nested(const struct cpu *c)
{
    return c->ctl.nested_ctl & NESTED_CTL_NP_ENABLE;
}

/* Does the reverse map table count? */
static inline bool snp_on(const struct cpu *c)
{
    return c->syscfg & SYSCFG_SNP_EN;
}

/* Is the guest of the moment one with SEV-SNP? */
static inline bool is_snp_guest(const struct cpu *c)
{
    return c->ctl.sev_es && (c->g.sev_features & SEV_FEATURE_SNP);
}

/* Does an address say what is private, and no C-bit (APM vol. 2, 15.36.8)? */
static inline bool has_vtom(const struct cpu *c)
{
    return is_snp_guest(c) && (c->g.sev_features & SEV_FEATURE_VTOM);
}

/* ---- the host's view: cpuid.c, msr.c, host_cr.c, psp.c, vmrun.c ---- */
struct cpuid_regs cpu_cpuid(struct cpu *c, uint32_t leaf, uint32_t sub);
bool cpu_rdmsr(const struct cpu *c, uint32_t msr, uint64_t *value);
bool cpu_wrmsr(struct cpu *c, uint32_t msr, uint64_t value);
/* CR0 and CR4. */
uint64_t host_read_cr(const struct cpu *c, unsigned n);
bool host_write_cr(struct cpu *c, unsigned n, uint64_t value);
struct psp_guest *psp_new_guest(struct cpu *c);
enum psp_status psp_activate(struct cpu *c, struct psp_guest *g, uint32_t asid);
enum psp_status psp_snp(struct cpu *c, enum psp_cmd cmd, struct psp_request *r);
enum psp_status cpu_psp(struct cpu *c, enum psp_cmd cmd, struct psp_request *r);
/* false: #GP. */
bool cpu_vmrun(struct cpu *c, spa_t vmcb, uint64_t gpr[N_GPRS]);

/* rmp_host.c: through a mapping of @page bytes. false: #PF, told. */
bool host_may_write(struct cpu *c, spa_t spa, size_t len, uint64_t page);
/* May the CPU itself write to it, on the host's behalf? */
bool host_page(const struct cpu *c, spa_t spa);
enum rmp_result host_rmpupdate(struct cpu *c, spa_t spa,
                               const struct rmp_state *s);
enum rmp_result host_psmash(struct cpu *c, spa_t spa);
enum rmp_result host_rmpread(const struct cpu *c, spa_t spa,
                             struct rmp_state *s);

/* The guest's MSRs, with no intercept on the way. */
bool guest_rdmsr(const struct cpu *c, uint32_t msr, uint64_t *value);
bool guest_wrmsr(struct cpu *c, uint32_t msr, uint64_t value);

/* ---- interrupts.c ---- */
/* Before an instruction: is it time for a virtual NMI or interrupt? */
enum flow take_interrupt(struct cpu *c);
/* Would it be, with no interrupt shadow? Then HLT does not wait. */
bool interrupt_wakes(const struct cpu *c);
void nmi_begins(struct cpu *c);
void nmi_ends(struct cpu *c);
/* The virtual global interrupt flag is there and switched on. */
bool has_vgif(const struct cpu *c);

/* ---- latch.c: registers to struct paging ---- */
void latch_guest(struct cpu *c);
/* After software in the guest may have written control registers. */
void latch_guest_again(struct cpu *c);
void latch_nested(struct cpu *c, uint64_t cr0, uint64_t cr4, uint64_t efer,
                  uint64_t ncr3);
/* The same for NP_ENABLE = 0; before latch_guest(). */
void latch_no_nested(struct cpu *c);

/* ---- translation: guest_walk.c, why.c, npf.c, access.c ---- */
/* Translate one access within a page. false: told in @w. */
bool guest_walk(struct cpu *c, struct walk *w, gva_t gva, struct access a);
/* The reason of a failed walk with this CPU's numbers; for events. */
const char *why_detail(struct cpu *c, const struct walk *w);
/* The same, where the TLB may remember. */
bool tlb_translate(struct cpu *c, struct walk *w, gva_t gva, struct access a);
/* Turn a failed walk into #PF, #GP, #SS, #VC or an exit. */
enum flow walk_failed(struct cpu *c, const struct walk *w, bool data);

/* memtype.c */
enum memtype memtype_of(const struct cpu *c, unsigned guest_pat,
                        unsigned nested_pat);

/* ---- linear.c: segments ---- */
/* Is the code of the moment 64-bit code? */
static inline bool in_64bit(const struct cpu *c)
{
    return c->guest.long_mode && (c->g.seg[SEG(SAVE_CS)].attr & SEG_ATTR_L);
}
enum insn_mode code_mode(const struct cpu *c);
/* RIP behind the instruction of the moment. */
uint64_t next_rip(const struct cpu *c, unsigned len);
/* How many bytes from @offset on the segment has; 0: none. */
uint64_t segment_room(const struct segment *s, uint32_t offset);
/* The address of @len bytes at @offset in the segment at @save, which must
 * permit what @a->write says; into @a goes what else an access needs to know.
 * Else #GP or #SS. */
enum flow segment_access(struct cpu *c, unsigned save, uint64_t offset,
                         size_t len, struct access *a, gva_t *at);
/* The same with nobody asking the segment. */
gva_t segment_linear(const struct cpu *c, unsigned save, uint64_t offset);
struct insn;
enum flow operand_access(struct cpu *c, const struct insn *insn, size_t len,
                         struct access *a, gva_t *at);
gva_t operand_address(const struct cpu *c, const struct insn *insn);
uint64_t stack_mask(const struct cpu *c, const struct segment *ss);

bool is_canonical(const struct cpu *c, gva_t gva);
/* Translate @len bytes (1..4096): one piece, or two if they cross a page; the
 * lower one first. piece[1].len = 0 if there is one only. */
bool access_translate(struct cpu *c, gva_t gva, size_t len, struct access a,
                      struct piece piece[2], struct walk *w);
enum flow access_read(struct cpu *c, gva_t gva, void *buf, size_t len,
                      struct access a);
enum flow access_write(struct cpu *c, gva_t gva, const void *buf, size_t len,
                       struct access a);
/* Data accesses of an instruction at the current CPL. */
struct access data_access(const struct cpu *c, bool write);
/* Append bytes at RIP to c->code, up to 15 or to the end of a page. */
enum flow access_fetch(struct cpu *c, spa_t *spa);
/* Decode assist: the instruction's bytes go with the exit. */
void access_assist(struct cpu *c);
/* What EXITINFO1 says of an instruction, where the CPU decodes for software. */
uint64_t decode_assist(const struct cpu *c, uint64_t info1);

/* ---- flush.c: what the CPU forgets, and who asked for it ---- */
enum flush_scope {
    FLUSH_ALL,        /* every ASID, global translations too */
    FLUSH_ASID,       /* one ASID, global translations too */
    FLUSH_ASID_LOCAL, /* one ASID, all but global translations */
    FLUSH_PCID,       /* the guest's current PCID, all but global ones */
    FLUSH_PAGE,       /* one linear address of one ASID */
};
/* Translations of linear addresses; FLUSH_ALL: of guest-physical ones, too. */
void cpu_flush_tlb(struct cpu *c, enum flush_scope scope, uint32_t asid,
                   const char *why);
/* TLB_CONTROL of the VMCB. */
void flush_at_vmrun(struct cpu *c);
/* Guest software wrote registers; @old is how they were. */
void tlb_mov_cr(struct cpu *c, const struct guest_regs *old);
void tlb_invlpg(struct cpu *c, gva_t gva);
void tlb_invlpga(struct cpu *c, gva_t gva, uint32_t asid);
/* false: #GP, nothing was flushed. */
bool tlb_invpcid(struct cpu *c, uint64_t type, uint64_t pcid, gva_t gva);
/* INVLPGB, by the host or by the guest. false: an illegal operand. */
bool tlb_invlpgb(struct cpu *c, uint64_t rax, uint32_t ecx, uint32_t edx,
                 bool guest);
void tlb_tlbsync(struct cpu *c);
/* 0 where PCIDs are off. */
unsigned cpu_pcid(const struct cpu *c);

/* ---- events: deliver.c, gate.c, reflect.c, segment.c, iret.c ---- */
enum flow raise_event(struct cpu *c, unsigned vector);
enum flow raise_error(struct cpu *c, unsigned vector, uint32_t error);
/* Bring c->event to the guest's handler. */
enum flow deliver(struct cpu *c);
/* INT n, or INT3 and INTO injected as the exceptions that they raise: the gate
 * must be open to the guest's CPL, and RIP moves on. */
bool is_software(const struct cpu_event *e);
enum flow enter_handler(struct cpu *c, const struct cpu_event *e);
/* EVENTINJ of VMRUN becomes c->event. */
enum flow inject(struct cpu *c, uint64_t eventinj, uint64_t nrip);
/* In the format of EXITINTINFO; 0 for none. */
uint64_t event_encode(const struct cpu_event *e);

bool reflects_npf(const struct cpu *c, uint64_t info1);
enum flow raise_vc(struct cpu *c, uint64_t code, uint64_t info1,
                   const char *why, const char *source);
/* Something intercepted: an exit, or #VC for an SEV-ES guest. @len: of the
 * instruction, 0 for what is none. */
enum flow intercepted(struct cpu *c, uint64_t code, uint64_t info1,
                      uint64_t info2, unsigned len);
enum flow exit_with(struct cpu *c, uint64_t code, uint64_t info1,
                    uint64_t info2);

/* A descriptor of GDT or LDT; a bad selector raises @vector. @ext: the EXT bit
 * of the error code. */
enum flow read_descriptor(struct cpu *c, uint16_t sel, unsigned vector,
                          unsigned ext, struct segment *out);
/* That of a stack for code with @cpl. */
enum flow read_stack_segment(struct cpu *c, uint16_t sel, unsigned cpl,
                             unsigned vector, unsigned ext,
                             struct segment *out);
/* After the checks of type and privilege: it must be present, else @vector, and
 * is marked accessed. */
enum flow use_segment(struct cpu *c, struct segment *s, unsigned vector,
                      unsigned ext);
bool is_code(const struct segment *s);
bool is_code64(const struct segment *s);
bool is_conforming(const struct segment *s);
unsigned seg_dpl(const struct segment *s);
/* The CPL has become a less privileged one. */
void drop_privileged_segments(struct cpu *c);
enum flow mov_to_segment(struct cpu *c, const struct insn *insn, uint16_t sel);
/* @word: bytes of a word of the frame. */
enum flow iret(struct cpu *c, unsigned word);

/* ---- exec.c and the files it calls; port.c ---- */
enum flow exec_insn(struct cpu *c);
/* Not executed by this model: said in the trace, then #UD. */
enum flow refuse_insn(struct cpu *c, const char *what);
enum flow mov_from_cr(struct cpu *c, const struct insn *insn);
enum flow mov_to_cr(struct cpu *c, const struct insn *insn);
enum flow exec_system(struct cpu *c, const struct insn *insn);
enum flow exec_invalidate(struct cpu *c, const struct insn *insn);
enum flow exec_rmp(struct cpu *c, const struct insn *insn);
enum flow exec_svm(struct cpu *c, const struct insn *insn);
/* The instruction is done; does the hypervisor want to hear of it? */
enum flow trapped(struct cpu *c, uint32_t intercept, uint64_t code,
                  uint64_t value, unsigned len);
enum flow softcall(struct cpu *c, unsigned number, unsigned len);

/* ---- vmcb.c, vmload.c, vmcb_check.c, vmsa.c ---- */
#define SAVE_AREA_SIZE 0x400 /* of it, what this model loads and saves, */
#define SAVE_VMCB_SIZE 0x280 /* and what of that is no VMSA's alone */

/* Who moves which part of a save area (APM vol. 2, appendix B). */
#define SAVE_SET_A    BIT(0) /* VMRUN and #VMEXIT */
#define SAVE_SET_B    BIT(1) /* VMLOAD and VMSAVE */
#define SAVE_SET_PKRU BIT(2) /* this and the rest: VMRUN with SEV-ES */
#define SAVE_SET_VMSA BIT(3)

void vmcb_load_control(struct cpu *c, const uint8_t *vmcb);
void save_area_load(struct guest_state *g, const uint8_t *area, unsigned sets);
void save_area_store(const struct guest_state *g, uint8_t *area, unsigned sets);
/* vmcb_clean.c: @len bytes read from the VMCB at offset @from become what the
 * core remembers, where clean bits allow it. */
void clean_apply(struct cpu *c, uint8_t *bytes, unsigned from, unsigned len);
void clean_remember(struct cpu *c, const uint8_t *control);
void clean_forget(struct cpu *c);
/* The state that VMRUN leaves alone, between the core and a VMCB. */
void cpu_vmload(struct cpu *c, spa_t vmcb, const struct key *key);
void cpu_vmsave(struct cpu *c, spa_t vmcb, const struct key *key);
/* @addr with the sign of its highest linear bit. */
uint64_t cpu_canonical(const struct cpu *c, uint64_t addr);
/* What was just loaded: bases become canonical (APM vol. 2, 15.5.1). */
void cpu_canonicalise(struct cpu *c);
/* The page at VM_HSAVE_PA: written at VMRUN, read after an SEV-ES guest. */
void host_save(struct cpu *c);
void host_load(struct cpu *c);

/* why NULL: nothing to refuse. code 0: EXIT_INVALID. */
struct refusal {
    const char *why, *source;
    uint64_t code;
};
uint64_t cr4_reserved(const struct cpu *c);
/* May CR0 have this value, whatever it had before? */
bool cr0_is_legal(uint64_t v);
/* Bits of a guest's CR3 that no table's address has. */
uint64_t cr3_reserved(const struct cpu *c);
struct refusal check_control(const struct cpu *c);
struct refusal check_state(const struct cpu *c);
/* vmcb_snp.c; part of check_state() */
struct refusal check_snp(const struct cpu *c);
/* The part of both that one translation needs. */
struct refusal check_paging(const struct cpu *c, uint64_t h_cr0);
/* After latch_guest(): what VMRUN reads of the guest's tables. */
struct refusal check_tables(struct cpu *c);

/* A VMSA carries an integrity value, so that a changed or never encrypted one
 * is noticed (APM vol. 2, 15.35.8). */
void vmsa_seal(uint8_t page[PAGE_SIZE_4K], uint64_t rest);
bool vmsa_intact(const uint8_t page[PAGE_SIZE_4K], uint64_t rest);
/* What the two need to know of all that is not the save area. */
uint64_t vmsa_rest(const uint8_t page[PAGE_SIZE_4K]);

#endif
