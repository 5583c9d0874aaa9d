#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# BPF objects that nobody here wrote, from Debian packages, for tests/kernel/suite.py --objects:
# debian-objects.sh FOLDER. The packages are fetched with apt-get and unpacked, not installed. Those of bpfcc's libbpf-tools
# are inside of executables: an ELF file of machine 247 somewhere in the file is taken out.
set -euo pipefail

folder=${1:?usage: debian-objects.sh FOLDER}
packages="xdp-tools golang-github-cilium-ebpf-dev libbpf-tools"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 "$work"
for package in $packages; do
    apt-get -qq -o APT::Sandbox::User=root download "$package" >/dev/null 2>&1 || echo "$package: not available" >&2
done
shopt -s nullglob
for file in *.deb; do
    name=${file%%_*}
    dpkg-deb -x "$file" "$name"
    find "$name" -type f \( -name '*.o' -o -name '*-el.elf' -o -name '*-eb.elf' \) -exec cp -t "$folder" {} +
done
[ ! -d libbpf-tools ] || python3 - "$folder" libbpf-tools/usr/sbin/* <<'PYTHON'
import os, struct, sys
folder, *files = sys.argv[1:]
for path in files:
    if os.path.islink(path):
        continue
    data = open(path, "rb").read()
    at = 0
    while (at := data.find(b"\x7fELF\x02\x01\x01", at + 1)) > 0:
        kind, machine = struct.unpack_from("<HH", data, at + 16)
        sections, size, count = struct.unpack_from("<Q", data, at + 40)[0], *struct.unpack_from("<HH", data, at + 58)
        end = sections + size * count
        if (kind, machine, size) == (1, 247, 64) and at + end <= len(data):
            with open(os.path.join(folder, "bcc-" + os.path.basename(path).removesuffix("-bpfcc") + ".o"), "wb") as out:
                out.write(data[at:at + end])
PYTHON
echo "$(find "$folder" -type f | wc -l) objects in $folder"
