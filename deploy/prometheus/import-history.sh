#!/bin/sh
# Gives a Prometheus that hasn't been started yet its past: a history that --backfill wrote, and the sums that the alerts on
# growth look back to, which are made of it by the recording rules. It takes prometheus and promtool in PATH:
#
#     import-history.sh HISTORY DATA RULES [ADDRESS]
#
# HISTORY is the file, DATA what will be --storage.tsdb.path, RULES alerts/recording.rules.yml, and ADDRESS where a Prometheus
# may listen meanwhile. Data of a Prometheus that was started before is left as it is.
set -eu

history=$1 data=$2 rules=$3 address=${4:-127.0.0.1:9090}

if [ -e "$data/wal" ]; then
    echo "$data has been used already: its past is left as it is"
    exit 0
fi

promtool tsdb create-blocks-from openmetrics --quiet --max-block-duration=31d "$history" "$data"

folder=$(mktemp -d)
prometheus=
finish() {
    if [ -n "$prometheus" ]; then
        kill "$prometheus" 2>/dev/null || true
        wait "$prometheus" || true
    fi
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM

awk -v only=sum -f "$(dirname "$0")/past-rules.awk" "$rules" >"$folder/past.yml"
echo 'scrape_configs: []' >"$folder/prometheus.yml"

prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$data" --storage.tsdb.retention.time=400d \
    --web.listen-address="$address" --log.level=error &
prometheus=$!
until promtool check ready --url="http://$address" >/dev/null 2>&1; do
    kill -0 "$prometheus" # it has said why it ended
    sleep 1
done
kill -0 "$prometheus" # who answers could be another one, on whose address this one couldn't listen

# Alerts look back 28 days, and a day more.
now=$(date +%s)
promtool tsdb create-blocks-from rules --quiet --max-block-duration=31d --url="http://$address" --output-dir="$data" \
    --start=$((now - 30 * 86400)) --end="$now" "$folder/past.yml" >"$folder/rules.log" 2>&1 || {
    cat "$folder/rules.log" >&2
    exit 1
}
