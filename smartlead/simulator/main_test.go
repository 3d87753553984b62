package simulator_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"smartlead_exporter/smartlead/simulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testKey = "k/+ &=1"

// newSim returns a Simulator of these campaigns.
func newSim(t testing.TB, opts simulator.Options, campaigns ...simulator.Campaign) *simulator.Simulator {
	t.Helper()
	opts.Campaigns = campaigns
	sim, err := simulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return sim
}

// get asks a handler through a Transport and returns the answer with its body.
func get(t testing.TB, h http.Handler, path string, query url.Values) (*http.Response, string) {
	t.Helper()
	resp, body, err := tryGet(t.Context(), h, path, query)
	if err != nil {
		t.Fatalf("couldn't get %s: %v", path, err)
	}
	return resp, body
}

// tryGet is get for answers that may fail. The key is testKey unless the query names one.
func tryGet(ctx context.Context, h http.Handler, path string, query url.Values) (*http.Response, string, error) {
	if query == nil {
		query = url.Values{}
	}
	if !query.Has("api_key") {
		query.Set("api_key", testKey)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://sim.test/api/v1"+path+"?"+query.Encode(), http.NoBody)
	if err != nil {
		return nil, "", err
	}
	resp, err := simulator.Transport(h).RoundTrip(req)
	if err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(resp.Body)
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	return resp, string(body), err
}

// page is what an answer to a statistics request can hold, in either shape.
type page struct {
	OK     *bool            `json:"ok"`
	Total  *string          `json:"total_stats"`
	Offset int              `json:"offset"`
	Limit  int              `json:"limit"`
	Data   []map[string]any `json:"data"`
}

func getPage(t testing.TB, h http.Handler, campaign int64, query url.Values) page {
	t.Helper()
	path := "/campaigns/" + strconv.FormatInt(campaign, 10) + "/statistics"
	resp, body := get(t, h, path, query)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s?%s: got status %d with %s", path, query.Encode(), resp.StatusCode, body)
	}
	var p page
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("couldn't parse %.200s: %v", body, err)
	}
	return p
}

// getAll follows the pages to the end as a careless client would: until one comes back empty.
func getAll(t testing.TB, h http.Handler, campaign int64, query url.Values) []map[string]any {
	t.Helper()
	var all []map[string]any
	for {
		q := url.Values{"limit": {"1000"}, "offset": {strconv.Itoa(len(all))}}
		maps.Copy(q, query)
		p := getPage(t, h, campaign, q)
		if len(p.Data) == 0 {
			return all
		}
		all = append(all, p.Data...)
	}
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}
