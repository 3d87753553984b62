package simulator_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// client asks over a transport, as the program does.
func client(t *testing.T, transport http.RoundTripper) *smartlead.Client {
	t.Helper()
	c, err := smartlead.NewClient(smartlead.Options{
		Key: func() (string, error) { return "demo", nil }, BaseURL: "http://simulator.invalid" + simulator.DefaultPrefix,
		Limits: &smartlead.Limits{}, Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The numbers grow while one watches, whenever one comes, weekends included.
func TestRunDemoMoves(t *testing.T) {
	t.Parallel()
	for _, later := range []time.Duration{0, 40 * time.Hour, 68 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(later) // after the midnight of a Saturday
			api, err := simulator.RunDemo()
			if err != nil {
				t.Fatal(err)
			}
			c := client(t, simulator.Transport(api))
			list, err := c.Campaigns(t.Context(), smartlead.CampaignsQuery{})
			if err != nil {
				t.Fatal(err)
			}
			sent := func() (n int64) {
				for i := range list.Campaigns {
					s, err := c.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: list.Campaigns[i].ID})
					if err != nil {
						t.Fatal(err)
					}
					for _, step := range s.Steps {
						n += step.Sent
					}
				}
				return n
			}
			day := time.Now().Format("Mon 15:04")
			before := sent()
			time.Sleep(15 * time.Second)
			if after := sent(); after <= before {
				t.Errorf("%s: %v e-mails were sent, and %v 15 s later", day, before, after)
			}
		})
	}
}

// E-mails that are sent while the pages of a campaign are fetched make it fetch them anew, up to the moment when it began,
// by the clock of the demonstration. Without that clock it would never get a set that is complete.
func TestDatedGrowsBetweenPages(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	ticks := 0
	clock := func() time.Time { // each look at it takes a second
		ticks++
		return start.Add(time.Duration(ticks) * time.Second)
	}
	sim := newSim(t, simulator.Options{Clock: clock}, simulator.Campaign{
		ID: 1, Source: simulator.Rows(2500, 10), Order: simulator.NewestFirst,
	})
	sim.Inject(simulator.Fault{
		Match:   []simulator.Matcher{func(r simulator.Request) bool { return r.Offset() > 0 }},
		Effects: []simulator.Effect{simulator.Arrive(1)},
	})
	c := client(t, simulator.Transport(simulator.Dated(sim, clock)))
	statistics, err := c.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 1})
	if err != nil {
		t.Fatal(err)
	}
	if statistics.Rows != 2500 {
		t.Errorf("%d rows, want those that were there when it began", statistics.Rows)
	}
}
