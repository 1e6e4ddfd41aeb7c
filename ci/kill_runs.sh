#!/usr/bin/env bash
# Kills a run two hundred times, each at another pass and moment, and as many commands in the moment in which their folder begins; puts
# garbage behind some of what they left; and makes every call fail by which a command or a repair changes something. Every run must end
# as the one that was left alone, gone on with by `adlcore resume` or begun again by the command that was killed.
# Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

ADLCORE_KILLS="${ADLCORE_KILLS:-200}" python -m pytest -n auto tests/io/runs \
  -k "killed or stopped_at_any_call or failure_of_any_call" "$@"
