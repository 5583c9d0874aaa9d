#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes the library as one pair of files, skep.c and skep.h: amalgamate.py [--out FOLDER] [--sizes].

    cc -c skep.c                                       hosted
    cc -c -ffreestanding -DSKEP_FREESTANDING skep.c    for a kernel or a device

Internal headers come first, once each; then the sources from the lowest floor up. Sources do not see each other's
private names: those carry the name of their file, and macros end with it. The parts
that SWITCHES lists can be left out by defining the switch. --sizes compiles the result in each way and prints the
sizes of the objects as a table.
"""
import argparse
import os
import re
import subprocess
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
FLOORS = ["base", "isa", "btf", "text", "program", "run", "map", "helper", "context", "verify", "interp", "jit",
          "object", "classic", "api", "os"]
# What each switch leaves out. SKEP_SMALL_INTERP is a matter of src/interp alone.
SWITCHES = {
    "SKEP_NO_TEXT": ("src/text/", "src/api/text.c", "src/api/builder.c", "src/program/builder.c"),
    "SKEP_NO_JIT": ("src/jit/",),
    "SKEP_NO_OBJECT": ("src/object/", "src/api/object.c", "src/api/object_load.c", "src/api/object_look.c",
                       "src/api/object_value.c", "src/btf/"),
    "SKEP_NO_STOCK_HELPERS": ("src/helper/stock.c",),
    "SKEP_FREESTANDING": ("src/os/",),
}
ALWAYS = ("src/text/none.c", "src/jit/none.c")  # knows the switch itself
LOCAL = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)".*$', re.M)
FEATURE = re.compile(r"^#define _\w+_SOURCE\b.*\n", re.M)
TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|(?:(?:\.|->)\s*)?\b[A-Za-z_]\w*', re.S)
SPDX = "/* SPDX-License-Identifier: MIT OR Apache-2.0 */\n"


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def find(name):
    for folder in ("src", "include"):
        if os.path.exists(os.path.join(TOP, folder, name)):
            return folder + "/" + name
    sys.exit(f"amalgamate: there is no {name}")


def private_names(text):
    """Names that a file declares for itself at its outermost level: functions and objects; the others."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    things = set(re.findall(r"^static\b[^;{}()=]*?\b(\w+)\s*(?=[(\[=;])", text, re.M)) - {"inline", "const"}
    others = set(re.findall(r"^(?:struct|union|enum) (\w+)\s*\{", text, re.M))
    others |= set(re.findall(r"^typedef\b[^;{}]*?\b(\w+)\s*;", text, re.M))
    others |= set(re.findall(r"^\}\s*(\w+)\s*;", text, re.M))
    for body in re.findall(r"^enum\b[^{;(]*\{(.*?)\}", text, re.M | re.S):
        others |= set(re.findall(r"(?:^|,)\s*(\w+)", body))
    return things, others


def rename(text, names, suffix):
    """Renames whole words, but not members; a word that is a member of a struct in this very file, too, only where it is
    called or defined."""
    bare = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    members = set(re.findall(r"\w+", " ".join(re.findall(r"\b(?:struct|union)\b[ \w]*\{(.*?)^\s*\}", bare, re.M | re.S))))

    def one(match):
        word = match.group()
        if word not in names or (word in members and not text[match.end():].startswith("(")):
            return word
        return word + suffix
    return TOKEN.sub(one, text)


class Amalgamation:
    def __init__(self):
        self.headers = []  # (path, text), each after those that it includes
        self.seen = set()
        self.features = []
        self.sources = []
        for folder in FLOORS:
            path = os.path.join(TOP, "src", folder)
            for folder, folders, names in sorted(os.walk(path)):
                folder = os.path.relpath(folder, TOP)
                self.sources += [f"{folder}/{name}" for name in sorted(names) if name.endswith(".c")]

    def inline(self, text):
        """Headers go to the front, lists (.def) to where they are asked for, every time."""
        def one(match):
            name = match.group(1)
            if name.startswith("skep/"):
                return ""
            path = find(name)
            if path.endswith(".def"):
                return self.inline(re.sub(r"^/\* SPDX.*\n", "", read(path))).rstrip("\n")
            if path not in self.seen:
                self.seen.add(path)
                self.headers.append((path, self.inline(read(path))))
            return ""
        return LOCAL.sub(one, text)

    def bodies(self):
        texts = {path: self.inline(read(path)) for path in self.sources}
        owners = {}
        for path, text in list(texts.items()) + self.headers:
            for name in set().union(*private_names(text)):
                owners.setdefault(name, set()).add(path)
        for path, text in texts.items():
            for feature in FEATURE.findall(text):
                if feature not in self.features:
                    self.features.append(feature)
            text = FEATURE.sub("", text)
            # Functions and objects always: the C library may have one of the same name.
            things, others = private_names(text)
            names = things | {name for name in others if len(owners[name]) > 1}
            text = rename(text, names, "_" + re.sub(r"\W", "_", path[len("src/"):-len(".c")]))
            macros = []
            for macro in re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", text, re.M):
                if macro not in macros:
                    macros.append(macro)
            text = text.rstrip("\n") + "\n" + "".join(f"#undef {macro}\n" for macro in macros)
            yield path, text

    def write(self, out):
        os.makedirs(out, exist_ok=True)
        public = read("include/skep/skep.h")
        public = LOCAL.sub(lambda match: strip(read("include/" + match.group(1))), public)
        bodies = list(self.bodies())
        parts = [SPDX, f"/*\n * skep {version()}, all of it in one file; made by tools/amalgamate.py. "
                 "What it leaves out when defined:\n"]
        parts += [f" *   {switch}\n" for switch in SWITCHES] + [" *   SKEP_SMALL_INTERP\n */\n"]
        parts += ["#ifndef SKEP_FREESTANDING\n" + "".join(
            "#ifndef {0}\n{1}#endif\n".format(line.split()[1], line) for line in self.features) + "#endif\n"]
        parts += ['#ifdef __clang__ /* inline functions of what were headers need not all be used */\n'
                  '#pragma clang diagnostic ignored "-Wunused-function"\n#endif\n', '#include "skep.h"\n']
        for path, text in self.headers:
            parts += [f"\n/* ---- {path} ---- */\n", strip(text)]
        for path, text in bodies:
            switch = [name for name, folders in SWITCHES.items() if path.startswith(folders) and path not in ALWAYS]
            parts += [f"\n/* ---- {path} ---- */\n"]
            parts += [f"#ifndef {switch[0]}\n", strip(text), f"#endif /* {switch[0]} */\n"] if switch else [strip(text)]
        for name, content in (("skep.h", public), ("skep.c", "".join(parts))):
            content = re.sub(r"\n{3,}", "\n\n", content)
            with open(os.path.join(out, name), "w", encoding="utf-8") as file:
                file.write(content)


def strip(text):
    return text.replace(SPDX, "", 1)


def version():
    return re.search(r'#define SKEP_VERSION "([^"]+)"', read("include/skep/skep.h")).group(1)


def sizes(out):
    compiler = os.environ.get("CC", "cc").split()
    small = ["SKEP_NO_JIT", "SKEP_NO_TEXT", "SKEP_NO_OBJECT", "SKEP_NO_STOCK_HELPERS", "SKEP_SMALL_INTERP"]
    rows = [("everything, hosted", []), ("everything, freestanding", ["SKEP_FREESTANDING"])]
    rows += [(f"freestanding, `{name}`", ["SKEP_FREESTANDING", name]) for name in small]
    rows += [("freestanding, all four", ["SKEP_FREESTANDING"] + small)]
    print("| build | -Os: text | data + bss | -O2: text | data + bss |\n| --- | ---: | ---: | ---: | ---: |")
    for title, defines in rows:
        row = [title]
        for level in ("-Os", "-O2"):
            target = os.path.join(out, "size.o")
            flags = ["-ffreestanding"] if "SKEP_FREESTANDING" in defines else []
            subprocess.run(compiler + ["-std=c11", level, "-fno-asynchronous-unwind-tables", "-c", "-o", target,
                                       os.path.join(out, "skep.c")] + flags + ["-D" + name for name in defines],
                           check=True)
            text, data, bss = subprocess.run(["size", target], check=True, capture_output=True,
                                             text=True).stdout.split("\n")[1].split()[:3]
            row += [text, str(int(data) + int(bss))]
            os.remove(target)
        print("| " + " | ".join(row) + " |")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--out", default="build/amalgamation")
    arguments.add_argument("--sizes", action="store_true")
    options = arguments.parse_args()
    Amalgamation().write(options.out)
    print(f"{options.out}/skep.c, {options.out}/skep.h")
    if options.sizes:
        sizes(options.out)


main()
