#!/usr/bin/env bash
# Chromium, for the tests of the report's page. On Debian it is installed where it is missing.
set -euo pipefail

if ! command -v chromium >/dev/null; then
  command -v apt-get >/dev/null || { echo "needed: chromium" >&2; exit 1; }
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
fi
chromium --version
