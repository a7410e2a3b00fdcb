/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge/facts.c - what became of the CPU, the kernel and the VM.
 *
 * A fact is one field of one event, the last of its kind if there are several.
 * The sentence beside it comes from the event that settled it: the last choice
 * of MMIO bits, the gate that closed.
 */
#include "judge/parts.h"

#include <string.h>

/* Which sentence goes with a fact. */
enum reason {
    NO_REASON,
    BY_CPU_WIDTH,
    BY_BOOT_WIDTH,
    BY_MMIO_MASK,
    BY_MMIO_CACHING,
    BY_SEV_GATES,
    BY_SEV_ES_GATES,
    BY_SEV_SNP_GATES,
    BY_VM_CREATE,
};

enum fact {
    CPU_WIDTH,
    CPU_MAXPHYADDR_RAW,
    CPU_PHYS_REDUCTION,
    CPU_CBIT,
    CPU_MEM_ENCRYPT,
    KVM_X86_PHYS_BITS,
    KVM_MAXPHYADDR,
    KVM_MMIO_VALUE,
    KVM_MMIO_MASK,
    KVM_MMIO_CACHING,
    KVM_NPT,
    KVM_SEV,
    KVM_SEV_ES,
    KVM_SEV_SNP,
    KVM_VM_TYPES,
    VM_CREATE,
    N_FACTS
};

const struct fact_desc fact_table[] = {
    [CPU_WIDTH] = { "cpu.width", VALUE_NUMBER,
                    "physical address bits that the page walker accepts",
                    EV_cpu, "width" },
    [CPU_MAXPHYADDR_RAW] = { "cpu.maxphyaddr_raw", VALUE_NUMBER,
                             "CPUID 8000_0008 EAX[7:0]", EV_cpu, "raw" },
    [CPU_PHYS_REDUCTION] = { "cpu.phys_reduction", VALUE_NUMBER,
                             "CPUID 8000_001F EBX[11:6]", EV_cpu, "reduction" },
    [CPU_CBIT] = { "cpu.cbit", VALUE_NUMBER, "CPUID 8000_001F EBX[5:0]", EV_cpu,
                   "cbit" },
    [CPU_MEM_ENCRYPT] = { "cpu.mem_encrypt", VALUE_BOOL,
                          "SYSCFG.MemEncryptionModEn", EV_cpu, "mem_encrypt" },
    [KVM_X86_PHYS_BITS] = { "kvm.x86_phys_bits", VALUE_NUMBER,
                            "physical width that the kernel ended with",
                            EV_kvm_loaded, "x86_phys_bits" },
    [KVM_MAXPHYADDR] = { "kvm.maxphyaddr", VALUE_NUMBER,
                         "raw physical width that KVM uses for guests",
                         EV_kvm_loaded, "maxphyaddr" },
    [KVM_MMIO_VALUE] = { "kvm.mmio_value", VALUE_NUMBER,
                         "bits that an MMIO SPTE carries", EV_kvm_loaded,
                         "mmio_value" },
    [KVM_MMIO_MASK] = { "kvm.mmio_mask", VALUE_NUMBER,
                        "bits by which KVM recognises an MMIO SPTE",
                        EV_kvm_loaded, "mmio_mask" },
    [KVM_MMIO_CACHING] = { "kvm.mmio_caching", VALUE_BOOL,
                           "parameter mmio_caching of kvm, after load",
                           EV_kvm_loaded, "mmio_caching" },
    [KVM_NPT] = { "kvm.npt", VALUE_BOOL, "parameter npt of kvm-amd, after load",
                  EV_kvm_loaded, "npt" },
    [KVM_SEV] = { "kvm.sev", VALUE_BOOL, "parameter sev of kvm-amd, after load",
                  EV_kvm_loaded, "sev" },
    [KVM_SEV_ES] = { "kvm.sev_es", VALUE_BOOL,
                     "parameter sev_es of kvm-amd, after load", EV_kvm_loaded,
                     "sev_es" },
    [KVM_SEV_SNP] = { "kvm.sev_snp", VALUE_BOOL,
                      "parameter sev_snp of kvm-amd, after load", EV_kvm_loaded,
                      "sev_snp" },
    [KVM_VM_TYPES] = { "kvm.vm_types", VALUE_NUMBER,
                       "KVM_CAP_VM_TYPES: 1 default, 4 SEV, 8 SEV-ES, 16 SNP",
                       EV_kvm_loaded, "vm_types" },
    [VM_CREATE] = { "vm.create", VALUE_TEXT,
                    "ok, or the errno name that userspace saw", EV_vm_create,
                    "result" },
};
const unsigned n_facts = N_FACTS;

static const enum reason reasons[N_FACTS] = {
    [CPU_WIDTH] = BY_CPU_WIDTH,           [KVM_X86_PHYS_BITS] = BY_BOOT_WIDTH,
    [KVM_MMIO_VALUE] = BY_MMIO_MASK,      [KVM_MMIO_MASK] = BY_MMIO_MASK,
    [KVM_MMIO_CACHING] = BY_MMIO_CACHING, [KVM_SEV] = BY_SEV_GATES,
    [KVM_SEV_ES] = BY_SEV_ES_GATES,       [KVM_SEV_SNP] = BY_SEV_SNP_GATES,
    [VM_CREATE] = BY_VM_CREATE,
};

int fact_find(const char *name)
{
    for (unsigned i = 0; i < n_facts; i++)
        if (strcmp(fact_table[i].name, name) == 0)
            return (int)i;
    return -1;
}

void facts_init(struct facts *f, struct pool *pool, struct pool *texts)
{
    *f = (struct facts) {
        .texts = texts,
        .value = pool_alloc(pool, n_facts * sizeof(*f->value)),
        .field = pool_alloc(pool, n_facts * sizeof(*f->field)),
    };
    for (unsigned i = 0; i < n_facts; i++) {
        int field = event_field_find(fact_table[i].event, fact_table[i].field);

        BUG_ON(field < 0);
        f->field[i] = (unsigned)field;
        f->settles[fact_table[i].event] = true;
    }
}

void facts_reset(struct facts *f)
{
    for (unsigned i = 0; i < n_facts; i++)
        f->value[i] = (struct fact_value) { .known = false };
    f->from = (struct fact_sources) { .mmio_works = false };
}

static void hear_values(struct facts *f, const struct event *ev)
{
    for (unsigned i = 0; i < n_facts; i++) {
        struct fact_value *v = &f->value[i];

        if (fact_table[i].event != ev->id)
            continue;
        v->known = true;
        v->value.kind = fact_table[i].kind;
        switch (v->value.kind) {
        case VALUE_NUMBER:
            v->value.number = ev->fields[f->field[i]];
            break;
        case VALUE_BOOL:
            v->value.number = ev->fields[f->field[i]] != 0;
            break;
        case VALUE_TEXT:
            v->value.text = event_str(ev, f->field[i]);
            break;
        }
    }
}

static void hear_gate(struct facts *f, const struct ev_kvm_gate *e)
{
    static const char *const names[N_GATE_CHAINS] = {
        [GATES_SEV] = "sev",
        [GATES_SEV_ES] = "sev_es",
        [GATES_SEV_SNP] = "sev_snp",
    };

    for (unsigned i = 0; i < N_GATE_CHAINS; i++)
        if (e->feature && strcmp(e->feature, names[i]) == 0)
            f->from.gate[i] = (struct gate_seen) { true, e->open, e->gate,
                                                   e->why, e->source };
}

/* A text that says something, else what was there before. */
static void keep(const char **kept, const char *text)
{
    if (text && *text)
        *kept = text;
}

static void hear_mask(struct facts *f, const struct ev_kvm_mmio_mask *e)
{
    keep(&f->from.mmio_mask, e->why);
    f->from.mmio_works = e->caching;
}

static bool is_ok(const char *ret)
{
    return !ret || !*ret || strcmp(ret, "ok") == 0;
}

/* A refusal by KVM explains what userspace sees better than userspace can. */
static void hear_kvm_create(struct facts *f, const struct ev_kvm_create_vm *e)
{
    if (!f->from.vm_answered && !is_ok(e->ret))
        keep(&f->from.vm_create, e->why);
}

static void hear_vm_create(struct facts *f, const struct ev_vm_create *e)
{
    f->from.vm_answered = true;
    if (!f->from.vm_create || is_ok(e->result))
        f->from.vm_create = e->why && *e->why ? e->why : NULL;
}

/* Besides the events that carry facts, what sentences come from. */
void facts_interest(const struct facts *f, struct trace_interest *out)
{
    for (unsigned id = 0; id < N_EVENTS; id++)
        out->event[id] |= f->settles[id];
    out->event[EV_kvm_boot_width] = out->event[EV_kvm_mmio_mask] = true;
    out->event[EV_kvm_gate] = out->event[EV_kvm_create_vm] = true;
}

void facts_hear(struct facts *f, const struct event *ev)
{
    if (f->settles[ev->id])
        hear_values(f, ev);
    if (ev->id == EV_cpu)
        f->from.cpu = *EV(cpu, ev);
    else if (ev->id == EV_kvm_boot_width)
        keep(&f->from.boot_width, EV(kvm_boot_width, ev)->why);
    else if (ev->id == EV_kvm_mmio_mask)
        hear_mask(f, EV(kvm_mmio_mask, ev));
    else if (ev->id == EV_kvm_gate)
        hear_gate(f, EV(kvm_gate, ev));
    else if (ev->id == EV_kvm_create_vm)
        hear_kvm_create(f, EV(kvm_create_vm, ev));
    else if (ev->id == EV_vm_create)
        hear_vm_create(f, EV(vm_create, ev));
}

/* "gate mmio_caching closed: why (source)". */
static const char *gate_reason(const struct facts *f, enum gate_chain k)
{
    const struct gate_seen *g = &f->from.gate[k];

    if (!g->any)
        return NULL;
    if (g->open)
        return "all gates open";
    return pool_printf(f->texts, "gate %s closed: %s%s%s%s",
                       g->gate ? g->gate : "?", g->why ? g->why : "",
                       g->source ? " (" : "", g->source ? g->source : "",
                       g->source ? ")" : "");
}

static const char *width_reason(const struct facts *f)
{
    const struct ev_cpu *c = &f->from.cpu;

    if (!c->mem_encrypt)
        return "memory encryption is off: nothing is taken from the raw width";
    return pool_printf(f->texts, "%llu raw, %llu taken by memory encryption",
                       (unsigned long long)c->raw,
                       (unsigned long long)(c->raw - c->width));
}

/* Some kernels show in sysfs what was asked for, whatever came of it. */
static const char *caching_reason(const struct facts *f)
{
    bool shown = f->value[KVM_MMIO_CACHING].value.number;

    if (shown == f->from.mmio_works || !f->from.mmio_mask)
        return f->from.mmio_mask;
    return pool_printf(f->texts,
                       "sysfs shows what was asked for; in fact it is "
                       "%s: %s",
                       f->from.mmio_works ? "on" : "off", f->from.mmio_mask);
}

static const char *reason_of(const struct facts *f, unsigned fact)
{
    switch (reasons[fact]) {
    case NO_REASON:
        return NULL;
    case BY_CPU_WIDTH:
        return width_reason(f);
    case BY_BOOT_WIDTH:
        return f->from.boot_width;
    case BY_MMIO_MASK:
        return f->from.mmio_mask;
    case BY_MMIO_CACHING:
        return caching_reason(f);
    case BY_SEV_GATES:
        return gate_reason(f, GATES_SEV);
    case BY_SEV_ES_GATES:
        return gate_reason(f, GATES_SEV_ES);
    case BY_SEV_SNP_GATES:
        return gate_reason(f, GATES_SEV_SNP);
    case BY_VM_CREATE:
        return f->from.vm_create;
    }
    BUG_ON(true);
}

struct fact_value facts_value(const struct facts *f, unsigned fact)
{
    struct fact_value v;

    BUG_ON(fact >= n_facts);
    v = f->value[fact];
    if (v.known)
        v.reason = reason_of(f, fact);
    return v;
}
