#!/usr/bin/env bash
# The suite on kernels with every check on and the address and undefined-behaviour sanitizers, in a clone and an environment of its own.
# Arguments go to pytest: `bash ci/sanitize.sh -m "not files and not plain" tests` is what reaches the kernels.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone --quiet . "$work/adlcore"
cd "$work/adlcore"
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --upgrade pip
ADLCORE_SAFE=1 "$work/venv/bin/pip" install --quiet -e '.[test]'

# Python's own allocator would hide the ends of blocks; leaks are Python's, at exit, and are left off. The sanitizer comes before all
# other libraries, so it is preloaded; pyarrow's own allocator is told to stand back. Memory needs fewer random examples than laws do.
runtime="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
env ADLCORE_EXAMPLES="${ADLCORE_EXAMPLES:-10}" LD_PRELOAD="$runtime" PYTHONMALLOC=malloc ARROW_DEFAULT_MEMORY_POOL=system \
  ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
  "$work/venv/bin/python" -m pytest -p no:cacheprovider -n auto "$@"
