/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/hostmem.c - the host's memory: physical frames, the process' mappings.
 *
 * A frame allocator that hands memory out from low addresses upward, and a
 * process whose anonymous mappings get their pages on first touch. What the
 * kernel keeps for itself (page tables, VMCBs, VMSAs) comes from here, too.
 * There is no swapping and no unmapping.
 */
#include "kvm/vm.h"

/* ---- physical frames ---- */

/* [base, end), free. */
struct extent {
    spa_t base, end;
    struct extent *next;
};

/* Where the first mapping of the process begins. */
#define FIRST_HVA 0x10000000000ULL

void host_memory_init(struct kvm *k)
{
    struct extent *all = pool_alloc(k->pool, sizeof(*all));

    /* Frame 0 stays unused, so that 0 can mean "none". */
    all->base = PAGE_SIZE_4K;
    all->end = BIT(k->m->x86_phys_bits);
    k->mem = (struct host_memory) { .free = all, .next_hva = FIRST_HVA };
}

/* Take [base, end) out of @e, which contains it. */
static void extent_cut(struct kvm *k, struct extent *e, spa_t base, spa_t end)
{
    if (end < e->end && base > e->base) {
        struct extent *tail = pool_alloc(k->pool, sizeof(*tail));

        *tail = (struct extent) { end, e->end, e->next };
        e->next = tail;
        e->end = base;
    } else if (base > e->base) {
        e->end = base;
    } else {
        e->base = end; /* an empty extent stays, to be filled by a free */
    }
}

spa_t host_alloc(struct kvm *k, uint64_t size, uint64_t align)
{
    for (struct extent *e = k->mem.free; e; e = e->next) {
        spa_t base = (e->base + align - 1) & ~(align - 1);

        if (base >= e->base && base < e->end && e->end - base >= size) {
            extent_cut(k, e, base, base + size);
            return base;
        }
    }
    return 0;
}

static const uint8_t zero_page[PAGE_SIZE_4K];

spa_t host_alloc_zeroed(struct kvm *k, uint64_t size)
{
    spa_t spa = host_alloc(k, size, PAGE_SIZE_4K);

    for (uint64_t done = 0; spa && done < size; done += PAGE_SIZE_4K)
        host_write(k, spa + done, zero_page, PAGE_SIZE_4K);
    return spa;
}

void host_free(struct kvm *k, spa_t spa, uint64_t size)
{
    const struct wire *w = &k->m->wire;
    struct extent **at = &k->mem.free, *e;

    /* Memory starts out as zeroes; what is free again looks like new. */
    for (uint64_t done = 0; done < size; done += PAGE_SIZE_4K)
        w->ops->write(w->hw, spa + done, zero_page, PAGE_SIZE_4K);

    while (*at && (*at)->end < spa)
        at = &(*at)->next;
    if (*at && (*at)->end == spa) {
        (*at)->end += size;
        return;
    }
    if (*at && (*at)->base == spa + size) {
        (*at)->base = spa;
        return;
    }
    e = pool_alloc(k->pool, sizeof(*e));
    *e = (struct extent) { spa, spa + size, *at };
    *at = e;
}

/* ---- the kernel's mapping of all physical memory ---- */

spa_t kvm_sme_set(const struct kvm_module *m, spa_t spa)
{
    return m->sme_cbit ? spa | BIT(m->sme_cbit) : spa;
}

uint64_t host_read64(const struct kvm *k, spa_t spa)
{
    const struct wire *w = &k->m->wire;
    uint64_t value;

    if (!k->m->sme_cbit)
        return w->ops->read64(w->hw, spa);
    w->ops->read_c(w->hw, spa, &value, sizeof(value), true);
    return value;
}

void host_write64(const struct kvm *k, spa_t spa, uint64_t value)
{
    const struct wire *w = &k->m->wire;

    if (!k->m->sme_cbit)
        w->ops->write64(w->hw, spa, value);
    else
        w->ops->write_c(w->hw, spa, &value, sizeof(value), true);
}

void host_read(const struct kvm *k, spa_t spa, void *buf, size_t len)
{
    const struct wire *w = &k->m->wire;

    w->ops->read_c(w->hw, spa, buf, len, k->m->sme_cbit);
}

void host_write(const struct kvm *k, spa_t spa, const void *buf, size_t len)
{
    const struct wire *w = &k->m->wire;

    w->ops->write_c(w->hw, spa, buf, len, k->m->sme_cbit);
}

/* ---- the process' mappings ---- */

/* One node of the process' page table: nodes below, or frames in the leaves.
 * Only the numbers matter here, so it lies in the simulator's memory. */
struct user_table {
    union {
        struct user_table *table;
        spa_t frame; /* 0: not touched yet */
    } slot[512];
};

struct host_vma {
    hva_t start, end;
    uint64_t page_size;
    unsigned depth; /* levels of tables */
    struct user_table *root;
    struct host_vma *next;
};

hva_t kvm_host_mmap(struct kvm *k, uint64_t size, uint64_t page_size)
{
    uint64_t align = page_size, start = (k->mem.next_hva + align - 1) & -align;
    struct host_vma *vma;

    if (page_size != pt_size(1) && page_size != pt_size(2) &&
        page_size != pt_size(3))
        return 0;
    if (!size || start > TASK_SIZE_MAX || size > TASK_SIZE_MAX - start)
        return 0;

    size = (size + align - 1) & -align;
    vma = pool_alloc(k->pool, sizeof(*vma));
    *vma = (struct host_vma) { .start = start,
                               .end = start + size,
                               .page_size = page_size,
                               .depth = 1,
                               .root = pool_alloc(k->pool, sizeof(*vma->root)),
                               .next = k->mem.vmas };
    while (size / page_size > BIT(9 * vma->depth))
        vma->depth++;
    k->mem.vmas = vma;
    k->mem.next_hva = vma->end + PAGE_SIZE_4K; /* a hole behind each mapping */
    return start;
}

static struct host_vma *find_vma(const struct kvm *k, hva_t hva)
{
    for (struct host_vma *vma = k->mem.vmas; vma; vma = vma->next) {
        if (hva >= vma->start && hva < vma->end)
            return vma;
    }
    return NULL;
}

/*
 * New pages are zeroes. Memory that was never used is, as long as nobody
 * decrypts it; under SME the page must be written to become zeroes. A 1G page
 * is spared that: until written, it reads as whatever decrypts from zeroes.
 */
static spa_t new_user_page(struct kvm *k, uint64_t page_size)
{
    bool clear = k->m->sme_cbit && page_size <= pt_size(2);
    spa_t spa = host_alloc(k, page_size, page_size);

    for (uint64_t at = 0; spa && clear && at < page_size; at += PAGE_SIZE_4K)
        host_write(k, spa + at, zero_page, PAGE_SIZE_4K);
    return spa;
}

/* The place of page @index in the vma's table, made on the way. */
static spa_t *user_frame(struct kvm *k, struct host_vma *vma, uint64_t index)
{
    struct user_table *t = vma->root;

    for (unsigned level = vma->depth - 1; level; level--) {
        unsigned i = (unsigned)(index >> (9 * level)) & 511;

        if (!t->slot[i].table)
            t->slot[i].table = pool_alloc(k->pool, sizeof(*t));
        t = t->slot[i].table;
    }
    return &t->slot[index & 511].frame;
}

int host_get_user_page(struct kvm *k, hva_t hva, spa_t *spa,
                       uint64_t *page_size)
{
    struct host_vma *vma = find_vma(k, hva);
    spa_t *frame;

    if (!vma)
        return -EFAULT;
    frame = user_frame(k, vma, (hva - vma->start) / vma->page_size);
    if (!*frame)
        *frame = new_user_page(k, vma->page_size);
    if (!*frame)
        return -EFAULT; /* out of memory reaches KVM as a failed page */

    *spa = *frame | (hva & (vma->page_size - 1));
    *page_size = vma->page_size;
    return 0;
}

/* Call host_read or host_write page by page. */
static int user_access(struct kvm *k, hva_t hva, void *buf, size_t len,
                       bool write)
{
    uint8_t *at = buf;

    while (len) {
        uint64_t page_size, left;
        size_t n;
        spa_t spa;

        if (host_get_user_page(k, hva, &spa, &page_size))
            return -EFAULT;
        left = page_size - (hva & (page_size - 1));
        n = len < left ? len : (size_t)left;
        if (write)
            host_write(k, spa, at, n);
        else
            host_read(k, spa, at, n);
        at += n;
        hva += n;
        len -= n;
    }
    return 0;
}

int kvm_host_read(struct kvm *k, hva_t hva, void *buf, size_t len)
{
    return user_access(k, hva, buf, len, false);
}

int kvm_host_write(struct kvm *k, hva_t hva, const void *buf, size_t len)
{
    return user_access(k, hva, (void *)(uintptr_t)buf, len, true);
}
