#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
"""docs/examples/reference-study.yaml in Python with PyTorch: the same folds, models, variants,
epochs and batches, by PyTorch's own pruning and quantisation; tinyKNN by scikit-learn. One process.

Trains each fold's base model once. PyTorch's structured pruning masks and does not shrink. Prints
one JSON object; `seconds` is the time of the study: where --folds or --max-epochs leave parts out,
the parts that ran, scaled up, each kind of training by its own time for a step.

    pytorch_reference_study.py CSV                                everything
    pytorch_reference_study.py CSV --folds 3 --max-epochs 1       a sample in about a minute
"""
import argparse
import collections
import contextlib
import copy
import json
import platform
import time

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import nn
from torch.nn import functional
from torch.nn.utils import prune

import pytorch_study as station
import sklearn_tinyknn as tinyknn

SPARSITIES = [0.2, 0.4, 0.6, 0.8]
FINETUNE_EPOCHS, QAT_EPOCHS, DISTILL_EPOCHS = 10, 15, 60
ENGINES = torch.backends.quantized.supported_engines
torch.backends.quantized.engine = "fbgemm" if "fbgemm" in ENGINES else ENGINES[-1]


def tinycnn(channels=(8, 16), kernel=5, hidden=64):
    layers, read = [], 1
    for written in channels:
        layers += [nn.Conv1d(read, written, kernel, padding=kernel // 2), nn.ReLU()]
        read = written
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(read * 5, hidden), nn.ReLU(),
                         nn.Linear(hidden, 1))


def tinymlp(hidden=(64, 32)):
    layers, read = [nn.Flatten()], 5
    for units in hidden:
        layers += [nn.Linear(read, units), nn.ReLU()]
        read = units
    return nn.Sequential(*layers, nn.Linear(read, 1))


# By model: how it is made, and its student. Their features are what the output layer reads.
NETWORKS = {
    "tinycnn": (tinycnn, lambda: tinycnn((4, 8), 3, 16)),
    "tinymlp": (tinymlp, lambda: tinymlp((16, 8))),
}


class Stopwatch:
    """Time by kind of work: trainings by step, everything else by fold."""

    def __init__(self):
        self.steps, self.study_steps, self.seconds, self.once = (collections.Counter()
                                                                 for _ in range(4))

    def trained(self, kind, seconds, steps, study_steps):
        self.seconds[kind] += seconds
        self.steps[kind] += steps
        self.study_steps[kind] += study_steps

    @contextlib.contextmanager
    def other(self, kind):
        start = time.monotonic()
        yield
        self.once[kind] += time.monotonic() - start

    def study_seconds(self, fold_share):
        trainings = sum(self.seconds[kind] / self.steps[kind] * self.study_steps[kind] / fold_share
                        for kind in self.seconds)
        return trainings + sum(self.once.values()) * station.FOLDS / self.folds


class Study:
    def __init__(self, options, inputs, targets):
        self.options = options
        self.inputs, self.targets = inputs, targets
        self.watch = Stopwatch()
        self.watch.folds = len(options.folds)
        self.quality = collections.defaultdict(list)

    def run(self):
        for fold in self.options.folds:
            self.train_rows, self.train_targets, self.test_rows, self.test_targets = (
                station.fold_tensors(self.inputs, self.targets, fold))
            for name, (make, make_student) in NETWORKS.items():
                self.network(name, make, make_student)
            tinyknn.variants(self, SPARSITIES)

    # Trainings.

    def batches(self):
        if self.options.lean:
            for rows in torch.randperm(len(self.train_rows)).split(station.BATCH):
                yield self.train_rows[rows], self.train_targets[rows]
        else:
            data = torch.utils.data.TensorDataset(self.train_rows, self.train_targets)
            yield from torch.utils.data.DataLoader(data, batch_size=station.BATCH, shuffle=True)

    def train(self, kind, model, epochs, loss=None, lr=1e-3, more=(), after=None):
        loss = loss or (lambda rows, targets: functional.mse_loss(model(rows), targets))
        optimizer = torch.optim.Adam([*model.parameters(), *more], lr=lr)
        steps, start = 0, time.monotonic()
        for _ in range(min(epochs, self.options.max_epochs)):
            for rows, targets in self.batches():
                optimizer.zero_grad()
                loss(rows, targets).backward()
                optimizer.step()
                if after:
                    after()
                steps += 1
        in_epoch = -(-len(self.train_rows) // station.BATCH)
        self.watch.trained(kind, time.monotonic() - start, steps, epochs * in_epoch)

    def evaluate(self, name, predict):
        with self.watch.other("evaluation"), torch.no_grad():
            predictions = np.asarray(predict(self.test_rows)).ravel().astype(np.float64)
            error = predictions - self.test_targets
            spread = ((self.test_targets - self.test_targets.mean()) ** 2).sum()
            self.quality[name].append((float(np.abs(error).mean()),
                                       float(np.sqrt((error ** 2).mean())),
                                       float(1 - (error ** 2).sum() / spread)))

    # Networks.

    def network(self, name, make, make_student):
        model = make()
        self.train(f"{name} training", model, station.STUDY_EPOCHS)
        self.evaluate(f"{name} float32", model)
        self.quantized(name, model)
        for sparsity in SPARSITIES:
            for what in ("random", "l1", "random-structured", "l1-structured", "l2-structured"):
                self.pruned(name, model, what, sparsity)
        for kind in ("response", "feature", "relational"):
            self.distilled(name, model, make_student(), kind)
        self.clustered(name, model)

    def quantized(self, name, model):
        with self.watch.other("quantisation"):
            dynamic = torch.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)
            half = copy.deepcopy(model)
            for parameter in half.parameters():
                parameter.data = parameter.data.half().float()
            static = torch.quantization.QuantWrapper(copy.deepcopy(model).eval())
            static.qconfig = torch.quantization.get_default_qconfig(torch.backends.quantized.engine)
            torch.quantization.prepare(static, inplace=True)
            with torch.no_grad():
                static(self.train_rows[:: max(1, len(self.train_rows) // 200)])
            torch.quantization.convert(static, inplace=True)
        qat = torch.quantization.QuantWrapper(copy.deepcopy(model).train())
        qat.qconfig = torch.quantization.get_default_qat_qconfig(torch.backends.quantized.engine)
        torch.quantization.prepare_qat(qat, inplace=True)
        self.train(f"{name} qat", qat, QAT_EPOCHS, lr=1e-4)
        with self.watch.other("quantisation"):
            qat = torch.quantization.convert(qat.eval())
        for variant, quantized in (("dynamic", dynamic), ("static", static), ("qat", qat),
                                   ("float16", half)):
            self.evaluate(f"{name} {variant}", quantized)

    def pruned(self, name, model, what, sparsity):
        with self.watch.other("pruning"):
            masked = copy.deepcopy(model)
            layers = [layer for layer in masked if hasattr(layer, "weight")]
            if what.endswith("structured"):
                for layer in layers[:-1]:
                    if what.startswith("random"):
                        prune.random_structured(layer, "weight", amount=sparsity, dim=0)
                    else:
                        prune.ln_structured(layer, "weight", amount=sparsity, n=int(what[1]), dim=0)
            else:
                by = prune.l1_unstructured if what == "l1" else prune.random_unstructured
                for layer in layers:
                    by(layer, "weight", amount=sparsity)
        self.evaluate(f"{name} {what} {sparsity}", masked)
        self.train(f"{name} fine-tuning", masked, FINETUNE_EPOCHS)
        self.evaluate(f"{name} {what}-finetuned {sparsity}", masked)

    def distilled(self, name, teacher, student, kind):
        projector = nn.Linear(student[-1].in_features, teacher[-1].in_features)

        def loss(rows, targets):
            with torch.no_grad():
                taught_feature = teacher[:-1](rows)
                taught = teacher[-1](taught_feature)
            feature = student[:-1](rows)
            output = student[-1](feature)
            sum_ = 0.5 * functional.huber_loss(output, targets) + \
                0.5 * functional.huber_loss(output, taught)
            if kind == "feature":
                sum_ = sum_ + 0.1 * functional.mse_loss(projector(feature), taught_feature)
            if kind == "relational":
                sum_ = sum_ + 0.1 * relational(feature, taught_feature)
            return sum_
        self.train(f"{name} distillation, {kind}", student, DISTILL_EPOCHS, loss,
                   more=projector.parameters() if kind == "feature" else ())
        self.evaluate(f"{name} kd {kind}", student)

    def clustered(self, name, model):
        with self.watch.other("clustering"):
            clustered, places = copy.deepcopy(model), []
            for layer in clustered:
                if hasattr(layer, "weight"):
                    means = KMeans(16, n_init=1, random_state=self.options.seed).fit(
                        layer.weight.detach().reshape(-1, 1).numpy())
                    place = torch.tensor(means.labels_).long()
                    places.append((layer.weight, place, torch.bincount(place, minlength=16)))
                    layer.weight.data = torch.tensor(
                        means.cluster_centers_, dtype=torch.float32)[place].reshape(
                            layer.weight.shape)
        self.evaluate(f"{name} clustered", clustered)

        def to_centroids():
            for weight, place, count in places:
                sums = torch.zeros(16).index_add_(0, place, weight.data.flatten())
                weight.data = (sums / count.clamp(min=1))[place].reshape(weight.shape)
        self.train(f"{name} centroids", clustered, FINETUNE_EPOCHS, after=to_centroids)
        self.evaluate(f"{name} clustered-finetuned", clustered)


def relational(student, teacher):
    """Distances and angles between the rows of a batch (Park et al., 2019)."""
    def distances(features):
        pairs = torch.cdist(features, features)
        return pairs / pairs[pairs > 0].mean()

    def angles(features):
        edges = functional.normalize(features.unsqueeze(0) - features.unsqueeze(1), dim=2)
        return torch.bmm(edges, edges.transpose(1, 2))
    with torch.no_grad():
        taught_distances, taught_angles = distances(teacher), angles(teacher)
    return functional.smooth_l1_loss(distances(student), taught_distances) + \
        functional.smooth_l1_loss(angles(student), taught_angles)


def fastest_threads(inputs, targets, options):
    """One thread or two, whichever trains tinycnn faster."""
    took = {}
    for threads in (1, 2):
        torch.set_num_threads(threads)
        trial = Study(argparse.Namespace(**{**vars(options), "max_epochs": 1}), inputs, targets)
        trial.train_rows, trial.train_targets = station.fold_tensors(inputs, targets, 1)[:2]
        trial.train("warm-up", tinycnn(), 1)
        trial.train("trial", tinycnn(), 1)
        took[threads] = trial.watch.seconds["trial"]
    return min(took, key=took.get)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv")
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(1, station.FOLDS + 1)),
                        metavar="1..5")
    parser.add_argument("--max-epochs", type=int, default=station.STUDY_EPOCHS,
                        help="of each training; the rest is extrapolated")
    parser.add_argument("--lean", action="store_true", help="batches by index, no data loader")
    parser.add_argument("--threads", type=int, help="default: the faster of 1 and 2")
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    inputs, targets = station.load(options.csv)
    torch.set_num_threads(options.threads or fastest_threads(inputs, targets, options))
    torch.manual_seed(options.seed)
    study = Study(options, inputs, targets)
    start = time.monotonic()
    study.run()
    ran = time.monotonic() - start
    # Fold i trains on i parts of the rows.
    share = sum(options.folds) / sum(range(1, station.FOLDS + 1))
    steps = {kind: study.watch.study_steps[kind] / share for kind in study.watch.steps}
    print(json.dumps({
        "python": platform.python_version(), "torch": torch.__version__,
        "threads": torch.get_num_threads(), "lean": options.lean, "folds": options.folds,
        "max_epochs": options.max_epochs, "seconds_run": ran,
        "steps_run": sum(study.watch.steps.values()), "steps": round(sum(steps.values())),
        "seconds": study.watch.study_seconds(share),
        "us_per_step": {kind: 1e6 * study.watch.seconds[kind] / study.watch.steps[kind]
                        for kind in study.watch.seconds},
        "other_seconds": dict(study.watch.once),
        "quality": {name: [sum(column) / len(folds) for column in zip(*folds)]
                    for name, folds in study.quality.items()}}))


if __name__ == "__main__":
    main()
