package exporter_test

import (
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

// What the API states as its limit is told in the log once, however long nothing is asked, over reloads too, and once for
// all accounts of a key. Another limit is news.
func TestAdvertisedLimitIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSimulator(t, simulator.Options{Limits: simulator.Limits{PerMinute: 200}})
		e := begin(t, sim)
		const config = "{accounts: [{name: a, api_key: the-key, rate_limit: {per_minute: 30, per_hour: 500}, campaigns: [1]}, " +
			"{name: b, api_key: the-key, rate_limit: {per_minute: 30, per_hour: 500}, campaigns: [2, 3]}]}"
		e.mustApply(config)
		told := func() int {
			synctest.Wait()
			return e.log.Count("the API allows 200 requests a minute, more than are configured (60)")
		}
		for i := range 12 {
			e.scrape()
			time.Sleep([]time.Duration{2 * time.Minute, 3 * time.Hour}[i%2])
			if i == 5 {
				e.mustApply(config[:len(config)-2] + ", {name: c, api_key: other-key, rate_limit: {per_minute: 50}, campaigns: [4]}]}")
			}
		}
		if n := told(); n != 1 {
			t.Errorf("it was told %d times, want once", n)
		}
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.SetHeader("X-RateLimit-Limit", "40")}})
		for range 3 {
			e.scrape()
			time.Sleep(2 * time.Minute)
		}
		synctest.Wait()
		if n := e.log.Count("the API allows 40 requests a minute, fewer than are configured (60)"); n != 1 {
			t.Errorf("that it is lower was told %d times, want once", n)
		}
	})
}
