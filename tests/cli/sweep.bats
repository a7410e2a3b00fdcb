#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# A sweep loses nothing and tells nothing twice, whatever ends it.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    nptsim=build/asan/nptsim
    caching=scenarios/sweep/where-caching-is-lost.yaml
    t=$BATS_TEST_TMPDIR
}

# 2240 points without a step: a machine, a kernel, a VM each.
policy() { # extra line of matrix
    cat >"$t/policy.yaml" <<EOF
schema: nptsim/scenario/v1
name: policy
why: Many points, little work.
cpu: {model: milan, set: {mem_encrypt: true}}
kernel: {model: v6.0}
vm: {type: plain}
matrix:
  axes:
    kernel.model: [v5.18, v6.0]
    cpu.set.maxphyaddr_raw: 48..52
    cpu.set.phys_reduction: 0..6
    cpu.set.cbit: 32..63
$1
EOF
}
# Lines that are JSON, points that count from 0.
check_points() { # file, points
    python3 - "$1" "$2" <<'EOF'
import json, sys
points = [json.loads(line)["point"] for line in open(sys.argv[1])]
assert points == list(range(int(sys.argv[2]))), points[:5]
EOF
}

@test "every point gets a line, with axes, facts, steps and counts" {
    run --separate-stderr "$nptsim" sweep $caching --out "$t/s"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = "640 passed, 0 failed, 0 skipped" ]
    [ -z "$stderr" ]
    cat "$t"/s/points-*.jsonl >"$t/all"
    check_points "$t/all" 128
    # The lines say what the kernels' own functions do: tests/data/golden.
    python3 - "$t/all" <<'EOF'
import json, sys
lost = set()
for line in open(sys.argv[1]):
    r = json.loads(line)
    a, f = r["axes"], r["facts"]
    point = tuple(a["cpu.set." + k] for k in ("maxphyaddr_raw", "phys_reduction", "cbit"))
    step = r["steps"][0]
    assert step["id"] == "hpet" and "cycles" not in step, step
    assert f["cpu.width"] == hex(point[0] - point[1]), r
    assert r["failed"] == 0 and r["passed"] > 0, r
    if not f["kvm.mmio_caching"]:
        lost.add(point)
    assert step["outcome"] == ("mmio.vc" if f["kvm.mmio_caching"] else "skipped"), r
assert lost == {(51, 0, 51), (52, 1, 51)} | {(52, 0, c) for c in range(32, 64)}, lost
EOF
}
@test "every scenario ends in a sweep as in a run" {
    local file n=0
    while read -r file; do
        n=$((n + 1))
        build/nptsim run --json "$file" >"$t/$n.run" 2>"$t/counts"
        "$nptsim" sweep "$file" --out "$t/$n" >"$t/out"
        diff <(tail -n1 "$t/counts") <(tail -n1 "$t/out") || { echo "$file"; return 1; }
    done < <(find scenarios -name '*.yaml' | sort)
    [ "$n" -gt 50 ]
    python3 - "$t" "$n" <<'EOF'
import glob, json, sys
def points(files):
    return [json.loads(line) for f in files for line in open(f)]
for i in range(1, int(sys.argv[2]) + 1):
    at = "%s/%d" % (sys.argv[1], i)
    run, sweep = points([at + ".run"]), points(sorted(glob.glob(at + "/points-*")))
    assert len(run) == len(sweep) > 0, run
    for r, s in zip(run, sweep):
        for step in r["steps"]:
            del step["cycles"]
        assert r["facts"] == s["facts"] and r["steps"] == s["steps"], (r, s)
        judged = {k: v["state"] for k, v in r["invariants"].items() if v["state"] != "untested"}
        assert judged == s["invariants"], (r, s)
EOF
}
@test "jobs change nothing, and a second time does nothing" {
    policy
    "$nptsim" sweep "$t/policy.yaml" --out "$t/one" --jobs 1
    "$nptsim" sweep "$t/policy.yaml" --out "$t/four" --jobs 4
    diff -r "$t/one" "$t/four"
    touch -d 2001-01-01 "$t"/one/points-*
    run "$nptsim" sweep "$t/policy.yaml" --out "$t/one"
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "2240 points in $t/one" ]
    [ -z "$(find "$t/one" -name 'points-*' -newermt 2002-01-01)" ]
}
@test "killed again and again, a sweep ends as if nothing had been" {
    policy
    "$nptsim" sweep "$t/policy.yaml" --out "$t/calm" >/dev/null
    RANDOM=4
    for ((kills = 0; kills < 40; kills++)); do
        "$nptsim" sweep "$t/policy.yaml" --out "$t/killed" >/dev/null 2>&1 &
        sleep "0.$((RANDOM % 2))$((RANDOM % 10))"
        kill -9 $! 2>/dev/null || true
        wait $! || true
    done
    ls "$t/killed" | wc -l
    "$nptsim" sweep "$t/policy.yaml" --out "$t/killed"
    diff -r "$t/calm" "$t/killed"
}
@test "told to stop, it says how to go on" {
    policy
    for signal in INT TERM; do
        # bats ignores SIGINT in background jobs; env restores it.
        env --default-signal=INT "$nptsim" sweep "$t/policy.yaml" --out "$t/$signal" --jobs 1 \
            >"$t/out" 2>"$t/err" &
        until ls "$t/$signal"/points-* >/dev/null 2>&1; do sleep 0.02; done
        kill -$signal $!
        status=0
        wait $! || status=$?
        cat "$t/err"
        [ "$status" -eq 75 ]
        grep -q "of 2240 points are done; run the same command again to go on" "$t/err"
        [ ! -s "$t/out" ]
        ! ls "$t/$signal"/*.part 2>/dev/null
        "$nptsim" sweep "$t/policy.yaml" --out "$t/$signal"
        [ "$(cat "$t/$signal"/points-* | wc -l)" -eq 2240 ]
    done
}
@test "shards, merged in any order, are the whole" {
    policy '  exclude: ["cpu.width == 47 || cpu.cbit == 40"]'
    "$nptsim" sweep "$t/policy.yaml" --out "$t/whole" >/dev/null
    for k in 1 2 3 4 5 6 7; do
        "$nptsim" sweep "$t/policy.yaml" --out "$t/$k" --shard $k/7 >/dev/null
    done
    run "$nptsim" sweep merge "$t"/{3,1,7,2,4,6,5} --out "$t/merged"
    echo "$output"
    [ "$status" -eq 0 ]
    cat "$t"/whole/points-* | cmp - "$t/merged"
    # Some points twice or three times: no difference.
    "$nptsim" sweep merge "$t"/{3,1,7,2,4,6,5} "$t/whole" "$t/2" --out "$t/again"
    cmp "$t/merged" "$t/again"
    # 5 of 35 pairs have 47 bits; of the others a C-bit of 32 is excluded.
    [ "$(wc -l <"$t/merged")" -eq $((2 * 30 * 31)) ]
}
@test "more shards than points" {
    for k in 1 2 3; do
        "$nptsim" sweep scenarios/lessons/01-memory.yaml --shard $k/3 --out "$t/$k"
    done
    "$nptsim" sweep merge "$t"/{1,2,3} --out "$t/merged"
    check_points "$t/merged" 1
}
@test "a merge says what is missing" {
    policy
    "$nptsim" sweep "$t/policy.yaml" --out "$t/1" --shard 1/2 >/dev/null
    run "$nptsim" sweep merge "$t/1" --out "$t/merged"
    [ "$status" -eq 65 ]
    [[ $output == *"points 1120..2239 of 2240 are missing"* ]]
    [ ! -e "$t/merged" ] && [ ! -e "$t/merged.part" ]
}
@test "a merge names the point of which two folders disagree" {
    policy
    "$nptsim" sweep "$t/policy.yaml" --out "$t/1" >/dev/null
    cp -r "$t/1" "$t/2"
    sed -i '/^{"point":1234,/s/"kvm.sev":true/"kvm.sev":null/' "$t"/2/points-*
    run "$nptsim" sweep merge "$t/1" "$t/2" --out "$t/merged"
    echo "$output"
    [ "$status" -eq 65 ]
    [[ $output == "$t/2: error: point 1234 is not what it is in $t/1"* ]]
    [ ! -e "$t/merged" ]
}
@test "a merge refuses folders of different sweeps" {
    "$nptsim" sweep scenarios/lessons/01-memory.yaml --out "$t/1" >/dev/null
    "$nptsim" sweep scenarios/lessons/02-a-device.yaml --out "$t/2" >/dev/null
    run "$nptsim" sweep merge "$t/1" "$t/2" --out "$t/merged"
    [ "$status" -eq 65 ]
    [[ $output == *"'02-a-device', not of '01-memory'"* ]]
    run "$nptsim" sweep merge "$t" --out "$t/merged"
    [ "$status" -eq 65 ]
    [[ $output == *"manifest.json"* ]]
}
@test "a folder that holds something else is left alone" {
    policy
    "$nptsim" sweep "$t/policy.yaml" --out "$t/s" --shard 1/50 >/dev/null
    refused() { # words, command...
        local words=$1
        shift
        run "$@"
        echo "$output"
        [ "$status" -eq 65 ] && [[ $output == *"$words"* ]]
    }
    refused "holds shard 1/50" "$nptsim" sweep "$t/policy.yaml" --out "$t/s"
    refused "other settings: none, not cpu.set.min_sev_asid=7" \
        "$nptsim" sweep "$t/policy.yaml" --out "$t/s" --shard 1/50 --set cpu.set.min_sev_asid=7
    refused "other settings: none, not --cycles" \
        "$nptsim" sweep "$t/policy.yaml" --out "$t/s" --shard 1/50 --cycles
    refused "holds a sweep of 'policy', not of '01-memory'" \
        "$nptsim" sweep scenarios/lessons/01-memory.yaml --out "$t/s"
    sed -i 's/^why: .*/why: Something else./' "$t/policy.yaml"
    refused "as it was before its file or a model of it was changed" \
        "$nptsim" sweep "$t/policy.yaml" --out "$t/s" --shard 1/50
    mkdir "$t/home" && touch "$t/home/thesis.tex"
    refused "holds files, but no sweep" "$nptsim" sweep "$t/policy.yaml" --out "$t/home"
    refused "cannot make the folder" "$nptsim" sweep "$t/policy.yaml" --out "$t/no/folder"
    refused "cannot open the folder" "$nptsim" sweep "$t/policy.yaml" --out "$t/policy.yaml"
    echo '{"schema":"nptsim/sweep/v9"}' >"$t/s/manifest.json"
    refused "is no manifest of the kind nptsim/sweep/v1" \
        "$nptsim" sweep "$t/policy.yaml" --out "$t/s" --shard 1/50
}
@test "two cannot sweep into one folder" {
    policy
    mkdir "$t/s"
    exec 8<"$t/s"
    flock 8
    run "$nptsim" sweep "$t/policy.yaml" --out "$t/s"
    [ "$status" -eq 65 ]
    [[ $output == *"another nptsim is sweeping into this folder"* ]]
}
@test "a damaged file is made anew" {
    policy
    "$nptsim" sweep "$t/policy.yaml" --out "$t/calm" >/dev/null
    cp -r "$t/calm" "$t/s"
    local files=("$t"/s/points-*)
    truncate -s 1000 "${files[3]}"
    sed -i 5d "${files[9]}"
    : >"${files[10]}"
    run "$nptsim" sweep merge "$t/s" --out "$t/merged"
    [ "$status" -eq 65 ]
    [[ $output == *"${files[3]##*/} is not what its name says"* ]]
    "$nptsim" sweep "$t/policy.yaml" --out "$t/s"
    diff -r "$t/calm" "$t/s"
}
@test "where files may not grow, it stops and goes on later" {
    policy
    (
        ulimit -f 12 # KiB: enough for the manifest, not for 32 lines
        run "$nptsim" sweep "$t/policy.yaml" --out "$t/s"
        echo "$output"
        [ "$status" -eq 75 ]
        [[ $output == *"cannot write points-"*"File too large"*"run the same command again"* ]]
    )
    ! ls "$t"/s/*.part
    "$nptsim" sweep "$t/policy.yaml" --out "$t/s"
    [ "$(cat "$t"/s/points-* | wc -l)" -eq 2240 ]
    (
        ulimit -f 0
        run "$nptsim" sweep "$t/policy.yaml" --out "$t/none"
        [ "$status" -eq 65 ]
        [[ $output == *"cannot write manifest.json: File too large"* ]]
    )
    "$nptsim" sweep "$t/policy.yaml" --out "$t/none"
    (
        ulimit -f 100
        run "$nptsim" sweep merge "$t/s" --out "$t/merged"
        [ "$status" -eq 65 ]
        [[ $output == *"cannot write"*"File too large"* ]]
    )
    [ ! -e "$t/merged" ] && [ ! -e "$t/merged.part" ]
}
@test "on a full disk it stops and goes on later" {
    policy
    mkdir "$t/small"
    mount -t tmpfs -o size=400k none "$t/small" 2>/dev/null || skip "no right to mount"
    run "$nptsim" sweep "$t/policy.yaml" --out "$t/small/s"
    echo "$output"
    full=$status
    ls "$t"/small/s/*.part 2>/dev/null && full=part
    mount -o remount,size=8m "$t/small"
    after=0
    "$nptsim" sweep "$t/policy.yaml" --out "$t/small/s" || after=$?
    count=$(cat "$t"/small/s/points-* | wc -l)
    umount "$t/small"
    [ "$full" -eq 75 ]
    [[ $output == *"No space left on device"* ]]
    [ "$after" -eq 0 ]
    [ "$count" -eq 2240 ]
}
@test "a failed expectation is exit 1 and has its reason" {
    sed "s/kvm.sev_es: false, vm.create: ENOTTY/kvm.sev_es: true/; s/^name: .*/name: wrong/" $caching >"$t/wrong.yaml"
    for again in no yes; do
        run "$nptsim" sweep "$t/wrong.yaml" --out "$t/s"
        [ "$status" -eq 1 ]
        [ "${lines[-1]}" = "572 passed, 34 failed, 0 skipped" ]
    done
    cat "$t"/s/points-* | python3 -c '
import json, sys
failures = [v for line in sys.stdin for v in json.loads(line).get("verdicts", [])]
assert len(failures) == 34, len(failures)
for v in failures:
    assert v["result"] == "fail" and v["what"] == "kvm.sev_es = true", v
    assert "gate mmio_caching closed" in v["reason"], v
'
}
@test "cycles on demand" {
    "$nptsim" sweep scenarios/lessons/01-memory.yaml --cycles --out "$t/s"
    cat "$t"/s/points-* | python3 -c '
import json, sys
assert all(int(s["cycles"], 16) > 0 for s in json.loads(sys.stdin.readline())["steps"])'
}
@test "a matrix that is too large, empty or wrong is refused before it starts" {
    refused() { # axes, line and column, words
        policy
        sed -i "/^  axes:/,\$d" "$t/policy.yaml"
        printf '  axes: {%s}\n' "$1" >>"$t/policy.yaml"
        run "$nptsim" sweep "$t/policy.yaml" --out "$t/s" "${@:4}"
        echo "$output"
        [ "$status" -eq 65 ] && [ ! -e "$t/s" ] &&
            [[ $output == *"policy.yaml:$2: error: "*"$3"* ]]
    }
    huge="cpu.set.min_sev_asid: 1..1000000, cpu.set.max_sev_asid: 1..1000000"
    refused "$huge" 8:9 "1000000000000 points, at most 10000000 can run"
    [[ $output == *"--shard 1/100000"* ]]
    refused "$huge" 8:9 "in each shard" --shard 1/99999
    refused "cpu.set.cbit: []" 8:24 "an axis without values"
    refused "cpu.set.cbit: 51..50" 8:24 "is empty"
    refused "cpu.set.cbti: [51]" 8:10 "'cpu.set.cbti' is nothing that an axis can vary"
    refused "cpu.set.cbit: 32..64" 8:24 "64 is not in 0..63"
    refused "kernel.model: [v6.0, v6.00]" 8:31 "unknown kernel model 'v6.00'"
}
@test "a shard of a huge matrix runs" {
    policy
    sed -i "/^  axes:/,\$d" "$t/policy.yaml"
    echo "  axes: {cpu.set.min_sev_asid: 1..1000000, cpu.set.max_sev_asid: 1..1000000}" >>"$t/policy.yaml"
    "$nptsim" sweep "$t/policy.yaml" --out "$t/s" --shard 10000000/10000000 --jobs 1 >/dev/null 2>&1 &
    until ls "$t"/s/points-* >/dev/null 2>&1; do sleep 0.05; done
    kill -9 $!
    # The first point of the last hundred thousand: 10^12 - 10^5.
    head -qn1 "$t"/s/points-* | grep '^{"point":999999900000,.*"axes":{"cpu.set.min_sev_asid":1000000,"cpu.set.max_sev_asid":900001}'
}
@test "a point that cannot be built ends the sweep, always the same one" {
    policy
    sed -i '/axes:/,$d' "$t/policy.yaml"
    cat >>"$t/policy.yaml" <<EOF
  axes:
    cpu.set.cbit: 32..63
    cpu.set.maxphyaddr_raw: [52, 48, 40, 32]
    cpu.set.phys_reduction: [0, 20]
EOF
    for jobs in 1 2 7; do
        run "$nptsim" sweep "$t/policy.yaml" --out "$t/$jobs" --jobs $jobs
        echo "$output"
        [ "$status" -eq 65 ]
        [[ $output == *"at the point cpu.set.cbit=32 cpu.set.maxphyaddr_raw=48 cpu.set.phys_reduction=20"* ]]
    done
}
@test "wrong usage is exit 2" {
    for bad in "" "--out $t/s" "$caching" "$caching --out $t/s --shard 0/2" "$caching --out $t/s --shard 3/2" \
        "$caching --out $t/s --shard 2" "$caching --out $t/s --jobs 0" "- --out $t/s" \
        "merge --out $t/m" "merge $t/s" "merge"; do
        run "$nptsim" sweep $bad </dev/null
        echo "$bad: $status $output"
        [ "$status" -eq 2 ]
    done
    [ ! -e "$t/s" ]
}

# ---- what can be done with the answers ----

@test "the map shows where caching is lost" {
    "$nptsim" sweep $caching --out "$t/s" >/dev/null
    run "$nptsim" sweep map "$t/s"
    # By hand: (51,0,51), (52,0,any), (52,1,51); the C-bit is 32..63 from left to right.
    diff - <(echo "$output") <<'EOF'
hpet.outcome; across: cpu.set.cbit; down: cpu.set.maxphyaddr_raw

phys_reduction=0                      phys_reduction=1
   33333333444444444455555555556666      33333333444444444455555555556666
   23456789012345678901234567890123      23456789012345678901234567890123
51 vvvvvvvvvvvvvvvvvvvsvvvvvvvvvvvv   51 vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv
52 ssssssssssssssssssssssssssssssss   52 vvvvvvvvvvvvvvvvvvvsvvvvvvvvvvvv

v  mmio.vc         94
s  skipped         34
EOF
    run "$nptsim" sweep map "$t/s" --fact kvm.sev_es --where cpu.set.phys_reduction=1 \
        --x cpu.set.maxphyaddr_raw --y cpu.set.cbit
    diff - <(sed -n '1,6p;22,99p' <<<"$output") <<'EOF'
kvm.sev_es; across: cpu.set.maxphyaddr_raw; down: cpu.set.cbit

   55
   12
32 tt
33 tt
49 tt
50 tt
51 tf
52 tt
53 tt
54 tt
55 tt
56 tt
57 tt
58 tt
59 tt
60 tt
61 tt
62 tt
63 tt

t  true            63
f  false            1
EOF
}
@test "an invariant on the map: where v5.18 lets an SEV-ES guest hang" {
    "$nptsim" sweep $caching --set kernel.model=v5.18 --out "$t/s" || [ $? -eq 1 ]
    run "$nptsim" sweep map "$t/s" --fact no-hang
    diff - <(sed -n '6,10p' <<<"$output") <<'EOF'
51 hhhhhhhhhhhhhhhhhhhvhhhhhhhhhhhh   51 hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh
52 vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv   52 hhhhhhhhhhhhhhhhhhhvhhhhhhhhhhhh

h  holds           94
v  violated        34
EOF
}
@test "the map of an unfinished sweep, and of a merged one" {
    "$nptsim" sweep $caching --out "$t/1" --shard 1/2 >/dev/null
    "$nptsim" sweep $caching --out "$t/2" --shard 2/2 >/dev/null
    run "$nptsim" sweep map "$t/1"
    [[ $output == *"64 points are not in $t/1 yet" ]]
    "$nptsim" sweep merge "$t/1" "$t/2" --out "$t/all" >/dev/null
    run "$nptsim" sweep map "$t/all"
    [ "${lines[-1]}" = "s  skipped         34" ]
}
@test "colour on a terminal only, and not with NO_COLOR" {
    "$nptsim" sweep $caching --out "$t/s" >/dev/null
    "$nptsim" sweep map "$t/s" >"$t/plain"
    ! grep -q $'\033' "$t/plain"
    script -qec "$nptsim sweep map $t/s" /dev/null </dev/null | tr -d '\r' >"$t/terminal"
    grep -q $'\033\\[0;32mvvv' "$t/terminal"
    sed 's/\x1b\[[0-9;]*m//g' "$t/terminal" | diff "$t/plain" -
    NO_COLOR=1 script -qec "$nptsim sweep map $t/s" /dev/null </dev/null | tr -d '\r' | diff "$t/plain" -
}
@test "the index answers questions in SQL, from a folder and from a file" {
    "$nptsim" sweep $caching --out "$t/s" >/dev/null
    "$nptsim" sweep merge "$t/s" --out "$t/all" >/dev/null
    run "$nptsim" sweep index "$t/s"
    [ "$output" = "128 points in $t/s/index.sqlite" ]
    "$nptsim" sweep index "$t/all" --out "$t/other"
    python3 - "$t/s/index.sqlite" "$t/other" <<'EOF'
import sqlite3, sys
for path in sys.argv[1:]:
    db = sqlite3.connect(path)
    def ask(sql):
        return db.execute(sql).fetchall()
    assert ask("select count(*), sum(passed), sum(failed) from points") == [(128, 640, 0)]
    assert ask("select cpu_set_maxphyaddr_raw, cpu_set_phys_reduction, cpu_set_cbit from points"
               " where kvm_sev_es = 0 and cpu_width = 51 order by point") == [(51, 0, 51), (52, 1, 51)]
    assert ask("select hpet_outcome, kvm_sev_es, vm_create, count(*), min(hpet_value) from points group by 1"
               " order by 4") == [("skipped", 0, "ENOTTY", 34, None), ("mmio.vc", 1, "ok", 94, 0x5a)]
    # Bits 50 and 51, and the present bit.
    assert ask("select distinct printf('%x', kvm_mmio_value) from points where cpu_width = 50 and cpu_cbit < 50"
               ) == [("c000000000001",)]
    assert ("kvm_mmio_value", "kvm.mmio_value") in ask("select * from columns")
EOF
    # It is no part of the sweep: that goes on, and the index is made again.
    "$nptsim" sweep $caching --out "$t/s"
    "$nptsim" sweep index "$t/s"
}
@test "CSV has a column for everything, or for what is asked" {
    "$nptsim" sweep $caching --out "$t/s" >/dev/null
    "$nptsim" sweep csv "$t/s" | python3 -c '
import csv, sys
rows = list(csv.DictReader(sys.stdin))
assert len(rows) == 128
for n, r in enumerate(rows):
    assert int(r["point"]) == n and r["passed"] == "5", r
    lost = r["kvm.mmio_caching"] == "0"
    assert (r["hpet.value"] == "") == lost and (r["hpet.outcome"] == "skipped") == lost, r
    assert (r["kvm.mmio_value"] == "0x0") == lost, r
'
    run "$nptsim" sweep csv "$t/s" --columns cpu.set.cbit,hpet.outcome,point
    [ "${lines[0]}" = cpu.set.cbit,hpet.outcome,point ]
    [ "${lines[20]}" = 51,skipped,19 ]
    [ "${#lines[@]}" -eq 129 ]
}
@test "questions about answers that are not there" {
    "$nptsim" sweep $caching --out "$t/s" >/dev/null
    "$nptsim" sweep merge "$t/s" --out "$t/all" >/dev/null
    refused() { # words, arguments
        local words=$1
        shift
        run "$nptsim" sweep "$@"
        echo "$output"
        [ "$status" -eq 65 ] && [[ $output == *"$words"* ]]
    }
    refused "there is no column 'hpet.outcom'" csv "$t/s" --columns hpet.outcom
    [[ $output == *"did you mean 'hpet.outcome'?"* ]]
    refused "there is no column 'kvm.sev_se'" map "$t/s" --fact kvm.sev_se
    refused "'kvm.sev' is no axis" map "$t/s" --x kvm.sev
    refused "no point fulfils every --where" map "$t/s" --where cpu.set.cbit=64
    refused "the same axis" map "$t/s" --x cpu.set.cbit --y cpu.set.cbit
    refused "cannot open" map "$t/nowhere"
    mkdir "$t/empty"
    refused "manifest.json" index "$t/empty"
    : >"$t/nothing"
    refused "holds no answers yet" csv "$t/nothing"
    sed '7s/^/x/' "$t/all" >"$t/bad"
    refused "bad:7:1: error: not the answer of a sweep" csv "$t/bad"
    sed '7s/"facts":{/"facts":{{/' "$t/all" >"$t/bad"
    refused "bad:7:1: error: not the answer of a sweep" index "$t/bad"
    [ ! -e "$t/bad.sqlite" ] && [ ! -e "$t/bad.sqlite.part" ]
    sed '7s/"cpu.width":"[^"]*"/"cpu.width":"wide"/' "$t/all" >"$t/bad"
    refused "bad:7:1: error: not the answer of a sweep: cpu.width" map "$t/bad"
    sed '7s/"id":"hpet"//; 7s/"steps":.*/"steps":[]}/' "$t/all" >"$t/bad"
    refused "bad:7:1: error: not the answer of a sweep" map "$t/bad"
    head -c -20 "$t/all" >"$t/bad"
    refused "bad:128:1: error: the line has no end" csv "$t/bad"
    refused "cannot write the index" index "$t/s" --out "$t/no/folder"
}
