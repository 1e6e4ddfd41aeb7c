#!/usr/bin/env bash
# Each Python at hand, 3.11 and newer, on the PATH or under pyenv: a line with its version and its path, the oldest first.
set -euo pipefail
shopt -s nullglob

declare -A found
for python in python3 python3.1{1..9} python3.1{1..9}t "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[1-9]*/bin/python3; do
  line=$("$python" -c 'import sys; print("%d.%d%s" % (*sys.version_info[:2], sys.abiflags), sys.executable)' 2>/dev/null) || continue
  version=${line%% *}
  [[ ! $version =~ ^3\.1[1-9]t?$ || -n ${found[$version]:-} ]] || found[$version]=${line#* }
done
for version in "${!found[@]}"; do echo "$version ${found[$version]}"; done | sort -V
