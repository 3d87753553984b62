package collector_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead"
)

// took is how long f takes.
func took(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func TestScrapersAtOnceCostWhatOneCosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		for _, id := range numbers(3) {
			api.Answer(id, answer{Takes: 5 * time.Second, Sent: id})
		}
		e := start(t, settings(concurrently(3, account("default", api, numbers(3)...))))

		var scrapers sync.WaitGroup
		check := func(when string, waits time.Duration) {
			var p page
			if got := took(func() { p = e.scrape() }); got != waits {
				t.Errorf("%s waited for %s, want %s", when, got, waits)
			}
			p.Want(t, when, page{sent(1): 1, sent(2): 2, sent(3): 3})
		}
		for range 16 {
			scrapers.Go(func() { check("one of 16 scrapers", 5*time.Second) })
		}
		time.Sleep(3 * time.Second)
		scrapers.Go(func() { check("a scraper that came while the refresh ran", 2*time.Second) })
		scrapers.Wait()

		if got := len(api.Asked()); got != 3 {
			t.Errorf("17 scrapers made the exporter fetch %d times, want each of 3 campaigns once", got)
		}
	})
}

func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		e := start(t, settings(concurrently(2, account("default", api, 1, 2))))
		e.scrape()
		before := time.Now()
		time.Sleep(ttl)

		api.Answer(1, answer{Sent: 11, Takes: 30 * time.Second})
		api.Answer(2, answer{Sent: 12, Takes: time.Second})
		var p page
		if got := took(func() { p = e.scrapeFor(10 * time.Second) }); got != 10*time.Second {
			t.Errorf("the scrape took %s, want its deadline, 10s", got)
		}
		p.Want(t, "at the deadline", page{
			sent(1): 1, lastSuccess(1): seconds(before), up(1): 1, // the last good values
			sent(2): 12,
		})

		time.Sleep(20 * time.Second) // 1 is done at this moment
		ready := time.Now()
		synctest.Wait()
		if got := took(func() { p = e.scrapeFor(10 * time.Second) }); got != 0 {
			t.Errorf("the scrape after the refresh's end took %s, want no time", got)
		}
		p.Want(t, "after the refresh's end", page{sent(1): 11, lastSuccess(1): seconds(ready), sent(2): 12})
		if got := api.Times(1); got != 2 {
			t.Errorf("the slow campaign was fetched %d times, want twice: at first, and once for both later scrapes", got)
		}
	})
}

// Where there is nothing yet, a scrape that can't wait shows no values, and says that there are none.
func TestDeadlineBeforeTheFirstRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		api.Answer(1, answer{Takes: time.Minute})
		e := start(t, settings(account("default", api, 1)))
		e.scrapeFor(10*time.Second).Want(t, "at the deadline", page{
			info(1, "default", ""): 1, up(1): 0, lastSuccess(1): 0, duration(1): 0, requests(1): 0, sent(1): none,
			lookups("missing"): 1,
		})
	})
}

func TestHangingUpCancelsNothing(t *testing.T) {
	for _, tc := range []struct {
		name string
		stay time.Duration
	}{
		{"at once", 0},
		{"while one campaign is fetched and the other is queued", 3 * time.Second},
		{"while the second is fetched", 13 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newAPI()
				api.Answer(1, answer{Takes: 10 * time.Second})
				api.Answer(2, answer{Takes: 10 * time.Second})
				e := start(t, settings(account("default", api, 1, 2)))

				ctx, hangUp := context.WithCancel(t.Context())
				time.AfterFunc(tc.stay, hangUp)
				if got := took(func() { e.scrapeWith(ctx) }); got != tc.stay {
					t.Errorf("the scrape ended after %s, want %s, when the scraper hung up", got, tc.stay)
				}
				time.Sleep(20*time.Second - tc.stay)
				synctest.Wait()
				if got := api.GivenUp(); len(got) > 0 {
					t.Errorf("campaigns %d were given up", got)
				}
				if got := took(func() { e.scrape().Want(t, "next scrape", page{sent(1): 1, sent(2): 1}) }); got != 0 {
					t.Errorf("the next scrape waited for %s, want it to find both campaigns", got)
				}
			})
		})
	}
}

func TestNothingHalfFetchedIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		half := &smartlead.Statistics{Steps: []smartlead.Step{{SequenceNumber: 1, Sent: 500}, {SequenceNumber: 2, Sent: 5}}, Requests: 3}
		api := newAPI()
		api.Answer(1, answer{Sent: 900})
		e := start(t, settings(account("default", api, 1, 2)))
		api.Answer(2, answer{Statistics: half, Err: failure(smartlead.ErrIncomplete)})
		e.scrape().Want(t, "never complete", page{sent(1): 900, sent(2): none, up(2): 0, requests(2): 3})

		time.Sleep(ttl)
		api.Answer(1, answer{Statistics: half, Err: failure(smartlead.ErrIncomplete), Takes: time.Minute})
		e.scrapeFor(time.Second).Want(t, "while it is fetched", page{sent(1): 900, up(1): 1, requests(1): 1})
		time.Sleep(time.Minute)
		second := `smartlead_sent_total{campaign_id="1",sequence_number="2"}`
		e.scrapeFor(0).Want(t, "when it has failed", page{sent(1): 900, up(1): 0, requests(1): 3, second: none})
	})
}

// A campaign without statistics is up, and has no series of steps, whatever it had before.
func TestCampaignWithoutStatistics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		api.Answer(1, answer{Statistics: &smartlead.Statistics{Requests: 1}})
		e := start(t, settings(account("default", api, 1)))
		e.scrape().Want(t, "at first", page{up(1): 1, lastSuccess(1): seconds(time.Now()), sent(1): none, lookups("refreshed"): 1})
		time.Sleep(ttl)
		api.Answer(1, answer{Sent: 4})
		e.scrape().Want(t, "when it has sent", page{up(1): 1, sent(1): 4})
		time.Sleep(ttl)
		api.Answer(1, answer{Statistics: &smartlead.Statistics{Requests: 1}})
		e.scrape().Want(t, "when its e-mails are gone", page{up(1): 1, sent(1): none})
	})
}

func TestLookups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		api.Answer(4, answer{Err: failure(smartlead.ErrServer)})
		e := start(t, settings(concurrently(9, account("default", api, 1, 2, 3, 4, 5))))
		counts := func(fresh, refreshed, stale, missing float64) page {
			return page{lookups("fresh"): fresh, lookups("refreshed"): refreshed, lookups("stale"): stale, lookups("missing"): missing}
		}
		e.ownPage().Want(t, "before the first scrape", counts(0, 0, 0, 0))
		e.scrape()
		e.scrape().Want(t, "second scrape", counts(4, 4, 0, 2))

		time.Sleep(ttl)
		api.Answer(2, answer{Err: failure(smartlead.ErrServer)}) // stale, since it failed
		api.Answer(3, answer{Takes: time.Minute})                // stale, since it takes too long
		p := e.scrapeFor(10 * time.Second)
		p.Want(t, "third scrape", counts(4, 6, 2, 3)) // 1 and 5 are refreshed, 4 is missing again

		time.Sleep(maxStale + time.Minute)
		for _, id := range numbers(5) {
			api.Answer(id, answer{Err: failure(smartlead.ErrServer)})
		}
		e.scrape().Want(t, "when everything fails, 2 and 4 for longer than max_stale", counts(4, 6, 5, 5))
	})
}
