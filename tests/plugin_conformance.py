#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The outside vectors through the tool: `skep asm`, then `skep plugin` as bpf_conformance calls it.

plugin_conformance.py TOOL FOLDER AT_LEAST ENGINE [--blind]. The program goes to standard input as hex pairs, the memory, where there is
any, is the first argument; r0 comes back in hex. Status 77: no vectors here, or not this engine.
"""
import os
import subprocess
import sys


def sections(path):
    found, name = {}, None
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("--"):
                name = line[2:].strip()
                found[name] = ""
            elif name and (name == "asm" or not line.startswith("#")):
                found[name] += line
    return found


def hex_pairs(data):
    return "".join(f"{byte:02x}  " for byte in data)


def run(tool, engine, vector):
    if "raw" in vector:
        code = b"".join(int(word, 0).to_bytes(8, "little") for word in vector["raw"].split())
    else:
        asm = subprocess.run([tool, "asm", "-"], input=vector["asm"].encode(), capture_output=True)
        if asm.returncode:
            return "asm: " + asm.stderr.decode()
        code = asm.stdout
    arguments = [hex_pairs(bytes.fromhex(vector["mem"]))] if "mem" in vector else []
    plugin = subprocess.run([tool, "plugin", "--engine"] + engine + arguments, input=hex_pairs(code) + "\n", capture_output=True, text=True)
    if "error" in vector:
        return None if plugin.returncode else "expected an error, got " + plugin.stdout
    text = vector["result"].strip()
    expected = int(text, 16 if "0x" in text else 10) % 2**64
    if plugin.returncode:
        return f"expected {expected:#x}, got status {plugin.returncode}: {plugin.stderr}{plugin.stdout}"
    try:
        got = int(plugin.stdout, 16)
    except ValueError:
        return f"expected {expected:#x}, got {plugin.stdout!r}"
    return None if got == expected else f"expected {expected:#x}, got {got:#x}"


def main():
    tool, folder, at_least, engine = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    if not os.path.isdir(folder):
        print("skipped: no conformance vectors at", folder)
        return 77
    tried = subprocess.run([tool, "plugin", "--engine"] + engine, input="9500000000000000", capture_output=True, text=True)
    if "not supported here" in tried.stderr:
        print("skipped:", tried.stderr.strip())
        return 77
    names = sorted(name for name in os.listdir(folder) if name.endswith(".data"))
    failed = 0
    for name in names:
        problem = run(tool, engine, sections(os.path.join(folder, name)))
        if problem:
            failed += 1
            print(f"FAILED {name}: {problem.strip()}")
    if len(names) < at_least:
        failed += 1
        print(f"only {len(names)} vectors where there must be {at_least}")
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
