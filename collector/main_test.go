package collector_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/goleak"

	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // simulated hours make much garbage and keep little; it saves a fifth of the time
	goleak.VerifyTestMain(m)
}

const (
	ttl      = 45 * time.Second
	maxStale = time.Hour

	// maxBackoff is the longest time that a campaign or an account waits after a failure.
	maxBackoff = 15 * time.Minute

	// timeout is that of a scrape where it doesn't matter: longer than anything it waits for.
	timeout = 10 * time.Minute
)

// exporter is a store at work, with what stands around it in the program.
type exporter struct {
	t       testing.TB
	store   *collector.Store
	metrics *collector.Metrics
	own     *prometheus.Registry // the exporter's own metrics
	log     *journal

	gatherer *collector.Gatherer
	running  sync.WaitGroup
}

// start runs a store with these settings until the test ends.
func start(t testing.TB, settings collector.Settings) *exporter {
	t.Helper()
	e := prepare(t, settings)
	e.run()
	return e
}

// run runs the store until the test ends, and returns at once.
func (e *exporter) run() {
	e.running.Go(func() {
		if err := e.store.Run(e.t.Context()); !errors.Is(err, context.Canceled) {
			e.t.Errorf("Run returned %v, want the end of its context", err)
		}
	})
}

// prepare is start without running the store, which the test does by e.run if it does it at all.
func prepare(t testing.TB, settings collector.Settings) *exporter {
	t.Helper()
	e := &exporter{t: t, own: prometheus.NewPedanticRegistry(), log: &journal{}}
	var err error
	if e.metrics, err = collector.NewMetrics(e.own); err != nil {
		t.Fatal(err)
	}
	e.store = collector.NewStore(e.log, e.metrics)
	e.gatherer = collector.NewGatherer(e.store)
	t.Cleanup(e.running.Wait)
	e.store.Apply(settings)
	return e
}

// settings are what most tests need: campaigns that go stale an hour after their last success.
func settings(accounts ...collector.Account) collector.Settings {
	return collector.Settings{TTL: ttl, MaxStale: maxStale, Accounts: accounts}
}

// account has campaigns without names that are fetched one at a time.
func account(name string, fetcher counting.Rower, ids ...int64) collector.Account {
	a := collector.Account{Name: name, Fetcher: counting.NewByRows(fetcher), Concurrency: 1}
	if client, ok := fetcher.(interface{ Budget() smartlead.BudgetState }); ok {
		a.Budget = client.Budget
	}
	for _, id := range ids {
		a.Campaigns = append(a.Campaigns, campaign(id, ""))
	}
	return a
}

// concurrently is account with several campaigns fetched at a time.
func concurrently(concurrency int, a collector.Account) collector.Account {
	a.Concurrency = concurrency
	return a
}

func campaign(id int64, name string) collector.Campaign {
	c := collector.Campaign{Name: name}
	c.Query.CampaignID = id
	return c
}

// serve returns the page that a scrape gets which accepts this format.
func (e *exporter) serve(g prometheus.Gatherer, accept string) string {
	e.t.Helper()
	r := httptest.NewRequestWithContext(e.t.Context(), http.MethodGet, "/metrics", http.NoBody)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	promhttp.HandlerFor(g, promhttp.HandlerOpts{
		ErrorHandling: promhttp.HTTPErrorOnError, EnableOpenMetrics: true, DisableCompression: true,
	}).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		e.t.Errorf("scrape got status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// exposition is the page of a scrape that waits until ctx ends, as the program serves it.
func (e *exporter) exposition(ctx context.Context, accept string) string {
	e.t.Helper()
	return e.serve(e.gatherer.ForScrape(ctx, e.own), accept)
}

// collected is exposition by the Collector in a registry of its own.
func (e *exporter) collected(ctx context.Context, accept string) string {
	e.t.Helper()
	campaigns := prometheus.NewPedanticRegistry()
	if err := campaigns.Register(collector.New(ctx, e.store)); err != nil {
		e.t.Fatal(err)
	}
	return e.serve(prometheus.Gatherers{campaigns, e.own}, accept)
}

// ownPage holds the exporter's own metrics, without a scrape.
func (e *exporter) ownPage() page {
	e.t.Helper()
	return parse(e.t, e.serve(e.own, textFormat))
}

// scrapeWith returns what a scrape shows that waits until ctx ends.
func (e *exporter) scrapeWith(ctx context.Context) page {
	e.t.Helper()
	return parse(e.t, e.exposition(ctx, textFormat))
}

// scrapeFor is scrapeWith for a deadline.
func (e *exporter) scrapeFor(d time.Duration) page {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), d)
	defer cancel()
	return e.scrapeWith(ctx)
}

// scrape is scrapeFor without a deadline that matters.
func (e *exporter) scrape() page {
	e.t.Helper()
	return e.scrapeFor(timeout)
}

// probe is a scrape of one campaign alone, for a deadline. It returns what that shows.
func (e *exporter) probe(id int64, d time.Duration) page {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), d)
	defer cancel()
	return parse(e.t, e.serve(e.gatherer.ForCampaign(ctx, id), textFormat))
}

// collectFor is scrapeFor without a page, for tests of what many scrapes lead to.
func (e *exporter) collectFor(d time.Duration) {
	ctx, cancel := context.WithTimeout(e.t.Context(), d)
	defer cancel()
	e.store.Scrape(ctx)
}

// What a page and a log are read by, in short.
type (
	page    = testkit.Page
	journal = testkit.BubbleJournal
)

const none = testkit.None

var parse = testkit.Parse

// The series that most tests look at.

func sent(id int64) string {
	return fmt.Sprintf(`smartlead_sent_total{campaign_id="%d",sequence_number="1"}`, id)
}
func up(id int64) string          { return ofCampaign("up", id) }
func lastSuccess(id int64) string { return ofCampaign("last_success_timestamp_seconds", id) }
func duration(id int64) string    { return ofCampaign("refresh_duration_seconds", id) }
func requests(id int64) string    { return ofCampaign("refresh_requests", id) }

func ofCampaign(name string, id int64) string {
	return fmt.Sprintf(`smartlead_campaign_%s{campaign_id="%d"}`, name, id)
}

// info takes the name as it is written on the page.
func info(id int64, account, name string) string {
	return fmt.Sprintf(`smartlead_campaign_info{account=%q,campaign_id="%d",campaign_name=`, account, id) +
		`"` + name + `",client_id="",parent_campaign_id=""}`
}

func failures(account, reason string) string {
	return fmt.Sprintf(`smartlead_exporter_refresh_failures_total{account=%q,reason=%q}`, account, reason)
}

func lookups(result string) string {
	return fmt.Sprintf(`smartlead_exporter_cache_lookups_total{result=%q}`, result)
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
