package exporter_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// What is known of a campaign, its counts, its rate of change and how it is counted, outlives a reload, another name of its
// account and, with cache.file, a restart: a refresh of a large campaign goes on to ask what has moved.
func TestWhatIsKnownIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
		sim := testkit.NewSimulator(t, simulator.Options{Campaigns: []simulator.Campaign{{ID: 1, Source: simulator.Rows(5000, 10)}}})
		config := "{cache: {file: " + t.TempDir() + "/cache}, accounts: [{name: a, api_key: the-key, metadata_interval: 0s, campaigns: [1]}]}"
		e := begin(t, sim)
		e.mustApply(config)
		refresh := func(when string, want simulator.Endpoint) {
			t.Helper()
			time.Sleep(time.Minute)
			sim.ForgetRequests()
			e.scrape()
			if all := sim.Requests(); len(all) == 0 || all[0].Endpoint != want {
				t.Errorf("%s: a refresh begins with %v, want %s", when, all, want)
			}
		}
		refresh("at first", simulator.EndpointStatistics)
		refresh("then", simulator.EndpointSequenceAnalytics)
		sim.AddEmails(1, simulator.Email{Step: 1, SentTime: time.Now()})
		refresh("when it has moved", simulator.EndpointSequenceAnalytics)
		known := func() (rate float64, method string) {
			c := e.store.Snapshot()[0].Campaigns[0]
			return c.Rate.PerSecond(), string(c.Counting.Method())
		}
		rate, method := known()
		same := func(when string) {
			t.Helper()
			if r, m := known(); r != rate || m != method {
				t.Errorf("%s: rate %v, by %s, want %v by %s", when, r, m, rate, method)
			}
			refresh(when, simulator.EndpointSequenceAnalytics)
			rate, method = known() // which has grown older
		}
		e.mustApply(config)
		same("after the same configuration")
		e.mustApply(strings.Replace(config, "campaigns:", "request_timeout: 20s, campaigns:", 1)) // by another client
		same("after another one")
		e.mustApply(strings.Replace(config, "name: a", "name: b", 1))
		same("of an account with another name")

		e.keeper.End()
		e = begin(t, sim)
		e.mustApply(config)
		same("after a restart")
	})
}
