#!/usr/bin/env bash
# A C compiler with its sanitizers, Python 3.11 or newer, its headers and its venv. On Debian and Ubuntu what is missing is installed.
set -euo pipefail

has() {
  command -v gcc >/dev/null && command -v git >/dev/null && command -v python3 >/dev/null &&
    python3 - <<'PY'
import pathlib, sys, sysconfig, venv, ensurepip
sys.exit(sys.version_info < (3, 11) or not (pathlib.Path(sysconfig.get_paths()["include"]) / "Python.h").exists())
PY
}

if ! has 2>/dev/null; then
  command -v apt-get >/dev/null || { echo "needed: gcc, git, Python 3.11 with headers and venv" >&2; exit 1; }
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq gcc libc6-dev git python3 python3-dev python3-venv
fi
has || { echo "needed: gcc, git, Python 3.11 with headers and venv" >&2; exit 1; }
gcc --version | sed -n 1p
python3 --version
