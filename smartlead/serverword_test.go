package smartlead_test

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead"
)

// windowed is an API that allows so many requests in each fixed window, which begins with the first request after the one before.
type windowed struct {
	limit  int
	window time.Duration
	takes  time.Duration // for an answer
	others int           // requests of other programs in each window, before ours
	silent bool          // doesn't tell the limit

	mu      sync.Mutex
	began   time.Time
	used    int
	running int
	most    int // requests at once
	refused int
	asked   []time.Time
}

func (w *windowed) ServeHTTP(answer http.ResponseWriter, _ *http.Request) {
	w.mu.Lock()
	now := time.Now()
	if now.Sub(w.began) >= w.window {
		w.began, w.used = now, w.others
	}
	w.used++
	w.running++
	w.asked = append(w.asked, now)
	w.most = max(w.most, w.running)
	left, reset := w.limit-w.used, w.began.Add(w.window)
	if left < 0 {
		w.refused++
	}
	w.mu.Unlock()

	time.Sleep(w.takes)

	w.mu.Lock()
	defer w.mu.Unlock()
	w.running--
	h := answer.Header()
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	if !w.silent {
		h.Set("X-RateLimit-Limit", strconv.Itoa(w.limit))
	}
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(left, 0)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
	if left < 0 {
		answer.WriteHeader(http.StatusTooManyRequests)
		return
	}
	_, _ = answer.Write([]byte(empty))
}

// Requests under way stay within what the server says is left, so that none is refused, whatever the limits are and however
// much other programs use.
func TestInFlightStaysWithinRemaining(t *testing.T) {
	for _, tt := range []struct {
		limit, others, atOnce int
		window, takes         time.Duration
		silent                bool
	}{
		{limit: 20, atOnce: 8, window: time.Minute, takes: time.Second, silent: true},
		{limit: 20, atOnce: 8, window: time.Minute, takes: time.Second},
		{limit: 13, others: 3, atOnce: 8, window: time.Minute, takes: 2 * time.Second, silent: true},
		{limit: 10, atOnce: 4, window: 10 * time.Second, takes: time.Second},
		{limit: 1, atOnce: 1, window: time.Minute, takes: time.Second},
		{limit: 30, atOnce: 16, window: 20 * time.Minute, takes: 5 * time.Second},
	} {
		t.Run(fmt.Sprintf("%+v", tt), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &windowed{limit: tt.limit, window: tt.window, takes: tt.takes, others: tt.others, silent: tt.silent}
				client := newClient(t, w, limited(smartlead.Limits{Concurrency: tt.atOnce}))
				end := time.Now().Add(6 * tt.window)
				var all sync.WaitGroup
				for range 2 * tt.atOnce {
					all.Go(func() {
						for time.Now().Before(end) {
							// A pause of more than ten minutes is an error at once.
							if _, err := statistics(t.Context(), client); errors.Is(err, smartlead.ErrRateLimited) {
								time.Sleep(time.Minute)
							} else if err != nil {
								t.Error(err)
							}
						}
					})
				}
				all.Wait()
				if w.refused > 0 {
					t.Errorf("%d requests were refused", w.refused)
				}
				if least := 5 * (tt.limit - tt.others); len(w.asked) < least*8/10 {
					t.Errorf("%d requests were sent, want at least 80 %% of %d", len(w.asked), least)
				}
			})
		})
	}
}

// What a server says is left counts until its reset, and not beyond.
func TestRemainingIsVoidAfterTheReset(t *testing.T) {
	for name, reset := range map[string]string{"that is told": unix(40 * time.Second), "that isn't": ""} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked []time.Duration
				start := time.Now()
				client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					asked = append(asked, time.Since(start))
					if len(asked) > 1 { // a server that says it once and then breaks off
						panic(http.ErrAbortHandler)
					}
					w.Header().Set("X-RateLimit-Remaining", "1")
					if reset != "" {
						w.Header().Set("X-RateLimit-Reset", reset)
					}
					_, _ = w.Write([]byte(empty))
				}))
				_, _ = statistics(t.Context(), client)
				_, _ = statistics(t.Context(), client)
				want := 40 * time.Second
				if reset == "" {
					want = time.Minute
				}
				if len(asked) != 5 || asked[1] != 0 || asked[2] != want || asked[4] > want+10*time.Second {
					t.Errorf("it was asked at %s, want at 0s, the one that was left at 0s, and the others from %s on", asked, want)
				}
			})
		})
	}
}

// An answer that comes late, or of a window that is over, takes nothing back.
func TestRemainingOfLateAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type answer struct {
			after     time.Duration
			remaining string
			reset     time.Duration
		}
		var mu sync.Mutex
		// The first three are counted in the order in which they were sent, and answered the other way round.
		answers := []answer{
			{30 * time.Second, "12", 40 * time.Second},
			{20 * time.Second, "11", 40 * time.Second},
			{10 * time.Second, "10", 40 * time.Second},
		}
		client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			a := answers[0]
			answers = answers[1:]
			mu.Unlock()
			time.Sleep(a.after)
			w.Header().Set("X-RateLimit-Remaining", a.remaining)
			w.Header().Set("X-RateLimit-Reset", unix(a.reset))
			_, _ = w.Write([]byte(empty))
		}))
		for range 3 {
			go func() { _, _ = statistics(t.Context(), client) }()
			synctest.Wait()
		}
		for i, want := range []int{8, 9, 10} { // two others are under way, one, none
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if got := client.Budget().ServerLeft; got != want {
				t.Errorf("after answer %d there are %d left, want %d", i+1, got, want)
			}
		}
		time.Sleep(5 * time.Second)
		// Of a window that slides: one that says where it is now, and one that was sent before.
		answers = []answer{{20 * time.Second, "9", 90 * time.Second}, {10 * time.Second, "59", 130 * time.Second}}
		for range 2 {
			go func() { _, _ = statistics(t.Context(), client) }()
			synctest.Wait()
		}
		for i, want := range []int{58, 58} {
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if got := client.Budget().ServerLeft; got != want {
				t.Errorf("after answer %d of the window that slides there are %d left, want %d", i+1, got, want)
			}
		}
	})
}

// A lower limit than configured is kept to if it is one a minute; a higher one is told and not used.
func TestAdvertisedLimit(t *testing.T) {
	for _, tt := range []struct {
		name       string
		configured int
		limit      string
		reset      time.Duration // ahead; 0: none is told
		remaining  string
		inForce    int
		advertised int
		perMinute  bool
	}{
		{"lower", 60, "20", time.Minute, "19", 20, 20, true},
		{"lower, of nothing configured", 0, "20", time.Minute, "19", 20, 20, true},
		{"lower, in the middle of its window", 60, "20", 20 * time.Second, "19", 60, 20, false},
		{"lower, near the window's begin", 60, "20", 50 * time.Second, "19", 20, 20, true},
		{"lower, of ten seconds", 60, "10", 10 * time.Second, "9", 60, 10, false},
		{"lower, of an hour", 60, "50", time.Hour, "49", 60, 50, false},
		{"lower, of a window that isn't told", 60, "20", 0, "19", 60, 20, false},
		{"lower, of a window that makes no sense", 60, "20", 24 * time.Hour, "19", 60, 20, false},
		{"lower, without Remaining", 60, "20", time.Minute, "", 20, 20, true},
		{"the same", 60, "60", time.Minute, "59", 60, 60, true},
		{"higher", 60, "200", time.Minute, "199", 60, 200, true},
		{"in the form of a list", 60, "20, 20;w=60", time.Minute, "19", 20, 20, true},
		{"in the form of a policy", 60, "20;w=60", time.Minute, "19", 20, 20, true},
		{"nothing", 60, "", time.Minute, "19", 60, -1, false},
		{"none at all", 60, "0", time.Minute, "19", 60, -1, false},
		{"less than none", 60, "-5", time.Minute, "19", 60, -1, false},
		{"a word", 60, "few", time.Minute, "19", 60, -1, false},
		{"more than can be", 60, "99999999999999999999", time.Minute, "19", 60, -1, false},
		{"a fraction", 60, "20.5", time.Minute, "19", 60, -1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []smartlead.BudgetState
				client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-RateLimit-Limit", tt.limit)
					w.Header().Set("X-RateLimit-Remaining", tt.remaining)
					if tt.reset != 0 {
						w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(tt.reset).Unix(), 10))
					}
					_, _ = w.Write([]byte(empty))
				}), limited(smartlead.Limits{PerMinute: tt.configured}), func(o *smartlead.Options) {
					o.Trace.Limit = func(s smartlead.BudgetState) { told = append(told, s) }
				})
				if got := client.Budget(); got.Advertised != -1 || got.AdvertisedBinds || got.AdvertisedPerMinute {
					t.Errorf("before the first answer: %+v", got)
				}
				for range 3 {
					if _, err := statistics(t.Context(), client); err != nil {
						t.Fatal(err)
					}
				}
				got := client.Budget()
				if got.Limits.PerMinute != tt.inForce || got.Configured.PerMinute != tt.configured || got.Advertised != tt.advertised ||
					got.AdvertisedPerMinute != tt.perMinute || got.AdvertisedBinds != (tt.inForce != tt.configured) {
					t.Errorf("got %+v", got)
				}
				if want := min(1, max(0, tt.advertised)); len(told) != want {
					t.Errorf("it was told %d times, want %d: %+v", len(told), want, told)
				}
			})
		})
	}
}

// A limit that the server takes back, or doesn't name any more, binds no longer.
func TestAdvertisedLimitChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := "20"
		var told []int
		client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if limit != "" {
				w.Header().Set("X-RateLimit-Limit", limit)
			}
			w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(time.Minute).Unix(), 10))
			_, _ = w.Write([]byte(empty))
		}), limited(smartlead.Limits{PerMinute: 60}), func(o *smartlead.Options) {
			o.Trace.Limit = func(s smartlead.BudgetState) { told = append(told, s.Limits.PerMinute) }
		})
		for _, step := range []struct {
			limit   string
			after   time.Duration
			inForce int
		}{
			{"20", 0, 20},
			{"30", time.Second, 30},
			{"300", time.Second, 60},
			{"10", time.Second, 10},
			{"", time.Minute, 10},
			{"", 2 * time.Hour, 60},
		} {
			limit = step.limit
			time.Sleep(step.after)
			if _, err := statistics(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			if got := client.Budget().Limits.PerMinute; got != step.inForce {
				t.Errorf("after a limit of %q there are %d requests a minute, want %d", step.limit, got, step.inForce)
			}
		}
		if got, want := fmt.Sprint(told), "[20 30 60 10 60]"; got != want {
			t.Errorf("told were %s, want %s", got, want)
		}
	})
}

// Headers of any kind stop nobody for more than an hour, and let nobody wait for what isn't there.
func FuzzRateHeaders(f *testing.F) {
	for _, value := range []string{"", "0", "-1", "60", "60, 60;w=60", "1e3", "NaN", "Inf", "1700000000000", "99999999999999999999", "soon", "0x10", "٣"} {
		f.Add(value, value, value, "")
	}
	f.Add("60", "0", "946684840", "Sat, 01 Jan 2000 00:00:00 GMT")
	f.Fuzz(func(t *testing.T, limit, remaining, reset, date string) {
		h := http.Header{}
		h.Set("X-RateLimit-Limit", limit)
		h.Set("X-RateLimit-Remaining", remaining)
		h.Set("X-RateLimit-Reset", reset)
		h.Set("Date", date)
		got := smartlead.ParseRateHeaders(h)
		if got.Reset <= 0 || got.Reset > time.Hour || got.Limit == 0 || cmp.Compare(got.Limit, -1) < 0 || got.Remaining < -1 {
			t.Fatalf("%q, %q, %q: got %+v", limit, remaining, reset, got)
		}
		if n, err := strconv.Atoi(strings.TrimSpace(remaining)); err == nil && n >= 0 && got.Remaining != n {
			t.Fatalf("%q are left: got %+v", remaining, got)
		}
	})
}
