package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/collector"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/web"
)

// slow is an API whose answers take a time.
func slow(takes time.Duration) *testkit.Fetcher {
	f := testkit.NewFetcher()
	f.AnswerAll(testkit.Answer{Takes: takes})
	return f
}

// handled is the exporter without a process: its handler over a fake API.
type handled struct {
	*web.Handler
	store *collector.Store
	own   *prometheus.Registry

	reloads int
}

// defaults are the options of the command line that has none.
func defaults() web.Options {
	return web.Options{
		TelemetryPath: "/metrics", MaxRequests: 40, ScrapeTimeout: 10 * time.Second, TimeoutOffset: 500 * time.Millisecond,
	}
}

// handle returns the handler for some campaigns of a fake API.
func handle(t *testing.T, o web.Options, api *testkit.Fetcher, ids ...int64) *handled {
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
func handleStore(t *testing.T, o web.Options, fill func(*collector.Metrics, *collector.Store) error) *handled {
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
	h.Handler = web.NewHandler(o, log.NewNopLogger(), web.Sources{
		Own: h.own, Store: h.store, Ledger: silent{}, Config: func() string { return "accounts: []" },
		Docs: fstest.MapFS{"runbook.md": {Data: []byte("# What to do <first>\n\nSleep.\n")}}, Load: func() error { h.reloads++; return nil },
	})

	ctx, end := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = h.store.Run(ctx) })
	t.Cleanup(func() {
		end()
		running.Wait()
	})
	return h
}

// silent is an API that refuses nothing.
type silent struct{}

func (silent) Budget(string) smartlead.BudgetState { return smartlead.BudgetState{} }

func (silent) PausedSince(string) time.Time { return time.Time{} }

func (silent) Refusal(string) (at time.Time, text string) { return time.Time{}, "" }

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
