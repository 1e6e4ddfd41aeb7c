#!/usr/bin/env bash
# Style, types, and that the stubs say what the compiled modules have.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

ruff check .
ruff format --check .
cython-lint adlcore
mypy --strict adlcore
stubs=$(find adlcore -name '*.pyi' | sed 's/\.pyi$//; s#/#.#g')
# shellcheck disable=SC2086
python -m mypy.stubtest --mypy-config-file pyproject.toml --allowlist ci/stubtest.txt --ignore-unused-allowlist $stubs
