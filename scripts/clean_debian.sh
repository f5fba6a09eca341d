# Sourced. clean_debian FOLDER: a Debian 12 with nothing but its base, for chroot. Needs root and Debian's archive.
clean_debian() {
  local root=$1 mirror
  [ "$(id -u)" -eq 0 ] || { echo "run: needs root for a chroot" >&2; return 1; }
  command -v debootstrap >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' 2>/dev/null | head -1 || true)
  mkdir -p "$root"
  chmod 755 "$root"
  debootstrap --variant=minbase bookworm "$root" "${mirror:-http://deb.debian.org/debian}" >"$root.log" 2>&1 || { tail "$root.log" >&2; return 1; }
  rm -f "$root.log"
  apt-config dump | grep -i '^Acquire::.*proxy' >"$root/etc/apt/apt.conf.d/proxy" || true
}
