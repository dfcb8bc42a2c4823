#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
"""Prints a table for each model from the runs of a reference study.

    reference_table.py runs.csv

Each row is a variant of a model, its figures the means over folds and repeats; R2 also of the worst
fold. The energy's head names its source, such as a simulation; without energies there is no such
column.
"""
import collections
import csv
import sys


def number(row, column):
    return float(row[column]) if row[column] else None


def mean(rows, column):
    values = [value for value in (number(row, column) for row in rows) if value is not None]
    return sum(values) / len(values) if values else None


def text(value, digits):
    return "" if value is None else f"{value:,.{digits}f}"


def parameters(row):
    values = [value for name, value in row.items() if name.startswith("param.") and value]
    return "".join(f" {value}" for value in values)


def print_model(model, variants, source):
    whole = mean(variants["float32"], "rmse")
    print(f"\n### {model}\n")
    heads = ["variant", "MAE", "RMSE", "of float32", "R2 (worst fold)", "parameters", "not zero",
             "ONNX, bytes", "latency, median (us)"]
    if source:
        heads.append(f"net energy per inference (uJ, {source})")
    print("| " + " | ".join(heads) + " |")
    print("| --- " * len(heads) + "|")
    for variant, rows in variants.items():
        rmse = mean(rows, "rmse")
        worst = min((number(row, "r2") for row in rows if row["r2"]), default=None)
        print(f"| {variant} | {text(mean(rows, 'mae'), 3)} | {text(rmse, 3)} "
              f"| {text(100 * rmse / whole, 1)} % | {text(mean(rows, 'r2'), 3)} ({text(worst, 2)}) "
              f"| {text(mean(rows, 'parameter_count'), 0)} "
              f"| {text(mean(rows, 'nonzero_count'), 0)} "
              f"| {text(mean(rows, 'model_bytes'), 0)} | {text(mean(rows, 'latency_p50_us'), 2)} |"
              + (f" {text(mean(rows, 'energy_net_per_inference_uj'), 2)} |" if source else ""))


def main(path):
    with open(path, encoding="utf-8", newline="") as file:
        runs = [row for row in csv.DictReader(file) if row["state"] == "succeeded"]
    if not runs:
        print(f"{path}: no succeeded run", file=sys.stderr)
        return 1
    models = collections.defaultdict(lambda: collections.defaultdict(list))
    # Trials are numbered in the order of the sweep.
    for row in sorted(runs, key=lambda row: row["trial_id"]):
        models[row["model"]][row["variant"] + parameters(row)].append(row)
    source = ", ".join(sorted({row["power_source"] for row in runs
                               if row["energy_net_per_inference_uj"]}))
    for model, variants in models.items():
        print_model(model, variants, source)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1]))
