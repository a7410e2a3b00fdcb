/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory out of raw images and ELF cores; files that lie are refused. */
#include "unit/load/cores.h"
#include "unit/suite.h"

#include <stdlib.h>
#include <sys/stat.h>

static struct pool *pool;
static struct err error;

static void setup(void)
{
    pool = pool_create();
    error = (struct err) { 0 };
}

static void teardown(void)
{
    pool_destroy(pool);
}

static struct image *open_core_bytes(const void *data, size_t len)
{
    struct memory_file f = memory_file(data, len);
    struct image *img = image_open_core(pool, f.path, &error);

    close(f.fd);
    return img;
}

static struct image *open_raw_bytes(const void *data, size_t len, spa_t base)
{
    struct memory_file f = memory_file(data, len);
    struct image *img = image_open_raw(pool, f.path, base, &error);

    close(f.fd);
    return img;
}

/* The word at @spa; a pattern that no test stores if the file has none. */
#define NOT_HELD 0xdeaddeaddeaddeadULL
static uint64_t word(struct image *img, spa_t spa)
{
    uint64_t v = 0;

    return image_read64(img, spa, &v) ? v : NOT_HELD;
}

/* ---- raw images ---- */

START_TEST(a_raw_image_starts_at_its_base)
{
    uint64_t data[1024];
    struct image *img;

    for (unsigned i = 0; i < 1024; i++)
        data[i] = 7 * i;
    img = open_raw_bytes(data, sizeof(data), 0xff0);
    ck_assert_msg(img, "%s", error.msg);
    for (unsigned i = 0; i < 1024; i++)
        ck_assert_uint_eq(word(img, 0xff0 + 8 * i), 7 * i);
    ck_assert_uint_eq(word(img, 0xfe8), NOT_HELD);
    ck_assert_uint_eq(word(img, 0xff0 + sizeof(data)), NOT_HELD);
    ck_assert_uint_eq(word(img, ~7ULL), NOT_HELD);
    image_close(img);
}
END_TEST

START_TEST(a_word_that_the_file_cuts_is_not_held)
{
    const uint64_t data[2] = { 1, 2 };
    struct image *img = open_raw_bytes(data, 15, 0);

    ck_assert_uint_eq(word(img, 0), 1);
    ck_assert_uint_eq(word(img, 8), NOT_HELD);
    image_close(img);
}
END_TEST

START_TEST(a_file_that_shrinks_while_open_holds_no_more)
{
    uint64_t data[1024] = { 5 };
    struct memory_file f = memory_file(data, sizeof(data));
    struct image *img = image_open_raw(pool, f.path, 0, &error);

    ck_assert_int_eq(ftruncate(f.fd, 100), 0);
    ck_assert_uint_eq(word(img, 0x1000), NOT_HELD);
    image_close(img);
    close(f.fd);
}
END_TEST

START_TEST(what_is_no_raw_image_is_refused)
{
    static const struct {
        size_t len;
        spa_t base;
        const char *msg;
    } refused[] = {
        { 0, 0, "empty" },
        { 8, 4, "not a multiple of 8" },
        { 8, BIT(52), "beyond 2^52" },
        { 16, BIT(52) - 8, "beyond 2^52" },
        { 8, ~7ULL, "beyond 2^52" },
    };
    const char zeros[16] = { 0 };

    ck_assert_ptr_null(
        open_raw_bytes(zeros, refused[_i].len, refused[_i].base));
    ck_assert_msg(strstr(error.msg, refused[_i].msg), "%s", error.msg);
}
END_TEST

START_TEST(what_is_no_plain_file_is_refused_and_never_waited_for)
{
    char fifo[] = "/tmp/nptsim-fifo-XXXXXX";

    ck_assert_ptr_null(image_open_raw(pool, "/no/such/file", 0, &error));
    ck_assert_msg(strstr(error.msg, "No such file"), "%s", error.msg);
    error.set = false;
    ck_assert_ptr_null(image_open_core(pool, "/", &error));
    ck_assert_msg(strstr(error.msg, "not a plain file"), "%s", error.msg);
    error.set = false;
    ck_assert_ptr_nonnull(mkdtemp(fifo));
    ck_assert_int_eq(rmdir(fifo), 0);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    ck_assert_ptr_null(image_open_core(pool, fifo, &error));
    ck_assert_msg(strstr(error.msg, "not a plain file"), "%s", error.msg);
    unlink(fifo);
}
END_TEST

/* ---- ELF cores ---- */

static void assert_small_core(struct image *img)
{
    const struct image_range *r;

    ck_assert_msg(img, "%s", error.msg);
    ck_assert_uint_eq(image_ranges(img, &r), 2);
    ck_assert_uint_eq(r[0].start, 0x1000);
    ck_assert_uint_eq(r[0].end, 0x1040);
    ck_assert_uint_eq(r[1].start, 0x100000);
    ck_assert_uint_eq(r[1].end, 0x100020);
    ck_assert_uint_eq(word(img, 0x1000), 0x1111);
    ck_assert_uint_eq(word(img, 0x1038), 0x1118);
    ck_assert_uint_eq(word(img, 0x1040), NOT_HELD);
    ck_assert_uint_eq(word(img, 0x100018), 0x2225);
    ck_assert_uint_eq(word(img, 0), NOT_HELD);
    image_close(img);
}

START_TEST(segments_lie_at_their_physical_addresses)
{
    struct small_core c = small_core();

    assert_small_core(open_core_bytes(&c, sizeof(c)));
}
END_TEST

/* p_memsz says 64 bytes, p_filesz 32: nobody knows what the others were. */
START_TEST(memory_that_a_segment_does_not_bring_is_not_held)
{
    struct small_core c = small_core();
    struct image *img = open_core_bytes(&c, sizeof(c));

    ck_assert_uint_eq(word(img, 0x100020), NOT_HELD);
    image_close(img);
}
END_TEST

START_TEST(many_segments_are_counted_in_section_0)
{
    struct {
        struct small_core c;
        Elf64_Shdr section;
    } __attribute__((packed)) f = { .c = small_core() };

    f.c.h.e_phnum = PN_XNUM;
    f.c.h.e_shoff = sizeof(f.c);
    f.section.sh_info = 3;
    assert_small_core(open_core_bytes(&f, sizeof(f)));
    /* The section header is not there. */
    ck_assert_ptr_null(open_core_bytes(&f, sizeof(f) - 1));
    ck_assert_msg(strstr(error.msg, "section header 0"), "%s", error.msg);
}
END_TEST

START_TEST(a_number_of_segments_without_reason_is_refused)
{
    struct {
        struct small_core c;
        Elf64_Shdr section;
    } __attribute__((packed)) f = { .c = small_core() };

    f.c.h.e_phnum = PN_XNUM;
    f.c.h.e_shoff = sizeof(f.c);
    f.section.sh_info = UINT32_MAX;
    ck_assert_ptr_null(open_core_bytes(&f, sizeof(f)));
    ck_assert_msg(strstr(error.msg, "at most"), "%s", error.msg);
}
END_TEST

/* A dump through page tables names memory that is mapped twice two times. */
START_TEST(segments_that_agree_may_overlap)
{
    struct small_core c = small_core();
    struct image *img;

    c.p[1] = c.p[2];
    c.p[1].p_offset += 16;
    c.p[1].p_paddr += 16;
    c.p[1].p_filesz = 24;
    img = open_core_bytes(&c, sizeof(c));
    ck_assert_msg(img, "%s", error.msg);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(word(img, 0x1000 + 8 * i), 0x1111 + i);
    image_close(img);
}
END_TEST

START_TEST(two_answers_for_one_address_are_refused)
{
    struct small_core c = small_core();

    c.p[1].p_paddr = 0x1038;
    ck_assert_ptr_null(open_core_bytes(&c, sizeof(c)));
    ck_assert_msg(strstr(error.msg, "both hold address 0x1038"), "%s",
                  error.msg);
}
END_TEST

START_TEST(segments_that_touch_do_not_overlap)
{
    struct small_core c = small_core();
    struct image *img;

    c.p[1].p_paddr = 0x1040;
    img = open_core_bytes(&c, sizeof(c));
    ck_assert_msg(img, "%s", error.msg);
    ck_assert_uint_eq(word(img, 0x1038), 0x1118);
    ck_assert_uint_eq(word(img, 0x1040), 0x2222);
    image_close(img);
}
END_TEST

/* One field that lies, and what the message must say. */
#define LIE(field, value, text)                                                \
    {                                                                          \
        offsetof(struct small_core, field),                                    \
            sizeof(((struct small_core *)0)->field), value, text               \
    }
static const struct {
    size_t at, len;
    uint64_t value;
    const char *msg;
} lies[] = {
    LIE(h.e_ident[0], 0, "not an ELF file"),
    LIE(h.e_ident[EI_CLASS], ELFCLASS32, "only 64-bit"),
    LIE(h.e_ident[EI_DATA], ELFDATA2MSB, "only little-endian"),
    LIE(h.e_type, ET_EXEC, "no core"),
    LIE(h.e_machine, EM_ARM, "not x86-64"),
    LIE(h.e_phentsize, 55, "program headers of 55 bytes"),
    LIE(h.e_phentsize, 0, "program headers of 0 bytes"),
    LIE(h.e_phnum, 0, "no PT_LOAD"),
    LIE(h.e_phnum, 1, "no PT_LOAD"),
    LIE(h.e_phnum, 1000, "cut short: 1000 program headers"),
    LIE(h.e_phoff, ~0ULL, "cut short"),
    LIE(h.e_phoff, sizeof(struct small_core), "cut short"),
    LIE(p[1].p_filesz, 65, "more than 0x40 in memory"),
    LIE(p[1].p_filesz, 33, "cut short: segment 1"),
    LIE(p[1].p_offset, ~0ULL, "cut short: segment 1"),
    LIE(p[1].p_memsz, ~0ULL, "beyond 2^52"),
    LIE(p[1].p_paddr, ~0ULL, "beyond 2^52"),
    LIE(p[1].p_paddr, BIT(52), "beyond 2^52"),
};

START_TEST(a_header_that_lies_is_refused)
{
    struct small_core c = small_core();

    memcpy((uint8_t *)&c + lies[_i].at, &lies[_i].value, lies[_i].len);
    ck_assert_ptr_null(open_core_bytes(&c, sizeof(c)));
    ck_assert_msg(strstr(error.msg, lies[_i].msg), "%s", error.msg);
}
END_TEST

START_TEST(a_compressed_dump_is_named)
{
    char dump[64] = "KDUMP   ";

    ck_assert_ptr_null(open_core_bytes(dump, sizeof(dump)));
    ck_assert_msg(strstr(error.hint, "kdump"), "%s", error.hint);
}
END_TEST

START_TEST(a_core_cut_at_any_byte_is_refused)
{
    struct small_core c = small_core();

    ck_assert_ptr_null(open_core_bytes(&c, (size_t)_i));
    ck_assert_msg(strstr(error.msg, "cut short"), "%s", error.msg);
}
END_TEST

/* Opened or refused; what is opened can be read. */
START_TEST(any_byte_of_the_headers_may_be_anything)
{
    static const uint8_t values[] = { 0, 1, 2, 0x7f, 0x80, 0xff };
    const size_t headers = offsetof(struct small_core, odd);

    for (size_t at = 0; at < headers; at++) {
        for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
            struct small_core c = small_core();
            struct image *img;

            teardown();
            setup();
            ((uint8_t *)&c)[at] = values[i];
            img = open_core_bytes(&c, sizeof(c));
            ck_assert(!img == error.set);
            if (img) {
                word(img, 0x1000);
                word(img, 0x100000);
                image_close(img);
            }
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("image");
    TCase *t = tcase_create("image");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_raw_image_starts_at_its_base);
    tcase_add_test(t, a_word_that_the_file_cuts_is_not_held);
    tcase_add_test(t, a_file_that_shrinks_while_open_holds_no_more);
    tcase_add_loop_test(t, what_is_no_raw_image_is_refused, 0, 5);
    tcase_add_test(t, what_is_no_plain_file_is_refused_and_never_waited_for);
    tcase_add_test(t, segments_lie_at_their_physical_addresses);
    tcase_add_test(t, memory_that_a_segment_does_not_bring_is_not_held);
    tcase_add_test(t, many_segments_are_counted_in_section_0);
    tcase_add_test(t, a_number_of_segments_without_reason_is_refused);
    tcase_add_test(t, segments_that_agree_may_overlap);
    tcase_add_test(t, two_answers_for_one_address_are_refused);
    tcase_add_test(t, segments_that_touch_do_not_overlap);
    tcase_add_loop_test(t, a_header_that_lies_is_refused, 0, ARRAY_SIZE(lies));
    tcase_add_test(t, a_compressed_dump_is_named);
    tcase_add_loop_test(t, a_core_cut_at_any_byte_is_refused, 0,
                        sizeof(struct small_core));
    tcase_add_test(t, any_byte_of_the_headers_may_be_anything);
    suite_add_tcase(s, t);
    return run_suite(s);
}
