#!/usr/bin/env bash
# The source distribution, of what is committed, into the folder that is given: everything git has, and nothing that was generated.
#
#   bash ci/sdist.sh dist
set -euo pipefail
mkdir -p "${1:?the folder it goes to}"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet build twine
git clone --quiet . "$work/adlcore"
"$work/venv/bin/python" -m build --sdist --outdir "$work/dist" "$work/adlcore" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
"$work/venv/bin/twine" check --strict "$work"/dist/*

listed() { sed 's#^[^/]*/##' | grep -v -e '/$' -e '^$' -e '^PKG-INFO$' -e '^setup.cfg$' -e '^adlcore.egg-info/' | sort; }
diff <(git -C "$work/adlcore" ls-files | sort) <(tar tzf "$work"/dist/*.tar.gz | listed) ||
  { echo "ci/sdist.sh: must hold what git has, and that alone: see MANIFEST.in" >&2; exit 1; }
cp "$work"/dist/* "$out"
