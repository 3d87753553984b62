package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"smartlead_exporter/smartlead/simulator"
)

// pastWorld is campaigns whose past can be written, the API that serves them as they are now, and counts of what they were.
type pastWorld struct {
	campaigns []simulator.Campaign
	api       string
	past      *simulator.Simulator
	then      atomic.Int64 // the time of past
}

func newPastWorld(t *testing.T) *pastWorld {
	t.Helper()
	w := &pastWorld{campaigns: simulator.Demo(5, time.Now().UTC().AddDate(0, 0, -7))}
	for i := range w.campaigns {
		w.campaigns[i].Shape = simulator.PerEmail
	}
	_, w.api = startAPI(t, simulator.Options{Campaigns: w.campaigns})
	var err error
	w.past, err = simulator.New(simulator.Options{Campaigns: w.campaigns, Clock: func() time.Time { return time.UnixMilli(w.then.Load()) }})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// compare holds what Prometheus knows of the families that rows date against what there was at a moment, and returns how
// many values it compared.
func (w *pastWorld) compare(t *testing.T, p *prometheus, at time.Time) (compared int) {
	t.Helper()
	w.then.Store(at.UnixMilli())
	for _, c := range w.campaigns {
		steps, _ := w.past.Counts(c.ID)
		for _, s := range steps {
			for name, want := range map[string]int64{"sent": s.Sent, "opened": s.Opened, "clicked": s.Clicked, "replied": s.Replied} {
				expr := fmt.Sprintf(`smartlead_%s_total{campaign_id="%d",sequence_number="%d"}`, name, c.ID, s.Step)
				answer, err := p.query(expr, at)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := answer.one(); err != nil || int64(got) != want {
					t.Errorf("%s at %s: got %g and %v, want %d", expr, at, got, err, want)
				}
				compared++
			}
		}
	}
	return compared
}

// writePast writes a history, as whoever has a configuration does.
func writePast(t *testing.T, config, file, instance string, flags ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binaries.exporter, append([]string{
		"--config.file=" + config, "--backfill=" + file, "--backfill.label=job=smartlead", "--backfill.label=instance=" + instance,
	}, flags...)...)
	cmd.Env = environment("SMARTLEAD_API_KEY=key")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("--backfill: %v\n%s", err, out)
	}
}

// A past that was written by --backfill is imported before Prometheus first starts. At moments of it, PromQL's answers are
// what the simulator's world held then, and the present goes on in the same series.
func TestBackfill(t *testing.T) {
	w := newPastWorld(t)
	e := startExporter(t, configuration(account("default", w.api, discovery)))

	folder := t.TempDir()
	file, data := filepath.Join(folder, "history.om"), filepath.Join(folder, "data")
	writePast(t, e.config, file, e.address, "--backfill.until=now")
	end := time.Now()
	createBlocks(t, "openmetrics", file, data)
	p := startPrometheus(t, folder, fmt.Sprintf(`
scrape_configs:
  - job_name: smartlead
    scrape_interval: 1s
    static_configs: [{targets: [%q]}]
`, e.address))

	random := rand.New(rand.NewPCG(3, 4))
	compared := 0
	for range 20 {
		at := end.Add(-time.Duration(random.Int64N(int64(80 * 24 * time.Hour)))).Truncate(time.Hour)
		compared += w.compare(t, p, at)
	}
	if compared < 100 {
		t.Errorf("compared %d values only", compared)
	}

	var scraped result
	await(t, "a scrape", func() error {
		answer, err := p.now(`last_over_time(smartlead_sent_total[5s])`)
		if err == nil && !answer.hasData() {
			err = fmt.Errorf("nothing was scraped")
		}
		scraped = answer
		return err
	})
	for _, s := range scraped.Series {
		selector := fmt.Sprintf(`{campaign_id=%q,sequence_number=%q}`, s.Labels["campaign_id"], s.Labels["sequence_number"])
		for name := range strings.FieldsSeq("sent opened clicked replied unsubscribed bounced") {
			counted, err := p.now(`count(last_over_time(smartlead_` + name + `_total` + selector + `[100d]))`)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := counted.one(); err != nil || n != 1 {
				t.Errorf("%s%s: past and present are %g series, %v", name, selector, n, err)
			}
			// Within an hour few e-mails can come; nothing falls at the seam.
			jump, err := p.now(`last_over_time(smartlead_` + name + `_total` + selector + `[5s]) - min_over_time(smartlead_` + name + `_total` + selector + `[1h])`)
			if err != nil {
				t.Fatal(err)
			}
			if by, err := jump.one(); err != nil || by < 0 || by > 30 {
				t.Errorf("%s%s jumps by %g where the present begins, %v", name, selector, by, err)
			}
		}
	}
}

// The hole that a history leaves before a Prometheus which was running is closed by another one, later, that begins where the
// first one ends: all of it is one series, and nothing is missing.
func TestBackfillLater(t *testing.T) {
	t.Parallel()
	w := newPastWorld(t)
	folder := t.TempDir()
	config := write(t, filepath.Join(folder, "config.yml"), configuration(account("default", w.api, discovery)))
	data := filepath.Join(folder, "data")
	now := time.Now().UTC()
	first, second := now.Add(-6*time.Hour).Format(time.RFC3339), now.Add(-3*time.Hour).Format(time.RFC3339)
	for _, flags := range [][]string{
		{"--backfill.until=" + first},
		{"--backfill.since=" + second, "--backfill.until=now", "--backfill.step=1m"}, // as scraped
		{"--backfill.since=" + first, "--backfill.until=" + second},
	} {
		file := filepath.Join(folder, "history.om")
		writePast(t, config, file, "exporter:10045", flags...)
		createBlocks(t, "openmetrics", file, data)
	}
	p := startPrometheus(t, folder, "scrape_configs: []\n")
	compared := 0
	for hours := range 12 {
		compared += w.compare(t, p, now.Add(-time.Duration(hours)*time.Hour).Truncate(time.Hour))
	}
	if compared < 100 {
		t.Errorf("compared %d values only", compared)
	}
	for expr, want := range map[string]float64{
		`count(count by (campaign_id, sequence_number) (last_over_time(smartlead_sent_total[100d])) != 1) or vector(0)`: 0,
		`count(resets(smartlead_sent_total[100d]) > 0) or vector(0)`:                                                    0,
		`min(min_over_time(count_over_time(smartlead_sent_total[1h])[1d:10m]))`:                                         1,
	} {
		answer, err := p.query(expr, now)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := answer.one(); err != nil || got != want {
			t.Errorf("%s is %g (%v), want %g", expr, got, err, want)
		}
	}
}

// The rules for the past are those of sums, growth and ratios, all in one group, for samples that are an hour apart.
func TestPastRules(t *testing.T) {
	t.Parallel()
	type group struct {
		Name     string `yaml:"name"`
		Interval string `yaml:"interval"`
		Rules    []struct{ Record, Expr string }
	}
	parse := func(text string) (file struct{ Groups []group }) {
		if err := yaml.Unmarshal([]byte(text), &file); err != nil {
			t.Fatal(err)
		}
		return file
	}
	want := map[string]string{}
	for _, g := range parse(read(t, "alerts/recording.rules.yml")).Groups {
		for _, r := range g.Rules {
			if regexp.MustCompile(`^campaign:smartlead_(sent|opened|clicked|replied|unsubscribed|bounced)(_per_sent)?:(sum|delta\d+d|ratio_\w+)$`).MatchString(r.Record) {
				want[r.Record] = strings.ReplaceAll(r.Expr, "[15m]", "[2h]")
			}
		}
	}
	script, rules := filepath.Join(repository, "deploy", "prometheus", "past-rules.awk"), filepath.Join(repository, "alerts", "recording.rules.yml")
	for only, records := range map[string]int{"": len(want), "sum": 6} {
		text, err := exec.CommandContext(t.Context(), "awk", "-v", "only="+only, "-f", script, rules).Output()
		if err != nil {
			t.Fatal(err)
		}
		groups := parse(string(text)).Groups
		if len(groups) != 1 || groups[0].Interval != "1h" || len(groups[0].Rules) != records || records < 6 {
			t.Fatalf("only %q: want one group of %d rules an hour, got\n%s", only, records, text)
		}
		for _, r := range groups[0].Rules {
			if r.Expr != want[r.Record] {
				t.Errorf("only %q: %s is %s, want %s", only, r.Record, r.Expr, want[r.Record])
			}
		}
	}
}
