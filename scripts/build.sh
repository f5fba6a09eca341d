#!/usr/bin/env bash
# build.sh PRESET [TARGET...]: configures and builds one preset of CMakePresets.json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
preset=$1
shift
need_packages build
# Where ccache is used, clones share what it keeps, wherever they lie.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
cmake --preset "$preset" >/dev/null
targets=("$@")
[ ${#targets[@]} -gt 0 ] || { [ "$preset" = release ] && targets=(telltale) || targets=(all); }
cmake --build --preset "$preset" --target "${targets[@]}"
if [ "$preset" = release ]; then
  echo "built build/release/telltale"
fi
