#!/bin/sh
# Before removing. dpkg says "remove"; rpm says how many versions will be left.
set -e

case "$1" in
remove | 0)
    if [ -d /run/systemd/system ]; then
        systemctl disable --now smartlead_exporter.socket smartlead_exporter.service
    fi
    ;;
esac
