#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
"""The pruning study of the reference project, by tinyjoule-trainer on one core, beside Python.

Trains the model once per walk-forward fold on the Recife station (hourly rows, 100 epochs of
batches of 32), then prunes it in 16 ways: {L1, random} x {unstructured, structured} x
{0.2, 0.4, 0.6, 0.8}: 5 trained and 80 compressed models, exported and evaluated. Python with
PyTorch, as the reference study is written, trains anew for each of the 16 rows.

    pruning_study.py --trainer build/release/bin/tinyjoule-trainer --data FOLDER [--pytorch]

FOLDER holds weather_reference_layout/bd_inmet_recife_petrolina.csv. --pytorch also trains in Python
on this machine (pytorch_study.py; needs python3-torch): two folds for a few epochs, scaled up to
the study, and said so.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

PYTHON_SECONDS_PER_ROW = 200.0  # One core, five tinyCNN folds, as measured with PyTorch.
FOLDS = 5
SPARSITIES = [0.2, 0.4, 0.6, 0.8]
FEATURES = ["Temperatura", "Umidade", "Velocidade Vento", "Rajada Vento"]
TARGET = "Precipitação dia"
MODELS = {
    "tinycnn": {"type": "MODEL_TYPE_TINYCNN", "conv": [8, 16], "kernel": 5, "dense": [64]},
    "tinymlp": {"type": "MODEL_TYPE_TINYMLP", "hidden": [64, 32]},
    "tinyknn": {"type": "MODEL_TYPE_TINYKNN", "k": 5, "weights": "KNN_WEIGHTS_DISTANCE"},
}


def dataset_spec():
    features = [{"name": name} for name in FEATURES]
    features.append({"lag": TARGET, "steps": 1, "as": "Precipitação anterior"})
    return {
        "type": "DATASET_TYPE_CSV",
        "path": "station.csv",
        "csv": {
            "time": "Data estação",
            "where": {"Nome": "Estação Recife - INMET A301"},
        },
        "features": features,
        "target": TARGET,
        # Fills every gap, as the reference study does.
        "missing": {"method": "MISSING_METHOD_INTERPOLATE", "limit": 0},
        "split": {"method": "SPLIT_METHOD_WALK_FORWARD", "folds": FOLDS},
    }


class Trainer:
    """One tinyjoule-trainer process, one task after another."""

    def __init__(self, program, csv_path, engine):
        self.csv_path = csv_path
        self.process = subprocess.Popen(
            [program, "--log-level", "error", "--engine", engine],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, task):
        task["inputs"] = [{"name": "station.csv", "sha256": "0" * 64, "localPath": self.csv_path}]
        os.makedirs(task["outputDir"], exist_ok=True)
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        while True:
            line = self.process.stdout.readline()
            if not line:
                sys.exit("the trainer has died")
            event = json.loads(line)
            if "outcome" in event:
                return event["outcome"]
            if "failure" in event:
                sys.exit(f"{task['taskId']}: {event['failure']['message']}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def prune_variants(finetune):
    for scope in ("UNSTRUCTURED", "STRUCTURED"):
        for criterion in ("L1", "RANDOM"):
            for sparsity in SPARSITIES:
                steps = [{"prune": {"scope": f"PRUNE_SCOPE_{scope}",
                                    "criterion": f"PRUNE_CRITERION_{criterion}",
                                    "sparsity": sparsity}}]
                if finetune:
                    steps.append({"finetune": {"epochs": finetune}})
                yield f"{criterion.lower()} {scope.lower()} {sparsity}", steps


def other_variants():
    yield "int8", [{"quantize": {"mode": "QUANTIZE_MODE_STATIC", "calibrationSamples": 200}}]


def distillation(model):
    # Half the teacher's channels and units.
    student = {key: [(units + 1) // 2 for units in value] if isinstance(value, list) else value
               for key, value in MODELS[model].items()}
    yield "distilled", [{"distill": {"kind": "DISTILL_KIND_RESPONSE", "alpha": 0.5,
                                     "student": student}}]


def mean_row(outcomes):
    def mean(name):
        values = [o["quality"][name] for o in outcomes if name in o["quality"]]
        return sum(values) / len(values) if values else float("nan")
    return mean("mae"), mean("rmse"), mean("r2")


def print_row(name, outcomes, seconds):
    mae, rmse, r2 = mean_row(outcomes)
    folds = " ".join(f"{o['quality'].get('r2', float('nan')):.2f}" for o in outcomes)
    parameters = outcomes[0]["size"]["parameterCount"]
    print(f"{name:28} {mae:7.3f} {rmse:7.3f} {r2:7.3f}   [{folds}] {parameters:>7} {seconds:7.2f} s",
          flush=True)


def study(options, trainer, folder):
    def trial(fold):
        return {"dataset": dataset_spec(), "model": {"name": options.model, **MODELS[options.model]},
                "train": {"epochs": options.epochs, "lr": 0.001, "batchSize": 32}, "fold": fold,
                "seed": options.seed}

    print(f"{'variant':28} {'MAE':>7} {'RMSE':>7} {'R2':>7}   [R2 per fold] parameters   time")
    start = time.monotonic()
    base = []
    for fold in range(FOLDS):
        base.append(trainer.run({"taskId": f"base {fold}", "kind": "TASK_KIND_BASE",
                                 "trial": trial(fold), "outputDir": f"{folder}/base{fold}"}))
    print_row("float32", base, time.monotonic() - start)
    variants = list(prune_variants(options.finetune)) if options.model != "tinyknn" else []
    study_seconds = None
    for index, (name, steps) in enumerate(variants + list(other_variants()) +
                                          (list(distillation(options.model))
                                           if options.distill else [])):
        if index == len(variants):
            study_seconds = time.monotonic() - start
        begin = time.monotonic()
        outcomes = [trainer.run({"taskId": f"{name} {fold}", "kind": "TASK_KIND_COMPRESS",
                                 "trial": {**trial(fold), "compress": steps},
                                 "checkpointPath": f"{folder}/base{fold}/model.onnx",
                                 "outputDir": f"{folder}/v{index}-{fold}"})
                    for fold in range(FOLDS)]
        print_row(name, outcomes, time.monotonic() - begin)
    return study_seconds, len(variants)


def python_with_torch():
    """The first interpreter that has PyTorch: this one, python3, then Debian's."""
    for program in (sys.executable, "python3", "/usr/bin/python3"):
        try:
            found = subprocess.run([program, "-c", "import torch, numpy"], check=False,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except OSError:
            continue
        if found.returncode == 0:
            return program
    return None


def run_pytorch(options, csv_path):
    """What pytorch_study.py prints; None without PyTorch."""
    program = python_with_torch()
    if program is None:
        return None
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pytorch_study.py")
    folds = [str(fold) for fold in options.pytorch_folds]
    output = subprocess.run(
        [program, script, csv_path, "--folds", *folds, "--epochs", str(options.pytorch_epochs),
         "--seed", str(options.seed)], check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output)


def print_pytorch(options, result, rows, seconds):
    python_seconds = rows * result["study_steps"] * result["seconds"] / result["steps"]
    print(f"Python {result['python']}, PyTorch {result['torch']}, 1 core: {python_seconds:8.1f} s, "
          f"extrapolated: {python_seconds / seconds:.0f} times as long")
    print(f"  ran {len(options.pytorch_folds)} of {rows} x {FOLDS} trainings for "
          f"{options.pytorch_epochs} of {options.epochs} epochs: {result['steps']} steps in "
          f"{result['seconds']:.1f} s; a row of the study is {result['study_steps']} steps")
    if options.pytorch_epochs < options.epochs:
        return  # Half-trained models say nothing about quality.
    for name, folds in result["quality"].items():
        values = " ".join(f"{value:.2f}" for value in folds)
        print(f"  {name:26} R2 {sum(folds) / len(folds):7.3f}   [{values}]")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", required=True)
    parser.add_argument("--data", default=os.environ.get("TINYJOULE_TEST_DATA_DIR"))
    parser.add_argument("--model", choices=sorted(MODELS), default="tinycnn")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--finetune", type=int, default=0, help="epochs behind each pruning")
    parser.add_argument("--distill", action="store_true", help="a distilled student too")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--engine", choices=["native", "torch"], default="native")
    parser.add_argument("--pytorch", action="store_true", help="time Python on this machine too")
    parser.add_argument("--pytorch-folds", type=int, nargs="+", default=[2, 4], metavar="1..5")
    parser.add_argument("--pytorch-epochs", type=int, default=5,
                        help="as many as --epochs, and all folds, compare the quality too")
    parser.add_argument("--keep", help="leave the artifacts in this folder")
    options = parser.parse_args()
    csv_path = os.path.join(options.data or "", "weather_reference_layout",
                            "bd_inmet_recife_petrolina.csv")
    if not os.path.exists(csv_path):
        print(f"skipped: there is no {csv_path}; set TINYJOULE_TEST_DATA_DIR or --data")
        return
    folder = options.keep or tempfile.mkdtemp(prefix="tinyjoule-pruning-study-")
    trainer = Trainer(options.trainer, csv_path, options.engine)
    seconds, rows = study(options, trainer, folder)
    trainer.close()
    if not options.keep:
        shutil.rmtree(folder)
    if not rows:
        return
    print(f"\ntinyjoule-trainer, 1 core: {seconds:8.1f} s for {FOLDS} trained and "
          f"{FOLDS * rows} compressed models")
    if options.model != "tinycnn" or options.epochs != 100 or options.finetune:
        return  # What was recorded in Python is another study.
    python = rows * PYTHON_SECONDS_PER_ROW
    print(f"Python with PyTorch:       {python:8.1f} s ({rows} x {PYTHON_SECONDS_PER_ROW:.0f} s, "
          f"as recorded): {python / seconds:.0f} times as long")
    if options.pytorch:
        result = run_pytorch(options, csv_path)
        if result is None:
            print("Python here:               skipped: no interpreter has torch and numpy "
                  "(Debian: python3-torch)")
            return
        print_pytorch(options, result, rows, seconds)


if __name__ == "__main__":
    main()
