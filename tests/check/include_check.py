#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
"""Holds every #include against the walls of the house (CONTRIBUTING.md, "Walls").

    include_check.py ROOT          exits 1 and lists FILE:LINE for each broken wall
    include_check.py --self-test   shows that each rule catches a breach
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
PROGRAMS = ("agent", "server", "client")
# Third-party headers and the only places that may include them.
HOMES = {
    "gRPC": (re.compile(r"^(grpcpp|grpc)/|\.grpc\.pb\.h$"),
             ("server/rpc/", "agent/link/", "client/", "common/net/", "tests/")),
    "LibTorch": (re.compile(r"^(torch|ATen|c10)/"), ("server/trainer/", "agent/runner/torch/", "tests/bench/")),
    "libgpiod": (re.compile(r"^gpiod\."), ("agent/gpio/",)),
    "SQLite": (re.compile(r"^(SQLiteCpp/|sqlite3\.h)"), ("server/store/",)),
    "libfyaml": (re.compile(r"^libfyaml\.h"), ("common/config/",)),
    "XNNPACK": (re.compile(r"^(xnnpack|pthreadpool)\.h"), ("agent/runner/", "tests/bench/")),
}
# Doors that core may not open itself; they come in as interfaces.
CORE = re.compile(r"^(agent|server)/core/")
CORE_FORBIDDEN = re.compile(
    r"^(fstream|filesystem|random|unistd\.h|fcntl\.h|ctime|time\.h|dirent\.h|linux/.*|sys/(stat|ioctl|time|random)\.h)$")
CORE_CALLS = re.compile(r"\b(sleep_for|clock_gettime|absl::Now|absl::SleepFor|system_clock::now|"
                        r"steady_clock::now|getrandom|SystemClock\(\)|SystemRandom\(\)|PosixFileSystem\(\))")
IMPLEMENTATIONS = re.compile(r"^(agent/(link|power|gpio|runner)|server/(rpc|store|training|trainer|export))/")


def breaches(name, text):
    """Yields (line number, message) for each broken wall in the file called `name`."""
    program = name.split("/")[0]
    is_test = name.startswith("tests/") or name.endswith(("_test.cc", "_bench.cc"))
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            header = match.group(1)
            yield from ((number, m) for m in include_breaches(name, program, is_test, header))
        elif CORE.match(name) and not is_test and CORE_CALLS.search(line.split("//")[0]):
            yield number, "core takes time, randomness and files as interfaces: " + line.strip()


def include_breaches(name, program, is_test, header):
    top = header.split("/")[0]
    if program == "common" and top in PROGRAMS:
        yield f"common may not include {top}: {header}"
    if program in PROGRAMS and top in PROGRAMS and top != program and not is_test:
        yield f"{program} may not include {top}: {header}"
    if not is_test and header.startswith("tests/"):
        yield f"product code may not include tests: {header}"
    for library, (pattern, homes) in HOMES.items():
        if pattern.search(header) and not name.startswith(homes):
            yield f"{library} has its home in {', '.join(homes)}: {header}"
    if CORE.match(name) and not is_test:
        if CORE_FORBIDDEN.match(header):
            yield f"core takes time, randomness and files as interfaces: {header}"
        if IMPLEMENTATIONS.match(header):
            yield f"core defines interfaces and never includes what implements them: {header}"


def check(root):
    found = []
    files = 0
    for folder in ("common", "agent", "server", "client", "tests"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".h", ".cc"):
                files += 1
                name = path.relative_to(root).as_posix()
                found += [f"{name}:{n}: {m}" for n, m in breaches(name, path.read_text("utf-8"))]
    return files, found


def self_test():
    cases = [
        ("common/base/x.cc", '#include "agent/core/y.h"', 1),
        ("agent/core/x.cc", '#include "server/core/y.h"', 1),
        ("client/x.cc", '#include "tests/support/fake_clock.h"', 1),
        ("server/core/x.cc", "#include <grpcpp/grpcpp.h>", 1),
        ("server/core/x.cc", "#include <fstream>", 1),
        ("server/core/x.cc", '#include "server/store/sqlite_run_store.h"', 1),
        ("agent/core/x.cc", "  absl::SleepFor(absl::Seconds(1));", 1),
        ("server/rpc/x.cc", "#include <torch/torch.h>", 1),
        ("agent/runner/x.cc", "#include <ATen/ATen.h>", 1),
        ("agent/runner/torch/x.cc", "#include <ATen/ATen.h>", 0),
        ("agent/power/x.cc", "#include <gpiod.h>", 1),
        ("server/core/x_test.cc", '#include "tests/support/fake_clock.h"', 0),
        ("server/rpc/x.cc", "#include <grpcpp/grpcpp.h>", 0),
        ("agent/core/x.cc", '#include "common/base/clock.h"', 0),
        ("agent/core/x.cc", "// never absl::SleepFor here", 0),
    ]
    bad = [c for c in cases if len(list(breaches(c[0], c[1]))) != c[2]]
    for name, line, expected in bad:
        print(f"self-test: {name}: {line!r}: expected {expected} breaches")
    print(f"self-test: {len(cases)} cases, {len(bad)} failed")
    return 1 if bad else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    files, found = check(pathlib.Path(arguments[0]))
    print("\n".join(found))
    print(f"{files} files, {len(found)} broken walls")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
