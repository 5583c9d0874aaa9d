#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The tool's subcommands, from outside: what they print, their exit status, their errors.

Needs SKEP_TOOL; runs in the top folder of the sources. Expected numbers of packets are tcpdump's
(tests/data/captures/counts.tsv); expected bytes and texts are written by hand.
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest

TOOL = os.environ.get("SKEP_TOOL")
OBJECTS = "tests/data/objects/"
FILTER = "examples/filter/filter.o"
BLOCK_PORT = "examples/bpf/block_port.o"
TYPED = OBJECTS + "typed.o"
CAPTURE = "tests/data/captures/mixed.pcap"

# r0 = 42; exit
FORTY_TWO = bytes.fromhex("b7000000 2a000000 9500000000000000")
# Six instructions of each kind of operand, and what they are.
SIX_TEXT = "add64 r1, 0x605\nmov64 r2, 0x32\nmov64 r1, r0\nbe16 r0\nneg64 r2\nexit\n"
SIX_KERNEL = "r1 += 1541\nr2 = 50\nr1 = r0\nr0 = be16 r0\nr2 = -r2\nexit\n"
SIX_BYTES = bytes.fromhex("0701000005060000 b702000032000000 bf01000000000000"
                          "dc00000010000000 8702000000000000 9500000000000000")


def counts():
    """tcpdump's counts, by name."""
    found = {}
    with open("tests/data/captures/counts.tsv", encoding="utf-8") as lines:
        for line in lines:
            name, _, count = line.rstrip("\n").split("\t")
            found[name] = int(count)
    return found


def has_machine_code():
    """Whether there is a back end for this machine; the tool's own word for it."""
    tried = subprocess.run([TOOL, "run", "--engine", "jit", "-"], input=FORTY_TWO, capture_output=True)
    return b"not supported here" not in tried.stderr


def read_capture(path):
    """The packets of a little-endian pcap file: (seconds, microseconds, bytes)."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:4] == bytes.fromhex("d4c3b2a1")
    packets, at = [], 24
    while at < len(data):
        seconds, microseconds, size, _ = struct.unpack_from("<IIII", data, at)
        packets.append((seconds, microseconds, data[at + 16:at + 16 + size]))
        at += 16 + size
    return packets


class ToolTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name, content=None):
        path = os.path.join(self.folder.name, name)
        if content is not None:
            with open(path, "wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def skep(self, *arguments, stdin=b"", status=0):
        """Runs the tool; whatever happens, it must not die of a signal."""
        if isinstance(stdin, str):
            stdin = stdin.encode()
        done = subprocess.run([TOOL, *arguments], input=stdin, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, status, (arguments, done.stderr.decode(errors="replace")[-2000:]))
        self.output, self.error = done.stdout, done.stderr.decode(errors="replace")
        return done.stdout.decode(errors="replace")

    def refused(self, *arguments, stdin=b"", says):
        """Exit status 1, and an error that names the subcommand and says these things."""
        output = self.skep(*arguments, stdin=stdin, status=1)
        self.assertTrue(self.error.startswith(f"skep {arguments[0]}: "), self.error)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, self.error)
        return output

    def misused(self, *arguments, says):
        self.skep(*arguments, status=2)
        self.assertIn(says, self.error)


class TopLevel(ToolTest):
    def test_version(self):
        self.assertRegex(self.skep("--version"), r"^skep \d+\.\d+\.\d+\n$")

    def test_help(self):
        text = self.skep("--help")
        for command in ("run", "map", "asm", "disasm", "dump", "plugin"):
            self.assertIn(f"  {command} ", text)
            help_text = self.skep("help", command)
            self.assertEqual(help_text, self.skep(command, "--help"))
            self.assertIn(f"Usage: skep {command}", help_text)
            self.assertIn("Example", help_text)
            self.assertIn("Exit status: 0 ok", help_text)
        self.assertEqual(self.skep("help"), text)

    def test_usage(self):
        self.skep(status=2)
        self.assertIn("Usage: skep COMMAND", self.error)
        self.misused("rum", says="there is no command 'rum'; did you mean 'run'?")
        self.misused("disassemble", says="did you mean 'disasm'?")
        self.misused("help", "rn", says="did you mean 'run'?")
        self.misused("frobnicate", says="there is no command 'frobnicate'")
        self.misused("help", "run", "asm", says="one command")
        for command in ("run", "map", "asm", "disasm", "dump"):
            self.misused(command, says="standard input")
            self.misused(command, "--frob", "x", says="unrecognized option")
            self.misused(command, "a", "b", says="'b' is the second")

    def test_man_page_has_every_option(self):
        with open("docs/skep.1", encoding="utf-8") as file:
            page = file.read()
        for command in ("run", "map", "asm", "disasm", "dump", "plugin"):
            for word in self.skep(command, "--help").split():
                if word.startswith("--") and len(word) > 3:
                    option = word.split("=")[0].strip("-,.;:()[]").replace("-", "\\-")
                    if option not in ("help", "usage"):
                        self.assertIn(option, page, f"{option} of {command} is not in docs/skep.1")


class Asm(ToolTest):
    def test_bytes(self):
        self.skep("asm", "-", stdin=SIX_TEXT)
        self.assertEqual(self.output, SIX_BYTES)
        self.skep("asm", "--dialect", "kernel", "-", stdin=SIX_KERNEL)
        self.assertEqual(self.output, SIX_BYTES)
        self.skep("asm", "--dialect=mnemonic", self.path("six.s", SIX_TEXT), "-o", "-")
        self.assertEqual(self.output, SIX_BYTES)

    def test_output_file(self):
        out = self.path("six.bin")
        self.assertEqual(self.skep("asm", "-", "-o", out, stdin=SIX_TEXT), "")
        with open(out, "rb") as file:
            self.assertEqual(file.read(), SIX_BYTES)

    def test_hex(self):
        self.assertEqual(self.skep("asm", "--hex", "-", stdin="mov64 r0, 42\nexit\n"),
                         "b7 00 00 00 2a 00 00 00\n95 00 00 00 00 00 00 00\n")

    def test_big_endian(self):
        self.assertEqual(self.skep("asm", "--hex", "--big-endian", "-", stdin="mov64 r1, 42\n"),
                         "b7 10 00 00 00 00 00 2a\n")

    def test_errors(self):
        text = self.path("bad.s", "mov64 r0, 1\n  frob r1\n")
        self.refused("asm", text, says=f"skep asm: {text}:2:3: ")
        self.refused("asm", "-", stdin="mov64 r0\n", says="standard input:1:")
        self.refused("asm", "--dialect", "kernel", "-", stdin="r1 += \n", says="standard input:")
        self.refused("asm", self.path("missing.s"), says="No such file or directory")
        self.refused("asm", self.folder.name, says="directory")
        self.refused("asm", "-", "-o", self.path("no/such/folder"), stdin="exit\n", says="No such file or directory")
        self.misused("asm", "--dialect", "intel", "-", says="'intel' is neither mnemonic nor kernel")

    def test_no_bytes_to_a_terminal(self):
        import pty
        main, terminal = pty.openpty()
        done = subprocess.run([TOOL, "asm", "-"], input=b"exit\n", stdout=terminal, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"terminal", done.stderr)
        done = subprocess.run([TOOL, "asm", "-", "--hex"], input=b"exit\n", stdout=terminal, timeout=60)
        self.assertEqual(done.returncode, 0)
        os.close(terminal)
        os.close(main)


class Disasm(ToolTest):
    def test_bytes(self):
        self.assertEqual(self.skep("disasm", "-", stdin=SIX_BYTES), SIX_TEXT)
        self.assertEqual(self.skep("disasm", "--dialect", "kernel", self.path("six.bin", SIX_BYTES)), SIX_KERNEL)
        self.assertEqual(self.skep("disasm", "--big-endian", "-", stdin=bytes.fromhex("b71000000000002a")),
                         "mov64 r1, 0x2a\n")

    def test_slots(self):
        code = bytes.fromhex("1801000001000000 0000000002000000 9500000000000000")
        self.assertEqual(self.skep("disasm", "--pc", "-", stdin=code),
                         "     0: lddw r1, 0x200000001\n     2: exit\n")

    def test_object(self):
        text = self.skep("disasm", OBJECTS + "calls.o")
        self.assertEqual([line for line in text.split("\n") if line.startswith("#")],
                         ["# one (section prog)", "# two (section prog)", "# three (section other)"])
        self.assertEqual(self.skep("disasm", OBJECTS + "calls.o", "--section", "other").split("\n")[1:4],
                         ["ldxb r1, [r1+0x1]", "callx 0x1", "exit"])
        self.assertIn("# two", self.skep("disasm", OBJECTS + "calls.o", "--program", "two"))
        self.assertNotIn("# one", self.output.decode())
        self.assertIn("ldxb r1, [r1+0x1]", self.skep("disasm", OBJECTS + "calls-be.o"))

    def test_text_assembles_again(self):
        text = self.skep("disasm", FILTER)
        self.skep("asm", "-", stdin=text)
        again = self.output
        self.assertEqual(self.skep("disasm", "-", stdin=again), "".join(text.splitlines(True)[1:]))

    def test_object_with_maps(self):
        """What can be shown is shown, what cannot is told."""
        text = self.refused("disasm", OBJECTS + "data.o", says=["packet_counts", "compile with -g"])
        self.assertIn("# plain (section xdp/plain)", text)
        self.refused("disasm", OBJECTS + "data.o", "--program", "uses_map", says="packet_counts")
        self.assertNotIn("seen", self.error)
        self.skep("disasm", OBJECTS + "data.o", "--program", "plain")

    def test_json(self):
        code = bytes.fromhex("7912500000000000 1801000088776655 0000000044332211 632afcff00000000 9500000000000000")
        data = json.loads(self.skep("disasm", "--json", "-", stdin=code))
        self.assertEqual(data["size"], 4)
        fields = [[i[key] for key in ("opc", "dst", "src", "off", "imm", "desc")] for i in data["insns"]]
        self.assertEqual(fields, [
            ["0x79", "0x2", "0x1", "0x50", "0x0", "ldxdw r2, [r1+0x50]"],
            ["0x18", "0x1", "0x0", "0x0", "0x1122334455667788", "lddw r1, 0x1122334455667788"],
            ["0x63", "0xa", "0x2", "0xfffc", "0x0", "stxw [r10-0x4], r2"],
            ["0x95", "0x0", "0x0", "0x0", "0x0", "exit"]])
        self.assertEqual([i["pc"] for i in data["insns"]], [0, 1, 3, 4])
        self.assertEqual(data["insns"][0]["kernel"], "r2 = *(u64 *)(r1 + 80)")
        self.assertEqual(data["insns"][0]["group"], "base64")
        data = json.loads(self.skep("disasm", "--json", OBJECTS + "calls.o"))
        self.assertEqual([p["name"] for p in data["programs"]], ["one", "two", "three"])
        self.assertEqual(data["programs"][2]["size"], 6)

    def test_errors(self):
        self.refused("disasm", "-", stdin=b"\xb7" * 7, says="standard input")
        self.refused("disasm", "-", stdin=b"\xff" * 8, says="instruction 0")
        self.refused("disasm", OBJECTS + "calls.o", "--program", "four", says=["'four'", "one (section prog)"])
        self.refused("disasm", "-", "--section", "x", stdin=SIX_BYTES, says="not an object")
        self.refused("disasm", self.path("missing.o"), says="No such file or directory")


class Native(ToolTest):
    """disasm --native. What is expected of the machine code is what any compiler of these programs has to write."""

    def setUp(self):
        super().setUp()
        done = subprocess.run([TOOL, "disasm", "--native", "-"], input=FORTY_TWO, capture_output=True)
        if b"not supported here" in done.stderr or b"needs Capstone" in done.stderr:
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.skipTest(done.stderr.decode())

    def native(self, *arguments, stdin=b""):
        """The listing as (heading, instructions)."""
        parts = []
        for line in self.skep("disasm", "--native", *arguments, stdin=stdin).splitlines():
            if line.startswith("        "):
                self.assertRegex(line, r"^ +[0-9a-f]+:  [a-z.]")
                parts[-1][1].append(line.split(":  ", 1)[1])
            else:
                parts.append((line, []))
        return parts

    def test_known_lines(self):
        text = "mov64 r0, 0x2a\nexit\n"
        parts = self.native("-", stdin=FORTY_TWO)
        self.assertEqual(parts, self.native("-", stdin=text))
        self.assertEqual(parts[0][0], "# entry")
        self.assertEqual(parts[0][1][0], "endbr64")
        code = dict(parts)
        self.assertTrue(any(line.endswith("eax, 0x2a") for line in code["     0: mov64 r0, 0x2a"]), parts)
        self.assertEqual(code["     1: exit"][-1], "ret")
        self.assertIn("     0: r0 = 42", dict(self.native("--dialect", "kernel", "-", stdin=FORTY_TWO)))

    def test_guards(self):
        """A checked access compares and has a way out; a trusted one is a load."""
        text = "ldxh r0, [r1+2]\nexit\n"
        heading = "     0: ldxh r0, [r1+0x2]"
        guarded = self.native("-", stdin=text)
        self.assertTrue(any(line.startswith("cmp ") for line in dict(guarded)[heading]), guarded)
        self.assertIn("#" + heading, dict(guarded))
        trusted = self.native("-", "--policy", "trusted", stdin=text)
        self.assertEqual(dict(trusted)[heading], ["movzx eax, word ptr [rdi + 2]"])
        self.assertNotIn("#" + heading, dict(trusted))

    def test_every_instruction_is_shown_once(self):
        """Those without code, too; here a jump to the next instruction, and one that nobody reaches."""
        text = "mov64 r0, 1\nja +0\nja +1\nmov64 r0, 9\nexit\n"
        headings = [heading for heading, _ in self.native("-", stdin=text) if not heading.startswith("#")]
        self.assertEqual([heading.split(":")[0].strip() for heading in headings], ["0", "1", "2", "3", "4"])
        shown = self.skep("disasm", "--native", FILTER, "--dialect", "kernel").splitlines()
        plain = self.skep("disasm", "--pc", FILTER, "--dialect", "kernel").splitlines()
        self.assertEqual([line for line in shown if line[0] == " " and line[:7].strip()], plain[1:])

    def test_json(self):
        data = json.loads(self.skep("disasm", "--native", "--json", FILTER))["programs"][0]
        self.assertEqual(data["native_target"], "x86-64")
        pieces = data["native_shared"] + [piece for insn in data["insns"] for piece in insn["native"]]
        pieces.sort(key=lambda piece: piece["offset"])
        at = 0
        for piece in pieces:  # together they are the code, each byte once
            self.assertEqual(piece["offset"], at)
            at += len(piece["bytes"]) // 2
            self.assertTrue(piece["text"])
        self.assertEqual(at, data["native_size"])
        self.assertEqual((pieces[0]["bytes"], pieces[0]["text"]), ("f30f1efa", "endbr64"))  # SDM volume 2, ENDBR64

    def test_errors(self):
        self.refused("disasm", "--native", "-", stdin="mov64 r0, 1\n", says="instruction 0")
        self.refused("disasm", "--native", "-", stdin="mov64 r0\n", says="standard input:1:")
        self.refused("disasm", "--native", "--json", "-", stdin="mov64 r0, 1\n", says="instruction 0")
        self.refused("disasm", "--native", "--policy", "strict", "-", stdin=FORTY_TWO, says="not")
        self.misused("disasm", "--policy", "trusted", "-", says="for --native")
        self.misused("disasm", "--native", "--kind", "xpd", "-", says="none, raw, mbuff, fixed")


class Run(ToolTest):
    def test_what_a_file_is(self):
        self.assertEqual(self.skep("run", self.path("a", FORTY_TWO)), "42 (0x2a)\n")
        self.assertEqual(self.skep("run", self.path("b", "mov64 r0, 42\nexit\n")), "42 (0x2a)\n")
        self.assertEqual(self.skep("run", "-", stdin="mov64 r0, -1\nexit\n"),
                         "18446744073709551615 (0xffffffffffffffff)\n")
        self.assertEqual(self.skep("run", "-", "--dialect", "kernel", stdin="r0 = 42\nexit\n"), "42 (0x2a)\n")
        self.assertEqual(self.skep("run", OBJECTS + "bare.o", "--mem", "29"), "42 (0x2a)\n")
        with open(OBJECTS + "bare.o", "rb") as file:
            self.assertEqual(self.skep("run", "-", "--mem", "29", stdin=file.read()), "42 (0x2a)\n")
        self.skep("run", "-", "--big-endian", stdin=bytes.fromhex("b70000000000002a 9500000000000000"))
        self.assertEqual(self.output, b"42 (0x2a)\n")

    def test_programs_of_an_object(self):
        packet = "0a 14 1e"  # one: 2 * 10 + (20 + 7) + 3 * 30; three: 3 * 20
        self.assertEqual(self.skep("run", OBJECTS + "calls.o", "--program", "one", "--mem", packet), "137 (0x89)\n")
        self.assertEqual(self.skep("run", OBJECTS + "calls-be.o", "--program", "one", "--mem", packet), "137 (0x89)\n")
        self.assertEqual(self.skep("run", OBJECTS + "calls.o", "--section", "other", "--mem", packet), "60 (0x3c)\n")
        self.refused("run", OBJECTS + "calls.o", says="several programs to choose from: one (section prog)")
        self.refused("run", OBJECTS + "calls.o", "--program", "x", says="there is: one")
        self.refused("run", OBJECTS + "data.o", "--program", "uses_map",
                     says=["packet_counts", "compile with -g"])
        self.assertEqual(self.skep("run", OBJECTS + "data.o", "--program", "plain", "--mem", "29", "--kind", "raw"),
                         "42 (0x2a)\n")

    def test_maps_and_data_of_an_object(self):
        for engine in "interp", "auto":
            run = ("run", OBJECTS + "state.o", "--engine", engine, "--program")
            self.assertEqual(self.skep(*run, "count", "--mem", "02"), "2 (0x2)\n")
            self.assertIn("2 runs of", self.skep(*run, "count", "--mem", "02", "--repeat", "2"))
            self.assertEqual(self.skep(*run, "data", "--mem", "01"), "%d (0x%x)\n" % ((15 << 4) + 20, (15 << 4) + 20))
            self.refused(*run, "rodata", says="write")
            self.refused(*run, "hz", says="CONFIG_HZ")

    def test_kinds(self):
        length = "mov64 r0, r2\nexit\n"
        byte_2 = "ldxb r0, [r1+2]\nexit\n"
        self.assertEqual(self.skep("run", "-", stdin="mov64 r0, r1\nexit\n"), "0 (0x0)\n")
        self.assertEqual(self.skep("run", "-", "--mem", "aa bb 11 cc dd", stdin=length), "5 (0x5)\n")
        self.assertEqual(self.skep("run", "-", "--mem", "aabb11ccdd", stdin=byte_2), "17 (0x11)\n")
        self.assertEqual(self.skep("run", "-", "--mem", self.path("mem", b"\0\0\x11"), stdin=byte_2), "17 (0x11)\n")
        self.assertEqual(self.skep("run", "-", "--mem", "", stdin=length), "0 (0x0)\n")
        self.assertEqual(self.skep("run", self.path("a.s", byte_2), "--mem", "-", stdin=b"\0\0\x11"), "17 (0x11)\n")
        self.assertEqual(self.skep("run", "-", "--mbuff", "00 00 11", stdin=byte_2), "17 (0x11)\n")
        through_buffer = "ldxdw r2, [r1+0x10]\nldxdw r1, [r1+0x8]\nsub64 r2, r1\nldxb r0, [r1+2]\nlsh64 r2, 8\n" \
                         "or64 r0, r2\nexit\n"
        offsets = ["--data-offset", "8", "--data-end-offset", "0x10"]
        self.assertEqual(self.skep("run", "-", *offsets, "--mem", "aabb11", stdin=through_buffer), "785 (0x311)\n")
        self.assertEqual(self.skep("run", "-", *offsets, "--mem", "aabb11", "--mbuff", "00" * 24,
                                   stdin=through_buffer), "785 (0x311)\n")
        self.refused("run", "-", *offsets, "--mem", "aabb11", "--mbuff", "00" * 23, stdin=through_buffer,
                     says="too few")

    def test_port_blocker(self):
        """The packet of the example, from port 0x9999 and from another."""
        packet = ("0123456789ab fedcba987654 0800 4500003ba6ab40004006960f7f0000017f000001 %s c6cc d1e5c49d d430b5d2"
                  "80180156 fe2f0000 0101080a 00237589 0023632d 71647366 64660a")
        offsets = ["--data-offset", "0x40", "--data-end-offset", "0x50"]
        self.assertEqual(self.skep("run", BLOCK_PORT, *offsets, "--mem", packet % "9999"), "4294967295 (0xffffffff)\n")
        self.assertEqual(self.skep("run", BLOCK_PORT, *offsets, "--mem", packet % "9876"), "0 (0x0)\n")

    def test_helpers(self):
        self.assertEqual(self.skep("run", "-", stdin="mov64 r1, 0x11\nmov64 r2, 0x22\nmov64 r3, 0x33\nmov64 r4, 0x44\n"
                                                     "mov64 r5, 0x55\ncall 0\nexit\n"), "73588229205 (0x1122334455)\n")
        self.assertEqual(self.skep("run", "-", stdin="mov64 r1, 82\ncall 3\nexit\n"), "9 (0x9)\n")
        self.assertNotEqual(self.skep("run", "-", stdin="call 5\nexit\n"), "0 (0x0)\n")

    def test_failing_runs(self):
        self.refused("run", "-", "--mem", "00", stdin="mov64 r0, 0\nldxb r0, [r1+1]\nexit\n",
                     says=["standard input", "instruction 1", "0x"])
        self.refused("run", "-", "--budget", "1000", stdin="add64 r0, 1\nja -2\nexit\n", says="budget")
        self.refused("run", "-", stdin="call 77\nexit\n", says=["instruction 0", "77"])
        self.refused("run", "-", stdin="mov64 r10, 1\nexit\n", says="instruction 0")
        self.refused("run", "-", stdin="mov64 r0, 1\n", says="instruction 0")
        self.refused("run", "-", stdin=b"\0" * 9, says="standard input")
        self.refused("run", self.path("empty", b""), says="empty")
        self.refused("run", "-", "--policy", "strict", stdin="exit\n", says="not")
        data = json.loads(self.refused("run", "-", "--json", "--mem", "00", stdin="ldxw r0, [r1+0]\nexit\n",
                                       says="instruction 0"))
        self.assertEqual(data["error"]["name"], "invalid memory access")
        self.assertEqual(data["error"]["pc"], 0)
        data = json.loads(self.refused("run", "-", "--json", stdin="mov64 r0\n", says="standard input:1:"))
        self.assertEqual(data["error"]["line"], 1)

    def test_json(self):
        data = json.loads(self.skep("run", OBJECTS + "bare.o", "--mem", "29", "--json"))
        self.assertEqual(data["result"], "0x2a")
        self.assertEqual(data["instructions"], 4)
        self.assertEqual(data["program"]["section"], ".classifier")

    def test_repeat(self):
        """Each run gets the memory as given, although this program changes it."""
        program = "ldxb r0, [r1+0]\nadd64 r0, 1\nstxb [r1+0], r0\nexit\n"
        text = self.skep("run", "-", "--mem", "29", "--repeat", "1000", stdin=program)
        self.assertTrue(text.startswith("42 (0x2a)\n1000 runs of 4 instructions, "), text)

    def test_engines(self):
        """Both engines run the same; each report names the one that did."""
        best = "jit" if has_machine_code() else "interp"
        add = self.path("add.s", "ldxb r0, [r1+0]\nadd64 r0, 1\nstxb [r1+0], r0\nexit\n")
        for engine in {best, "interp"}:
            data = json.loads(self.skep("run", add, "--mem", "29", "--engine", engine, "--repeat", "3", "--json"))
            self.assertEqual((data["result"], data["instructions"], data["engine"]), ("0x2a", 4, engine))
            fault = ["run", "-", "--mem", "00", "--engine", engine]
            self.refused(*fault, stdin="mov64 r0, 0\nldxb r0, [r1+1]\nexit\n",
                         says=["instruction 1", "offset 1 of the packet"])
            self.refused(*fault, "--budget", "999", stdin="add64 r0, 1\nja -2\nexit\n", says="budget of 999")
            self.refused(*fault, stdin="call 77\nexit\n", says=["instruction 0", "77"])
            text = self.skep("run", add, "--mem", "29", "--engine", engine, "--repeat", "2")
            self.assertRegex(text, rf"^42 \(0x2a\)\n2 runs of 4 instructions, .* ns each \({engine}\)\n$")
        self.assertEqual(self.skep("run", add, "--mem", "29", "--blind"), "42 (0x2a)\n")
        # Left to choose, the tool takes machine code where it pays.
        self.assertEqual(json.loads(self.skep("run", add, "--mem", "29", "--json"))["engine"], "interp")
        for more in (["--repeat", "2"], ["--stats"]):
            self.assertEqual(json.loads(self.skep("run", add, "--mem", "29", "--json", *more))["engine"], best)

    def test_without_machine_code(self):
        if has_machine_code():
            self.skipTest("there is machine code here")
        self.refused("run", "-", "--engine", "jit", stdin="exit\n", says="not supported here")
        self.refused("plugin", "--engine", "jit", stdin="9500000000000000", says="not supported here")
        self.assertIn("no machine code\n", self.skep("run", "-", "--stats", stdin="exit\n"))
        self.assertIsNone(json.loads(self.skep("run", "-", "--stats", "--json", stdin="exit\n"))["machine_code"])

    def test_stats(self):
        if not has_machine_code():
            self.skipTest("no machine code here")
        # Two accesses: the packet's, which must be checked, and one of the frame, which cannot go wrong.
        program = "ldxb r0, [r1+0]\nstxdw [r10-8], r0\nexit\n"
        lines = self.skep("run", "-", "--mem", "29", "--stats", stdin=program).splitlines()
        self.assertEqual(lines[0], "41 (0x29)")
        self.assertRegex(lines[1], r"^\d+ bytes of machine code for 3 instructions; 2 accesses, 1 guards$")
        self.assertRegex(lines[2], r"^compiled in \d+\.\d us: build \d+\.\d, .*emit \d+\.\d$")
        trusted = ["--mem", "29", "--stats", "--json", "--policy", "trusted"]
        stats = json.loads(self.skep("run", "-", *trusted, stdin=program))["machine_code"]
        self.assertEqual((stats["instructions"], stats["accesses"], stats["guards"]), (3, 2, 0))
        self.assertGreater(stats["bytes"], 0)
        self.assertIn("emit", stats["pass_ns"])
        self.assertIn(" bytes of machine code for ", self.skep("run", FILTER, "--pcap", CAPTURE, "--stats"))

    def test_verbose_describes_the_machine(self):
        self.skep("run", "-", "-v", stdin="mov64 r0, 1\nexit\n")
        self.assertEqual(self.output, b"1 (0x1)\n")
        self.assertIn("guarded", self.error.lower())

    def test_options_that_do_not_go_together(self):
        self.misused("run", "-", "--kind", "xpd", says="none, raw, mbuff, fixed")
        self.misused("run", "-", "--kind", "none", "--mem", "00", says="takes no --mem")
        self.misused("run", "-", "--kind", "mbuff", says="go together")
        self.misused("run", "-", "--kind", "raw", "--mbuff", "00", says="go together")
        self.misused("run", "-", "--kind", "raw", "--data-offset", "8", says="metadata")
        self.misused("run", "-", "--mem", "00", "--pcap", CAPTURE, says="--mem and --pcap")
        self.misused("run", "-", "--write", "x", says="needs --pcap")
        self.misused("run", FILTER, "--pcap", CAPTURE, "--write", "-", says="--write")
        self.misused("run", "-", "--pcap", "-", says="only one of program")
        self.misused("run", "-", "--mem", "-", says="only one of program")
        self.misused("run", "-", "--policy", "lax", says="guarded, trusted, strict")
        self.misused("run", "-", "--engine", "fast", says="interp, jit, auto")
        self.misused("run", "-", "--engine", "interp", "--stats", says="--stats")
        self.misused("run", "-", "--engine", "interp", "--blind", says="--blind")
        self.misused("run", "-", "--budget", "many", says="--budget")
        self.misused("run", "-", "--budget", "-1", says="--budget")
        self.misused("run", "-", "--repeat", "0", says="--repeat")
        self.misused("run", "-", "--data-offset", "0x", says="--data-offset")

    def test_control_characters_do_not_reach_the_terminal(self):
        self.refused("run", OBJECTS + "calls.o", "--program", "\x1b[31m", says="'?[31m'")
        self.assertNotIn("\x1b", self.error)
        self.refused("asm", "-", stdin=b"mov64 r0, \xc2\x9b31m\n", says="standard input:1:")
        self.assertNotIn("\x9b", self.error)


class LinuxTypes(ToolTest):
    """Objects whose sections say what they are for. Verdicts' names and numbers: include/uapi/linux/bpf.h, pkt_cls.h."""

    def verdicts(self, *arguments):
        data = json.loads(self.skep("run", TYPED, *arguments, "--pcap", CAPTURE, "--json"))
        return {(int(v["verdict"], 16), v.get("name")): v["packets"] for v in data["verdicts"]}

    def test_verdicts(self):
        c = counts()
        for engine in "interp", "auto":
            self.assertEqual(self.verdicts("--section", "xdp", "--engine", engine), {(2, "XDP_PASS"): c["total"]})
            self.assertEqual(self.verdicts("--section", "tc", "--engine", engine),
                             {(2, "TC_ACT_SHOT"): c["arp"], (0xffffffff, "TC_ACT_UNSPEC"): c["longer_than_1000"],
                              (0, "TC_ACT_OK"): c["total"] - c["arp"] - c["longer_than_1000"]})
        self.assertIn("2 (0x2) TC_ACT_SHOT", self.skep("run", TYPED, "--section", "tc", "--pcap", CAPTURE))

    def test_cgroup_programs_begin_with_the_network_header(self):
        longer = sum(len(data) - 14 > 1000 for _, _, data in read_capture(CAPTURE))
        self.assertEqual(self.verdicts("--section", "cgroup_skb/ingress"),
                         {(1, None): longer, (0, None): counts()["total"] - longer})

    def test_write_keeps_what_passes(self):
        out = self.path("out.pcap")
        self.skep("run", TYPED, "--section", "tc", "--pcap", CAPTURE, "--write", out)
        self.assertEqual(read_capture(out), [p for p in read_capture(CAPTURE) if p[2][12:14] != b"\x08\x06"])

    def test_packets_that_grow(self):
        """A tag put in by the program; the capture has the longer packets."""
        out = self.path("out.pcap")
        self.assertEqual(self.verdicts("--section", "xdp/push", "--write", out), {(3, "XDP_TX"): counts()["total"]})
        self.assertEqual([data for _, _, data in read_capture(out)],
                         [data[:12] + bytes.fromhex("81000007") + data[12:] for _, _, data in read_capture(CAPTURE)])

    def test_one_packet(self):
        self.assertEqual(self.skep("run", TYPED, "--program", "count", "--mem", "00" * 60), "2 (0x2) XDP_PASS\n")
        self.assertEqual(self.skep("run", TYPED, "--program", "count", "--mem", "00" * 13), "0 (0x0) XDP_ABORTED\n")
        data = json.loads(self.skep("run", TYPED, "--program", "count", "--mem", "00" * 60, "--json", "--repeat", "3"))
        self.assertEqual((data["result"], data["verdict"]), ("0x2", "XDP_PASS"))
        # Its first two reads are of len and pkt_type then: no room for a header.
        self.assertEqual(self.skep("run", TYPED, "--program", "count", "--mem", "00" * 60, "--kind", "sched_cls"),
                         "0 (0x0) TC_ACT_OK\n")

    def test_ctx(self):
        """rdi is the fifteenth register of x86-64's pt_regs."""
        registers = "00" * 112 + "2a" + "00" * 55
        self.assertEqual(self.skep("run", TYPED, "--program", "argument", "--ctx", registers), "42 (0x2a)\n")
        self.assertEqual(self.skep("run", TYPED, "--program", "argument"), "0 (0x0)\n")
        self.refused("run", TYPED, "--program", "argument", "--ctx", "00" * 3, says="168")
        self.misused("run", TYPED, "--program", "argument", "--mem", "00", says="--ctx")
        self.misused("run", FILTER, "--ctx", "00", says="--ctx")
        self.misused("run", "-", "--ctx", "00", "--mbuff", "00", says="--ctx")

    def maps(self, *arguments, program="count"):
        return json.loads(self.skep("map", TYPED, "--program", program, *arguments, "--json"))["maps"]

    def test_maps_after_a_capture(self):
        """Packets by EtherType, as tcpdump counts them; values by their types."""
        c = counts()
        maps = self.maps("--pcap", CAPTURE, "--cpus", "3", "--set", "color=RED")
        self.assertEqual(set(maps), {"flows", "lengths", "plain"})
        entries = {e["key"]["protocol"]: e for e in maps["flows"]["entries"]}
        self.assertEqual({protocol: e["value"]["packets"] for protocol, e in entries.items()},
                         {0x800: c["ipv4"], 0x86dd: c["ipv6"], 0x806: c["arp"], 0x8100: c["vlan"]})
        self.assertEqual(entries[0x800], {
            "key": {"protocol": 0x800, "pad": [0, 0], "color": "RED"},
            "value": {"packets": c["ipv4"], "inner": {"least": -1, "bytes": [1, 2, 255]}, "name": "packet",
                      "first": 0x10002, "second": 2, "low": 5, "high": 17, "seen": True, "pointer": "0x0"}})
        values = maps["lengths"]["entries"][0]["values"]
        self.assertEqual((len(values), sum(values)), (3, sum(len(data) for _, _, data in read_capture(CAPTURE))))
        self.assertEqual(maps["plain"], {"type": "array", "entries": [{"key": "00000000", "value": "0000"},
                                                                      {"key": "01000000", "value": "0000"}]})
        text = self.skep("map", TYPED, "--program", "count", "--pcap", CAPTURE, "--map", "flows")
        self.assertTrue(text.startswith("map flows (hash): 4 entries\n  {\"protocol\": "), text)
        self.assertEqual(len(text.splitlines()), 5)
        self.assertIn("XDP_PASS", self.skep("run", TYPED, "--program", "count", "--pcap", CAPTURE, "--maps"))
        self.assertIn("map flows (hash): 4 entries\n", self.output.decode())

    def test_globals(self):
        run = ("run", TYPED, "--program", "count", "--mem", "00" * 60)
        text = self.skep(*run, "--set", "limit=-0x80000000", "--set", "label=ab", "--set", "raw=0a0b0cff", "--set", "color=RED",
                         "--globals")
        for line in ("limit = -2147483648", "label = \"ab\"", "raw = [10, 11, 12, 255]", "color = \"RED\"", "total = 1",
                     "answer = 42", "tell = false"):
            self.assertIn(line + "\n", text)
        for most in ("0xffffffffffffffff", "18446744073709551615", "01777777777777777777777", "0b" + "1" * 64):
            data = json.loads(self.skep("run", TYPED, "--program", "clocks", "--set", "total=" + most, "--get", "total", "--json"))
            self.assertEqual(data["globals"], {"total": "18446744073709551615"})
        data = json.loads(self.skep("run", TYPED, "--program", "count", "--pcap", CAPTURE, "--get", "total", "--json",
                                    "--set", "drop=1"))
        self.assertEqual(data["globals"], {"total": counts()["total"]})
        self.assertEqual({v["name"]: v["packets"] for v in data["verdicts"]},
                         {"XDP_DROP": counts()["ipv6"], "XDP_PASS": counts()["total"] - counts()["ipv6"]})
        for bad, says in (("limit=2147483648", "does not fit"), ("limit=-2147483649", "does not fit"), ("limit=x", "no value"),
                          ("limit=", "no value"), ("label=123456789", "room for 8"), ("raw=0a0b", "8 hex digits"),
                          ("raw=0a0b0cxx", "hex digits"), ("color=BLUE", "no value"), ("tell=2", "does not fit"),
                          ("drop=256", "does not fit"), ("drop=-1", "does not fit"), ("total=18446744073709551616", "no value"),
                          ("nope=1", "no global variable 'nope'")):
            self.refused(*run, "--set", bad, says=says)
        self.refused(*run, "--get", "nope", says="no global variable 'nope'")
        self.refused(*run, "--map", "nope", says="no map 'nope'")
        self.refused("run", "-", "--maps", stdin="exit\n", says="not an object")
        self.misused(*run, "--set", "limit", says="NAME=VALUE")
        self.misused(*run, "--set", "=1", says="NAME=VALUE")
        self.misused(*run, *["--get", "limit"] * 257, says="more than 256")

    def test_what_programs_print(self):
        run = ("run", TYPED, "--program", "count", "--mem", "00" * 12 + "0800" + "00" * 46, "--set", "tell=true")
        self.skep(*run)
        self.assertIn("protocol 800", self.error)
        log = self.path("log")
        self.skep(*run, "--trace-log", log)
        self.assertEqual(self.error, "")
        with open(log, encoding="utf-8") as file:
            self.assertIn("protocol 800", file.read())

    def test_repeatable(self):
        run = ("run", TYPED, "--program", "clocks", "--time", "5", "--random")
        self.assertEqual(self.skep(*run, "1"), self.skep(*run, "1"))
        self.assertNotEqual(self.skep(*run, "1"), self.skep(*run, "2"))
        self.misused(*run, "x", says="--random")
        self.misused("run", TYPED, "--cpus", "0", says="--cpus")
        self.misused("run", TYPED, "--cpus", "1025", says="--cpus")

    def test_types_of_a_kernel(self):
        self.refused("run", TYPED, "--program", "clocks", "--btf", self.path("no"), says="No such file")
        self.refused("run", TYPED, "--program", "clocks", "--trace-log", self.path("no/such"), says="No such file")


class Dump(ToolTest):
    """What tests/data/objects/typed.c says."""

    def test_report(self):
        data = json.loads(self.skep("dump", TYPED, "--json"))
        self.assertEqual(data["license"], "Dual MIT/GPL")
        self.assertEqual([(p["name"], p["section"], p["type"], p["attach"]) for p in data["programs"]],
                         [("count", "xdp", "xdp", ""), ("push", "xdp/push", "xdp", "push"),
                          ("classify", "tc", "sched_cls", ""), ("version", "cgroup_skb/ingress", "cgroup_skb", "ingress"),
                          ("argument", "kprobe/do_something", "kprobe", "do_something"),
                          ("clocks", "socket", "socket_filter", "")])
        self.assertEqual({m["name"]: (m["type"], m["key"], m["key_size"], m["value"], m["value_size"], m["max_entries"])
                          for m in data["maps"]},
                         {"flows": ("hash", "struct key", 8, "struct value", 48, 16),
                          "lengths": ("percpu_array", "u32", 4, "u64", 8, 1), "plain": ("array", None, 4, None, 2, 2)})
        variables = {g["name"]: g for g in data["globals"]}
        self.assertEqual(variables["limit"], {"name": "limit", "section": ".data", "declaration": "int limit", "size": 4,
                                              "constant": False, "value": -7})
        self.assertTrue(variables["answer"]["constant"])
        self.assertEqual((variables["answer"]["value"], variables["color"]["value"]), (42, "GREEN"))
        self.assertIn("flows", [r["asks"] for r in data["relocations"] if r["section"] == "xdp"])
        text = self.skep("dump", TYPED)
        self.assertIn("map flows: hash, key struct key (8 bytes), value struct value (48 bytes), 16 entries, flags 0x0\n", text)

    def test_core(self):
        self.assertIn("CO-RE: byte offset of struct sample.a\n", self.skep("dump", OBJECTS + "core.o"))

    def test_types(self):
        self.assertEqual(self.skep("dump", TYPED, "--types=key"),
                         "struct key {\n    u16 protocol;\n    u8 pad[2];\n    enum color color;\n};\n")
        self.assertIn("enum color {\n    RED = 0,\n    GREEN = 5,\n};\n", self.skep("dump", TYPED, "--types"))
        self.refused("dump", TYPED, "--types=nope", says="no type 'nope'")
        self.refused("dump", FILTER, "--types", says="no types")

    def test_lines(self):
        text = self.skep("dump", TYPED, "--lines", "--program", "classify")
        self.assertTrue(text.startswith("# classify (section tc)\n; "), text)
        self.assertRegex(text, r"; .*typed.c:\d+: return skb->protocol == 0x0608")
        self.assertEqual(sum(line.startswith(" ") for line in text.splitlines()), 8)
        self.refused("dump", TYPED, "--lines", "--program", "nope", says="no program named nope")

    def test_hostile(self):
        with open(TYPED, "rb") as file:
            whole = file.read()
        self.refused("dump", "-", stdin=b"", says="standard input")
        for size in range(0, len(whole), 997):
            for mode in ([], ["--types"], ["--lines"], ["--json"]):
                done = subprocess.run([TOOL, "dump", "-", *mode], input=whole[:size], capture_output=True, timeout=60)
                self.assertIn(done.returncode, (0, 1), (size, mode))
        self.misused("dump", TYPED, "--program", "x", says="--lines")
        self.misused("dump", TYPED, "--json", "--lines", says="one of")


class Captures(ToolTest):
    def verdicts(self, *arguments, status=0):
        data = json.loads(self.skep("run", *arguments, "--json", status=status))
        return data, {int(v["verdict"], 16): v["packets"] for v in data["verdicts"]}

    def expected_of_filter(self):
        """See examples/filter/README.md for why these rows are comparable."""
        c = counts()
        expected = {
            0: c["ethertype_other"],
            1: c["tcp_port_80"],
            2: c["port_53"],
            3: c["tcp_port_22"],
            4: c["icmp"] + c["icmp6"] + c["ipv6_hop_by_hop"],
            5: c["arp"],
            6: c["tcp"] - c["tcp_port_80"] - c["tcp_port_22"] - c["tcp_port_53"],
            7: c["udp"] - c["udp_port_53"],
            17: c["vlan_tcp_port_80"],
            18: c["vlan_udp"],
            20: c["vlan"] - c["vlan_arp"] - c["vlan_tcp"] - c["vlan_udp"],
            21: c["vlan_arp"],
        }
        return {verdict: n for verdict, n in expected.items() if n}

    def test_filter_counts_as_tcpdump_does(self):
        c = counts()
        data, got = self.verdicts(FILTER, "--section", "filter", "--pcap", CAPTURE)
        self.assertEqual(got, self.expected_of_filter())
        self.assertEqual(data["packets"], c["total"])
        self.assertEqual(sum(got.values()), c["total"])
        self.assertEqual(data["bytes"], sum(len(p[2]) for p in read_capture(CAPTURE)))
        self.assertEqual(sum(v["bytes"] for v in data["verdicts"]), data["bytes"])
        self.assertAlmostEqual(sum(v["percent"] for v in data["verdicts"]), 100)
        self.assertEqual((data["errors"], data["complete"]), ([], True))

    @unittest.skipUnless(os.environ.get("SKEP_CLANG"), "there is no clang that knows -target bpf (SKEP_CLANG)")
    def test_filter_compiled_now(self):
        """Objects are what their sources say; the filter reads bytes, so byte order makes no difference."""
        out = self.path("now.o")
        for flags in (["-O2"], ["-O2", "-g", "-mcpu=v2"], ["-O1", "-mcpu=v3"], ["-O2", "-mcpu=v4"],
                      ["-O2", "-target", "bpfeb"]):
            clang = [os.environ["SKEP_CLANG"], "-target", "bpf", *flags, "-c"]
            done = subprocess.run([*clang, "examples/filter/filter.c", "-o", out], capture_output=True)
            if done.returncode and flags == ["-O2", "-mcpu=v4"]:
                continue  # an older clang
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(self.verdicts(out, "--pcap", CAPTURE)[1], self.expected_of_filter(), flags)
        subprocess.run([os.environ["SKEP_CLANG"], "-target", "bpf", "-O2", "-c", "examples/bpf/block_port.c",
                        "-o", out], check=True)
        offsets = ["--data-offset", "0x40", "--data-end-offset", "0x50"]
        self.assertEqual(self.verdicts(out, *offsets, "--pcap", CAPTURE)[1], {0: counts()["total"]})
        packet = "00" * 12 + "0800" + "00" * 9 + "06" + "00" * 10 + "0050" + "%s" + "00" * 16
        self.assertEqual(self.skep("run", out, *offsets, "--mem", packet % "9999"), "4294967295 (0xffffffff)\n")
        self.assertEqual(self.skep("run", out, *offsets, "--mem", packet % "9998"), "0 (0x0)\n")

    def test_other_kinds_count_the_same(self):
        c = counts()
        by_length = "mov64 r0, 1\njgt r2, 1000, +1\nmov64 r0, 0\nexit\n"
        _, got = self.verdicts(self.path("len.s", by_length), "--pcap", CAPTURE)
        self.assertEqual(got[1], c["longer_than_1000"])
        through_buffer = "ldxdw r2, [r1+8]\nldxdw r1, [r1+0]\nsub64 r2, r1\n" + by_length
        path = self.path("fixed.s", through_buffer)
        self.assertEqual(self.verdicts(path, "--kind", "fixed", "--pcap", CAPTURE)[1], got)
        self.assertEqual(self.verdicts(path, "--mbuff", "00" * 16, "--data-offset", "0", "--data-end-offset", "8",
                                       "--pcap", CAPTURE)[1], got)
        self.assertEqual(self.verdicts(path, "--kind", "fixed", "--policy", "trusted", "--pcap", CAPTURE)[1], got)

    def test_engines_count_the_same(self):
        """Verdicts, failures and the packets as they were left, in both engines."""
        best = "jit" if has_machine_code() else "interp"
        far = self.path("far.s", "stb [r1+0], 1\nldxb r0, [r1+59]\nexit\n")
        for program, options, status in ((FILTER, ["--section", "filter"], 0), (far, [], 1),
                                         (far, ["--kind", "raw", "--repeat", "3"], 1),
                                         (BLOCK_PORT, ["--data-offset", "0x40", "--data-end-offset", "0x50"], 0)):
            reports = {}
            for engine in ("interp", best, "auto"):
                out = self.path("out.pcap")
                data, got = self.verdicts(program, *options, "--pcap", CAPTURE, "--engine", engine, "--write", out,
                                          status=status)
                self.assertEqual(data["engine"], best if engine == "auto" else engine)
                for error in data["errors"]:  # addresses differ from one process to the next
                    del error["error"]["address"], error["error"]["message"]
                reports[engine] = got, data["errors"], read_capture(out)
            self.assertEqual(reports[best], reports["interp"])
            self.assertEqual(reports["auto"], reports["interp"])

    def test_table(self):
        c = counts()
        text = self.skep("run", FILTER, "--section", "filter", "--pcap", CAPTURE)
        lines = text.splitlines()
        self.assertRegex(lines[0], r"^verdict +packets +bytes +percent$")
        self.assertRegex(lines[1], rf"^1 \(0x1\) +{c['tcp_port_80']} +\d+ +28\.76%$")
        self.assertRegex(lines[-2], rf"^total +{c['total']} +\d+$")
        self.assertRegex(lines[-1], r"^\d+ packets per second \((jit|interp)\)$")
        with open(CAPTURE, "rb") as file:
            piped = self.skep("run", FILTER, "--pcap", "-", stdin=file.read())
        self.assertEqual(piped.splitlines()[:-1], lines[:-1])

    def test_verdict_of_each_packet(self):
        packets = read_capture(CAPTURE)
        path = self.path("first.s", "ldxb r0, [r1+0]\nexit\n")
        lines = self.skep("run", path, "--pcap", CAPTURE, "-v").splitlines()
        for i, (seconds, microseconds, data) in enumerate(packets):
            self.assertEqual(lines[i].split(), [str(i + 1), f"{seconds}.{microseconds:06}", str(len(data)),
                                                str(data[0]), f"({data[0]:#x})"])
        data = json.loads(self.skep("run", path, "--pcap", CAPTURE, "-v", "--json"))
        self.assertEqual([int(p["verdict"], 16) for p in data["list"]], [p[2][0] for p in packets])

    def test_written_capture(self):
        """The packets whose verdict is not 0, as the program left them: this one changes their first byte."""
        kept = [p for p in read_capture(CAPTURE) if len(p[2]) > 1000]
        out = self.path("out.pcap")
        text = self.skep("run", self.path("keep.s", "mov64 r0, 0\njle r2, 1000, +2\nstb [r1+0], 0x77\nmov64 r0, 1\n"
                                                    "exit\n"), "--pcap", CAPTURE, "--write", out)
        self.assertEqual(len(kept), counts()["longer_than_1000"])
        self.assertIn(f"{len(kept)} packets written", text)
        self.assertEqual(read_capture(out), [(s, u, b"\x77" + data[1:]) for s, u, data in kept])

    def test_failing_packets(self):
        """Packets too short for the read fail; they are counted, the others are not in their way."""
        packets = read_capture(CAPTURE)
        short = [i for i, p in enumerate(packets) if len(p[2]) < 60]
        self.assertEqual(len(short), counts()["shorter_than_60"])
        path = self.path("far.s", "mov64 r0, 7\nldxb r1, [r1+59]\nexit\n")
        data, got = self.verdicts(path, "--pcap", CAPTURE, status=1)
        self.assertEqual(got, {7: len(packets) - len(short)})
        self.assertEqual(len(data["errors"]), 1)
        self.assertEqual(data["errors"][0]["packets"], len(short))
        self.assertEqual(data["errors"][0]["first_packet"], short[0] + 1)
        self.assertEqual(data["errors"][0]["error"]["pc"], 1)
        self.assertIn(f"packet {short[0] + 1}: ", self.error)
        text = self.skep("run", path, "--pcap", CAPTURE, status=1)
        self.assertRegex(text, rf"error: invalid memory access +{len(short)} ")

    def test_many_verdicts(self):
        """As many different verdicts as packets: the table is cut, JSON is whole."""
        total = counts()["total"]
        lines = ["ldxw r3, [r1+%d]\nxor64 r0, r3\nmul64 r0, 31" % at for at in range(0, 40, 4)]
        path = self.path("hash.s", "mov64 r0, r2\n" + "\n".join(lines) + "\nexit\n")
        _, got = self.verdicts(path, "--pcap", CAPTURE)
        self.assertGreater(len(got), 100)
        self.assertEqual(sum(got.values()), total)
        self.assertIn(f"and {len(got) - 40} more verdicts", self.skep("run", path, "--pcap", CAPTURE))

    def test_repeat_starts_from_the_same_packets(self):
        path = self.path("bump.s", "ldxb r0, [r1+0]\nadd64 r0, 1\nstxb [r1+0], r0\nexit\n")
        _, once = self.verdicts(path, "--pcap", CAPTURE)
        data, thrice = self.verdicts(path, "--pcap", CAPTURE, "--repeat", "3")
        self.assertEqual(once, thrice)
        self.assertEqual(data["packets"], counts()["total"])

    def test_bad_captures(self):
        with open(CAPTURE, "rb") as file:
            whole = file.read()
        path = self.path("one.s", "mov64 r0, 1\nexit\n")
        self.refused("run", path, "--pcap", self.path("missing.pcap"), says="No such file or directory")
        self.refused("run", path, "--pcap", self.folder.name, says="directory")
        self.refused("run", path, "--pcap", self.path("empty.pcap", b""), says="not a capture")
        self.refused("run", path, "--pcap", self.path("text.pcap", "not a capture, as it says"), says="not a capture")
        self.refused("run", path, "--pcap", CAPTURE, "--write", self.path("no/such/folder"), says="No such file")
        # Cut short in the middle of the last packet: what was read counts, and the cut is told.
        text = self.refused("run", path, "--pcap", self.path("cut.pcap", whole[:-3]), says="packet 306")
        self.assertRegex(text, r"total +305 ")
        self.refused("run", path, "--pcap", self.path("huge.pcap", whole[:24 + 8] + b"\xff" * 8 + whole[40:]),
                     says="packet 1")
        self.assertEqual(self.verdicts(path, "--pcap", self.path("none.pcap", whole[:24]))[0]["packets"], 0)
        same = self.path("same.pcap", whole)
        self.refused("run", path, "--pcap", same, "--write", same, says="cannot be written to")
        with open(same, "rb") as file:
            self.assertEqual(file.read(), whole)


class Plugin(ToolTest):
    def test_protocol(self):
        program = FORTY_TWO.hex("\t")
        self.assertEqual(self.skep("plugin", stdin=program), "2a\n")
        self.assertEqual(self.skep("plugin", "", stdin=program), "2a\n")
        self.assertEqual(self.skep("plugin", "--engine", "interp", stdin=program), "2a\n")
        # r0 = memory[1]; length in r2
        load = "71 10 01 00 00 00 00 00  95 00 00 00 00 00 00 00  \n"
        self.assertEqual(self.skep("plugin", "aa  bb  ", stdin=load), "bb\n")
        self.assertEqual(self.skep("plugin", "aabb", "--engine=interp", stdin=load), "bb\n")
        if has_machine_code():
            self.assertEqual(self.skep("plugin", "aabb", "--engine=jit", stdin=load), "bb\n")
            self.assertEqual(self.skep("plugin", "aabb", "--engine=jit", "--blind", stdin=load), "bb\n")
            self.refused("plugin", "aa", "--engine=jit", stdin=load, says=["instruction 0", "0x"])
        self.assertEqual(self.skep("plugin", "aabbcc", stdin="bf20000000000000 9500000000000000"), "3\n")
        self.assertEqual(self.skep("plugin", stdin="bf10000000000000 9500000000000000"), "0\n")
        # Helper 5 returns its first argument; -1 is all ones.
        calls_5 = "b7010000ffffffff 8500000005000000 9500000000000000"
        self.assertEqual(self.skep("plugin", stdin=calls_5), "f" * 16 + "\n")

    def test_elf(self):
        with open(OBJECTS + "bare.o", "rb") as file:
            self.assertEqual(self.skep("plugin", "29", "--elf", stdin=file.read().hex(" ")), "2a\n")
        self.refused("plugin", "--elf", stdin=FORTY_TWO.hex(), says="not an ELF file")

    def test_errors(self):
        self.refused("plugin", stdin="b7 0", says="hex")
        self.refused("plugin", stdin="hello", says="hex")
        self.refused("plugin", stdin="", says="standard input")
        self.refused("plugin", stdin="ff 00 00 00 00 00 00 00", says="instruction 0")
        self.refused("plugin", "aa", stdin="7910000000000000 9500000000000000", says="instruction 0")
        self.misused("plugin", "zz", says="hex")
        self.misused("plugin", "aa", "bb", says="second")
        self.misused("plugin", "--jit", says="unrecognized option")
        self.misused("plugin", "--blind", says="--engine jit")
        self.misused("plugin", "--engine", "auto", says="none of interp, jit")


class Hostile(ToolTest):
    def survives(self, data, *arguments):
        done = subprocess.run([TOOL, *arguments], input=data, capture_output=True, timeout=60)
        self.assertIn(done.returncode, (0, 1), (arguments, done.stderr[-2000:]))
        if done.returncode == 1:
            self.assertTrue(done.stderr.startswith(b"skep "))

    def test_damaged_files(self):
        """A fixed choice of damage to each kind of input; the unit tests and fuzz targets go further."""
        choice = random.Random(1)
        program = self.path("one.s", "mov64 r0, 1\nexit\n")
        for source, arguments in (
                (OBJECTS + "calls.o", ["disasm", "-"]),
                (OBJECTS + "calls.o", ["run", "-", "--program", "one", "--mem", "010203"]),
                (OBJECTS + "data.o", ["disasm", "--json", "-"]),
                (CAPTURE, ["run", program, "--pcap", "-"])):
            with open(source, "rb") as file:
                whole = bytearray(file.read())
            for _ in range(25):
                cut = choice.randrange(len(whole) // 2, len(whole)) if choice.random() < 0.3 else len(whole)
                data = whole[:cut]
                for _ in range(choice.randrange(1, 6)):
                    data[choice.randrange(min(len(data), 2048))] = choice.randrange(256)
                self.survives(bytes(data), *arguments)

    def test_noise(self):
        choice = random.Random(2)
        for size in (0, 1, 7, 8, 64, 1000, 8192):
            noise = choice.randbytes(size)
            text = bytes(choice.choice(b" \n,[]+-0123456789abcdefrxmovldjexitw*()=;#/:") for _ in range(size))
            for data in (noise, text, b"\x7fELF" + noise):
                self.survives(data, "run", "-")
                self.survives(data, "disasm", "-")
                self.survives(data, "asm", "--hex", "-")
                self.survives(data, "asm", "--hex", "--dialect", "kernel", "-")
                self.survives(data.hex().encode(), "plugin")


if __name__ == "__main__":
    if not TOOL:
        print("skipped: there is no tool (SKEP_TOOL)")
        sys.exit(77)
    unittest.main(verbosity=2)
