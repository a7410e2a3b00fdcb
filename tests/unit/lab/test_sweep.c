/* SPDX-License-Identifier: GPL-2.0-only */
/* A sweep's folder: shares of points, names of files, what is kept, what is
 * made anew, what is refused. */
#include "lab/chunk.h"
#include "sweep.h"
#include "unit/suite.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct pool *pool;
static char dir[64], folder[80];
static struct err e;

static void setup(void)
{
    pool = pool_create();
    e = (struct err) { 0 };
    strcpy(dir, "/tmp/nptsim-sweep-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(folder, sizeof(folder), "%s/s", dir);
}

static int drop(const char *path, const struct stat *st, int flag,
                struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void teardown(void)
{
    nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
    pool_destroy(pool);
}

static struct lab_manifest manifest(uint64_t points, uint64_t shard,
                                    uint64_t shards)
{
    static const char *const settings[] = { "cpu.set.cbit=47" };
    struct lab_manifest m = { .scenario = "some-name",
                              .content = 0xfedcba9876543210,
                              .n_settings = 1,
                              .settings = settings,
                              .points = points,
                              .shard = shard,
                              .shards = shards };

    lab_manifest_share(&m);
    return m;
}

/* ---- shares ---- */

START_TEST(shards_share_all_points_and_none_twice)
{
    static const uint64_t points[] = {
        1, 2, 31, 32, 33, 1000, 1000003, 1000000000000, (1ULL << 53) - 1
    };
    static const uint64_t shards[] = { 1, 2, 3, 7, 1000 };

    for (unsigned i = 0; i < ARRAY_SIZE(points); i++) {
        for (unsigned k = 0; k < ARRAY_SIZE(shards); k++) {
            uint64_t next = 0, most = points[i] / shards[k] + 1;

            for (uint64_t s = 1; s <= shards[k]; s++) {
                struct lab_manifest m = manifest(points[i], s, shards[k]);

                ck_assert_uint_eq(m.first, next);
                ck_assert_uint_ge(m.end, m.first);
                ck_assert_uint_le(m.end - m.first, most);
                next = m.end;
            }
            ck_assert_uint_eq(next, points[i]);
        }
    }
}
END_TEST

START_TEST(chunks_are_small_in_small_sweeps_and_few_in_large_ones)
{
    static const struct {
        uint64_t points, chunk, chunks;
    } cases[] = {
        { 1, 64, 1 },
        { 64, 64, 1 },
        { 65, 64, 2 },
        { 8192, 64, 128 },
        { 8193, 128, 65 },
        { 1000000, 4096, 245 },
        { 10000000, 4096, 2442 },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        struct lab_manifest m = manifest(cases[i].points, 1, 1);

        ck_assert_uint_eq(m.chunk, cases[i].chunk);
        ck_assert_uint_eq(lab_manifest_chunks(&m), cases[i].chunks);
    }
}
END_TEST

/* ---- manifests ---- */

static void write_at(const char *name, const char *text)
{
    char path[256];
    FILE *f;

    mkdir(folder, 0777);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

START_TEST(a_manifest_is_read_as_it_was_written)
{
    struct lab_manifest m = manifest(999999999999, 123456, 1000000), again;
    struct buf text = BUF_INIT;

    m.cycles = true;
    lab_manifest_text(&m, &text);
    write_at(LAB_MANIFEST_NAME, text.data);
    ck_assert_msg(!lab_manifest_read(pool, folder, &again, &e), "%s", e.msg);
    ck_assert_str_eq(again.scenario, m.scenario);
    ck_assert_uint_eq(again.content, m.content);
    ck_assert_uint_eq(again.n_settings, 1);
    ck_assert_str_eq(again.settings[0], m.settings[0]);
    ck_assert(again.cycles);
    ck_assert_uint_eq(again.points, m.points);
    ck_assert_uint_eq(again.shard, m.shard);
    ck_assert_uint_eq(again.shards, m.shards);
    ck_assert_uint_eq(again.first, m.first);
    ck_assert_uint_eq(again.end, m.end);
    ck_assert_uint_eq(again.chunk, m.chunk);
    ck_assert_int_eq(lab_manifest_match(folder, &again, &m, &e), 0);
    buf_free(&text);
}
END_TEST

/* Every word of a good manifest, broken once. */
static const struct {
    const char *from, *to;
} damages[] = {
    { "{", "[" },
    { "sweep/v1", "sweep/v2" },
    { "\"some-name\"", "7" },
    { "0xfedc", "fedc" },
    { "\"cpu.set.cbit=47\"", "47" },
    { "\"points\": 1000", "\"points\": 0" },
    { "\"points\": 1000", "\"points\": -1" },
    { "\"points\": 1000", "\"points\": 9007199254740992" },
    { "\"shard\": 1,", "\"shard\": 0," },
    { "\"shard\": 1,", "\"shard\": 3," },
    { "\"shards\": 2", "\"shards\": 0" },
    { "\"first\": 0", "\"first\": 1" },
    { "\"end\": 500", "\"end\": 501" },
    { "\"chunk\": 64", "\"chunk\": 0" },
    { "\"chunk\"", "\"lump\"" },
    { "\"cycles\": false", "\"cycles\": 0" },
};

START_TEST(a_damaged_manifest_is_no_manifest)
{
    struct lab_manifest m = manifest(1000, 1, 2), again;
    struct buf good = BUF_INIT, bad = BUF_INIT;
    const char *at;

    lab_manifest_text(&m, &good);
    at = strstr(good.data, damages[_i].from);
    ck_assert_ptr_nonnull(at);
    buf_add(&bad, good.data, (size_t)(at - good.data));
    buf_adds(&bad, damages[_i].to);
    buf_adds(&bad, at + strlen(damages[_i].from));
    write_at(LAB_MANIFEST_NAME, bad.data);
    ck_assert_int_lt(lab_manifest_read(pool, folder, &again, &e), 0);
    ck_assert_msg(strstr(e.msg, "no manifest"), "%s", e.msg);
    buf_free(&good);
    buf_free(&bad);
}
END_TEST

/* ---- lines and names ---- */

static const struct {
    const char *text;
    bool good;
} line_texts[] = {
    { "{\"point\":7,\"passed\":3,\"failed\":2,\"skipped\":1,\"axes\":{}}",
      true },
    { "{\"point\":7,\"passed\":3,\"failed\":2,\"skipped\":1}", false },
    { "{\"point\":7,\"passed\":3,\"failed\":2,\"skipped\":", false },
    { "{\"point\":-7,\"passed\":3,\"failed\":2,\"skipped\":1,\"a\":1}", false },
    { "{\"point\":07,\"passed\":3,\"failed\":2,\"skipped\":1,\"a\":1}", false },
    { "{\"passed\":3,\"point\":7,\"failed\":2,\"skipped\":1,\"a\":1}", false },
    { "{\"point\":99999999999999999999,\"passed\":3,\"failed\":2,", false },
    { "{\"point\":", false },
    { "", false },
};

START_TEST(a_line_begins_with_its_point_and_counts)
{
    const char *text = line_texts[_i].text;
    struct lab_line l;

    ck_assert_msg(lab_line_read(text, strlen(text), &l) == line_texts[_i].good,
                  "%s", text);
    if (!line_texts[_i].good)
        return;
    ck_assert_uint_eq(l.point, 7);
    ck_assert_uint_eq(l.passed, 3);
    ck_assert_uint_eq(l.failed, 2);
    ck_assert_uint_eq(l.skipped, 1);
    /* Cut anywhere, it is none. */
    for (size_t len = 0; len < strlen(text); len++)
        ck_assert_msg(!lab_line_read(text, len, &l) || text[len - 1] == '}',
                      "%.*s", (int)len, text);
}
END_TEST

START_TEST(a_name_tells_points_and_lines)
{
    static const char *const bad[] = {
        "points-000000000000000-000000000000031.33.jsonl", /* too many */
        "points-000000000000032-000000000000031.0.jsonl",
        "points-0-31.32.jsonl",
        "points-000000000000000-000000000000031.32.jsonl.part",
        "points-000000000000000-000000000000031.032.jsonl",
        "points-000000000000000-000000000000031.jsonl",
        "manifest.json",
        "",
    };
    struct chunk c = { 999999999999968, 999999999999999, 5 }, again;
    char name[CHUNK_MAX_NAME];

    chunk_name(&c, name);
    ck_assert_str_eq(name, "points-999999999999968-999999999999999.5.jsonl");
    ck_assert(chunk_parse(name, &again));
    ck_assert_uint_eq(again.first, c.first);
    ck_assert_uint_eq(again.last, c.last);
    ck_assert_uint_eq(again.lines, c.lines);
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
        ck_assert_msg(!chunk_parse(bad[i], &again), "%s", bad[i]);
}
END_TEST

/* ---- the store ---- */

/* Lines for the points of chunk @i, @step apart. */
static void put_lines(struct lab_store *s, const struct lab_manifest *m,
                      uint64_t i, unsigned step)
{
    uint64_t first = m->first + i * m->chunk;
    struct buf lines = BUF_INIT;

    for (uint64_t p = first; p < first + m->chunk && p < m->end; p += step)
        buf_printf(&lines,
                   "{\"point\":%llu,\"passed\":2,\"failed\":1,\"skipped\":0,"
                   "\"axes\":{}}\n",
                   (unsigned long long)p);
    ck_assert_msg(!lab_store_put(s, i, &lines, &e), "%s", e.msg);
    buf_free(&lines);
}

static struct lab_store *open_store(const struct lab_manifest *m)
{
    struct lab_store *s = lab_store_open(folder, m, &e);

    ck_assert_msg(s != NULL, "%s", e.msg);
    return s;
}

START_TEST(what_was_kept_is_there_again)
{
    struct lab_manifest m = manifest(1000, 2, 3);
    struct lab_store *s = open_store(&m);
    uint64_t n = lab_manifest_chunks(&m);

    ck_assert_uint_eq(lab_store_done(s), 0);
    put_lines(s, &m, 3, 1);
    put_lines(s, &m, n - 1, 2); /* half of them are excluded */
    ck_assert_uint_eq(lab_store_done(s), 64 + 13);
    lab_store_close(s);
    s = open_store(&m);
    for (uint64_t i = 0; i < n; i++)
        ck_assert(lab_store_has(s, i) == (i == 3 || i == n - 1));
    ck_assert_uint_eq(lab_store_done(s), 64 + 13); /* 333 points in 6 files */
    ck_assert_uint_eq(lab_store_totals(s).points, 64 + 7);
    ck_assert_uint_eq(lab_store_totals(s).passed, 2 * (64 + 7));
    ck_assert_uint_eq(lab_store_totals(s).failed, 64 + 7);
    lab_store_close(s);
}
END_TEST

static void no_line(char *text)
{
    memset(text, ' ', 20);
}
static void other_point(char *text)
{
    *strstr(text, "128") = '9';
}
static void no_end(char *text)
{
    text[strlen(text) - 1] = ' ';
}
static void cut(char *text)
{
    text[100] = '\0';
}
static void (*const harms[])(char *text) = { no_line, other_point, no_end,
                                             cut };

START_TEST(a_damaged_chunk_does_not_count)
{
    struct lab_manifest m = manifest(1000, 1, 1);
    struct lab_store *s = open_store(&m);
    const struct chunk c = { 128, 191, 64 };
    struct buf text = BUF_INIT;
    char name[CHUNK_MAX_NAME], path[256];

    put_lines(s, &m, 2, 1);
    lab_store_close(s);
    chunk_name(&c, name);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    ck_assert_msg(!read_file(&text, path, 1 << 20, &e), "%s", e.msg);
    harms[_i](text.data);
    write_at(name, text.data);
    s = open_store(&m);
    ck_assert(!lab_store_has(s, 2));
    ck_assert_uint_eq(lab_store_done(s), 0);
    ck_assert_uint_eq(lab_store_totals(s).points, 0);
    ck_assert_int_ne(access(path, F_OK), 0);
    lab_store_close(s);
    buf_free(&text);
}
END_TEST

START_TEST(half_written_files_are_dropped)
{
    struct lab_manifest m = manifest(100, 1, 1);
    char path[256];

    write_at(LAB_MANIFEST_NAME ".part", "{");
    lab_store_close(open_store(&m)); /* killed before the manifest was there */
    write_at("points-000000000000000-000000000000031.32.jsonl.part", "{\"poi");
    lab_store_close(open_store(&m));
    snprintf(path, sizeof(path), "%s/%s.part", folder, LAB_MANIFEST_NAME);
    ck_assert_int_ne(access(path, F_OK), 0);
    snprintf(path, sizeof(path),
             "%s/points-000000000000000-000000000000031.32.jsonl.part", folder);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_folder_belongs_to_one_sweep_at_a_time)
{
    struct lab_manifest m = manifest(100, 1, 1);
    struct lab_store *s = open_store(&m);

    ck_assert_ptr_null(lab_store_open(folder, &m, &e));
    ck_assert_msg(strstr(e.msg, "another nptsim"), "%s", e.msg);
    lab_store_close(s);
    lab_store_close(open_store(&m));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sweep");
    TCase *t = tcase_create("sweep");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, shards_share_all_points_and_none_twice);
    tcase_add_test(t, chunks_are_small_in_small_sweeps_and_few_in_large_ones);
    tcase_add_test(t, a_manifest_is_read_as_it_was_written);
    tcase_add_loop_test(t, a_damaged_manifest_is_no_manifest, 0,
                        (int)ARRAY_SIZE(damages));
    tcase_add_loop_test(t, a_line_begins_with_its_point_and_counts, 0,
                        (int)ARRAY_SIZE(line_texts));
    tcase_add_test(t, a_name_tells_points_and_lines);
    tcase_add_test(t, what_was_kept_is_there_again);
    tcase_add_loop_test(t, a_damaged_chunk_does_not_count, 0,
                        (int)ARRAY_SIZE(harms));
    tcase_add_test(t, half_written_files_are_dropped);
    tcase_add_test(t, a_folder_belongs_to_one_sweep_at_a_time);
    return run_suite(s);
}
