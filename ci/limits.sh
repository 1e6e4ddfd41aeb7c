#!/usr/bin/env bash
# What holds for every wheel in a folder: at most 4 MiB, with declarations and headers for Cython and the licence, without generated C.
set -euo pipefail

python=$(command -v python3 || command -v python)
for wheel in "${1:?a folder of wheels}"/*.whl; do
  "$python" - "$wheel" <<'PY'
import os, sys, zipfile
wheel = sys.argv[1]
names = zipfile.ZipFile(wheel).namelist()
lacks = [
    name
    for name in ("numbers/types.pxd", "include/adl_wide.h", "numbers/sums.pyi", "/py.typed", "/licenses/LICENSE")
    if not any(path.endswith(name) for path in names)
]
extra = [path for path in names if path.endswith((".c", ".pyx", ".pyc", ".key")) or not path.startswith("adlcore")]
size = os.path.getsize(wheel)
if lacks or extra or size > 4 << 20:
    sys.exit(f"{wheel}: {size} bytes, at most {4 << 20}; lacks {lacks}; must not hold {extra[:5]}")
PY
done
