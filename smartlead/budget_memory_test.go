package smartlead_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// kept returns what a Budgets remembers as a file would give it back.
func kept(t *testing.T, b *smartlead.Budgets) []smartlead.BudgetMemory {
	t.Helper()
	text, err := json.Marshal(b.Remember())
	if err != nil {
		t.Fatal(err)
	}
	assertAbsent(t, "the memory", string(text), testKey)
	var list []smartlead.BudgetMemory
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// restart returns a Budgets that has what another one remembers.
func restart(t *testing.T, b *smartlead.Budgets, clean bool) *smartlead.Budgets {
	t.Helper()
	memory := kept(t, b)
	after := smartlead.NewBudgets()
	after.Restore(memory, clean)
	return after
}

// No sliding window of a key exceeds its limit over restarts, as long as something is remembered.
func TestBudgetOverRestarts(t *testing.T) {
	limits := smartlead.Limits{PerMinute: 60, PerHour: 1000, Concurrency: 4}
	for _, tt := range []struct {
		name  string
		clean func(i int) bool
		saved func(i int) bool // whether the memory is the newest
		least float64          // of the limit of an hour that is used
	}{
		{"clean ends", func(int) bool { return true }, func(int) bool { return true }, 0.8},
		{"no clean ends", func(int) bool { return false }, func(int) bool { return true }, 0.7},
		{"no clean ends, and an old memory", func(int) bool { return false }, func(i int) bool { return i%7 == 0 }, 0.7},
		{"now and then a clean end", func(i int) bool { return i%3 == 0 }, func(int) bool { return true }, 0.7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &meter{takes: time.Second / 2}
				q := newQuota(limits)
				memory := kept(t, q.budgets)
				for i := range 200 {
					hungry(t, q, m, 4, time.Duration(1+i%60)*time.Second)
					if tt.saved(i) {
						memory = kept(t, q.budgets)
					}
					q.budgets = smartlead.NewBudgets()
					q.budgets.Restore(memory, tt.clean(i))
				}
				if got := m.busiest(time.Minute); got > limits.PerMinute {
					t.Errorf("%d requests were sent in one minute", got)
				}
				if got := m.busiest(time.Hour); got > limits.PerHour || float64(got) < tt.least*float64(limits.PerHour) {
					t.Errorf("%d requests were sent in one hour, want at most %d and not far fewer", got, limits.PerHour)
				}
			})
		})
	}
}

// What a key has after a restart.
func TestBudgetAfterARestart(t *testing.T) {
	for _, tt := range []struct {
		name         string
		clean        bool
		later        time.Duration // until the restart
		change       func(*smartlead.BudgetMemory)
		minute, hour float64
	}{
		{"at once", true, 0, nil, 3, 97},
		{"a second later", true, time.Second, nil, 3.9, 97.25},
		{"a minute later", true, time.Minute, nil, 6, 100},
		{"not clean", false, time.Hour, nil, 0, 0},
		{"of the future", true, 0, func(m *smartlead.BudgetMemory) { m.At = m.At.Add(time.Minute) }, 0, 0},
		{"of another key", true, 0, func(m *smartlead.BudgetMemory) { m.KeyHash = strings.Repeat("0", 64) }, 6, 100},
		{"of another API", true, 0, func(m *smartlead.BudgetMemory) { m.BaseURL = "https://other.test" }, 6, 100},
		{"of nonsense", true, 0, func(m *smartlead.BudgetMemory) { m.KeyHash = "key" }, 6, 100},
		{"of part of a hash", true, 0, func(m *smartlead.BudgetMemory) { m.KeyHash = m.KeyHash[:32] }, 6, 100},
		{"with more than there can be", true, 0, func(m *smartlead.BudgetMemory) { m.MinuteLeft, m.HourLeft = 1e9, 1e9 }, 6, 100},
		{"with less than nothing", true, 0, func(m *smartlead.BudgetMemory) { m.MinuteLeft, m.HourLeft = -5, -5 }, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newQuota(smartlead.Limits{PerMinute: 60, PerHour: 1000})
				client := newClient(t, respond(200, empty), q.use)
				for range 3 {
					if _, err := statistics(t.Context(), client); err != nil {
						t.Fatal(err)
					}
				}
				memory := kept(t, q.budgets)
				if len(memory) != 1 {
					t.Fatalf("%d keys are remembered, want one", len(memory))
				}
				if tt.change != nil {
					tt.change(&memory[0])
				}
				time.Sleep(tt.later)
				q.budgets = smartlead.NewBudgets()
				q.budgets.Restore(memory, tt.clean)
				if got := kept(t, q.budgets); tt.change == nil && len(got) != 1 {
					t.Errorf("before the first request %d keys are remembered, want one still", len(got))
				}
				wantState(t, "after the restart", newClient(t, nil, q.use), smartlead.BudgetState{MinuteLeft: tt.minute, HourLeft: tt.hour})
			})
		})
	}
}

// Pauses and refused keys last over a restart, but not for longer than they can.
func TestPausesAfterARestart(t *testing.T) {
	for _, clean := range []bool{true, false} {
		t.Run(fmt.Sprint("clean ", clean), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				sim := newSim(t, simulator.Campaign{ID: 1})
				q := newQuota(smartlead.Limits{})
				sim.Inject(simulator.Fault{Times: 1, Effects: []simulator.Effect{simulator.Respond(simulator.TooManyRequests("1800"))}})
				_, _ = statistics(t.Context(), newClient(t, sim, q.use))
				q.budgets = restart(t, q.budgets, clean)
				client := newClient(t, sim, q.use)
				wantState(t, "in the pause", client, smartlead.BudgetState{MinuteLeft: -1, HourLeft: -1, PausedUntil: start.Add(30 * time.Minute)})
				if _, err := statistics(t.Context(), client); smartlead.ReasonOf(err) != smartlead.ErrRateLimited || len(sim.Requests()) != 1 {
					t.Errorf("got %v after %d requests, want ErrRateLimited without asking", err, len(sim.Requests()))
				}

				time.Sleep(30 * time.Minute)
				sim.Inject(simulator.Fault{Times: 1, Effects: []simulator.Effect{simulator.RespondStatus(401, `{"message":"Plan expired!"}`)}})
				_, _ = statistics(t.Context(), client)
				q.budgets = restart(t, q.budgets, clean)
				client = newClient(t, sim, q.use)
				until := start.Add(31 * time.Minute)
				wantState(t, "while the key is refused", client, smartlead.BudgetState{MinuteLeft: -1, HourLeft: -1, KeyRefusedUntil: until})

				memory := kept(t, q.budgets)
				memory[0].PausedUntil, memory[0].RefusedUntil, memory[0].RefusedStep = start.AddDate(1, 0, 0), start.AddDate(1, 0, 0), time.Hour
				q.budgets = smartlead.NewBudgets()
				q.budgets.Restore(memory, clean)
				wantState(t, "after a memory of nonsense", newClient(t, sim, q.use), smartlead.BudgetState{
					MinuteLeft: -1, HourLeft: -1, PausedUntil: time.Now().Add(time.Hour), KeyRefusedUntil: time.Now().Add(15 * time.Minute),
				})
			})
		})
	}
}

// Keys that nobody has used for an hour aren't remembered for ever.
func TestKeysAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budgets := smartlead.NewBudgets()
		for i := range 50 {
			client := newClient(t, respond(200, empty), func(o *smartlead.Options) {
				o.Budgets, o.Key = budgets, func() (string, error) { return fmt.Sprint("key ", i), nil }
			})
			if _, err := statistics(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			client.Close()
			time.Sleep(10 * time.Minute)
		}
		if got := len(budgets.Remember()); got > 8 {
			t.Errorf("%d keys are remembered, want those of the last hour", got)
		}
	})
}
