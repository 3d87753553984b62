package smartlead_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// wantState compares a budget's state with what is wanted of its tokens and pauses.
func wantState(t *testing.T, when string, client *smartlead.Client, want smartlead.BudgetState) {
	t.Helper()
	state := client.Budget()
	got := smartlead.BudgetState{
		MinuteLeft: state.MinuteLeft, HourLeft: state.HourLeft, PausedUntil: state.PausedUntil, KeyRefusedUntil: state.KeyRefusedUntil,
	}
	// Tokens grow by floating-point steps, and time.Duration rounds them to nanoseconds.
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Errorf("%s: the state is different (-want +got):\n%s", when, diff)
	}
}

func TestBudgetStateOfQuota(t *testing.T) {
	for _, tt := range []struct {
		name   string
		limits smartlead.Limits
		spent  []smartlead.BudgetState // after 0, 1, 2 … requests at once
		later  smartlead.BudgetState   // ten seconds after the last
	}{
		{
			"no limits", smartlead.Limits{},
			[]smartlead.BudgetState{{MinuteLeft: -1, HourLeft: -1}, {MinuteLeft: -1, HourLeft: -1}},
			smartlead.BudgetState{MinuteLeft: -1, HourLeft: -1},
		},
		{
			"both limits", smartlead.Limits{PerMinute: 60, PerHour: 1000, Concurrency: 4},
			[]smartlead.BudgetState{{MinuteLeft: 6, HourLeft: 100}, {MinuteLeft: 5, HourLeft: 99}, {MinuteLeft: 4, HourLeft: 98}, {MinuteLeft: 3, HourLeft: 97}},
			smartlead.BudgetState{MinuteLeft: 6, HourLeft: 99.5},
		},
		{
			"a limit of minutes", smartlead.Limits{PerMinute: 20},
			[]smartlead.BudgetState{{MinuteLeft: 2, HourLeft: -1}, {MinuteLeft: 1, HourLeft: -1}, {MinuteLeft: 0, HourLeft: -1}},
			smartlead.BudgetState{MinuteLeft: 2, HourLeft: -1}, // 3 have been added, of which 2 are kept
		},
		{
			"a limit of hours", smartlead.Limits{PerHour: 20},
			[]smartlead.BudgetState{{MinuteLeft: -1, HourLeft: 2}, {MinuteLeft: -1, HourLeft: 1}, {MinuteLeft: -1, HourLeft: 0}},
			smartlead.BudgetState{MinuteLeft: -1, HourLeft: 0.05},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				quota := newQuota(tt.limits)
				client := newClient(t, respond(http.StatusOK, empty), quota.use)
				for i, want := range tt.spent {
					if i > 0 {
						if _, err := statistics(t.Context(), client); err != nil {
							t.Fatal(err)
						}
					}
					wantState(t, "after so many requests", client, want)
				}
				time.Sleep(10 * time.Second)
				wantState(t, "later", client, tt.later)
			})
		})
	}
}

// Looking spends nothing, and is no reason to wait.
func TestBudgetStateSpendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quota := newQuota(smartlead.Limits{PerMinute: 20, PerHour: 20})
		m := &meter{}
		client := newClient(t, nil, quota.use, func(o *smartlead.Options) { o.Transport = m })
		for range 1000 {
			client.Budget()
		}
		wantState(t, "at first", client, smartlead.BudgetState{MinuteLeft: 2, HourLeft: 2})
		for range 2 {
			if _, err := statistics(t.Context(), client); err != nil {
				t.Fatal(err)
			}
		}
		if took := m.asked[1].Sub(m.asked[0]); took != 0 {
			t.Errorf("the second request had to wait %s", took)
		}
		// Nor is it held up by one who waits, or gives that one's turn away.
		waiting := make(chan error)
		go func() {
			_, err := statistics(t.Context(), client)
			waiting <- err
		}()
		synctest.Wait()
		for range 1000 {
			client.Budget()
		}
		wantState(t, "while one waits", client, smartlead.BudgetState{})
		if err := <-waiting; err != nil {
			t.Error(err)
		}
		if took := m.asked[2].Sub(m.asked[1]); took != 200*time.Second { // one of 18 an hour
			t.Errorf("the third request had to wait %s, want 3m20s", took)
		}
	})
}

func TestBudgetStateOfPauses(t *testing.T) {
	free := smartlead.BudgetState{MinuteLeft: -1, HourLeft: -1}
	paused := func(until time.Time) smartlead.BudgetState {
		return smartlead.BudgetState{MinuteLeft: -1, HourLeft: -1, PausedUntil: until}
	}
	for name, effects := range map[string][]simulator.Effect{
		"429":          {simulator.Respond(simulator.TooManyRequests("300"))},
		"nothing left": header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(300*time.Second)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := newSim(t, simulator.Campaign{ID: 1})
				sim.Inject(simulator.Fault{Times: 1, Effects: effects})
				quota := newQuota(smartlead.Limits{})
				client := newClient(t, sim, quota.use)
				wantState(t, "at first", client, free)
				until := time.Now().Add(300 * time.Second)
				done := make(chan error)
				go func() {
					_, err := statistics(t.Context(), client)
					if err == nil {
						_, err = statistics(t.Context(), client)
					}
					done <- err
				}()
				synctest.Wait()
				wantState(t, "in the pause", client, paused(until))
				time.Sleep(300*time.Second - 1)
				wantState(t, "at its end", client, paused(until))
				if err := <-done; err != nil {
					t.Error(err)
				}
				wantState(t, "after the pause", client, free)
			})
		})
	}
}

func TestBudgetStateOfRefusedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := smartlead.BudgetState{MinuteLeft: -1, HourLeft: -1}
		refused := func(until time.Time) smartlead.BudgetState {
			return smartlead.BudgetState{MinuteLeft: -1, HourLeft: -1, KeyRefusedUntil: until}
		}
		key := "bad"
		quota := newQuota(smartlead.Limits{})
		_, client := keyed(t, &key, quota)
		ask := func(good bool) {
			t.Helper()
			if _, err := statistics(t.Context(), client); (err == nil) != good {
				t.Errorf("got %v", err)
			}
		}
		ask(false)
		first := time.Now().Add(time.Minute)
		wantState(t, "after the first refusal", client, refused(first))
		time.Sleep(30 * time.Second)
		ask(false) // isn't sent
		wantState(t, "within its step", client, refused(first))
		time.Sleep(30 * time.Second)
		wantState(t, "when its step is over", client, free)
		ask(false)
		second := time.Now().Add(2 * time.Minute)
		wantState(t, "after the second refusal", client, refused(second))
		time.Sleep(time.Second)
		key = "good"
		ask(true)
		wantState(t, "after another key was accepted", client, free)
		key = "bad"
		ask(false) // isn't sent
		wantState(t, "when the refused key is back", client, refused(second))
		time.Sleep(time.Hour)
		wantState(t, "long after", client, free)
	})
}

// An answer that is late, to a request with the key before, says nothing of the key that was refused meanwhile.
func TestBudgetStateOfReplacedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := "good"
		quota := newQuota(smartlead.Limits{})
		sim, client := keyed(t, &key, quota)
		sim.Inject(simulator.Fault{Times: 1, Effects: []simulator.Effect{simulator.Delay(10 * time.Second)}})
		late := make(chan error)
		go func() {
			_, err := statistics(t.Context(), client)
			late <- err
		}()
		synctest.Wait()
		key = "bad"
		for range 2 {
			if _, err := statistics(t.Context(), client); !errors.Is(err, smartlead.ErrUnauthorized) {
				t.Errorf("got %v, want ErrUnauthorized", err)
			}
		}
		want := smartlead.BudgetState{MinuteLeft: -1, HourLeft: -1, KeyRefusedUntil: time.Now().Add(time.Minute)}
		if err := <-late; err != nil {
			t.Error(err)
		}
		wantState(t, "after the late answer", client, want)
		if _, err := statistics(t.Context(), client); !errors.Is(err, smartlead.ErrUnauthorized) || len(sim.Requests()) != 2 {
			t.Errorf("got %v after %d requests, want ErrUnauthorized without asking a third time", err, len(sim.Requests()))
		}
	})
}
