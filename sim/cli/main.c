/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/main.c - find the command; what every command needs. */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The command's own name follows "nptsim ", which argp prints in messages. */
#define NAME_AT 7
static const struct command {
    const char *full;
    int (*run)(int argc, char **argv);
    const char *usage, *what;
} commands[] = {
    { "nptsim run", cmd_run, "FILE...",
      "run scenarios, print each verdict and why" },
    { "nptsim test", cmd_test, "PATH...",
      "run whole folders as a regression set" },
    { "nptsim lint", cmd_lint, "FILE...", "parse and check scenarios only" },
    { "nptsim explain", cmd_explain, "FILE[#step]",
      "tell the causal chain of an outcome, link by link" },
    { "nptsim walk", cmd_walk, "FILE[#step] | --core FILE ...",
      "draw a two-dimensional walk, entry by entry" },
    { "nptsim decode", cmd_decode, "npf|pf|spte|pte|exit|cpuid VALUE",
      "bits in words" },
    { "nptsim cpu", cmd_cpu, "list|show NAME|import DUMP", "CPU models" },
    { "nptsim kernel", cmd_kernel, "list|show NAME", "kernel models" },
    { "nptsim list", cmd_list, "events|facts|fields|invariants|schema",
      "what can be written and expected" },
    { "nptsim diff", cmd_diff, "KERNEL KERNEL|--text LIB.so",
      "every configuration that two kernels decide differently, and why" },
    { "nptsim bisect", cmd_bisect, "FILE FACT",
      "which release changed an outcome, and by which commit" },
    { "nptsim prove", cmd_prove, "[INVARIANT...]",
      "every state against the invariants; counterexamples that run" },
    { "nptsim whynot", cmd_whynot, "FILE FACT=VALUE",
      "the fewest changes that would flip an outcome" },
    { "nptsim sweep", cmd_sweep, "FILE --out DIR | merge|index|csv|map",
      "a whole matrix on all cores, and what came of it" },
    { "nptsim batch", cmd_batch, "gating|spte|vmcreate|walk",
      "one record in, one record out" },
};

static void print_help(FILE *out)
{
    fputs("nptsim - what would this CPU do?\n\n", out);
    fputs("Usage: nptsim COMMAND [ARGUMENT...]\n\n", out);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        fprintf(out, "  %-8s %-34s %s\n", commands[i].full + NAME_AT,
                commands[i].usage, commands[i].what);
    fputs("\nnptsim COMMAND --help tells more.\n", out);
    fputs("Exit status: 0 ok, 1 an expectation failed, 2 wrong usage,\n"
          "4 everything skipped, 65 bad input, 70 a bug in nptsim,\n"
          "75 interrupted, run again to resume, 130 interrupted.\n",
          out);
}

/* A bug aborts (BUG_ON): tell it from a shell's point of view. */
static void on_abort(int sig)
{
    static const char text[] =
        "nptsim: this is a bug in nptsim, not in your input; please report the "
        "line above with the command\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

    (void)sig;
    (void)ignored;
    _exit(STATUS_BUG);
}

static int unknown_command(const char *name)
{
    const char *names[ARRAY_SIZE(commands)];

    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        names[i] = commands[i].full + NAME_AT;
    cli_unknown("unknown command", name, names, ARRAY_SIZE(names));
    fputs("Try 'nptsim --help'.\n", stderr);
    return STATUS_USAGE;
}

int main(int argc, char **argv)
{
    signal(SIGABRT, on_abort);
    if (argc < 2) {
        print_help(stderr);
        return STATUS_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return STATUS_OK;
    }
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (strcmp(argv[1], commands[i].full + NAME_AT) == 0) {
            argp_err_exit_status = STATUS_USAGE;
            argv[1] = (char *)(uintptr_t)commands[i].full;
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    return unknown_command(argv[1]);
}

void cli_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    if (argp_parse(argp, argc, argv, 0, NULL, input))
        exit(STATUS_USAGE);
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

struct catalog *cli_catalog(struct pool *pool)
{
    static const char *const places[] = { "../models",
                                          "../share/nptsim/models" };
    char exe[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    char *slash;

    if (len > 0) {
        exe[len] = '\0';
        slash = strrchr(exe, '/');
        for (size_t i = 0; slash && i < ARRAY_SIZE(places); i++) {
            char *dir = pool_printf(pool, "%.*s/%s", (int)(slash - exe), exe,
                                    places[i]);

            if (is_folder(dir))
                return catalog_open(pool, dir);
        }
    }
    return catalog_open(pool, "models");
}

int cli_input_error(const struct err *e)
{
    struct buf b = BUF_INIT;

    render_error(&b, e);
    fwrite(b.data, 1, b.len, stderr);
    buf_free(&b);
    return STATUS_INPUT;
}

bool cli_colour(void)
{
    return isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
}

unsigned cli_jobs(struct argp_state *state, const char *arg)
{
    uint64_t n;

    if (num_parse(arg, strlen(arg), &n) != NUM_OK || n < 1 || n > 256)
        argp_error(state, "--jobs: '%s' is not in 1..256", arg);
    return (unsigned)n;
}

int cli_usage_error(const char *fmt, ...)
{
    va_list ap;

    fputs("nptsim: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return STATUS_USAGE;
}

int cli_unknown(const char *what, const char *word, const char *const *words,
                size_t n)
{
    const char *near = closest_word(word, words, n);

    if (near)
        return cli_usage_error("%s '%s', did you mean '%s'?", what, word, near);
    return cli_usage_error("%s '%s'", what, word);
}

void cli_print(const struct buf *b)
{
    if (b->len && fwrite(b->data, 1, b->len, stdout) != b->len) {
        fprintf(stderr, "nptsim: cannot write: %s\n", strerror(errno));
        exit(STATUS_FAILED);
    }
}

error_t cli_one_word(struct argp_state *state, const char *arg,
                     const char **word, const char *too_many)
{
    if (state->arg_num > 0)
        argp_error(state, "%s", too_many);
    *word = arg;
    return 0;
}

error_t cli_two_words(struct argp_state *state, const char *arg,
                      const char **first, const char **second,
                      const char *too_many)
{
    if (state->arg_num > 1)
        argp_error(state, "%s", too_many);
    *(state->arg_num ? second : first) = arg;
    return 0;
}

const char *const *cli_split(struct pool *pool, const char *list, unsigned *n)
{
    const char **words = pool_alloc(pool, (strlen(list) + 1) * sizeof(*words));

    for (*n = 0;; list++) {
        size_t len = strcspn(list, ",");

        words[(*n)++] = pool_strndup(pool, list, len);
        list += len;
        if (!*list)
            return words;
    }
}

bool cli_add_setting(struct cli_settings *s, struct pool *pool, const char *arg)
{
    const char *eq = strchr(arg, '=');

    if (!eq || eq == arg || s->n == CLI_MAX_SETTINGS)
        return false;
    s->s[s->n].key = pool_strndup(pool, arg, (size_t)(eq - arg));
    s->s[s->n].value = pool_strdup(pool, eq + 1);
    s->n++;
    return true;
}

void cli_take_setting(struct argp_state *state, struct cli_settings *s,
                      struct pool *pool, const char *arg)
{
    if (s->n == CLI_MAX_SETTINGS)
        argp_error(state, "more than %d --set", CLI_MAX_SETTINGS);
    if (!cli_add_setting(s, pool, arg))
        argp_error(state, "--set: '%s' is not KEY=VALUE", arg);
}
