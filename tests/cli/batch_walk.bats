#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What `nptsim batch walk` answers, against what the oracle expects; the oracle
# and the hardware model themselves are compared by `oracle check`.

setup() {
    cd "$BATS_TEST_DIRNAME/../.." || return 1
    program=${NPTSIM:-build/nptsim}
    oracle=build/asan/oracle
}

@test "every line that the oracle prints is answered as it expects" {
    "$oracle" vectors 3000 7000000 >"$BATS_TEST_TMPDIR/in"
    "$oracle" answers 3000 7000000 >"$BATS_TEST_TMPDIR/want"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/in")" -gt 2500 ]
    "$program" batch walk "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/got"
    cmp "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
}

@test "the same number makes the same vector, another seed another one" {
    [ "$("$oracle" vectors 1 5)" = "$("$oracle" vectors 3 3 | tail -n 1)" ]
    [ "$("$oracle" vectors 1 5 1)" != "$("$oracle" vectors 1 5 2)" ]
}

@test "GMET, ROGPT and shadow stacks can be asked for" {
    walk='{"host":{"ncr3":"0x100000"},"vmcb":{"BIT":1},"guest":{"cr0":"0x10011","cr4":"0x800000"},"mem":{"0x100000":"0x101067","0x101000":"0x102067","0x102000":"0xe7"},"access":{"gva":"0x5000","kind":"KIND"}}'
    run "$program" batch walk < <(sed 's/BIT/gmet/; s/KIND/fetch/' <<<"$walk")
    [ "${lines[0]}" = '{"outcome":"npf","info1":"0x100000011","info2":"0x5000"}' ]
    run "$program" batch walk < <(sed 's/BIT/rogpt/; s/KIND/fetch/' <<<"$walk")
    [ "${lines[0]}" = '{"outcome":"ok","spa":"0x5000"}' ]
    run "$program" batch walk < <(sed 's/BIT/sss/; s/KIND/shadow-write/' <<<"$walk")
    [[ ${lines[0]} = '{"outcome":"npf","info1":"0x10000004'* ]]
}

@test "who asks one question at a time gets one answer at a time" {
    coproc walk { "$program" batch walk; }
    for id in 1 2; do
        echo "{\"id\":$id,\"access\":{\"gva\":\"0x1000\"}}" >&"${walk[1]}"
        read -t 10 -r answer <&"${walk[0]}"
        [ "$answer" = "{\"id\":$id,\"outcome\":\"npf\",\"info1\":\"0x200000006\",\"info2\":\"0x0\"}" ]
    done
}

@test "an error stands under the key that it is about" {
    while IFS='|' read -r col text line; do
        echo "$line" >"$BATS_TEST_TMPDIR/in"
        run "$program" batch walk "$BATS_TEST_TMPDIR/in"
        [ "$status" -eq 65 ]
        [ "${lines[0]}" = "$BATS_TEST_TMPDIR/in:1:$col: error: $text" ]
        [ "$(sed 's/[^^]*^/^/; s/ .*//' <<<"${lines[2]}")" = "^" ]
    done <<'EOF'
2|unknown key 'acess'|{"acess":{}}
36|host.cr0: is not a number|{"guest":{"cr0":"1"},   "host":{   "cr0":"one"},"access":{"gva":"0"}}
33|unknown key 'cr44' in host|{"access":{"gva":"0"},"host":  {"cr44":"0"}}
32|guest.cpl: not in 0..3|{"access":{"gva":"0"},"guest":{"cpl":4}}
31|0x1: is not an 8-byte-aligned address below 2^52|{"access":{"gva":"0"},"mem": {"0x1":"0"}}
40|unknown key 'amd_bit' in knobs|{"access":{"gva":"0"},"cpu": {"knobs":{"amd_bit":"reserved"}}}
EOF
}

@test "a number that is none is refused by the oracle's program" {
    run "$oracle" check 10k
    [ "$status" -ne 0 ]
    [[ ${lines[0]} = usage:* ]]
}

@test "a knob of the CPU is turned by name, as in its model" {
    walk='{"cpu":{"knobs":KNOBS},"host":{"ncr3":"0x100000"},"vmcb":{"gmet":1},"guest":{"cr0":"0x10011"},"mem":{"0x100000":"0x101067","0x101000":"0x102067","0x102000":"0xe7"},"access":{"gva":"0x5000","kind":"fetch"}}'
    run "$program" batch walk < <(sed 's/KNOBS/{}/' <<<"$walk")
    [ "${lines[0]}" = '{"outcome":"npf","info1":"0x100000011","info2":"0x5000"}' ]
    run "$program" batch walk < <(sed 's/KNOBS/{"err1218":true}/' <<<"$walk")
    [ "${lines[0]}" = '{"outcome":"npf","info1":"0x100000015","info2":"0x5000"}' ]
    run "$program" batch walk < <(sed 's/KNOBS/{"amd_bit8":"ignored","err1218":false}/' <<<"$walk")
    [ "${lines[0]}" = '{"outcome":"npf","info1":"0x100000011","info2":"0x5000"}' ]
    run "$program" batch walk < <(sed 's/KNOBS/{"amd_bit8":"ignord"}/' <<<"$walk")
    [ "$status" -eq 65 ]
    [[ $output == *"'ignord' is not one of reserved, ignored"*"did you mean 'ignored'"* ]]
    run "$program" batch walk < <(sed 's/KNOBS/{"bit8":"ignored"}/' <<<"$walk")
    [ "$status" -eq 65 ]
    [[ $output == *"unknown key 'bit8' in knobs"* ]]
    run "$program" batch walk < <(sed 's/KNOBS/{"err1218":1}/' <<<"$walk")
    [ "$status" -eq 65 ]
    run "$program" batch walk < <(sed 's/KNOBS/7/' <<<"$walk")
    [ "$status" -eq 65 ]
}

@test "SEV-SNP: a page's entry in the reverse map table, by name" {
    walk='{"cpu":{"snp":1,"mem_encrypt":1},"host":{"ncr3":"0x100000","snpe":1},"guest":{"cr0":"0x10011","snp":1,"asid":5},"rmp":{"entries":{"0x5000":ENTRY}},"mem":{"0x100000":"0x101067","0x101000":"0x102067","0x102000":"0x103067","0x103028":"0x5067"},"access":{"gva":"0x5008"}}'
    ask() { run "$program" batch walk < <(sed "s/ENTRY/$1/" <<<"$walk"); }
    # No paging in the guest: every access is private (APM vol. 2, 15.34.5).
    ask '{"asid":5,"gpa":"0x5000","validated":1}'
    [ "$output" = '{"outcome":"ok","spa":"0x5008"}' ]
    ask '{"asid":5,"gpa":"0x5000"}'
    [ "$output" = '{"outcome":"vc","error_code":"0x404","cr2":"0x5008"}' ]
    ask '{"asid":6,"gpa":"0x5000","validated":1}'
    [ "$output" = '{"outcome":"npf","info1":"0x580000005","info2":"0x5008"}' ]
    ask '{"asid":5,"gpa":"0x5000","valid":1}'
    [ "$status" -eq 65 ]
    [[ $output == *"unknown key 'valid' in 0x5000"* ]]
}
