package exporter_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"smartlead_exporter/cachefile"
	"smartlead_exporter/collector"
	"smartlead_exporter/config"
	"smartlead_exporter/exporter"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inForce is an exporter with what it works on, and a simulated API in place of the network.
type inForce struct {
	*exporter.Exporter
	t      *testing.T
	dir    string // of the configuration
	own    *prometheus.Registry
	store  *collector.Store
	keeper *cachefile.Keeper
	log    *testkit.BubbleJournal
}

// begin runs an exporter without a configuration until the end of the test.
func begin(t *testing.T, api http.Handler) *inForce {
	t.Helper()
	journal := &testkit.BubbleJournal{}
	e := beginWith(t, api, journal)
	e.log = journal
	return e
}

// beginWith is begin with another log than the exporter's own.
func beginWith(t *testing.T, api http.Handler, logger log.Logger) *inForce {
	t.Helper()
	e := &inForce{t: t, dir: t.TempDir(), own: prometheus.NewRegistry()}
	metrics, err := collector.NewMetrics(e.own)
	if err != nil {
		t.Fatal(err)
	}
	e.store = collector.NewStore(logger, metrics)
	budgets := smartlead.NewBudgets()
	e.keeper = cachefile.NewKeeper(logger, e.store, budgets)
	e.Exporter = exporter.New(exporter.Options{
		Budgets: budgets,
		Logger:  logger, Metrics: metrics, Store: e.store, Keeper: e.keeper,
		Transport: simulator.Transport(api),
	})
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	running.Go(func() {
		if err := e.store.Run(t.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v, want the end of its context", err)
		}
	})
	return e
}

// parse returns a configuration, which is good as such.
func (e *inForce) parse(text string) *config.Config {
	e.t.Helper()
	cfg, err := config.Parse(filepath.Join(e.dir, "config.yml"), []byte(text))
	if err != nil {
		e.t.Fatal(err)
	}
	return cfg
}

// apply puts a configuration into force.
func (e *inForce) apply(text string) error {
	e.t.Helper()
	return e.Apply(e.parse(text))
}

// mustApply is apply for what is expected to succeed.
func (e *inForce) mustApply(text string) {
	e.t.Helper()
	if err := e.apply(text); err != nil {
		e.t.Fatal(err)
	}
}

// scrape waits until all is fetched, for a minute at most.
func (e *inForce) scrape() {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), time.Minute)
	defer cancel()
	if _, err := collector.NewGatherer(e.store).ForScrape(ctx, e.own).Gather(); err != nil {
		e.t.Error(err)
	}
}

// newSimulator returns a simulated API with three campaigns.
func newSimulator(t *testing.T, o simulator.Options) *simulator.Simulator {
	t.Helper()
	o.Campaigns = []simulator.Campaign{testkit.Aggregated(1, 10), testkit.Aggregated(2, 20), testkit.Aggregated(3, 30)}
	return testkit.NewSimulator(t, o)
}
