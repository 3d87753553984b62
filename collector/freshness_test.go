package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

func TestFetchedAgainFromTTLOn(t *testing.T) {
	for _, tc := range []struct {
		name    string
		age     time.Duration
		fetches int
	}{
		{"at once", 0, 1},
		{"just younger than the TTL", ttl - 1, 1},
		{"exactly the TTL", ttl, 2},
		{"older", ttl + 1, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newAPI()
				api.Answer(1, answer{Sent: 7})
				e := start(t, settings(account("default", api, 1)))
				e.scrape()
				api.Answer(1, answer{Sent: 8})
				time.Sleep(tc.age)
				p := e.scrape()
				if got := api.Times(1); got != tc.fetches {
					t.Errorf("two scrapes %s apart fetched %d times, want %d", tc.age, got, tc.fetches)
				}
				p.Want(t, "second scrape", page{sent(1): float64(6 + tc.fetches)})
			})
		})
	}
}

// The age counts from the end of the refresh, since only then are there values.
func TestAgeCountsFromTheEndOfTheRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		api.Answer(1, answer{Takes: time.Minute})
		e := start(t, settings(account("default", api, 1)))
		e.scrape()
		time.Sleep(ttl - 1)
		e.scrape()
		if got := api.Times(1); got != 1 {
			t.Errorf("fetched %d times within the TTL of a refresh's end, want once", got)
		}
	})
}

func TestShownUntilMaxStale(t *testing.T) {
	for _, tc := range []struct {
		name          string
		ttl, maxStale time.Duration
		age           time.Duration
		failing       time.Duration // before the scrape in question; 0: it is the first to fail, if the values aren't fresh
		shown         bool
	}{
		{"fresh", ttl, maxStale, ttl - 1, 0, true},
		{"stale", ttl, maxStale, ttl, 0, true},
		{"failing for just less than max_stale", ttl, maxStale, ttl + maxStale, maxStale - 1, true},
		{"failing for exactly max_stale", ttl, maxStale, ttl + maxStale, maxStale, false},
		{"failing for longer than max_stale", ttl, maxStale, ttl + 3*maxStale, 2 * maxStale, false},
		{"much older than max_stale, when it fails for the first time", ttl, maxStale, 9 * maxStale, 0, true},
		{"no max_stale, fresh", ttl, 0, ttl - 1, 0, true},
		{"no max_stale, at the first failure", ttl, 0, ttl, 0, false},
		{"max_stale below the TTL, fresh but older than max_stale", ttl, time.Second, ttl - 1, 0, true},
		{"max_stale below the TTL, at the first failure", ttl, time.Second, ttl, 0, true},
		{"max_stale below the TTL, failing for so long", ttl, time.Second, ttl + time.Second, time.Second, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newAPI()
				api.Answer(1, answer{Sent: 7})
				e := start(t, collector.Settings{TTL: tc.ttl, MaxStale: tc.maxStale, Accounts: []collector.Account{account("default", api, 1)}})
				e.scrape()
				succeeded := time.Now()

				api.Answer(1, answer{Err: failure(smartlead.ErrServer)})
				if tc.failing > 0 {
					time.Sleep(tc.age - tc.failing)
					e.scrape()
					time.Sleep(tc.failing)
				} else {
					time.Sleep(tc.age)
				}
				want := page{sent(1): none, lastSuccess(1): seconds(succeeded)}
				if tc.shown {
					want[sent(1)] = 7
				}
				p := e.scrape()
				p.Want(t, "after "+tc.age.String(), want)
				if !p.Mentions("campaign_name", "") {
					t.Error("the campaign's info is gone, want it whether there are values or not")
				}

				if tc.shown {
					return
				}
				api.Answer(1, answer{Sent: 9})
				time.Sleep(maxBackoff)
				e.scrape().Want(t, "once the API answers again", page{sent(1): 9, up(1): 1, lastSuccess(1): seconds(time.Now())})
			})
		})
	}
}

// A scrape that waits for one campaign must not lose another that was fresh when it came, or became so meanwhile,
// however short max_stale is.
func TestWaitingMakesNothingStale(t *testing.T) {
	for _, maxStale := range []time.Duration{0, time.Second, time.Minute} {
		t.Run(maxStale.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newAPI()
				a := concurrently(3, account("default", api, 1, 2, 3))
				a.Campaigns = a.Campaigns[:1]
				e := start(t, collector.Settings{TTL: ttl, MaxStale: maxStale, Accounts: []collector.Account{a}})
				e.scrape() // 1 is fresh from here on

				time.Sleep(ttl - 1)
				a.Campaigns = a.Campaigns[:3]
				e.store.Apply(collector.Settings{TTL: ttl, MaxStale: maxStale, Accounts: []collector.Account{a}})
				api.Answer(2, answer{Sent: 2, Takes: time.Second})
				api.Answer(3, answer{Sent: 3, Takes: 5 * time.Minute})
				e.scrape().Want(t, "after five minutes of waiting", page{
					sent(1): 1, sent(2): 2, sent(3): 3,
					lookups("fresh"): 1, lookups("refreshed"): 3, lookups("stale"): 0, lookups("missing"): 0,
				})
				if got := api.Times(1); got != 1 {
					t.Errorf("the campaign that was fresh was fetched %d times, want once", got)
				}
			})
		})
	}
}
