package collector_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/collector"
)

// A list that hangs, of whatever kind of account and however often it is tried, holds up nothing that is known: no
// scrape, no probe and no service discovery. Only a first list that is needed is waited for, once.
func TestHangingListHoldsUpNothing(t *testing.T) {
	plain := func(l *catalogAPI) collector.Account {
		a := account("plain", newAPI(), 1, 2)
		a.Lister, a.ListInterval = l, listInterval
		return a
	}
	found := func(l *catalogAPI) collector.Account {
		a := discovering("found", newAPI(), l)
		a.Campaigns = []collector.Campaign{campaign(1, ""), campaign(2, "")}
		return a
	}
	for _, tt := range []struct {
		name    string
		account func(*catalogAPI) collector.Account
		known   bool // a list was had before
	}{
		{"names of configured campaigns, first list", plain, false},
		{"names of configured campaigns", plain, true},
		{"discovery, first list", found, false},
		{"discovery", found, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &catalogAPI{}
				l.Answer(active(1, 2)...)
				e := start(t, settings(tt.account(l), account("other", newAPI(), 3)))
				if tt.known {
					e.scrape()
				}
				l.Take(24 * time.Hour)
				time.Sleep(listInterval)
				for i := range 10 {
					most := time.Duration(0)
					if i == 0 && !tt.known {
						most = 10 * time.Second
					}
					var p page
					if waited := took(func() { p = e.scrapeFor(10 * time.Second) }); waited > most {
						t.Errorf("scrape %d took %s, want at most %s", i, waited, most)
					}
					wantShown(t, "a scrape", p, 1, 2, 3)
					if waited := took(func() { p = e.probe(2, 10*time.Second) }); waited > 0 {
						t.Errorf("probe %d took %s", i, waited)
					}
					wantShown(t, "a probe", p, 2)
					waited := took(func() {
						ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
						defer cancel()
						if targets, err := e.store.Targets(ctx); err == nil && len(targets) != 3 {
							t.Errorf("there are targets %v", targets)
						}
					})
					if waited > 0 {
						t.Errorf("service discovery %d took %s", i, waited)
					}
					time.Sleep(time.Minute)
				}
			})
		})
	}
}

// Before any list was had nothing is told of what it holds.
func TestNoListIsNotAListOfNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		l.Answer(active(1)...)
		l.Take(time.Minute)
		a := account("a", newAPI(), 1)
		a.Lister, a.ListInterval = l, listInterval
		e := start(t, settings(a))
		const campaigns, omitted = `smartlead_account_campaigns{account="a",status="ACTIVE"}`, `smartlead_account_campaigns_omitted{account="a"}`
		const last = `smartlead_account_last_discovery_timestamp_seconds{account="a"}`
		p := e.scrapeFor(10 * time.Second)
		p.Want(t, "before the first list", page{campaigns: none, omitted: none, last: 0})
		time.Sleep(time.Hour)
		p = e.scrapeFor(10 * time.Second)
		p.Want(t, "after it", page{campaigns: 1, omitted: 0})
	})
}

// A list has its turn however many campaigns wait, and campaigns have theirs however often lists are due.
func TestListsAndCampaignsStarveNeither(t *testing.T) {
	for _, isFound := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l := &catalogAPI{}
			l.Answer(active(numbers(300)...)...)
			api := newAPI()
			api.AnswerAll(answer{Takes: 5 * time.Second})
			a := account("a", api, numbers(300)...)
			if isFound {
				a.Campaigns, a.Discovery = nil, &collector.Discovery{}
			}
			a.Lister, a.ListInterval = l, time.Minute
			e := start(t, settings(a))
			for began := time.Now(); time.Since(began) < time.Hour; time.Sleep(10 * time.Second) {
				e.collectFor(10 * time.Second)
			}
			if n := l.Times(); n < 40 {
				t.Errorf("the list was fetched %d times in an hour, want 40 at least (discovery: %t)", n, isFound)
			}
			if n := len(api.Asked()); n < 600 {
				t.Errorf("campaigns were fetched %d times, want 600 at least (discovery: %t)", n, isFound)
			}
		})
	}
}

// A probe with something to show doesn't wait for the quota, and its campaign comes first.
func TestProbeComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, sim := quoted(t, standardLimits, 300)
		for began := time.Now(); time.Since(began) < 30*time.Minute; time.Sleep(15 * time.Second) {
			e.collectFor(10 * time.Second) // so that all are known, and all tokens spent
		}
		for _, id := range []int64{300, 150, 7} {
			sim.ForgetRequests()
			var p page
			if waited := took(func() { p = e.probe(id, 10*time.Second) }); waited > 0 {
				t.Errorf("the probe of campaign %d took %s", id, waited)
			}
			p.Want(t, "the probe", page{sent(id): float64(id)})
			time.Sleep(15 * time.Second) // in which there are three tokens
			i := slices.IndexFunc(sim.Requests(), func(r simRequest) bool { return r.CampaignID == id })
			if i < 0 || i > 1 {
				t.Errorf("campaign %d isn't among the first two that were asked for: %v", id, sim.Requests())
			}
		}
	})
}
