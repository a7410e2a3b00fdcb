#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# differential.sh BUILD [STATES [PACKAGE...]]: the policy in the text of Debian's
# own kernels and our models of these, state by state; then the text against the
# tables that other hands filled with it. The files that are needed go from each
# PACKAGE (linux-source-6.1) to BUILD/kernel/, and nowhere else. STATES 0: the
# whole grid. TAP on stdout.
build=$1 states=${2:-0} packages=("${@:3}")
here=${0%/*}
[ ${#packages[@]} -gt 0 ] || packages=(linux-source-6.1)

# Not all of the files are in every kernel.
extract() {
    local new=$tree.new
    rm -rf "$new" && mkdir -p "$new" || return
    (cd "$here" && python3 -Bc 'import pieces
print("\n".join(["Makefile"] + pieces.ALL_FILES))') |
        sed "s|^|$package/|" >"$new/wanted"
    xz -dc -T2 "$archive" | tar -x -C "$new" --strip-components=1 \
        -T "$new/wanted" 2>"$new/missing"
    [ -s "$new/Makefile" ] || { cat "$new/missing" >&2; return 1; }
    rm -rf "$tree"
    mv "$new" "$tree"
}

judge() {
    local status=0
    "$build/kernel/compare" "$model" "$library" "$states" || status=1
    tests/cli/golden.sh tests/data/golden "$series" "$library" 2>&1 || status=1
    return $status
}

# Only of the very kernel that a model is of can be said that they agree.
kernel() {
    local version series model
    if ! [ -e "$archive" ] || ! command -v xz >/dev/null; then
        echo "ok kernel text # SKIP no $archive (Debian: $package, xz-utils)"
        return
    fi
    if ! [ "$tree/wanted" -nt "$archive" ] ||
        [ "$here/pieces.py" -nt "$tree/wanted" ]; then
        extract || { echo "not ok kernel text: cannot read $archive"; return 1; }
    fi
    "$here/build.py" "$tree" "$library" "$build/kernel/$package.text" \
        >/dev/null ||
        { echo "not ok kernel text: build.py ended with status $?"; return 1; }
    version=$(sed -nE 's/^(VERSION|PATCHLEVEL|SUBLEVEL) *= *([0-9]+)$/\2/p' \
        "$tree/Makefile" | paste -sd.)
    series=${version%.*} model=v$version
    if [ -e "models/kernels/$model.yaml" ]; then
        judge
        return
    fi
    model=$(cd models/kernels && printf '%s\n' v"$series".*.yaml | sort -V |
        sed -n '$s/\.yaml$//p')
    judge | sed 's/^/# /'
    echo "ok kernel text # SKIP no model of Linux $version, compared with $model"
}

status=0
for package in "${packages[@]}"; do
    archive=/usr/src/$package.tar.xz
    tree=$build/kernel/$package library=$build/kernel/$package.so
    kernel || status=1
done
exit $status
