package collector_test

import (
	"net/http"
	"testing"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// What stands in for the API's client, in short.
type (
	api        = testkit.Fetcher
	answer     = testkit.Answer
	catalogAPI = testkit.Lister
)

var newAPI = testkit.NewFetcher

// failure is what a client returns for a refresh that fails.
func failure(reason smartlead.Reason) error {
	return &smartlead.Error{Op: "GET /campaigns/1/statistics", Reason: reason, Message: "as the test wants it"}
}

// numbers returns 1 to n, to be ids.
func numbers(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	return ids
}

// one is a campaign at the simulated API that has sent as many e-mails as its id says, counted by one request.
func one(id int64) simulator.Campaign {
	return simulator.Campaign{ID: id, Source: simulator.Aggregated(simulator.StepCounts{Step: 1, Sent: id})}
}

type simRequest = simulator.Request

// quoted is an exporter of so many campaigns of one request, all of one account, with an API that answers at once.
func quoted(t *testing.T, limits smartlead.Limits, campaigns int) (*exporter, *simulator.Simulator) {
	t.Helper()
	var opts simulator.Options
	for _, id := range numbers(campaigns) {
		opts.Campaigns = append(opts.Campaigns, one(id))
	}
	sim := testkit.NewSimulator(t, opts)
	e := start(t, settings())
	e.store.Apply(settings(concurrently(limits.Concurrency, account("default", e.newClient("default", sim, limits), numbers(campaigns)...))))
	return e, sim
}

// badGateway is a fault of one campaign, for so many requests.
func badGateway(id int64, requests int) simulator.Fault {
	return simulator.Fault{
		Match: []simulator.Matcher{simulator.ForCampaign(id)}, Times: requests,
		Effects: []simulator.Effect{simulator.RespondStatus(http.StatusBadGateway, "")},
	}
}
