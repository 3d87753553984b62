package collector_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd" // as in the program

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// A Gatherer shows what the Collector shows, whatever happened since the last scrape.
func TestGathererShowsWhatCollectorShows(t *testing.T) {
	many := func(sent ...int64) answer {
		var steps []smartlead.Step
		for i, n := range sent {
			steps = append(steps, smartlead.Step{SequenceNumber: i + 1, Sent: n, Bounced: 1, LastSent: time.Unix(1_700_000_000+n, 0)})
		}
		return answer{Statistics: &smartlead.Statistics{Steps: steps, Requests: 1}}
	}
	synctest.Test(t, func(t *testing.T) {
		fetcher := newAPI()
		fetcher.Answer(1, many(10, 5, 2))
		fetcher.Answer(2, many(7))
		e := start(t, settings(account("a", fetcher, 1, 2, 3), account("b", fetcher, 10)))
		for _, step := range []struct {
			what string
			do   func()
		}{
			{"first scrape", func() {}},
			{"nothing changed", func() {}},
			{"refreshed alike", func() { time.Sleep(ttl) }},
			{"refreshed with other values and another step", func() { fetcher.Answer(1, many(11, 6, 3, 1)); time.Sleep(ttl) }},
			{"a step less", func() { fetcher.Answer(1, many(12, 6)); time.Sleep(ttl) }},
			{"failed", func() { fetcher.Answer(2, answer{Err: failure(smartlead.ErrServer)}); time.Sleep(ttl) }},
			{"too old to be shown", func() { time.Sleep(maxStale) }},
			{"back again", func() { fetcher.Answer(2, many(8)) }},
			{"no statistics any more", func() { fetcher.Answer(2, answer{Statistics: &smartlead.Statistics{}}); time.Sleep(ttl) }},
			{"renamed, removed and added", func() {
				a := account("a", fetcher, 2, 4)
				a.Campaigns = append(a.Campaigns, campaign(1, `"new"`+"\n"))
				e.store.Apply(settings(a))
			}},
		} {
			step.do()
			// The Gatherer comes first and waits for the refreshes, so the Collector finds nothing more to do.
			got, want := e.scrape(), parse(t, e.collected(t.Context(), textFormat))
			for _, p := range []page{got, want} { // counters of the exporter itself moved in between
				maps.DeleteFunc(p, func(series string, _ float64) bool { return strings.HasPrefix(series, "smartlead_exporter_") })
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: the Gatherer differs (-Collector +Gatherer):\n%s", step.what, diff)
			}
		}
	})
}

// What one scrape was given must not change under its hands when the next one comes; -race watches.
func TestGathererSharesNothingThatChanges(t *testing.T) {
	fetcher := newAPI()
	set := settings(concurrently(8, account("a", fetcher, numbers(20)...)))
	set.TTL = time.Nanosecond // every scrape refreshes
	e := start(t, set)
	var scrapers sync.WaitGroup
	for i := range 8 {
		accept := []string{textFormat, openMetrics, "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"}[i%3]
		scrapers.Go(func() {
			for n := range 20 {
				fetcher.Answer(int64(n+1), answer{Sent: int64(i*100 + n + 1)})
				e.exposition(t.Context(), accept)
			}
		})
	}
	scrapers.Wait()
}

// benchmarkCampaigns and benchmarkSteps make 60,000 series of statistics.
const (
	benchmarkCampaigns = 2000
	benchmarkSteps     = 5
)

// BenchmarkScrape serves a scrape through promhttp: by the straightforward Collector from cached statistics, and by the
// Gatherer when nothing changed since the last scrape, when every campaign was refreshed (the cost of which is
// included) and has the same values, and when it has others.
func BenchmarkScrape(b *testing.B) {
	b.Run("Collector", func(b *testing.B) {
		e, _ := benchmarked(b)
		benchmarkScrapes(b, "identity", func(int) prometheus.Gatherer {
			campaigns := prometheus.NewRegistry()
			campaigns.MustRegister(collector.New(b.Context(), e.store))
			return prometheus.Gatherers{campaigns, e.own}
		})
	})
	for _, bb := range []struct {
		name     string
		ttl      time.Duration // a nanosecond: every campaign is refreshed by every scrape
		values   bool          // and has other values then
		encoding string
	}{
		{"Gatherer/unchanged", 24 * time.Hour, false, "identity"},
		{"Gatherer/refreshed", time.Nanosecond, false, "identity"},
		{"Gatherer/changed", time.Nanosecond, true, "identity"},
		{"Gatherer/unchanged/gzip", 24 * time.Hour, false, "gzip"},
		{"Gatherer/unchanged/zstd", 24 * time.Hour, false, "zstd"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			e, fetcher := benchmarked(b)
			set := benchmarkSettings(fetcher)
			set.TTL = bb.ttl
			e.store.Apply(set)
			g := collector.NewGatherer(e.store)
			benchmarkScrapes(b, bb.encoding, func(i int) prometheus.Gatherer {
				if bb.values {
					b.StopTimer()
					benchmarkAnswers(fetcher, i)
					b.StartTimer()
				}
				return g.ForScrape(b.Context(), e.own)
			})
		})
	}
}

func benchmarked(b *testing.B) (*exporter, *api) {
	b.Helper()
	fetcher := newAPI()
	benchmarkAnswers(fetcher, 0)
	e := start(b, benchmarkSettings(fetcher))
	e.scrapeWith(b.Context())
	return e, fetcher
}

func benchmarkSettings(fetcher *api) collector.Settings {
	set := settings(concurrently(8, account("a", fetcher, numbers(benchmarkCampaigns)...)))
	set.TTL = 24 * time.Hour
	return set
}

func benchmarkAnswers(fetcher *api, round int) {
	for _, id := range numbers(benchmarkCampaigns) {
		var steps []smartlead.Step
		for step := range benchmarkSteps {
			steps = append(steps, smartlead.Step{
				SequenceNumber: step + 1, Sent: 1000*id + int64(round), Opened: 500, Clicked: 50, Replied: 20, Unsubscribed: 2, Bounced: 3,
			})
		}
		fetcher.Answer(id, answer{Statistics: &smartlead.Statistics{Steps: steps, Requests: 1}})
	}
}

func benchmarkScrapes(b *testing.B, encoding string, gatherer func(i int) prometheus.Gatherer) {
	b.Helper()
	b.ReportAllocs()
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/metrics", http.NoBody)
	r.Header.Set("Accept-Encoding", encoding)
	i := 0
	for b.Loop() {
		i++
		w := discard{header: http.Header{}}
		promhttp.HandlerFor(gatherer(i), promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}).ServeHTTP(w, r)
	}
}

// discard is a response that goes nowhere.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
