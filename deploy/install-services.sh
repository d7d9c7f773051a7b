#!/usr/bin/env bash
# Installs the program, its systemd services, their user and, where there are none yet, their settings. Run it as root, again
# after an upgrade; it starts and restarts nothing. DESTDIR installs into a folder instead, without the user.
#
#   sudo deploy/install-services.sh [PROGRAM]        # .build/release/ar1
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
program=${1:-$here/../.build/release/ar1}
root=${DESTDIR:-}

if [ ! -x "$program" ]; then
  echo "install-services: $program is not there; 'make build' makes it" >&2
  exit 1
fi
if [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
  echo "install-services: run it as root" >&2
  exit 1
fi

# Under another name first: what runs keeps the file it has.
install -d "$root/usr/local/bin" "$root/etc/systemd/system"
install -m 755 "$program" "$root/usr/local/bin/.ar1.new"
mv -f "$root/usr/local/bin/.ar1.new" "$root/usr/local/bin/ar1"
install -m 644 "$here"/systemd/*.service "$root/etc/systemd/system/"
install -D -m 644 "$here/systemd/ar1.sysusers" "$root/etc/sysusers.d/ar1.conf"

# Passwords and tokens lie here. systemd reads them as root; the services' user need not.
install -d -m 750 "$root/etc/ar1"
for settings in coordinator.conf worker.conf; do
  if [ -e "$root/etc/ar1/$settings" ]; then
    echo "install-services: $root/etc/ar1/$settings stays as it is"
  else
    install -m 640 "$here/systemd/$settings" "$root/etc/ar1/$settings"
  fi
done

if [ -z "$root" ]; then
  systemd-sysusers /etc/sysusers.d/ar1.conf
  chgrp ar1 /etc/ar1 # certificates that the coordinator reads by itself may lie there
  systemctl daemon-reload
fi
echo "install-services: done; edit /etc/ar1, then: systemctl enable --now ar1-coordinator"
