#!/usr/bin/env bash
# Kills a run two hundred times, each at another pass and moment; every one must end as the one that was left alone.
# Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

ADLCORE_KILLS="${ADLCORE_KILLS:-200}" python -m pytest -n auto tests/test_runs_faults.py -k killed "$@"
