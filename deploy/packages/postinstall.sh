#!/bin/sh
# After installing and upgrading, by dpkg and by rpm.
set -e

systemd-sysusers /usr/lib/sysusers.d/smartlead_exporter.conf

if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    # Nothing unless it runs: after upgrading it is to be the new one.
    systemctl try-restart smartlead_exporter.service
fi

if [ ! -e /etc/smartlead_exporter/api_key ]; then
    cat <<'END'
smartlead_exporter wants a key before it can start:

    install -m 600 /dev/stdin /etc/smartlead_exporter/api_key   # paste the key, then Ctrl-D
    systemctl enable --now smartlead_exporter

END
fi
