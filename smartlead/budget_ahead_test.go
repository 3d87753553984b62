package smartlead_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead"
)

// What a state says of what comes is what comes: so many requests until a moment, and the next one at that moment.
func TestBudgetStateLooksAhead(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2)) // the same in each run
	pick := func(values ...int) int { return values[rng.IntN(len(values))] }
	for i := range 80 {
		limits := smartlead.Limits{PerMinute: pick(0, 1, 9, 10, 60, 120), PerHour: pick(0, 1, 15, 60, 1000)}
		spent := pick(0, 1, 3, 20)
		idle := time.Duration(pick(0, 1, 7, 30)) * time.Second
		pause := time.Duration(pick(0, 0, 3, 40, 500)) * time.Second
		remaining, reset := pick(-1, -1, 1, 2, 8), time.Duration(pick(1, 30, 60, 300))*time.Second
		ahead := time.Duration(pick(1, 5, 10, 60, 100, 600, 4000))*time.Second + time.Second/2 // so that nothing ends just then
		t.Run(fmt.Sprintf("%d %+v, %d spent, %s later, a pause of %s, %d left for %s, %s ahead", i, limits, spent, idle, pause, remaining, reset, ahead), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var asked []time.Time
				last := false // the answer that has the headers
				client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					mu.Lock()
					defer mu.Unlock()
					asked = append(asked, time.Now())
					if last && remaining >= 0 {
						w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(remaining))
						w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(reset).Unix(), 10))
					}
					if last && pause > 0 {
						w.Header().Set("Retry-After", strconv.Itoa(int(pause.Seconds())))
						w.WriteHeader(http.StatusServiceUnavailable)
					}
					last = false
					_, _ = w.Write([]byte(empty))
				}), limited(limits))
				for range spent {
					if _, err := statistics(t.Context(), client); err != nil {
						t.Fatal(err)
					}
				}
				last = true
				ctx, cancel := context.WithCancel(t.Context())
				go func() { _, _ = statistics(ctx, client) }() // which is tried again, if it fails
				synctest.Wait()
				for mu.Lock(); last; mu.Lock() {
					mu.Unlock()
					time.Sleep(time.Second)
				}
				asked = nil
				mu.Unlock()
				cancel()
				synctest.Wait()
				time.Sleep(idle)
				state := client.Budget()
				start := time.Now()
				until := start.Add(ahead)
				got, next := state.TokensBy(until), state.NextToken(start)
				if limits.PerMinute == 0 && limits.PerHour == 0 { // the server's word alone
					free := state.PausedUntil.Before(until) && !state.ServerReset.After(until)
					if free != math.IsInf(got, 1) {
						t.Errorf("%v requests until then, of %+v", got, state)
					}
					return
				}

				ctx, cancel = context.WithDeadline(t.Context(), until.Add(time.Millisecond))
				defer cancel()
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() {
						for ctx.Err() == nil {
							_, _ = statistics(ctx, client)
						}
					})
				}
				all.Wait()
				if float64(len(asked)) != got {
					t.Errorf("%v requests until then were foretold and %d were sent", got, len(asked))
				}
				if len(asked) > 0 {
					if d := asked[0].Sub(next); d < -time.Microsecond || d > time.Microsecond {
						t.Errorf("the next request was foretold %s ahead and sent %s ahead", next.Sub(start), asked[0].Sub(start))
					}
				} else if !next.After(until) {
					t.Errorf("the next request was foretold %s ahead, and none was sent", next.Sub(start))
				}
			})
		})
	}
}

func TestTokensBy(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return now.Add(time.Duration(s) * time.Second) }
	state := func(change func(*smartlead.BudgetState)) smartlead.BudgetState {
		s := smartlead.BudgetState{At: now, Limits: smartlead.Limits{PerMinute: 60, PerHour: 1000}, MinuteLeft: 2.5, HourLeft: 100, Advertised: -1}
		if change != nil {
			change(&s)
		}
		return s
	}
	for _, tt := range []struct {
		name   string
		state  smartlead.BudgetState
		by     time.Time
		tokens float64
		next   time.Time // from now on
	}{
		{"now", state(nil), now, 2, now},
		{"before now", state(nil), at(-10), 2, now},
		{"in ten seconds", state(nil), at(10), 11, now},
		{"nothing at hand", state(func(s *smartlead.BudgetState) { s.MinuteLeft = 0.1 }), at(1), 1, at(1).Add(1)},
		{"the hour binds", state(func(s *smartlead.BudgetState) { s.HourLeft = 0 }), at(60), 15, at(4).Add(1)},
		{"in a pause", state(func(s *smartlead.BudgetState) { s.PausedUntil = at(30) }), at(20), 0, at(30)},
		{"at the end of a pause", state(func(s *smartlead.BudgetState) { s.PausedUntil = at(30) }), at(30), 0, at(30)},
		{"after a pause, with what a bucket holds", state(func(s *smartlead.BudgetState) { s.PausedUntil = at(30) }), at(31), 6, at(30)},
		{"while the key is refused", state(func(s *smartlead.BudgetState) { s.KeyRefusedUntil = at(60) }), at(60), 0, at(60)},
		{"what the server has left", state(func(s *smartlead.BudgetState) { s.ServerLeft, s.ServerReset = 1, at(30) }), at(10), 1, now},
		{"nothing, says the server", state(func(s *smartlead.BudgetState) { s.ServerLeft, s.ServerReset = 0, at(30) }), at(10), 0, at(30)},
		{"more under way than are left", state(func(s *smartlead.BudgetState) { s.ServerLeft, s.ServerReset = -3, at(30) }), at(10), 0, at(30)},
		{"after the server's reset", state(func(s *smartlead.BudgetState) { s.ServerLeft, s.ServerReset = 1, at(30) }), at(40), 16, now},
		{"a reset that is past", state(func(s *smartlead.BudgetState) { s.ServerLeft, s.ServerReset = 0, at(-1) }), at(10), 11, now},
		{"no limits", smartlead.BudgetState{At: now, MinuteLeft: -1, HourLeft: -1}, at(10), math.Inf(1), now},
		{"a later moment", state(func(s *smartlead.BudgetState) { s.At = at(-100) }), now, 92, now},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.state.TokensBy(tt.by); got != tt.tokens {
				t.Errorf("TokensBy: got %v, want %v", got, tt.tokens)
			}
			if got := tt.state.NextToken(now); got.Sub(tt.next).Abs() > 2 {
				t.Errorf("NextToken: got %s, want %s", got.Sub(now), tt.next.Sub(now))
			}
		})
	}
}
