#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""docs/embedding.md tells the truth: its C is in examples/embedding.c and the other way round, its outputs are what the
example prints, and its command line builds it. Needs SKEP_BUILD_DIR; runs in the top folder of the sources."""
import os
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap

PAGE, EXAMPLE = "docs/embedding.md", "examples/embedding.c"


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def main():
    build = os.environ.get("SKEP_BUILD_DIR")
    program = os.path.join(build or "", "examples/embedding")
    if not build or not os.path.exists(program):
        print("skipped: the examples were not built (SKEP_BUILD_DIR)")
        return 77
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    with open(EXAMPLE, encoding="utf-8") as file:
        example = file.read()
    problems = []

    shown = blocks(page, "c")
    marked = dict(re.findall(r"^ *// \[([a-z-]+)\]\n(.*?)^ *// \[end\]$", example, re.MULTILINE | re.DOTALL))
    parts = {textwrap.dedent(text): name for name, text in marked.items()}
    problems += [f"{PAGE}: not in {EXAMPLE}:\n{text}" for text in shown if text not in parts]
    problems += [f"{EXAMPLE}: [{name}] is not in {PAGE}" for text, name in parts.items() if text not in shown]

    printed = subprocess.run([program], capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    promised = [line for text in blocks(page, "text") for line in text.splitlines()]
    for line in promised:
        pattern = ".*".join(re.escape(part) for part in line.split("..."))
        if not any(re.fullmatch(pattern, got) for got in printed):
            problems.append(f"{PAGE}: the example does not print: {line}")
    if len(promised) != len(printed):
        problems.append(f"{PAGE} shows {len(promised)} lines of output, the example prints {len(printed)}")

    commands = [line for text in blocks(page, "sh") for line in text.splitlines() if line.startswith("cc ")]
    for command in commands:
        with tempfile.TemporaryDirectory() as folder:
            words = [os.path.join(build, word[6:]) if word.startswith("build/") else word
                     for word in shlex.split(command)]
            words[-1] = os.path.join(folder, words[-1])
            done = subprocess.run(words, capture_output=True, text=True, timeout=120)
            if "__asan" in done.stderr or "__ubsan" in done.stderr:
                print("not tried, the library has sanitizers in it:", command)
            elif done.returncode or subprocess.run([words[-1]], stdout=subprocess.DEVNULL, timeout=60).returncode:
                problems.append(f"{PAGE}: {command}\n{done.stderr}")

    for problem in problems:
        print(problem)
    print(f"{len(shown)} snippets, {len(promised)} lines of output, {len(commands)} command lines")
    return 1 if problems or not shown or not promised or not commands else 0


sys.exit(main())
