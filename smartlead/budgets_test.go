package smartlead_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// keyMeters is a server that has a meter for each key.
type keyMeters struct {
	takes time.Duration
	mu    sync.Mutex
	byKey map[string]*meter
}

func (k *keyMeters) of(key string) *meter {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byKey == nil {
		k.byKey = map[string]*meter{}
	}
	if k.byKey[key] == nil {
		k.byKey[key] = &meter{takes: k.takes}
	}
	return k.byKey[key]
}

func (k *keyMeters) RoundTrip(r *http.Request) (*http.Response, error) {
	return k.of(r.URL.Query().Get("api_key")).RoundTrip(r)
}

// use has a client's requests asked as often as it gets answers, four at a time, for so long. Its connections are closed then, or
// stay open.
func (k *keyMeters) use(t *testing.T, client *smartlead.Client, during time.Duration, closes bool) {
	t.Helper()
	end := time.Now().Add(during)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for time.Now().Before(end) {
				if _, err := statistics(t.Context(), client); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	if closes {
		time.Sleep(during)
		client.Close() // while requests are under way, as a reload does
	}
	all.Wait()
}

// No sliding window of a key sees more than its limit, whatever the accounts are called, however many there are and
// however often they are made anew.
func TestBudgetBelongsToTheKey(t *testing.T) {
	const minutes = 150
	// of makes a client of an account, with its limits.
	of := func(q *quota, k *keyMeters, account string, perMinute, perHour int, share bool, key func() string) func(*testing.T) *smartlead.Client {
		return func(t *testing.T) *smartlead.Client {
			t.Helper()
			return newClient(t, nil, func(o *smartlead.Options) {
				o.Budgets, o.Account, o.Transport = q.budgets, account, k
				o.Limits = &smartlead.Limits{PerMinute: perMinute, PerHour: perHour, Concurrency: 4}
				o.Shares = smartlead.Shares{PerMinute: share, PerHour: share}
				o.Key = func() (string, error) { return key(), nil }
			})
		}
	}
	one := func() string { return "one" }
	for _, tt := range []struct {
		name  string
		run   func(*testing.T, *quota, *keyMeters)
		keys  []string
		limit smartlead.Limits // of each key
	}{
		{
			"an account that is renamed every six seconds",
			func(t *testing.T, q *quota, k *keyMeters) {
				for i := range minutes * 10 {
					k.use(t, of(q, k, fmt.Sprint("a", i), 60, 1000, i%2 == 0, one)(t), 6*time.Second, true)
				}
			},
			[]string{"one"},
			smartlead.Limits{PerMinute: 60, PerHour: 1000},
		},
		{
			"clients that are made anew and not closed",
			func(t *testing.T, q *quota, k *keyMeters) {
				for range minutes * 6 {
					k.use(t, of(q, k, "a", 60, 1000, true, one)(t), 10*time.Second, false)
				}
			},
			[]string{"one"},
			smartlead.Limits{PerMinute: 60, PerHour: 1000},
		},
		{
			"two accounts without shares",
			func(t *testing.T, q *quota, k *keyMeters) {
				var all sync.WaitGroup
				for _, name := range []string{"a", "b"} {
					all.Go(func() { k.use(t, of(q, k, name, 60, 1000, false, one)(t), minutes*time.Minute, true) })
				}
				all.Wait()
			},
			[]string{"one"},
			smartlead.Limits{PerMinute: 60, PerHour: 1000},
		},
		{
			"three accounts with shares, of which two come and go",
			func(t *testing.T, q *quota, k *keyMeters) {
				var all sync.WaitGroup
				all.Go(func() { k.use(t, of(q, k, "a", 30, 500, true, one)(t), minutes*time.Minute, true) })
				for i, name := range []string{"b", "c"} {
					all.Go(func() {
						for range minutes / (3 + i) {
							k.use(t, of(q, k, name, 15, 250, true, one)(t), time.Duration(3+i)*time.Minute, true)
						}
					})
				}
				all.Wait()
			},
			[]string{"one"},
			smartlead.Limits{PerMinute: 60, PerHour: 1000},
		},
		{
			"a key that rotates, and comes back",
			func(t *testing.T, q *quota, k *keyMeters) {
				start := time.Now()
				key := func() string { return []string{"one", "two"}[int(time.Since(start)/(90*time.Second))%2] }
				k.use(t, of(q, k, "a", 60, 1000, true, key)(t), minutes*time.Minute, true)
			},
			[]string{"one", "two"},
			smartlead.Limits{PerMinute: 60, PerHour: 1000},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := &keyMeters{takes: time.Second}
				tt.run(t, newQuota(smartlead.Limits{}), k)
				for _, key := range tt.keys {
					m := k.of(key)
					if got := m.busiest(time.Minute); got > tt.limit.PerMinute {
						t.Errorf("key %s was used for %d requests in one minute, want at most %d", key, got, tt.limit.PerMinute)
					}
					if got := m.busiest(time.Hour); got > tt.limit.PerHour || got < tt.limit.PerHour/2 {
						t.Errorf("key %s was used for %d requests in one hour, want at most %d, and not far fewer", key, got, tt.limit.PerHour)
					}
				}
			})
		})
	}
}

// What accounts with one key have together.
func TestLimitsOfAKey(t *testing.T) {
	type account struct {
		name               string
		perMinute, perHour int
		shares             smartlead.Shares
		closed             bool
	}
	minute, hour, both := smartlead.Shares{PerMinute: true}, smartlead.Shares{PerHour: true}, smartlead.Shares{PerMinute: true, PerHour: true}
	for _, tt := range []struct {
		name               string
		accounts           []account
		perMinute, perHour int
	}{
		{"one", []account{{name: "a", perMinute: 60, perHour: 1000}}, 60, 1000},
		{"two without shares", []account{{name: "a", perMinute: 60, perHour: 1000}, {name: "b", perMinute: 60, perHour: 1000}}, 60, 1000},
		{"two with shares", []account{{name: "a", perMinute: 20, perHour: 300, shares: both}, {name: "b", perMinute: 40, perHour: 700, shares: both}}, 60, 1000},
		{"shares of one kind", []account{{name: "a", perMinute: 20, perHour: 1000, shares: minute}, {name: "b", perMinute: 40, perHour: 1000, shares: minute}}, 60, 1000},
		{"shares of the other kind", []account{{name: "a", perMinute: 60, perHour: 1, shares: hour}, {name: "b", perMinute: 60, perHour: 2, shares: hour}}, 60, 3},
		{"a share and none", []account{{name: "a", perMinute: 20, perHour: 300, shares: both}, {name: "b", perMinute: 60, perHour: 1000}}, 20, 300},
		{"different ones without shares", []account{{name: "a", perMinute: 60, perHour: 500}, {name: "b", perMinute: 50, perHour: 1000}}, 50, 500},
		{"a share without limit", []account{{name: "a", perMinute: 20, perHour: 300, shares: both}, {name: "b", shares: both}}, 0, 0},
		{"no limit without share", []account{{name: "a", perMinute: 20, perHour: 300}, {name: "b"}}, 20, 300},
		{"one account twice", []account{{name: "a", perMinute: 20, perHour: 300, shares: both}, {name: "a", perMinute: 40, perHour: 700, shares: both}}, 40, 700},
		{"one that is closed", []account{{name: "a", perMinute: 20, perHour: 300, shares: both}, {name: "b", perMinute: 40, perHour: 700, shares: both, closed: true}}, 20, 300},
		{"all closed", []account{{name: "a", perMinute: 20, perHour: 300, shares: both, closed: true}, {name: "b", perMinute: 40, perHour: 700, shares: both, closed: true}}, 40, 700},
		{"shares without names", []account{{perMinute: 20, perHour: 300, shares: both}, {perMinute: 40, perHour: 700, shares: both}}, 60, 1000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			budgets := smartlead.NewBudgets()
			var clients []*smartlead.Client
			var names []string
			for _, a := range tt.accounts {
				client := newClient(t, nil, func(o *smartlead.Options) {
					o.Budgets, o.Account, o.Shares = budgets, a.name, a.shares
					o.Limits = &smartlead.Limits{PerMinute: a.perMinute, PerHour: a.perHour, Concurrency: 3}
				})
				client.Budget()
				clients = append(clients, client)
				if !a.closed && a.name != "" {
					names = append(names, a.name)
				}
			}
			for i, a := range tt.accounts {
				if a.closed {
					clients[i].Close()
					clients[i].Close() // which changes nothing
				}
			}
			got := clients[0].Budget()
			want := smartlead.Limits{PerMinute: tt.perMinute, PerHour: tt.perHour, Concurrency: 3}
			if got.Limits != want || got.Configured != want {
				t.Errorf("the key has %+v, configured %+v, want %+v", got.Limits, got.Configured, want)
			}
			if diff := cmp.Diff(slices.Compact(names), got.Accounts, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("accounts (-want +got):\n%s", diff)
			}
		})
	}
}

// Which keys are the same, wherever they are sent.
func TestBudgetsAreOfAKeyAndABaseURL(t *testing.T) {
	budgets := smartlead.NewBudgets()
	id := func(base, key string) string {
		return newClient(t, nil, func(o *smartlead.Options) {
			o.Budgets, o.BaseURL, o.Key = budgets, base, func() (string, error) { return key, nil }
		}).Budget().ID
	}
	same := id("https://api.test/api/v1", "a")
	for base, want := range map[string]bool{
		"https://api.test/api/v1/": true, "https://API.test/api/v1": true, "https://api.test:443/api/v1": true,
		"https://api.test/api/v2": false, "http://api.test/api/v1": false, "https://api.test:444/api/v1": false, "https://other.test/api/v1": false,
	} {
		if got := id(base, "a") == same; got != want {
			t.Errorf("%s has the budget of https://api.test/api/v1: %t, want %t", base, got, want)
		}
	}
	if id("https://api.test/api/v1", "b") == same || same == "" {
		t.Errorf("two keys have the budget %q", same)
	}
}

// Who can't read the key isn't held up by a quota.
func TestBudgetWithoutAKey(t *testing.T) {
	client := newClient(t, nil, func(o *smartlead.Options) {
		o.Account, o.Limits = "a", &smartlead.Limits{PerMinute: 60, PerHour: 1000, Concurrency: 2}
		o.Key = func() (string, error) { return "", nil }
	})
	got := client.Budget()
	if got.ID != "" || got.MinuteLeft != 6 || got.HourLeft != 100 || !slices.Equal(got.Accounts, []string{"a"}) || got.Limits.Concurrency != 2 {
		t.Errorf("got %+v", got)
	}
}

// A request that waits for the end of a pause goes at once when the account has another key.
func TestKeyRotatesWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Campaign{ID: 1})
		sim.Inject(simulator.Fault{Times: 1, Effects: []simulator.Effect{simulator.Respond(simulator.TooManyRequests("300"))}})
		var mu sync.Mutex
		key := "old"
		client := newClient(t, sim, func(o *smartlead.Options) {
			o.Key = func() (string, error) {
				mu.Lock()
				defer mu.Unlock()
				return key, nil
			}
		})
		start := time.Now()
		done := make(chan error)
		go func() {
			_, err := statistics(t.Context(), client)
			done <- err
		}()
		time.Sleep(time.Minute)
		mu.Lock()
		key = "new"
		mu.Unlock()
		client.Budget() // such as of a scrape
		if err := <-done; err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("the call took %s, want the minute until the key was another", took)
		}
		if state := client.Budget(); !state.PausedUntil.IsZero() || state.InFlight != 0 || state.Waiting != 0 {
			t.Errorf("the new key has %+v", state)
		}
	})
}

// Clients of one account share its concurrency, whichever keys they use.
func TestConcurrencyIsOfTheAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &meter{takes: time.Second}
		budgets := smartlead.NewBudgets()
		var all sync.WaitGroup
		for _, key := range []string{"one", "two", "one", "two"} {
			client := newClient(t, nil, func(o *smartlead.Options) {
				o.Budgets, o.Account, o.Limits, o.Transport = budgets, "a", &smartlead.Limits{Concurrency: 2}, m
				o.Key = func() (string, error) { return key, nil }
			})
			for range 5 {
				all.Go(func() {
					if _, err := statistics(t.Context(), client); err != nil {
						t.Error(err)
					}
				})
			}
		}
		start := time.Now()
		all.Wait()
		if took := time.Since(start); m.most != 2 || took != 10*time.Second {
			t.Errorf("%d requests ran at once and all took %s, want 2 and 10s", m.most, took)
		}
	})
}
