/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_sweep.c - nptsim sweep: which of its commands? */
#include "cli/cli.h"
#include "cli/sweep_commands.h"

#include <signal.h>
#include <string.h>

static const struct {
    const char *full; /* as argp shows it */
    int (*run)(int argc, char **argv);
} commands[] = {
    { "nptsim sweep merge", sweep_merge },
    { "nptsim sweep index", sweep_index },
    { "nptsim sweep csv", sweep_csv },
    { "nptsim sweep map", sweep_map },
};
#define NAME_AT 13

int cmd_sweep(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); /* a limit of the shell: as a full disk */
    for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++) {
        if (strcmp(argv[1], commands[i].full + NAME_AT) == 0) {
            argv[1] = (char *)(uintptr_t)commands[i].full;
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    return sweep_run(argc, argv);
}
