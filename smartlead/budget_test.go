package smartlead_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead"
)

// meter is a server that takes a while for each answer and notes when it was asked, and how often at once.
type meter struct {
	takes time.Duration

	mu      sync.Mutex
	asked   []time.Time
	running int
	most    int
}

func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	m.asked = append(m.asked, time.Now())
	m.running++
	m.most = max(m.most, m.running)
	m.mu.Unlock()

	time.Sleep(m.takes)

	m.mu.Lock()
	defer m.mu.Unlock()
	m.running--
	return body(func() io.Reader { return strings.NewReader(empty) })(r)
}

// busiest returns the largest number of requests in any window of a length that begins with a request.
func (m *meter) busiest(window time.Duration) int {
	most, first := 0, 0
	for i, at := range m.asked {
		for at.Sub(m.asked[first]) >= window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// within returns the number of requests from start up to end, as times since the first request.
func (m *meter) within(start, end time.Duration) int {
	n := 0
	for _, at := range m.asked {
		if d := at.Sub(m.asked[0]); d >= start && d < end {
			n++
		}
	}
	return n
}

// hungry lets programs ask as fast as they get answers until the time is over, and returns how often each was served.
func hungry(t *testing.T, quota *quota, m *meter, programs int, during time.Duration) []int {
	t.Helper()
	served := make([]int, programs)
	end := time.Now().Add(during)
	var all sync.WaitGroup
	for i := range programs {
		client := newClient(t, nil, quota.use, func(o *smartlead.Options) { o.Transport = m })
		all.Go(func() {
			for time.Now().Before(end) {
				if _, err := statistics(t.Context(), client); err != nil {
					t.Error(err)
					return
				}
				served[i]++
			}
		})
	}
	all.Wait()
	return served
}

// The promise of a budget: no sliding window sees more than its limit, nearly all of the limit is used, and everybody
// gets a turn.
func TestBudget(t *testing.T) {
	for _, limits := range []smartlead.Limits{
		{PerMinute: 60, PerHour: 1000, Concurrency: 4},
		{PerMinute: 10, PerHour: 100, Concurrency: 4},
		{PerMinute: 1, PerHour: 1, Concurrency: 1},
		{PerMinute: 2, PerHour: 5, Concurrency: 2},
		{PerMinute: 120, PerHour: 3000, Concurrency: 20},
		{PerMinute: 60, Concurrency: 4},
		{PerHour: 1000, Concurrency: 4},
		{PerMinute: 19, PerHour: 199},
		{Concurrency: 1},
		{Concurrency: 3},
		{},
	} {
		t.Run(fmt.Sprintf("%+v", limits), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const programs, takes = 8, 5 * time.Second
				m := &meter{takes: takes}
				served := hungry(t, newQuota(limits), m, programs, 2*time.Hour)

				if got := m.busiest(time.Minute); limits.PerMinute > 0 && got > limits.PerMinute {
					t.Errorf("%d requests were sent in one minute", got)
				}
				if got := m.busiest(time.Hour); limits.PerHour > 0 && got > limits.PerHour {
					t.Errorf("%d requests were sent in one hour", got)
				}

				atOnce := programs
				if limits.Concurrency > 0 {
					atOnce = min(atOnce, limits.Concurrency)
				}
				if m.most > atOnce || limits.PerMinute == 0 && limits.PerHour == 0 && m.most < atOnce {
					t.Errorf("%d requests ran at once, want %d", m.most, atOnce)
				}

				possible := float64(atOnce) * float64(time.Hour/takes)
				if limits.Sustained() > 0 {
					possible = min(possible, 60*limits.Sustained())
				}
				if got := m.within(time.Hour, 2*time.Hour); float64(got) < 0.85*possible {
					t.Errorf("%d requests were sent in the second hour, want at least 85 %% of %.1f", got, possible)
				}
				// Who is served at the same moment as others comes back in any order, so the turns aren't exact.
				if least, most := slices.Min(served), slices.Max(served); most-least > max(1, most/10) {
					t.Errorf("programs were served %v times, want them to take turns", served)
				}
			})
		})
	}
}

// A budget that was idle lets a tenth of each limit go at once, not all of it.
func TestBudgetStart(t *testing.T) {
	for _, tt := range []struct {
		limits smartlead.Limits
		atOnce int
	}{
		{smartlead.Limits{PerMinute: 60, PerHour: 1000}, 6},
		{smartlead.Limits{PerMinute: 60, PerHour: 20}, 2},
		{smartlead.Limits{PerMinute: 9, PerHour: 9}, 1},
		{smartlead.Limits{}, 20},
	} {
		t.Run(fmt.Sprintf("%+v", tt.limits), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &meter{takes: time.Minute}
				quota := newQuota(tt.limits)
				var all sync.WaitGroup
				client := newClient(t, nil, quota.use, func(o *smartlead.Options) { o.Transport = m })
				for range 20 {
					all.Go(func() {
						if _, err := statistics(t.Context(), client); err != nil {
							t.Error(err)
						}
					})
				}
				all.Wait()
				if got := m.within(0, time.Nanosecond); got != tt.atOnce {
					t.Errorf("%d requests were sent at once, want %d", got, tt.atOnce)
				}
			})
		})
	}
}

// Limits that change keep what has been spent: neither is there a new tenth to spend, nor does a lower limit start late.
func TestBudgetSetLimits(t *testing.T) {
	type change struct {
		after  time.Duration // since the beginning
		limits smartlead.Limits
	}
	high := smartlead.Limits{PerMinute: 60, PerHour: 1000}
	low := smartlead.Limits{PerMinute: 10, PerHour: 100}
	var often []change
	for i := range 120 {
		often = append(often, change{time.Duration(i) * 30 * time.Second, []smartlead.Limits{low, high}[i%2]})
	}
	for _, tt := range []struct {
		name    string
		changes []change // the first at 0; ascending
	}{
		{"lower", []change{{0, high}, {30 * time.Minute, low}}},
		{"higher", []change{{0, low}, {30 * time.Minute, high}}},
		{"to and fro", []change{{0, high}, {20 * time.Minute, low}, {40 * time.Minute, high}}},
		{"time and again", often},
		{"the same", []change{{0, high}, {time.Minute, high}, {2 * time.Minute, high}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				m := &meter{takes: time.Second}
				quota := newQuota(tt.changes[0].limits)
				for _, c := range tt.changes[1:] {
					time.AfterFunc(c.after, func() { quota.set(t, c.limits) })
				}
				hungry(t, quota, m, 8, 2*time.Hour)

				// A window may see as much as the highest limit that was in force in it.
				limit := func(from, to time.Time, of func(smartlead.Limits) int) int {
					highest := 0
					for i, c := range tt.changes {
						begins := start.Add(c.after)
						if i+1 < len(tt.changes) && start.Add(tt.changes[i+1].after).Before(from) || begins.After(to) {
							continue
						}
						highest = max(highest, of(c.limits))
					}
					return highest
				}
				for _, w := range []struct {
					length time.Duration
					of     func(smartlead.Limits) int
				}{
					{time.Minute, func(l smartlead.Limits) int { return l.PerMinute }},
					{time.Hour, func(l smartlead.Limits) int { return l.PerHour }},
				} {
					for i, from := range m.asked {
						n := 0
						for _, at := range m.asked[i:] {
							if at.Sub(from) >= w.length {
								break
							}
							n++
						}
						if most := limit(from, from.Add(w.length), w.of); n > most {
							t.Fatalf("%d requests were sent in the %s from %s on, want at most %d", n, w.length, from.Sub(start), most)
						}
					}
				}
				if got, want := quota.state(t).Limits, tt.changes[len(tt.changes)-1].limits; got != want {
					t.Errorf("the limits are %+v, want %+v", got, want)
				}
			})
		})
	}
}

// Whoever waits under a low limit waits no longer than the new one wants.
func TestBudgetRaisedWhileWaiting(t *testing.T) {
	for name, raised := range map[string]smartlead.Limits{
		"higher": {PerHour: 3600},
		"none":   {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &meter{}
				quota := newQuota(smartlead.Limits{PerHour: 1})
				time.AfterFunc(time.Minute, func() { quota.set(t, raised) })
				client := newClient(t, nil, quota.use, func(o *smartlead.Options) { o.Transport = m })
				for range 2 {
					if _, err := statistics(t.Context(), client); err != nil {
						t.Fatal(err)
					}
				}
				if waited := m.asked[1].Sub(m.asked[0]); waited > time.Minute+2*time.Second {
					t.Errorf("the second request came %s after the first, want it soon after the limit was raised at 1m", waited)
				}
			})
		})
	}
}

// The concurrency can change while requests are under way.
func TestBudgetSetConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &meter{takes: time.Second}
		quota := newQuota(smartlead.Limits{Concurrency: 2})
		time.AfterFunc(10*time.Second+500*time.Millisecond, func() {
			quota.set(t, smartlead.Limits{Concurrency: 5})
		})
		hungry(t, quota, m, 20, 30*time.Second)
		if got := m.within(5*time.Second, 10*time.Second); got != 10 {
			t.Errorf("%d requests were sent in 5 s with 2 at once, want 10", got)
		}
		if got := m.within(20*time.Second, 25*time.Second); got != 25 {
			t.Errorf("%d requests were sent in 5 s with 5 at once, want 25", got)
		}
	})
}

func TestSustained(t *testing.T) {
	for _, tt := range []struct {
		limits smartlead.Limits
		want   float64
	}{
		{smartlead.Limits{PerMinute: 60, PerHour: 1000}, 15},
		{smartlead.Limits{PerMinute: 10, PerHour: 1000}, 9},
		{smartlead.Limits{PerMinute: 10}, 9},
		{smartlead.Limits{PerHour: 1000}, 15},
		{smartlead.Limits{Concurrency: 4}, 0},
		{smartlead.Limits{PerMinute: -1, PerHour: -1}, 0},
	} {
		if got := tt.limits.Sustained(); got != tt.want {
			t.Errorf("%+v: got %v requests a minute, want %v", tt.limits, got, tt.want)
		}
	}
}
