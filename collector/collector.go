package collector

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
)

// scrapeCollector shows a store's campaigns to one scrape. It keeps the scrape's context, against the custom, because
// prometheus.Collector's methods take none; so it must not outlive the scrape.
type scrapeCollector struct {
	ctx   context.Context //nolint:containedctx // see above
	store *Store
}

// New returns the collector for one scrape, for programs that register collectors; this one serves a [Gatherer], which
// shows the same and makes less of it anew. Its Collect refreshes what is no longer fresh and waits for that until ctx
// ends; it then shows the newest good values there are. It is to be registered with a registry of its own that ends with
// the scrape.
func New(ctx context.Context, store *Store) prometheus.Collector {
	return &scrapeCollector{ctx: ctx, store: store}
}

// Describe sends the descriptors of all families of campaigns and accounts.
func (*scrapeCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range families {
		ch <- f.desc
	}
}

// Collect sends the metrics.
func (c *scrapeCollector) Collect(ch chan<- prometheus.Metric) {
	for _, campaign := range c.store.look(c.ctx, 0) {
		campaign.show(metricSink(ch))
	}
	for _, account := range c.store.lists() {
		account.show(metricSink(ch))
	}
	for _, subject := range c.store.subjects() {
		subject.show(metricSink(ch))
	}
}

// metricSink makes metrics for a registry.
type metricSink chan<- prometheus.Metric

func (ch metricSink) gauge(f *family, value float64, labels ...string) {
	ch <- gauge(f.desc, value, labels...)
}

func (ch metricSink) histogram(f *family, h *histogram, labels ...string) {
	buckets := make(map[float64]uint64, len(h.bounds))
	for i, bound := range h.bounds {
		buckets[bound] = h.cumulative[i]
	}
	m, err := prometheus.NewConstHistogram(f.desc, h.count, h.sum, buckets, labels...)
	if err != nil {
		m = prometheus.NewInvalidMetric(f.desc, err)
	}
	ch <- m
}

func gauge(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	m, err := prometheus.NewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	if err != nil {
		return prometheus.NewInvalidMetric(desc, err)
	}
	return m
}
