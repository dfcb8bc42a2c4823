# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the scripts of this folder: the cache, and Debian's packages of any suite and
# architecture without installing them.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/deploy/lib.sh"

# Everything that takes minutes to make is kept here, outside the tree.
# shellcheck disable=SC2034
cache=${TINYJOULE_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/tinyjoule}

# What ctest shows as a skipped test.
skip() { printf '%s\n' "skipped: $*"; exit 77; }

# need PROGRAM PACKAGE
need() { command -v "$1" > /dev/null || fail "$1 is missing: apt-get install $2"; }

# hash_of FILE...: twelve digits that change with the files' bytes.
hash_of() { cat "$@" | sha256sum | cut -c 1-12; }

# step NAME COMMAND...: its output goes to $log/NAME.log and is shown only when it fails.
step() {
  local name=$1 begin=$SECONDS
  shift
  mkdir -p "${log:?}"
  # In the background, because a command before || goes on after an error.
  ("$@") > "$log/$name.log" 2>&1 &
  wait $! || { tail -n 30 "$log/$name.log" >&2; fail "$name failed; see $log/$name.log"; }
  say "$name: $((SECONDS - begin)) s"
}

# use_suite SUITE ARCH FOLDER: apt-get of this shell sees that suite, for this machine and ARCH, and
# nothing of what is installed.
use_suite() {
  local suite=$1 arch=$2 folder=$3 host
  host=$(dpkg --print-architecture)
  mkdir -p "$folder/lists/partial" "$folder/archives/partial"
  : > "$folder/status"
  sources_of "$suite" > "$folder/sources.list"
  cat > "$folder/apt.conf" <<CONF
APT::Architecture "$host";
APT::Architectures { "$host"; "$arch"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Debug::NoLocking "true";
Dir::Etc::sourcelist "$folder/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "$folder";
Dir::State::lists "$folder/lists";
Dir::State::status "$folder/status";
Dir::Cache "$folder";
CONF
  export APT_CONFIG="$folder/apt.conf"
  # Once a day is enough.
  [ -n "$(find "$folder/lists" -name '*_Packages*' -mmin -1440)" ] || apt-get -qq update
}

# dependency_of PACKAGE REGEX: the first dependency that matches, as linux-image-arm64 names the
# kernel of the day.
dependency_of() {
  apt-cache depends "$1" | sed -n 's/^ *Depends: <\{0,1\}\([^:>]*\).*/\1/p' | grep -E "$2" | head -n 1
}

version_of() { apt-cache policy "$1" | sed -n 's/^ *Candidate: //p'; }

# fetch FOLDER PACKAGE[=VERSION]...: the .deb files, unless they are there.
fetch() {
  local folder=$1 package
  shift
  mkdir -p "$folder"
  for package in "$@"; do
    (cd "$folder" && apt-get -qq download "$package")
  done
}
