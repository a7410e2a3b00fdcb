/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/explain_setup.c - how the machine came to be, link by link: the CPU,
 * the kernel's boot, the bits that mark MMIO, the gates, the VM.
 */
#include "render/explain.h"

#include <string.h>

#define L(v) ((unsigned long long)(v))

/* Which bits of a table entry the walker reserves: those above the width, but
 * never the C-bit. */
static void tell_reserved(struct buf *b, const struct ev_cpu *e)
{
    bool cbit_above = e->mem_encrypt && e->cbit >= e->width && e->cbit <= 51;

    buf_adds(b, " A table entry has room for addresses up to bit 51");
    if (e->width >= 52) {
        buf_adds(b, ": all of it is used, no bit is left over.");
        return;
    }
    if (e->width == 51 && cbit_above) {
        buf_adds(b, ". The only bit left over, 51, is the C-bit, which is "
                    "never reserved.");
        return;
    }
    if (e->width == 51)
        buf_adds(b, "; bit 51 is left over");
    else
        buf_printf(b, "; bits %llu to 51%s are left over", L(e->width),
                   cbit_above ? ", without the C-bit," : "");
    buf_adds(b, " and reserved: set in a present entry, they make the walker "
                "fault.");
}

static void tell_cpu(struct telling *t, const struct event *ev)
{
    const struct ev_cpu *e = EV(cpu, ev);
    struct buf *b = &t->text;

    buf_printf(b, "The CPU, %s, says that it has %llu physical address bits.",
               text_or(e->model, "of no name"), L(e->raw));
    if (!e->mem_encrypt)
        buf_printf(b, " Memory encryption is off, so all %llu are addresses.",
                   L(e->width));
    else if (e->raw == e->width)
        buf_adds(b, " Memory encryption is on, but takes none of them.");
    else
        buf_printf(b,
                   " Memory encryption is on and takes %llu of them, so the "
                   "page walker accepts addresses of %llu bits.",
                   L(e->raw - e->width), L(e->width));
    if (e->mem_encrypt)
        buf_printf(b, " Bit %llu is the C-bit: it marks a page as encrypted.",
                   L(e->cbit));
    tell_reserved(b, e);
}

static void tell_boot(struct telling *t, const struct event *ev)
{
    const struct ev_kvm_boot_width *e = EV(kvm_boot_width, ev);

    buf_printf(&t->text,
               "The kernel, %s, reads this while it boots and settles on a "
               "physical width of %llu bits",
               text_or(e->kernel, "of no name"), L(e->x86_phys_bits));
    tell_why(t, e->why);
    buf_printf(&t->text, " Its feature flags say: SME %s, SEV %s, SEV-ES %s.",
               e->sme ? "yes" : "no", e->sev ? "yes" : "no",
               e->sev_es ? "yes" : "no");
}

static void tell_mask(struct telling *t, const struct event *ev)
{
    const struct ev_kvm_mmio_mask *e = EV(kvm_mmio_mask, ev);
    struct buf *b = &t->text;

    if (!t->mask_told)
        buf_adds(b, "Emulated MMIO has no memory behind it. To recognise it "
                    "quickly, KVM marks such a page with an entry that is "
                    "present but has reserved bits set (an MMIO SPTE): every "
                    "touch then faults, and the fault code says why. For that "
                    "KVM needs at least one bit that the CPU reserves. ");
    buf_printf(b, "%s (stage \"%s\")",
               t->mask_told ? "KVM chooses again" : "KVM chooses",
               text_or(e->stage, "?"));
    tell_why(t, e->why);
    if (e->value)
        buf_printf(b, " MMIO SPTEs carry 0x%llx.", L(e->value));
    else
        buf_adds(b, " So there is no mark.");
    buf_printf(b, " MMIO caching is %s.", e->caching ? "on" : "off");
    t->mask_told = true;
    t->caching = e->caching;
}

static const char *feature_name(const char *feature)
{
    if (strcmp(feature, "sev") == 0)
        return "SEV";
    if (strcmp(feature, "sev_es") == 0)
        return "SEV-ES";
    return strcmp(feature, "sev_snp") == 0 ? "SEV-SNP" : feature;
}

/* Is the next gate that was asked one of the same feature? */
static bool more_gates(const struct telling *t, const char *feature)
{
    for (const struct note *n = t->note + 1; n < t->lap_end; n++) {
        struct event ev = { .id = n->id, .fields = n->fields };
        const struct ev_kvm_gate *e = EV(kvm_gate, &ev);

        if (n->id == EV_kvm_gate)
            return strcmp(text_or(e->feature, ""), feature) == 0;
    }
    return false;
}

/* Gates are told together: all the open ones, then the closed one if any. */
static void tell_gate(struct telling *t, const struct event *ev)
{
    const struct ev_kvm_gate *e = EV(kvm_gate, ev);
    const char *feature = text_or(e->feature, "?");
    const char *gate = text_or(e->gate, "?");

    if (strcmp(feature, "sev_es") == 0 && strcmp(gate, "mmio_caching") == 0)
        t->es_asks_caching = true;
    if (e->open) {
        if (t->n_gates++)
            buf_adds(&t->gates, ", ");
        buf_adds(&t->gates, gate);
        if (more_gates(t, feature))
            return;
    }

    buf_printf(&t->text, "May guests use %s? ", feature_name(feature));
    if (t->n_gates)
        buf_printf(&t->text, "Open: %s. ", t->gates.data);
    if (e->open) {
        buf_adds(&t->text, "These are all the gates of this kernel: yes.");
        t->source = "Linux, sev_hardware_setup()";
    } else {
        buf_printf(&t->text, "Closed: %s", gate);
        tell_why(t, e->why);
        buf_adds(&t->text, " So the answer is no.");
    }
    t->n_gates = 0;
    buf_clear(&t->gates);
}

static void tell_loaded(struct telling *t, const struct event *ev)
{
    const struct ev_kvm_loaded *e = EV(kvm_loaded, ev);

    buf_printf(&t->text,
               "KVM is loaded. Its parameters read mmio_caching=%c, npt=%c, "
               "sev=%c, sev_es=%c, sev_snp=%c.",
               e->mmio_caching ? 'Y' : 'N', e->npt ? 'Y' : 'N',
               e->sev ? 'Y' : 'N', e->sev_es ? 'Y' : 'N',
               e->sev_snp ? 'Y' : 'N');
    if (e->mmio_caching && t->mask_told && !t->caching)
        buf_adds(&t->text, " In this kernel mmio_caching shows what was asked "
                           "for, not what works.");
    if (e->sev_es && t->mask_told && !t->caching && !t->es_asks_caching)
        buf_adds(&t->text,
                 " No gate of this kernel asked whether MMIO caching works: it "
                 "offers SEV-ES, although nothing will ever tell such a guest "
                 "that it touches MMIO.");
}

static void tell_warn(struct telling *t, const struct event *ev)
{
    buf_adds(&t->text, "The kernel warns");
    tell_why(t, EV(kvm_warn, ev)->text);
}

static void tell_log(struct telling *t, const struct event *ev)
{
    buf_printf(&t->text, "The kernel log says: \"%s\".",
               text_or(EV(kvm_log, ev)->text, ""));
}

static bool is_ok(const char *ret)
{
    return strcmp(text_or(ret, "ok"), "ok") == 0;
}

static void tell_kvm_create(struct telling *t, const struct event *ev)
{
    const struct ev_kvm_create_vm *e = EV(kvm_create_vm, ev);

    if (is_ok(e->ret))
        return;
    buf_printf(&t->text, "Userspace calls %s. KVM answers %s",
               text_or(e->call, "KVM"), e->ret);
    tell_why(t, e->why);
}

static void tell_vm_create(struct telling *t, const struct event *ev)
{
    const struct ev_vm_create *e = EV(vm_create, ev);
    const char *type = text_or(e->type, "?");

    if (is_ok(e->result)) {
        buf_printf(&t->text, "The VM of type %s is there.", type);
        return;
    }
    buf_printf(&t->text, "There will be no VM of type %s: userspace sees %s",
               type, e->result);
    tell_why(t, e->why);
}

static const struct link links[N_EVENTS] = {
    [EV_cpu] = { tell_cpu, "APM vol. 2, 7.10.1; CPUID 8000_0008, 8000_001F" },
    [EV_kvm_boot_width] = { tell_boot, "Linux, early_detect_mem_encrypt()" },
    [EV_kvm_mmio_mask] = { tell_mask, "Linux, kvm_mmu_set_mmio_spte_mask()" },
    [EV_kvm_gate] = { tell_gate, "Linux, sev_hardware_setup()" },
    [EV_kvm_loaded] = { tell_loaded, NULL },
    [EV_kvm_warn] = { tell_warn, NULL },
    [EV_kvm_log] = { tell_log, NULL },
    [EV_kvm_create_vm] = { tell_kvm_create, NULL },
    [EV_vm_create] = { tell_vm_create, NULL },
};

const struct link *explain_setup_link(enum event_id id)
{
    return &links[id];
}
