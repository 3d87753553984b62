package collector_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// Far more campaigns than the limits allow to be fetched within the TTL: the limits hold, the quota is used, and no
// value gets older than promised.
func TestBudgetOverHours(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates hours")
	}
	const (
		campaigns = 300
		missing   = 10 // of them aren't there
		large     = 10 // of them have two pages
		interval  = time.Minute
		deadline  = 10 * time.Second
		runs      = 3 * time.Hour
	)
	limits := smartlead.Limits{PerMinute: 60, PerHour: 1000, Concurrency: 4}

	synctest.Test(t, func(t *testing.T) {
		opts := simulator.Options{Limits: simulator.Limits{PerSecond: 10, PerMinute: limits.PerMinute, PerHour: limits.PerHour}}
		for _, id := range numbers(campaigns)[missing:] {
			c := simulator.Campaign{ID: id, Source: simulator.Aggregated(simulator.StepCounts{Step: 1, Sent: id})}
			if id > campaigns-large {
				c.Source = simulator.Rows(1200, 10)
			}
			opts.Campaigns = append(opts.Campaigns, c)
		}
		sim := testkit.NewSimulator(t, opts)
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(3 * time.Second)}})
		e := start(t, settings())
		e.store.Apply(settings(concurrently(limits.Concurrency, account("default", e.newClient("default", sim, limits), numbers(campaigns)...))))

		began := time.Now()
		for time.Since(began) < runs {
			e.collectFor(deadline)
			time.Sleep(interval - time.Since(began)%interval)
		}
		ended := time.Now()

		all := sim.Requests()
		if got := simulator.Busiest(all, time.Minute); got > limits.PerMinute {
			t.Errorf("there were %d requests within a minute, want at most %d", got, limits.PerMinute)
		}
		if got := simulator.Busiest(all, time.Hour); got > limits.PerHour {
			t.Errorf("there were %d requests within an hour, want at most %d", got, limits.PerHour)
		}
		if want := int(0.98 * limits.Sustained() * runs.Minutes()); len(all) < want {
			t.Errorf("there were %d requests, want at least %d: the budget was left unused", len(all), want)
		}
		last := map[int64]time.Time{}
		for _, id := range numbers(campaigns) {
			last[id] = began
		}
		promised := e.ownPage()[`smartlead_exporter_max_age_seconds{account="default"}`]
		t.Logf("promised are %s", time.Duration(promised)*time.Second)
		had := func(id int64, at time.Time) {
			if gap := at.Sub(last[id]); gap.Seconds() > promised {
				t.Errorf("campaign %d had to wait %s for its turn, want at most %vs", id, gap, promised)
			}
			last[id] = at
		}
		for _, r := range all {
			if r.Status == http.StatusTooManyRequests {
				t.Errorf("the API refused a request at %s", r.Time)
			}
			if r.Offset() == 0 {
				had(r.CampaignID, r.Time)
			}
		}
		for id := range last {
			had(id, ended)
		}
		p := e.scrapeFor(deadline)
		for _, id := range numbers(campaigns) {
			switch {
			case id <= missing:
				p.Want(t, "a missing campaign", page{up(id): 0, sent(id): none})
			case id > campaigns-large:
				p.Want(t, "a campaign with rows", page{up(id): 1, sent(id): 400, requests(id): 2})
			default:
				p.Want(t, "a campaign", page{up(id): 1, sent(id): float64(id)})
			}
		}
	})
}
