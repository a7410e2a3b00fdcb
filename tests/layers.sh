#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The walls of READING.md, enforced: which header a folder may include, which
# symbols it may need, and words that belong to no folder.
#
#   tests/layers.sh            check the sources (includes and words)
#   tests/layers.sh OBJDIR     also check the symbols of the objects there
#   tests/layers.sh --root DIR [OBJDIR]   another tree (its negative test)
root=.
if [ "$1" = --root ]; then
    root=$2
    shift 2
fi
objects=$1
cd "$root" || exit 2
status=0

# What each folder of sim/ may include, apart from the C library and Zydis.
ground='base.h|trace.h|arch/[a-z]+.h'
declare -A may=(
    [base]='base.h'
    [arch]='base.h|arch/[a-z]+.h'
    [trace]='base.h|trace.h|events.def'
    [hw]="$ground|wire.h|guest_port.h|hw.h|hw/[a-z_]+.h"
    [kvm]="$ground|wire.h|kvm.h|kvm/[a-z_/]+.h"
    [guest]="$ground|guest_port.h|guest.h|guest/[a-z_]+.h"
    [vmm]="$ground|kvm.h|wire.h|vmm.h|vmm/[a-z_]+.h"
    [bare]="$ground|wire.h|bare.h|bare/[a-z_]+.h"
    [load]="$ground|load.h|load/[a-z_]+.h|hw.h|kvm.h|kvm/slots.h|guest.h|vmm.h|bare.h|run.h|judge.h|timing.h"
    [run]="$ground|hw.h|kvm.h|guest.h|guest_port.h|vmm.h|bare.h|run.h|run/[a-z_]+.h"
    [timing]="$ground|timing.h|timing/[a-z_]+.h"
    [judge]="$ground|judge.h|judge/[a-z_]+.h"
    [render]="$ground|report.h|render.h|judge.h|render/[a-z_]+.h"
    [lab]="$ground|report.h|policy.h|lab.h|prove.h|sweep.h|lab/[a-z_]+.h|hw.h|kvm.h|guest.h|vmm.h|run.h|judge.h|load.h|timing.h"
    [cli]='.*'
)
# Symbols (by prefix) that a folder's objects must never need.
declare -A never=(
    [base]='bare_|trace_|cpu_|kvm_|guest_|vmm_|run_|judge_|render|yaml_|lab_|policy_'
    [arch]='bare_|trace_emit|cpu_|kvm_|guest_|vmm_|run_|judge_|render|yaml_|lab_|policy_'
    [trace]='bare_|cpu_|kvm_|guest_|vmm_|run_|judge_|render|yaml_|lab_|policy_'
    [hw]='bare_|kvm_|guest_|vmm_|run_|judge_|render|clock_|yaml_|lab_|policy_'
    [kvm]='bare_|cpu_|walk_|tlb_|port_|guest_|vmm_|run_|judge_|render|clock_|yaml_|lab_|policy_'
    [guest]='bare_|cpu_|walk_|kvm_|vmm_|run_|judge_|render|clock_|yaml_|lab_|policy_'
    [bare]='cpu_|kvm_|walk_|tlb_|port_|guest_|vmm_|run_|judge_|render|clock_|yaml_|lab_|policy_'
    [vmm]='bare_|cpu_|walk_|port_|guest_|run_|judge_|render|clock_|yaml_|lab_|policy_'
    [load]='bare_open|run_scenario|kvm_module_load|kvm_open|cpu_create|vmm_open|judge_create|yaml_document|lab_|policy_'
    [run]='judge_|render|clock_|yaml_|lab_|policy_'
    [timing]='bare_|cpu_|kvm_|guest_|vmm_|run_|judge_|render|yaml_|lab_|policy_'
    [judge]='bare_|kvm_module_load|kvm_run|guest_|vmm_|run_|render|clock_|yaml_|lab_|policy_'
    [lab]='render|cli_|walk_|port_|yaml_'
    [render]='bare_|cpu_|kvm_|guest_|vmm_|run_|clock_|yaml_|lab_|policy_'
)

complain() {
    printf 'layers: %s\n' "$*" >&2
    status=1
}

folder_of() {
    local f=${1#sim/}
    printf '%s' "${f%%/*}"
}

while read -r file; do
    folder=$(folder_of "$file")
    allowed=${may[$folder]}
    # The one judge that looks at the machine itself.
    [ "$file" != sim/judge/invariants.c ] || allowed+='|hw.h|kvm.h'
    [ -n "$allowed" ] || { complain "$file: no layer for sim/$folder"; continue; }
    while read -r header; do
        [[ $header =~ ^($allowed)$ ]] ||
            complain "$file includes $header, which sim/$folder must not see"
    done < <(sed -nE 's/^#include "([^"]+)".*/\1/p' "$file")
done < <(find sim -name '*.[ch]' 2>/dev/null | sort)

# Words that belong to no folder.
words() { # pattern, message, files...
    local pattern=$1 message=$2 hit
    shift 2
    [ $# -gt 0 ] || return
    while read -r hit; do
        complain "$hit: $message"
    done < <(grep -nE "$pattern" "$@" /dev/null)
}
mapfile -t all < <(find sim -name '*.[ch]' 2>/dev/null | sort)
mapfile -t silent < <(printf '%s\n' "${all[@]}" |
    grep -vE '^sim/(render|cli)/' | grep -vE '^sim/base/(err|pool|buf)\.c$')
words '\bif *\(.*(version|kernel->name|k->name) *([<>=!]=|[<>])' \
    'a decision by kernel version; add a slot' "${all[@]}"
words '\b(printf|puts|putchar|fputs|fprintf|perror) *\(' \
    'prints, but only render and cli print' "${silent[@]}"

# ... and only looks.
while read -r hit; do
    complain "$hit: a judge must not change the machine; const"
done < <(grep -nP '(?<!const )struct (cpu|kvm_module|kvm_vm|kvm_vcpu) \*' \
    $(find sim/judge -name '*.[ch]' 2>/dev/null) /dev/null)

# Objects of the sources that there are; a renamed file may have left one.
objects_of() { # folder
    local o
    find "$1" -name '*.o' 2>/dev/null | sort | while read -r o; do
        o=${o#"$objects/"}
        [ -e "${o%.o}.c" ] && echo "$objects/$o"
    done
}

# Symbols: what the objects of a folder, linked together, still need.
if [ -n "$objects" ]; then
    for folder in "${!never[@]}"; do
        mapfile -t objs < <(objects_of "$objects/sim/$folder")
        [ ${#objs[@]} -gt 0 ] || continue
        linked=$(mktemp)
        ld -r -o "$linked" "${objs[@]}"
        while read -r symbol; do
            complain "sim/$folder needs $symbol, which it must not see"
        done < <(nm -u "$linked" | awk '{print $2}' | grep -E "^(${never[$folder]})")
        rm -f "$linked"
    done
    # Writable data of the whole program: none (.data.rel.ro is constant).
    while read -r line; do
        complain "mutable data: $line"
    done < <(objects_of "$objects/sim" | xargs objdump -t |
        awk '/file format/ { file = $1 }
             $0 ~ / O \.(data|bss)(\.[a-zA-Z0-9_.]*)?\t/ &&
             $0 !~ / O \.data\.rel\.ro/ { print file, $NF }')
fi
exit $status
