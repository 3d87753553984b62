package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

func TestApplyKeepsWhatIsAskedForAsBefore(t *testing.T) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	query := func(change func(*smartlead.StatisticsQuery)) collector.Campaign {
		c := campaign(1, "one")
		if change != nil {
			change(&c.Query)
		}
		return c
	}
	filtered := func() collector.Campaign {
		return query(func(q *smartlead.StatisticsQuery) {
			q.SequenceNumbers, q.SentAfter = []int{1, 2}, noon.In(time.FixedZone("", 3600))
		})
	}
	for _, tc := range []struct {
		name          string
		before, after collector.Campaign
		kept          bool
	}{
		{"nothing", query(nil), query(nil), true},
		{"nothing, with filters", filtered(), filtered(), true},
		{"zone of a moment", filtered(), query(func(q *smartlead.StatisticsQuery) {
			q.SequenceNumbers, q.SentAfter = []int{1, 2}, noon
		}), true},
		{"name", query(nil), campaign(1, "uno"), true},
		{"steps", filtered(), query(func(q *smartlead.StatisticsQuery) {
			q.SequenceNumbers, q.SentAfter = []int{1}, noon.In(time.FixedZone("", 3600))
		}), false},
		{"status", query(nil), query(func(q *smartlead.StatisticsQuery) { q.EmailStatus = smartlead.StatusOpened }), false},
		{"sent after", query(nil), query(func(q *smartlead.StatisticsQuery) { q.SentAfter = noon }), false},
		{"sent before", query(nil), query(func(q *smartlead.StatisticsQuery) { q.SentBefore = noon }), false},
		{"sent within", query(nil), query(func(q *smartlead.StatisticsQuery) { q.SentWithin = time.Hour }), false},
		{"page size", query(nil), query(func(q *smartlead.StatisticsQuery) { q.PageSize = 100 }), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			// The campaign has values when the settings change, and a refresh of it is under way.
			synctest.Test(t, func(t *testing.T) {
				api := newAPI()
				api.Answer(1, answer{Sent: 5})
				before, after := account("default", api), account("default", api)
				before.Campaigns, after.Campaigns = []collector.Campaign{tc.before}, []collector.Campaign{tc.after}
				e := start(t, settings(before))
				e.scrape()
				time.Sleep(ttl)
				api.Answer(1, answer{Sent: 6, Takes: 10 * time.Second})
				e.scrapeFor(4*time.Second).Want(t, "before", page{sent(1): 5, info(1, "default", tc.before.Name): 1})

				api.Answer(1, answer{Sent: 7, Takes: 10 * time.Second})
				e.store.Apply(settings(after))
				synctest.Wait()
				want := page{sent(1): 5, up(1): 1, info(1, "default", tc.after.Name): 1}
				if !tc.kept {
					want = page{sent(1): none, up(1): 0, lastSuccess(1): 0, duration(1): 0, requests(1): 0, info(1, "default", tc.after.Name): 1}
				}
				e.scrapeFor(0).Want(t, "just after", want)
				if got := len(api.GivenUp()); (got == 0) != tc.kept {
					t.Errorf("%d refreshes under way were given up", got)
				}

				want = page{sent(1): 6, failures("default", "network"): 0}
				if !tc.kept {
					want[sent(1)] = 7
				}
				e.scrape().Want(t, "when the refresh has ended", want)
			})
		})
	}
}

func TestApplyRemovesCampaignsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		e := start(t, settings(account("default", api, 1, 2, 3, 4)))
		e.scrape()
		time.Sleep(ttl)
		for _, id := range numbers(4) {
			api.Answer(id, answer{Takes: 10 * time.Second, Sent: 9})
		}
		api.Answer(4, answer{Sent: 9})
		time.AfterFunc(4*time.Second, func() { e.store.Apply(settings(account("default", api, 4))) })
		var p page
		waited := took(func() { p = e.scrape() }) // meanwhile 1 is fetched, and 2 and 3 are queued before 4
		if waited != 4*time.Second {
			t.Errorf("the scrape waited for %s, want 4s: what it waited for was removed then", waited)
		}
		p.Want(t, "the scrape that was waiting", page{sent(4): 9})
		for _, p := range []page{p, e.scrape()} {
			for _, id := range []string{"1", "2", "3"} {
				if p.Mentions("campaign_id", id) {
					t.Errorf("campaign %s has series although it was removed", id)
				}
			}
		}
		if got := api.GivenUp(); len(got) != 1 || got[0] != 1 {
			t.Errorf("the refreshes of campaigns %d were given up, want that of 1, which was under way", got)
		}
		if got := api.Times(2) + api.Times(3); got != 2 {
			t.Errorf("the queued campaigns were fetched %d times, want once each, before they were removed", got)
		}
		p = e.ownPage()
		for _, reason := range smartlead.Reasons() {
			p.Want(t, "a removal is no failure", page{failures("default", string(reason)): 0})
		}
	})
}

// What a campaign had before it was removed doesn't come back with it.
func TestApplyAddsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		e := start(t, settings(account("default", api, 1, 2)))
		e.scrape()
		api.AnswerAll(answer{Takes: time.Second})
		e.store.Apply(settings(account("default", api, 2)))
		e.store.Apply(settings(account("default", api, 1, 2)))
		e.scrapeFor(0).Want(t, "just after", page{sent(1): none, up(1): 0, lastSuccess(1): 0, sent(2): 1, up(2): 1})
		e.scrape()
		if one, two := api.Times(1), api.Times(2); one != 2 || two != 1 {
			t.Errorf("the campaign that was away was fetched %d times, and the other %d times; want twice and once", one, two)
		}
	})
}

func TestApplyMovesCampaignsBetweenAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to := newAPI(), newAPI()
		from.Answer(1, answer{Sent: 5})
		e := start(t, settings(account("from", from, 1, 2), account("to", to, 3)))
		e.scrape()
		time.Sleep(ttl)
		from.Answer(1, answer{Sent: 6, Takes: time.Hour})
		to.Answer(1, answer{Sent: 7, Takes: time.Second})
		e.scrapeFor(time.Second)

		e.store.Apply(settings(account("from", from, 2), account("to", to, 3, 1)))
		e.scrapeFor(0).Want(t, "just after", page{
			info(1, "from", ""): none, info(1, "to", ""): 1, sent(1): 5, up(1): 1,
		})
		e.scrape().Want(t, "when the other account has fetched it", page{info(1, "to", ""): 1, sent(1): 7, sent(2): 1, sent(3): 1})
		if got := from.GivenUp(); len(got) != 1 || got[0] != 1 {
			t.Errorf("the old account's refreshes of campaigns %d were given up, want that of 1", got)
		}
	})
}

func TestApplyRemovesAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		api.Answer(2, answer{Err: failure(smartlead.ErrForbidden)})
		both := settings(account("kept", newAPI(), 1), account("gone", api, 2))
		e := start(t, both)
		trace := e.metrics.Trace("gone")
		request := smartlead.RequestInfo{StatusCode: 403, Duration: time.Second}
		trace.Request(request)
		trace.Wait(time.Second)
		trace.Remaining(10)
		const remaining = `smartlead_exporter_rate_limit_remaining{account="gone"}`
		const asked = `smartlead_exporter_api_requests_total{account="gone",code="403"}`
		e.scrape().Want(t, "before", page{failures("gone", "forbidden"): 1, remaining: 10, asked: 1})

		e.store.Apply(settings(account("kept", newAPI(), 1)))
		if p := e.scrape(); p.Mentions("account", "gone") || p.Mentions("campaign_id", "2") {
			t.Error("the account has series although it was removed")
		}
		// Its last requests may end later than that.
		trace.Request(request)
		trace.Wait(time.Second)
		trace.Remaining(9)
		if e.scrape().Mentions("account", "gone") {
			t.Error("the account has series again because a request of its ended late")
		}

		api.Answer(2, answer{})
		e.store.Apply(both)
		e.scrapeFor(0).Want(t, "when it is back", page{failures("gone", "forbidden"): 0, failures("gone", "network"): 0, remaining: none, asked: none})
		trace.Request(request)
		e.ownPage().Want(t, "when it has asked again", page{asked: 1})
	})
}

func TestApplyChangesHowLongValuesLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		e := start(t, settings(account("default", api, 1)))
		apply := func(ttl, maxStale time.Duration) {
			e.store.Apply(collector.Settings{TTL: ttl, MaxStale: maxStale, Accounts: []collector.Account{account("default", api, 1)}})
		}
		fetches := func(when string, want int) {
			t.Helper()
			e.scrape()
			if api.Times(1) != want {
				t.Errorf("%s: fetched %d times so far, want %d", when, api.Times(1), want)
			}
		}
		fetches("at first", 1)
		time.Sleep(10 * time.Second)
		apply(10*time.Second+1, maxStale)
		fetches("younger than the new TTL", 1)
		apply(10*time.Second, maxStale)
		fetches("as old as the new TTL", 2)

		api.Answer(1, answer{Err: failure(smartlead.ErrServer)})
		time.Sleep(10 * time.Second)
		e.scrape()
		time.Sleep(10 * time.Second)
		apply(time.Second, 10*time.Second)
		e.scrape().Want(t, "failing for as long as the new max_stale", page{sent(1): none})
		apply(time.Second, 10*time.Second+1)
		e.scrape().Want(t, "failing for less than the new max_stale", page{sent(1): 1})
	})
}

func TestApplyChangesFetcherAndConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := newAPI(), newAPI()
		for _, id := range numbers(9) {
			before.Answer(id, answer{Takes: 10 * time.Second})
			after.Answer(id, answer{Takes: 10 * time.Second, Sent: 2})
		}
		e := start(t, settings(account("default", before, numbers(9)...)))
		time.AfterFunc(5*time.Second, func() {
			e.store.Apply(settings(concurrently(4, account("default", after, numbers(9)...))))
		})
		// 1 runs from 0 s to 10 s, and beside it three from 5 s to 15 s; where 1 was, another from 10 s to 20 s; three
		// from 15 s to 25 s; and the last from 20 s to 30 s.
		if got := took(func() { e.scrape().Want(t, "at the end", page{sent(1): 1, sent(2): 2, sent(9): 2}) }); got != 30*time.Second {
			t.Errorf("the scrape took %s, want 30s", got)
		}
		if asked := len(before.Asked()); asked != 1 {
			t.Errorf("the old fetcher was asked %d times, want once, before it was replaced", asked)
		}
		if got := after.Busiest(); got != 4 {
			t.Errorf("%d campaigns were fetched at the same time, want 4", got)
		}
	})
}

func TestApplyNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, settings(account("default", newAPI(), 1)))
		e.scrape()
		e.store.Apply(collector.Settings{})
		for series := range e.scrape() {
			if series == up(1) || series == failures("default", "network") {
				t.Errorf("%s is there although nothing is configured", series)
			}
		}
	})
}
