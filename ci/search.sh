#!/usr/bin/env bash
# Searches for MINUTES, 5 where none are given: the laws and state machines on examples that nobody has seen, and the tests that are
# marked `search`. Rounds follow each other, each from a seed of its own, until the time is out; what has begun ends. The first
# failure ends it, with the failing example and the seed of its round.
#
#   bash ci/search.sh 30                                30 minutes
#   bash ci/search.sh 10 -k hostile                     10 minutes of hostile files, names and options, for every command
#   bash ci/search.sh 10 -k machine                     10 minutes of the state machines: what follows the minutes goes to pytest
#   ADLCORE_EXAMPLES=4000 bash ci/search.sh 60          more examples of each law before the next
#   ADLCORE_SEED=3735928559 bash ci/search.sh 10        one round, with the seed of another one
#
# Examples that failed are kept in `.hypothesis` and tried again first. What is found becomes an example of the suite.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

minutes=5
if [[ $# -gt 0 && $1 != -* ]]; then
  minutes=$1
  shift
fi
[[ $minutes =~ ^[1-9][0-9]*$ ]] || { echo "ci/search.sh MINUTES: must be a whole number above 0, is '$minutes'" >&2; exit 2; }

once=${ADLCORE_SEED:-} round=0
export ADLCORE_EXAMPLES=${ADLCORE_EXAMPLES:-100} ADLCORE_UNTIL=$(($(date +%s) + 60 * minutes)) ADLCORE_SEED
until [[ $round -gt 0 && (-n $once || $(date +%s) -ge $ADLCORE_UNTIL) ]]; do
  round=$((round + 1)) ADLCORE_SEED=${once:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
  echo "=== round $round: ADLCORE_SEED=$ADLCORE_SEED"
  # The seed of Hypothesis and of the order of tests. What hangs is stopped ten minutes after the end.
  timeout --foreground --kill-after=60 $((ADLCORE_UNTIL - $(date +%s) + 600)) python -m pytest -q -n auto --maxfail=1 \
    -m "(search or hypothesis) and not browser and not compiler and not tmpfs" --hypothesis-seed="$ADLCORE_SEED" "$@" tests || {
    status=$?
    echo "=== round $round failed; again with: ADLCORE_SEED=$ADLCORE_SEED bash ci/search.sh $minutes $*" >&2
    exit "$status"
  }
done
echo "=== nothing was found in $round rounds"
