package testkit

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"smartlead_exporter/smartlead/simulator"
)

// Key is the API key that tests configure where it doesn't matter.
const Key = "the-key"

// API is a simulated API on loopback, for what is tested with its connections.
type API struct {
	*simulator.Simulator
	// URL is what to configure as base_url.
	URL string
}

// NewSimulator returns a simulated API, to be asked without a network.
func NewSimulator(t testing.TB, o simulator.Options) *simulator.Simulator {
	t.Helper()
	sim, err := simulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return sim
}

// StartAPI serves simulated campaigns until the end of the test.
func StartAPI(t testing.TB, o simulator.Options) *API {
	t.Helper()
	sim := NewSimulator(t, o)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return &API{Simulator: sim, URL: server.URL + simulator.DefaultPrefix}
}

// Asked counts the requests for statistics so far.
func (a *API) Asked() int {
	n := 0
	for _, r := range a.Requests() {
		if r.Endpoint == simulator.EndpointStatistics {
			n++
		}
	}
	return n
}

// Configure puts the API's address into a configuration, in place of the word API.
func (a *API) Configure(config string) string { return strings.ReplaceAll(config, "API", a.URL) }

// Aggregated is a simulated campaign with one step in which so many e-mails were sent.
func Aggregated(id, sent int) simulator.Campaign {
	return simulator.Campaign{
		ID: int64(id), Name: fmt.Sprintf("Campaign %d", id), Shape: simulator.PerSequence,
		Source: simulator.Aggregated(simulator.StepCounts{Step: 1, Sent: int64(sent)}),
	}
}
