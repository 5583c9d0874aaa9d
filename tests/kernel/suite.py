#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The programs of tests/kernel/suite, and objects of Debian packages, in the running kernel and here.

usage: suite.py [--objects] [--jit] [--keep FOLDER] KERNEL_SIDE [HERE_SIDE] [NAME...]

Each source is compiled; KERNEL_SIDE and HERE_SIDE run its programs and write what came of it (tests/kernel/compare/);
the texts must be the same. Without HERE_SIDE the kernel's side runs twice and is compared with itself: programs whose
results change from run to run would be no measure. --objects: those of packages instead of the suite. --jit: machine code
here. Objects that call a helper which does not exist here yet, and those in tests/kernel/pending.txt, for the reason given
there, are expected to differ; one of the latter that no longer does is named. Status 77: cannot run here, and why."""
import argparse
import concurrent.futures
import difflib
import glob
import os
import platform
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CAPTURE = os.path.join(ROOT, "tests/data/captures/mixed.pcap")
# xdp-tools, and what tools/debian-objects.sh fetched
PACKAGED = ["/usr/lib/*/bpf/*.o", "/usr/lib/bpf/*.o", "{build}/debian-objects/*.o", "{build}/debian-objects/*.elf"]

# What the filters of xdp-tools are to look for, chosen so that their verdicts differ over the capture: ports 80 (to) and
# 53 (from and to), two addresses, one Ethernet address. The flags are those of xdp-filter: 1 source, 2 destination, 4 TCP,
# 8 UDP.
SETTINGS = ["filter_ports=00500000:0e", "filter_ports=00350000:0f", "filter_ipv4=0a4d0001:01", "filter_ipv4=0a4d0502:02",
            "filter_ipv6=fd000077000000000000000000000001:02", "filter_ethernet=020000000002:01"]


# Tools of bpfcc look at the state of the machine: their programs and maps are listed, not run.


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def compile_one(clang, source, target):
    command = [clang, "-target", "bpf", "-O2", "-g", "-mcpu=v3", "-Wall", "-Werror", "-Wno-unused-function",
               f"-I/usr/include/{platform.machine()}-linux-gnu", "-c", source, "-o", target]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def pending():
    with open(os.path.join(ROOT, "tests/kernel/pending.txt")) as file:
        return {line.split()[0] for line in file if line.strip() and not line.startswith("#")}


def run(side, object_file, options):
    # On one cpu: values of per-cpu maps would move with the process.
    done = subprocess.run([side, *options, CAPTURE, object_file], capture_output=True, text=True, errors="replace",
                          preexec_fn=lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}))
    return done.returncode, done.stdout, done.stderr


def count_runs(text):
    lines = text.splitlines()
    return (sum(line.startswith("program ") for line in lines),
            sum(line.startswith("  ") and ": " in line for line in lines))


def tail(text):
    return "\n".join("    " + line for line in text.splitlines()[-12:])


class Comparison:
    def __init__(self, kernel, here, keep):
        self.kernel, self.here, self.keep = kernel, here, keep
        self.objects = self.programs = self.runs = self.differing = self.lines = self.refused = self.listed = 0
        self.pending, self.waiting = pending() if here else set(), 0

    def compare(self, name, object_file, options):
        status, expected, errors = run(self.kernel, object_file, options)
        if status == 77:
            skip(f"bpf(2) is not permitted here: {errors.strip()}")
        if status == 3:
            reason = (errors.strip().splitlines() or [""])[-1]
            if "--each" in options:
                print(f"{name}: the kernel does not load it, listed only: {reason}")
                self.compare(name, object_file, ["--list"])
                return
            print(f"{name}: refused, left out\n{tail(errors)}")
            self.refused += 1
            return
        if status:
            print(f"{name}: the kernel's side ended with status {status}\n{tail(errors)}")
            self.differing += 1
            return
        programs, runs = count_runs(expected)
        self.listed += "--list" in options
        self.objects, self.programs, self.runs = self.objects + 1, self.programs + programs, self.runs + runs
        status, got, errors = run(self.here or self.kernel, object_file, options)
        if self.keep:
            for side, text in (("kernel", expected), ("here", got)):
                with open(os.path.join(self.keep, f"{name}.{side}.txt"), "w") as file:
                    file.write(text)
        if status and name in self.pending:
            self.waiting += 1
            return
        if status:
            print(f"{name}: ended with status {status}\n{tail(errors)}")
            self.differing += 1
            return
        if got == expected:
            if name in self.pending:
                print(f"{name}: no longer differs; it can be taken out of tests/kernel/pending.txt")
            return
        lacks = sorted(set(re.findall(r"helper (\w+) failed: it is not yet supported", errors)))
        if lacks:
            print(f"{name}: waits for {', '.join(lacks)}")
        if name in self.pending or lacks:
            self.waiting += 1
            return
        self.differing += 1
        lines = [line for line in difflib.unified_diff(expected.splitlines(), got.splitlines(), "kernel", "here",
                                                       lineterm="", n=0) if not line.startswith(("---", "+++"))]
        self.lines += sum(line.startswith(("+", "-")) for line in lines)
        print(f"{name}: differs")
        for line in lines[:24]:
            print("    " + line[:200])
        for line in sorted(set(errors.splitlines()))[:4]:
            print("    said: " + line[:200])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", action="store_true")
    parser.add_argument("--jit", action="store_true")
    parser.add_argument("--keep")
    parser.add_argument("kernel")
    parser.add_argument("here", nargs="?")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.jit:
        os.environ["SKEP_ENGINE"] = "jit"
    if not os.path.exists(options.kernel):
        skip("the kernel's side needs libbpf (Debian: apt-get install libbpf-dev)")
    clang = os.environ.get("SKEP_CLANG")
    if not clang and not options.objects:
        skip("no clang that knows -target bpf")

    with tempfile.TemporaryDirectory() as folder:
        work, flags = [], []
        if options.objects:
            build = os.environ.get("SKEP_BUILD_DIR", os.path.join(ROOT, "build"))
            found = sorted({path for pattern in PACKAGED for path in glob.glob(pattern.format(build=build))})
            found = [path for path in found if not path.endswith("-eb.elf")]  # libbpf refuses the other byte order
            flags = ["--each"] + [word for setting in SETTINGS for word in ("--set", setting)]
            if not found:
                skip("no package with BPF objects is installed (Debian: apt-get install xdp-tools)")
            work = [(os.path.splitext(os.path.basename(path))[0], path) for path in found]
        else:
            sources = sorted(glob.glob(os.path.join(ROOT, "tests/kernel/suite/*.bpf.c")))
            if not os.path.exists("/usr/include/bpf/bpf_helpers.h"):
                skip("no bpf/bpf_helpers.h (Debian: apt-get install libbpf-dev)")
            work = [(os.path.basename(path)[:-6], path) for path in sources]
        if options.names:
            work = [(name, path) for name, path in work if name in options.names]
        if not options.objects:
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
                built = [(name, path, os.path.join(folder, name + ".o")) for name, path in work]
                for (name, path, target), errors in zip(built, pool.map(lambda job: compile_one(clang, *job[1:]), built)):
                    if errors:
                        sys.exit(f"{name}: does not compile\n{errors}")
                work = [(name, target) for name, path, target in built]
        comparison = Comparison(options.kernel, options.here, options.keep)
        for name, path in work:
            comparison.compare(name, path, ["--list"] if name.startswith("bcc-") else flags)
    c = comparison
    print(f"{c.objects} objects ({c.listed} of them only listed), {c.programs} programs, {c.runs} runs; {c.differing} objects "
          f"differ, in {c.lines} lines; {c.waiting} wait for what is known to be missing; {c.refused} refused{'' if options.here else ' (the kernel against itself)'}")
    sys.exit(1 if c.differing else 0)


main()
