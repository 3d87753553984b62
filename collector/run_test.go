package collector_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

func TestRunEndsWithItsContext(t *testing.T) {
	errEnd := errors.New("the end")
	for _, tc := range []struct {
		name    string
		answer  answer        // of a refresh that is under way
		waits   time.Duration // for it, after the end
		givenUp int
	}{
		{"idle", answer{}, 0, 0},
		{"fetching", answer{Takes: time.Hour}, 0, 2},
		{"fetching what takes its time to give up", answer{Takes: time.Hour, Lingers: 3 * time.Second}, 3 * time.Second, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newAPI()
				for _, id := range numbers(5) {
					api.Answer(id, tc.answer)
				}
				e := prepare(t, settings(concurrently(2, account("default", api, numbers(5)...))))
				ctx, end := context.WithCancelCause(t.Context())
				ended := make(chan error)
				go func() { ended <- e.store.Run(ctx) }()
				e.scrapeFor(time.Second)
				synctest.Wait() // until the log has it
				e.log.Take()

				end(errEnd)
				waited := took(func() {
					if err := <-ended; !errors.Is(err, errEnd) {
						t.Errorf("Run returned %v, want its context's cause", err)
					}
				})
				if waited != tc.waits {
					t.Errorf("Run returned after %s, want %s", waited, tc.waits)
				}
				if got := len(api.GivenUp()); got != tc.givenUp {
					t.Errorf("%d refreshes were given up, want %d", got, tc.givenUp)
				}
				asked := len(api.Asked())
				time.Sleep(time.Hour)
				if p := e.scrapeFor(time.Second); p[up(1)] != 1 && tc.givenUp == 0 {
					t.Error("a scrape after the end doesn't show what is known")
				}
				if got := len(api.Asked()); got != asked {
					t.Errorf("%d refreshes began after the end", got-asked)
				}
				p := e.ownPage()
				for _, reason := range smartlead.Reasons() {
					p.Want(t, "the end is no failure", page{failures("default", string(reason)): 0})
				}
				for _, line := range e.log.Take() {
					t.Errorf("the end was logged as a failure: %v", line)
				}
			})
		})
	}
}

// Scrapes that came before Run are served once it runs.
func TestScrapeBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := prepare(t, settings(account("default", newAPI(), 1)))
		time.AfterFunc(3*time.Second, e.run)
		if got := took(func() { e.scrape().Want(t, "first scrape", page{sent(1): 1}) }); got != 3*time.Second {
			t.Errorf("the scrape took %s, want the 3s until Run was called", got)
		}
	})
}

// Under the race detector: scrapes, reloads and refreshes at the same time, in real time.
func TestConcurrentUse(t *testing.T) {
	api := newAPI()
	for _, id := range numbers(30) {
		a := answer{Sent: id, Takes: time.Duration(id%4) * 100 * time.Microsecond}
		if id%5 == 0 {
			a.Err = failure(smartlead.ErrServer)
		}
		api.Answer(id, a)
	}
	variant := func(n int) collector.Settings {
		s := settings(concurrently(1+n%3, account("a", api)), concurrently(2, account("b", api)))
		if n%4 == 0 {
			s.Accounts = s.Accounts[:1]
		}
		s.TTL = time.Duration(n%3) * time.Millisecond
		for i, id := range numbers(30) {
			if rand.IntN(4) > 0 {
				a := &s.Accounts[i%len(s.Accounts)]
				a.Campaigns = append(a.Campaigns, campaign(id, "c"))
			}
		}
		return s
	}
	e := start(t, variant(1))
	var users sync.WaitGroup
	for range 4 {
		users.Go(func() {
			for i := range 50 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%4)*time.Millisecond)
				e.scrapeWith(ctx)
				cancel()
			}
		})
	}
	users.Go(func() {
		for n := range 100 {
			e.store.Apply(variant(n))
		}
	})
	users.Wait()

	final := settings(concurrently(4, account("a", api, numbers(30)...)))
	e.store.Apply(final)
	want := page{}
	for _, id := range numbers(30) {
		want[sent(id)], want[up(id)] = float64(id), 1
		if id%5 == 0 {
			want[sent(id)], want[up(id)] = none, 0
		}
	}
	e.scrape().Want(t, "after all of it", want)
}
