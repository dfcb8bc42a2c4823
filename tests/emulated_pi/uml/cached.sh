# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced after lib.sh: where the kernel of this tree's configuration and module lies.
# CACHE/uml/VERSION-CONFIG/linux, and CACHE/uml/VERSION-CONFIG/MODULE/tinyjoule_ina219.ko

uml_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
config_hash() { hash_of "$uml_folder/linux.config"; }
module_hash() { hash_of "$uml_folder"/../kernel/{Makefile,tinyjoule_ina219.c}; }

# The newest kernel that fits; fails when there is none.
cached_kernel() {
  local kernel
  kernel=$(for each in "${cache:?}"/uml/*-"$(config_hash)"; do
    [ ! -e "$each/$(module_hash)/tinyjoule_ina219.ko" ] || printf '%s\n' "$each"
  done | sort -V | tail -n 1)
  [ -n "$kernel" ] && printf '%s\n' "$kernel"
}
