#!/usr/bin/env bash
# Each Python at hand, 3.11 and newer, on the PATH or under pyenv, the oldest first: a line with its version, such as 3.11, and its path.
set -euo pipefail
shopt -s nullglob

declare -A found
for python in python3.1{1..9} "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[1-9]*/bin/python3; do
  read -r minor path < <("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2], sys.executable)' 2>/dev/null) || continue
  [[ -n ${found[$minor]:-} ]] || found[$minor]=$path
done
for minor in "${!found[@]}"; do echo "$minor ${found[$minor]}"; done | sort -V
