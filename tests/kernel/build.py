#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""build.py KDIR OUT.so DIR: a shared object of the policy in a Linux tree.

What was taken, and what the compiler said of it, lies in DIR afterwards. CC in
the environment names the compiler. Status: 0; 2 usage; 65 if the tree is none,
lacks a function, or has one that does not compile; 69 if a tool is missing.
"""
import os
import re
import shlex
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True  # the source tree is nobody's cache
sys.setrecursionlimit(20000)  # a name leads to a name leads to a name
import take

HERE = os.path.dirname(os.path.abspath(__file__))
# As the kernel does it, but for a library; whatever is unknown is an error.
FLAGS = ("-std=gnu11 -O2 -fPIC -shared -fvisibility=hidden "
         "-fno-strict-aliasing -fwrapv -w").split()
MAX_TOLD = 5


def complain(place, message, hint=None):
    print(f"{place}: error: {message}", file=sys.stderr)
    if hint:
        print(f"  hint: {hint}", file=sys.stderr)


def compiler():
    return shlex.split(os.environ.get("CC", "gcc"))


def need_tools():
    if not shutil.which(compiler()[0]):
        complain(compiler()[0], "no such compiler", "CC= names another")
        sys.exit(69)
    version = ""
    if shutil.which("ctags"):
        version = subprocess.run(["ctags", "--version"], capture_output=True,
                                 text=True, check=False).stdout
    if "Universal Ctags" not in version:
        complain("ctags", "Universal Ctags is needed to find functions",
                 "apt-get install universal-ctags")
        sys.exit(69)


def compile_text(out, work):
    """What the compiler says; "" if it is content."""
    command = compiler() + FLAGS + [
        "-I" + work, "-I" + HERE, "-I" + os.path.join(HERE, "../../include"),
        os.path.join(HERE, "library.c"), "-o", out + ".new"]
    # Unknown functions are found by the linker's strictness, not by warnings.
    done = subprocess.run(command + ["-Wl,-z,defs"], capture_output=True,
                          text=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    said = done.stderr
    with open(os.path.join(work, "compile.log"), "w", encoding="utf-8") as f:
        f.write(shlex.join(command) + "\n" + said)
    if done.returncode == 0:
        os.replace(out + ".new", out)
        return ""
    return said or f"{command[0]}: status {done.returncode}\n"


def compiler_errors(taken, said):
    """(path, line, function or None, what is wrong) for each error. Inside a
    macro of world.h it is about the function that uses it."""
    functions = {f.name: f for f in taken.functions}
    current = None
    for row in said.splitlines():
        m = re.match(r"\S+: In function '(\w+)':", row)
        if m:
            current = functions.get(m.group(1))
        m = re.match(r"(\S+?):(\d+):(?:\d+:)? (?:fatal )?error: (.*)", row)
        if not m:
            continue
        path, line, text = m.group(1), int(m.group(2)), m.group(3)
        if path in taken.tree.files:
            at = [f for f in taken.functions
                  if f.path == path and f.first <= line <= f.last]
            yield path, line, at[0] if at else None, text
        elif current:
            yield current.path, current.first, current, text
        else:
            yield path, line, None, text


def tell_compiler(root, taken, said, work):
    """The compiler's errors, each with the function that it is about."""
    told = 0
    for path, line, function, text in compiler_errors(taken, said):
        if told == MAX_TOLD:
            break
        told += 1
        place = os.path.join(root, path) if path in taken.tree.files else path
        what = f"{function.name}() cannot be taken" if function else \
            "this does not compile"
        complain(f"{place}:{line}", f"{what}: {text}")
    if not told:  # the linker, or a compiler that cannot run
        for name in sorted(set(re.findall(
                r"undefined reference to `(\w+)'", said)))[:MAX_TOLD]:
            told += 1
            users = [f for f in taken.functions
                     if re.search(rf"\b{name}\b", f.text)]
            user = f"{users[0].name}() cannot be taken: it" if users else \
                "the text"
            place = f"{os.path.join(root, users[0].path)}:{users[0].first}" \
                if users else root
            complain(place, f"{user} calls {name}(), which neither the tree's "
                     "files nor world.h have")
    if not told:
        sys.stderr.write(said)
    print(f"  hint: {work}/compile.log has the compiler's words, {work}/text.c "
          "what it was given; tests/kernel/world.h is the world of the text",
          file=sys.stderr)


def main():
    if len(sys.argv) != 4:
        print("usage: build.py KDIR OUT.so DIR", file=sys.stderr)
        return 2
    root, out, work = sys.argv[1:]
    need_tools()
    os.makedirs(work, exist_ok=True)
    try:
        text, taken = take.take(root)
    except take.BadTree as e:
        complain(*e.args)
        return 65
    except OSError as e:
        complain(e.filename or root, e.strerror)
        return 65
    with open(os.path.join(work, "text.c"), "w", encoding="utf-8") as f:
        f.write(text)
    said = compile_text(out, work)
    if said:
        tell_compiler(root, taken, said, work)
        return 65
    print(f"{out}: {len(taken.functions)} functions of Linux "
          f"{taken.tree.version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
