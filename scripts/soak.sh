#!/usr/bin/env bash
# soak.sh [--minutes N] [--seed N] [--plan]: everything goes wrong at random for so long (60 minutes unless said otherwise);
# the seed, which is printed, repeats it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
need_packages build test
bash scripts/build.sh release telltale
exec /usr/bin/python3 tests/soak/soak.py build/release/telltale --minutes 60 "$@"
