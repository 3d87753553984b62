package smartlead_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// keyed is an account that knows the key "good", and a client whose key can be changed.
func keyed(t *testing.T, key *string, quota *quota) (*simulator.Simulator, *smartlead.Client) {
	t.Helper()
	sim, err := simulator.New(simulator.Options{Keys: []string{"good"}, Campaigns: []simulator.Campaign{{ID: 1}, {ID: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	return sim, newClient(t, sim, func(o *smartlead.Options) {
		o.Key = func() (string, error) { return *key, nil }
		quota.use(o)
	})
}

// A refused key is asked with once per step of a back-off, however often the program wants to.
func TestRefusedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := "bad"
		sim, client := keyed(t, &key, newQuota(smartlead.Limits{}))
		for range 2 * 60 * 6 { // every 10 s for two hours
			got, err := statistics(t.Context(), client)
			if !errors.Is(err, smartlead.ErrUnauthorized) {
				t.Fatalf("got %+v and %v, want ErrUnauthorized", got, err)
			}
			time.Sleep(10 * time.Second)
		}
		const m = time.Minute
		var want []between
		for _, d := range []time.Duration{1 * m, 2 * m, 4 * m, 8 * m, 15 * m, 15 * m, 15 * m, 15 * m, 15 * m, 15 * m} {
			want = append(want, between{d, d})
		}
		assertGaps(t, sim.Requests(), want...)
	})
}

// What the program is told in between says that it is not the API's answer, and until when.
func TestRefusedKeyMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := "bad"
		_, client := keyed(t, &key, newQuota(smartlead.Limits{}))
		for _, want := range []smartlead.Error{
			{StatusCode: 401, Message: "Invalid API Key"},
			{StatusCode: 0, Message: "not asked: the API refused this key; the next try is in 1m0s, or when the key changes"},
		} {
			_, err := statistics(t.Context(), client)
			var e *smartlead.Error
			if !errors.As(err, &e) || e.StatusCode != want.StatusCode || e.Message != want.Message {
				t.Errorf("got %v, want status %d and %q", err, want.StatusCode, want.Message)
			}
		}
	})
}

// Another key is tried at once, and one that is refused again starts its own back-off.
func TestRefusedKeyChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := "bad"
		sim, client := keyed(t, &key, newQuota(smartlead.Limits{}))
		ask := func(wantRequests int) error {
			t.Helper()
			_, err := statistics(t.Context(), client)
			if got := len(sim.Requests()); got != wantRequests {
				t.Errorf("%d requests were sent, want %d", got, wantRequests)
			}
			return err
		}
		refused := func(err error) {
			t.Helper()
			if !errors.Is(err, smartlead.ErrUnauthorized) {
				t.Errorf("got %v, want ErrUnauthorized", err)
			}
		}
		refused(ask(1))
		refused(ask(1))
		key = "bad, too"
		refused(ask(2))
		refused(ask(2))
		key = "good"
		for i := range 3 {
			if err := ask(3 + i); err != nil {
				t.Error(err)
			}
		}
	})
}

// A key that the API accepts after all, such as when a plan is paid for, is as good as new, and so is one for which it
// says that a campaign isn't there.
func TestRefusedKeyRecovers(t *testing.T) {
	for name, campaign := range map[string]int64{"statistics": 1, "no such campaign": 7} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				key := "good"
				sim, client := keyed(t, &key, newQuota(smartlead.Limits{}))
				for _, invalid := range simulator.ErrorAnswers() {
					if invalid.Status == 401 {
						sim.Inject(simulator.Fault{Times: 1, Effects: []simulator.Effect{simulator.Respond(invalid)}})
						break
					}
				}
				ask := func() { _, _ = client.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: campaign}) }
				ask()
				time.Sleep(time.Minute)
				for range 3 {
					ask()
				}
				assertGaps(t, sim.Requests(), between{time.Minute, time.Minute}, between{}, between{})
			})
		})
	}
}

// Requests that queue for the quota while the key is refused aren't sent any more.
func TestRefusedKeyWhileQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := "bad"
		sim, client := keyed(t, &key, newQuota(smartlead.Limits{Concurrency: 1}))
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(time.Second)}})
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if _, err := statistics(t.Context(), client); !errors.Is(err, smartlead.ErrUnauthorized) {
					t.Errorf("got %v, want ErrUnauthorized", err)
				}
			})
		}
		all.Wait()
		if n := len(sim.Requests()); n != 1 {
			t.Errorf("%d requests were sent, want 1", n)
		}
	})
}

// One budget remembers for all its clients.
func TestRefusedKeyOfBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := "bad"
		quota := newQuota(smartlead.Limits{})
		_, one := keyed(t, &key, quota)
		sim, other := keyed(t, &key, quota)
		if _, err := statistics(t.Context(), one); !errors.Is(err, smartlead.ErrUnauthorized) {
			t.Fatalf("got %v, want ErrUnauthorized", err)
		}
		_, err := statistics(t.Context(), other)
		if !errors.Is(err, smartlead.ErrUnauthorized) || !strings.Contains(err.Error(), "not asked") {
			t.Errorf("got %v, want ErrUnauthorized without asking", err)
		}
		if n := len(sim.Requests()); n != 0 {
			t.Errorf("%d requests were sent, want none", n)
		}
	})
}
