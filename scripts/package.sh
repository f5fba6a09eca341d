#!/usr/bin/env bash
# package.sh [--preset P] [--try] [FOLDER]: makes the Debian package, in build/P/package or FOLDER; the Dockerfile runs it, too.
# --try installs it in a clean Debian (scripts/package_try.sh).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
preset=release try=no folder=
while [ $# -gt 0 ]; do
  case "$1" in
    --preset) preset=$2; shift 2 ;;
    --try) try=yes; shift ;;
    -*) echo "package: unknown option $1" >&2; exit 2 ;;
    *) folder=$1; shift ;;
  esac
done
need_packages build package
bash scripts/build.sh "$preset" telltale
make() { # RELEASE
  (cd "build/$preset" && cpack -G DEB -B package -D "CPACK_DEBIAN_PACKAGE_RELEASE=$1" >cpack.log 2>&1) || { cat "build/$preset/cpack.log" >&2; exit 1; }
  ls -t "build/$preset"/package/telltale_*-"$1"_*.deb | head -1
}
package=$(make 1)
if [ -n "$folder" ]; then
  mkdir -p "$folder"
  cp "$package" "$folder/telltale.deb"
  package=$folder/telltale.deb
fi
echo "package $package"
if [ "$try" = yes ]; then
  exec bash scripts/package_try.sh "$package" "$(make 2)"
fi
