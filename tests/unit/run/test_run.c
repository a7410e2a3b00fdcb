/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole stories, from the CPU's silicon to the step's end. */
#include "story.h"

/* #NPF of a data access: final GPA, user (always), and the case (APM vol. 2,
 * 15.25.6). */
#define NPF_ABSENT (PFERR_GUEST_FINAL | PFERR_USER)
#define NPF_RSVD   (NPF_ABSENT | PFERR_PRESENT | PFERR_RSVD)

static const char *const kernels[] = { "v5.18", "v5.19", "v6.0", "v6.1",
                                       "v6.12.107", "v7.3" };
static const enum vm_type types[] = { VM_PLAIN, VM_SEV, VM_SEV_ES };

/* ---- the seed's question ---- */

/* C-bit 51 on a CPU of 51 bits: no bit of a nested entry is left to fault. */
static struct story *seed(const char *kernel)
{
    struct story *s = new_story("milan", kernel, VM_SEV_ES);

    s->config.cpu.maxphyaddr_raw = 51;
    s->config.cpu.phys_reduction = 0;
    s->config.cpu.cbit = 51;
    add_read(s, HPET + 0xf0);
    return s;
}

START_TEST(without_a_reserved_bit_an_sev_es_guest_hangs_on_its_first_mmio)
{
    struct story *s = seed("v5.18");
    const struct heard *h = live(s);

    ck_assert_str_eq(h->created, "ok");
    ck_assert_str_eq(h->how[0], "hang");
    ck_assert_uint_eq(h->hang.exit, EXIT_NPF);
    ck_assert_uint_eq(h->hang.info2, HPET + 0xf0);
    ck_assert_uint_eq(h->hang.rip, 0); /* nobody outside may know */
    ck_assert_uint_eq(h->count[EV_vc], 0);
    ck_assert_uint_eq(h->count[EV_vmm_device], 0);
    end(s);
}
END_TEST

START_TEST(a_kernel_with_the_gate_refuses_such_a_guest)
{
    struct story *s = seed("v6.0");
    const struct heard *h = live(s);

    ck_assert_str_eq(h->created, "ENOTTY");
    ck_assert_str_eq(h->how[0], "skipped");
    ck_assert_uint_eq(h->count[EV_vmrun], 0);
    end(s);
}
END_TEST

/* ---- the first and the second touch ---- */

START_TEST(mmio_completes_on_every_kernel_and_for_every_guest)
{
    struct story *s = new_story("milan", kernels[_i / 3], types[_i % 3]);
    bool es = types[_i % 3] == VM_SEV_ES;
    const struct heard *h;

    add_read(s, HPET + 0xf0);
    add_read(s, HPET + 0xf0);
    h = live(s);
    ck_assert_str_eq(h->created, "ok");
    ck_assert_str_eq(h->how[0], "completed");
    ck_assert_str_eq(h->how[1], "completed");
    ck_assert_uint_eq(h->rax, 0x5a);
    ck_assert_uint_eq(h->count[EV_vmm_device], 2);
    ck_assert_uint_eq(h->count[EV_vc], es ? 2 : 0);
    ck_assert_uint_eq(h->count[EV_vmgexit], es ? 2 : 0);
    ck_assert_uint_eq(h->count[EV_guest_vc_done], es ? 2 : 0);
    end(s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("run");
    TCase *t = tcase_create("run");
    SRunner *r = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, t);
    tcase_add_test(
        t, without_a_reserved_bit_an_sev_es_guest_hangs_on_its_first_mmio);
    tcase_add_test(t, a_kernel_with_the_gate_refuses_such_a_guest);
    tcase_add_loop_test(t, mmio_completes_on_every_kernel_and_for_every_guest,
                        0, 18);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
