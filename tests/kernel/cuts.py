# SPDX-License-Identifier: GPL-2.0-only
"""Cutting C text: comments, names, #if lines, statements."""
import re

TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|'
                   r"'(?:\\.|[^'\\])*'", re.S)


def blank(text):
    """As long as @text, with as many lines, and nothing else."""
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    """@text with comments and the insides of strings blanked: every position
    stays what it was."""
    def one(m):
        s = m.group(0)
        if s[0] == "/":
            return blank(s)
        return s[0] + blank(s[1:-1]) + s[-1]
    return TOKEN.sub(one, text)


def names(code):
    """Identifiers that are no members: not after '.' or '->'."""
    return [m.group(0) for m in
            re.finditer(r"(?<![\w.])(?<!->)[A-Za-z_]\w*", code)]


def guards(lines):
    """For each line the #if, #elif and #else lines that it stands behind."""
    stack, result = [], []
    code = without_comments("\n".join(lines)).split("\n")
    i = 0
    while i < len(lines):
        n = 1
        while code[i + n - 1].endswith("\\") and i + n < len(lines):
            n += 1
        whole = "\n".join(lines[i:i + n])
        word = re.match(r"\s*#\s*(\w+)", code[i])
        kind = word.group(1) if word else ""
        if kind in ("if", "ifdef", "ifndef"):
            stack.append([whole])
        elif kind in ("else", "elif") and stack:
            stack[-1] = stack[-1] + [whole]
        elif kind == "endif" and stack:
            stack.pop()
        result += [[g for level in stack for g in level]] * n
        i += n
    return result


def statement_end(lines, first):
    """The line of the ';' that ends what begins in line @first."""
    depth = 0
    code = without_comments("\n".join(lines[first - 1:first + 2000]))
    for n, line in enumerate(code.split("\n")):
        for c in line:
            depth += (c in "({[") - (c in ")}]")
            if c == ";" and depth == 0:
                return first + n
    return first


def is_head(line):
    """May @line be the first half of a function's head?"""
    return bool(re.match(r"^(static|u8|u16|u32|u64|int|bool|void|unsigned|"
                         r"struct)\b[\w\s*]*$", line))


class Statements:
    """A function's body as a tree of statements over its text."""

    def __init__(self, text):
        self.text, self.code = text, without_comments(text)

    def skip(self, i):
        while i < len(self.code) and self.code[i].isspace():
            i += 1
        return i

    def match(self, i):
        """One past the bracket that closes the one at @i."""
        depth = 0
        while True:
            depth += (self.code[i] in "({[") - (self.code[i] in ")}]")
            i += 1
            if depth == 0:
                return i

    def line_end(self, i):
        while True:
            end = self.code.find("\n", i)
            if end < 0:
                return len(self.code)
            if self.code[end - 1] != "\\":
                return end
            i = end + 1

    def word(self, i):
        m = re.compile(r"\w+").match(self.code, i)
        return m.group(0) if m else ""

    def block(self, i):
        """The statements inside the '{' at @i, and one past its '}'."""
        found, i = [], self.skip(i + 1)
        while self.code[i] != "}":
            s = self.statement(i)
            found.append(s)
            i = self.skip(s["end"])
        return found, i + 1

    def statement(self, i):
        s = {"start": i, "kind": "plain", "inner": []}
        word = self.word(i)
        if self.code[i] == "#":
            s.update(kind="directive", end=self.line_end(i))
        elif self.code[i] == "{":
            s["kind"] = "block"
            s["inner"], s["end"] = self.block(i)
        elif word in ("if", "for", "while") or self.is_macro_loop(i, word):
            s["kind"] = "compound"
            i = self.match(self.skip(i + len(word)))
            s["head"] = i
            s["inner"] = [self.statement(self.skip(i))]
            s["end"] = s["inner"][0]["end"]
            after = self.skip(s["end"])
            if word == "if" and self.word(after) == "else":
                s["inner"].append(self.statement(self.skip(after + 4)))
                s["end"] = s["inner"][1]["end"]
        elif re.compile(r"\w+\s*:(?!:)").match(self.code, i) and \
                word not in ("case", "default"):
            s.update(kind="label", end=self.code.index(":", i) + 1)
        else:
            s["end"] = self.plain_end(i)
        return s

    def is_macro_loop(self, i, word):
        i = self.skip(i + len(word))
        return word and word != "switch" and self.code[i] == "(" and \
            self.code[self.skip(self.match(i))] == "{"

    def plain_end(self, i):
        if self.word(i) in ("switch", "do"):
            i = self.code.index("{", i)
            i = self.match(i)
            return i if self.code[self.skip(i)] != "w" else \
                self.code.index(";", i) + 1
        while self.code[i] != ";":
            i = self.match(i) if self.code[i] in "({[" else i + 1
        return i + 1


def mentions(code, keep):
    return any(re.search(rf"\b{k}\b", code) for k in keep)


def is_declaration(code):
    first = re.match(r"\s*(\w+)[\s*]+(\w+)", code)
    return bool(first) and first.group(1) not in ("return", "goto", "else")


class Cut:
    """A function without the statements that mention nothing of @keep."""

    def __init__(self, text, keep):
        self.text, self.keep = text, keep
        self.tree = Statements(text)
        self.start = self.tree.code.index("{")
        self.body, self.end = self.tree.block(self.start)
        self.kept = {}
        for s in self.body:
            self.decide(s)
        self.keep_targets()
        self.keep_declarations()

    def code(self, s):
        return self.tree.code[s["start"]:s["end"]]

    def decide(self, s):
        """Is @s kept? A condition is, with what is kept behind it; or wholly,
        if it is about @keep and leaves the function."""
        if s["kind"] == "directive":
            ok = True
        elif s["inner"] or s["kind"] == "block":
            kept = [self.decide(i) for i in s["inner"]]
            ok = any(k for k, i in zip(kept, s["inner"])
                     if i["kind"] != "directive")
            if s["kind"] == "compound" and not ok and mentions(
                    self.tree.code[s["start"]:s["head"]], self.keep) and \
                    re.search(r"\b(return|goto)\b", self.code(s)):
                ok = self.keep_all(s)
        else:
            ok = s["kind"] == "plain" and mentions(self.code(s), self.keep)
        self.kept[s["start"]] = ok
        return ok

    def keep_all(self, s):
        self.kept[s["start"]] = True
        for i in s["inner"]:
            self.keep_all(i)
        return True

    def keep_targets(self):
        """Where a kept statement jumps to is kept, and what follows it; and
        the return that keeps others out of there."""
        code = " ".join(self.code(s) for s in self.body
                        if self.kept[s["start"]])
        targets = re.findall(r"\bgoto\s+(\w+)", code)
        for n, s in enumerate(self.body):
            if s["kind"] != "label" or \
                    self.code(s).rstrip(": ") not in targets:
                continue
            for after in self.body[n:]:
                self.keep_all(after)
            if n and self.tree.word(self.body[n - 1]["start"]) == "return":
                self.keep_all(self.body[n - 1])
            break

    def keep_declarations(self):
        """Those of what is used, and no others."""
        used = set()
        for s in self.body:
            if self.kept[s["start"]] and s["kind"] != "directive" and \
                    not is_declaration(self.code(s)):
                used |= set(names(self.code(s)))
        for s in self.body:
            if s["kind"] == "plain" and is_declaration(self.code(s)):
                declared = names(re.sub(r"=[^,;]*", "", self.code(s)))
                self.kept[s["start"]] = bool(set(declared) & used - TYPES)

    def render(self, s):
        if not self.kept[s["start"]]:
            return blank(self.text[s["start"]:s["end"]])
        if s["kind"] == "block":
            return self.between(s["start"], s["inner"], s["end"])
        if s["kind"] != "compound":
            return self.text[s["start"]:s["end"]]
        out = self.text[s["start"]:s["inner"][0]["start"]]
        for n, i in enumerate(s["inner"]):
            if n:  # "else"
                out += self.text[s["inner"][0]["end"]:i["start"]]
            out += self.render(i) if self.kept[i["start"]] else \
                ";" + blank(self.text[i["start"]:i["end"]])
        return out

    def between(self, start, items, end):
        """The items, and of what is between them the braces alone."""
        out, at = self.text[start:start + 1], start + 1
        for s in items:
            out += blank(self.text[at:s["start"]]) + self.render(s)
            at = s["end"]
        return out + blank(self.text[at:end - 1]) + self.text[end - 1:end]

    def result(self):
        return self.text[:self.start] + \
            self.between(self.start, self.body, self.end)


def keep_statements(text, keep):
    """The function @text without the statements that mention nothing of
    @keep. Kept are also the declarations of what is used, #if lines, the
    conditions around a kept statement, and where it jumps to. Every line stays
    where it was."""
    return Cut(text, keep).result()


TYPES = set("struct unsigned int bool u8 u16 u32 u64 long char void".split())
