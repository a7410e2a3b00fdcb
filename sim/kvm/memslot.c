/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/memslot.c - which guest-physical ranges are memory of the process.
 *
 * The slots exist twice. A change is made in the inactive copy, which is then
 * published with an "in progress" mark in its generation (bit 63) and settled
 * with the next generation. MMIO SPTEs and the vCPUs' MMIO caches remember the
 * generation at which a page had no slot; that is how they die when slots
 * change. Deleting goes through the protocol twice: first the slot turns
 * invalid, then, with every table dropped, it disappears.
 */
#include "kvm/mmu/mmu.h"
#include "kvm/vm.h"

#define KVM_USER_MEM_SLOTS   32764 /* SHRT_MAX less three of KVM's own */
#define KVM_MEM_MAX_NR_PAGES (BIT(31) - 1)

struct kvm_memslots *kvm_memslots_of(struct kvm_vm *vm)
{
    return &vm->slots_set[vm->active_slots];
}

const struct kvm_memory_slot *kvm_gfn_to_memslot(struct kvm_vm *vm,
                                                 uint64_t gfn)
{
    const struct kvm_memslots *s = kvm_memslots_of(vm);
    unsigned lo = 0, hi = s->n;

    while (lo < hi) {
        unsigned mid = lo + (hi - lo) / 2;

        if (s->slot[mid].base_gfn <= gfn)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (!lo || gfn - s->slot[lo - 1].base_gfn >= s->slot[lo - 1].npages)
        return NULL;
    return &s->slot[lo - 1];
}

hva_t kvm_gfn_to_hva(const struct kvm_memory_slot *slot, uint64_t gfn)
{
    return slot->hva + ((gfn - slot->base_gfn) << 12);
}

/* ---- the two copies ---- */

/* The inactive copy, brought up to date, with room for one more slot. */
static struct kvm_memslots *inactive_copy(struct kvm_vm *vm)
{
    const struct kvm_memslots *from = kvm_memslots_of(vm);
    struct kvm_memslots *to = &vm->slots_set[!vm->active_slots];

    if (to->cap < from->n + 1) {
        to->cap = 2 * from->n + 4;
        to->slot = pool_alloc(vm->kvm->pool, to->cap * sizeof(*to->slot));
    }
    for (unsigned i = 0; i < from->n; i++)
        to->slot[i] = from->slot[i];
    to->n = from->n;
    return to;
}

void kvm_memslots_publish(struct kvm_vm *vm)
{
    uint64_t generation = kvm_memslots_of(vm)->generation;

    vm->active_slots = !vm->active_slots;
    kvm_memslots_of(vm)->generation = generation | GEN_IN_PROGRESS;
}

void kvm_memslots_settle(struct kvm_vm *vm)
{
    struct kvm_memslots *s = kvm_memslots_of(vm);
    uint64_t next = (s->generation & ~GEN_IN_PROGRESS) + KVM_ADDRESS_SPACES;

    /* Before the new generation can be seen: a wrapped one must find no old
     * MMIO SPTE that it would match. */
    kvm_mmu_invalidate_mmio_sptes(vm, next);
    s->generation = next;
}

static void swap_memslots(struct kvm_vm *vm)
{
    kvm_memslots_publish(vm);
    kvm_memslots_settle(vm);
}

static int find_id(const struct kvm_memslots *s, uint32_t id)
{
    for (unsigned i = 0; i < s->n; i++) {
        if (s->slot[i].id == id)
            return (int)i;
    }
    return -1;
}

static void remove_at(struct kvm_memslots *s, unsigned at)
{
    for (s->n--; at < s->n; at++)
        s->slot[at] = s->slot[at + 1];
}

static void insert(struct kvm_memslots *s, const struct kvm_memory_slot *want)
{
    unsigned at = s->n++;

    for (; at && s->slot[at - 1].base_gfn > want->base_gfn; at--)
        s->slot[at] = s->slot[at - 1];
    s->slot[at] = *want;
}

/* ---- the changes ---- */

static void tell(struct kvm_vm *vm, const char *change,
                 const struct kvm_memory_slot *slot)
{
    TRACE(vm->kvm->m->trace, kvm_memslot, .change = change, .slot = slot->id,
          .gpa = slot->base_gfn << 12, .size = slot->npages << 12,
          .generation = kvm_memslots_of(vm)->generation);
}

static void create_slot(struct kvm_vm *vm, const struct kvm_memory_slot *want)
{
    insert(inactive_copy(vm), want);
    swap_memslots(vm);
    tell(vm, "CREATE", want);
}

/* Nobody may use the slot any more, and no table maps it. */
static void invalidate_slot(struct kvm_vm *vm, unsigned at)
{
    inactive_copy(vm)->slot[at].invalid = true;
    swap_memslots(vm);
    kvm_mmu_zap_all_fast(vm, "a memslot goes away or moves");
}

/* @want NULL: delete it. */
static void replace_slot(struct kvm_vm *vm, unsigned at,
                         const struct kvm_memory_slot *want)
{
    struct kvm_memory_slot old = kvm_memslots_of(vm)->slot[at];
    struct kvm_memslots *s;

    invalidate_slot(vm, at);
    s = inactive_copy(vm);
    remove_at(s, at);
    if (want)
        insert(s, want);
    swap_memslots(vm);
    tell(vm, want ? "MOVE" : "DELETE", want ? want : &old);
}

/* ---- the ioctl ---- */

static int check_region(const struct kvm_memory_region *r)
{
    if (!is_aligned(r->size | r->gpa, PAGE_SIZE_4K))
        return -EINVAL;
    if (!is_aligned(r->hva, PAGE_SIZE_4K) || r->hva > TASK_SIZE_MAX ||
        r->size > TASK_SIZE_MAX - r->hva)
        return -EINVAL;
    if (r->slot >> 16 || r->slot >= KVM_USER_MEM_SLOTS)
        return -EINVAL;
    if (r->gpa + r->size < r->gpa)
        return -EINVAL;
    if (r->size >> 12 > KVM_MEM_MAX_NR_PAGES)
        return -EINVAL;
    return 0;
}

/* Does @want fit between the other slots, and below the host's width? */
static int check_place(struct kvm_vm *vm, const struct kvm_memory_slot *want)
{
    const struct kvm_memslots *s = kvm_memslots_of(vm);
    uint64_t end = want->base_gfn + want->npages;

    for (unsigned i = 0; i < s->n; i++) {
        const struct kvm_memory_slot *o = &s->slot[i];
        bool apart =
            o->base_gfn + o->npages <= want->base_gfn || end <= o->base_gfn;

        if (o->id != want->id && !apart)
            return -EEXIST;
    }
    return end - 1 > kvm_mmu_max_gfn(vm->kvm->m) ? -EINVAL : 0;
}

int kvm_set_memory_region(struct kvm_vm *vm, const struct kvm_memory_region *r)
{
    struct kvm_memory_slot want = { .base_gfn = r->gpa >> 12,
                                    .npages = r->size >> 12,
                                    .hva = r->hva,
                                    .id = r->slot,
                                    .readonly = r->readonly };
    int ret = check_region(r), at = find_id(kvm_memslots_of(vm), r->slot);
    const struct kvm_memory_slot *old;

    if (ret)
        return ret;
    if (!r->size) {
        if (at < 0)
            return -EINVAL;
        replace_slot(vm, (unsigned)at, NULL);
        return 0;
    }
    if (at < 0) {
        ret = check_place(vm, &want);
        if (!ret)
            create_slot(vm, &want);
        return ret;
    }

    /* An existing slot may move; what it is made of may not change. */
    old = &kvm_memslots_of(vm)->slot[at];
    if (old->hva != want.hva || old->npages != want.npages ||
        old->readonly != want.readonly)
        return -EINVAL;
    if (old->base_gfn == want.base_gfn)
        return 0;
    ret = check_place(vm, &want);
    if (!ret)
        replace_slot(vm, (unsigned)at, &want);
    return ret;
}
