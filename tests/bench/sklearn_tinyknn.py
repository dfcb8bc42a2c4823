# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
"""The tinyKNN variants of the reference study by scikit-learn: fewer points, chosen at random or by
what their loss would change, prototypes that the whole model labels, and fewer bits."""
import numpy as np
from sklearn.cluster import KMeans
from sklearn.neighbors import KNeighborsRegressor

NEIGHBOURS = 5
PROTOTYPES = (256, 1024)


def fit(points, targets):
    return KNeighborsRegressor(NEIGHBOURS, weights="distance").fit(points, targets)


def as_int8(points):
    scale = np.abs(points).max() / 127
    return np.round(points / scale).clip(-127, 127) * scale


def contributions(points, targets):
    """By how much the squared error over the training rows grows without each point, all others
    staying."""
    distances, near = KNeighborsRegressor(NEIGHBOURS).fit(points, targets).kneighbors(
        points, NEIGHBOURS + 2)
    distances, near = distances[:, 1:], near[:, 1:]  # A row is no neighbour of itself.
    weights = 1 / np.maximum(distances, 1e-9)

    def error(columns):
        w = weights[:, columns]
        return ((w * targets[near[:, columns]]).sum(1) / w.sum(1) - targets) ** 2
    whole = error(list(range(NEIGHBOURS)))
    worth = np.zeros(len(points))
    for column in range(NEIGHBOURS):
        without = error([c for c in range(NEIGHBOURS + 1) if c != column])
        np.add.at(worth, near[:, column], without - whole)
    return worth


def variants(study, sparsities):
    """All of them on the study's present fold."""
    points = study.train_rows[:, 0].numpy()
    targets = study.train_targets[:, 0].numpy()
    shuffled = np.random.default_rng(study.options.seed).permutation(len(points))

    def show(name, stored, stored_targets):
        with study.watch.other("tinyknn"):
            knn = fit(stored, stored_targets)
        study.evaluate(f"tinyknn {name}", lambda rows: knn.predict(rows[:, 0].numpy()))
        return knn

    whole = show("float32", points, targets)
    show("static", as_int8(points), targets)
    show("float16", points.astype(np.float16).astype(np.float32), targets)
    with study.watch.other("tinyknn"):
        worth = np.argsort(contributions(points, targets))
    for sparsity in sparsities:
        for name, order in (("random", shuffled), ("condensed", worth)):
            kept = order[int(sparsity * len(points)):]
            show(f"{name} {sparsity}", points[kept], targets[kept])
    kept = worth[int(0.8 * len(points)):]
    show("condensed-int8 0.8", as_int8(points[kept]), targets[kept])
    for count in PROTOTYPES:
        with study.watch.other("tinyknn"):
            centres = KMeans(count, n_init=1, random_state=study.options.seed).fit(
                points).cluster_centers_
            taught = whole.predict(centres)
        show(f"prototypes {count}", centres, taught)
    show(f"prototypes-int8 {PROTOTYPES[-1]}", as_int8(centres), taught)
