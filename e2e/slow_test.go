package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

// TestSlowAPI: an API that takes twice as long as a scrape may leaves no gap. It stands for 20 seconds under the usual
// timeout of 10, at a fifth of both.
func TestSlowAPI(t *testing.T) {
	t.Parallel()
	const (
		interval = 2 * time.Second // of scrapes, and their timeout
		delay    = 2 * interval
	)
	sim, api := startAPI(t, simulator.Options{Campaigns: []simulator.Campaign{{ID: 1, Name: "slow", Source: simulator.Rows(30, 0)}}})
	sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(delay)}})
	e := startExporter(t, configuration(account("default", api, "    campaigns: [1]\n")))
	p := startPrometheus(t, t.TempDir(), fmt.Sprintf(
		"scrape_configs: [{job_name: smartlead, scrape_interval: %s, scrape_timeout: %s, static_configs: [{targets: ['%s']}]}]\n",
		interval, interval, e.address))

	const series = `smartlead_sent_total{sequence_number="1"}`
	await(t, "three refreshes", func() error {
		r, err := p.now(`changes(smartlead_campaign_last_success_timestamp_seconds[10m])`)
		if err != nil {
			return err
		}
		if n, err := r.one(); err != nil || n < 3 {
			return fmt.Errorf("%v of them so far: %w", n, err)
		}
		return nil
	})

	now := time.Now()
	raw := func(selector string) []sample {
		t.Helper()
		r, err := p.query(selector+"[10m]", now)
		if err != nil || len(r.Series) != 1 {
			t.Fatalf("%s: %d series, %v", selector, len(r.Series), err)
		}
		return r.Series[0].Values
	}
	scrapes, shown := raw("up"), raw(series)
	for _, s := range scrapes {
		if s.Value != 1 {
			t.Errorf("the scrape at %v failed", s.At)
		}
	}
	var since []sample // the scrapes since the first value
	for i, s := range scrapes {
		if s.At >= shown[0].At {
			since = scrapes[i:]
			break
		}
	}
	if len(since) != len(shown) {
		t.Errorf("%d scrapes since the first value, %d with a value", len(since), len(shown))
	}
	for _, s := range shown {
		if s.Value != 10 {
			t.Errorf("%s is %v, want 10", series, s.Value)
		}
	}
	for _, s := range raw("scrape_duration_seconds") {
		if limit := interval.Seconds(); s.Value >= limit {
			t.Errorf("a scrape took %v s, want under %v s", s.Value, limit)
		}
	}
	t.Logf("%d scrapes, the first value at the %d.; since then each has one", len(scrapes), len(scrapes)-len(since)+1)
}
