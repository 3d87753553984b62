package smartlead_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// campaignsOf returns which campaigns were asked for, in order.
func campaignsOf(requests []simulator.Request) string {
	var order []string
	for _, r := range requests {
		order = append(order, fmt.Sprint(r.CampaignID))
	}
	return strings.Join(order, " ")
}

// Tokens go to the call that began first, not to the request that did.
func TestTokensGoToTheOldestCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := simulator.Rows(4000, 20) // four pages
		sim := newSim(t, simulator.Campaign{ID: 1, Source: rows}, simulator.Campaign{ID: 2, Source: rows}, simulator.Campaign{ID: 3, Source: rows})
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(100 * time.Millisecond)}})
		client := newClient(t, sim, limited(smartlead.Limits{PerMinute: 10, Concurrency: 4})) // one every 6⅔ s
		var all sync.WaitGroup
		for id := range 3 {
			all.Go(func() {
				if _, err := client.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: int64(id + 1)}); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if got, want := campaignsOf(sim.Requests()), "1 1 1 1 2 2 2 2 3 3 3 3"; got != want {
			t.Errorf("campaigns were asked for in the order %s, want %s", got, want)
		}
	})
}

// Calls that belong together have the place of the first.
func TestCallsAsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Campaign{ID: 1}, simulator.Campaign{ID: 2}, simulator.Campaign{ID: 3})
		client := newClient(t, sim, limited(smartlead.Limits{PerMinute: 10}))
		ask := func(ctx context.Context, id int64) {
			if _, err := client.Statistics(ctx, smartlead.StatisticsQuery{CampaignID: id}); err != nil {
				t.Error(err)
			}
		}
		var all sync.WaitGroup
		all.Go(func() {
			ctx, end := client.AsOneCall(t.Context())
			defer end()
			for range 3 {
				ask(ctx, 1)
			}
		})
		synctest.Wait()
		for id := range 2 {
			all.Go(func() { ask(t.Context(), int64(id+2)) })
			synctest.Wait()
		}
		all.Wait()
		if got, want := campaignsOf(sim.Requests()), "1 1 1 2 3"; got != want {
			t.Errorf("campaigns were asked for in the order %s, want %s", got, want)
		}
	})
}

// A large call gets every second token while others wait, and all of them while nobody does; large ones run one after another.
func TestLargeCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		large, small := simulator.Rows(30_000, 0), simulator.Rows(10, 0)
		campaigns := []simulator.Campaign{{ID: 1, Source: large}, {ID: 2, Source: large}}
		for id := range 12 {
			campaigns = append(campaigns, simulator.Campaign{ID: int64(id + 10), Source: small})
		}
		sim := newSim(t, campaigns...)
		client := newClient(t, sim, limited(smartlead.Limits{PerMinute: 10}))
		var all sync.WaitGroup
		for _, c := range campaigns {
			all.Go(func() {
				if _, err := client.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: c.ID}); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		var order []string
		for id := range strings.FieldsSeq(campaignsOf(sim.Requests())) {
			if len(id) > 1 {
				id = "small"
			}
			order = append(order, id)
		}
		// How large it is, a call knows after its first page; and 2 begins as one like others.
		want := []string{"1", "1", "2"}
		for range 12 {
			want = append(want, "1", "small")
		}
		want = append(want, slices.Repeat([]string{"1"}, 30-2-12)...)
		want = append(want, slices.Repeat([]string{"2"}, 30-1)...)
		if got := strings.Join(order, " "); got != strings.Join(want, " ") {
			t.Errorf("the order was\n%s\nwant\n%s", got, strings.Join(want, " "))
		}
	})
}

// A large call that ends in any way lets the next one go on.
func TestLargeCallsEnd(t *testing.T) {
	for name, effect := range map[string]simulator.Effect{
		"failed": simulator.RespondStatus(400, ""), "cancelled": simulator.Delay(time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rows := simulator.Rows(25_000, 0)
				sim := newSim(t, simulator.Campaign{ID: 1, Source: rows}, simulator.Campaign{ID: 2, Source: rows})
				sim.Inject(simulator.Fault{
					Match: []simulator.Matcher{simulator.ForCampaign(1), simulator.AtOffset(5000)}, Effects: []simulator.Effect{effect},
				})
				client := newClient(t, sim, limited(smartlead.Limits{PerMinute: 60}))
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(30*time.Second, cancel)
				var all sync.WaitGroup
				all.Go(func() {
					if _, err := client.Statistics(ctx, smartlead.StatisticsQuery{CampaignID: 1}); err == nil {
						t.Error("want a failure")
					}
				})
				synctest.Wait()
				start := time.Now()
				if _, err := client.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 2}); err != nil {
					t.Error(err)
				}
				all.Wait()
				if took := time.Since(start); took > 65*time.Second {
					t.Errorf("the other call took %s, want half a minute and what its 25 requests take", took)
				}
			})
		})
	}
}

// events is what a call's Progress was told.
type events struct {
	start time.Time
	list  []string
}

func (e *events) context(ctx context.Context) context.Context {
	e.start = time.Now()
	tell := func(format string, args ...any) {
		e.list = append(e.list, fmt.Sprintf("%s: ", time.Since(e.start).Round(time.Second))+fmt.Sprintf(format, args...))
	}
	return smartlead.WithProgress(ctx, smartlead.Progress{
		Waiting:  func(waits bool) { tell("waits %t", waits) },
		Expected: func(requests int) { tell("expects %d", requests) },
	})
}

func TestProgress(t *testing.T) {
	limits := smartlead.Limits{PerMinute: 10, Concurrency: 1} // one every 6⅔ s
	tooMany := []simulator.Effect{simulator.Respond(simulator.TooManyRequests("60"))}
	slow := []simulator.Effect{simulator.Delay(10 * time.Second)}
	for _, tt := range []struct {
		name   string
		rows   int
		limits smartlead.Limits
		fault  []simulator.Effect
		times  int
		want   []string
	}{
		{"one page", 10, limits, nil, 0, []string{"0s: expects 0"}},
		{"three pages", 2500, limits, nil, 0, []string{
			"0s: expects 2", "0s: waits true", "7s: waits false", "7s: expects 1", "7s: waits true", "13s: waits false", "13s: expects 0",
		}},
		{"slower than the quota", 2500, limits, slow, 0, []string{"10s: expects 2", "20s: expects 1", "30s: expects 0"}},
		{"without limits", 2500, smartlead.Limits{}, nil, 0, []string{"0s: expects 2", "0s: expects 1", "0s: expects 0"}},
		{"a pause", 10, smartlead.Limits{}, tooMany, 1, []string{"0s: waits true", "1m0s: waits false", "1m0s: expects 0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(tt.rows, 0)})
				sim.Inject(simulator.Fault{Times: tt.times, Effects: tt.fault})
				var told events
				if _, err := statistics(told.context(t.Context()), newClient(t, sim, limited(tt.limits))); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, told.list); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Waiting for another request of the account isn't waiting for the quota, until it is.
func TestProgressBehindAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Campaign{ID: 1})
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(10 * time.Second)}})
		client := newClient(t, sim, limited(smartlead.Limits{PerMinute: 4, Concurrency: 1})) // one every 16⅔ s
		first := make(chan error)
		go func() {
			_, err := statistics(t.Context(), client)
			first <- err
		}()
		synctest.Wait()
		var told events
		ctx := told.context(t.Context())
		second := make(chan error)
		go func() {
			_, err := statistics(ctx, client)
			second <- err
		}()
		synctest.Wait()
		if state := client.Budget(); state.InFlight != 1 || state.Waiting != 0 {
			t.Errorf("behind another: %+v", state)
		}
		time.Sleep(12 * time.Second)
		if state := client.Budget(); state.InFlight != 0 || state.Waiting != 1 {
			t.Errorf("waiting for the quota: %+v", state)
		}
		if err := errors.Join(<-first, <-second); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"10s: waits true", "17s: waits false", "27s: expects 0"}, told.list); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Who cancels while waiting is told the end of the wait, and takes nothing from the others.
func TestProgressOfTheCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, respond(200, empty), limited(smartlead.Limits{PerHour: 1}))
		if _, err := statistics(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		var told events
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := statistics(told.context(ctx), client); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if diff := cmp.Diff([]string{"0s: waits true", "10s: waits false"}, told.list); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if state := client.Budget(); state.Waiting != 0 || state.InFlight != 0 {
			t.Errorf("afterwards: %+v", state)
		}
	})
}

// The functions of a Progress may use the client.
func TestProgressMayAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(2500, 0)})
		client := newClient(t, sim, limited(smartlead.Limits{PerMinute: 10}))
		asked := 0
		ctx := smartlead.WithProgress(t.Context(), smartlead.Progress{
			Waiting:  func(bool) { asked++; client.Budget() },
			Expected: func(int) { asked++; client.Budget() },
		})
		if _, err := statistics(ctx, client); err != nil || asked != 7 {
			t.Errorf("got %v after %d calls, want 7", err, asked)
		}
		nothing := smartlead.WithProgress(t.Context(), smartlead.Progress{})
		if _, err := statistics(nothing, client); err != nil {
			t.Error(err)
		}
	})
}

// A call tells each request that it is about to send, once it has got its token, and each try counts.
func TestProgressTellsWhatIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(2500, 0)})
		sim.Inject(simulator.Fault{Match: []simulator.Matcher{simulator.AtOffset(1000)}, Times: 1, Effects: []simulator.Effect{simulator.RespondStatus(503, "")}})
		client := newClient(t, sim, limited(smartlead.Limits{PerMinute: 10})) // one at once, then one each 6.67 s
		var asked []int
		began := time.Now()
		ctx := smartlead.WithProgress(t.Context(), smartlead.Progress{Asked: func() {
			asked = append(asked, int(time.Since(began).Round(time.Second).Seconds()))
		}})
		if _, err := statistics(ctx, client); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{0, 7, 13, 20}, asked); diff != "" {
			t.Errorf("seconds at which requests were about to be sent (-want +got):\n%s", diff)
		}
	})
}

// A call that is to try once asks for no page a second time.
func TestWithTries(t *testing.T) {
	for tries, want := range map[int]int{0: 1, 1: 1, 2: 2, 4: 4} {
		synctest.Test(t, func(t *testing.T) {
			requests := 0
			client := newClient(t, counted(respond(http.StatusInternalServerError, ""), &requests))
			if _, err := statistics(smartlead.WithTries(t.Context(), tries), client); !errors.Is(err, smartlead.ErrServer) || requests != want {
				t.Errorf("%d tries: %v after %d requests, want %d", tries, err, requests, want)
			}
		})
	}
}

// However an address is written, the origin is the same for the same API, and another one for another.
func TestOrigin(t *testing.T) {
	origin := func(base string) string {
		return newClient(t, respond(http.StatusOK, ""), func(o *smartlead.Options) { o.BaseURL = base }).Origin()
	}
	for _, same := range []string{"https://API.test/v1/", "https://api.test:443/v1"} {
		if got, want := origin(same), origin("https://api.test/v1"); got != want {
			t.Errorf("%s has the origin %s, want %s", same, got, want)
		}
	}
	for _, other := range []string{"http://api.test/v1", "https://api.test/v2", "https://api.test:8443/v1"} {
		if origin(other) == origin("https://api.test/v1") {
			t.Errorf("%s has the same origin", other)
		}
	}
}

// A large call whose account gets another key makes way for those that go on with the old one.
func TestLargeCallsOfARotatedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := simulator.Rows(25_000, 0)
		sim := newSim(t, simulator.Campaign{ID: 1, Source: rows}, simulator.Campaign{ID: 2, Source: rows})
		budgets := smartlead.NewBudgets()
		start := time.Now()
		client := func(name string, key func() string) *smartlead.Client {
			return newClient(t, sim, limited(smartlead.Limits{PerMinute: 60}), func(o *smartlead.Options) {
				o.Budgets, o.Account, o.Key = budgets, name, func() (string, error) { return key(), nil }
			})
		}
		rotates := client("a", func() string {
			if time.Since(start) > 10*time.Second {
				return "new"
			}
			return "old"
		})
		stays := client("b", func() string { return "old" })
		slow, cancel := context.WithCancel(t.Context())
		sim.Inject(simulator.Fault{
			Match: []simulator.Matcher{simulator.ForCampaign(1), simulator.AtOffset(20_000)}, Effects: []simulator.Effect{simulator.Delay(time.Minute)},
		})
		var all sync.WaitGroup
		all.Go(func() { _, _ = rotates.Statistics(slow, smartlead.StatisticsQuery{CampaignID: 1}) })
		synctest.Wait()
		if _, err := stays.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 2}); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 45*time.Second {
			t.Errorf("the other call took %s, want the 10 s until the key was another, and what its 25 requests take", took)
		}
		cancel()
		all.Wait()
	})
}
