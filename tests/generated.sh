#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# What is generated from tables is as fresh as they are: generated.sh GEN.
set -eu
gen=$1
for pair in insn.h:include/skep/insn.h isa.md:docs/isa.md helpers.md:docs/helpers.md; do
    "$gen" "${pair%%:*}" | diff -u "${pair#*:}" - || {
        echo "${pair#*:} is not what tools/gen.c makes of src/isa/*.def: $gen ${pair%%:*} > ${pair#*:}"
        exit 1
    }
done
