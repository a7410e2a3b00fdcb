/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guests that page otherwise than with four levels, or not at all: their
 * tables, walked naively (APM vol. 2, 5.2, 5.3), their descriptors (4.7, 8.7)
 * and frames.
 */
#include "fake_port.h"

/* Entry size and the shifts of the levels, from the top. */
static const struct {
    enum guest_paging paging;
    unsigned entry_size, n;
    unsigned shift[5];
    uint64_t large; /* the page size at the last level but one */
} modes[] = {
    { PAGING_32BIT, 4, 2, { 22, 12 }, 4 * MIB },
    { PAGING_PAE, 8, 3, { 30, 21, 12 }, 2 * MIB },
    { PAGING_5LEVEL, 8, 5, { 48, 39, 30, 21, 12 }, 2 * MIB },
};

static struct world mode_world(enum guest_paging paging, uint64_t page_size)
{
    struct world w = plain_world();

    w.config.paging = paging;
    w.config.page_size = page_size;
    add_ram(&w, 0, 64 * MIB);
    add_mmio(&w, 0xfed00000, 4096);
    return w;
}

/* The leaf for @gva and its level, 1 for 4K; 0: not present. */
static uint64_t leaf_of(const struct world *w, unsigned mode, gva_t gva,
                        unsigned *level)
{
    uint64_t entry = guest_entry(w->guest, 0).cr3;
    unsigned size = modes[mode].entry_size;

    for (unsigned i = 0; i < modes[mode].n; i++) {
        uint64_t n = i == 0 && modes[mode].n == 3 ? 4 : 4096 / size;

        entry = word_at(w, (entry & 0x7fffffffff000) +
                               gva / (1ULL << modes[mode].shift[i]) % n * size);
        entry &= size == 4 ? 0xffffffff : ~0ULL;
        *level = modes[mode].n - i;
        if (!(entry & 1))
            return 0;
        if (modes[mode].n == 3 && i == 0)
            ck_assert_uint_eq(entry & 0x1e6, 0); /* must be zero */
        else if (entry & 0x80)
            break;
    }
    return entry;
}

START_TEST(memory_and_devices_lie_at_their_own_addresses)
{
    struct world w =
        mode_world(modes[_i / 2].paging, _i % 2 ? modes[_i / 2].large : 4096);
    unsigned level;

    build(&w);
    for (gpa_t at = 0; at < 64 * MIB; at += 0x35000) {
        uint64_t page, leaf = leaf_of(&w, (unsigned)_i / 2, at, &level);

        page = level == 2 ? modes[_i / 2].large : 4096;
        ck_assert_msg(leaf && (leaf & 0xffffffffff000) == at / page * page,
                      "0x%llx: 0x%llx", (unsigned long long)at,
                      (unsigned long long)leaf);
        ck_assert_uint_eq(level, _i % 2 && at < 60 * MIB ? 2 : level);
    }
    leaf_of(&w, (unsigned)_i / 2, 4 * MIB, &level);
    ck_assert_uint_eq(level, _i % 2 ? 2 : 1);
    ck_assert_uint_eq(leaf_of(&w, (unsigned)_i / 2, 0xfed00000, &level) &
                          0xfffff000,
                      0xfed00000);
    ck_assert_uint_eq(leaf_of(&w, (unsigned)_i / 2, 0xc0000000, &level), 0);
    drop(&w);
}
END_TEST

/* Address bits 39:32 of a 4M page stand in bits 20:13. */
START_TEST(a_page_of_4_megabytes_reaches_beyond_4_gigabytes)
{
    struct guest_map m = { .gva = 0x40000000,
                           .gpa = 0x1234400000,
                           .size = 4 * MIB,
                           .page_size = 4 * MIB,
                           .present = true,
                           .write = true };
    struct world w = mode_world(PAGING_32BIT, 4096);
    unsigned level;

    w.config.maps = &m;
    w.config.n_maps = 1;
    build(&w);
    ck_assert_uint_eq(leaf_of(&w, 0, 0x40000000, &level),
                      0x34400000 | 0x12 << 13 | 0xe3);
    drop(&w);
}
END_TEST

static const struct {
    enum guest_paging paging;
    struct guest_map map;
    const char *words;
} bad_maps[] = {
    { PAGING_32BIT,
      { .gva = 0x100000000, .size = 4096, .page_size = 4096 },
      "beyond 32 bits" },
    { PAGING_32BIT, { .size = 2 * MIB, .page_size = 2 * MIB }, "4KiB or 4MiB" },
    { PAGING_PAE, { .size = GIB, .page_size = GIB }, "4KiB or 2MiB" },
    { PAGING_32BIT,
      { .size = 4096, .page_size = 4096, .nx = true },
      "neither NX" },
    { PAGING_32BIT,
      { .size = 4096, .page_size = 4096, .set_bits = BIT(40) },
      "bit above 31" },
    { PAGING_32BIT,
      { .gpa = 4 * GIB, .size = 4096, .page_size = 4096 },
      "reach 4GiB" },
    { PAGING_32BIT,
      { .gpa = TIB, .size = 4 * MIB, .page_size = 4 * MIB },
      "1TiB" },
    { PAGING_5LEVEL,
      { .gva = BIT(56), .size = 4096, .page_size = 4096 },
      "not canonical" },
};

START_TEST(a_map_that_the_mode_cannot_say_is_refused)
{
    struct guest_map m = bad_maps[_i].map;
    struct world w = mode_world(bad_maps[_i].paging, 4096);

    w.config.maps = &m;
    w.config.n_maps = 1;
    ck_assert(!try_build(&w));
    ck_assert_msg(strstr(w.err.msg, bad_maps[_i].words), "%s", w.err.msg);
    drop(&w);
}
END_TEST

/* PE and PG, PAE, PSE and LA57, LME and LMA: APM vol. 2, table 5-1. */
START_TEST(the_registers_switch_the_mode_on)
{
    static const struct {
        enum guest_paging paging;
        uint64_t pg, cr4, efer;
    } row[] = {
        { PAGING_NONE, 0, 0, 0 },
        { PAGING_32BIT, CR0_PG, CR4_PSE, 0 },
        { PAGING_PAE, CR0_PG, CR4_PAE, EFER_NXE },
        { PAGING_4LEVEL, CR0_PG, CR4_PAE, EFER_LME | EFER_LMA | EFER_NXE },
        { PAGING_5LEVEL, CR0_PG, CR4_PAE | CR4_LA57,
          EFER_LME | EFER_LMA | EFER_NXE },
    };
    struct world w = mode_world(row[_i].paging, 4096);
    struct guest_entry e;

    build(&w);
    e = guest_entry(w.guest, 0);
    ck_assert_uint_eq(e.cr0 & (CR0_PE | CR0_PG), CR0_PE | row[_i].pg);
    ck_assert_uint_eq(e.cr4, row[_i].cr4);
    ck_assert_uint_eq(e.efer, row[_i].efer);
    drop(&w);
}
END_TEST

/* An SEV guest's C-bit has a place in entries of 8 bytes only, and none in a
 * CR3 of 32 bits. */
START_TEST(only_wide_entries_have_a_c_bit)
{
    struct world w = mode_world(_i ? PAGING_PAE : PAGING_32BIT, 4096);
    unsigned level;

    w.platform.sev = true;
    w.platform.cbit = 51;
    build(&w);
    ck_assert_uint_eq(leaf_of(&w, _i ? 1 : 0, 0x1000, &level) >> 32,
                      _i ? 1 << 19 : 0);
    ck_assert_uint_eq(guest_entry(w.guest, 0).cr3 >> 32, 0);
    drop(&w);
}
END_TEST

/* ---- descriptors and frames ---- */

START_TEST(gates_and_segments_are_those_of_32_bit_code)
{
    struct world w = mode_world(PAGING_NONE, 4096);
    struct guest_entry e;
    uint64_t gate;

    build(&w);
    e = guest_entry(w.guest, 0);
    ck_assert_uint_eq(e.idt_limit, 256 * 8 - 1);
    gate = word_at(&w, e.idt_base + 8 * VEC_PF);
    ck_assert_uint_eq(gate >> 40 & 0xff, 0x8e);
    ck_assert_uint_eq((gate & 0xffff) | (gate >> 48) << 16,
                      w.guest->code.exception[VEC_PF]);
    ck_assert_uint_eq(word_at(&w, e.gdt_base + e.cs), 0x00cf9b000000ffff);
    ck_assert_uint_eq(word_at(&w, e.gdt_base + e.ss), 0x00cf93000000ffff);
    ck_assert_uint_eq(word_at(&w, e.gdt_base + (e.ds & ~7)),
                      0x00cff3000000ffff);
    ck_assert_uint_eq(word_at(&w, e.tr_base + 4) >> 32, e.ss); /* SS0 */
    drop(&w);
}
END_TEST

/* A #PF of a step at either CPL, as 32-bit delivery leaves it on the stack:
 * only from CPL 3 the old ESP and SS are there. */
START_TEST(a_32_bit_frame_is_read_and_written)
{
    struct world w = mode_world(PAGING_PAE, 4096);
    struct guest_port *p;
    uint32_t frame[6];
    bool user = _i;
    gva_t at;

    w.config.cpl = user ? 3 : 0;
    add_step(&w, "\x90", 1);
    p = new_port(w);
    at = vcpu0(p)->stack + PAGE_SIZE_4K - (user ? 24 : 16);
    frame[0] = 2;
    frame[1] = 0x1234;
    frame[2] = user ? USER_CS : KERNEL_CS;
    frame[3] = RFLAGS_FIXED;
    frame[4] = 0x5678;
    frame[5] = USER_SS;
    memcpy(p->memory + (at - p->base), frame, user ? 24 : 16);
    p->regs.gpr[GPR_RSP] = at;
    p->regs.rip = p->w.guest->code.exception[VEC_PF];
    p->regs.cr2 = 0xabc;
    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_PF), PORT_OK);
    ck_assert_uint_eq(p->fixup.error_code, 2);
    ck_assert_uint_eq(p->fixup.rip, 0x1234);
    ck_assert_uint_eq(p->regs.rip, p->w.guest->code.iret);
    ck_assert_uint_eq(p->regs.gpr[GPR_RSP], at + 4);
    memcpy(frame, p->memory + (at - p->base), user ? 24 : 16);
    ck_assert_uint_eq(frame[1], vcpu0(p)->steps[1].end);
    ck_assert_uint_eq(frame[2], user ? USER_CS : KERNEL_CS);
    if (user)
        ck_assert_uint_eq(frame[4], 0x5678);
    drop(&p->w);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("modes");

    tcase_add_loop_test(t, memory_and_devices_lie_at_their_own_addresses, 0,
                        2 * ARRAY_SIZE(modes));
    tcase_add_test(t, a_page_of_4_megabytes_reaches_beyond_4_gigabytes);
    tcase_add_loop_test(t, a_map_that_the_mode_cannot_say_is_refused, 0,
                        ARRAY_SIZE(bad_maps));
    tcase_add_loop_test(t, the_registers_switch_the_mode_on, 0, 5);
    tcase_add_loop_test(t, only_wide_entries_have_a_c_bit, 0, 2);
    tcase_add_test(t, gates_and_segments_are_those_of_32_bit_code);
    tcase_add_loop_test(t, a_32_bit_frame_is_read_and_written, 0, 2);
    return run_tests("guest modes", t);
}
