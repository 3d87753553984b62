package alerts_test

import (
	"context"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"

	"smartlead_exporter/collector"
	"smartlead_exporter/exporter"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
)

// family is what a rule or a reader has to know of a metric.
type family struct {
	Type   string   // gauge, counter or histogram
	Labels []string // sorted
}

// emitted returns the families that the program shows, by name, from a scrape of campaigns of which everything is known.
func emitted(t *testing.T) map[string]family {
	t.Helper()
	own := &describedRegistry{Registry: prometheus.NewPedanticRegistry()}
	metrics, err := collector.NewMetrics(own)
	if err != nil {
		t.Fatal(err)
	}
	budget := smartlead.BudgetState{Limits: smartlead.DefaultLimits(), Advertised: 60}
	own.MustRegister(exporter.NewCacheMetrics(func() uint64 { return 0 }))
	own.MustRegister(exporter.NewBudgetMetrics(func() map[string]smartlead.BudgetState {
		return map[string]smartlead.BudgetState{"default": budget}
	}))
	own.MustRegister(versioncollector.NewCollector("smartlead_exporter"))
	store := collector.NewStore(log.NewNopLogger(), metrics)
	store.Apply(collector.Settings{TTL: time.Hour, MaxStale: time.Hour, Accounts: []collector.Account{wellKnown()}})
	metrics.Trace("default").Remaining(1) // missing until the API says so

	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = store.Run(ctx) })
	defer running.Wait()
	defer cancel()

	campaigns := &describedRegistry{Registry: prometheus.NewPedanticRegistry()}
	if err := campaigns.Register(collector.New(ctx, store)); err != nil {
		t.Fatal(err)
	}
	awaitSubjects(t, campaigns)
	families := map[string]family{}
	for _, registry := range []*describedRegistry{campaigns, own} {
		gathered, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range gathered {
			labels := []string{}
			for _, m := range f.GetMetric() {
				for _, label := range m.GetLabel() {
					labels = append(labels, label.GetName())
				}
			}
			slices.Sort(labels)
			families[f.GetName()] = family{Type: strings.ToLower(f.GetType().String()), Labels: slices.Compact(labels)}
		}
		for _, name := range registry.described {
			if _, ok := families[name]; !ok {
				t.Errorf("%s is described, but wasn't shown: the campaigns of this test lack something", name)
			}
		}
	}
	return families
}

// awaitSubjects gathers until there is a series of each family, for some of which no scrape waits. It gives up after a
// while, for the test to say which is missing.
func awaitSubjects(t *testing.T, campaigns *describedRegistry) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < 20*time.Second; runtime.Gosched() {
		gathered, err := campaigns.Gather()
		if err != nil {
			t.Fatal(err)
		}
		if len(gathered) == len(campaigns.described) {
			return
		}
	}
}

// describedRegistry notes the names of all families that can come, whether they come or not.
type describedRegistry struct {
	*prometheus.Registry
	described []string
}

var describedName = regexp.MustCompile(`^Desc\{fqName: "([^"]+)"`)

func (r *describedRegistry) Register(c prometheus.Collector) error {
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		c.Describe(descs)
	}()
	for desc := range descs {
		r.described = append(r.described, describedName.FindStringSubmatch(desc.String())[1])
	}
	return r.Registry.Register(c)
}

// wellKnown is an account with a campaign of which everything is shown that can be.
func wellKnown() collector.Account {
	fetcher, lister := testkit.NewFetcher(), &testkit.Lister{}
	fetcher.Answer(1, testkit.Answer{Statistics: &smartlead.Statistics{
		Steps: []smartlead.Step{{SequenceNumber: 1, Sent: 1, LastSent: time.Unix(1, 0)}}, RowsWithoutStep: 1, Requests: 1,
		Shape: smartlead.ShapePerEmail, Replies: new(testkit.Replies()), Variants: []smartlead.VariantCounts{{SequenceNumber: 1, VariantID: 2535, Sent: 1}},
	}})
	lister.Answer(smartlead.Campaign{
		ID: 1, Name: "one", Status: "ACTIVE", CreatedAt: time.Unix(1, 0), ClientID: "2", ParentID: 3, MaxLeadsPerDay: 4, Tags: []string{"five"},
	})
	return collector.Account{
		Name: "default", Fetcher: fetcher, Concurrency: 1, Lister: lister, ListInterval: time.Hour, Discovery: &collector.Discovery{},
		Source: testkit.Source{Campaign: 1}, Collect: collector.Subjects(),
	}
}
