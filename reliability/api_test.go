package reliability_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// api is a simulated API with the line to it.
type api struct {
	sim  *simulator.Simulator
	line *line
}

func newAPI(t testing.TB, opts simulator.Options) *api {
	t.Helper()
	sim := testkit.NewSimulator(t, opts)
	return &api{sim: sim, line: &line{to: simulator.Transport(sim)}}
}

// checkBudget checks by the API's own record that no sliding minute or hour exceeded its limit.
func (a *api) checkBudget(t testing.TB, limits smartlead.Limits) {
	t.Helper()
	all := a.sim.Requests()
	for _, l := range []struct {
		window time.Duration
		most   int
	}{{time.Minute, limits.PerMinute}, {time.Hour, limits.PerHour}} {
		if got := simulator.Busiest(all, l.window); got > l.most {
			t.Errorf("there were %d requests within %s, want at most %d", got, l.window, l.most)
		}
	}
}

// line is a round tripper that can fail before a request arrives, as the simulator itself can't: there is no answer
// then, nor anybody who would have seen the request.
type line struct {
	to      http.RoundTripper
	observe func() // called before each request; nil: nothing is

	mu       sync.Mutex
	requests map[int64]int // by campaign
	cut      cut
	down     error // if not nil, what becomes of every request
}

// cut is a failure of the line.
type cut struct {
	campaign    int64
	offset      int
	skip, times int // as those of a simulator.Fault
	err         error
	matched     int
}

// fail makes the requests for a page fail.
func (l *line) fail(campaign int64, offset, skip, times int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut{campaign: campaign, offset: offset, skip: skip, times: times, err: err}
}

// goDown makes every request fail; nil ends that.
func (l *line) goDown(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = err
}

// asked returns how many requests for a campaign there were, whatever became of them.
func (l *line) asked(campaign int64) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.requests[campaign]
}

// RoundTrip implements http.RoundTripper.
func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.observe != nil {
		l.observe()
	}
	if err := l.pass(r); err != nil {
		return nil, err
	}
	return l.to.RoundTrip(r)
}

func (l *line) pass(r *http.Request) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	id, _ := strconv.ParseInt(strings.Split(strings.TrimPrefix(r.URL.Path, simulator.DefaultPrefix+"/campaigns/"), "/")[0], 10, 64)
	if l.requests == nil {
		l.requests = map[int64]int{}
	}
	l.requests[id]++
	if l.down != nil {
		return l.down
	}
	c := &l.cut
	if c.err == nil || id != c.campaign || r.URL.Query().Get("offset") != strconv.Itoa(c.offset) {
		return nil
	}
	c.matched++
	if wrong := c.matched - c.skip; wrong > 0 && (c.times == 0 || wrong <= c.times) {
		return c.err
	}
	return nil
}
