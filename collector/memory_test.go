package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// remembered is a store's memory in which campaigns 1 and 2 were fetched just now, one after the other failed.
func remembered(t *testing.T, a collector.Account) []collector.AccountSnapshot {
	t.Helper()
	e := start(t, settings(a))
	e.scrape()
	m, changes := e.store.Remember()
	if changes == 0 || changes != e.store.Changes() {
		t.Errorf("Remember tells %d changes, Changes %d", changes, e.store.Changes())
	}
	return m
}

// restarted is an exporter that begins with what another one remembered.
func restarted(t *testing.T, m []collector.AccountSnapshot, settings collector.Settings) *exporter {
	t.Helper()
	e := start(t, collector.Settings{})
	e.store.Restore(m)
	e.store.Apply(settings)
	return e
}

func TestMemoryFillsTheHoleAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := newAPI()
		before.Answer(1, answer{Sent: 10})
		before.Answer(2, answer{Sent: 20})
		a := account("a", before, 1, 2)
		m := remembered(t, a)
		then := time.Now()

		down := newAPI() // the API doesn't answer after the restart
		for _, id := range []int64{1, 2} {
			down.Answer(id, answer{Err: failure(smartlead.ErrTimeout)})
		}
		e := restarted(t, m, settings(account("a", down, 1, 2)))
		time.Sleep(ttl - time.Second)
		e.scrape().Want(t, "still fresh", page{sent(1): 10, sent(2): 20, up(1): 1, lastSuccess(1): seconds(then), requests(1): 1})
		if n := down.Times(1); n != 0 {
			t.Errorf("a campaign that is fresh was fetched %d times", n)
		}
		time.Sleep(time.Second)
		e.scrape().Want(t, "stale, and shown", page{sent(1): 10, sent(2): 20, up(1): 0, lastSuccess(1): seconds(then)})
		time.Sleep(maxStale - time.Second)
		wantShown(t, "failing for less than max_stale", e.scrape(), 1, 2)
		time.Sleep(time.Second)
		wantShown(t, "failing for max_stale", e.scrape())
	})
}

func TestMemoryIsForTheSameQuestionOnly(t *testing.T) {
	later := func(change func(*collector.Account)) collector.Account {
		a := account("a", nil, 1, 2)
		a.Campaigns[0].Query.SentAfter = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		change(&a)
		return a
	}
	for _, tt := range []struct {
		name   string
		change func(*collector.Account)
		want   []int64
	}{
		{"unchanged", func(*collector.Account) {}, []int64{1, 2}},
		{"renamed campaign", func(a *collector.Account) { a.Campaigns[0].Name = "new" }, []int64{1, 2}},
		{"the same moment in another zone", func(a *collector.Account) {
			q := &a.Campaigns[0].Query
			q.SentAfter = q.SentAfter.In(time.FixedZone("CET", 3600))
		}, []int64{1, 2}},
		{"another filter", func(a *collector.Account) { a.Campaigns[0].Query.SequenceNumbers = []int{1} }, []int64{2}},
		{"renamed account", func(a *collector.Account) { a.Name = "b" }, []int64{1, 2}},
		{"another origin", func(a *collector.Account) { a.Origin = "https://other.test" }, nil},
		{"no longer configured", func(a *collector.Account) { a.Campaigns = a.Campaigns[:1] }, []int64{1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := later(func(*collector.Account) {})
				a.Fetcher = newAPI()
				m := remembered(t, a)
				b := later(tt.change)
				down := newAPI()
				for _, id := range []int64{1, 2} {
					down.Answer(id, answer{Err: failure(smartlead.ErrTimeout)})
				}
				b.Fetcher = down
				wantShown(t, "after the restart", restarted(t, m, settings(b)).scrape(), tt.want...)
			})
		})
	}
}

// Discovered campaigns are shown at once, from the list that was remembered, which is fetched again when it is due.
func TestMemoryOfDiscoveredCampaigns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		l.Answer(active(1, 2)...)
		m := remembered(t, discovering("a", newAPI(), l))

		l.Fail(failure(smartlead.ErrTimeout))
		e := restarted(t, m, settings(discovering("a", newAPI(), l)))
		asked := l.Times()
		p := e.scrape()
		wantShown(t, "after the restart", p, 1, 2)
		p.Want(t, "after the restart", page{info(1, "a", "C1"): 1})
		if l.Times() != asked {
			t.Error("the list was fetched before it was due")
		}
		l.Answer(active(1, 2, 3)...)
		time.Sleep(listInterval)
		e.scrape()
		synctest.Wait()
		wantShown(t, "when the list was due", e.scrape(), 1, 2, 3)
	})
}

// What was had at a moment that is still to come is shown, and fetched as soon as there is a scrape.
func TestMemoryOfTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		l.Answer(active(1, 2)...)
		api := newAPI()
		m := remembered(t, discovering("a", api, l))
		m[0].Campaigns[0].LastSuccess = time.Now().Add(time.Second)
		m[0].Campaigns[1].FailingSince, m[0].Campaigns[1].Up = time.Now().AddDate(1, 0, 0), false
		m[0].Campaigns[1].Reason = smartlead.ErrServer
		m[0].ListLastSuccess = time.Now().Add(time.Hour)
		id := m[0].Campaigns[0].Query.CampaignID
		asked, listed := api.Times(id), l.Times()
		e := restarted(t, m, settings(discovering("a", api, l)))
		api.Answer(m[0].Campaigns[1].Query.CampaignID, answer{Err: failure(smartlead.ErrNotFound)})
		wantShown(t, "after the restart", e.scrape(), 1, 2)
		synctest.Wait()
		if api.Times(id) != asked+1 || l.Times() != listed+1 {
			t.Errorf("the campaign was fetched %d times, the list %d times; want once each", api.Times(id)-asked, l.Times()-listed)
		}
		time.Sleep(maxStale)
		wantShown(t, "what fails since a moment that is still to come does so since the restart", e.scrape(), id)
	})
}
