/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/test_report.c - what came of `nptsim test`: for people, KTAP, JUnit. */
#include "cli/test.h"

#include <errno.h>
#include <string.h>

/* Invariants that were violated are told; they fail no test. */
static bool print_violations(const struct test_result *r, const char *before)
{
    bool any = false;

    for (unsigned i = 0; i < N_INVARIANTS; i++) {
        if (!r->violated[i])
            continue;
        printf("%s%s", any ? ", " : before, invariant_table[i].name);
        any = true;
    }
    return any;
}

static void report_pretty(const struct test_result *r)
{
    printf("%s %s (%u passed, %u failed, %u skipped)",
           r->bad_input ? "[ ERROR ]"
           : r->failed  ? "[ FAIL ]"
                        : "[ PASS ]",
           r->path, r->passed, r->failed, r->skipped);
    print_violations(r, "   violated: ");
    putchar('\n');
    cli_print(&r->details);
}

static void report_ktap(const struct test_result *r, unsigned number)
{
    const char *line = r->details.data, *end;

    for (; line && *line; line = end + 1) {
        end = strchrnul(line, '\n');
        printf("# %.*s\n", (int)(end - line), line);
        if (!*end)
            break;
    }
    if (print_violations(r, "# violated: "))
        putchar('\n');
    printf("%s %u %s%s\n", r->bad_input || r->failed ? "not ok" : "ok", number,
           r->path, r->skipped && !r->passed && !r->failed ? " # SKIP" : "");
}

static void xml_text(FILE *out, const char *s)
{
    for (; s && *s; s++) {
        switch (*s) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            if ((unsigned char)*s >= 0x20 || *s == '\n' || *s == '\t')
                fputc(*s, out);
        }
    }
}

int test_write_junit(const struct test_set *t)
{
    FILE *out = fopen(t->junit, "w");
    unsigned failed = 0;

    if (!out) {
        fprintf(stderr, "nptsim: %s: %s\n", t->junit, strerror(errno));
        return STATUS_INPUT;
    }
    for (unsigned i = 0; i < t->n; i++)
        failed += t->result[i].failed || t->result[i].bad_input;
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"nptsim\" tests=\"%u\" failures=\"%u\">\n",
            t->n, failed);
    for (unsigned i = 0; i < t->n; i++) {
        const struct test_result *r = &t->result[i];

        fputs("<testcase name=\"", out);
        xml_text(out, r->path);
        fputs("\">", out);
        if (r->failed || r->bad_input) {
            fputs("<failure>", out);
            xml_text(out, r->details.data);
            fputs("</failure>", out);
        }
        fputs("</testcase>\n", out);
    }
    fputs("</testsuite>\n", out);
    return fclose(out) ? STATUS_INPUT : STATUS_OK;
}

int test_report(const struct test_set *t)
{
    unsigned passed = 0, failed = 0, skipped = 0, bad = 0;

    if (t->format == FORMAT_KTAP)
        printf("KTAP version 1\n1..%u\n", t->n);
    for (unsigned i = 0; i < t->n; i++) {
        const struct test_result *r = &t->result[i];

        if (t->format == FORMAT_KTAP)
            report_ktap(r, i + 1);
        else
            report_pretty(r);
        passed += r->passed;
        failed += r->failed;
        skipped += r->skipped;
        bad += r->bad_input;
    }
    printf("%s%u passed, %u failed, %u skipped\n",
           t->format == FORMAT_KTAP ? "# " : "", passed, failed, skipped);
    if (bad)
        return STATUS_INPUT;
    if (failed)
        return STATUS_FAILED;
    return skipped && !passed ? STATUS_SKIPPED : STATUS_OK;
}
