package process_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"smartlead_exporter/smartlead/simulator"
)

// api is a simulated API on loopback.
type api struct {
	*simulator.Simulator
	url string // what to configure as base_url
}

func newAPI(t testing.TB, o simulator.Options) *api {
	t.Helper()
	sim, err := simulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return &api{Simulator: sim, url: server.URL + simulator.DefaultPrefix}
}

// statistics counts the requests for statistics so far.
func (a *api) statistics() int {
	n := 0
	for _, r := range a.Requests() {
		if r.Endpoint == simulator.EndpointStatistics {
			n++
		}
	}
	return n
}

// aggregated is a campaign with one step in which so many e-mails were sent.
func aggregated(id, sent int) simulator.Campaign {
	return simulator.Campaign{
		ID: int64(id), Name: fmt.Sprintf("Campaign %d", id), Shape: simulator.PerSequence,
		Source: simulator.Aggregated(simulator.StepCounts{Step: 1, Sent: int64(sent)}),
	}
}

// reference is an example of the API's reference, to the letter.
func reference(t testing.TB, name string) simulator.Effect {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "smartlead", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return simulator.Respond(simulator.Answer{
		Name: name, Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: string(body),
	})
}

const testKey = "the-key"

// keyInEnv configures the key of accounts that don't say where theirs is.
func keyInEnv(key string) []string { return []string{"SMARTLEAD_API_KEY=" + key} }
