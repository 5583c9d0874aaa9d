#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# The outside vectors, by the runner that is given: conformance.sh FOLDER RUNNER [ARGUMENT]... Status 77: none here.
folder=$1
shift
if [ ! -d "$folder" ]; then
    echo "skipped: no conformance vectors at $folder"
    exit 77
fi
exec "$@" "$folder"
