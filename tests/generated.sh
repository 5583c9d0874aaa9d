#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# What is generated from the instruction table is as fresh as the table: generated.sh GEN.
set -eu
gen=$1
for pair in insn.h:include/skep/insn.h isa.md:docs/isa.md; do
    "$gen" "${pair%%:*}" | diff -u "${pair#*:}" - || {
        echo "${pair#*:} is not what tools/gen.c makes of src/isa/insn.def: $gen ${pair%%:*} > ${pair#*:}"
        exit 1
    }
done
