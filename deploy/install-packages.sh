#!/usr/bin/env bash
# Installs the system packages AnomalyR1 needs on Debian 12 or Ubuntu 24.04.
# Idempotent: says what is missing, installs only that, as root or through sudo.
set -euo pipefail

packages=(
  build-essential pkg-config
  libpq-dev postgresql           # the queue's state; `ar1 up` runs a private server
  libopenblas-dev                # matrix products on CPUs
  libcurl4-openssl-dev           # the client's HTTP
  libzstd-dev                    # checkpoints
  libssl-dev                     # digests
  libjpeg-dev libpng-dev libtiff-dev libwebp-dev zlib1g-dev  # images
  openmpi-bin                    # learners of several processes
)

if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "install-packages: this script knows Debian and Ubuntu only; install by hand: ${packages[*]}" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [ "$state" = "install ok installed" ] || missing+=("$package")
done

if [ ${#missing[@]} -eq 0 ]; then
  echo "install-packages: all ${#packages[@]} system packages are there"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "install-packages: run as root, or install sudo; missing: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

# The private server is started by ar1 itself; Debian need not create and start a cluster of its own.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  "${as_root[@]}" mkdir -p /etc/postgresql-common
  echo "create_main_cluster = false" | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
fi

echo "install-packages: installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "install-packages: done"
