# SPDX-License-Identifier: GPL-2.0-only
"""Take KVM's policy out of a Linux tree, by name.

What comes out is the text that library.c includes: the functions that
pieces.py names, and all that they mention (macros, enums, structs, variables,
other functions), as far as world.h does not already stand for it. Each piece
keeps the #if lines around it and says its file and line. Of a long function
only the statements that pieces.py lists are kept, in their order.
"""
import os
import re
import subprocess

import cuts
import pieces

HERE = os.path.dirname(os.path.abspath(__file__))
HINT = "has this tree moved it? tests/kernel/pieces.py lists what is taken"
KEYWORDS = set(
    "auto break case char const continue default do double else enum extern "
    "float for goto if inline int long register restrict return short signed "
    "sizeof static struct switch typedef union unsigned void volatile while "
    "bool _Bool defined asm typeof __typeof__".split())


class BadTree(Exception):
    """What the tree lacks: place, message, hint or None."""


def die(place, message, hint=None):
    raise BadTree(place, message, hint)


class Item:
    """One definition: where it is, its text, the #if lines around it."""

    def __init__(self, name, kind, path, first, last, text, guards):
        self.name, self.kind, self.path = name, kind, path
        self.first, self.last = first, last
        self.text, self.guards = text, guards
        self.module = None  # of a variable or function


def tags_of(files, root):
    """(name, kind, path, line, end, scope) for every definition of @files."""
    # What stands before a declaration and is no type confuses ctags.
    out = subprocess.run(
        ["ctags", "-o", "-", "--fields=+nes", "--excmd=number", "--sort=no",
         "--kinds-C=defgstuv", "--languages=C", "--langmap=C:.c.h",
         "-I", "__ro_after_init,__read_mostly,__aligned+,__init,__exit,"
         "__always_inline,noinline,asmlinkage,__initconst,__initdata"]
        + files, cwd=root, capture_output=True, text=True, errors="replace",
        check=True).stdout if files else ""
    for row in out.splitlines():
        name, path, _, kind, *more = row.split("\t")
        field = dict(f.split(":", 1) for f in more if ":" in f)
        line = int(field["line"])
        yield (name, kind, path, line, int(field.get("end", line)),
               field.get("enum", ""))


class Tree:
    """The files of a Linux tree in which pieces are looked for."""

    def __init__(self, root):
        self.root = root
        self.lines, self.guards, self.index, self.enums = {}, {}, {}, {}
        self.version = self.read_version()
        files = [f for f in pieces.ALL_FILES
                 if os.path.isfile(os.path.join(root, f))]
        for f in files:
            with open(os.path.join(root, f), encoding="utf-8",
                      errors="replace") as src:
                self.lines[f] = src.read().split("\n")
            self.guards[f] = cuts.guards(self.lines[f])
        self.files = set(files)
        for name, kind, path, line, end, scope in tags_of(files, root):
            if kind == "g":
                self.enums[path, name] = (line, end)
            self.index.setdefault(name, []).append(
                (kind, path, line, end, scope))

    def read_version(self):
        makefile = os.path.join(self.root, "Makefile")
        try:
            with open(makefile, encoding="utf-8", errors="replace") as f:
                head = f.read(4000)
        except OSError as e:
            die(self.root, f"this is not a Linux tree: no Makefile "
                f"({e.strerror})", "KDIR= takes the folder that has "
                "arch/x86/kvm in it")
        number = dict(re.findall(
            r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *= *(\S*)$",
            head, re.M))
        if "VERSION" not in number or "PATCHLEVEL" not in number:
            die(makefile, "this is not a Linux tree: its Makefile states no "
                "VERSION and PATCHLEVEL")
        if not os.path.isdir(os.path.join(self.root, "arch/x86/kvm")):
            die(self.root, "this Linux tree has no arch/x86/kvm: there is no "
                "KVM to take from it")
        version = f"{number['VERSION']}.{number['PATCHLEVEL']}"
        if number.get("SUBLEVEL"):
            version += "." + number["SUBLEVEL"]
        return version + number.get("EXTRAVERSION", "")

    def find(self, name, kinds, files):
        """All definitions of @name in the first of @files that has one: one of
        several is chosen by the #if lines around them."""
        for path in files:
            hits = [t for t in self.index.get(name, [])
                    if t[1] == path and t[0] in kinds]
            if hits:
                return [self.item(name, *t) for t in hits]
        return []

    def item(self, name, kind, path, line, end, scope):
        if kind == "e":  # an enumerator: its whole enum
            line, end = self.enums.get((path, scope), (line, end))
            name, kind = scope, "g"
        lines = self.lines[path]
        if kind == "d":
            while lines[end - 1].endswith("\\"):
                end += 1
        elif kind in "gsuvt":
            end = cuts.statement_end(lines, line)
        elif kind == "f":  # the type may stand on a line of its own
            while line > 1 and cuts.is_head(lines[line - 2]):
                line -= 1
        return Item(name, kind, path, line, end,
                    "\n".join(lines[line - 1:end]),
                    self.guards[path][line - 1])


class Taking:
    """What has been taken so far, and what still has to be."""

    def __init__(self, tree, world):
        self.tree, self.world = tree, world
        self.macros, self.types, self.variables, self.functions = [], [], [], []
        self.seen = set()  # (path, line) of items
        self.asked = set()  # (name, module)

    def take(self, name, module, kinds="dgstuvef"):
        if (name, module, kinds) in self.asked or name in self.world:
            return
        self.asked.add((name, module, kinds))
        files = pieces.FILES[module]
        # A struct's tag is a name of its own: only "struct x" asks for it.
        for group in ("d", "e", "t", "v", "f") if kinds != "gsu" else ("gsu",):
            for item in self.tree.find(name, group, files):
                self.add(item)

    def add(self, item):
        if (item.path, item.first) in self.seen:
            return
        self.seen.add((item.path, item.first))
        item.module = pieces.module_of(item.path)
        keep = pieces.KEEP.get(item.name)
        if item.kind == "f":
            self.cut(item, keep)
        self.follow(item)
        {"d": self.macros, "g": self.types, "s": self.types, "u": self.types,
         "t": self.types, "v": self.variables,
         "f": self.functions}[item.kind].append(item)

    def cut(self, item, keep):
        try:
            item.head_end = item.text.index("{")
            if keep:
                item.text = cuts.keep_statements(item.text, keep)
        except (IndexError, ValueError):
            self.cannot(item, "it does not look like a function, its brackets "
                        "do not match")
        if re.search(r"\bstatic\b(?!\s+const)",
                     cuts.without_comments(item.text[item.head_end:])):
            self.cannot(item, "it has a static variable of its own, which "
                        "could not be made as new for each load")

    def cannot(self, item, why):
        place = f"{os.path.join(self.tree.root, item.path)}:{item.first}"
        die(place, f"{item.name}() cannot be taken: {why}")

    def follow(self, item):
        """Take all that @item mentions. What a pasted name may become is
        everything that begins like it."""
        module = item.module or "kvm_amd"
        code = cuts.without_comments(item.text)
        for tag, star, name in re.findall(
                r"\b(?:struct|union|enum)\s+(\w+)\s*(\**)\s*(\w*)", code):
            # Behind a pointer that nobody follows a name is enough.
            if not star or re.search(rf"\b{name}\s*->", code):
                self.take(tag, module, "gsu")
        for stem in re.findall(r"\b([A-Z]\w*_)##", code):
            for name in sorted(self.tree.index):
                if name.startswith(stem):
                    self.take(name, module, "dgstuvef")
        for name in cuts.names(code):
            if name != item.name and name not in KEYWORDS:
                self.take(name, module)


def conditions(item):
    """The #if lines around @item, and their ends."""
    return ("".join(g + "\n" for g in item.guards),
            "#endif\n" * sum(1 for g in item.guards
                             if re.match(r"\s*#\s*if", g)))


def guarded(item, text):
    before, after = conditions(item)
    return before + f'#line {item.first} "{item.path}"\n' + text + "\n" + \
        after


def bare(declaration):
    """Without what says where it is seen."""
    return re.sub(r"\b(static|extern|inline|__always_inline)\b *", "",
                  declaration)


def head(item):
    return "static " + bare(item.text[:item.head_end])


def emit_variable(item, out):
    if re.search(r"\bconst\b", item.text.split("=")[0]):
        out.append(guarded(item, "static " + bare(item.text)))
        return
    names = [n for n, t in item.siblings]
    fresh = item.text
    for name in names:
        fresh = re.sub(rf"(?<!struct )\b{name}\b", f"fresh_{name}", fresh)
    out.append(guarded(item, "static const " + bare(fresh)))
    out.append(guarded(item, "static _Thread_local " + bare(item.text)))


def emit(taking, out):
    t = taking
    for item in t.macros:
        out.append(guarded(item, item.text))
    for item in t.functions:
        out += [f"{tag};\n" for tag in re.findall(r"struct \w+", head(item))]
    for item in t.types:
        out.append(guarded(item, item.text))
    for item in t.variables:
        item.siblings = [(n, d) for n, defs in t.tree.index.items()
                         for d in defs if d[0] == "v" and
                         d[1:3] == (item.path, item.first)]
    for item in [v for v in t.variables if not v.text.count("=")]:
        emit_variable(item, out)
    # What an initializer calls must be known before it.
    for item in t.functions:
        out.append(guarded(item, head(item).rstrip() + ";"))
    for item in [v for v in t.variables if v.text.count("=")]:
        emit_variable(item, out)
    emit_hooks(t, out)
    for module in pieces.FILES:
        emit_insmod(t, module, out)
        out.append(f"#undef MODULE\n#define MODULE MODULE_{module.upper()}\n")
        for item in t.functions:
            if item.module == module:
                out.append(guarded(item,
                                   head(item) + item.text[item.head_end:]))
    out.append("#undef MODULE\n")
    emit_list(t, out)


def emit_hooks(taking, out):
    """Which of its functions the CPU's vendor has early code call."""
    path, line, hooks = taking.hooks
    out.append(f'#line {line} "{path}"\n'
               f"static const struct cpu_dev {pieces.HOOKS_OF} = {{ " +
               ", ".join(f".{h} = {f}" for h, f in hooks) + " };\n")


def emit_insmod(taking, module, out):
    """A function that makes the variables of @module as they are when it
    comes into the kernel."""
    out.append(f'#line 1 "insmod_{module}"\n'
               f"static void insmod_{module}(void)\n{{\n")
    for item in taking.variables:
        if item.module != module or re.search(r"\bconst\b",
                                              item.text.split("=")[0]):
            continue
        for name, _ in item.siblings:
            before, after = conditions(item)
            out.append(f"{before}memcpy(&{name}, &fresh_{name}, "
                       f"sizeof({name}));\n{after}")
    out.append("}\n")


def emit_list(taking, out):
    """What was taken, for the library's descriptor and for library.c."""
    version = re.sub(r"[^\w.+~-]", "_", taking.tree.version)
    out.append('#line 1 "taken"\n'
               f'#define TAKEN_VERSION "{version}"\n'
               "static const struct policy_text_function taken[] = {\n")
    for item in sorted(taking.functions, key=lambda f: (f.path, f.first)):
        out.append(f'{{ "{item.name}", "{item.path}", {item.first}, '
                   f"{item.last} }},\n")
    out.append("};\n")
    for item in taking.functions:
        arguments = cuts.without_comments(head(item)).split("(", 1)[-1]
        out.append(f"#define TAKEN_{item.name} {arguments.count(',') + 1}\n")
    for item in taking.variables:
        for name, _ in item.siblings:
            out.append(f"#define TAKEN_{name} 1\n")
    for param, variable in taking.params.items():
        out.append(f"#define PARAM_{param} {variable}\n")


def take_roots(taking):
    for piece in pieces.PIECES:
        files = [f for f in piece.files if f in taking.tree.files]
        items = taking.tree.find(piece.name, "f", files)
        place = os.path.join(taking.tree.root, piece.files[0])
        if not items and piece.without and not files:
            die(place, f"no such file: {piece.without}", HINT)
        if not items and piece.without:
            die(place, f"no function {piece.name}(): {piece.without}", HINT)
        for item in items:
            taking.add(item)


def take_hooks(taking):
    path = pieces.HOOKS_FILE
    hits = [t for t in taking.tree.index.get(pieces.HOOKS_OF, [])
            if t[1] == path]
    if not hits:
        die(os.path.join(taking.tree.root, path),
            f"no {pieces.HOOKS_OF}: which functions early boot calls for an "
            "AMD CPU cannot be told")
    line = hits[0][2]
    lines = taking.tree.lines[path]
    text = "\n".join(lines[line - 1:cuts.statement_end(lines, line)])
    hooks = re.findall(r"\.(c_early_init|c_bsp_init|c_init)\s*=\s*(\w+)", text)
    for _, function in hooks:
        taking.take(function, "boot")
    taking.hooks = (path, line, hooks)


def take_params(taking):
    """Module parameters by the name that modprobe knows."""
    taking.params = {}
    for module, wanted in pieces.PARAMS.items():
        for path in pieces.FILES[module]:
            if path not in taking.tree.files:
                continue
            text = "\n".join(taking.tree.lines[path])
            for name, variable in re.findall(
                    r"^module_param_named\((\w+), *(\w+),", text, re.M) + [
                        (n, n) for n in re.findall(
                            r"^module_param\((\w+),", text, re.M)]:
                if name in wanted and name not in taking.params:
                    taking.params[name] = variable
                    taking.take(variable, module)
    for name in pieces.PARAMS_NEEDED:
        if name not in taking.params:
            die(taking.tree.root, f"no module parameter '{name}': this tree "
                "cannot be asked what it does with it")


def world_names():
    """What world.h stands for is never taken."""
    out = subprocess.run(
        ["ctags", "-o", "-", "--kinds-C=+p", "--sort=no", "--langmap=C:.h",
         "world.h"], cwd=HERE, capture_output=True, text=True,
        check=True).stdout
    return {row.split("\t")[0] for row in out.splitlines()
            if row.split("\t")[3] not in ("m",)}


def take(root):
    """The text taken from the tree at @root, and what was taken. BadTree: it
    is no Linux tree, or lacks a function that must be there."""
    if not os.path.isdir(root):
        die(root, "no such folder")
    taking = Taking(Tree(root), world_names())
    take_hooks(taking)
    take_roots(taking)
    take_params(taking)
    for name in pieces.ALSO_OF_BOOT:
        taking.take(name, "boot")
    for name in pieces.ALSO:
        taking.take(name, "kvm_amd")
    out = [f"/* Taken from Linux {taking.tree.version}; not to be kept. */\n"]
    emit(taking, out)
    return "".join(out), taking
