#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Taking a kernel's own text: what is refused and how it is told, what is kept of
# a long function, and that a change of one line is seen. mini.sh makes the trees;
# the last tests need Debian's.

setup() {
    root=$BATS_TEST_DIRNAME/../..
    program=${NPTSIM:-$root/build/nptsim}
    tree=$BATS_TEST_TMPDIR/tree
    lib=$BATS_TEST_TMPDIR/lib.so
    svm=$tree/arch/x86/kvm/svm/svm.c
    command -v ctags >/dev/null || skip "no ctags (Debian: universal-ctags)"
    "$BATS_TEST_DIRNAME/mini.sh" "$tree"
}

build() {
    run "$BATS_TEST_DIRNAME/build.py" "${1:-$tree}" "$lib" "$BATS_TEST_TMPDIR"
}

# What the library says of the hosts in TABLE; columns after it.
ask() { # TABLE COLUMNS
    run "$program" batch gating --text "$lib" --columns "$2" \
        < <(printf '%b' "$1")
}

@test "a tree that is none is refused, saying what it lacks" {
    build "$BATS_TEST_TMPDIR/nowhere"
    [ "$status" -eq 65 ]
    [[ "$output" == *"/nowhere: error: no such folder"* ]]

    mkdir "$BATS_TEST_TMPDIR/empty"
    build "$BATS_TEST_TMPDIR/empty"
    [ "$status" -eq 65 ]
    [[ "$output" == *"/empty: error: this is not a Linux tree: no Makefile"* ]]
    [[ "$output" == *"hint: KDIR= takes the folder that has arch/x86/kvm"* ]]

    build "$root"
    [ "$status" -eq 65 ]
    [[ "$output" == *"Makefile: error: "*"states no VERSION and PATCHLEVEL"* ]]

    rm -r "$tree/arch/x86/kvm"
    build
    [ "$status" -eq 65 ]
    [[ "$output" == *"has no arch/x86/kvm"* ]]

    rm -r "$tree/arch" "$tree/include" && mkdir -p "$tree/arch/x86/kvm"
    build
    [ "$status" -eq 65 ]
    [[ "$output" == *"cpu/amd.c: error: no amd_cpu_dev"* ]]
    [ ! -e "$lib" ]
}

@test "make kernel-policy asks for KDIR" {
    run make -s -C "$root" kernel-policy
    [ "$status" -eq 2 ]
    [[ "$output" == *"make kernel-policy KDIR=<linux tree>"* ]]
}

@test "a function that is not there is named, and what cannot be told then" {
    sed -i 's/svm_adjust_mmio_mask/svm_adjust_mask/' "$svm"
    build
    [ "$status" -eq 65 ]
    [[ "$output" == *"svm/svm.c: error: no function svm_adjust_mmio_mask(): what encryption does to the MMIO mask cannot be told"* ]]
    [[ "$output" == *"pieces.py"* ]]

    rm "$tree/arch/x86/kernel/cpu/common.c"
    build
    [[ "$output" == *"cpu/common.c: error: no such file: how the boot CPU"* ]]
}

@test "a module parameter that is not there is named" {
    sed -i '/module_param_named(sev_es/d' "$tree/arch/x86/kvm/svm/sev.c"
    build
    [ "$status" -eq 65 ]
    [[ "$output" == *"no module parameter 'sev_es'"* ]]
}

@test "a function that does not compile is named, with its line" {
    sed -i 's/kvm_mmu_set_mmio_spte_mask(BIT_ULL(50));/u64 x = kvm.mask;/' "$svm"
    build
    [ "$status" -eq 65 ]
    [[ "$output" == *"svm/svm.c:5: error: svm_adjust_mmio_mask() cannot be taken: 'kvm' undeclared"* ]]
    [[ "$output" == *"compile.log has the compiler's words"* ]]
    [ ! -e "$lib" ]
}

@test "a call that nobody can answer is named, with its caller" {
    sed -i 's/rdmsrl(0xc0010010, msr)/msr = read_the_stars()/' \
        "$tree/arch/x86/kernel/cpu/amd.c"
    build
    [ "$status" -eq 65 ]
    [[ "$output" == *"cpu/amd.c:1: error: early_detect_mem_encrypt() cannot be taken: it calls read_the_stars()"* ]]
}

@test "a function whose brackets do not match is named" {
    sed -i 's/^    svm_adjust_mmio_mask();/    if (x) {/' "$svm"
    build
    [ "$status" -eq 65 ]
    [[ "$output" == *"svm/svm.c:12: error: svm_hardware_setup() cannot be taken: "*"its brackets do not match"* ]]
}

@test "a function that remembers something between calls is named" {
    sed -i 's/^    rdmsrl(0xc0010010, msr);/    static bool seen;\n    seen = true;/' \
        "$tree/arch/x86/kernel/cpu/amd.c"
    build
    [ "$status" -eq 65 ]
    [[ "$output" == *"cpu/amd.c:1: error: early_detect_mem_encrypt() cannot be taken: it has a static variable"* ]]
}

@test "without a compiler or Universal Ctags: which tool, status 69" {
    CC=no-such-cc build
    [ "$status" -eq 69 ]
    [[ "$output" == *"no-such-cc: error: no such compiler"* ]]
    mkdir "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\necho "Exuberant Ctags 5.8"\n' >"$BATS_TEST_TMPDIR/bin/ctags"
    chmod +x "$BATS_TEST_TMPDIR/bin/ctags"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH build
    [ "$status" -eq 69 ]
    [[ "$output" == *"ctags: error: Universal Ctags is needed"* ]]
}

@test "what is wrong inside a macro of ours is told of the function that uses it" {
    sed -i 's/, cpu_caps_set\[4\]//' "$tree/arch/x86/kernel/cpu/common.c"
    build
    [ "$status" -eq 65 ]
    [[ "$output" == *"cpu/amd.c:13: error: bsp_init_amd() cannot be taken: 'cpu_caps_set' undeclared"* ]]
}

@test "a failed build leaves the library of before alone" {
    build
    [ "$status" -eq 0 ]
    sed -i 's/return 7;/return seven;/' "$tree/arch/x86/kvm/mmu.h"
    before=$(sha256sum "$lib")
    build
    [ "$status" -eq 65 ]
    [ "$(sha256sum "$lib")" = "$before" ]
}

@test "the text's own policy is what is told" {
    build
    [ "$status" -eq 0 ]
    [[ "$output" == *"22 functions of Linux 9.8.7-mini"* ]]
    ask 'raw_maxphyaddr,p_sev_es,p_mmio_caching,syscfg_memenc,p_sev\n44,1,1,1,1\n45,0,1,0,1\n52,1,0,1,0\n' \
        shadow_phys_bits,value_at_reset,shadow_mmio_value,sev_enabled,sev_es_enabled,boot_sev,sev_es_log,cg_sev_es,warn_count
    [ "$status" -eq 0 ]
    [ "${lines[1]}" = "44,3,4000000000000,1,1,1,enabled:1-77,77,1" ]
    # A variable of the text starts afresh for every host.
    [ "${lines[2]}" = "45,3,4000000000000,1,0,0,disabled:1-77,77,1" ]
    [ "${lines[3]}" = "52,0,0,0,0,1,disabled:1-77,77,0" ]
}

@test "the text's own MMIO SPTEs are what is told" {
    build
    run "$program" batch spte --text "$lib" < <(printf 'gfn,access\n3f,7\n')
    [ "$status" -eq 0 ]
    # gfn 3f and bit 50; nothing of access and generation; max_gfn is 7.
    [ "${lines[1]}" = "3f,7,4000000000000,1,7,400000003f000,1,3f,0,0,1,1,1" ]
    run "$program" batch spte --text "$lib" --columns lower_gfn_mask \
        < <(printf 'gfn\n3f\n')
    [ "$status" -eq 65 ]
    [[ "$output" == *"no column 'lower_gfn_mask'"* ]]
    run "$program" batch vmcreate --text "$lib" </dev/null
    [ "$status" -eq 2 ]
}

@test "the order of calls is the text's" {
    build
    ask 'p_sev_es\n1\n' sev_es_enabled
    [ "${lines[1]}" = 1 ]
    # SEV first: it then sees the mask of the reset.
    sed -i '/^    svm_adjust_mmio_mask();/d
            s/^    sev_hardware_setup();/&\n    svm_adjust_mmio_mask();/' "$svm"
    build
    ask 'p_sev_es\n1\n' sev_es_enabled,shadow_mmio_value
    [ "${lines[1]}" = 0,4000000000000 ]
}

@test "of a long function only what is about the policy is kept, in place" {
    build
    kept=$(sed -n '/^static int svm_hardware_setup(void)$/,/^}/p' \
        "$BATS_TEST_TMPDIR/text.c" | grep -v '^ *$')
    [ "$kept" = "static int svm_hardware_setup(void)
{
    svm_adjust_mmio_mask();
    sev_hardware_setup();
    svm_set_cpu_caps();
}" ]
    # Where a kept statement jumps to is kept, with the return before it.
    kept=$(sed -n '/^static void bsp_init_amd(.*c)$/,/^}/p' \
        "$BATS_TEST_TMPDIR/text.c" | grep -v '^ *$' | tail -n 5)
    [ "$kept" = "    }
    return;
warn:
    WARN_ONCE(1, \"family %x\", c->x86);
}" ]
    # As many lines as before: the compiler's line numbers stay true.
    [ "$(sed -n '/^static int svm_hardware_setup(void)$/,/^}/p' \
        "$BATS_TEST_TMPDIR/text.c" | wc -l)" -eq 20 ]
    # A condition stays with what it is about, and so does what it needs.
    sed -i 's/^    iopm = .*/    if (order > 3) {\n        launch();\n        npt_enabled = 0;\n    } else\n        stay();/' "$svm"
    build
    [ "$status" -eq 65 ] # get_order() is of another world
    [[ "$output" == *"svm.c:14: error: svm_hardware_setup() cannot be taken: "*IOPM_SIZE* ]]
}

@test "a file that is no kernel's text is refused, saying why" {
    refused() { # FILE WORDS
        run "$program" batch gating --text "$1" </dev/null
        [ "$status" -eq 65 ]
        [[ "$output" == *"error: $2"* ]]
        [[ "$output" == *"make kernel-policy KDIR=<linux tree>"* ]]
    }
    refused "$BATS_TEST_TMPDIR/none.so" "no such file"
    refused "$BATS_TEST_TMPDIR" "no such file"
    echo "int main;" >"$BATS_TEST_TMPDIR/x.so"
    refused "$BATS_TEST_TMPDIR/x.so" "not a shared object: "
    echo "int other;" | gcc -shared -x c - -o "$lib"
    refused "$lib" "a shared object, but not of a kernel's text: no symbol policy_text"
    echo "const unsigned policy_text[99] = { 2147483647 };" |
        gcc -shared -x c - -o "$lib"
    refused "$lib" "a kernel's text of ABI 2147483647; this program speaks "
    # The right number, but built when the table of inputs was another.
    printf '#include "policy.h"\nconst struct policy_text policy_text = { .abi = POLICY_TEXT_ABI, .host_size = 8 };' |
        gcc -I "$root/include" -shared -x c - -o "$lib"
    refused "$lib" "built against another policy.h"
}

@test "a model or a text: one of them" {
    run "$program" batch gating --text "$lib" --kernel v6.1 </dev/null
    [ "$status" -eq 2 ]
    run "$program" batch gating </dev/null
    [ "$status" -eq 2 ]
}

# A copy of Debian's kernel (tests/kernel/differential.sh leaves what it needs).
debian() {
    rm -r "$tree"
    cp -r "$root/build/kernel/linux-source-6.1" "$tree" 2>/dev/null ||
        skip "no text of Debian's kernel here yet"
}

# Build the changed copy and compare it with the model: $output, $status.
compare() {
    build
    [ "$status" -eq 0 ]
    cd "$root" || return
    run build/kernel/compare v6.1.192 "$lib" 20000
}

@test "a change of one condition in a real kernel is found" {
    debian
    compare
    [ "$status" -eq 0 ]
    sed -i 's/if (enc_bit == mask_bit)/if (enc_bit > mask_bit)/' "$svm"
    compare
    [ "$status" -eq 1 ]
    [[ "$output" == *"not ok grid: "*" of "*" states differ"* ]]
    # Where the C-bit is above the width KVM now goes one bit too far.
    [[ "$output" == *"shadow_mmio_value: model '"* ]]
    [[ "$output" == *"ok asid: "* ]]
}

@test "SEV set up before the mask is adjusted in a real kernel is found" {
    debian
    sed -i '/^\tsvm_adjust_mmio_mask();$/d
            s/^\tsev_hardware_setup();$/&\n\tsvm_adjust_mmio_mask();/' "$svm"
    compare
    [ "$status" -eq 1 ]
    [[ "$output" == *"not ok grid: "* ]]
    [[ "$output" == *"sev_es_enabled: model '"* ]]
}

@test "one more bit in a real kernel's MMIO generation is found" {
    debian
    sed -i 's/^\(#define MMIO_SPTE_GEN_LOW_END\).*/\1 9/' \
        "$tree/arch/x86/kvm/mmu/spte.h"
    compare
    [ "$status" -eq 1 ]
    [[ "$output" == *"ok grid: "* && "$output" == *"not ok spte: "* ]]
}

# Ask a copy's own text about an invariant: $output, $status.
prove() {
    build
    [ "$status" -eq 0 ]
    cd "$root" || return
    run "$program" prove "$1" --text "$lib" --out "$BATS_TEST_TMPDIR" \
        --axis pa_reduction=0..6 --axis p_mmio_caching=1 --axis p_npt=1 \
        --axis p_sev=1 --axis asids=100-509 --axis hwcr_smmlock=1 --axis sme_active=0
    echo "$output"
}

# kvm-gating: the counts of tests/data/golden/README.md.
@test "a proof of a real kernel's text finds what its gate is for" {
    debian
    prove sev-es-can-mmio
    [ "$status" -eq 0 ]
    [[ "$output" == *"kernel 6.1."*"[ PASS ] sev-es-can-mmio"* ]]
    prove caching-not-wasted
    [[ "$output" == *"with f_sev=0: 197 geometries"* ]]
    # Without the gate of 0c29397ac1fd.
    sed -i '/^\tif (!enable_mmio_caching)$/,+1d' "$tree/arch/x86/kvm/svm/sev.c"
    prove sev-es-can-mmio
    [ "$status" -eq 1 ]
    [[ "$output" == *"34 geometries"*"(51,0,51), (52,0,*), (52,1,51)"* ]]
    [[ "$output" == *"closest: bergamo with phys_reduction 0"* ]]
}
