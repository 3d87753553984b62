package simulator_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"

	"smartlead_exporter/smartlead/simulator"
)

// faulty answers requests with status 500 as far as a fault goes.
func faulty(f simulator.Fault) simulator.Fault {
	f.Effects = []simulator.Effect{simulator.RespondStatus(500, "canceling statement")}
	return f
}

// TestFaultsMatch asks for two campaigns' pages in turn and looks at which go wrong.
func TestFaultsMatch(t *testing.T) {
	match := func(m ...simulator.Matcher) []simulator.Matcher { return m }
	agent := func(r simulator.Request) bool { return strings.HasPrefix(r.UserAgent, "Go-http-client") }
	for name, test := range map[string]struct {
		fault simulator.Fault
		want  string // one letter for each request: E for an error
	}{
		"all":              {simulator.Fault{}, "EEEEEE"},
		"one campaign":     {simulator.Fault{Match: match(simulator.ForCampaign(1))}, "E.E.E."},
		"two campaigns":    {simulator.Fault{Match: match(simulator.ForCampaign(1, 2))}, "EEEEE."},
		"an offset":        {simulator.Fault{Match: match(simulator.AtOffset(10))}, "..EE.."},
		"the first offset": {simulator.Fault{Match: match(simulator.AtOffset(0))}, "EE...."},
		"both":             {simulator.Fault{Match: match(simulator.AtOffset(10), simulator.ForCampaign(2))}, "...E.."},
		"an endpoint":      {simulator.Fault{Match: match(simulator.ForEndpoint(simulator.EndpointCampaigns))}, ".....E"},
		"any condition":    {simulator.Fault{Match: match(agent, simulator.ForEndpoint(simulator.EndpointStatistics))}, "EEEEE."},
		"the second":       {simulator.Fault{Skip: 1, Times: 1}, ".E...."},
		"the first two":    {simulator.Fault{Times: 2}, "EE...."},
		"from the fourth":  {simulator.Fault{Skip: 3}, "...EEE"},
		"its second":       {simulator.Fault{Match: match(simulator.ForCampaign(1)), Skip: 1, Times: 1}, "..E..."},
	} {
		t.Run(name, func(t *testing.T) {
			sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1}, simulator.Campaign{ID: 2})
			remove := sim.Inject(faulty(test.fault))
			ask := func() string {
				var got strings.Builder
				for _, r := range []struct {
					path  string
					query url.Values
				}{
					{"/campaigns/1/statistics", nil},
					{"/campaigns/2/statistics", nil},
					{"/campaigns/1/statistics", values("offset", "10")},
					{"/campaigns/2/statistics", values("offset", "10")},
					{"/campaigns/1/statistics", values("offset", "20")},
					{"/campaigns/", nil},
				} {
					resp, body := get(t, sim, r.path, r.query)
					switch {
					case resp.StatusCode == 500 && body == "canceling statement":
						got.WriteByte('E')
					case resp.StatusCode == 200:
						got.WriteByte('.')
					default:
						t.Fatalf("got %d with %s", resp.StatusCode, body)
					}
				}
				return got.String()
			}
			if got := ask(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			remove()
			remove()
			if got := ask(); got != "......" {
				t.Errorf("after it was removed: got %s", got)
			}
		})
	}
}

// TestFaultsCompose sees the effects of all matching faults, in their order.
func TestFaultsCompose(t *testing.T) {
	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1})
	sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Append("1"), simulator.Append("2")}})
	sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Append("3"), simulator.RespondStatus(503, "0")}})
	resp, body := get(t, sim, "/campaigns/1", nil)
	if resp.StatusCode != 503 || body != "0321" {
		t.Errorf("got %d with %q, want the first effect to come last", resp.StatusCode, body)
	}
	if r := sim.Requests(); r[0].Status != 503 {
		t.Errorf("status %d is recorded", r[0].Status)
	}
}

// TestFaultsComeAfterLimits sees that a request that goes wrong counts, too.
func TestFaultsComeAfterLimits(t *testing.T) {
	sim := newSim(t, simulator.Options{Limits: simulator.Limits{PerMinute: 2}}, simulator.Campaign{ID: 1})
	sim.Inject(faulty(simulator.Fault{}))
	var got []int
	for range 3 {
		resp, _ := get(t, sim, "/campaigns/1", nil)
		got = append(got, resp.StatusCode)
	}
	if !slices.Equal(got, []int{500, 500, 429}) {
		t.Errorf("got %v", got)
	}
}

// TestFaultsOverHTTP sees the faults that break connections through a real server and its transport, so that the tests
// of Transport can be believed.
func TestFaultsOverHTTP(t *testing.T) {
	for _, test := range faultsOfConnections {
		t.Run(test.name, func(t *testing.T) {
			sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Source: simulator.Rows(10, 100)})
			server := httptest.NewServer(sim)
			defer server.Close()
			client := server.Client()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			sim.Inject(simulator.Fault{Effects: []simulator.Effect{test.effect}})

			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/v1/campaigns/1/statistics?api_key=x", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				if !test.noAnswer || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("got error %v", err)
				}
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			test.check(t, resp, string(body), err)
		})
	}
}
