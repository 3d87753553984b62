package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// Where a limit of hours binds, a refresh begins when it can be read as fast as the limit of minutes allows, and no request
// is lost by that. Else its rows would be minutes old when they are shown. Where a limit of minutes binds, and for a probe,
// it begins at once.
func TestRefreshesAreReadWithoutWaiting(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates hours")
	}
	const pages = 12
	for _, tc := range []struct {
		name   string
		limits smartlead.Limits
		most   time.Duration // that reading one takes
	}{
		{"60 a minute, 1,000 an hour", standardLimits, (pages - 6) * time.Minute / 54}, // of which 6 leave at once
		{"1,000 an hour", smartlead.Limits{PerHour: 1000, Concurrency: 4}, 0},
		{"fewer an hour than a refresh takes", smartlead.Limits{PerMinute: 60, PerHour: 30, Concurrency: 4}, pages * time.Hour / 27},
		{"15 a minute", smartlead.Limits{PerMinute: 15, PerHour: 1000, Concurrency: 4}, pages * 4445 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const campaigns = 8
				var opts simulator.Options
				for _, id := range numbers(campaigns) {
					opts.Campaigns = append(opts.Campaigns, simulator.Campaign{ID: id, Source: simulator.Rows(2*pages-1, 0)})
				}
				sim := testkit.NewSimulator(t, opts)
				e := start(t, settings())
				a := concurrently(4, account("default", e.newClient("default", sim, tc.limits), numbers(campaigns)...))
				for i := range a.Campaigns {
					a.Campaigns[i].Query.PageSize = 2
				}
				e.store.Apply(settings(a))
				perHour := 60 * tc.limits.Sustained()
				turn := time.Duration(campaigns * pages / perHour * float64(time.Hour))
				pass := func(d time.Duration) {
					for began := time.Now(); time.Since(began) < d; time.Sleep(30 * time.Second) {
						e.collectFor(time.Second)
					}
				}
				pass(turn + time.Hour) // until all are known
				sim.ForgetRequests()
				pass(turn)
				if sent, want := len(sim.Requests()), 0.97*campaigns*pages; float64(sent) < want {
					t.Errorf("%d requests were sent in a turn, want at least %.0f", sent, want)
				}
				for _, c := range e.store.Snapshot()[0].Campaigns {
					if !c.Up || c.Duration > tc.most+time.Second {
						t.Errorf("campaign %s (up: %t) was read in %s, want at most %s", c.ID, c.Up, c.Duration, tc.most)
					}
				}
			})
		})
	}
}
