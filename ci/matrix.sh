#!/usr/bin/env bash
# The suite with the oldest of everything under the oldest Python at hand, and with the newest under the newest, in clones and
# environments of their own. The oldest is what pyproject.toml says: every `name>=x` there is `name==x` here, of the build too; what
# those need in turn is what pip finds today. Before that the package is tried with NumPy alone. Ends with a table.
#
#   bash ci/matrix.sh              both
#   bash ci/matrix.sh --quick      the oldest, and the tests that reach packages: what other packages do is nowhere else seen
#
# What follows goes to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."

sets=(oldest newest) chosen=()
if [[ ${1:-} == --quick ]]; then
  shift
  sets=(oldest)
  chosen=(-m "files and not browser and not compiler and not tmpfs and not search" -k "not hostile" tests/_support/test_extras.py
    tests/cli tests/io/test_*.py tests/io/runs/test_writer.py tests/lab tests/report)
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bash ci/list_pythons.sh | grep -v "^[0-9.]*t " >"$work/pythons"
[[ -s $work/pythons ]] || { echo "needed: Python 3.11 or newer" >&2; exit 1; }
declare -A python=([oldest]=$(sed -n '1s/^[^ ]* //p' "$work/pythons") [newest]=$(sed -n '$s/^[^ ]* //p' "$work/pythons"))

# requirements SET PART: what pyproject.toml lists for the build (`build`), for the package itself (`package`), or in its extras (`extras`).
requirements() {
  "${python[$1]}" - "$@" <<'PY'
import re, sys, tomllib

chosen, part = sys.argv[1:]
with open("pyproject.toml", "rb") as file:
    listed = tomllib.load(file)
extras = listed["project"]["optional-dependencies"]
found = {
    "build": listed["build-system"]["requires"],
    "package": listed["project"]["dependencies"],
    "extras": [each for name, wanted in extras.items() if name not in ("dev", "browser") for each in wanted],
}[part]
for requirement in found:
    if requirement.startswith("adlcore["):
        continue
    name, bound = re.fullmatch(r"([\w-]+)>=([\d.]+)", requirement).groups()
    print(f"{name}=={bound}" if chosen == "oldest" else name)
PY
}

# alone: every feature without any extra, and what the command says then.
alone() {
  local status=0
  mkdir "$work/$1.features"
  .venv/bin/python tests/support/features.py "$work/$1.features" >"$work/alone.txt" || { status=1; cat "$work/alone.txt"; }
  .venv/bin/adlcore --version 2>"$work/error.txt" && status=1 || [[ $? == 2 ]] || status=1
  grep -xF "error: the command line (rich) needs the 'cli' extra: pip install 'adlcore[cli]'" "$work/error.txt" || status=1
  return "$status"
}

failed=0
for set in "${sets[@]}"; do
  echo "=== the $set, ${python[$set]}"
  git clone --quiet . "$work/$set"
  cd "$work/$set"
  "${python[$set]}" -m venv .venv
  .venv/bin/pip install --quiet --upgrade pip
  requirements "$set" build >build.txt
  requirements "$set" package >package.txt
  requirements "$set" extras >extras.txt
  .venv/bin/pip install --quiet -r build.txt -r package.txt
  .venv/bin/pip install --quiet --no-build-isolation --no-deps -e .
  alone "$set" || failed=1
  .venv/bin/pip install --quiet -r package.txt -r extras.txt
  .venv/bin/pip check
  .venv/bin/python -m pytest -q -n auto -p no:cacheprovider "${chosen[@]}" "$@" | tee suite.txt || failed=1
  {
    .venv/bin/python --version
    echo "    $(.venv/bin/pip list --format=freeze | grep -iE "^($(sed 's/==.*//' build.txt package.txt extras.txt | paste -sd '|' -))==" | paste -sd ' ' -)"
    echo "    with NumPy alone: $(tail -n 1 "$work/alone.txt")"
    echo "    with everything: $(tail -n 1 suite.txt)"
  } >"$work/$set.told"
  cd - >/dev/null
done

for set in "${sets[@]}"; do
  echo "=== the $set: $(cat "$work/$set.told")"
done
exit "$failed"
