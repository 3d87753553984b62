package collector_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"smartlead_exporter/collector"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
)

const (
	textFormat  = "text/plain"
	openMetrics = "application/openmetrics-text; version=1.0.0"
)

// scenario is what a page shows: an exporter some scrapes after its start. All of it happens in a bubble, whose clock
// starts at 2000-01-01T00:00:00Z.
type scenario struct {
	name  string
	start func(t *testing.T) *exporter
}

func scenarios() []scenario {
	aggregated := &smartlead.Statistics{
		Steps: []smartlead.Step{
			{SequenceNumber: 1, Sent: 1240, Opened: 372, Clicked: 89, Replied: 23, Unsubscribed: 4, Bounced: 18},
			{SequenceNumber: 2, Sent: 892, Opened: 267, Clicked: 54, Replied: 12, Unsubscribed: 2, Bounced: 9},
		},
		Shape: smartlead.ShapeAggregated, Rows: 2, Requests: 1,
	}
	perEmail := &smartlead.Statistics{
		Steps: []smartlead.Step{
			{SequenceNumber: 1, Sent: 2000, Opened: 1100, Clicked: 90, Replied: 31, Unsubscribed: 7, Bounced: 22, LastSent: time.Date(1999, 12, 31, 16, 59, 58, 747e6, time.UTC)},
			{SequenceNumber: 2, Sent: 503, Opened: 260, Clicked: 12, Replied: 4, LastSent: time.Date(1999, 12, 30, 9, 0, 0, 0, time.UTC)},
			{SequenceNumber: 3}, // nothing sent yet
		},
		Shape: smartlead.ShapePerEmail, Rows: 2503 + 25, RowsWithoutStep: 25, Requests: 3,
		Replies: new(testkit.Replies()),
		Variants: []smartlead.VariantCounts{
			{SequenceNumber: 1, VariantID: 2535, Sent: 1010, Opened: 600, Clicked: 50, Replied: 20, Unsubscribed: 4, Bounced: 10},
			{SequenceNumber: 1, VariantID: 2536, Sent: 990, Opened: 500, Clicked: 40, Replied: 11, Unsubscribed: 3, Bounced: 12},
		},
	}
	return []scenario{
		{"aggregated", func(t *testing.T) *exporter {
			api := newAPI()
			api.Answer(123, answer{Takes: 400 * time.Millisecond, Statistics: aggregated})
			e := start(t, settings(account("default", api, 123)))
			e.scrape()
			return e
		}},
		{"per_email", func(t *testing.T) *exporter {
			api := newAPI()
			api.Answer(67890, answer{Takes: 12500 * time.Millisecond, Statistics: perEmail})
			a := account("default", api)
			a.Campaigns = []collector.Campaign{campaign(67890, "Q4 outreach")}
			e := start(t, settings(a))
			e.scrape()
			return e
		}},
		// 1 fails after it had values, 2 has never had any, 3 is well.
		{"failing", func(t *testing.T) *exporter {
			api := newAPI()
			api.Answer(1, answer{Sent: 50})
			api.Answer(2, answer{Err: failure(smartlead.ErrNotFound)})
			e := start(t, settings(account("default", api, 1, 2, 3)))
			e.scrape()
			time.Sleep(ttl)
			api.Answer(1, answer{Takes: 30 * time.Second, Statistics: &smartlead.Statistics{Requests: 4}, Err: failure(smartlead.ErrServer)})
			e.scrape()
			return e
		}},
		{"without_statistics", func(t *testing.T) *exporter {
			api := newAPI()
			api.Answer(1, answer{Takes: time.Second, Statistics: &smartlead.Statistics{Requests: 1}})
			e := start(t, settings(account("default", api, 1)))
			e.scrape()
			return e
		}},
		{"accounts", func(t *testing.T) *exporter {
			agency, discovered := newAPI(), newAPI()
			agency.Answer(123, answer{Takes: 400 * time.Millisecond, Statistics: aggregated})
			agency.Answer(124, answer{Err: failure(smartlead.ErrUnauthorized)})
			discovered.Answer(67890, answer{Takes: 12500 * time.Millisecond, Statistics: perEmail})
			a := account("agency", agency, 123)
			a.Campaigns = append(a.Campaigns, campaign(124, `the "big" one \ 🚀`+"\nline two"))
			d := account("discovered", discovered)
			d.Discovery, d.ListInterval = &collector.Discovery{MaxCampaigns: 1}, time.Hour
			list := &catalogAPI{}
			list.Answer(
				smartlead.Campaign{
					ID: 67890, Name: "Q4 outreach", Status: "ACTIVE", CreatedAt: time.Date(1999, 11, 1, 8, 0, 0, 0, time.UTC), ClientID: "77",
					ParentID: 67000, OpenTracking: true, MaxLeadsPerDay: 200, Tags: []string{"outbound", "Q4"},
				},
				smartlead.Campaign{ID: 67000, Name: "older", Status: "PAUSED", CreatedAt: time.Date(1999, 10, 1, 8, 0, 0, 0, time.UTC), MaxLeadsPerDay: -1},
				smartlead.Campaign{ID: 67001, Name: "over", Status: "COMPLETED", MaxLeadsPerDay: -1},
			)
			d.Lister = list
			e := start(t, settings(a, d))
			trace := e.metrics.Trace("agency")
			trace.Request(smartlead.RequestInfo{StatusCode: 200, Duration: 400 * time.Millisecond})
			trace.Request(smartlead.RequestInfo{StatusCode: 401, Duration: 80 * time.Millisecond})
			trace.Wait(1200 * time.Millisecond)
			trace.Remaining(58)
			e.metrics.Reloaded(true)
			e.scrape()
			d.Source, d.Collect, d.MailboxAddresses = testkit.Source{Campaign: 67890}, collector.Subjects(), true
			d.KeySource = "file"          // by another key all is due at once
			e.store.Apply(settings(a, d)) // now, since before the campaigns are there it is open when a subject begins
			for range 2 {                 // what a campaign's refresh says of a subject can have something asked for at the next scrape
				e.scrape()
				synctest.Wait() // for the subjects
			}
			return e
		}},
	}
}

// The pages in testdata are what Prometheus reads. go test ./collector -run Golden -update writes them anew.
func TestGoldenPages(t *testing.T) {
	for _, tc := range scenarios() {
		for _, form := range []struct{ accept, suffix string }{{textFormat, ".prom"}, {openMetrics, ".openmetrics"}} {
			t.Run(tc.name+form.suffix, func(t *testing.T) {
				lines := func(page string) []string { // within a family the Gatherer has an order of its own
					return slices.Sorted(slices.Values(strings.Split(page, "\n")))
				}
				var want []string
				synctest.Test(t, func(t *testing.T) {
					page := tc.start(t).collected(t.Context(), form.accept)
					testkit.Golden(t, tc.name+form.suffix, page)
					want = lines(page)
				})
				synctest.Test(t, func(t *testing.T) {
					got := lines(tc.start(t).exposition(t.Context(), form.accept))
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("the Gatherer's page has other lines than the Collector's (-Collector +Gatherer):\n%s", diff)
					}
				})
			})
		}
	}
}

// Six gauges are named like counters, since their names are a contract and their values can go down. Nothing else may
// be odd about any family there is.
func TestLint(t *testing.T) {
	allowed := []string{}
	for _, event := range []string{"sent", "opened", "clicked", "replied", "unsubscribed", "bounced"} {
		allowed = append(allowed, "smartlead_"+event+`_total: non-counter metrics should not have "_total" suffix`)
	}
	slices.Sort(allowed)
	synctest.Test(t, func(t *testing.T) {
		e := fullPage(t)
		campaigns := prometheus.NewPedanticRegistry()
		if err := campaigns.Register(collector.New(t.Context(), e.store)); err != nil {
			t.Fatal(err)
		}
		families, err := prometheus.Gatherers{campaigns, e.own}.Gather()
		if err != nil {
			t.Fatal(err)
		}
		problems, err := promlint.NewWithMetricFamilies(families).Lint()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range problems {
			got = append(got, p.Metric+": "+p.Text)
		}
		slices.Sort(got)
		if diff := cmp.Diff(allowed, got); diff != "" {
			t.Errorf("problems differ from those allowed (-allowed +got):\n%s", diff)
		}
	})
}

// fullPage is an exporter that has a series of each family.
func fullPage(t *testing.T) *exporter {
	t.Helper()
	all := scenarios()
	return all[slices.IndexFunc(all, func(s scenario) bool { return s.name == "accounts" })].start(t)
}

// What is described is what is collected: a registry relies on it, and so does TestLint, which sees only the latter.
func TestEveryFamilyIsDescribed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fullPage(t)
		c := collector.New(t.Context(), e.store)
		descs := make(chan *prometheus.Desc, 100)
		c.Describe(descs)
		campaigns := prometheus.NewPedanticRegistry() // refuses what isn't described
		if err := campaigns.Register(c); err != nil {
			t.Fatal(err)
		}
		families, err := campaigns.Gather()
		if err != nil {
			t.Fatal(err)
		}
		if len(families) != len(descs) {
			t.Errorf("%d families were collected, want the %d that are described", len(families), len(descs))
		}
	})
}

// Families don't come and go with what the API happens to return for some of the campaigns.
func TestFamiliesAreSteady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		e := start(t, settings(account("default", api, 1, 2)))
		families := func() []string {
			var names []string
			for line := range strings.Lines(e.exposition(t.Context(), textFormat)) {
				if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
					names = append(names, rest)
				}
			}
			return names
		}
		want := families()
		for _, a := range []answer{
			{Err: failure(smartlead.ErrServer)},
			{Statistics: &smartlead.Statistics{}},
			{Statistics: &smartlead.Statistics{Steps: []smartlead.Step{{SequenceNumber: 20}}}},
			{Sent: 1},
		} {
			time.Sleep(maxStale)
			api.Answer(1, a)
			if diff := cmp.Diff(want, families()); diff != "" {
				t.Errorf("after %+v the families differ (-want +got):\n%s", a, diff)
			}
		}
	})
}
