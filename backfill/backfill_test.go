package backfill_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"smartlead_exporter/backfill"
	"smartlead_exporter/config"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// until is when the histories of the tests end, and the worlds stand a while later.
var until = time.Date(2026, time.March, 27, 15, 0, 0, 0, time.UTC)

// world is a simulated account and its time.
type world struct {
	*simulator.Simulator
	now atomic.Int64
}

func newWorld(t *testing.T, campaigns ...simulator.Campaign) *world {
	t.Helper()
	w := &world{}
	w.set(until.Add(50 * time.Hour))
	w.Simulator = testkit.NewSimulator(t, simulator.Options{Campaigns: campaigns, Clock: func() time.Time { return time.UnixMilli(w.now.Load()) }})
	return w
}

func (w *world) set(now time.Time) { w.now.Store(now.UnixMilli()) }

// living is a campaign of four weeks.
func living(id int64, change func(*simulator.Campaign, *simulator.Model)) simulator.Campaign {
	c := simulator.Campaign{ID: id, Name: fmt.Sprintf("Campaign %d", id)}
	m := simulator.Model{
		Seed: uint64(id), Start: until.AddDate(0, 0, -28), LeadsPerDay: 30, Leads: 2000, Steps: 3, DaysBetween: 3, Variants: 2,
		Read: 0.55, Click: 0.1, Reply: 0.08, Unsubscribe: 0.02, Bounce: 0.03,
	}
	if change != nil {
		change(&c, &m)
	}
	c.Source = simulator.Live(m)
	return c
}

// flags are those of a history in a folder of its own.
func flags(t *testing.T, change func(*backfill.Flags)) backfill.Flags {
	t.Helper()
	f := backfill.Flags{
		File: filepath.Join(t.TempDir(), "history.om"), Step: model.Duration(time.Hour), Until: until.Format(time.RFC3339),
		Labels: []string{"job=smartlead", "instance=localhost:10045"},
	}
	if change != nil {
		change(&f)
	}
	return f
}

const account = "{base_url: https://api.example/api/v1, api_key: the-key, rate_limit: {per_minute: 100000, per_hour: 1000000}, "

func options(t *testing.T, f backfill.Flags, settings string, api http.Handler) (backfill.Options, *bytes.Buffer) {
	t.Helper()
	cfg, err := config.Parse("config.yml", []byte("accounts: ["+account+settings+"}]"))
	if err != nil {
		t.Fatal(err)
	}
	logged := &bytes.Buffer{}
	return backfill.Options{Flags: f, Config: cfg, Logger: log.NewLogfmtLogger(logged), Transport: simulator.Transport(api)}, logged
}

func write(t *testing.T, f backfill.Flags, settings string, api http.Handler) (text, logged string) {
	t.Helper()
	o, lines := options(t, f, settings, api)
	if err := backfill.Run(t.Context(), o); err != nil {
		t.Fatalf("%v; log:\n%s", err, lines)
	}
	if left, err := filepath.Glob(f.File + ".*"); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	return read(t, f.File), lines.String()
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// series is a line's series, and samples what all lines say, by series and moment.
type samples map[string]map[int64]int64

var (
	sample = regexp.MustCompile(`^([a-z_]+\{.*\}) ([0-9-]+) (\d+)\n$`)
	family = regexp.MustCompile(`^# (HELP|TYPE) ([a-z_]+) .*\n$`)
)

// parse reads a history, and checks its form: families in one piece, series in one piece, moments ascending.
func parse(t *testing.T, text string) samples {
	t.Helper()
	all, families := samples{}, map[string]bool{}
	current, last, at := "", "", int64(0)
	if !strings.HasSuffix(text, "\n# EOF\n") {
		t.Errorf("it ends in %q", text[max(0, len(text)-50):])
	}
	for line := range strings.Lines(strings.TrimSuffix(text, "# EOF\n")) {
		if m := family.FindStringSubmatch(line); m != nil {
			if m[1] == "HELP" && families[m[2]] {
				t.Errorf("the family %s is in several pieces", m[2])
			}
			families[m[2]], current = true, m[2]
			continue
		}
		m := sample.FindStringSubmatch(line)
		if len(m) == 0 || !strings.HasPrefix(m[1], current+"{") {
			t.Fatalf("a line that is no sample of the family %s: %s", current, line)
		}
		value, _ := strconv.ParseInt(m[2], 10, 64)
		moment, _ := strconv.ParseInt(m[3], 10, 64)
		switch {
		case m[1] == last && moment <= at:
			t.Fatalf("moments don't ascend: %s", line)
		case m[1] != last && all[m[1]] != nil:
			t.Fatalf("a series is in several pieces: %s", line)
		case m[1] != last:
			all[m[1]] = map[int64]int64{}
		}
		last, at = m[1], moment
		all[m[1]][moment] = value
	}
	if len(families) != 7 {
		t.Errorf("families are %v, want the six and the names", families)
	}
	return all
}

func (s samples) of(name string, campaign int64, step int) map[int64]int64 {
	return s[fmt.Sprintf(`smartlead_%s_total{campaign_id="%d",instance="localhost:10045",job="smartlead",sequence_number="%d"}`, name, campaign, step)]
}

// At whatever moment of the past, the history shows what the API would have counted then.
func TestHistoryIsThePast(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change   func(*simulator.Campaign, *simulator.Model)
		flags    func(*backfill.Flags)
		settings string
		query    smartlead.StatisticsQuery
	}{
		"plain":                   {},
		"newest first":            {change: func(c *simulator.Campaign, _ *simulator.Model) { c.Order = simulator.NewestFirst }},
		"replies stamped on all":  {change: func(_ *simulator.Campaign, m *simulator.Model) { m.Stamp = 1 }},
		"opens not tracked":       {change: func(c *simulator.Campaign, _ *simulator.Model) { c.TrackSettings = []string{simulator.DontTrackOpens} }},
		"every five minutes":      {flags: func(f *backfill.Flags) { f.Step = model.Duration(5 * time.Minute) }},
		"steps of seven hours":    {flags: func(f *backfill.Flags) { f.Step = model.Duration(7 * time.Hour) }},
		"since a while":           {flags: func(f *backfill.Flags) { f.Since = "2026-03-18" }},
		"chosen steps":            {settings: ", sequence_numbers: [1, 3]", query: smartlead.StatisticsQuery{SequenceNumbers: []int{1, 3}}},
		"one step":                {settings: ", sequence_numbers: [2]", query: smartlead.StatisticsQuery{SequenceNumbers: []int{2}}},
		"sent after":              {settings: ", sent_after: 2026-03-09T12:00:00Z", query: smartlead.StatisticsQuery{SentAfter: time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)}},
		"sent before":             {settings: ", sent_before: 2026-03-20T12:00:00Z", query: smartlead.StatisticsQuery{SentBefore: time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)}},
		"sent within":             {settings: ", sent_within: 5d", query: smartlead.StatisticsQuery{SentWithin: 5 * 24 * time.Hour}},
		"sent within a short one": {settings: ", sent_within: 7h", query: smartlead.StatisticsQuery{SentWithin: 7 * time.Hour}},
		"sent within since a while": {
			settings: ", sent_within: 5d", query: smartlead.StatisticsQuery{SentWithin: 5 * 24 * time.Hour},
			flags: func(f *backfill.Flags) { f.Since = "2026-03-18T10:30:00Z" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, living(7, tc.change))
			f := flags(t, tc.flags)
			text, _ := write(t, f, "campaigns: [{id: 7"+tc.settings+"}]", w)
			past := parse(t, text)
			key := func() (string, error) { return "the-key", nil }
			client, err := smartlead.NewClient(smartlead.Options{Key: key, Limits: &smartlead.Limits{}, Transport: simulator.Transport(w)})
			if err != nil {
				t.Fatal(err)
			}
			seconds := int64(time.Duration(f.Step) / time.Second)
			begin := until.AddDate(0, 0, -29)
			if f.Since != "" {
				begin = time.Date(2026, 3, 18, 11, 0, 0, 0, time.UTC)
			}
			random := rand.New(rand.NewPCG(1, 2))
			compared := 0
			for range 25 {
				moment := (begin.Unix() + random.Int64N(until.Unix()-begin.Unix())) / seconds * seconds
				if moment < begin.Unix() {
					continue
				}
				at := time.Unix(moment, 0)
				w.set(at)
				q := tc.query
				q.CampaignID = 7
				if q.SentWithin > 0 {
					q.SentAfter, q.SentWithin = at.Add(-q.SentWithin), 0
				}
				then, err := client.Statistics(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for step := 1; step <= 3; step++ {
					want := smartlead.Step{}
					if i := slices.IndexFunc(then.Steps, func(s smartlead.Step) bool { return s.SequenceNumber == step }); i >= 0 {
						want = then.Steps[i]
					}
					for name, count := range map[string]int64{"sent": want.Sent, "opened": want.Opened, "clicked": want.Clicked, "replied": want.Replied} {
						got, there := past.of(name, 7, step)[moment]
						if got != count || !there && want.Sent > 0 {
							t.Errorf("%s of step %d at %s: got %d (%t), want %d", name, step, at.UTC(), got, there, count)
						}
						if want.Sent > 0 {
							compared++
						}
					}
					// Of these no row tells when: they count from when the e-mail was sent on.
					for name, count := range map[string]int64{"unsubscribed": want.Unsubscribed, "bounced": want.Bounced} {
						if got, there := past.of(name, 7, step)[moment]; got < count || !there && want.Sent > 0 {
							t.Errorf("%s of step %d at %s: got %d (%t), want at least %d", name, step, at.UTC(), got, there, count)
						}
					}
				}
			}
			if compared < 20 {
				t.Errorf("compared %d counts only", compared)
			}
		})
	}
}

// A run that ends early is gone on with, and what it writes is what one go would have written.
func TestInterruptedAtRandom(t *testing.T) {
	t.Parallel()
	var campaigns []simulator.Campaign
	for id := range int64(6) {
		campaigns = append(campaigns, living(id+1, func(_ *simulator.Campaign, m *simulator.Model) { m.LeadsPerDay = 50 }))
	}
	w := newWorld(t, campaigns...)
	const settings = "discovery: {}, campaigns: [{id: 3, sent_within: 9d}]"
	want, _ := write(t, flags(t, nil), settings, w)
	parse(t, want)
	requests := len(w.Requests())
	if requests < 15 {
		t.Fatalf("it takes %d requests only", requests)
	}
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 1))
		f := flags(t, nil)
		for runs := 0; ; runs++ {
			ctx, cancel := context.WithCancel(t.Context())
			left := random.IntN(requests)
			if runs == 30 {
				left = requests + 1
			}
			o, _ := options(t, f, settings, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				left--
				if left < 0 {
					cancel()
				}
				w.ServeHTTP(rw, r)
			}))
			err := backfill.Run(ctx, o)
			cancel()
			if err == nil {
				break
			}
			if !strings.Contains(err.Error(), "run the same command again") {
				t.Fatal(err)
			}
			if _, err := os.Stat(f.File); err == nil {
				t.Fatal("there is a history although it ended early")
			}
			if random.IntN(2) == 0 { // it died in the middle of a line
				info, err := os.Stat(f.File + ".partial")
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Truncate(f.File+".partial", random.Int64N(info.Size()+1)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := read(t, f.File); got != want {
			t.Fatalf("seed %d: the history differs from that of one go: %d bytes, want %d", seed, len(got), len(want))
		}
	}
}

// What was begun with other settings isn't gone on with.
func TestOtherSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, living(1, nil), living(2, nil))
	for name, tc := range map[string]struct {
		settings string
		flags    func(*backfill.Flags)
	}{
		"--backfill.step":           {"campaigns: [1, 2]", func(f *backfill.Flags) { f.Step = model.Duration(time.Minute) }},
		"--backfill.since":          {"campaigns: [1, 2]", func(f *backfill.Flags) { f.Since = "2026-03-01" }},
		"--backfill.until":          {"campaigns: [1, 2]", func(f *backfill.Flags) { f.Until = "2026-03-20" }},
		"--backfill.label":          {"campaigns: [1, 2]", func(f *backfill.Flags) { f.Labels = append(f.Labels, "team=a") }},
		"accounts in the configura": {"campaigns: [1, 2, 3]", func(*backfill.Flags) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := flags(t, nil)
			ctx, cancel := context.WithCancel(t.Context())
			o, _ := options(t, f, "metadata_interval: 0s, campaigns: [1, 2]", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/2/") {
					cancel()
				}
				w.ServeHTTP(rw, r)
			}))
			if err := backfill.Run(ctx, o); err == nil {
				t.Fatal("it wasn't interrupted")
			}
			tc.flags(&f)
			o, _ = options(t, f, "metadata_interval: 0s, "+tc.settings, w)
			err := backfill.Run(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "remove") {
				t.Errorf("got %v, want what differs and a remedy", err)
			}
		})
	}
}

// A flag that can't be right is refused with a remedy.
func TestRefusedFlags(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	other := filepath.Join(folder, "config.yml")
	if err := os.WriteFile(other, []byte("accounts: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		change func(*backfill.Flags)
		want   string
	}{
		"no labels":           {func(f *backfill.Flags) { f.Labels = nil }, "--backfill.label=job="},
		"no instance":         {func(f *backfill.Flags) { f.Labels = f.Labels[:1] }, "no instance"},
		"no job":              {func(f *backfill.Flags) { f.Labels = f.Labels[1:] }, "no job"},
		"no label":            {func(f *backfill.Flags) { f.Labels = append(f.Labels, "team") }, "write name=value"},
		"a bad name":          {func(f *backfill.Flags) { f.Labels = append(f.Labels, "a-b=c") }, "write name=value"},
		"an internal name":    {func(f *backfill.Flags) { f.Labels = append(f.Labels, "__name__=c") }, "write name=value"},
		"an empty value":      {func(f *backfill.Flags) { f.Labels = append(f.Labels, "team=") }, "without a value"},
		"a label of ours":     {func(f *backfill.Flags) { f.Labels = append(f.Labels, "account=c") }, "of their own"},
		"a label twice":       {func(f *backfill.Flags) { f.Labels = append(f.Labels, "job=c") }, "twice"},
		"a step of nothing":   {func(f *backfill.Flags) { f.Step = 0 }, "at least 10s"},
		"half a second":       {func(f *backfill.Flags) { f.Step = model.Duration(10500 * time.Millisecond) }, "whole seconds"},
		"no moment":           {func(f *backfill.Flags) { f.Since = "yesterday" }, "not a moment"},
		"an end without form": {func(f *backfill.Flags) { f.Until = "3h" }, "not a moment"},
		"the future":          {func(f *backfill.Flags) { f.Until = time.Now().Add(time.Hour).Format(time.RFC3339) }, "in the future"},
		"the wrong way round": {func(f *backfill.Flags) { f.Since = until.Add(time.Hour).Format(time.RFC3339) }, "not before"},
		"another file":        {func(f *backfill.Flags) { f.File = other }, "name another file"},
		"a folder":            {func(f *backfill.Flags) { f.File = folder }, "isn't a file"},
		"no file":             {func(f *backfill.Flags) { f.File = "" }, "--backfill=FILE"},
	} {
		t.Run(name, func(t *testing.T) {
			f := flags(t, tc.change)
			if err := f.Check(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	for name, change := range map[string]func(*backfill.Flags){
		"as it should be": nil,
		"until now":       func(f *backfill.Flags) { f.Until = "now" },
		"by default":      func(f *backfill.Flags) { f.Until = "" },
		"nothing at all":  func(f *backfill.Flags) { *f = backfill.Flags{} },
	} {
		f := flags(t, change)
		if err := f.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Rows that don't say when: they count from what is known on, or are left out and told of.
func TestRowsThatDontTell(t *testing.T) {
	t.Parallel()
	at := func(hour int) time.Time { return time.Date(2026, 3, 2, hour, 30, 0, 0, time.UTC) }
	api := newWorld(t,
		simulator.Campaign{ID: 1, Name: `Quote " and \ and line` + "\nend", ClientID: 5, ParentID: 2, Source: simulator.Fixed(
			simulator.Email{Step: 1, SentTime: at(8)},
			simulator.Email{Step: 1, SentTime: at(9), OpenCount: 1, ClickCount: 2, Bounced: true, Unsubscribed: true},
			simulator.Email{Step: 1, SentTime: at(10), OpenTime: at(9), OpenCount: 1}, // not before it was sent
			simulator.Email{Step: 2, OpenTime: at(11), ReplyTime: at(10)},
			simulator.Email{Step: 3},
		)},
		simulator.Campaign{ID: 2, Source: simulator.Aggregated(simulator.StepCounts{Step: 1, Sent: 5}), Shape: simulator.PerSequence},
		simulator.Campaign{ID: 3},
	)
	text, logged := write(t, flags(t, func(f *backfill.Flags) { f.Until = "2026-03-02T12:00:00Z" }), "campaigns: [1, 2, 3, 4]", api)
	past := parse(t, text)
	hour := func(h int) int64 { return time.Date(2026, 3, 2, h, 0, 0, 0, time.UTC).Unix() }
	for name, want := range map[string]map[int64]int64{
		"sent":         {hour(9): 1, hour(10): 2, hour(11): 3, hour(12): 3},
		"opened":       {hour(9): 0, hour(10): 1, hour(11): 2, hour(12): 2},
		"clicked":      {hour(9): 0, hour(10): 1, hour(11): 1, hour(12): 1},
		"replied":      {hour(9): 0, hour(10): 0, hour(11): 0, hour(12): 0},
		"bounced":      {hour(9): 0, hour(10): 1, hour(11): 1, hour(12): 1},
		"unsubscribed": {hour(9): 0, hour(10): 1, hour(11): 1, hour(12): 1},
	} {
		if got := past.of(name, 1, 1); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if got, want := past.of("opened", 1, 2), map[int64]int64{hour(11): 0, hour(12): 1}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("opened of an e-mail without a moment of sending: got %v, want %v", got, want)
	}
	if len(past) != 13 {
		t.Errorf("got %d series, want six of two steps and the names", len(past))
	}
	if want := `smartlead_campaign_info{account="default",campaign_id="1",campaign_name="Quote \" and \\ and line\nend",client_id="5",instance="localhost:10045",job="smartlead",parent_campaign_id="2"}`; len(past[want]) != 4 {
		t.Errorf("there is no %s with four samples in\n%s", want, text)
	}
	for _, want := range []string{"tells only what a campaign's counts are now", "rows without any time", "a campaign isn't there"} {
		if testkit.CountLines(logged, want) != 1 {
			t.Errorf("%q isn't told once: %s", want, logged)
		}
	}
	if strings.Contains(text+logged, "@") {
		t.Error("a lead's address is shown")
	}
}
