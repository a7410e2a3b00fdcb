/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenarios on bare hardware: `bare:`, its nested entries, its steps. */
#include "unit/load/story.h"
#include "unit/suite.h"

/* As HEAD, without a kernel; what follows is line 5. */
#define BARE_HEAD                                                              \
    "schema: nptsim/scenario/v1\n"                                             \
    "name: story\n"                                                            \
    "why: one moral\n"                                                         \
    "cpu: {model: turin}\n"
#define NPT(entry)                                                             \
    BARE_HEAD "bare:\n"                                                        \
              "  npt:\n"                                                       \
              "    - " entry "\n"

static struct story y;

static void setup(void)
{
    story_open(&y);
}

static void teardown(void)
{
    story_close(&y);
}

/* ---- good ones ---- */

START_TEST(nothing_said_is_a_long_mode_host_with_nx)
{
    const struct run_bare *b = &y.s.config.bare;

    story_is_fine(&y, BARE_HEAD "bare: {}\n");
    ck_assert(y.s.config.is_bare);
    ck_assert_int_eq(b->host.paging, BARE_PAGING_4LEVEL);
    ck_assert(b->host.nxe && b->host.wp && b->host.pse);
    ck_assert(!b->host.smep && !b->host.smap);
    ck_assert(b->vmcb.np);
    ck_assert(!b->vmcb.gmet && !b->vmcb.sss && !b->vmcb.rogpt);
    ck_assert_uint_eq(b->vmcb.asid, 0);
    ck_assert_uint_eq(b->page_size, 2ULL << 20);
    ck_assert_uint_eq(b->n_npt, 0);
}
END_TEST

START_TEST(everything_said_is_kept)
{
    const struct run_bare *b = &y.s.config.bare;

    story_is_fine(
        &y, BARE_HEAD
        "bare:\n"
        "  host: {paging: pae, nxe: false, smep: true, smap: true,"
        " wp: false, pse: false}\n"
        "  vmcb: {np: false, gmet: true, sss: true, rogpt: true, asid: 7,"
        " msrpm: 0x5000, iopm: 0x6001, clean: true}\n"
        "  page_size: 4KiB\n");
    ck_assert_int_eq(b->host.paging, BARE_PAGING_PAE);
    ck_assert(!b->host.nxe && !b->host.wp && !b->host.pse);
    ck_assert(b->host.smep && b->host.smap);
    ck_assert(!b->vmcb.np && b->vmcb.gmet && b->vmcb.sss && b->vmcb.rogpt);
    ck_assert_uint_eq(b->vmcb.asid, 7);
    ck_assert_uint_eq(b->vmcb.msrpm, 0x5000);
    ck_assert_uint_eq(b->vmcb.iopm, 0x6001);
    ck_assert(b->vmcb.clean);
    ck_assert_uint_eq(b->page_size, 4096);
}
END_TEST

/* A bit that is not written is neither set nor cleared. */
START_TEST(an_entry_changes_what_it_names)
{
    static const struct {
        const char *entry;
        uint64_t set, clear;
    } rows[] = {
        { "{gpa: 0x1000}", 0, 0 },
        { "{gpa: 0x1000, present: false}", 0, PTE_P },
        { "{gpa: 0x1000, write: false, user: true}", PTE_U, PTE_W },
        { "{gpa: 0x1000, nx: true, accessed: true}", PTE_NX | PTE_A, 0 },
        { "{gpa: 0x1000, nx: false, dirty: false}", 0, PTE_NX | PTE_D },
        { "{gpa: 0x1000, set_bits: 0x8000000000000, write: true}",
          BIT(51) | PTE_W, 0 },
    };
    char text[512];

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct run_npt *n;

        snprintf(text, sizeof(text), NPT("%s"), rows[i].entry);
        story_is_fine(&y, text);
        n = &y.s.config.bare.npt[0];
        ck_assert_int_eq(n->part, NPT_ADDRESS);
        ck_assert_uint_eq(n->change.gpa, 0x1000);
        ck_assert_uint_eq(n->change.set, rows[i].set);
        ck_assert_uint_eq(n->change.clear, rows[i].clear);
        ck_assert(!n->change.has_spa);
    }
}
END_TEST

START_TEST(an_entry_may_lead_elsewhere)
{
    const struct bare_npt *c;

    story_is_fine(&y, NPT("{gpa: 0, size: 4MiB, page_size: 2MiB, spa: 0}"));
    c = &y.s.config.bare.npt[0].change;
    ck_assert(c->has_spa);
    ck_assert_uint_eq(c->spa, 0);
    ck_assert_uint_eq(c->size, 4ULL << 20);
    ck_assert_uint_eq(c->page_size, 2ULL << 20);
    story_is_fine(&y, NPT("{gpa: 0x1000, level: 3, user: false}"));
    ck_assert_uint_eq(y.s.config.bare.npt[0].change.level, 3);
}
END_TEST

START_TEST(the_guests_pages_have_names)
{
    story_is_fine(&y, NPT("{guest: kernel, user: false}\n"
                          "    - {guest: program, nx: true}"));
    ck_assert_uint_eq(y.s.config.bare.n_npt, 2);
    ck_assert_int_eq(y.s.config.bare.npt[0].part, NPT_KERNEL);
    ck_assert_int_eq(y.s.config.bare.npt[1].part, NPT_PROGRAM);
    ck_assert_uint_eq(y.s.config.bare.npt[1].change.set, PTE_NX);
}
END_TEST

START_TEST(the_hypervisor_takes_steps)
{
    const struct run_step *s;

    story_is_fine(&y, BARE_HEAD
                  "bare: {}\n"
                  "steps:\n"
                  "  - {id: a, read: 0x1000, size: 2}\n"
                  "  - {id: b, host: {npt: {gpa: 0x1000, write: false}}}\n"
                  "  - {id: c, host: {flush: all}}\n"
                  "  - {id: d, host: {invlpga: 0x1000}}\n"
                  "  - {id: e, resume: true}\n"
                  "  - {id: f, host: {vmcb: {gmet: true, np: false, "
                  "asid: 9}}}\n");
    s = y.s.config.steps;
    ck_assert_int_eq(s[1].kind, STEP_NPT);
    ck_assert_uint_eq(s[1].npt.change.clear, PTE_W);
    ck_assert_ptr_nonnull(strstr(s[1].what, "0x1000: write=false"));
    ck_assert_int_eq(s[2].kind, STEP_FLUSH);
    ck_assert_int_eq(s[2].flush, BARE_FLUSH_ALL);
    ck_assert_int_eq(s[3].kind, STEP_INVLPGA);
    ck_assert_uint_eq(s[3].gva, 0x1000);
    ck_assert_int_eq(s[4].kind, STEP_RESUME);
    ck_assert_uint_eq(s[4].size, 2); /* of the read that goes on */
    ck_assert_int_eq(s[5].kind, STEP_VMCB);
    ck_assert_uint_eq(s[5].vmcb.set, NESTED_CTL_GMET);
    ck_assert_uint_eq(s[5].vmcb.clear, NESTED_CTL_NP_ENABLE);
    ck_assert_uint_eq(s[5].vmcb.asid, 9);
    ck_assert_str_eq(s[5].what, "change the VMCB: np=false gmet=true asid=9");
}
END_TEST

/* What a step is called tells which entries are meant, and of which size. */
START_TEST(nested_changes_are_told_whole)
{
    const struct run_step *s;

    story_is_fine(&y, BARE_HEAD
                  "bare: {}\n"
                  "steps:\n"
                  "  - {id: a, host: {npt: {gpa: 0x200000, size: 2MiB, "
                  "page_size: 4KiB}}}\n"
                  "  - {id: b, host: {npt: {gpa: 0x0, level: 3, write: "
                  "false}}}\n");
    s = y.s.config.steps;
    ck_assert_str_eq(s[0].what, "change the nested entry of 0x200000: "
                                "size=0x200000 page_size=0x1000");
    ck_assert_str_eq(
        s[1].what, "change the nested entry of level 3 above 0x0: write=false");
}
END_TEST

START_TEST(an_axis_may_turn_its_knobs)
{
    struct scenario s;

    story_is_fine(&y, BARE_HEAD
                  "bare: {}\n"
                  "matrix:\n"
                  "  axes:\n"
                  "    bare.host.paging: [pae, 5-level]\n"
                  "    bare.vmcb.gmet: [false, true]\n"
                  "  exclude: [\"bare.vmcb.gmet && bare.host.paging == "
                  "pae\"]\n");
    ck_assert_uint_eq(scenario_file_points(y.file), 4);
    ck_assert_int_eq(scenario_file_point(y.file, y.pool, 1, &s, &y.e), 1);
    ck_assert_int_eq(scenario_file_point(y.file, y.pool, 3, &s, &y.e), 0);
    ck_assert_int_eq(s.config.bare.host.paging, BARE_PAGING_5LEVEL);
    ck_assert(s.config.bare.vmcb.gmet);
}
END_TEST

/* ---- bad ones ---- */

static const struct {
    const char *text;
    unsigned line, col;
    const char *words, *hint;
} bad[] = {
    { BARE_HEAD, 1, 1, "'kernel' is missing", "'bare'" },
    { HEAD "bare: {}\n", 6, 1, "kernel and bare at once", "either" },
    { BARE_HEAD "bare: {hosts: {}}\n", 5, 8, "unknown key 'hosts' in bare",
      "'host'" },
    { BARE_HEAD "bare: {host: {paging: 6-level}}\n", 5, 23,
      "not one of none, 32-bit, pae", "" },
    { BARE_HEAD "bare: {vmcb: {gmett: true}}\n", 5, 15,
      "unknown key 'gmett' in bare.vmcb", "'gmet'" },
    { BARE_HEAD "bare: {vmcb: {asid: 4294967296}}\n", 5, 21, "is not in 1..",
      "" },
    { BARE_HEAD "bare: {vmcb: {asid: 0}}\n", 5, 21, "is not in 1..", "" },
    { BARE_HEAD "bare: {page_size: 8KiB}\n", 5, 19, "not one of 4KiB", "" },
    /* what goes with KVM only */
    { BARE_HEAD "bare: {rmp: [{spa: 0}]}\n", 5, 7,
      "without a reverse map table", "snp: true" },
    { BARE_HEAD "bare: {rmp: [{gpa: 0}]}\nvm: {type: snp}\n", 5, 14,
      "'spa' is missing", "" },
    { BARE_HEAD "bare: {rmp: [{spa: 0x800}]}\nvm: {type: snp}\n", 5, 20,
      "not a multiple of 4KiB", "" },
    { BARE_HEAD "bare: {rmp: [{spa: 0, page_size: 2MiB, size: 4KiB}]}\n"
                "vm: {type: snp}\n",
      5, 14, "multiple of page_size", "" },
    { BARE_HEAD "bare: {rmp: [{spa: 0, assigned: false, gpa: 0}]}\n"
                "vm: {type: snp}\n",
      5, 14, "nothing else to say", "assigned: true" },
    { BARE_HEAD "bare: {}\nsteps:\n  - {id: a, host: {write: {spa: 0}}}\n", 7,
      27, "'value' is missing", "" },
    { BARE_HEAD "bare: {}\nsteps:\n"
                "  - {id: a, host: {read: {spa: 0, size: 3}}}\n",
      7, 41, "3 is not one of 1, 2, 4, 8", "" },
    { BARE_HEAD "bare: {}\nvm: {mmio: [{gpa: 1GiB, size: 4KiB}]}\n", 6, 13,
      "nobody", "kernel:" },
    { BARE_HEAD "bare: {}\nvm: {memory: [{gpa: 0, size: 16MiB, "
                "host_page: 2MiB}]}\n",
      6, 15, "host_page", "bare.page_size" },
    { BARE_HEAD "bare: {}\nsteps:\n"
                "  - {id: a, host: {memslot_delete: {gpa: 0}}}\n",
      7, 36, "memslot_delete goes with kernel:", "npt, vmcb" },
    { BARE_HEAD "bare: {}\nexpect: {facts: {kvm.sev: true}}\n", 6, 18, "no KVM",
      "cpu." },
    { BARE_HEAD "bare: {}\nexpect: {facts: {vm.create: ok}}\n", 6, 18, "no KVM",
      "cpu." },
    { BARE_HEAD "bare: {}\nmatrix: {axes: {kernel.model: [v6.0]}}\n", 5, 7,
      "kernel and bare at once", "" },
    /* what goes without KVM only */
    { HEAD "steps:\n  - {id: a, host: {npt: {gpa: 0}}}\n", 7, 25,
      "npt goes with bare:", "memslot_create" },
    { HEAD "steps:\n  - {id: a, host: {flush: asid}}\n", 7, 27,
      "flush goes with bare:", "" },
    { HEAD "steps:\n  - {id: a, resume: true}\n", 7, 21, "resumes its guests",
      "bare:" },
    { HEAD "matrix: {axes: {bare.vmcb.gmet: [true]}}\n", 6, 17,
      "kernel and bare at once", "" },
    /* nested entries */
    { NPT("{user: false}"), 7, 7, "'gpa' is missing", "kernel or program" },
    { NPT("{gpa: 0, guest: kernel}"), 7, 7, "gpa and guest at once", "" },
    { NPT("{guest: kernel, size: 4KiB}"), 7, 7, "bits of the entries only",
      "gpa" },
    { NPT("{guest: user}"), 7, 15, "not one of kernel, program", "" },
    { NPT("{gpa: 0x800}"), 7, 13, "not a multiple of 4KiB", "" },
    { NPT("{gpa: 0, size: 0}"), 7, 22, "0 is not in", "" },
    { NPT("{gpa: 0, level: 1}"), 7, 23, "1 is not one of 2, 3, 4, 5", "" },
    { NPT("{gpa: 0, level: 5}"), 7, 7, "have 4 levels", "" },
    { NPT("{gpa: 0, level: 2, spa: 0}"), 7, 7, "bits of the entries only",
      "pages" },
    { NPT("{gpa: 0x1000000000000}"), 7, 7, "map 48 bits", "" },
    { NPT("{gpa: 0x1fffffffffff000, size: 8KiB}"), 7, 7, "pass 57 bits", "" },
    { NPT("{gpa: 0, page_size: 4MiB}"), 7, 7, "no pages of this size", "" },
    { NPT("{gpa: 4KiB, page_size: 2MiB}"), 7, 7, "multiples of page_size", "" },
    { NPT("{gpa: 0, spa: 4KiB, page_size: 2MiB}"), 7, 7,
      "multiples of page_size", "" },
    /* a host's format */
    { BARE_HEAD "bare:\n  host: {paging: 32-bit}\n  npt:\n"
                "    - {gpa: 0, nx: true}\n",
      8, 7, "no NX", "" },
    { BARE_HEAD "bare:\n  host: {paging: 32-bit}\n  npt:\n"
                "    - {gpa: 0, spa: 0x100000000}\n",
      8, 7, "beyond a 32-bit host", "" },
    { BARE_HEAD "bare: {host: {paging: pae}}\nvm:\n  memory:\n"
                "    - {gpa: 4GiB, size: 16MiB}\n",
      8, 7, "beyond the 32 bits", "" },
    /* steps */
    { BARE_HEAD "bare: {}\nsteps:\n  - {id: a, resume: true}\n", 7, 5,
      "nothing was begun", "" },
    { BARE_HEAD "bare: {}\nsteps:\n  - {id: a, resume: false}\n", 7, 21,
      "is no step", "" },
    { BARE_HEAD "bare: {}\nsteps:\n  - {id: a, resume: true, read: 0}\n", 7, 5,
      "more than one thing", "resume" },
    { BARE_HEAD "bare: {}\nsteps:\n"
                "  - {id: a, host: {flush: all, invlpga: 0}}\n",
      7, 19, "one action at a time", "" },
    { BARE_HEAD "bare: {}\nsteps:\n  - {id: a, host: {flush: tlb}}\n", 7, 27,
      "not one of asid, all", "" },
    { BARE_HEAD "bare: {}\nsteps:\n  - {id: a, host: {vmcb: {}}}\n", 7, 26,
      "no change", "np, gmet" },
    { BARE_HEAD "bare: {npt: [{gpa: 0, present: false, set_bits: 1}]}\n", 5, 14,
      "set_bits sets what another key clears: 0x1", "have no key" },
    { BARE_HEAD "bare: {}\nsteps:\n  - {id: a, host: {vmcb: {asid: 0}}}\n", 7,
      33, "0 is not in 1..", "" },
    { BARE_HEAD "bare: {host: {paging: pae}}\nsteps:\n"
                "  - {id: a, host: {npt: {gpa: 0, level: 4}}}\n",
      7, 25, "have 3 levels", "" },
};

START_TEST(a_mistake_is_told_with_its_place)
{
    story_is_refused(&y, bad[_i].text, bad[_i].line, bad[_i].col, bad[_i].words,
                     bad[_i].hint);
}
END_TEST

/* Who says nothing gives the page to the guest, at the same address. */
START_TEST(a_page_is_the_guests_by_default)
{
    const struct run_bare *b = &y.s.config.bare;

    story_is_fine(&y, BARE_HEAD
                  "bare:\n"
                  "  rmp:\n"
                  "    - {spa: 0x5000}\n"
                  "    - {spa: 2MiB, page_size: 2MiB, gpa: 4MiB, asid: 0,"
                  " immutable: true, size: 4MiB}\n"
                  "    - {spa: 0x6000, assigned: false}\n"
                  "vm: {type: snp}\n");
    ck_assert_uint_eq(b->n_rmp, 3);
    ck_assert(b->rmp[0].guests_asid && b->rmp[0].state.assigned);
    ck_assert_uint_eq(b->rmp[0].state.gpa, 0x5000);
    ck_assert(!b->rmp[1].guests_asid && b->rmp[1].state.immutable &&
              b->rmp[1].state.large);
    ck_assert_uint_eq(b->rmp[1].state.gpa, 4ULL << 20);
    ck_assert_uint_eq(b->rmp[1].size, 4ULL << 20);
    ck_assert(!b->rmp[2].state.assigned);
    ck_assert_uint_eq(b->rmp[2].state.gpa, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bare");
    TCase *t = tcase_create("bare");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, nothing_said_is_a_long_mode_host_with_nx);
    tcase_add_test(t, everything_said_is_kept);
    tcase_add_test(t, an_entry_changes_what_it_names);
    tcase_add_test(t, a_page_is_the_guests_by_default);
    tcase_add_test(t, an_entry_may_lead_elsewhere);
    tcase_add_test(t, the_guests_pages_have_names);
    tcase_add_test(t, the_hypervisor_takes_steps);
    tcase_add_test(t, nested_changes_are_told_whole);
    tcase_add_test(t, an_axis_may_turn_its_knobs);
    tcase_add_loop_test(t, a_mistake_is_told_with_its_place, 0,
                        (int)ARRAY_SIZE(bad));
    return run_suite(s);
}
