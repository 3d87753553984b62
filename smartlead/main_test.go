package smartlead_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // much garbage, and little that is kept
	goleak.VerifyTestMain(m)
}

const (
	testKey = "b7f3c1d2-test-key"
	baseURL = "http://smartlead.test/api/v1"
)

// newClient returns a client without request limits that asks a handler within this process. The functions change its
// options.
func newClient(t testing.TB, h http.Handler, change ...func(*smartlead.Options)) *smartlead.Client {
	t.Helper()
	o := smartlead.Options{
		Key:       func() (string, error) { return testKey, nil },
		BaseURL:   baseURL,
		Limits:    &smartlead.Limits{},
		Transport: simulator.Transport(h),
	}
	for _, f := range change {
		f(&o)
	}
	client, err := smartlead.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// newSim returns a simulated account with the campaigns. It knows any key.
func newSim(t testing.TB, campaigns ...simulator.Campaign) *simulator.Simulator {
	t.Helper()
	sim, err := simulator.New(simulator.Options{Campaigns: campaigns})
	if err != nil {
		t.Fatal(err)
	}
	return sim
}

// respond answers every request with a status and a body.
func respond(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// pages answers with the bodies in turn, and with the last one for ever after.
func pages(bodies ...string) http.Handler {
	next := 0
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, bodies[next])
		next = min(next+1, len(bodies)-1)
	})
}

// counted counts the requests that reach a handler one at a time.
func counted(h http.Handler, requests *int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*requests++
		h.ServeHTTP(w, r)
	})
}

// statistics fetches campaign 1 without any filter.
func statistics(ctx context.Context, c *smartlead.Client) (smartlead.Statistics, error) {
	return c.Statistics(ctx, smartlead.StatisticsQuery{CampaignID: 1})
}

// roundTripper answers requests by a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// body is a round tripper that answers 200 with what open returns.
func body(open func() io.Reader) roundTripper {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: io.NopCloser(open()), ContentLength: -1, Request: r,
		}, nil
	}
}

// bodyBytes is body for bytes that are there already.
func bodyBytes(b []byte) roundTripper {
	return body(func() io.Reader { return bytes.NewReader(b) })
}

// row is an aggregated row of which nothing but sent isn't 0.
func row(step, sent string) string {
	return `{"campaign_id":1,"sequence_number":` + step + `,"sent":` + sent + `,"opened":0,"clicked":0,"replied":0,"unsubscribed":0,"bounced":0}`
}

// aggregated is a page of rows.
func aggregated(rows ...string) string {
	return `{"ok":true,"data":[` + strings.Join(rows, ",") + `],"offset":0,"limit":1000}`
}

// assertAbsent checks that a text doesn't contain a secret.
func assertAbsent(t testing.TB, what, text, secret string) {
	t.Helper()
	if strings.Contains(text, secret) {
		t.Errorf("%s has %q in it: %q", what, secret, text)
	}
}
