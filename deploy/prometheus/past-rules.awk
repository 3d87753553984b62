# Makes of alerts/recording.rules.yml the rules that a past with a sample an hour wants, for
# `promtool tsdb create-blocks-from rules`: sums, growth and ratios of the six counts of campaigns, in one group, so that all
# are evaluated at the same moment of the hour, and of windows in which there is a sample.
#
#     awk -f past-rules.awk recording.rules.yml
#
# With -v only=sum it is the sums alone, of which the others are made.

/^groups:/ { print "groups:\n  - name: past\n    interval: 1h\n    rules:" }
/^ *#/ || /^  - name: / { wanted = 0 }
/^      - record: campaign:/ {
    wanted = /smartlead_(sent|opened|clicked|replied|unsubscribed|bounced)(_per_sent)?:/ &&
        $0 ~ (only == "" ? ":(sum|delta[0-9]+d|ratio_[a-z0-9]+)$" : ":" only "$")
}
wanted {
    gsub(/\[15m\]/, "[2h]")
    print
}
