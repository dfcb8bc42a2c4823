#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
"""Speaks the trainer's protocol and trains nothing.

The trial's model name says what to do: work, chatter, big, fail, crash, hang, garbage, or ignore_eof.
"""
import json
import os
import signal
import sys


def say(task_id, **event):
    print(json.dumps({"taskId": task_id, **event}), flush=True)


def finish(task):
    with open(os.path.join(task["outputDir"], "model.onnx"), "wb") as model:
        model.write(b"model of " + task["taskId"].encode())
    history = []
    if task["trial"]["model"]["name"] == "big":
        history = [{"epoch": n, "trainLoss": 1.0 / n} for n in range(1, 50001)]
    say(task["taskId"], outcome={"model": {"fileName": "model.onnx"}, "trainS": 0.5, "history": history,
                                 "environment": {"pid": str(os.getpid()), "nice": str(os.nice(0)),
                                                 "omp": os.environ.get("OMP_NUM_THREADS", "")}})


def work(task):
    kind = task["trial"]["model"]["name"]
    task_id = task["taskId"]
    print(f"working on {task_id}", file=sys.stderr, flush=True)
    if kind == "crash":
        print("about to die", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "hang":
        say(task_id, progress={"phase": "TRAINING_PHASE_TRAINING", "epoch": 1, "epochs": 2})
        signal.pause()
    if kind == "garbage":
        print("Segmentation fault (core dumped)", flush=True)
        signal.pause()
    if kind == "fail":
        say(task_id, failure={"code": 3, "message": "the target has zero variance"})
        return
    if kind == "chatter":
        for epoch in range(1, 5001):
            say(task_id, progress={"phase": "TRAINING_PHASE_TRAINING", "epoch": epoch, "epochs": 5000})
    finish(task)


for line in sys.stdin:
    work(json.loads(line))
