#!/usr/bin/env bash
# Certificates for a lab or a small plant, by openssl. Two authorities, so that no device can pass for the service:
# `services` signs the broker, Telltale and people; `devices` signs devices and nothing else.
set -euo pipefail
umask 077

usage() {
  cat <<'TXT'
usage: pki.sh init DIR                     both authorities, for ten years
       pki.sh server DIR NAME HOST...      a server (broker, HTTP): the names and addresses it is reached by; for 825 days
       pki.sh device DIR DEVICE...         a device: its user name at the broker is DEVICE; for five years
       pki.sh service DIR NAME...          Telltale (telltale), people (operators, dashboards); for five years
       pki.sh renew DIR NAME [HOST...]     the same for as long again, with the same key; a server may get other names
       pki.sh revoke DIR device|service NAME
       pki.sh list DIR                     kind, state, last day, name
       pki.sh rules TENANT DEVICE...       access rules of the devices TENANT.DEVICE (acl.tenants.example)

DIR/broker/        what the broker needs beside its own certificate: authorities and revocation lists
DIR/NAME/          ca.crt, NAME.crt and NAME.key: hand these to NAME and to nobody else
DIR/*/ca.key       sign everything: keep DIR off line, at least these
TXT
}
fail() { echo "pki: $*" >&2; exit 2; }

# Names of the access rules (broker/acl.example): a device that were called so would have their rights.
reserved='^(telltale|operators|dashboards|grafana|fleet|.*-operators|.*-dashboards)$'
device_name='^[A-Za-z0-9][A-Za-z0-9_.:-]{0,47}$'
server_days=825 client_days=1825 authority_days=3650

authority() { # DIR KIND COMMON-NAME
  local home=$1/$2
  mkdir -p "$home/issued"
  : >"$home/index.txt"
  cat >"$home/openssl.cnf" <<CNF
[ca]
default_ca = authority
[authority]
database = index.txt
new_certs_dir = issued
certificate = ca.crt
private_key = ca.key
rand_serial = yes
unique_subject = no
default_md = sha256
default_crl_days = $authority_days
policy = any
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:true,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
CNF
  (cd "$home" && openssl req -config openssl.cnf -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -days "$authority_days" -subj "/CN=$3" -extensions root -keyout ca.key -out ca.crt 2>/dev/null)
  revocations "$1" "$2"
}

revocations() { # DIR KIND
  mkdir -p "$1/broker"
  (cd "$1/$2" && openssl ca -config openssl.cnf -gencrl -out crl.pem 2>/dev/null)
  install -m 644 "$1/$2/ca.crt" "$1/broker/$2-ca.crt"
  install -m 644 "$1/$2/crl.pem" "$1/broker/$2.crl"
}

need_authorities() { # DIR
  [ -f "$1/services/ca.key" ] && [ -f "$1/devices/ca.key" ] || fail "$1: has no authorities: pki.sh init $1"
}

sign() { # DIR KIND NAME DAYS EXTENSIONS: a certificate for NAME.key; false, and why, when there is none
  local out
  out=$(cd "$1/$3" && pwd)
  # The request's own names count for nothing: subject and extensions are given here.
  if (cd "$1/$2" && printf '%s\n' "$5" >"$out/extensions" &&
    openssl req -config openssl.cnf -new -key "$out/$3.key" -subj "/CN=$3" -out "$out/request" 2>"$out/said" &&
    openssl ca -config openssl.cnf -batch -notext -days "$4" -extfile "$out/extensions" -in "$out/request" \
      -out "$out/fresh" 2>>"$out/said"); then
    chmod 644 "$out/fresh"
    mv -f "$out/fresh" "$out/$3.crt"
    rm -f "$out/extensions" "$out/request" "$out/said"
    echo "$1/$3/$3.crt"
  else
    cat "$out/said" >&2
    rm -f "$out/extensions" "$out/request" "$out/said" "$out/fresh"
    return 1
  fi
}

issue() { # DIR KIND NAME DAYS EXTENSIONS
  local out=$1/$3
  need_authorities "$1"
  [ ! -e "$out" ] || fail "$out: is there already: renew it, revoke it first, or choose another name"
  mkdir "$out"
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$out/$3.key"
  install -m 644 "$1/services/ca.crt" "$out/ca.crt"
  sign "$@" || { rm -rf "$out"; fail "no certificate for $3"; }
}

extensions() { # PURPOSE
  printf 'basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s' "$1"
}

server_extensions() { # HOST...
  local host names=
  for host in "$@"; do
    [[ $host =~ ^[A-Za-z0-9.:-]+$ ]] || fail "$host: is neither a host name nor an address"
    if [[ $host =~ ^[0-9.]+$ || $host == *:* ]]; then names+=,IP:$host; else names+=,DNS:$host; fi
  done
  printf '%s\nsubjectAltName=%s' "$(extensions serverAuth)" "${names#,}"
}

valid_serials() { # DIR KIND NAME: of its certificates that are not revoked
  awk -F'\t' -v subject="/CN=$3" '$1 == "V" && $6 == subject { print $4 }' "$1/$2/index.txt"
}

renew() { # DIR NAME HOST...
  local dir=$1 name=$2 kind=devices days=$client_days added crt=$1/$2/$2.crt
  shift 2
  need_authorities "$dir"
  [ -f "$crt" ] || fail "$name: has no certificate in $dir"
  [ -z "$(valid_serials "$dir" services "$name")" ] || kind=services
  if openssl x509 -in "$crt" -noout -ext extendedKeyUsage | grep -q 'Server'; then
    local hosts=("$@")
    [ $# -gt 0 ] || mapfile -t hosts < <(openssl x509 -in "$crt" -noout -ext subjectAltName | grep -oE '(DNS|IP Address):[^, ]+' | sed -E 's/^(DNS|IP Address)://')
    days=$server_days
    added=$(server_extensions "${hosts[@]}")
  else
    [ $# -eq 0 ] || fail "$name: is no server, it has no host names"
    added=$(extensions clientAuth)
  fi
  sign "$dir" "$kind" "$name" "$days" "$added" || fail "no certificate for $name"
}

revoke() { # DIR KIND NAME
  local home=$1/$2 serials serial
  need_authorities "$1"
  serials=$(valid_serials "$1" "$2" "$3")
  [ -n "$serials" ] || fail "$3: is not one of the $2"
  # Those before a renewal, too: they have the same key.
  for serial in $serials; do
    (cd "$home" && openssl ca -config openssl.cnf -revoke "issued/$serial.pem" 2>/dev/null)
  done
  rm -rf "${1:?}/$3"
  revocations "$1" "$2"
  echo "$3 is revoked: copy $1/broker/$2.crl to the broker and restart it"
}

[ $# -ge 2 ] || { usage >&2; exit 2; }
command=$1 dir=${2%/}
shift 2
case "$command" in
  init)
    [ ! -e "$dir/services" ] && [ ! -e "$dir/devices" ] || fail "$dir: has authorities already"
    authority "$dir" services "Telltale services"
    authority "$dir" devices "Telltale devices"
    echo "$dir/broker"
    ;;
  server)
    [ $# -ge 2 ] || { usage >&2; exit 2; }
    [[ $1 =~ $device_name ]] || fail "$1: is no name"
    added=$(server_extensions "${@:2}")
    issue "$dir" services "$1" "$server_days" "$added"
    ;;
  device)
    for name in "$@"; do
      [[ $name =~ $device_name ]] || fail "$name: is no device name: 1 to 48 letters, digits and _ . : -"
      [[ ! $name =~ $reserved ]] || fail "$name: is a name of the access rules, no device may have it"
      case "$name" in services | devices | broker | server) fail "$name: is taken by this folder" ;; esac
      issue "$dir" devices "$name" "$client_days" "$(extensions clientAuth)"
    done
    ;;
  service)
    for name in "$@"; do
      [[ $name =~ $device_name ]] || fail "$name: is no name"
      issue "$dir" services "$name" "$client_days" "$(extensions clientAuth)"
    done
    ;;
  renew)
    [ $# -ge 1 ] || { usage >&2; exit 2; }
    renew "$dir" "$@"
    ;;
  revoke)
    [ $# -eq 2 ] && [[ $1 =~ ^(device|service)$ ]] || { usage >&2; exit 2; }
    revoke "$dir" "$1s" "$2"
    ;;
  list)
    need_authorities "$dir"
    for kind in services devices; do
      awk -F'\t' -v kind="$kind" -v now="$(date -u +%y%m%d%H%M%SZ)" \
        '{ print kind "\t" ($1 == "R" ? "revoked" : $2 < now ? "expired" : "valid") "\t20" substr($2, 1, 2) "-" substr($2, 3, 2) "-" substr($2, 5, 2) "\t" substr($6, 5) }' \
        "$dir/$kind/index.txt"
    done
    ;;
  rules)
    [[ $dir =~ ^[a-z0-9][a-z0-9_-]{0,23}$ ]] || fail "$dir: is no tenant"
    for name in "$@"; do
      [[ $name =~ $device_name ]] || fail "$name: is no device name"
      printf '\nuser %s.%s\n' "$dir" "$name"
      printf "topic write $dir/%s\n" "telemetry/+/$name/#" "status/+/$name" "ack/+/$name/#"
      printf "topic read $dir/%s\n" "cmd/+/$name/#" "config/+/$name" service/time
    done
    ;;
  *) usage >&2; exit 2 ;;
esac
