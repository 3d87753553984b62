package reliability_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/collector"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// requestTimeout is that of all clients here, the default of the program.
const requestTimeout = smartlead.DefaultRequestTimeout

// exporter is a store at work, with what stands around it in the program.
type exporter struct {
	t        testing.TB
	store    *collector.Store
	metrics  *collector.Metrics
	own      *prometheus.Registry // the exporter's own metrics
	gatherer *collector.Gatherer
	log      *testkit.BubbleJournal
}

// newExporter returns a store that nobody runs yet.
func newExporter(t testing.TB) *exporter {
	t.Helper()
	e := &exporter{t: t, own: prometheus.NewRegistry(), log: &testkit.BubbleJournal{}}
	var err error
	if e.metrics, err = collector.NewMetrics(e.own); err != nil {
		t.Fatal(err)
	}
	e.store = collector.NewStore(e.log, e.metrics)
	e.gatherer = collector.NewGatherer(e.store)
	return e
}

// start runs a store until the test ends. It must be called within the bubble.
func start(t testing.TB) *exporter {
	t.Helper()
	e := newExporter(t)
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	running.Go(func() {
		if err := e.store.Run(t.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v, want the end of its context", err)
		}
	})
	return e
}

// newClient returns the client of an account, as the program makes one.
func (e *exporter) newClient(account string, key func() (string, error), transport http.RoundTripper, budgets *smartlead.Budgets, limits smartlead.Limits) *smartlead.Client {
	e.t.Helper()
	client, err := smartlead.NewClient(smartlead.Options{
		Key:            key,
		BaseURL:        "http://" + account + ".smartlead.test" + simulator.DefaultPrefix,
		Budgets:        budgets,
		Account:        account,
		Limits:         &limits,
		RequestTimeout: requestTimeout,
		Transport:      transport,
		Trace:          e.metrics.Trace(account),
	})
	if err != nil {
		e.t.Fatal(err)
	}
	return client
}

// scrape returns what a scrape shows that waits until ctx ends.
func (e *exporter) scrape(ctx context.Context) page {
	e.t.Helper()
	families, err := e.gatherer.ForScrape(ctx, e.own).Gather()
	if err != nil {
		e.t.Fatal(err)
	}
	return readPage(e.t, families)
}

// scrapeFor is scrape for a deadline.
func (e *exporter) scrapeFor(d time.Duration) page {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), d)
	defer cancel()
	return e.scrape(ctx)
}

// status returns how a campaign stands, without a scrape.
func (e *exporter) status(id int64) collector.Snapshot {
	for _, a := range e.store.Snapshot() {
		for _, c := range a.Campaigns {
			if c.Query.CampaignID == id {
				return c
			}
		}
	}
	return collector.Snapshot{}
}

// spellings are the ways in which a key could show.
func spellings(key string) []string {
	return []string{key, url.QueryEscape(key), url.PathEscape(key), strings.ToLower(url.QueryEscape(key)), strconv.Quote(key)}
}
