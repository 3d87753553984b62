package simulator_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

// rateHeaders are the numbers an answer gives about the limits.
type rateHeaders struct {
	status, limit, remaining int
	reset                    time.Duration // from now
	retryAfter               string
}

func askLimits(t *testing.T, sim *simulator.Simulator, key string) rateHeaders {
	t.Helper()
	resp, body := get(t, sim, "/campaigns/1", url.Values{"api_key": {key}})
	number := func(name string) int {
		n, err := strconv.Atoi(resp.Header.Get(name))
		if err != nil {
			t.Fatalf("header %s: %v", name, err)
		}
		return n
	}
	h := rateHeaders{
		status: resp.StatusCode, limit: number("X-RateLimit-Limit"), remaining: number("X-RateLimit-Remaining"),
		reset:      time.Until(time.Unix(int64(number("X-RateLimit-Reset")), 0)),
		retryAfter: resp.Header.Get("Retry-After"),
	}
	if h.status == http.StatusTooManyRequests {
		want := `{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Too many requests. Please retry after ` + h.retryAfter +
			` seconds.","retry_after":` + h.retryAfter + `}}`
		if body != want {
			t.Errorf("got body %s, want %s", body, want)
		}
	}
	return h
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Options{Limits: simulator.Limits{PerSecond: 2, PerMinute: 3, PerHour: 5}}, simulator.Campaign{ID: 1})
		for i, step := range []struct {
			wait time.Duration
			want rateHeaders
		}{
			{0, rateHeaders{200, 2, 1, time.Second, ""}},
			{0, rateHeaders{200, 2, 0, time.Second, ""}},
			{0, rateHeaders{429, 2, 0, time.Second, "1"}},
			{999 * time.Millisecond, rateHeaders{429, 2, 0, time.Millisecond, "1"}},
			{time.Millisecond, rateHeaders{200, 3, 0, 59 * time.Second, ""}}, // third of the minute
			{time.Second, rateHeaders{429, 3, 0, 58 * time.Second, "58"}},
			{58 * time.Second, rateHeaders{200, 5, 1, 59 * time.Minute, ""}},                   // fourth of the hour, as full as the minute
			{0, rateHeaders{200, 5, 0, 59 * time.Minute, ""}},                                  // the hour is full
			{10 * time.Minute, rateHeaders{429, 5, 0, 49 * time.Minute, "2940"}},               // and nothing helps
			{49*time.Minute - time.Millisecond, rateHeaders{429, 5, 0, time.Millisecond, "1"}}, // before its end
			{time.Millisecond, rateHeaders{200, 5, 1, time.Second, ""}},                        // two places are free
			{0, rateHeaders{200, 5, 0, time.Second, ""}},                                       // they are taken
		} {
			time.Sleep(step.wait) // of the bubble's time
			if got := askLimits(t, sim, "a"); got != step.want {
				t.Errorf("request %d: got %+v, want %+v", i, got, step.want)
			}
		}
		if got := askLimits(t, sim, "b"); got.status != 200 {
			t.Errorf("another key is limited, too: %+v", got)
		}
	})
}

func TestLimitsCountRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Options{Limits: simulator.Limits{PerMinute: 2, CountRefused: true}}, simulator.Campaign{ID: 1})
		ok := 0
		for range 10 {
			if askLimits(t, sim, "a").status == 200 {
				ok++
			}
			time.Sleep(20 * time.Second) // of the bubble's time: always three in a minute
		}
		if ok != 2 {
			t.Errorf("%d requests passed, want 2: who goes on asking stays refused", ok)
		}
		time.Sleep(time.Minute)
		if got := askLimits(t, sim, "a"); got.status != 200 {
			t.Errorf("who waits is refused: %+v", got)
		}
	})
}

func TestLimitsClock(t *testing.T) {
	now := monday
	sim := newSim(t, simulator.Options{Limits: simulator.Limits{PerMinute: 1, Clock: func() time.Time { return now }}}, simulator.Campaign{ID: 1})
	var got []int
	for range 3 {
		resp, _ := get(t, sim, "/campaigns/1", nil)
		got = append(got, resp.StatusCode)
		now = now.Add(30 * time.Second)
	}
	if got[0] != 200 || got[1] != 429 || got[2] != 200 {
		t.Errorf("got statuses %v", got)
	}
	if r := sim.Requests(); !r[2].Time.Equal(monday.Add(time.Minute)) {
		t.Errorf("the third request is recorded at %s", r[2].Time)
	}
}

func TestNoLimitsNoHeaders(t *testing.T) {
	resp, _ := get(t, newSim(t, simulator.Options{}, simulator.Campaign{ID: 1}), "/campaigns/1", nil)
	for name := range resp.Header {
		if strings.HasPrefix(strings.ToLower(name), "x-ratelimit") {
			t.Errorf("got header %s", name)
		}
	}
}

func TestRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Options{Keys: []string{testKey}}, simulator.Campaign{ID: 7})
		begin := time.Now()
		get(t, sim, "/campaigns/7/statistics", values("offset", "20", "limit", "10"))
		time.Sleep(time.Second)
		get(t, sim, "/campaigns/", values("api_key", "other"))
		get(t, sim, "/nowhere", values("api_key", ""))
		get(t, sim, "/campaigns/7/statistics", values("offset", "x"))

		got := sim.Requests()
		if len(got) != 4 {
			t.Fatalf("got %d requests, want 4", len(got))
		}
		for i, want := range []struct {
			path       string
			endpoint   simulator.Endpoint
			campaignID int64
			status     int
			offset     int
			after      time.Duration
		}{
			{"/api/v1/campaigns/7/statistics", simulator.EndpointStatistics, 7, 200, 20, 0},
			{"/api/v1/campaigns/", simulator.EndpointCampaigns, 0, 401, 0, time.Second},
			{"/api/v1/nowhere", simulator.EndpointUnknown, 0, 404, 0, time.Second},
			{"/api/v1/campaigns/7/statistics", simulator.EndpointStatistics, 7, 400, -1, time.Second},
		} {
			r := got[i]
			if r.Method != http.MethodGet || r.Path != want.path || r.Endpoint != want.endpoint || r.CampaignID != want.campaignID ||
				r.Status != want.status || r.Offset() != want.offset || r.Time.Sub(begin) != want.after || r.UserAgent != "Go-http-client/1.1" {
				t.Errorf("request %d: got %+v, want %+v", i, r, want)
			}
			if r.Query.Has("api_key") || strings.Contains(r.KeyHash, testKey) {
				t.Errorf("request %d shows the key: %+v", i, r)
			}
		}
		if got[0].Query.Get("limit") != "10" {
			t.Errorf("got query %v", got[0].Query)
		}
		if got[0].KeyHash == got[1].KeyHash || got[0].KeyHash != got[3].KeyHash || got[0].KeyHash == "" || got[2].KeyHash != "" {
			t.Errorf("the hashes don't tell the keys apart: %q, %q, %q, %q", got[0].KeyHash, got[1].KeyHash, got[2].KeyHash, got[3].KeyHash)
		}
		sim.ForgetRequests()
		if left := sim.Requests(); len(left) != 0 {
			t.Errorf("%d requests were not forgotten", len(left))
		}
	})
}

func TestBusiest(t *testing.T) {
	at := func(seconds ...int) []simulator.Request {
		out := make([]simulator.Request, len(seconds))
		for i, s := range seconds {
			out[i].Time = monday.Add(time.Duration(s) * time.Second)
		}
		return out
	}
	for _, test := range []struct {
		requests []simulator.Request
		want     int
	}{
		{at(), 0},
		{at(5), 1},
		{at(0, 10), 1}, // ten seconds apart is not within ten seconds
		{at(0, 9), 2},
		{at(0, 0, 0), 3},
		{at(0, 5, 6, 14, 15, 16, 30), 3},
		{at(0, 5, 7, 14, 15, 16, 30), 4},
		{at(0, 20, 40, 41, 42), 3},
	} {
		if got := simulator.Busiest(test.requests, 10*time.Second); got != test.want {
			t.Errorf("%v: got %d, want %d", test.requests, got, test.want)
		}
	}
}

// TestConcurrentUse lets the race detector look at requests and changes at the same time.
func TestConcurrentUse(t *testing.T) {
	sim := newSim(t, simulator.Options{Limits: simulator.Limits{PerMinute: 1_000_000}, Clock: simulator.AcceleratedClock(monday, 1e4)},
		simulator.Demo(1, monday)...)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 10 {
				remove := sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Arrive(1), simulator.Vanish(1)}})
				if _, _, err := tryGet(t.Context(), sim, "/campaigns/101/statistics", values("limit", "10")); err != nil {
					t.Error(err)
				}
				if _, _, err := tryGet(t.Context(), sim, "/campaigns/", nil); err != nil {
					t.Error(err)
				}
				if err := sim.SetCampaign(simulator.Campaign{ID: int64(i + 1), Source: simulator.Rows(i, 0)}); err != nil {
					t.Error(err)
				}
				remove()
			}
		})
	}
	wg.Wait()
	if n := len(sim.Requests()); n != 80 {
		t.Errorf("%d requests are recorded, want 80", n)
	}
}
