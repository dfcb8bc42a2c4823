#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
"""docs/examples/reference-study.yaml by TinyJoule, and the same study in Python with PyTorch, on
this machine one after the other.

TinyJoule's time is from `coord submit` until every trial is trained, compressed, evaluated,
exported and stored: a coordinator with its trainers, and no agent, so nothing is measured. Python's
(pytorch_reference_study.py) is one process, extrapolated from a sample unless --python-full is
given.

    reference_study.py --bin build/release/bin --data FOLDER

FOLDER holds weather_reference_layout/bd_inmet_recife_petrolina.csv. Without python3-torch and
python3-sklearn the comparison is skipped, and said so.
"""
import argparse
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SWEEP = os.path.join(HERE, "..", "..", "docs", "examples", "reference-study.yaml")
SAMPLE = ["--folds", "3", "--max-epochs", "2"]
DEADLINE_S = 3600


class Coordinator:
    def __init__(self, folder, programs, trainers):
        self.programs = programs
        self.process = subprocess.Popen(
            [os.path.join(programs, "tinyjoule-coordinator"), "--data-dir", folder, "--listen",
             "127.0.0.1:0", "--trainers", str(trainers), "--log-level", "warn"],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if "ready on " not in line:
            sys.exit("the coordinator did not start")
        self.address = line.split("ready on ")[1].split(",")[0]

    def coord(self, *arguments):
        return subprocess.run(
            [os.path.join(self.programs, "coord"), "--coordinator", self.address, *arguments],
            check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout

    def rows(self, *arguments):
        return list(csv.DictReader(io.StringIO(self.coord(*arguments, "-o", "csv"))))

    def close(self):
        self.process.terminate()
        self.process.wait()


def run_tinyjoule(options, csv_path):
    """The study's seconds and its trials."""
    folder = tempfile.mkdtemp(prefix="tinyjoule-reference-study-")
    coordinator = Coordinator(folder, options.bin, options.trainers)
    try:
        start = time.monotonic()
        path = os.path.relpath(csv_path, os.path.dirname(os.path.abspath(options.sweep)))
        sweep = coordinator.coord("submit", options.sweep, "--detach",
                                  "--set", f"dataset.path={path}").strip()
        if not sweep:
            sys.exit("the sweep was refused")
        while True:
            row = coordinator.rows("list", "sweeps")[0]
            done, tasks = row["tasks"].split("/")
            if done == tasks or row["failed"] != "0":
                break
            if time.monotonic() - start > DEADLINE_S:
                sys.exit(f"{done} of {tasks} tasks after {DEADLINE_S} s")
            time.sleep(0.2)
        seconds = time.monotonic() - start
        trials = coordinator.rows("list", "trials", sweep)
    finally:
        coordinator.close()
        shutil.rmtree(folder)
    unready = [trial for trial in trials if trial["state"] != "ready"]
    if unready:
        sys.exit(f"{len(unready)} trials failed, the first: {unready[0]}")
    return seconds, int(tasks), trials


def python_with_torch():
    """The first interpreter that has PyTorch and scikit-learn: this one, or Debian's."""
    for program in (sys.executable, "/usr/bin/python3"):
        found = subprocess.run([program, "-c", "import sklearn, torch"], check=False,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if found.returncode == 0:
            return program
    return None


def run_python(program, options, csv_path, lean):
    arguments = [] if options.python_full else SAMPLE
    output = subprocess.run(
        [program, os.path.join(HERE, "pytorch_reference_study.py"), csv_path, *arguments,
         *(["--lean"] if lean else [])], check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output)


def print_python(result, seconds):
    loop = "batches by index" if result["lean"] else "DataLoader"
    share = result["steps_run"] / result["steps"]
    extent = "in full" if share == 1 else (
        f"extrapolated from {100 * share:.2g} % of its {result['steps']} steps, "
        f"{result['seconds_run']:.0f} s")
    print(f"Python {result['python']}, PyTorch {result['torch']}, {result['threads']} thread(s), "
          f"{loop}: {result['seconds']:8.1f} s ({extent}): "
          f"{result['seconds'] / seconds:.0f} times as long")
    for kind, microseconds in result["us_per_step"].items():
        print(f"    {kind:34} {microseconds:7.0f} us per step")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="folder of TinyJoule's programs")
    parser.add_argument("--data", default=os.environ.get("TINYJOULE_TEST_DATA_DIR"))
    parser.add_argument("--sweep", default=SWEEP)
    parser.add_argument("--trainers", type=int, default=os.cpu_count())
    parser.add_argument("--python-full", action="store_true", help="no extrapolation; half an hour")
    parser.add_argument("--no-python", action="store_true")
    options = parser.parse_args()
    csv_path = os.path.abspath(os.path.join(options.data or "", "weather_reference_layout",
                                            "bd_inmet_recife_petrolina.csv"))
    if not os.path.exists(csv_path):
        print(f"skipped: there is no {csv_path}; set TINYJOULE_TEST_DATA_DIR or --data")
        return
    seconds, tasks, trials = run_tinyjoule(options, csv_path)
    print(f"TinyJoule, {options.trainers} trainers: {seconds:8.1f} s for {len(trials)} trials "
          f"({tasks} tasks)", flush=True)
    program = None if options.no_python else python_with_torch()
    if program is None:
        print("Python: skipped" + ("" if options.no_python else
                                   ": no interpreter has torch and sklearn (Debian: python3-torch, "
                                   "python3-sklearn)"))
        return
    for lean in (False, True):
        print_python(run_python(program, options, csv_path, lean), seconds)


if __name__ == "__main__":
    main()
