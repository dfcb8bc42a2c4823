#!/bin/bash
# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
# unit_files.sh DEPLOY_FOLDER: the systemd units are right and have least privilege. Needs no systemd
# that runs; exits with 77 where systemd-analyze is missing.
set -euo pipefail
deploy=$1
if ! command -v systemd-analyze > /dev/null; then
  echo "skipped: no systemd-analyze here (package systemd)"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check UNIT MAXIMUM [DROP_IN]: says what is wrong. MAXIMUM is ten times systemd's exposure level.
# The programs and pages of the packages are not installed here.
check() {
  unit=$work/$(basename "$1")
  rm -rf "$work"/*
  sed -E 's,^(ExecStart=)[^ ]+,\1/bin/true,; /^Documentation=/d' "$1" > "$unit"
  [ -z "${3:-}" ] || cat "$3" >> "$unit"
  # It ends with 0 for a key that it does not know: any word is a fault.
  systemd-analyze verify --man=no "$unit" > "$work/words" 2>&1 || true
  if [ -s "$work/words" ]; then
    cat "$work/words"
    return 1
  fi
  systemd-analyze security --offline=true --no-pager --threshold="$2" "$unit" > "$work/exposure" || {
    grep '^✗' "$work/exposure"
    tail -n 1 "$work/exposure"
    echo "$(basename "$1"): more exposed than $2 tenths"
    return 1
  }
  tail -n 1 "$work/exposure"
}

failed=0
check "$deploy/agent/tinyjoule-agent.service" 16 || failed=1
check "$deploy/coordinator/tinyjoule-coordinator.service" 13 || failed=1
# With LibTorch beside it, memory that is written and then run must be allowed.
check "$deploy/coordinator/tinyjoule-coordinator.service" 13 "$deploy/libtorch.conf" || failed=1
check "$deploy/agent/tinyjoule-agent.service" 17 "$deploy/libtorch.conf" || failed=1

# What this test would say of faults: each must be found.
must_fail() {
  if check "$@" > "$work.said"; then
    echo "not found: $(diff "$deploy/agent/tinyjoule-agent.service" "$1")"
    failed=1
  fi
  rm -f "$work.said"
}
faulty=$(mktemp -d)
trap 'rm -rf "$work" "$faulty"' EXIT
original=$deploy/agent/tinyjoule-agent.service
sed 's/^WatchdogSec=/WatchdogSeconds=/' "$original" > "$faulty/unknown-key.service"
sed 's/^LimitRTPRIO=.*/LimitRTPRIO=many/' "$original" > "$faulty/wrong-value.service"
sed 's/^PrivateUsers=.*/PrivateUsers=no/' "$original" > "$faulty/exposed.service"
for unit in "$faulty"/*.service; do must_fail "$unit" 16; done

# What the running daemons count on.
for unit in agent coordinator; do
  for line in Type=notify Restart=always StartLimitIntervalSec=0 DevicePolicy=closed; do
    grep -qx "$line" "$deploy/$unit/tinyjoule-$unit.service" || { echo "tinyjoule-$unit.service lacks $line"; failed=1; }
  done
done
for accounts in "$deploy"/*/*.sysusers; do
  mapfile -t lines < <(grep -v '^#' "$accounts")
  systemd-sysusers --dry-run --root="$faulty" --inline "${lines[@]}" > "$work/words" 2>&1 ||
    { cat "$work/words"; echo "$accounts: systemd-sysusers refuses it"; failed=1; }
done
exit $failed
