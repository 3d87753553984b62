package e2e_test

import (
	"bufio"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sampled is how far apart samples of a written past are: less than the five minutes for which Prometheus takes a
// sample for the newest.
const sampled = 4 * time.Minute

// line is a series of a written past: its name and labels, and its values, NaN where it has none.
type line struct {
	series string
	value  func(time.Time) float64
}

// when returns values that are there within a time only.
func when(from, until time.Time, value func(time.Time) float64) func(time.Time) float64 {
	return func(at time.Time) float64 {
		if at.Before(from) || at.After(until) {
			return math.NaN()
		}
		return value(at)
	}
}

func constantly(value float64) func(time.Time) float64 {
	return func(time.Time) float64 { return value }
}

// written starts a Prometheus whose data is what is written here, and nothing else. All series get the labels of a
// target.
func written(t *testing.T, from, until time.Time, lines ...line) *prometheus {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, "past.om")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for _, l := range lines {
		name, labels, _ := strings.Cut(strings.TrimSuffix(l.series, "}"), "{")
		for at := from.Truncate(sampled); !at.After(until); at = at.Add(sampled) {
			if v := l.value(at); !math.IsNaN(v) {
				fmt.Fprintf(w, "%s{%s,job=\"smartlead\",instance=\"exporter:10045\"} %v %d\n", name, labels, v, at.Unix())
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
	createBlocks(t, "openmetrics", file, filepath.Join(folder, "data"))
	return startPrometheus(t, folder, "scrape_configs: []\n")
}

// exporterLines are the lines of an exporter, in the account a, with the campaigns of these ids, each with its name,
// its status, and a creation in the year 2025.
func exporterLines(from, until time.Time, ids ...int) []line {
	always := when(from, until, constantly(1))
	lines := []line{{`smartlead_exporter_build_info{version="1",goversion="go"}`, always}}
	for _, id := range ids {
		labels := fmt.Sprintf(`campaign_id="%d"`, id)
		lines = append(lines,
			line{fmt.Sprintf(`smartlead_campaign_info{account="a",campaign_id="%d",campaign_name="c%[1]d",client_id="7"}`, id), always},
			line{`smartlead_campaign_up{` + labels + `}`, always},
			line{`smartlead_campaign_status{` + labels + `,status="ACTIVE"}`, always},
			line{`smartlead_campaign_created_timestamp_seconds{` + labels + `}`, when(from, until, constantly(1.75e9))},
			line{`smartlead_campaign_last_success_timestamp_seconds{` + labels + `}`, when(from, until, func(at time.Time) float64 { return float64(at.Unix()) })},
		)
	}
	return lines
}

// counts are the lines of a step: how many e-mails it has sent, a tenth of which were answered, a tenth bounced, and
// half of which were opened.
func counts(id, step int, sent func(time.Time) float64) []line {
	share := func(of float64) func(time.Time) float64 {
		return func(at time.Time) float64 { return math.Floor(of * sent(at)) }
	}
	var lines []line
	for family, of := range map[string]float64{"sent": 1, "opened": 0.5, "clicked": 0.25, "replied": 0.1, "unsubscribed": 0, "bounced": 0.1} {
		lines = append(lines, line{fmt.Sprintf(`smartlead_%s_total{campaign_id="%d",sequence_number="%d"}`, family, id, step), share(of)})
	}
	return lines
}

// hourly returns a count that was start at a moment, and grows by so many an hour.
func hourly(start float64, at time.Time, perHour float64) func(time.Time) float64 {
	return func(now time.Time) float64 { return start + math.Floor(now.Sub(at).Hours())*perHour }
}

// asked asks a query of a panel; its name is the panel's title and the query's.
func (v *view) asked(t *testing.T, prom *prometheus, name string) result {
	t.Helper()
	var found *result
	v.dashboard.each(func(p *panel, q *query) {
		if p.Title+" "+q.RefID != name {
			return
		}
		r, err := v.ask(t, prom, p, q)
		if err != nil {
			t.Fatal(err)
		}
		found = &r
	})
	if found == nil {
		t.Fatalf("%s has no query %s", v.dashboard.Title, name)
	}
	return *found
}

// nothing stands for a panel that has no value.
var nothing = math.NaN()

// shows checks the values that panels show: the only one, or the sum of bars.
func (v *view) shows(t *testing.T, prom *prometheus, want map[string]float64) {
	t.Helper()
	for name, value := range want {
		r := v.asked(t, prom, name)
		got := nothing
		for _, s := range r.Series {
			if s.Value != nil {
				got = s.Value.Value
			}
			for _, bar := range s.Values {
				if math.IsNaN(got) {
					got = 0
				}
				got += bar.Value
			}
		}
		if len(r.Series) > 1 && r.Series[0].Value != nil {
			t.Errorf("%s, %s: has %d series", v.dashboard.Title, name, len(r.Series))
		}
		if same := math.IsNaN(got) == math.IsNaN(value); !same || math.Abs(got-value) > 1e-9 {
			t.Errorf("%s, %s: shows %v, want %v", v.dashboard.Title, name, got, value)
		}
	}
}

func look(t *testing.T, file string, to time.Time, over time.Duration, campaign string) *view {
	t.Helper()
	return &view{
		dashboard: loadDashboard(t, "dashboards/"+file), scrape: time.Minute, to: to, over: over,
		chosen: map[string][]string{"account": all, "campaign": {campaign}},
	}
}

const day = 24 * time.Hour

// TestOutage: an exporter that is down for a while takes no numbers away, and what is missing in the end isn't told as
// something that is known.
func TestOutage(t *testing.T) {
	t.Parallel()
	down := time.Date(2026, time.June, 10, 12, 0, 0, 0, time.UTC)
	from := down.AddDate(0, 0, -60)
	lines := append(exporterLines(from, down, 1), counts(1, 1, when(from, down, hourly(5000, from, 10)))...)
	prom := written(t, from, down, lines...)

	overview := look(t, "overview.json", down.Add(20*time.Minute), 7*day, "$__all")
	overview.shows(t, prom, map[string]float64{
		"State of the data A": 2, "Last scrape A": 1000 * float64(down.Unix()), "Numbers of A": 1000 * float64(down.Unix()),
		"Sent A": 1680, "Reply rate A": 0.1, "Open rate A": 0.5, "Bounce rate A": 0.1, "Campaigns sending A": 1, "Campaigns C": 1680,
		"Clients B": 1680, "Sent over time A": 1800, "Best reply rates A": 0.1, // the first bar is a whole day
	})
	look(t, "campaign.json", down.Add(20*time.Minute), 7*day, "1").shows(t, prom, map[string]float64{
		"State of the data A": 2, "Sent A": 1680, "Reply rate A": 0.1, "Steps side by side A": 1680, "Funnel A": 5000 + 60*24*10,
	})
	look(t, "exporter.json", down.Add(20*time.Minute), 6*time.Hour, "1").shows(t, prom, map[string]float64{
		"State of the data A": 2, "Campaigns up A": 1, "Campaigns failing A": 0, "Last scrape A": 1000 * float64(down.Unix()),
	})

	later := look(t, "overview.json", down.Add(2*time.Hour), 7*day, "$__all")
	later.shows(t, prom, map[string]float64{"State of the data A": 2, "Last scrape A": 1000 * float64(down.Unix()), "Sent A": nothing, "Reply rate A": nothing})
	look(t, "overview.json", down.AddDate(0, 0, 30), 7*day, "$__all").shows(t, prom, map[string]float64{"State of the data A": 1, "Last scrape A": nothing})
}

// TestFirstDay: on the day of the installation nothing of the past is taken for what was sent today, but what is known
// to be new counts.
func TestFirstDay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.June, 10, 12, 0, 0, 0, time.UTC)
	from := now.Add(-time.Hour)
	alone := append(exporterLines(from, now, 1), counts(1, 1, when(from, now, hourly(44101, from, 0)))...)
	prom := written(t, from, now, alone...)
	for over, bars := range map[time.Duration]string{7 * day: "A", day: "B"} {
		look(t, "overview.json", now, over, "$__all").shows(t, prom, map[string]float64{
			"State of the data A": 13, "Sent A": nothing, "Sent B": nothing, "Reply rate A": nothing, "Open rate A": nothing,
			"Campaigns sending A": nothing, "Campaigns C": nothing, "Campaigns D": nothing, "Clients C": nothing, "Best reply rates A": nothing,
		})
		sum := nothing
		if bars == "B" {
			sum = 0 // of the hour that was watched from its beginning
		}
		look(t, "overview.json", now, over, "$__all").shows(t, prom, map[string]float64{"Sent over time " + bars: sum})
		look(t, "campaign.json", now, over, "1").shows(t, prom, map[string]float64{
			"State of the data A": 13, "Sent A": nothing, "Reply rate A": nothing, "Steps side by side A": nothing, "Steps side by side B": nothing,
			"Funnel A": 44101, "Reply rate by step A": nothing,
		})
	}

	// A campaign that was created since counts from 0: here twenty e-mails.
	born := float64(now.Add(-30 * time.Minute).Unix())
	both := slices.Concat(alone, exporterLines(now.Add(-20*time.Minute), now, 2)[1:])
	both[len(both)-2].value = when(now.Add(-20*time.Minute), now, constantly(born))
	both = append(both, counts(2, 1, when(now.Add(-20*time.Minute), now, constantly(20)))...)
	prom = written(t, from, now, both...)
	look(t, "overview.json", now, 7*day, "$__all").shows(t, prom, map[string]float64{
		"State of the data A": 13, "Sent A": 20, "Reply rate A": -2, "Sent over time A": 20,
	})
	look(t, "overview.json", now, 7*day, "2").shows(t, prom, map[string]float64{"State of the data A": 0, "Sent A": 20, "Sent over time A": 20})
}

// TestNewStepAndFall: a step that begins within the range has grown from 0, and a count that falls has a negative
// growth.
func TestNewStepAndFall(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.June, 10, 12, 0, 0, 0, time.UTC)
	from := now.AddDate(0, 0, -20)
	lines := append(exporterLines(from, now, 1, 2, 3), counts(1, 1, when(from, now, constantly(1000)))...)
	lines = append(lines, counts(1, 2, when(now.Add(-50*time.Hour), now, constantly(80)))...)
	lines = append(lines, counts(2, 1, func(at time.Time) float64 {
		if at.Before(now.Add(-30 * time.Hour)) {
			return 500
		}
		return 440
	})...)
	lines = append(lines, counts(3, 1, when(now.Add(-10*time.Hour), now, constantly(70)))...) // had sent nothing until then
	prom := written(t, from, now, lines...)
	for campaign, want := range map[string]float64{"1": 80, "2": -60, "3": 70} {
		look(t, "overview.json", now, 7*day, campaign).shows(t, prom, map[string]float64{"State of the data A": 0, "Sent A": want, "Sent over time A": want})
		look(t, "campaign.json", now, 7*day, campaign).shows(t, prom, map[string]float64{"Sent A": want, "Sent over time A": want})
	}
	look(t, "overview.json", now, 7*day, "2").shows(t, prom, map[string]float64{"Reply rate A": -2})
}

// TestRanges: an hour and a day are shown by the hour, longer ranges by the day; and days add up over a change of
// daylight-saving time.
func TestRanges(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.October, 28, 11, 0, 0, 0, time.UTC)
	from := now.AddDate(0, 0, -200)
	prom := written(t, from, now, append(exporterLines(from, now, 1), counts(1, 1, hourly(100, from, 10))...)...)
	for _, tt := range []struct {
		over          time.Duration
		sent          float64
		shown, hidden string
		bars          float64 // from the first bar's begin on
		change        float64
	}{
		{time.Hour, 10, "B", "A", 10, 0},
		{day, 240, "B", "A", 240, 0},
		{2 * day, 480, "A", "B", 590, 0},
		{7 * day, 1680, "A", "B", 1790, 0},
		{90 * day, 21600, "A", "B", 21710, 0},
	} {
		for file, campaign := range map[string]string{"overview.json": "$__all", "campaign.json": "1"} {
			began := time.Now()
			look(t, file, now, tt.over, campaign).shows(t, prom, map[string]float64{
				"State of the data A": 0, "Sent A": tt.sent, "Sent over time " + tt.shown: tt.bars, "Sent over time " + tt.hidden: nothing,
			})
			t.Logf("%s over %s took %s", file, tt.over, time.Since(began).Round(time.Millisecond))
		}
		look(t, "overview.json", now, tt.over, "$__all").shows(t, prom, map[string]float64{"Sent B": tt.change})
	}
	// Berlin's summer time ended on the 25th, and days begin an hour later in UTC since.
	for _, zone := range []time.Duration{time.Hour, 2 * time.Hour} {
		v := look(t, "overview.json", now, 7*day, "$__all")
		v.zone = zone
		first := now.Add(-7 * day).Add(zone).Truncate(day).Add(-zone)
		v.shows(t, prom, map[string]float64{"Sent over time A": 10 * now.Sub(first).Hours()})
	}
}

// TestStates: the sentence at the top names what is wrong.
func TestStates(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.June, 10, 12, 0, 0, 0, time.UTC)
	from := now.Add(-2 * time.Hour)
	rising := when(from, now, func(at time.Time) float64 { return at.Sub(from).Minutes() })
	still := when(from, now, constantly(5))
	requests := func(code string, value func(time.Time) float64) line {
		return line{fmt.Sprintf(`smartlead_exporter_api_requests_total{account="a",code="%s"}`, code), value}
	}
	failures := func(reason string) line {
		return line{fmt.Sprintf(`smartlead_exporter_discovery_failures_total{account="a",reason="%s"}`, reason), rising}
	}
	build := exporterLines(from, now)
	for name, tt := range map[string]struct {
		lines []line
		state float64
	}{
		"key refused":        {[]line{failures("unauthorized"), requests("401", rising), requests("200", still)}, 3},
		"API unreachable":    {[]line{failures("network"), requests("error", rising), requests("200", still)}, 4},
		"quota paused":       {[]line{failures("rate_limited"), requests("429", rising), requests("200", still)}, 5},
		"never listed":       {[]line{{`smartlead_account_last_discovery_timestamp_seconds{account="a"}`, when(from, now, constantly(0))}}, 6},
		"nothing configured": {[]line{requests("200", rising)}, 7},
		"paused without a 429": {[]line{
			requests("200", rising),
			{`smartlead_exporter_rate_limit_paused_until_timestamp_seconds{account="a"}`, when(from, now, constantly(float64(now.Unix()+60)))},
		}, 5},
	} {
		prom := written(t, from, now, append(tt.lines, build...)...)
		for file, campaign := range map[string]string{"overview.json": "$__all", "campaign.json": "", "exporter.json": "1", "mailboxes.json": ""} {
			v := look(t, file, now, time.Hour, campaign)
			t.Run(name+", "+file, func(t *testing.T) { v.shows(t, prom, map[string]float64{"State of the data A": tt.state}) })
		}
	}
}

// TestChoices: campaigns are chosen by client, tag and status, and where nothing is chosen, those without any count, too.
func TestChoices(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.June, 10, 12, 0, 0, 0, time.UTC)
	from := now.AddDate(0, 0, -3)
	lines := append(exporterLines(from, now, 1, 2), counts(1, 1, hourly(100, from, 10))...) // 240 a day
	lines = append(lines, counts(2, 1, hourly(100, from, 1))...)                            // 24 a day
	lines = append(lines, line{`smartlead_campaign_tag_info{campaign_id="1",tag="outbound"}`, when(from, now, constantly(1))})
	for i := range lines {
		l := &lines[i]
		l.series = strings.Replace(l.series, `campaign_id="2",campaign_name="c2",client_id="7"`, `campaign_id="2",campaign_name="c2",client_id=""`, 1)
		l.series = strings.Replace(l.series, `campaign_id="2",status="ACTIVE"`, `campaign_id="2",status="PAUSED"`, 1)
	}
	prom := written(t, from, now, lines...)
	for _, tt := range []struct {
		variable, value string
		sent            float64
	}{
		{"client", "$__all", 264},
		{"client", "7", 240},
		{"client", "", 24},
		{"tag", "outbound", 240},
		{"tag", "inbound", nothing},
		{"status", "ACTIVE", 240},
		{"status", "PAUSED", 24},
		{"account", "b", nothing},
	} {
		v := look(t, "overview.json", now, day, "$__all")
		v.chosen[tt.variable] = []string{tt.value}
		t.Run(tt.variable+" "+tt.value, func(t *testing.T) {
			v.shows(t, prom, map[string]float64{"Sent A": tt.sent, "Sent over time B": tt.sent})
		})
	}
}

// TestAttention: the worst there is to act on comes first.
func TestAttention(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.June, 10, 12, 0, 0, 0, time.UTC)
	from := now.AddDate(0, 0, -9)
	week := func(of float64) func(time.Time) float64 { // a campaign that sent 1,000 within the week
		return func(at time.Time) float64 { return math.Floor(1000 * of * (1 + at.Sub(now).Hours()/(7*24))) }
	}
	var lines []line
	campaign := func(id int, replied, bounced, unsubscribed float64, up bool) {
		lines = append(lines, exporterLines(from, now, id)[1:]...)
		if !up {
			lines[len(lines)-4].value = when(from, now, constantly(0))
		}
		for family, of := range map[string]float64{"sent": 1, "replied": replied, "bounced": bounced, "unsubscribed": unsubscribed} {
			lines = append(lines, line{
				fmt.Sprintf(`smartlead_%s_total{campaign_id="%d",sequence_number="1"}`, family, id),
				when(now.Add(-7*day), now, week(of)),
			})
		}
	}
	want := map[string]float64{"1": 0, "2": 1, "3": 2, "4": 3, "5": 4, "6": 5}
	campaign(1, 0.05, 0.01, 0, true)
	campaign(2, 0.01, 0.01, 0, true)
	campaign(3, 0.01, 0.01, 0.02, true)
	campaign(4, 0.01, 0.01, 0.02, false)
	campaign(5, 0.05, 0.04, 0, true)
	campaign(6, 0.05, 0.06, 0, false)
	prom := written(t, from, now, lines...)
	got := map[string]float64{}
	for _, s := range look(t, "overview.json", now, 7*day, "$__all").asked(t, prom, "Campaigns L").Series {
		got[s.Labels["campaign_id"]] = s.Value.Value
	}
	if !maps.Equal(got, want) {
		t.Errorf("attention is %v, want %v", got, want)
	}
}

// TestFreshness: what is old by the quota is told apart from what is older than that, and what the quota is used for.
func TestFreshness(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.June, 10, 12, 0, 0, 0, time.UTC)
	from := now.Add(-3 * time.Hour)
	lines := append(exporterLines(from, now, 1, 2), counts(1, 1, hourly(100, from, 30))...)
	lines = append(lines, counts(2, 1, hourly(100, from, 0))...)
	for i := range lines { // the second is an hour old
		if lines[i].series == `smartlead_campaign_last_success_timestamp_seconds{campaign_id="2"}` {
			lines[i].value = when(from, now, func(at time.Time) float64 { return float64(at.Add(-time.Hour).Unix()) })
		}
	}
	exporter := func(series string, value float64) line { return line{series, when(from, now, constantly(value))} }
	lines = append(lines,
		exporter(`smartlead_exporter_cache_ttl_seconds{x=""}`, 45),
		exporter(`smartlead_exporter_expected_change_delay_seconds{account="a"}`, 300),
		exporter(`smartlead_exporter_rate_limit_requests{account="a",window="minute"}`, 60),
		exporter(`smartlead_exporter_rate_limit_requests{account="a",window="hour"}`, 1000),
		exporter(`smartlead_campaign_refresh_requests{campaign_id="1"}`, 2),
		exporter(`smartlead_campaign_refresh_requests{campaign_id="2"}`, 1),
		exporter(`smartlead_exporter_counting_campaigns{account="a",method="analytics"}`, 2),
		exporter(`smartlead_exporter_recounts_total{account="a",result="equal"}`, 7),
		line{`smartlead_exporter_api_requests_total{account="a",code="200"}`, when(from, now, func(at time.Time) float64 { return 15 * at.Sub(from).Minutes() })},
	)
	for maxAge, state := range map[float64]float64{2000: 12, 7200: 0} {
		prom := written(t, from, now, append(lines, exporter(`smartlead_exporter_max_age_seconds{account="a"}`, maxAge))...)
		v := look(t, "exporter.json", now, time.Hour, "1")
		v.shows(t, prom, map[string]float64{
			"State of the data A": state, "Oldest data A": 3600, "Oldest by the quota A": maxAge, "Changes shown after A": 300,
			"Quota used A": 0.9, // 900 of 1,000 in an hour, 15 of 60 in a minute
		})
		for _, name := range []string{"Campaigns by counting method A", "Recounts A"} {
			if week := look(t, "exporter.json", now, 7*day, "1"); !week.asked(t, prom, name).hasData() { // samples are too far apart for an hour
				t.Errorf("%s: no data", name)
			}
		}
		next := v.asked(t, prom, "Refreshed next A").Series
		if len(next) != 2 || next[0].Labels["campaign_name"] != "c2" {
			t.Errorf("refreshed next is %v, want first the campaign that is an hour old", next)
		}
	}
}
