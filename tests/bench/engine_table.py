#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
"""Prints the table of docs/engines.md from a sweep with several engines.

    engine_table.py runs.csv

Each row is a run; behind each figure stands its ratio to that of xnnpack on the same model. A
power source that is simulated is named in the head.
"""
import csv
import sys

BASE = "xnnpack"
ENGINES = (BASE, "torch", "reference")


def cell(row, base, column, scale, digits):
    value, of_base = float(row[column]), float(base[column])
    ratio = "" if row is base else f" ({value / of_base:.{2 if value < of_base else 1}f}x)"
    return f"{value * scale:.{digits}f}{ratio}"


def main(path):
    with open(path, encoding="utf-8", newline="") as file:
        runs = [row for row in csv.DictReader(file) if row["state"] == "succeeded"]
    if not runs:
        print(f"{path}: no succeeded run", file=sys.stderr)
        return 1
    by_key = {(row["model"], row["variant"], row["engine"]): row for row in runs}
    source = ", ".join(sorted({row["power_source"] for row in runs}))
    print(f"| model | variant | engine | latency, median (us) | peak memory (MB) | net energy per "
          f"inference (uJ, {source}) | RMSE |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for model, variant in dict.fromkeys((row["model"], row["variant"]) for row in runs):
        base = by_key[model, variant, BASE]
        for engine in ENGINES:
            row = by_key[model, variant, engine]
            print(f"| {model} | {variant} | {engine} "
                  f"| {cell(row, base, 'latency_p50_us', 1, 2)} "
                  f"| {cell(row, base, 'memory_peak_bytes', 1e-6, 1)} "
                  f"| {cell(row, base, 'energy_net_per_inference_uj', 1, 2)} "
                  f"| {float(row['rmse']):.4f} |")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1]))
