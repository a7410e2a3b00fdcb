/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices, and the set of blocks that a launch encrypts. */
#include "trace.h"
#include "vmm/device.h"
#include "vmm/ranges.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

/* ---- devices ---- */

static struct vmm_mmio devices[] = {
    { .gpa = 0xfed00000,
      .size = 0x1000,
      .name = "hpet",
      .reads = 0x1122334455 },
    { .gpa = 0xfed01000, .size = 0x1000, .name = "next", .reads = 0x99 },
};
static const struct vmm_config config = { .n_mmio = 2, .mmio = devices };

static const struct {
    gpa_t gpa;
    unsigned len;
    uint64_t value;
} reads[] = {
    { 0xfed00000, 1, 0x55 },       { 0xfed00ff0, 2, 0x4455 },
    { 0xfed00ffc, 4, 0x22334455 }, { 0xfed00ff8, 8, 0x1122334455 },
    { 0xfed00ffd, 4, 0xffffffff }, /* reaches out of the device */
    { 0xfed01000, 4, 0x99 },       { 0xfecfffff, 1, 0xff }, /* nobody */
    { 0xfed02000, 8, ~0ULL },
};

START_TEST(a_read_is_answered_by_the_device_or_by_all_ones)
{
    struct kvm_run run = { .mmio = { .phys_addr = reads[_i].gpa,
                                     .len = reads[_i].len } };
    uint64_t value = 0;

    memset(run.mmio.data, 0xee, sizeof(run.mmio.data));
    device_serve(&config, &run, NULL);
    memcpy(&value, run.mmio.data, reads[_i].len);
    ck_assert_uint_eq(value, reads[_i].value);
    for (unsigned i = reads[_i].len; i < 8; i++)
        ck_assert_uint_eq(run.mmio.data[i], 0xee);
}
END_TEST

static void keep(void *ctx, const struct event *ev)
{
    if (ev->id == EV_vmm_device)
        *(struct ev_vmm_device *)ctx =
            *(const struct ev_vmm_device *)ev->fields;
}

START_TEST(a_write_is_told_and_changes_nothing)
{
    struct kvm_run run = { .mmio = { .phys_addr = 0xfed00010,
                                     .len = 2,
                                     .is_write = true,
                                     .data = { 0x34, 0x12, 0xff } } };
    struct ev_vmm_device told = { 0 };
    struct trace trace;

    trace_init(&trace, NULL);
    trace_add_sink(&trace, keep, &told);
    device_serve(&config, &run, &trace);
    ck_assert_str_eq(told.name, "hpet");
    ck_assert_uint_eq(told.value, 0x1234);
    ck_assert(told.write);
    run.mmio.is_write = false;
    device_serve(&config, &run, NULL);
    ck_assert_uint_eq(run.mmio.data[0], 0x55);
}
END_TEST

/* ---- ranges ---- */

START_TEST(no_block_is_named_twice_and_none_is_forgotten)
{
    struct pool *pool = pool_create();
    struct ranges r;
    bool want[256] = { false };
    unsigned seed = (unsigned)_i * 2654435761U + 1;

    ranges_init(&r, pool);
    for (unsigned k = 0; k < 24; k++) {
        unsigned start, len;

        seed = seed * 1103515245U + 12345U;
        start = seed >> 16 & 0xfff;
        seed = seed * 1103515245U + 12345U;
        len = seed >> 16 & 0x7f;
        if (start + len > 4096)
            len = 4096 - start;
        ranges_add(&r, start, len);
        for (unsigned b = start / 16; len && b <= (start + len - 1) / 16; b++)
            want[b] = true;
    }
    for (unsigned i = 0; i < r.n; i++) {
        ck_assert_uint_eq(r.range[i].start % 16, 0);
        ck_assert_uint_eq(r.range[i].end % 16, 0);
        ck_assert_uint_lt(r.range[i].start, r.range[i].end);
        if (i) /* sorted, apart from each other */
            ck_assert_uint_lt(r.range[i - 1].end, r.range[i].start);
        for (gpa_t b = r.range[i].start; b < r.range[i].end; b += 16) {
            ck_assert(want[b / 16]);
            want[b / 16] = false;
        }
    }
    for (unsigned b = 0; b < 256; b++)
        ck_assert(!want[b]);
    pool_destroy(pool);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vmm");
    TCase *t = tcase_create("vmm");

    suite_add_tcase(s, t);
    tcase_add_loop_test(t, a_read_is_answered_by_the_device_or_by_all_ones, 0,
                        ARRAY_SIZE(reads));
    tcase_add_test(t, a_write_is_told_and_changes_nothing);
    tcase_add_loop_test(t, no_block_is_named_twice_and_none_is_forgotten, 0,
                        100);
    return run_suite(s);
}
