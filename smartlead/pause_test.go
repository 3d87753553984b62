package smartlead_test

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// header is an effect that sets headers, by name and value in turn.
func header(pairs ...string) []simulator.Effect {
	var effects []simulator.Effect
	for i := 0; i < len(pairs); i += 2 {
		effects = append(effects, simulator.SetHeader(pairs[i], pairs[i+1]))
	}
	return effects
}

// unix is the number of seconds since 1970 at d after a bubble's clock starts.
func unix(d time.Duration) string {
	return strconv.FormatInt(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Unix(), 10)
}

// httpDate is the moment at d after a bubble's clock starts.
func httpDate(d time.Duration) string {
	return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Format(http.TimeFormat)
}

// Answers that make the account pause, and for how long.
func TestPauses(t *testing.T) {
	const s = time.Second
	backoff := between{2500 * time.Millisecond, 5 * s} // the first after a 429
	exactly := func(d time.Duration) between { return between{d, d} }
	tooMany := func(status int, body string, pairs ...string) []simulator.Effect {
		return append(header(pairs...), simulator.RespondStatus(status, body))
	}
	for _, tt := range []struct {
		name    string
		effects []simulator.Effect
		want    between
	}{
		{"429 with seconds", tooMany(429, "", "Retry-After", "30"), exactly(30 * s)},
		{"429 with seconds fewer than the back-off", tooMany(429, "", "Retry-After", "1"), backoff},
		{"429 with no seconds", tooMany(429, "", "Retry-After", "0"), backoff},
		{"429 with a date", tooMany(429, "", "Retry-After", httpDate(30*s)), exactly(30 * s)},
		{"429 with a date by a clock that is 10 min fast", tooMany(429, "", "Date", httpDate(600*s), "Retry-After", httpDate(630*s)), exactly(30 * s)},
		{"429 with a date by a clock that is 10 min slow", tooMany(429, "", "Date", httpDate(-600*s), "Retry-After", httpDate(-570*s)), exactly(30 * s)},
		{"429 with a date that is past", tooMany(429, "", "Retry-After", httpDate(-30*s)), backoff},
		{"429 with the body's seconds", tooMany(429, `{"error":{"retry_after":30}}`), exactly(30 * s)},
		{"429 with a header that can't be read", tooMany(429, `{"error":{"retry_after":30}}`, "Retry-After", "soon"), exactly(30 * s)},
		{"429 with nothing", tooMany(429, ""), backoff},
		{"429 with a thousand years", tooMany(429, "", "Retry-After", "31556952000"), exactly(60 * s)},
		{"429 with milliseconds", tooMany(429, "", "Retry-After", "900000"), exactly(60 * s)},
		{"429 with the body's milliseconds", tooMany(429, `{"error":{"retry_after":30000}}`), exactly(60 * s)},
		{"429 with a date in a thousand years", tooMany(429, "", "Retry-After", "Sat, 02 Mar 3000 09:00:00 GMT"), exactly(60 * s)},
		{"503 with seconds", tooMany(503, "", "Retry-After", "30"), exactly(30 * s)},
		{"503 with a date", tooMany(503, "", "Retry-After", httpDate(30*s)), exactly(30 * s)},
		{"503 with milliseconds", tooMany(503, "", "Retry-After", "900000"), exactly(60 * s)},
		{"502 of a gateway with seconds", tooMany(502, "", "Retry-After", "30"), exactly(30 * s)},
		{"429 with a reset", tooMany(429, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(40*s)), exactly(40 * s)},
		{"429 with a reset sooner than Retry-After", tooMany(429, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(40*s), "Retry-After", "50"), exactly(50 * s)},

		{"nothing left, with a reset", header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(40*s)), exactly(40 * s)},
		{"nothing left, by a clock that is 10 min fast", header("Date", httpDate(600*s), "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(640*s)), exactly(40 * s)},
		{"nothing left, by a clock that is 10 min slow", header("Date", httpDate(-600*s), "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(-560*s)), exactly(40 * s)},
		{"nothing left, without a reset", header("X-RateLimit-Remaining", "0"), exactly(60 * s)},
		{"nothing left, with a reset that can't be read", header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "soon"), exactly(60 * s)},
		{"nothing left, with a reset that is past", header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(-40*s)), exactly(60 * s)},
		{"nothing left, with a reset in this second", header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(0)), exactly(s)},
		{"nothing left, with a reset in seconds from now", header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "40"), exactly(60 * s)},
		{"nothing left, with a reset in milliseconds", header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(40*s)+"000"), exactly(60 * s)},
		{"nothing left, with a reset in just over an hour", header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(3601*s)), exactly(60 * s)},
		{"nothing left, with a negative reset", header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "-5"), exactly(60 * s)},
		{"nothing left, with a fraction", header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(40*s)+".5"), exactly(40500 * time.Millisecond)},
		{"nothing left, with a reset in a thousand years", header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "32503680000"), exactly(60 * s)},
		{"something left", header("X-RateLimit-Remaining", "1", "X-RateLimit-Reset", unix(40*s)), exactly(0)},
		{"headers that can't be read", header("X-RateLimit-Remaining", "few", "X-RateLimit-Reset", unix(40*s)), exactly(0)},
		{"less than nothing left", header("X-RateLimit-Remaining", "-1", "X-RateLimit-Reset", unix(40*s)), exactly(0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := newSim(t, simulator.Campaign{ID: 1}, simulator.Campaign{ID: 2})
				sim.Inject(simulator.Fault{Times: 1, Effects: tt.effects})
				// Two clients of one key, such as before and after its configuration changed.
				quota := newQuota(smartlead.Limits{})
				var told time.Duration
				one := newClient(t, sim, quota.use)
				other := newClient(t, sim, func(o *smartlead.Options) {
					quota.use(o)
					o.Trace.Wait = func(d time.Duration) { told += d }
				})

				var done sync.WaitGroup
				done.Go(func() {
					if _, err := statistics(t.Context(), one); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait() // the first client has its answer, and may be waiting
				if _, err := other.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 2}); err != nil {
					t.Error(err)
				}
				done.Wait()

				requests := sim.Requests()
				for i, r := range requests[1:] {
					if waited := r.Time.Sub(requests[0].Time); waited < tt.want.min || waited > tt.want.max {
						t.Errorf("request %d came %s after the first, want %s to %s", i+2, waited, tt.want.min, tt.want.max)
					}
				}
				if told < tt.want.min || told > tt.want.max {
					t.Errorf("the other client was told that it waited for %s, want %s to %s", told, tt.want.min, tt.want.max)
				}
			})
		})
	}
}

// The back-off doubles with each 429 in a row, up to five minutes, and over the calls; a success forgets them.
func TestPausesGrow(t *testing.T) {
	const s = time.Second
	for name, headers := range map[string][]simulator.Effect{
		"without headers":      nil,
		"with nothing left":    header("X-RateLimit-Remaining", "0"), // whose minute is shorter from the sixth on
		"with a reset as well": header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "soon"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := newSim(t, simulator.Campaign{ID: 1})
				sim.Inject(simulator.Fault{Times: 9, Effects: append(headers, simulator.Respond(simulator.TooManyRequests("1")))})
				client := newClient(t, sim)
				for range 2 {
					if _, err := statistics(t.Context(), client); !errors.Is(err, smartlead.ErrRateLimited) {
						t.Fatalf("got %v, want ErrRateLimited", err)
					}
				}
				if _, err := statistics(t.Context(), client); err != nil {
					t.Fatal(err)
				}
				sim.Inject(simulator.Fault{Times: 1, Effects: []simulator.Effect{simulator.Respond(simulator.TooManyRequests("1"))}})
				if _, err := statistics(t.Context(), client); err != nil {
					t.Fatal(err)
				}

				var want []between
				for _, d := range []time.Duration{5 * s, 10 * s, 20 * s, 40 * s, 80 * s, 160 * s, 300 * s, 300 * s, 300 * s} {
					b := between{d / 2, d}
					if name != "without headers" {
						b = between{max(b.min, 60*s), max(b.max, 60*s)}
					}
					want = append(want, b)
				}
				assertGaps(t, sim.Requests(), append(want, between{}, between{2500 * time.Millisecond, 5 * s})...)
			})
		})
	}
}

// Several requests that were under way when the first was refused are one 429.
func TestPauseCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Campaign{ID: 1})
		sim.Inject(simulator.Fault{Times: 8, Effects: []simulator.Effect{
			simulator.Delay(time.Second), simulator.RespondStatus(http.StatusTooManyRequests, ""),
		}})
		client := newClient(t, sim)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := statistics(t.Context(), client); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		requests := sim.Requests()
		if len(requests) != 16 {
			t.Fatalf("%d requests were sent, want 16", len(requests))
		}
		// A second one would have doubled the back-off to 5 s at least.
		if waited := requests[8].Time.Sub(requests[7].Time) - time.Second; waited < 2500*time.Millisecond || waited > 5*time.Second {
			t.Errorf("the account paused for %s, want 2.5 to 5 s", waited)
		}
	})
}

// The client is as content with the simulator's limits as with its own: it loses no refresh to them.
func TestServersLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, err := simulator.New(simulator.Options{
			Campaigns: []simulator.Campaign{{ID: 1, Source: simulator.Rows(2503, 0)}},
			Limits:    simulator.Limits{PerMinute: 10, CountRefused: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		client := newClient(t, sim)
		for range 8 {
			if _, err := statistics(t.Context(), client); err != nil {
				t.Fatal(err)
			}
		}
		requests := sim.Requests()
		for _, r := range requests {
			if r.Status != http.StatusOK {
				t.Errorf("status %d at %s, want the headers to be heeded", r.Status, r.Time)
			}
		}
		if len(requests) != 24 {
			t.Errorf("%d requests were sent, want 24", len(requests))
		}
	})
}

// A pause that ends in more than ten minutes isn't waited for: the request fails at once, and so do those that wait already.
func TestLongPauses(t *testing.T) {
	for name, effects := range map[string][]simulator.Effect{
		"429":          {simulator.Respond(simulator.TooManyRequests("1800"))},
		"503":          append(header("Retry-After", "1800"), simulator.RespondStatus(503, "")),
		"nothing left": header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(1800*time.Second)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				sim := newSim(t, simulator.Campaign{ID: 1})
				sim.Inject(simulator.Fault{Times: 1, Effects: append([]simulator.Effect{simulator.Delay(5 * time.Second)}, effects...)})
				client := newClient(t, sim, limited(smartlead.Limits{PerMinute: 1})) // so that the second call waits for a minute
				var all sync.WaitGroup
				for range 2 {
					all.Go(func() {
						_, err := statistics(t.Context(), client)
						if name == "nothing left" && err == nil {
							return // it had an answer
						}
						var e *smartlead.Error
						if !errors.As(err, &e) || e.Reason != smartlead.ErrRateLimited || e.RetryAfter.Round(time.Minute) != 30*time.Minute {
							t.Errorf("got %v, want ErrRateLimited, and a retry in 30m", err)
						}
					})
					synctest.Wait()
				}
				all.Wait()
				if took := time.Since(start); took > 7*time.Second {
					t.Errorf("it took %s to fail, want the 5s of the answer, and at most a back-off", took)
				}
				if _, err := statistics(t.Context(), client); !errors.Is(err, smartlead.ErrRateLimited) {
					t.Errorf("in the pause: got %v", err)
				}
				until := client.Budget().PausedUntil
				time.Sleep(time.Until(until) - 10*time.Minute)
				if _, err := statistics(t.Context(), client); err != nil { // ten minutes are waited for
					t.Error(err)
				}
				requests := sim.Requests()
				if len(requests) != 2 || !requests[1].Time.Equal(until) {
					t.Errorf("%d requests were sent, want 2, the other at the end of the pause", len(requests))
				}
			})
		})
	}
}

// Each pause of more than five seconds is told once, with its end.
func TestPausesAreTold(t *testing.T) {
	const s = time.Second
	for _, tt := range []struct {
		name    string
		effects []simulator.Effect
		times   int
		want    []string
	}{
		{"429", []simulator.Effect{simulator.Respond(simulator.TooManyRequests("30"))}, 1, []string{"30s: status 429"}},
		{"eight of them at once", []simulator.Effect{simulator.Respond(simulator.TooManyRequests("30"))}, 8, []string{"30s: status 429"}},
		{"503", append(header("Retry-After", "30"), simulator.RespondStatus(503, "")), 8, []string{"30s: Retry-After of status 503"}},
		{"nothing left", header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(30*s)), 8, []string{"30s: X-RateLimit-Remaining is 0"}},
		{"of five seconds", header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(5*s)), 8, nil},
		{"of six seconds", header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(6*s)), 8, []string{"6s: X-RateLimit-Remaining is 0"}},
		{"milliseconds", []simulator.Effect{simulator.Respond(simulator.TooManyRequests("900000"))}, 1, []string{"1m0s: status 429"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := newSim(t, simulator.Campaign{ID: 1})
				sim.Inject(simulator.Fault{Times: tt.times, Effects: append([]simulator.Effect{simulator.Delay(time.Millisecond)}, tt.effects...)})
				var mu sync.Mutex
				var told []string
				client := newClient(t, sim, func(o *smartlead.Options) {
					o.Trace.Pause = func(p smartlead.Pause) {
						mu.Lock()
						defer mu.Unlock()
						told = append(told, time.Until(p.Until).Round(time.Second).String()+": "+p.Cause)
					}
				})
				var all sync.WaitGroup
				for range 8 {
					all.Go(func() { _, _ = statistics(t.Context(), client) })
				}
				all.Wait()
				if !slices.Equal(told, tt.want) {
					t.Errorf("told were %q, want %q", told, tt.want)
				}
			})
		})
	}
}

// A pause that grows is told again.
func TestLongerPausesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Campaign{ID: 1})
		for i, seconds := range []string{"60", "62", "120"} {
			sim.Inject(simulator.Fault{Skip: i, Times: 1, Effects: []simulator.Effect{simulator.Delay(time.Second), simulator.Respond(simulator.TooManyRequests(seconds))}})
		}
		var told []time.Duration
		start := time.Now()
		client := newClient(t, sim, func(o *smartlead.Options) {
			o.Trace.Pause = func(p smartlead.Pause) { told = append(told, p.Until.Sub(start)) }
		})
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { _, _ = statistics(t.Context(), client) })
			time.Sleep(100 * time.Millisecond)
		}
		all.Wait()
		if want := []time.Duration{61 * time.Second, 121200 * time.Millisecond}; !slices.Equal(told, want) {
			t.Errorf("told were %s, want %s", told, want)
		}
	})
}
