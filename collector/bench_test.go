package collector_test

import (
	"testing"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// BenchmarkRefresh scrapes 40 campaigns that all have to be fetched, 8 at a time, from an API that takes 50 ms to
// answer and has no limits. x-ideal is how many times as long it takes as 40 × 50 ms / 8.
func BenchmarkRefresh(b *testing.B) {
	const (
		campaigns   = 40
		concurrency = 8
		answer      = 50 * time.Millisecond
		ideal       = campaigns * answer / concurrency
	)
	var opts simulator.Options
	for _, id := range numbers(campaigns) {
		opts.Campaigns = append(opts.Campaigns, simulator.Campaign{ID: id, Source: simulator.Aggregated(
			simulator.StepCounts{Step: 1, Sent: 1240, Opened: 372, Clicked: 89, Replied: 23, Unsubscribed: 4, Bounced: 18},
			simulator.StepCounts{Step: 2, Sent: 892, Opened: 267, Clicked: 54, Replied: 12, Unsubscribed: 2, Bounced: 9},
		)})
	}
	sim := testkit.NewSimulator(b, opts)
	sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(answer)}})
	e := start(b, settings())
	client := e.newClient("default", sim, smartlead.Limits{Concurrency: concurrency})
	e.store.Apply(collector.Settings{
		TTL: time.Nanosecond, MaxStale: maxStale, // every scrape fetches everything
		Accounts: []collector.Account{concurrently(concurrency, account("default", client, numbers(campaigns)...))},
	})
	b.ReportAllocs()
	scrapes := 0
	for b.Loop() {
		scrapes++
		e.exposition(b.Context(), textFormat)
	}
	b.ReportMetric(float64(b.Elapsed())/float64(scrapes)/float64(ideal), "x-ideal")
	if got, want := len(sim.Requests()), scrapes*campaigns; got != want {
		b.Errorf("%d scrapes made %d requests, want %d", scrapes, got, want)
	}
}
