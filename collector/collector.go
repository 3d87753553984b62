package collector

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/smartlead"
)

// scrapeCollector shows a store's campaigns to one scrape. It keeps the scrape's context, against the custom, because
// prometheus.Collector's methods take none; so it must not outlive the scrape.
type scrapeCollector struct {
	ctx   context.Context
	store *Store
}

// New returns the collector for one scrape. Its Collect refreshes what is no longer fresh and waits for that until ctx
// ends; it then shows the newest good values there are. It is to be registered with a registry of its own that
// ends with the scrape.
func New(ctx context.Context, store *Store) prometheus.Collector {
	return &scrapeCollector{ctx: ctx, store: store}
}

// Describe sends the descriptors of all families of campaigns.
func (*scrapeCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		sentDesc, openedDesc, clickedDesc, repliedDesc, unsubscribedDesc, bouncedDesc, lastSentDesc,
		infoDesc, upDesc, lastSuccessDesc, refreshDurationDesc, refreshRequestsDesc,
	} {
		ch <- d
	}
}

// Collect sends the metrics of all campaigns.
func (c *scrapeCollector) Collect(ch chan<- prometheus.Metric) {
	for _, v := range c.store.look(c.ctx) {
		v.collect(ch)
	}
}

func (v *view) collect(ch chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	gauge(infoDesc, 1, v.account, v.id, v.name)
	gauge(upDesc, boolValue(v.up), v.id)
	gauge(lastSuccessDesc, timeValue(v.lastSuccess), v.id)
	gauge(refreshDurationDesc, v.duration.Seconds(), v.id)
	gauge(refreshRequestsDesc, float64(v.requests), v.id)
	if v.statistics == nil {
		return
	}
	for _, step := range v.statistics.Steps {
		number := strconv.Itoa(step.SequenceNumber)
		gauge(sentDesc, float64(step.Sent), v.id, number)
		gauge(openedDesc, float64(step.Opened), v.id, number)
		gauge(clickedDesc, float64(step.Clicked), v.id, number)
		gauge(repliedDesc, float64(step.Replied), v.id, number)
		gauge(unsubscribedDesc, float64(step.Unsubscribed), v.id, number)
		gauge(bouncedDesc, float64(step.Bounced), v.id, number)
		if !step.LastSent.IsZero() {
			gauge(lastSentDesc, timeValue(step.LastSent), v.id, number)
		}
	}
}

func boolValue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// timeValue is in seconds since 1970; 0 for the zero time.
func timeValue(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// view is what one scrape sees of a campaign.
type view struct {
	account, id, name string
	statistics        *smartlead.Statistics // nil: nothing to show; never written to
	lastSuccess       time.Time
	up                bool
	duration          time.Duration
	requests          int
}
