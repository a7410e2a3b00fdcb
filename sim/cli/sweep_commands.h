/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/sweep_commands.h - the commands around a sweep; argv[0] is "nptsim sweep
 * X". */
#ifndef NPTSIM_CLI_SWEEP_COMMANDS_H
#define NPTSIM_CLI_SWEEP_COMMANDS_H

int sweep_run(int argc, char **argv);
int sweep_merge(int argc, char **argv);
int sweep_index(int argc, char **argv);
int sweep_csv(int argc, char **argv);
int sweep_map(int argc, char **argv);

#endif
