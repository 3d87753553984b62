#!/bin/sh
# After removing. dpkg says "purge" to whoever wants nothing to be left; rpm has no such thing, and what it can't know of,
# such as the key, stays.
set -e

if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi

if [ "$1" = purge ]; then
    rm -rf /var/lib/smartlead_exporter
fi
