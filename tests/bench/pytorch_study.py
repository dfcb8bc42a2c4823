#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
"""The reference pruning study's tinyCNN in Python with PyTorch, on one core.

Trains as the reference study is written: a data loader, Adam, mean squared error, every gap of the
station's rows interpolated, the scaler fitted on the training rows. Prunes 40 % with PyTorch's own
masks, not shrunk. Prints one JSON object: {"python", "torch", "seconds", "steps", "study_steps",
"quality"}; study_steps are the steps of one row of the study, 5 folds of 100 epochs.

    pytorch_study.py CSV --folds 2 4 --epochs 5
"""
import argparse
import copy
import csv
import json
import platform
import time

import numpy as np
import torch
from torch import nn
from torch.nn.utils import prune

FOLDS = 5
BATCH = 32
STUDY_EPOCHS = 100
STATION = "Estação Recife - INMET A301"
COLUMNS = ["Temperatura", "Umidade", "Velocidade Vento", "Rajada Vento", "Precipitação dia"]


def number(text):
    try:
        return float(text)
    except ValueError:
        return float("nan")


def load(path):
    with open(path, encoding="utf-8") as file:
        rows = np.array([[number(row[column]) for column in COLUMNS]
                         for row in csv.DictReader(file) if row["Nome"] == STATION])
    at = np.arange(len(rows))
    for column in rows.T:
        known = ~np.isnan(column)
        column[:] = np.interp(at, at[known], column[known])
    return np.c_[rows[1:, :4], rows[:-1, 4]], rows[1:, 4]


def fold_tensors(inputs, targets, fold):
    size = len(inputs) // (FOLDS + 1)
    train = slice(0, size * fold)
    test = slice(size * fold, size * (fold + 1))
    scaled = (inputs - inputs[train].mean(0)) / inputs[train].std(0)

    def tensor(values):
        return torch.tensor(values, dtype=torch.float32).reshape(len(values), 1, -1)
    return (tensor(scaled[train]), tensor(targets[train])[:, 0],
            tensor(scaled[test]), targets[test])


def make_model():
    return nn.Sequential(
        nn.Conv1d(1, 8, 5, padding=2), nn.ReLU(), nn.Conv1d(8, 16, 5, padding=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(80, 64), nn.ReLU(), nn.Linear(64, 1))


def train(model, inputs, targets, epochs):
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(inputs, targets),
                                         batch_size=BATCH, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    steps = 0
    for _ in range(epochs):
        for batch, target in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(batch), target).backward()
            optimizer.step()
            steps += 1
    return steps


def pruned_models(model):
    """The model, and copies with 40 % of each layer masked."""
    yield "float32", model
    for name, scope in (("l1 unstructured 0.4", prune.l1_unstructured),
                        ("random unstructured 0.4", prune.random_unstructured),
                        ("l1 structured 0.4", prune.ln_structured),
                        ("random structured 0.4", prune.random_structured)):
        masked = copy.deepcopy(model)
        layers = [layer for layer in masked if hasattr(layer, "weight")]
        structured = name.split()[1] == "structured"
        for layer in layers[:-1] if structured else layers:
            options = {"dim": 0} if structured else {}
            if scope is prune.ln_structured:
                options["n"] = 1
            scope(layer, "weight", amount=0.4, **options)
        yield name, masked


def r2(model, inputs, targets):
    with torch.no_grad():
        predictions = model(inputs).numpy().ravel()
    return 1 - ((predictions - targets) ** 2).sum() / ((targets - targets.mean()) ** 2).sum()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv")
    parser.add_argument("--folds", type=int, nargs="+", default=[2, 4], metavar="1..5")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    inputs, targets = load(options.csv)
    seconds = 0.0
    steps = 0
    quality = {}
    for fold in options.folds:
        data = fold_tensors(inputs, targets, fold)
        start = time.monotonic()
        model = make_model()
        steps += train(model, data[0], data[1], options.epochs)
        seconds += time.monotonic() - start
        for name, pruned in pruned_models(model):
            quality.setdefault(name, []).append(float(r2(pruned, data[2], data[3])))
    size = len(inputs) // (FOLDS + 1)
    study_steps = sum(-(-size * fold // BATCH) for fold in range(1, FOLDS + 1)) * STUDY_EPOCHS
    print(json.dumps({"python": platform.python_version(), "torch": torch.__version__,
                      "seconds": seconds, "steps": steps, "study_steps": study_steps,
                      "quality": quality}))


if __name__ == "__main__":
    main()
