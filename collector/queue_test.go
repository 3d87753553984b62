package collector_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/collector"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
)

func TestOldestSuccessFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		e := start(t, settings())
		for _, ids := range [][]int64{{3}, {1, 3}, {1, 2, 3}} { // 3 is the oldest, then 1, then 2
			e.store.Apply(settings(account("default", api, ids...)))
			e.scrape()
			time.Sleep(time.Second)
		}
		e.store.Apply(settings(account("default", api, 1, 2, 3, 4, 5)))
		time.Sleep(ttl)
		api.Forget()
		e.scrape()
		if diff := cmp.Diff([]int64{4, 5, 3, 1, 2}, api.Order()); diff != "" {
			t.Errorf("campaigns are fetched in another order, want those never fetched, then by age (-want +got):\n%s", diff)
		}
	})
}

// Campaigns that always fail take no time from the others beyond their share, and have a turn all the same.
func TestFailingCampaignsStarveNobody(t *testing.T) {
	const (
		campaigns = 10
		takes     = time.Second
		interval  = 2 * time.Second
		runs      = 30 * time.Minute
	)
	for _, tc := range []struct {
		name    string
		failing int64
	}{
		{"none fails", 0},
		{"one fails", 1},
		{"all but one fail", 9},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newAPI()
				ids := numbers(campaigns)
				for _, id := range ids {
					a := answer{Takes: takes}
					if id <= tc.failing {
						a.Err = failure(smartlead.ErrNotFound)
					}
					api.Answer(id, a)
				}
				e := start(t, collector.Settings{TTL: time.Second, MaxStale: maxStale, Accounts: []collector.Account{account("default", api, ids...)}})
				began := time.Now()
				for time.Since(began) < runs {
					e.scrapeFor(time.Second)
					time.Sleep(interval - time.Second)
				}
				well := campaigns - tc.failing
				for _, id := range ids {
					bound := time.Duration(well)*takes*10/9 + 2*takes + interval // with the tenth of the others
					if id <= tc.failing {
						bound = 10 * time.Minute // twice the longest back-off
					}
					last := began
					for _, asked := range append(api.Asked(), testkit.Ask{ID: id, At: began.Add(runs)}) {
						if asked.ID != id {
							continue
						}
						if gap := asked.At.Sub(last); gap > bound && last != began {
							t.Errorf("campaign %d had to wait %s for its turn, want at most %s", id, gap, bound)
						}
						last = asked.At
					}
					if api.Times(id) == 0 {
						t.Errorf("campaign %d had no turn", id)
					}
				}
			})
		})
	}
}

func TestConcurrencyPerAccount(t *testing.T) {
	for _, tc := range []struct{ configured, want int }{{1, 1}, {3, 3}, {100, 20}, {0, 1}, {-1, 1}} {
		synctest.Test(t, func(t *testing.T) {
			first, second := newAPI(), newAPI()
			var ofFirst, ofSecond []int64
			for id := range int64(20) {
				ofFirst, ofSecond = append(ofFirst, 1+id), append(ofSecond, 101+id)
				first.Answer(1+id, answer{Takes: time.Second})
				second.Answer(101+id, answer{Takes: time.Second})
			}
			e := start(t, settings(
				concurrently(tc.configured, account("first", first, ofFirst...)),
				concurrently(2, account("second", second, ofSecond...)),
			))
			e.scrape()
			if got := first.Busiest(); got != tc.want {
				t.Errorf("concurrency %d: %d campaigns were fetched at the same time, want %d", tc.configured, got, tc.want)
			}
			if got := second.Busiest(); got != 2 {
				t.Errorf("the other account, with concurrency 2, fetched %d campaigns at the same time", got)
			}
		})
	}
}

// An account that answers slowly, or not at all, doesn't hold up another one.
func TestAccountsDontWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, quick := newAPI(), newAPI()
		for id := range int64(10) {
			slow.Answer(1+id, answer{Takes: time.Hour})
			quick.Answer(11+id, answer{Takes: time.Second, Sent: 5})
		}
		e := start(t, settings(
			concurrently(2, account("slow", slow, numbers(10)...)),
			concurrently(2, account("quick", quick, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)),
		))
		want := page{}
		for id := range int64(10) {
			want[sent(1+id)], want[sent(11+id)] = none, 5
		}
		e.scrapeFor(6*time.Second).Want(t, "ten quick campaigns, two at a time, each a second, within 6s", want)
	})
}

// However scrapes come and go, a campaign is never fetched twice at once.
func TestNeverFetchedTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		for _, id := range numbers(7) {
			api.Answer(id, answer{Takes: time.Duration(id) * 3 * time.Second})
		}
		api.Answer(3, answer{Takes: 10 * time.Second, Err: failure(smartlead.ErrTimeout)})
		e := start(t, collector.Settings{TTL: time.Second, MaxStale: maxStale, Accounts: []collector.Account{
			concurrently(4, account("default", api, numbers(7)...)),
		}})
		for i := range 200 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%11)*time.Second)
			go e.scrapeWith(ctx)
			time.AfterFunc(20*time.Second, cancel)
			time.Sleep(time.Duration(i%3) * time.Second)
		}
		time.Sleep(time.Minute)
		for _, asked := range api.Asked() {
			if asked.Both {
				t.Errorf("campaign %d was fetched although it was being fetched", asked.ID)
			}
		}
		if got := api.Busiest(); got != 4 {
			t.Errorf("%d campaigns were fetched at the same time, want 4", got)
		}
	})
}
