#!/usr/bin/env bash
# The suite on the adlcore that is installed for a Python, not on the one in this folder: in a copy of all but the package, and with no
# compiler on the PATH. It is what the README's test line runs; options go to pytest.
#
#   bash ci/test_installed.sh venv/bin/python
#   bash ci/test_installed.sh venv/bin/python --smoke      what takes a minute, and needs pytest, Hypothesis and NumPy alone
set -euo pipefail
python=$(command -v "${1:?a Python that has adlcore}")
python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python")
shift
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/adlcore-installed"
for path in .ci .github .gitignore * ; do
  case $path in
    adlcore | build | dist | *.egg-info) ;;
    *) cp -R "$path" "$work/adlcore-installed" ;;
  esac
done
cd "$work/adlcore-installed"

path=$PATH
case $(uname) in
  Linux | Darwin) # elsewhere a Python needs more of the PATH than its own folder
    path=$(dirname "$python")
    for compiler in gcc cc clang; do
      ! (PATH=$path; command -v "$compiler") || { echo "ci/test_installed.sh: there is a compiler on the PATH" >&2; exit 1; }
    done
    ;;
esac
unset PYTHONPATH
PATH=$path "$python" - <<'PY'
import importlib.metadata, pathlib, sys
import adlcore
folder = pathlib.Path(adlcore.__file__).parent
assert folder.parent.name in ("site-packages", "dist-packages"), f"adlcore is imported from {folder}"
assert importlib.metadata.version("adlcore") == adlcore.__version__
print(f"adlcore {adlcore.__version__} of Python {sys.version.split()[0]}, in {folder}", flush=True)
PY
tests=(-n auto tests README.md docs/*.md --pyargs adlcore)
if [[ ${1:-} == --smoke ]]; then
  shift
  tests=(tests/clearing/house/test_liquidation_pass_by_hand.py tests/laws/test_public.py tests/twins)
fi
PATH=$path "$python" -m pytest -q -p no:cacheprovider "${tests[@]}" "$@"
