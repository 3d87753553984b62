package estimate_test

import (
	"strings"
	"testing"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// --config.check-online says of each campaign what a refresh takes, by which method, and what the API's limit would bring.
func TestMethodsOfCampaigns(t *testing.T) {
	t.Parallel()
	campaigns := []simulator.Campaign{
		{ID: 1, Name: "Small", Source: simulator.Rows(2000, 10)},
		{ID: 2, Name: "Larger", Source: simulator.Rows(2001, 10)},
		{ID: 3, Name: "Large", Source: simulator.Rows(60_000, 10)},
		{ID: 4, Name: "Large, untracked", Source: simulator.Rows(5500, 10), TrackSettings: []string{simulator.DontTrackOpens, simulator.DontTrackClicks}},
		testkit.Aggregated(5, 10),
	}
	for _, tc := range []struct {
		name      string
		behaviour simulator.Behaviour
		account   string // beside base_url and campaigns
		requests  int    // beside the list and one for each campaign
	}{
		{"analytics", simulator.Behaviour{}, "", 2},
		{"totals", simulator.Behaviour{AnalyticsGone: true}, "", 2},
		{"totals where analytics are of a month", simulator.Behaviour{AnalyticsMaxDays: 31}, "", 2},
		{"filters ignored", simulator.Behaviour{Filters: simulator.FiltersIgnored}, "", 2},
		{"filters ignored in totals", simulator.Behaviour{Filters: simulator.FiltersIgnoredInTotals}, "", 2},
		{"rows", simulator.Behaviour{}, ", counting: rows", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{
				Keys: []string{testkit.Key}, Campaigns: campaigns, Behaviour: tc.behaviour, Limits: simulator.Limits{PerMinute: 200},
			})
			got, err := check(t, api, "accounts: [{base_url: API, rate_limit: {per_minute: 120, per_hour: 1000}, campaigns: [1, 2, 3, 4, 5]"+tc.account+"}]", true)
			if err != nil {
				t.Error(err)
			}
			testkit.Golden(t, "methods_"+strings.ReplaceAll(tc.name, " ", "_")+".txt", got)
			if n, want := len(api.Requests()), 1+len(campaigns)+tc.requests; n != want {
				t.Errorf("it took %d requests, want %d", n, want)
			}
		})
	}
}
