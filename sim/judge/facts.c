/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge/facts.c - facts, read off the events that state them.
 *
 * The reason shown beside a fact is the `why` of the event that settled it:
 * the last mask choice, the gate that closed, the answer to KVM_CREATE_VM.
 */
#include "judge/judge_state.h"

#include <string.h>

const struct fact_desc fact_table[] = {
    { "cpu.width", VALUE_NUMBER, "physical bits after the reduction", EV_cpu,
      "width" },
    { "cpu.maxphyaddr_raw", VALUE_NUMBER, "CPUID 8000_0008 EAX[7:0]", EV_cpu,
      "raw" },
    { "cpu.phys_reduction", VALUE_NUMBER, "CPUID 8000_001F EBX[11:6]", EV_cpu,
      "reduction" },
    { "cpu.cbit", VALUE_NUMBER, "CPUID 8000_001F EBX[5:0]", EV_cpu, "cbit" },
    { "cpu.mem_encrypt", VALUE_BOOL, "SYSCFG[23] as firmware left it", EV_cpu,
      "mem_encrypt" },
    { "kvm.x86_phys_bits", VALUE_NUMBER,
      "the kernel's width after its early boot", EV_kvm_loaded,
      "x86_phys_bits" },
    { "kvm.maxphyaddr", VALUE_NUMBER, "the raw width as KVM holds it",
      EV_kvm_loaded, "maxphyaddr" },
    { "kvm.mmio_value", VALUE_NUMBER, "bits that mark an MMIO SPTE, 0 = none",
      EV_kvm_loaded, "mmio_value" },
    { "kvm.mmio_mask", VALUE_NUMBER, "bits compared to tell an MMIO SPTE",
      EV_kvm_loaded, "mmio_mask" },
    { "kvm.mmio_caching", VALUE_BOOL, "kvm.ko mmio_caching, read after load",
      EV_kvm_loaded, "mmio_caching" },
    { "kvm.npt", VALUE_BOOL, "kvm-amd.ko npt, read after load", EV_kvm_loaded,
      "npt" },
    { "kvm.sev", VALUE_BOOL, "kvm-amd.ko sev, read after load", EV_kvm_loaded,
      "sev" },
    { "kvm.sev_es", VALUE_BOOL, "kvm-amd.ko sev_es, read after load",
      EV_kvm_loaded, "sev_es" },
    { "kvm.sev_snp", VALUE_BOOL, "kvm-amd.ko sev_snp, read after load",
      EV_kvm_loaded, "sev_snp" },
    { "kvm.vm_types", VALUE_NUMBER, "KVM_CAP_VM_TYPES, 1 = default only",
      EV_kvm_loaded, "vm_types" },
    { "vm.create", VALUE_TEXT, "ok, or the errno name that userspace saw",
      EV_vm_create, "result" },
};
const unsigned n_facts = ARRAY_SIZE(fact_table);
_Static_assert(ARRAY_SIZE(fact_table) <= MAX_FACTS, "MAX_FACTS");

int fact_find(const char *name)
{
    for (unsigned i = 0; i < n_facts; i++)
        if (strcmp(fact_table[i].name, name) == 0)
            return (int)i;
    return -1;
}

void facts_init(struct judge *j)
{
    for (unsigned i = 0; i < n_facts; i++) {
        int field = event_field_find(fact_table[i].event, fact_table[i].field);

        BUG_ON(field < 0);
        j->fact_field[i] = (uint8_t)field;
    }
}

static const char *joined(struct pool *pool, const char *why,
                          const char *source)
{
    if (!why || !*why)
        return source;
    return source && *source ? pool_printf(pool, "%s (%s)", why, source) : why;
}

/* The first closed gate of a feature is its reason; later ones never ran. */
static void note_gate(struct judge *j, const struct ev_kvm_gate *g)
{
    static const char *const features[] = { "sev", "sev_es", "sev_snp" };

    if (g->open)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(features); i++)
        if (strcmp(g->feature, features[i]) == 0 && !j->sev_why[i])
            j->sev_why[i] = joined(
                j->pool,
                pool_printf(j->pool, "gate %s closed: %s", g->gate, g->why),
                g->source);
}

void facts_listen(struct judge *j, const struct event *ev)
{
    if (ev->id == EV_kvm_mmio_mask)
        j->mmio_why = FIELDS(kvm_mmio_mask, ev)->why;
    else if (ev->id == EV_kvm_boot_width)
        j->width_why = FIELDS(kvm_boot_width, ev)->why;
    else if (ev->id == EV_kvm_gate)
        note_gate(j, FIELDS(kvm_gate, ev));
    else if (ev->id == EV_vm_create)
        j->create_why = FIELDS(vm_create, ev)->why;
    else if (ev->id != EV_cpu && ev->id != EV_kvm_loaded)
        return;
    for (unsigned i = 0; i < n_facts; i++) {
        struct value *v = &j->fact[i].value;

        if (fact_table[i].event != ev->id)
            continue;
        j->fact[i].known = true;
        v->kind = fact_table[i].kind;
        if (v->kind == VALUE_TEXT)
            v->text = event_str(ev, j->fact_field[i]);
        else
            v->number = ev->fields[j->fact_field[i]];
    }
}

/* SEV-ES is only asked once SEV is supported, SNP once SEV-ES is. */
static const char *feature_reason(const struct judge *j, unsigned feature)
{
    for (unsigned i = feature + 1; i-- > 0;)
        if (j->sev_why[i])
            return j->sev_why[i];
    return "all gates open";
}

const char *facts_reason(const struct judge *j, unsigned fact)
{
    const char *name = fact_table[fact].name;

    if (strncmp(name, "kvm.mmio_", 9) == 0)
        return j->mmio_why;
    if (strcmp(name, "kvm.x86_phys_bits") == 0)
        return j->width_why;
    if (strcmp(name, "kvm.sev") == 0)
        return feature_reason(j, 0);
    if (strcmp(name, "kvm.sev_es") == 0)
        return feature_reason(j, 1);
    if (strcmp(name, "kvm.sev_snp") == 0)
        return feature_reason(j, 2);
    if (strcmp(name, "vm.create") == 0)
        return j->create_why;
    return NULL;
}

struct fact_value judge_fact(const struct judge *j, unsigned fact)
{
    struct fact_value f = j->fact[fact];

    f.reason = f.known ? facts_reason(j, fact) : NULL;
    return f;
}
