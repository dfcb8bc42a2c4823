#!/bin/sh
# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
# buf_lint.sh SOURCE_DIR WORK_DIR: the protocol against buf's STANDARD rules. Exits 77 (skipped)
# where npm or its registry is not to be had.
set -u
version=1.75.0
mkdir -p "$2" && cd "$2" || exit 1
buf="$2/node_modules/.bin/buf"
if [ ! -x "$buf" ]; then
  command -v npm >/dev/null || { echo "skipped: no npm, so no @bufbuild/buf"; exit 77; }
  [ -f package.json ] || echo '{"private": true}' > package.json
  npm install --no-audit --no-fund --silent "@bufbuild/buf@$version" ||
    { echo "skipped: npm cannot install @bufbuild/buf@$version"; exit 77; }
fi
cd "$1/proto" && "$buf" lint && echo "buf $version: STANDARD, clean"
