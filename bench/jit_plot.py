#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Draws what bench_jit found: jit_plot.py bench-jit.json bench-jit.svg

A row for each program, with each engine's time in multiples of native code without vectorization, on a logarithmic
axis: less is better. Less than a nanosecond counts as one; programs too short for a ratio are left out, as in the
table.
"""
import json
import math
import sys
from xml.sax.saxutils import escape

ENGINES = [("guarded", "skep, guarded", "#d95f02"), ("trusted", "skep, trusted", "#e6ab02"),
           ("vector", "native, vectorized", "#66a61e"), ("kernel", "Linux", "#1f78b4"), ("dpdk", "DPDK", "#7570b3")]
LEAST_NS = 2.0
LOW, HIGH = 0.25, 16.0
LEFT, WIDTH, ROW, TOP = 170, 640, 15, 60


def x_of(ratio):
    ratio = min(max(ratio, LOW), HIGH)
    return LEFT + WIDTH * math.log(ratio / LOW) / math.log(HIGH / LOW)


def draw(data):
    rows = [p for p in data["programs"]
            if max(p["ns"]["scalar"], p["ns"]["trusted"]) >= LEAST_NS]
    height = TOP + ROW * (len(rows) + len({p["class"] for p in rows})) + 20
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" height="{height}" '
           'font-family="sans-serif" font-size="11">', '<rect width="100%" height="100%" fill="white"/>',
           '<text x="10" y="18" font-size="13">Time of a run in multiples of native code (clang -O2, no vectorization); '
           'less is better</text>']
    at = 10
    for key, label, color in ENGINES:
        if any(key in p["ns"] for p in rows):
            out.append(f'<circle cx="{at + 5}" cy="32" r="4" fill="{color}"/><text x="{at + 14}" y="36">{label}</text>')
            at += 30 + 7 * len(label)
    ratio = LOW
    while ratio <= HIGH:
        x = x_of(ratio)
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{height - 10}" '
                   f'stroke="{"#555" if ratio == 1 else "#ddd"}"/><text x="{x:.1f}" y="{TOP - 9}" '
                   f'text-anchor="middle">{ratio:g}</text>')
        ratio *= 2
    y, last = TOP + 8, None
    for p in rows:
        if p["class"] != last:
            last = p["class"]
            out.append(f'<text x="10" y="{y + 4}" font-weight="bold">{escape(last)}</text>')
            y += ROW
        out.append(f'<text x="20" y="{y + 4}">{escape(p["name"])}</text>'
                   f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y}" y2="{y}" stroke="#f0f0f0"/>')
        for key, label, color in reversed(ENGINES):
            if key in p["ns"]:
                times = max(p["ns"][key], 1) / max(p["ns"]["scalar"], 1)
                out.append(f'<circle cx="{x_of(times):.1f}" cy="{y}" r="4" fill="{color}" fill-opacity="0.85"><title>'
                           f'{escape(p["name"])}, {label}: {p["ns"][key]:g} ns, {times:.2f}</title></circle>')
        y += ROW
    return "\n".join(out + ["</svg>", ""])


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        found = json.load(file)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(draw(found))
