package collector

import (
	"context"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// scrapeCollector shows a store's campaigns to one scrape. It keeps the scrape's context, against the custom, because
// prometheus.Collector's methods take none; so it must not outlive the scrape.
type scrapeCollector struct {
	ctx      context.Context //nolint:containedctx // see above
	store    *Store
	campaign string // "": all campaigns, and the accounts
}

// New returns the collector for one scrape. Its Collect refreshes what is no longer fresh and waits for that until ctx
// ends; it then shows the newest good values there are. It is to be registered with a registry of its own that
// ends with the scrape.
func New(ctx context.Context, store *Store) prometheus.Collector {
	return &scrapeCollector{ctx: ctx, store: store}
}

// NewForCampaign is New for one campaign alone. It shows nothing if the store has no such campaign.
func NewForCampaign(ctx context.Context, store *Store, id int64) prometheus.Collector {
	return &scrapeCollector{ctx: ctx, store: store, campaign: strconv.FormatInt(id, 10)}
}

// Describe sends the descriptors of all families of campaigns and accounts.
func (*scrapeCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range families {
		ch <- f.desc
	}
}

// Collect sends the metrics.
func (c *scrapeCollector) Collect(ch chan<- prometheus.Metric) {
	for _, v := range c.store.look(c.ctx, func(id string) bool { return c.campaign == "" || c.campaign == id }) {
		v.show(metricSink(ch))
	}
	if c.campaign == "" {
		for _, v := range c.store.lists() {
			v.show(metricSink(ch))
		}
	}
}

// metricSink makes gauges for a registry.
type metricSink chan<- prometheus.Metric

func (ch metricSink) gauge(f *family, value float64, labels ...string) {
	m, err := prometheus.NewConstMetric(f.desc, prometheus.GaugeValue, value, labels...)
	if err != nil {
		m = prometheus.NewInvalidMetric(f.desc, err)
	}
	ch <- m
}
