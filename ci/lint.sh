#!/usr/bin/env bash
# Style, types, and that the stubs say what the compiled modules have.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

ruff check .
ruff format --check .
cython-lint adlcore
mypy --strict adlcore
python -m mypy.stubtest adlcore --ignore-missing-stub --allowlist ci/stubtest.txt
