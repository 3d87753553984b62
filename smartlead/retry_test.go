package smartlead_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// gaps are the times between the starts of requests.
func gaps(requests []simulator.Request) []time.Duration {
	var gaps []time.Duration
	for i := 1; i < len(requests); i++ {
		gaps = append(gaps, requests[i].Time.Sub(requests[i-1].Time))
	}
	return gaps
}

// between is a range of durations, both ends included.
type between struct{ min, max time.Duration }

func assertGaps(t *testing.T, requests []simulator.Request, want ...between) {
	t.Helper()
	got := gaps(requests)
	if len(got) != len(want) {
		t.Errorf("%d requests were sent, %v apart, want %d", len(requests), got, len(want)+1)
		return
	}
	for i, want := range want {
		if got[i] < want.min || got[i] > want.max {
			t.Errorf("request %d came %s after the one before, want %s to %s", i+2, got[i], want.min, want.max)
		}
	}
}

// Failures that pass are tried again, up to four tries a page, with a back-off that grows. An answer that can't be true is
// tried once more, at once.
func TestRetries(t *testing.T) {
	const ms, page = time.Millisecond, 90 * time.Second
	backoff := []between{{500 * ms, 1000 * ms}, {1000 * ms, 2000 * ms}, {2000 * ms, 4000 * ms}}
	afterTimeout := []between{{page + 500*ms, page + 1000*ms}, {page + 1000*ms, page + 2000*ms}, {page + 2000*ms, page + 4000*ms}}
	serverError := simulator.RespondStatus(500, "sorry")
	for _, tt := range []struct {
		name   string
		effect simulator.Effect
		times  int // 0: for ever
		gaps   []between
		want   smartlead.Reason
		cause  error
		status int
	}{
		{"a server error", serverError, 1, backoff[:1], "", nil, 0},
		{"three server errors", serverError, 3, backoff, "", nil, 0},
		{"server errors for ever", serverError, 0, backoff, smartlead.ErrServer, nil, 500},
		{"a connection that is reset", simulator.Reset(), 1, backoff[:1], "", nil, 0},
		{"connections that are reset for ever", simulator.Reset(), 0, backoff, smartlead.ErrNetwork, syscall.ECONNRESET, 0},
		{"a page that breaks off", simulator.ResetAfter(5000), 3, backoff, "", nil, 0},
		{"pages that break off for ever", simulator.ResetAfter(5000), 0, backoff, smartlead.ErrNetwork, nil, 200},
		{"no answer", simulator.Delay(time.Hour), 1, afterTimeout[:1], "", nil, 0},
		{"no answer for ever", simulator.Delay(time.Hour), 0, afterTimeout, smartlead.ErrTimeout, context.DeadlineExceeded, 0},
		{"an answer that drips", simulator.Drip(100, time.Second), 1, afterTimeout[:1], "", nil, 0},
		{"an answer that can't be true", simulator.RespondStatus(200, "{}"), 1, []between{{}}, "", nil, 0},
		{"answers that can't be true for ever", simulator.RespondStatus(200, "{}"), 0, []between{{}}, smartlead.ErrBadResponse, nil, 200},
		{"an answer that is cut off", simulator.Truncate(5000), 1, []between{{}}, "", nil, 0},
		{"answers that drip for ever", simulator.Drip(100, time.Second), 0, afterTimeout, smartlead.ErrTimeout, context.DeadlineExceeded, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(500, 100)})
				sim.Inject(simulator.Fault{Times: tt.times, Effects: []simulator.Effect{tt.effect}})
				got, err := statistics(t.Context(), newClient(t, sim))

				assertGaps(t, sim.Requests(), tt.gaps...)
				if got.Requests != len(tt.gaps)+1 {
					t.Errorf("%d requests were counted, want %d", got.Requests, len(tt.gaps)+1)
				}
				if tt.want == "" {
					if err != nil {
						t.Fatal(err)
					}
					assertSteps(t, stepsOf(t, sim), got.Steps)
					return
				}
				var e *smartlead.Error
				if !errors.As(err, &e) || e.Reason != tt.want || e.StatusCode != tt.status {
					t.Errorf("got %v, want reason %q and status %d", err, tt.want, tt.status)
				}
				if tt.cause != nil && !errors.Is(err, tt.cause) {
					t.Errorf("%v doesn't wrap %v", err, tt.cause)
				}
			})
		})
	}
}

// Four tries are for a page, not for a campaign: one of many pages doesn't fail for having more pages.
func TestRetriesArePerPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(2503, 20)})
		for _, offset := range []int{0, 1000, 2000} {
			sim.Inject(simulator.Fault{
				Match: []simulator.Matcher{simulator.AtOffset(offset)}, Times: 3, Effects: []simulator.Effect{simulator.ResetAfter(9000)},
			})
		}
		got, err := statistics(t.Context(), newClient(t, sim))
		if err != nil {
			t.Fatal(err)
		}
		assertSteps(t, stepsOf(t, sim), got.Steps)
		if got.Rows != 2503 || got.Requests != 12 {
			t.Errorf("got %d rows in %d requests, want 2503 in 12", got.Rows, got.Requests)
		}
	})
}

// A connection that breaks is the network's failure wherever it breaks, even behind all that was needed.
func TestBreaksAnywhere(t *testing.T) {
	page := perEmail(`"sent_time":"2022-08-02T12:49:11.747Z","open_count":3`)
	synctest.Test(t, func(t *testing.T) {
		for end := range len(page) + 1 {
			client := newClient(t, nil, func(o *smartlead.Options) {
				o.Transport = body(func() io.Reader { return io.MultiReader(strings.NewReader(page[:end]), broken{io.ErrUnexpectedEOF}) })
			})
			got, err := statistics(t.Context(), client)
			if !errors.Is(err, smartlead.ErrNetwork) || !errors.Is(err, io.ErrUnexpectedEOF) || got.Requests != 4 {
				t.Fatalf("broken after %q: got %+v and %v, want ErrNetwork after 4 requests", page[:end], got, err)
			}
		}
	})
}

// The end of the caller's context while a refusal is read is no refusal.
func TestCancelInRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Campaign{ID: 1})
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Drip(1, time.Second), simulator.RespondStatus(400, "no, and that at length")}})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second+time.Millisecond)
		defer cancel()
		_, err := statistics(ctx, newClient(t, sim))
		if !errors.Is(err, context.DeadlineExceeded) || smartlead.ReasonOf(err) != "" {
			t.Errorf("got %v, want context.DeadlineExceeded without a reason", err)
		}
	})
}

// Programs that failed together don't come back together.
func TestBackoffIsJittered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first []time.Duration
		for range 20 {
			sim := newSim(t, simulator.Campaign{ID: 1})
			sim.Inject(simulator.Fault{Times: 1, Effects: []simulator.Effect{simulator.Reset()}})
			if _, err := statistics(t.Context(), newClient(t, sim)); err != nil {
				t.Fatal(err)
			}
			first = append(first, gaps(sim.Requests())...)
		}
		slices.Sort(first)
		if distinct := len(slices.Compact(first)); distinct < 15 {
			t.Errorf("20 back-offs had %d values, want nearly all of them to differ", distinct)
		}
	})
}

// timeout is an error that is a timeout by what it says of itself, and that repeats the URL as some proxies do.
type timeout struct{ url string }

func (e timeout) Error() string { return "no answer from " + e.url }
func (timeout) Timeout() bool   { return true }

// What an error is doesn't depend on what has to be taken out of its text.
func TestTimeoutOfTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, nil, func(o *smartlead.Options) {
			o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) { return nil, timeout{r.URL.String()} })
		})
		_, err := statistics(t.Context(), client)
		if !errors.Is(err, smartlead.ErrTimeout) {
			t.Errorf("got %v, want ErrTimeout", err)
		}
		assertAbsent(t, "the error", fmt.Sprint(err), testKey)
	})
}

// Whoever cancels gets his own error at once, and no reason: the API didn't fail. The client serves others after it.
func TestCancel(t *testing.T) {
	errShutdown := errors.New("shutting down")
	for _, tt := range []struct {
		name   string
		fault  []simulator.Effect
		limits smartlead.Limits
	}{
		{name: "in a request", fault: []simulator.Effect{simulator.Delay(time.Hour)}},
		{name: "in a body", fault: []simulator.Effect{simulator.Drip(1, time.Second)}},
		{name: "in a back-off", fault: []simulator.Effect{simulator.Delay(10 * time.Second), simulator.Reset()}},
		{name: "in a pause", fault: []simulator.Effect{simulator.Respond(simulator.TooManyRequests("300"))}},
		{name: "waiting for the quota", limits: smartlead.Limits{PerHour: 1}, fault: []simulator.Effect{simulator.EmptyPage()}},
		{name: "waiting for a slot", limits: smartlead.Limits{Concurrency: 1}, fault: []simulator.Effect{simulator.Delay(time.Hour)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(500, 100)})
				remove := sim.Inject(simulator.Fault{Effects: tt.fault})
				quota := newQuota(tt.limits)
				client := newClient(t, sim, quota.use)

				ctx, cancel := context.WithCancelCause(t.Context())
				const after = 10*time.Second + 250*time.Millisecond // a back-off is at least 500 ms
				start := time.Now()
				time.AfterFunc(after, func() { cancel(errShutdown) })
				errs := make(chan error)
				for range 3 {
					go func() {
						_, err := statistics(ctx, client)
						errs <- err
					}()
				}
				for range 3 {
					err := <-errs
					if !errors.Is(err, errShutdown) || smartlead.ReasonOf(err) != "" {
						t.Errorf("got %v, want %v without a reason", err, errShutdown)
					}
				}
				if took := time.Since(start); took != after {
					t.Errorf("it took %s to return, want %s", took, after)
				}

				remove()
				got, err := statistics(t.Context(), client)
				if err != nil || got.Rows != 500 {
					t.Errorf("afterwards: got %+v and %v", got, err)
				}
			})
		})
	}
}

// A context that has ended before is not asked for.
func TestCancelledBefore(t *testing.T) {
	requests := 0
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, limits := range map[string]smartlead.Limits{"no limits": {}, "limits": {PerMinute: 60, PerHour: 1000, Concurrency: 4}} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, counted(respond(200, empty), &requests), limited(limits))
			_, err := statistics(ctx, client)
			if !errors.Is(err, context.Canceled) || smartlead.ReasonOf(err) != "" {
				t.Errorf("got %v, want context.Canceled without a reason", err)
			}
		})
	}
	if requests != 0 {
		t.Errorf("%d requests were sent, want none", requests)
	}
}

// A caller's deadline is the caller's, and no timeout of the API.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Campaign{ID: 1})
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(time.Hour)}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := statistics(ctx, newClient(t, sim))
		if !errors.Is(err, context.DeadlineExceeded) || smartlead.ReasonOf(err) != "" {
			t.Errorf("got %v, want context.DeadlineExceeded without a reason", err)
		}
	})
}
