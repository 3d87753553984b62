package exporter_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/exporter"
	"smartlead_exporter/smartlead/simulator"
)

// The metrics of the budgets follow the configuration and what the API says.
func TestBudgetMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSimulator(t, simulator.Options{Limits: simulator.Limits{PerMinute: 40}})
		e := begin(t, sim)
		registry := prometheus.NewPedanticRegistry()
		if err := registry.Register(exporter.NewBudgetMetrics(e.Ledger().Budgets)); err != nil {
			t.Fatal(err)
		}
		want := func(when, text string) {
			t.Helper()
			synctest.Wait() // what a scrape doesn't wait for has come to an end as well
			families, err := registry.Gather()
			if err != nil {
				t.Fatal(err)
			}
			var got, wanted []string
			for _, family := range families {
				for _, m := range family.Metric {
					var labels []string
					for _, l := range m.Label {
						labels = append(labels, l.GetName()+"="+l.GetValue())
					}
					got = append(got, fmt.Sprintf("%s %s %.0f", strings.TrimPrefix(family.GetName(), "smartlead_exporter_rate_limit_"), strings.Join(labels, ","), m.GetGauge().GetValue()))
				}
			}
			for line := range strings.Lines(text) {
				if line = strings.TrimSpace(line); line != "" {
					wanted = append(wanted, line)
				}
			}
			if diff := cmp.Diff(wanted, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		want("without a configuration", "")
		e.mustApply("{accounts: [{name: a, metadata_interval: 0s, api_key: the-key, rate_limit: {per_minute: 60, per_hour: 500}, campaigns: [1]}, " +
			"{name: b, metadata_interval: 0s, api_key: other-key, campaigns: [2]}]}")
		want("before the first request", `
			paused_until_timestamp_seconds account=a 0
			paused_until_timestamp_seconds account=b 0
			requests account=a,window=hour 500
			requests account=a,window=minute 60
			requests account=b,window=hour 1000
			requests account=b,window=minute 60`)
		sim.Inject(simulator.Fault{
			Match: []simulator.Matcher{simulator.ForCampaign(1)}, Times: 1, Effects: []simulator.Effect{simulator.Respond(simulator.TooManyRequests("300"))},
		})
		time.Sleep(time.Until(time.Date(2000, 1, 1, 0, 1, 0, 0, time.UTC)))
		e.scrape()
		want("after a 429", `
			advertised_requests account=a 40
			advertised_requests account=b 40
			paused_until_timestamp_seconds account=a 946685160
			paused_until_timestamp_seconds account=b 0
			requests account=a,window=hour 500
			requests account=a,window=minute 40
			requests account=b,window=hour 1000
			requests account=b,window=minute 40`)
		e.mustApply("{accounts: [{name: b, metadata_interval: 0s, api_key: other-key, campaigns: [2]}]}")
		want("of an account that is left", `
			advertised_requests account=b 40
			paused_until_timestamp_seconds account=b 0
			requests account=b,window=hour 1000
			requests account=b,window=minute 40`)
	})
}
