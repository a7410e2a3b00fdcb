#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The walls hold only if breaking them is noticed: plant forbidden includes, a
# judge with hands, a forbidden symbol, a printf, a version test and a mutable
# variable in a copy of the tree; each must be caught.
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

plant() { # name, file, text, expected complaint
    local tree=$work/$1
    mkdir -p "$tree/include" "$tree/objects/$(dirname "$2")"
    cp -r "$here/../include/." "$tree/include"
    mkdir -p "$tree/$(dirname "$2")"
    printf '%s\n' "$3" >"$tree/$2"
    gcc -D_GNU_SOURCE -I"$tree/include" -I"$here/../sim" -c "$tree/$2" \
        -o "$tree/objects/${2%.c}.o" || { status=1; return; }
    if out=$("$here/layers.sh" --root "$tree" objects 2>&1) ||
        ! grep -q "$4" <<<"$out"; then
        printf 'not ok layers notice a planted %s: %s\n' "$1" "$out"
        status=1
    else
        printf 'ok layers notice a planted %s\n' "$1"
    fi
}

plant include sim/kvm/peek.c '#include "hw.h"
int peek(void);
int peek(void) { return 0; }' 'includes hw.h'
plant include-by-the-bare-hypervisor sim/bare/peek.c '#include "hw.h"
int peek(void);
int peek(void) { return 0; }' 'includes hw.h'
plant policy-of-the-bare-hypervisor sim/bare/peek.c 'unsigned kvm_policy(void);
int peek(void);
int peek(void) { return (int)kvm_policy(); }' 'needs kvm_policy'
plant include-by-a-judge sim/judge/peek.c '#include "hw.h"
int peek(void);
int peek(void) { return 0; }' 'includes hw.h'
plant hand sim/judge/invariants.c '#include "hw.h"
void touch(struct cpu *c);
void touch(struct cpu *c) { (void)c; }' 'must not change the machine'
plant symbol sim/kvm/peek.c 'unsigned cpu_model_width(void *m);
int peek(void);
int peek(void) { return (int)cpu_model_width(0); }' 'needs cpu_model_width'
plant printf sim/hw/loud.c '#include <stdio.h>
void loud(void);
void loud(void) { printf("x"); }' 'only render and cli print'
plant version-test sim/kvm/old.c 'int old(int version);
int old(int version)
{
    if (version >= 600)
        return 1;
    return 0;
}' 'add a slot'
plant variable sim/hw/state.c 'int next(void);
static int counter;
int next(void) { return counter++; }' 'mutable data'
exit $status
