package main_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	exporter "smartlead_exporter"
	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// fakeAPI answers with one step of a campaign, in which as many e-mails were sent as the campaign's number says. It
// works in a bubble of testing/synctest.
type fakeAPI struct {
	takes time.Duration
	fails error

	mu    sync.Mutex
	asked int
}

func (f *fakeAPI) Statistics(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.Statistics, error) {
	f.mu.Lock()
	f.asked++
	f.mu.Unlock()
	timer := time.NewTimer(f.takes)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return smartlead.Statistics{}, context.Cause(ctx)
	}
	return smartlead.Statistics{Requests: 1, Steps: []smartlead.Step{{SequenceNumber: 1, Sent: q.CampaignID}}}, f.fails
}

// handled is the exporter without a process: its handler over a fake API.
type handled struct {
	exporter.Handler
	store *collector.Store
	own   *prometheus.Registry
}

// defaults are the options of the command line that has none.
func defaults() exporter.WebOptions {
	return exporter.WebOptions{
		TelemetryPath: "/metrics", MaxRequests: 40, ScrapeTimeout: 10 * time.Second, TimeoutOffset: 500 * time.Millisecond,
	}
}

// handle returns the handler for some campaigns of a fake API.
func handle(t *testing.T, o exporter.WebOptions, api *fakeAPI, ids ...int64) *handled {
	t.Helper()
	settings := collector.Settings{TTL: time.Minute, MaxStale: time.Hour, Accounts: []collector.Account{{
		Name: "default", Fetcher: api, Concurrency: max(1, len(ids)),
	}}}
	for _, id := range ids {
		settings.Accounts[0].Campaigns = append(settings.Accounts[0].Campaigns, collector.Campaign{Query: smartlead.StatisticsQuery{CampaignID: id}})
	}
	return handleStore(t, o, func(_ *collector.Metrics, store *collector.Store) error {
		store.Apply(settings)
		return nil
	})
}

// handleStore returns the handler for a store that fill has filled, and that runs until the end of the test.
func handleStore(t *testing.T, o exporter.WebOptions, fill func(*collector.Metrics, *collector.Store) error) *handled {
	t.Helper()
	h := &handled{own: prometheus.NewRegistry()}
	metrics, err := collector.NewMetrics(h.own)
	if err != nil {
		t.Fatal(err)
	}
	h.store = collector.NewStore(log.NewNopLogger(), metrics)
	if err := fill(metrics, h.store); err != nil {
		t.Fatal(err)
	}
	h.Handler, err = exporter.NewHandler(o, log.NewNopLogger(), h.own, h.store, func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}

	ctx, end := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = h.store.Run(ctx) })
	t.Cleanup(func() {
		end()
		running.Wait()
	})
	return h
}

// do sends a request; headers are names and values in turn.
func (h *handled) do(t *testing.T, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func (h *handled) get(t *testing.T, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return h.do(t, http.MethodGet, path, headers...)
}

// firstLine returns the first line of an answer.
func firstLine(w *httptest.ResponseRecorder) string {
	line, _, _ := strings.Cut(w.Body.String(), "\n")
	return line
}
