package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// of is a discovering account at an origin, with a key from somewhere.
func of(a collector.Account, origin, keySource string) collector.Account {
	a.Origin, a.KeySource = origin, keySource
	return a
}

// What came from one origin is never shown as another's: neither values nor lists, nor what was under way at the reload.
func TestAnotherOriginForgetsAll(t *testing.T) {
	for _, isUnderWay := range []bool{false, true} {
		for _, keySource := range []string{"variable KEY", ""} {
			synctest.Test(t, func(t *testing.T) {
				before, l := newAPI(), &catalogAPI{}
				before.AnswerAll(answer{Sent: 5})
				l.Answer(active(1, 2)...)
				e := start(t, settings(of(discovering("a", before, l), "https://one.test", keySource)))
				e.scrape()
				if isUnderWay {
					before.AnswerAll(answer{Sent: 6, Takes: time.Minute, Lingers: time.Minute})
					l.Take(time.Minute)
					time.Sleep(listInterval)
					e.scrapeFor(time.Second)
				}
				after, other := newAPI(), &catalogAPI{}
				after.AnswerAll(answer{Sent: 7, Takes: time.Minute})
				other.Answer(active(2, 3)...)
				other.Take(5 * time.Minute)
				e.store.Apply(settings(of(discovering("a", after, other), "https://two.test", keySource)))
				for range 4 {
					if p := e.scrapeFor(time.Second); p.Mentions("campaign_id", "1") || p.Mentions("campaign_id", "2") || p[lookups("stale")] > 0 && !isUnderWay {
						t.Errorf("something of the old origin is shown: %v", p)
					}
					time.Sleep(time.Minute)
				}
				time.Sleep(5 * time.Minute)
				e.scrape().Want(t, "in the end", page{sent(1): none, sent(2): 7, sent(3): 7})
			})
		}
	}
}

// The same, over a restart.
func TestAnotherOriginAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		l.Answer(active(1, 2)...)
		m := remembered(t, of(discovering("a", newAPI(), l), "https://one.test", "variable KEY"))
		l.Take(time.Hour)
		e := restarted(t, m, settings(of(discovering("a", newAPI(), l), "https://two.test", "variable KEY")))
		if p := e.scrapeFor(time.Second); p.Mentions("campaign_id", "1") {
			t.Errorf("something of the old origin is shown: %v", p)
		}
	})
}

// An account that only has another name keeps values and list, over a reload and over a restart, also if another account
// has its name now; its counters go with the names.
func TestRenamedAccountsKeepTheirValues(t *testing.T) {
	for _, isRestarted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			apis, lists := []*api{newAPI(), newAPI()}, []*catalogAPI{{}, {}}
			lists[0].Answer(active(1, 2)...)
			lists[1].Answer(active(3, 4)...)
			named := func(first, second string) collector.Settings {
				return settings(
					of(discovering(first, apis[0], lists[0]), "https://one.test", "file one"),
					of(discovering(second, apis[1], lists[1]), "https://one.test", "file two"))
			}
			e := start(t, named("a", "b"))
			e.scrape()
			asked := func() int { return len(apis[0].Asked()) + len(apis[1].Asked()) + lists[0].Times() + lists[1].Times() }
			before := asked()
			for _, names := range [][2]string{{"b", "a"}, {"c", "b"}, {"b", "d"}} {
				if isRestarted {
					m, _ := e.store.Remember()
					e = restarted(t, m, named(names[0], names[1]))
				} else {
					e.store.Apply(named(names[0], names[1]))
				}
				e.scrape().Want(t, names[0]+" and "+names[1], page{
					info(1, names[0], "C1"): 1, info(3, names[1], "C3"): 1, sent(2): 1, sent(4): 1,
					failures(names[0], "network"): 0, failures(names[1], "network"): 0,
				})
			}
			if n := asked() - before; n != 0 {
				t.Errorf("%d requests were made for what is known", n)
			}
		})
	}
}

// Another source of the key makes list and campaigns due at once, whatever they waited for; values stay.
func TestAnotherKeySourceMakesAllDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, l := newAPI(), &catalogAPI{}
		l.Answer(active(1, 2)...)
		from := func(source string) collector.Settings {
			return settings(of(discovering("a", api, l), "https://one.test", source))
		}
		e := start(t, from("file one"))
		api.Answer(2, answer{Err: failure(smartlead.ErrNotFound)})
		e.scrape()
		api.Answer(1, answer{Sent: 8, Takes: time.Second})
		api.Answer(2, answer{Sent: 9, Takes: time.Second})
		listed := l.Times()
		e.store.Apply(from("file one"))
		e.scrape().Want(t, "the same source", page{sent(1): 1, sent(2): none})
		e.store.Apply(from("file two"))
		e.scrapeFor(0).Want(t, "at once", page{sent(1): 1})
		e.scrape().Want(t, "another source", page{sent(1): 8, sent(2): 9})
		synctest.Wait()
		if n := l.Times() - listed; n != 1 {
			t.Errorf("the list was fetched %d times, want once", n)
		}
	})
}

// A campaign that failed before a restart is down after it, and goes when it has been failing for max_stale; what was
// only silent with its account is well as soon as that answers.
func TestFailuresAreKeptOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		a := account("a", api, 1, 2)
		e := start(t, settings(a))
		e.scrape()
		api.Answer(1, answer{Err: failure(smartlead.ErrNotFound)})
		time.Sleep(ttl)
		e.scrape()
		_, before := e.store.Remember()
		time.Sleep(maxStale / 2)
		e.scrape()
		m, changes := e.store.Remember()
		if changes == before {
			t.Error("a failure is no change")
		}
		e = restarted(t, m, settings(a))
		e.scrapeFor(0).Want(t, "after the restart", page{up(1): 0, sent(1): 1, up(2): 1, sent(2): 1})
		time.Sleep(maxStale/2 - time.Second)
		e.scrapeFor(0).Want(t, "before max_stale", page{up(1): 0, sent(1): 1})
		time.Sleep(time.Second)
		e.scrape()
		e.scrape().Want(t, "failing for max_stale", page{up(1): 0, sent(1): none, up(2): 1, sent(2): 1})

		// Now nothing can be had at all, of what isn't known to fail.
		api.Answer(1, answer{Err: failure(smartlead.ErrNetwork)})
		api.Answer(2, answer{Err: failure(smartlead.ErrNetwork)})
		time.Sleep(ttl)
		e.scrape()
		time.Sleep(time.Minute)
		m, _ = e.store.Remember()
		e = restarted(t, m, settings(a))
		e.scrapeFor(0).Want(t, "the account is down", page{up(2): 0, sent(2): 1})
		api.Answer(1, answer{Sent: 3})
		api.Answer(2, answer{Sent: 3})
		e.scrape()
		time.Sleep(maxBackoff)
		e.scrape().Want(t, "and up again", page{up(1): 1, sent(1): 3, up(2): 1, sent(2): 3})
	})
}

// With 300 campaigns under the quota values are old while nothing is wrong. One answer of 502 takes none of them away.
func TestOneFailureUnderAShortQuota(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates hours")
	}
	for _, failing := range []int{1, 2} { // refreshes in a row
		synctest.Test(t, func(t *testing.T) {
			const campaigns = 300
			e, sim := quoted(t, standardLimits, campaigns)
			began := time.Now()
			for i := 0; time.Since(began) < 5*time.Hour; i++ {
				e.collectFor(time.Second)
				if i == 120 {
					sim.Inject(badGateway(17, 4*failing)) // each is tried four times
				}
				time.Sleep(time.Minute)
				if i%10 == 0 && i > 40 {
					p := e.scrapeFor(0)
					for _, id := range numbers(campaigns) {
						if p[sent(id)] != float64(id) {
							t.Errorf("after %s: campaign %d shows %v", time.Since(began), id, p[sent(id)])
						}
					}
				}
			}
			e.ownPage().Want(t, "in the end", page{failures("default", "server_error"): float64(failing)})
		})
	}
}
