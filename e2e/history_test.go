package e2e_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"smartlead_exporter/smartlead/simulator"
)

// spacings are how far samples of the past are apart, from so many days ago on. Five minutes are what a query needs
// that looks at a moment, ten what the recording rules need, which look back for fifteen, and an hour what others need,
// which look at a window of three.
var spacings = []struct {
	days  int
	apart time.Duration
}{{60, time.Hour}, {37, 10 * time.Minute}, {15, 5 * time.Minute}}

// past is what a target would have shown.
type past struct {
	instance string
	metrics  string // what it shows now, in the text format: names, statuses and tracking haven't changed
	counts   func(time.Time) map[int64][]simulator.StepCounts
}

// demoMonday is the newest Monday's morning. Whatever the day on which tests run, what they see of the demonstration's campaigns
// begins there, after a Sunday without e-mails.
func demoMonday(now time.Time) time.Time {
	now = now.UTC()
	monday := time.Date(now.Year(), now.Month(), now.Day()-(int(now.Weekday())+6)%7, 9, 0, 0, 0, time.UTC)
	if monday.After(now) {
		monday = monday.AddDate(0, 0, -7)
	}
	return monday
}

// startHurriedDemo starts an exporter of the demonstration's campaigns, for which ten minutes pass in a second, so that there
// is something of everything at once.
func startHurriedDemo(t *testing.T, now time.Time) *exporter {
	t.Helper()
	monday := demoMonday(now)
	clock := simulator.AcceleratedClock(monday, 600)
	sim, err := simulator.New(simulator.Options{
		Campaigns: simulator.Demo(1, monday), Mailboxes: simulator.DemoMailboxes(1, monday), Clock: clock,
		Limits: simulator.Limits{PerMinute: 200_000}, // for the headers; more than what is configured
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", clock().UTC().Format(http.TimeFormat)) // by which e-mails that arrive between pages are kept out
		sim.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return startExporter(t, strings.Replace(configuration(
		account("demo", server.URL+simulator.DefaultPrefix, "    discovery: {interval: 1m}\n    collect: [mailboxes, leads, replies, people, variants]\n"),
	), "ttl: 100ms", "ttl: 2s", 1))
}

// demoPast returns the counts of these campaigns before: they lead to those with which they begin, and go as fast as real
// time until then.
func demoPast(t *testing.T, started time.Time) func(time.Time) map[int64][]simulator.StepCounts {
	t.Helper()
	monday := demoMonday(started)
	var now atomic.Int64
	campaigns := simulator.Demo(1, monday)
	sim, err := simulator.New(simulator.Options{Campaigns: campaigns, Clock: func() time.Time { return time.UnixMilli(now.Load()) }})
	if err != nil {
		t.Fatal(err)
	}
	byHour := map[time.Time]map[int64][]simulator.StepCounts{} // counting takes a while
	return func(at time.Time) map[int64][]simulator.StepCounts {
		hour := at.Truncate(time.Hour)
		if byHour[hour] == nil {
			now.Store(monday.Add(-started.Sub(hour)).UnixMilli())
			byHour[hour] = map[int64][]simulator.StepCounts{}
			for _, c := range campaigns {
				byHour[hour][c.ID], _ = sim.Counts(c.ID)
			}
		}
		return byHour[hour]
	}
}

// constant matches series that have been as they are for ever.
var constant = regexp.MustCompile(`(?m)^(smartlead_campaign_(?:info|status|open_tracking|click_tracking|created_timestamp_seconds|up)\{.*)\} (\S+)$`)

// lately matches series that have been as they are for some days, as long as graphs of them look back.
var lately = regexp.MustCompile(`(?m)^(smartlead_mailbox_\w+\{.*)\} (\S+)$`)

const latelyDays = 8

// ofPeople matches what is known of a campaign's leads and replies. The label that comes first says of what.
var ofPeople = regexp.MustCompile(
	`(?m)^(smartlead_campaign_(leads\w*|positive_replies|replies|reply_delay_seconds_\w+)\{campaign_id="(\d+)"(?:,state="(\w+)"|,[^}]*)?)\} (\S+)$`)

// wholeBound matches bounds of buckets that Prometheus writes with a decimal point when it scrapes them.
var wholeBound = regexp.MustCompile(`le="(\d+)"`)

// writePeople writes what was known of leads at a moment, if their numbers have grown as those of e-mails and replies.
func (p *past) writePeople(w io.Writer, labels string, at time.Time, now, then map[int64][]simulator.StepCounts) {
	sum := func(steps []simulator.StepCounts) (sent, replied float64) {
		for _, s := range steps {
			sent, replied = sent+float64(s.Sent), replied+float64(s.Replied)
		}
		return sent, replied
	}
	for _, m := range ofPeople.FindAllStringSubmatch(p.metrics, -1) {
		id, _ := strconv.ParseInt(m[3], 10, 64)
		value, _ := strconv.ParseFloat(m[5], 64)
		sent, replied := sum(now[id])
		sentThen, repliedThen := sum(then[id])
		switch {
		case m[4] == "not_started": // leads are imported as they are used up
		case m[2] == "leads" || m[2] == "leads_contacted":
			value *= sentThen / max(sent, 1)
		default:
			value *= repliedThen / max(replied, 1)
		}
		series := wholeBound.ReplaceAllString(m[1], `le="$1.0"`)
		fmt.Fprintf(w, "%s,%s} %v %d\n", series, labels, math.Round(value), at.Unix())
	}
}

// writeHistory writes the past of targets in the OpenMetrics format, as it would have been scraped until a moment.
func writeHistory(t *testing.T, file string, until time.Time, targets []past) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	moments := pastMoments(until)
	for _, target := range targets {
		labels := fmt.Sprintf(`job="smartlead",instance=%q`, target.instance)
		series := constant.FindAllStringSubmatch(target.metrics, -1)
		if len(series) == 0 {
			t.Fatalf("%s shows no campaigns", target.instance)
		}
		for _, s := range series {
			for _, at := range moments {
				fmt.Fprintf(w, "%s,%s} %s %d\n", s[1], labels, s[2], at.Unix())
			}
		}
		for _, s := range lately.FindAllStringSubmatch(target.metrics, -1) {
			for _, at := range moments {
				if at.After(until.AddDate(0, 0, -latelyDays)) {
					fmt.Fprintf(w, "%s,%s} %s %d\n", s[1], labels, s[2], at.Unix())
				}
			}
		}
		now := target.counts(until)
		for _, at := range moments {
			then := target.counts(at)
			target.writePeople(w, labels, at, now, then)
			for id, steps := range then {
				for _, s := range steps {
					for name, count := range map[string]int64{
						"sent": s.Sent, "opened": s.Opened, "clicked": s.Clicked,
						"replied": s.Replied, "unsubscribed": s.Unsubscribed, "bounced": s.Bounced,
					} {
						fmt.Fprintf(w, "smartlead_%s_total{campaign_id=\"%d\",sequence_number=\"%d\",%s} %d %d\n", name, id, s.Step, labels, count, at.Unix())
					}
				}
			}
		}
	}
	fmt.Fprintln(w, "# EOF")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// pastMoments returns when there were scrapes, oldest first.
func pastMoments(until time.Time) []time.Time {
	var moments []time.Time
	at := until.AddDate(0, 0, -spacings[0].days).Truncate(time.Hour)
	for i, spacing := range spacings {
		end := until
		if i+1 < len(spacings) {
			end = until.AddDate(0, 0, -spacings[i+1].days)
		}
		for ; at.Before(end); at = at.Add(spacing.apart) {
			moments = append(moments, at)
		}
	}
	return moments
}

// createBlocks runs promtool, which adds blocks to the data of a Prometheus.
func createBlocks(t *testing.T, kind string, args ...string) {
	t.Helper()
	// Large blocks: the input is read once for each.
	args = append([]string{"tsdb", "create-blocks-from", "--quiet", "--max-block-duration=1458h", kind}, args...)
	cmd := exec.CommandContext(t.Context(), binaries.promtool, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("promtool %q: %v\n%s", args, err, out.String())
	}
}

// backfill gives the data of a Prometheus that will be started in the folder a past: that of the targets, and what
// recording rules would have made of it.
func backfill(t *testing.T, folder string, until time.Time, targets []past) {
	t.Helper()
	file, data := filepath.Join(folder, "history.om"), filepath.Join(folder, "data")
	writeHistory(t, file, until, targets)
	createBlocks(t, "openmetrics", file, data)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	// Each group needs what those before it have made.
	for _, group := range []string{"smartlead_campaigns", "smartlead_growth", "smartlead_ratios"} {
		p := startPrometheus(t, folder, "scrape_configs: []\n")
		createBlocks(t, "rules", "--url="+p.url, "--output-dir="+data,
			"--start="+until.AddDate(0, 0, -36).Format(time.RFC3339), "--end="+until.Format(time.RFC3339),
			recordingGroup(t, folder, group))
		p.process.End()
	}
}

// recordingGroup writes a group of the recording rules, to be evaluated once an hour. When in the hour depends on the
// names of file and group: they are those of all groups, so that each finds what the one before has made.
func recordingGroup(t *testing.T, folder, name string) string {
	t.Helper()
	var content struct {
		Groups []map[string]any `yaml:"groups"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "alerts/recording.rules.yml")), &content); err != nil {
		t.Fatal(err)
	}
	content.Groups = slices.DeleteFunc(content.Groups, func(g map[string]any) bool { return g["name"] != name })
	if len(content.Groups) != 1 {
		t.Fatalf("alerts/recording.rules.yml has %d groups %s", len(content.Groups), name)
	}
	content.Groups[0]["name"], content.Groups[0]["interval"] = "past", "1h"
	text, err := yaml.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, filepath.Join(folder, "past.yml"), string(text))
}
