#!/usr/bin/env bash
# Certificates for a lab or a small plant, by openssl. Two authorities, so that no device can pass for the service:
# `services` signs the broker, Telltale and people; `devices` signs devices and nothing else.
set -euo pipefail
umask 077

usage() {
  cat <<'TXT'
usage: pki.sh init DIR                     both authorities
       pki.sh server DIR NAME HOST...      a server (broker, HTTP): the names and addresses it is reached by
       pki.sh device DIR DEVICE...         a device: its user name at the broker is DEVICE
       pki.sh service DIR NAME...          Telltale (telltale), people (operators, dashboards)
       pki.sh revoke DIR device|service NAME
       pki.sh list DIR
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

issue() { # DIR KIND NAME DAYS EXTENSIONS
  local home=$1/$2 out=$1/$3
  [ -f "$home/ca.key" ] || fail "$1: has no authorities: pki.sh init $1"
  [ ! -e "$out" ] || fail "$out: is there already; revoke it first, or choose another name"
  mkdir "$out"
  # The request's own names count for nothing: subject and extensions are given here.
  if ! (out=$(cd "$out" && pwd) && cd "$home" && printf '%s\n' "$5" >"$out/extensions" &&
    openssl req -config openssl.cnf -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$3" \
      -keyout "$out/$3.key" -out "$out/request" 2>"$out/said" &&
    openssl ca -config openssl.cnf -batch -notext -days "$4" -extfile "$out/extensions" -in "$out/request" \
      -out "$out/$3.crt" 2>>"$out/said"); then
    cat "$out/said" >&2
    rm -rf "$out"
    fail "no certificate for $3"
  fi
  rm -f "$out/extensions" "$out/request" "$out/said"
  install -m 644 "$1/services/ca.crt" "$out/ca.crt"
  chmod 644 "$out/$3.crt"
  echo "$out/$3.crt"
}

client_extensions=$'basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth'

server() { # DIR NAME HOST...
  local dir=$1 name=$2 host names=
  shift 2
  for host in "$@"; do
    [[ $host =~ ^[A-Za-z0-9.:-]+$ ]] || fail "$host: is neither a host name nor an address"
    if [[ $host =~ ^[0-9.]+$ || $host == *:* ]]; then names+=,IP:$host; else names+=,DNS:$host; fi
  done
  issue "$dir" services "$name" "$server_days" \
    $'basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName='"${names#,}"
}

revoke() { # DIR KIND NAME
  local home=$1/$2 out=$1/$3
  [ -f "$out/$3.crt" ] || fail "$3: has no certificate in $1"
  openssl verify -CAfile "$home/ca.crt" "$out/$3.crt" >/dev/null 2>&1 || fail "$3: is not one of the $2"
  (out=$(cd "$out" && pwd) && cd "$home" && openssl ca -config openssl.cnf -revoke "$out/$3.crt" 2>/dev/null)
  rm -rf "$out"
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
    server "$dir" "$@"
    ;;
  device)
    for name in "$@"; do
      [[ $name =~ $device_name ]] || fail "$name: is no device name: 1 to 48 letters, digits and _ . : -"
      [[ ! $name =~ $reserved ]] || fail "$name: is a name of the access rules, no device may have it"
      case "$name" in services | devices | broker | server) fail "$name: is taken by this folder" ;; esac
      issue "$dir" devices "$name" "$client_days" "$client_extensions"
    done
    ;;
  service)
    for name in "$@"; do
      [[ $name =~ $device_name ]] || fail "$name: is no name"
      issue "$dir" services "$name" "$client_days" "$client_extensions"
    done
    ;;
  revoke)
    [ $# -eq 2 ] && [[ $1 =~ ^(device|service)$ ]] || { usage >&2; exit 2; }
    revoke "$dir" "$1s" "$2"
    ;;
  list)
    for kind in services devices; do
      [ -f "$dir/$kind/index.txt" ] || fail "$dir: has no authorities: pki.sh init $dir"
      awk -F'\t' -v kind="$kind" '{ print kind "\t" ($1 == "V" ? "valid" : "revoked") "\t" substr($2, 1, 6) "\t" substr($6, 5) }' "$dir/$kind/index.txt"
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
