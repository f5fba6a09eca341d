#!/usr/bin/env bash
# check.sh: format and lint. Changes nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
need_packages build check
mapfile -t files < <(git ls-files '*.cpp' '*.hpp' | grep -v '^tests/devices/arduino/')
clang-format --dry-run --Werror "${files[@]}"
echo "format: ${#files[@]} files clean"
cmake --preset dev >/dev/null
mapfile -t sources < <(git ls-files '*.cpp' | grep -Ev '^(tests|bench)/')
printf '%s\0' "${sources[@]}" | xargs -0 -n 4 -P 2 clang-tidy -p build/dev --quiet --extra-arg=-Wno-unknown-warning-option
echo "lint: ${#sources[@]} files clean"
