package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

// A past that was written by --backfill is imported before Prometheus first starts. At moments of it, PromQL's answers are
// what the simulator's world held then, and the present goes on in the same series.
func TestBackfill(t *testing.T) {
	monday := time.Now().UTC().AddDate(0, 0, -7)
	campaigns := simulator.Demo(5, monday)
	for i := range campaigns {
		campaigns[i].Shape = simulator.PerEmail
	}
	_, api := startAPI(t, simulator.Options{Campaigns: campaigns})
	var then atomic.Int64 // the time of a world that is asked about the past
	past, err := simulator.New(simulator.Options{Campaigns: campaigns, Clock: func() time.Time { return time.UnixMilli(then.Load()) }})
	if err != nil {
		t.Fatal(err)
	}
	e := startExporter(t, configuration(account("default", api, discovery)))

	folder := t.TempDir()
	file, data := filepath.Join(folder, "history.om"), filepath.Join(folder, "data")
	written := exec.CommandContext(t.Context(), binaries.exporter, "--config.file="+e.config, "--backfill="+file, "--backfill.until=now",
		"--backfill.label=job=smartlead", "--backfill.label=instance="+e.address)
	written.Env = environment("SMARTLEAD_API_KEY=key")
	if out, err := written.CombinedOutput(); err != nil {
		t.Fatalf("--backfill: %v\n%s", err, out)
	}
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
		then.Store(at.UnixMilli())
		for _, c := range campaigns {
			steps, _ := past.Counts(c.ID)
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
