# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts of deploy and tests, after they set `root`: packages and builds.

say() { printf '%s\n' "== $*" >&2; }
fail() { printf '%s\n' "error: $*" >&2; exit 1; }

# packages_of SECTION...: the names in those sections of deploy/packages.txt.
packages_of() {
  for section in "$@"; do
    sed -n "/^\[$section\]\$/,/^\[/{/^[a-z0-9]/p}" "$root/deploy/packages.txt"
  done
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# What has another origin than Debian's package serves as well: a newer Node.js, say.
is_provided() {
  case $1 in
    nodejs) command -v node ;;
    npm) command -v npm ;;
    *) false ;;
  esac >/dev/null 2>&1
}

missing_of() {
  for package in "$@"; do
    is_installed "$package" || is_provided "$package" || printf '%s\n' "$package"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_packages SECTION...: installs what is missing and says what; nothing when all is there.
install_packages() {
  command -v dpkg-query >/dev/null || fail "this is not Debian: install what deploy/packages.txt lists, by hand"
  missing=$(missing_of $(packages_of "$@"))
  [ -n "$missing" ] || return 0
  say "Debian packages to install: $(echo $missing)"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
    fail "packages are missing and there is neither root nor sudo. As root: apt-get install $(echo $missing)"
  # Lists that are there already may be enough, and often there is no mirror in reach.
  as_root apt-get update -qq || say "apt-get update failed; going on with the lists that are here"
  unknown=$(for package in $missing; do
    apt-cache show "$package" >/dev/null 2>&1 || printf '%s ' "$package"
  done)
  [ -z "$unknown" ] || fail "no such package here: $unknown(TinyJoule is built for Debian 12; look at /etc/apt/sources.list)"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2 ||
    fail "apt-get could not install: $(echo $missing)"
  missing=$(missing_of $missing)
  [ -z "$missing" ] || fail "still missing after the installation: $(echo $missing)"
}

# The mirrors that this machine uses, so that no other is asked.
apt_uris() {
  sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2> /dev/null
  sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\(http[^ ]*\) .*/\2/p' /etc/apt/sources.list 2> /dev/null || true
}
debian_mirror() {
  uri=${DEBIAN_MIRROR:-$(apt_uris | grep -v security | head -n 1)}
  printf '%s\n' "${uri:-http://deb.debian.org/debian}"
}
security_mirror() {
  uri=${DEBIAN_SECURITY_MIRROR:-$(apt_uris | grep security | head -n 1)}
  printf '%s\n' "${uri:-http://deb.debian.org/debian-security}"
}

# sources_of SUITE: its lines for sources.list.
sources_of() {
  signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
  printf "deb $signed %s %s main\n" "$(debian_mirror)" "$1" "$(debian_mirror)" "$1-updates" \
    "$(security_mirror)" "$1-security"
}

# The Debian release of this machine.
own_suite() { (. /etc/os-release && echo "${VERSION_CODENAME:?}"); }

# One compiler per core, but no more than memory holds: a file with LibTorch takes 2 GB.
jobs() {
  cores=$(nproc)
  gigabytes=$(awk '/MemAvailable/ {print int($2 / 2500000)}' /proc/meminfo)
  [ "$gigabytes" -ge 1 ] || gigabytes=1
  [ "$cores" -le "$gigabytes" ] && echo "$cores" || echo "$gigabytes"
}

# build PRESET TARGET [CMAKE_ARGUMENT...]
build() {
  preset=$1 target=$2
  shift 2
  log="$root/build/$preset.configure.log"
  mkdir -p "$root/build"
  (cd "$root" && cmake --preset "$preset" "$@") > "$log" 2>&1 || { cat "$log" >&2; fail "cmake --preset $preset failed"; }
  cmake --build "$root/build/$preset" --target "$target" --parallel "$(jobs)" >&2 || fail "the build of $preset failed"
}
