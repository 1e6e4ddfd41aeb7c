#!/usr/bin/env bash
# Interruptions on each other Python at hand (3.11 and newer, on the PATH or under pyenv), in clones and environments of their own: where
# an interruption may strike differs from one to the next. With SUITE=1 the whole suite, too. Arguments go to pytest.
#
#   ADLCORE_STRIDE=7 bash ci/test_pythons.sh      every seventh opcode; the default is every one
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
own=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
declare -A found
while read -r version python; do
  [[ $version == "$own" ]] || found[$version]=$python
done < <(bash ci/list_pythons.sh)
echo "=== beside $own: ${!found[*]}"

for version in "${!found[@]}"; do
  echo "=== Python $version"
  git clone --quiet . "$work/$version"
  cd "$work/$version"
  "${found[$version]}" -m venv .venv
  .venv/bin/pip install --quiet -e '.[test]'
  .venv/bin/python -m pytest -q -n auto -p no:cacheprovider -m "search or not search" -k interruptions tests/clearing "$@"
  [[ -z ${SUITE:-} ]] || .venv/bin/python -m pytest -q -n auto -p no:cacheprovider
  cd - >/dev/null
done
