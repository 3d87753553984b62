package collector_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/collector"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// An account that fails as a whole is tried again by one request at the end of each step, however often scrapes come and
// however many campaigns wait, and the first success frees them all.
func TestAccountBackOff(t *testing.T) {
	for name, effect := range map[string]simulator.Effect{
		"network":      simulator.Reset(),
		"server_error": simulator.RespondStatus(http.StatusInternalServerError, ""),
		"unauthorized": simulator.RespondStatus(http.StatusUnauthorized, ""),
		"forbidden":    simulator.RespondStatus(http.StatusForbidden, ""),
		"timeout":      simulator.Delay(time.Hour),
	} {
		for _, campaigns := range []int{1, 2, 40} {
			for _, fetched := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%d campaigns/fetched before %t", name, campaigns, fetched), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						var opts simulator.Options
						for _, id := range numbers(campaigns) {
							opts.Campaigns = append(opts.Campaigns, one(id))
						}
						sim := testkit.NewSimulator(t, opts)
						e := start(t, settings())
						e.store.Apply(settings(concurrently(4, account("default", e.newClient("default", sim, smartlead.Limits{Concurrency: 4}), numbers(campaigns)...))))
						if fetched {
							e.scrape()
						}
						remove := sim.Inject(simulator.Fault{Effects: []simulator.Effect{effect}})
						time.Sleep(ttl)
						sim.ForgetRequests()
						scrapes := func(d time.Duration) page {
							for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(20 * time.Second) {
								e.collectFor(time.Second)
							}
							return e.scrapeFor(time.Second)
						}
						scrapes(2 * time.Hour)
						if n := len(sim.Requests()); n > 50 {
							t.Errorf("%d requests in two hours, want at most 50", n)
						}
						// In the end steps are the longest.
						last := sim.Requests()[len(sim.Requests())-3:]
						for i := 1; i < len(last); i++ {
							if gap := last[i].Time.Sub(last[i-1].Time); gap < 15*time.Minute || gap > 17*time.Minute {
								t.Errorf("the account was tried again %s after the time before, want 15 minutes", gap)
							}
						}
						p := scrapes(time.Second)
						for _, id := range numbers(campaigns) {
							p.Want(t, "while it lasts", page{up(id): 0, sent(id): none})
						}

						remove()
						p = scrapes(17 * time.Minute)
						for _, id := range numbers(campaigns) {
							p.Want(t, "when it is over", page{up(id): 1, sent(id): float64(id)})
						}
					})
				})
			}
		}
	}
}

// The steps are those that a refused key has.
func TestAccountBackOffSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		api.AnswerAll(answer{Err: failure(smartlead.ErrNetwork)})
		e := start(t, settings(account("default", api, numbers(20)...)))
		began := time.Now()
		for time.Since(began) < time.Hour {
			e.collectFor(time.Second)
			time.Sleep(time.Second)
		}
		var minutes []int
		for _, asked := range api.Asked()[4:] { // the fifth failure in a row is taken for the account's
			minutes = append(minutes, int(asked.At.Sub(began).Round(time.Minute).Minutes()))
		}
		if diff := cmp.Diff([]int{0, 1, 3, 7, 15, 30, 45, 60}, minutes); diff != "" && !slices.Equal(minutes, []int{0, 1, 3, 7, 15, 30, 45}) {
			t.Errorf("minutes after which it was tried (-want +got):\n%s", diff)
		}
	})
}

// One campaign that fails while others succeed is no trouble of the account, nor is a list; and where all but one fail,
// the one is asked for all the same.
func TestAccountIsNotBlamed(t *testing.T) {
	for _, tt := range []struct {
		name      string
		campaigns int
		failing   []int64
		list      error
	}{
		{"one of two", 2, []int64{1}, nil},
		{"one of two, and the list", 2, []int64{1}, failure(smartlead.ErrServer)},
		{"the list alone, of one campaign", 1, nil, failure(smartlead.ErrTimeout)},
		{"the first ten of twelve", 12, numbers(10), nil},
		{"every second", 12, []int64{1, 3, 5, 7, 9, 11}, nil},
	} {
		for _, reason := range []smartlead.Reason{smartlead.ErrServer, smartlead.ErrForbidden, smartlead.ErrTimeout} {
			t.Run(tt.name+"/"+string(reason), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					api, l := newAPI(), &catalogAPI{}
					l.Answer(active(numbers(tt.campaigns)...)...)
					l.Fail(tt.list)
					for _, id := range tt.failing {
						api.Answer(id, answer{Err: failure(reason)})
					}
					a := account("default", api, numbers(tt.campaigns)...)
					a.Lister, a.ListInterval = l, listInterval
					e := start(t, settings(a))
					began := time.Now()
					for time.Since(began) < 2*time.Hour {
						e.collectFor(time.Second)
						time.Sleep(9 * time.Second)
					}
					for _, id := range numbers(tt.campaigns) {
						n, isFailing := api.Times(id), slices.Contains(tt.failing, id)
						if want := int(2 * time.Hour / (ttl + 10*time.Second) * 9 / 10); !isFailing && n < want {
							t.Errorf("campaign %d was asked for %d times, want %d at least", id, n, want)
						}
						if most := 35; isFailing && n > most {
							t.Errorf("campaign %d, which fails, was asked for %d times, want %d at most", id, n, most)
						}
					}
				})
			})
		}
	}
}

// Whatever a campaign that tries fails for, the account is well again as soon as it is.
func TestAccountIsFreedInTheEnd(t *testing.T) {
	for _, reason := range smartlead.Reasons() {
		if reason == smartlead.ErrUnauthorized {
			continue // which is never a campaign's
		}
		t.Run(string(reason), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newAPI()
				api.AnswerAll(answer{Err: failure(smartlead.ErrNetwork)})
				a := account("default", api, numbers(10)...)
				l := &catalogAPI{}
				l.Fail(failure(reason)) // for good
				a.Lister, a.ListInterval = l, time.Minute
				e := start(t, settings(a))
				e.scrapeFor(time.Second)
				for _, id := range numbers(10) {
					api.Answer(id, answer{})
				}
				for _, id := range numbers(3) {
					api.Answer(id, answer{Err: failure(reason)})
				}
				for began := time.Now(); time.Since(began) < 40*time.Minute; time.Sleep(10 * time.Second) {
					e.scrapeFor(time.Second)
				}
				e.scrapeFor(time.Second).Want(t, "in the end", page{up(1): 0, up(4): 1, up(10): 1})
			})
		})
	}
}

// An API that hangs is told of within minutes, though its refreshes take longer to fail, and then holds up no scrape.
func TestHangingAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var opts simulator.Options
		for _, id := range numbers(10) {
			opts.Campaigns = append(opts.Campaigns, one(id))
		}
		sim := testkit.NewSimulator(t, opts)
		e := start(t, settings())
		e.store.Apply(collector.Settings{TTL: ttl, MaxStale: 20 * time.Minute, Accounts: []collector.Account{
			concurrently(4, account("default", e.newClient("default", sim, standardLimits), numbers(10)...)),
		}})
		e.scrape()
		time.Sleep(ttl)
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(time.Hour)}})
		began := time.Now()
		var down, gone time.Duration
		for i := range 240 {
			var p page
			waited := took(func() { p = e.scrapeFor(10 * time.Second) })
			since := time.Since(began)
			if _, ok := p[sent(10)]; gone == 0 && !ok {
				gone = since
			}
			if down > 0 && waited > 0 {
				t.Errorf("after %s a scrape waited for %s", since, waited)
			}
			if down == 0 && p[up(10)] == 0 {
				down = since
			}
			for _, id := range numbers(10) { // all are treated alike
				p.Want(t, since.String(), page{up(id): p[up(10)]})
			}
			time.Sleep(time.Until(began.Add(time.Duration(i+1) * 15 * time.Second)))
		}
		if down < 90*time.Second || down > 3*time.Minute {
			t.Errorf("up is 0 after %s, want within three minutes, but not before an answer could have come", down)
		}
		if gone < 20*time.Minute || gone > 21*time.Minute {
			t.Errorf("values are gone after %s, want the 20 minutes of max_stale", gone)
		}
	})
}
