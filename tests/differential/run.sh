#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh DIR COUNT [RULES]: ask QEMU's CPU and ours COUNT questions at each of
# twelve physical address widths, and judge the answers: with nested tables of
# four or five levels, and at four widths of three, those of a PAE host. (Of two
# levels QEMU knows nothing: a host without PAE runs its guests untranslated.)
# DIR holds the programs that the Makefile built. TAP on stdout; status 1 if an
# answer is missing or no rule of known.yaml (or RULES) explains it. SEED=N in
# the environment: other questions.
dir=$1 count=$2 rules=${3:-${0%/*}/known.yaml}
sessions=(32:4 36:5 39:4 40:4 43:4 44:5 46:4 48:4 49:4 50:5 51:4 52:5
    33:3 40:3 48:3 52:3)
seed=${SEED:-20261}
limit=120 # seconds per QEMU session; a thousand questions take less than one

if ! [[ $count =~ ^[1-9][0-9]*$ ]]; then
    echo "usage: run.sh DIR COUNT [RULES]" >&2
    exit 2
fi
if ! command -v qemu-system-x86_64 >/dev/null; then
    echo "ok differential # SKIP no qemu-system-x86_64 (Debian: qemu-system-x86)"
    exit 0
fi
echo "# $(qemu-system-x86_64 --version | head -1)"

# The guest ends QEMU through isa-debug-exit: status 1. Two CPUs, one of them
# idle, make QEMU run a locked instruction as one access.
ask() { # width, file, levels
    timeout "$limit" qemu-system-x86_64 \
        -machine pc,memory-backend=ram -m 256M -smp 2 \
        -accel tcg,thread=multi -cpu "max,+svm,phys-bits=$1" \
        -object "memory-backend-file,id=ram,size=256M,mem-path=$2,share=on" \
        -nodefaults -display none -no-reboot \
        -kernel "$dir/guest$([ "$3" -eq 3 ] && echo 32).elf" \
        -device isa-debug-exit,iobase=0xf4,iosize=4 2>&1
}

status=0 files=()
ram=$(mktemp -d "$dir/ram.XXXXXX") || exit 1
trap 'rm -rf "$ram"' EXIT
for session in "${sessions[@]}"; do
    width=${session%:*} levels=${session#*:}
    file=$ram/$session
    files+=("$file")
    "$dir/generate" "$file" "$width" "$levels" "$count" $((seed + width + 100 * (levels == 3))) || exit 1
    out=$(ask "$width" "$file" "$levels")
    ended=$?
    [ "$ended" -eq 124 ] && out="no end after $limit s"
    [ -n "$out" ] && printf '# width %d: QEMU: %s\n' "$width" "${out//$'\n'/; }"
    [ "$ended" -eq 1 ] && continue
    status=1
    echo "not ok QEMU ended with status $ended at width $width"
done
"$dir/judge" "$rules" "${files[@]}" || status=1
exit $status
