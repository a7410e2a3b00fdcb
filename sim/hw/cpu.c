/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/cpu.c - a core as it comes out of firmware, and the wire to its host.
 *
 * The host runs 64-bit code with four levels of paging, until it writes its
 * control registers; of its own page tables nothing is modelled, it sees
 * physical memory.
 */
#include "hw/cpu.h"

#include <string.h>

/* What every 64-bit host has on; the rest never matters to a guest. */
#define HOST_CR0 (CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE)
#define HOST_CR4 (CR4_PAE | CR4_PGE)

#define KEY_N_HOST 0 /* guests count from 1, see psp.c */

static unsigned width(const struct cpu_model *m, bool encrypting)
{
    return m->maxphyaddr_raw - (encrypting ? m->phys_reduction : 0);
}

unsigned cpu_model_width(const struct cpu_model *m)
{
    return width(m, m->mem_encrypt);
}

unsigned cpu_phys_bits(const struct cpu *c)
{
    return width(&c->model, c->syscfg & SYSCFG_MEM_ENCRYPT);
}

uint64_t cpu_cbit(const struct cpu *c)
{
    return c->syscfg & SYSCFG_MEM_ENCRYPT ? BIT(c->model.cbit) : 0;
}

static const char *encryption_problem(const struct cpu_model *m,
                                      struct pool *pool)
{
    if (!m->mem_encrypt)
        return NULL;
    if (!m->features[FEAT_SME])
        return "mem_encrypt needs the feature sme: without it SYSCFG has no "
               "such bit";
    if (m->cbit < 32)
        return pool_printf(pool,
                           "mem_encrypt needs a C-bit in 32..63, this CPU has "
                           "%u",
                           m->cbit);
    return NULL;
}

/* A part that holds any page has no bits to choose a set by. */
static const char *part_problem(const struct tlb_part *part, unsigned n,
                                const char *name, struct pool *pool)
{
    for (unsigned i = 0; i < n; i++) {
        const struct tlb_part *p = &part[i];
        bool whole = p->ways == 0 || p->ways == p->entries;

        if (p->ways && p->entries % p->ways)
            return pool_printf(pool,
                               "tlb.%s: %u entries do not make sets of %u ways",
                               name, p->entries, p->ways);
        if (p->holds == TLB_HOLDS_ANY && (!whole || n > 1))
            return pool_printf(pool,
                               "tlb.%s: a part that holds any page is fully "
                               "associative and the only one",
                               name);
        for (unsigned j = 0; j < i; j++)
            if (part[j].holds == p->holds)
                return pool_printf(pool, "tlb.%s: two parts hold the same size",
                                   name);
    }
    return NULL;
}

static const char *tlb_problem(const struct tlb_geometry *g, struct pool *pool)
{
    const char *problem = part_problem(g->l1d, g->n_l1d, "l1d", pool);

    if (!problem)
        problem = part_problem(g->l1i, g->n_l1i, "l1i", pool);
    if (!problem)
        problem = part_problem(g->l2d, g->n_l2d, "l2d", pool);
    return problem ? problem : part_problem(g->l2i, g->n_l2i, "l2i", pool);
}

const char *cpu_model_problem(const struct cpu_model *m, struct pool *pool)
{
    const char *problem;

    if (m->maxphyaddr_raw < 32 || m->maxphyaddr_raw > 52)
        return pool_printf(pool, "maxphyaddr_raw: %u is not in 32..52",
                           m->maxphyaddr_raw);
    if (m->phys_reduction > 20)
        return pool_printf(pool, "phys_reduction: %u is not in 0..20",
                           m->phys_reduction);
    if (m->cbit > 63)
        return pool_printf(pool, "cbit: %u is not in 0..63", m->cbit);
    if (m->mem_encrypt && m->maxphyaddr_raw < 32 + m->phys_reduction)
        return pool_printf(pool,
                           "%u physical bits minus %u for encryption leave "
                           "%u, and fewer than 32 are not possible",
                           m->maxphyaddr_raw, m->phys_reduction,
                           m->maxphyaddr_raw - m->phys_reduction);
    if (m->linear_bits != 48 && m->linear_bits != 57)
        return pool_printf(pool, "linear_bits: %u is neither 48 nor 57",
                           m->linear_bits);
    if (m->features[FEAT_SVM] && m->n_asids == 0)
        return "n_asids: 0, but svm needs at least one besides the host's";
    problem = encryption_problem(m, pool);
    return problem ? problem : tlb_problem(&m->tlb, pool);
}

/* The BIOS sets the table aside at the top of memory, one entry for each 4 KiB
 * page (APM vol. 2, 15.36.4). */
static struct rmp find_rmp(const struct cpu *c)
{
    uint64_t end = BIT(cpu_phys_bits(c));
    uint64_t size = RMP_BOOKKEEPING + (end >> 12) * RMP_ENTRY_SIZE;

    if (!c->model.rmp_table)
        return (struct rmp) { 0 };
    return (struct rmp) { .base = end - size, .end = end - 1 };
}

void cpu_reset(struct cpu *c, const struct cpu_model *m)
{
    struct pool *pool = c->pool;
    struct trace *trace = c->trace;
    struct memory *mem = c->mem;
    struct tlb *tlb = c->tlb;
    struct guest_software software = c->software;
    struct psp psp = c->psp;

    mem_clear(mem);
    psp_reset(&psp);
    memset(c, 0, offsetof(struct cpu, near));
    c->model = *m;
    c->pool = pool;
    c->trace = trace;
    c->mem = mem;
    c->tlb = tlb;
    c->software = software;
    c->psp = psp;
    c->psp.snp_initialized = m->psp_snp == PSP_SNP_INITIALIZED;
    c->memory_key = key_make(KEY_N_HOST, KEY_ID_HOST);
    c->host_key = &c->memory_key;
    c->efer =
        EFER_LMA | EFER_LME | EFER_SCE | (m->features[FEAT_NX] ? EFER_NXE : 0);
    c->syscfg = m->mem_encrypt ? SYSCFG_MEM_ENCRYPT : 0;
    c->rmp = find_rmp(c);
    c->hwcr = m->smmlock ? HWCR_SMMLOCK : 0;
    c->host_cr0 = HOST_CR0;
    c->host_cr4 = HOST_CR4;
    c->host_pat = PAT_RESET;
    c->cache.vmcb = NO_VMCB;
    c->again.context++;
    c->tlb_on = m->tlb.mode != TLB_OFF;
    if (c->tlb_on)
        tlb_reset(tlb, &m->tlb);
}

struct cpu *cpu_create(struct pool *pool, const struct cpu_model *m,
                       struct trace *trace)
{
    struct cpu *c = pool_alloc(pool, sizeof(*c));

    c->pool = pool;
    c->trace = trace;
    c->mem =
        mem_create(pool, &c->near[0][0], sizeof(c->near) / sizeof(**c->near));
    c->tlb = tlb_create(pool);
    cpu_reset(c, m);
    return c;
}

void cpu_set_guest(struct cpu *c, const struct guest_software *sw)
{
    c->software = *sw;
}

static struct state_mark state_of(const struct cpu *c)
{
    return (struct state_mark) {
        .r = c->g.r,
        .ghcb = c->g.ghcb,
        .dr6 = c->g.dr6,
        .tlb = c->tlb_on ? tlb_digest(c->tlb) : 0,
    };
}

static bool same_registers(const struct guest_regs *a,
                           const struct guest_regs *b)
{
    return memcmp(a->gpr, b->gpr, sizeof(a->gpr)) == 0 && a->rip == b->rip &&
           a->rflags == b->rflags && a->cr0 == b->cr0 && a->cr2 == b->cr2 &&
           a->cr3 == b->cr3 && a->cr4 == b->cr4 && a->efer == b->efer &&
           a->cpl == b->cpl;
}

void cpu_state_mark(struct cpu *c)
{
    c->mark = state_of(c);
    mem_mark(c->mem);
}

bool cpu_state_same(struct cpu *c)
{
    struct state_mark now = state_of(c);

    return same_registers(&c->mark.r, &now.r) && c->mark.ghcb == now.ghcb &&
           c->mark.dr6 == now.dr6 && c->mark.tlb == now.tlb &&
           mem_unchanged(c->mem);
}

uint64_t cpu_peek64(const struct cpu *c, spa_t spa)
{
    return mem_read64(c->mem, spa);
}

void cpu_poke64(struct cpu *c, spa_t spa, uint64_t value)
{
    mem_write64(c->mem, spa, value);
}

/* ---- the wire ---- */

static struct cpuid_regs wire_cpuid(void *hw, uint32_t leaf, uint32_t sub)
{
    return cpu_cpuid(hw, leaf, sub);
}

static bool wire_rdmsr(void *hw, uint32_t msr, uint64_t *value)
{
    return cpu_rdmsr(hw, msr, value);
}

static bool wire_wrmsr(void *hw, uint32_t msr, uint64_t value)
{
    return cpu_wrmsr(hw, msr, value);
}

static uint64_t wire_read_cr(void *hw, unsigned cr)
{
    return host_read_cr(hw, cr);
}

static bool wire_write_cr(void *hw, unsigned cr, uint64_t value)
{
    return host_write_cr(hw, cr, value);
}

static void wire_read(void *hw, spa_t spa, void *buf, size_t len)
{
    struct cpu *c = hw;

    mem_read(c->mem, spa, buf, len);
}

static bool wire_write_large(void *hw, spa_t spa, const void *buf, size_t len,
                             uint64_t page)
{
    struct cpu *c = hw;

    if (!host_may_write(c, spa, len, page))
        return false;
    mem_write(c->mem, spa, buf, len);
    return true;
}

static bool wire_write(void *hw, spa_t spa, const void *buf, size_t len)
{
    return wire_write_large(hw, spa, buf, len, PAGE_SIZE_4K);
}

/* The key of a host mapping with this C-bit. */
static const struct key *host_key(const struct cpu *c, bool cbit)
{
    return cbit && cpu_cbit(c) ? c->host_key : NULL;
}

static void wire_read_c(void *hw, spa_t spa, void *buf, size_t len, bool cbit)
{
    struct cpu *c = hw;

    crypt_read(c->mem, spa, buf, len, host_key(c, cbit));
}

static bool wire_write_c(void *hw, spa_t spa, const void *buf, size_t len,
                         bool cbit)
{
    struct cpu *c = hw;

    if (!host_may_write(c, spa, len, PAGE_SIZE_4K))
        return false;
    crypt_write(c->mem, spa, buf, len, host_key(c, cbit));
    return true;
}

static uint64_t wire_read64(void *hw, spa_t spa)
{
    return cpu_peek64(hw, spa);
}

static bool wire_write64(void *hw, spa_t spa, uint64_t value)
{
    if (!host_may_write(hw, spa, sizeof(value), PAGE_SIZE_4K))
        return false;
    cpu_poke64(hw, spa, value);
    return true;
}

static bool wire_vmrun(void *hw, spa_t vmcb, uint64_t gpr[N_GPRS])
{
    return cpu_vmrun(hw, vmcb, gpr);
}

static enum rmp_result wire_rmpupdate(void *hw, spa_t spa,
                                      const struct rmp_state *s)
{
    return host_rmpupdate(hw, spa, s);
}

static enum rmp_result wire_psmash(void *hw, spa_t spa)
{
    return host_psmash(hw, spa);
}

static enum rmp_result wire_rmpread(void *hw, spa_t spa, struct rmp_state *s)
{
    return host_rmpread(hw, spa, s);
}

static void wire_invlpga(void *hw, gva_t va, uint32_t asid)
{
    tlb_invlpga(hw, va, asid);
}

static bool wire_invlpgb(void *hw, uint64_t rax, uint32_t ecx, uint32_t edx)
{
    const struct cpu *c = hw;

    return c->model.features[FEAT_INVLPGB] &&
           tlb_invlpgb(hw, rax, ecx, edx, false);
}

static void wire_tlbsync(void *hw)
{
    tlb_tlbsync(hw);
}

static enum psp_status wire_psp(void *hw, enum psp_cmd cmd,
                                struct psp_request *r)
{
    return cpu_psp(hw, cmd, r);
}

struct wire cpu_wire(struct cpu *c)
{
    static const struct wire_ops ops = {
        .cpuid = wire_cpuid,
        .rdmsr = wire_rdmsr,
        .wrmsr = wire_wrmsr,
        .read_cr = wire_read_cr,
        .write_cr = wire_write_cr,
        .read = wire_read,
        .write = wire_write,
        .write_large = wire_write_large,
        .read_c = wire_read_c,
        .write_c = wire_write_c,
        .read64 = wire_read64,
        .write64 = wire_write64,
        .vmrun = wire_vmrun,
        .invlpga = wire_invlpga,
        .invlpgb = wire_invlpgb,
        .tlbsync = wire_tlbsync,
        .rmpupdate = wire_rmpupdate,
        .psmash = wire_psmash,
        .rmpread = wire_rmpread,
        .psp = wire_psp,
    };

    return (struct wire) { .hw = c, .ops = &ops };
}
