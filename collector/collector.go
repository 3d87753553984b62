package collector

import (
	"context"
	"slices"
	"strconv"
	"time"

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
	for _, d := range []*prometheus.Desc{
		sentDesc, openedDesc, clickedDesc, repliedDesc, unsubscribedDesc, bouncedDesc, lastSentDesc,
		infoDesc, upDesc, lastSuccessDesc, refreshDurationDesc, refreshRequestsDesc,
		statusDesc, tagDesc, openTrackingDesc, clickTrackingDesc, createdDesc, maxLeadsPerDayDesc,
		campaignsDesc, omittedDesc, lastDiscoveryDesc,
	} {
		ch <- d
	}
}

// Collect sends the metrics.
func (c *scrapeCollector) Collect(ch chan<- prometheus.Metric) {
	gauges := gaugeSink(ch)
	for _, v := range c.store.look(c.ctx, func(id string) bool { return c.campaign == "" || c.campaign == id }) {
		v.collect(gauges)
	}
	if c.campaign == "" {
		for _, v := range c.store.lists() {
			v.collect(gauges)
		}
	}
}

// gaugeSink takes in gauges.
type gaugeSink chan<- prometheus.Metric

func (ch gaugeSink) gauge(desc *prometheus.Desc, value float64, labels ...string) {
	m, err := prometheus.NewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	if err != nil {
		m = prometheus.NewInvalidMetric(desc, err)
	}
	ch <- m
}

func (v *campaignView) collect(ch gaugeSink) {
	v.collectMeta(ch)
	ch.gauge(upDesc, boolValue(v.up), v.id)
	ch.gauge(lastSuccessDesc, timeValue(v.lastSuccess), v.id)
	ch.gauge(refreshDurationDesc, v.duration.Seconds(), v.id)
	ch.gauge(refreshRequestsDesc, float64(v.requests), v.id)
	if v.statistics == nil {
		return
	}
	for _, step := range v.statistics.Steps {
		number := strconv.Itoa(step.SequenceNumber)
		ch.gauge(sentDesc, float64(step.Sent), v.id, number)
		ch.gauge(openedDesc, float64(step.Opened), v.id, number)
		ch.gauge(clickedDesc, float64(step.Clicked), v.id, number)
		ch.gauge(repliedDesc, float64(step.Replied), v.id, number)
		ch.gauge(unsubscribedDesc, float64(step.Unsubscribed), v.id, number)
		ch.gauge(bouncedDesc, float64(step.Bounced), v.id, number)
		if !step.LastSent.IsZero() {
			ch.gauge(lastSentDesc, timeValue(step.LastSent), v.id, number)
		}
	}
}

// collectMeta sends what the list of campaigns says.
func (v *campaignView) collectMeta(ch gaugeSink) {
	if v.meta == nil {
		ch.gauge(infoDesc, 1, v.id, v.account, v.name, "", "")
		return
	}
	parent := ""
	if v.meta.ParentID > 0 {
		parent = strconv.FormatInt(v.meta.ParentID, 10)
	}
	ch.gauge(infoDesc, 1, v.id, v.account, v.name, v.meta.ClientID, parent)
	if v.meta.Status != "" {
		ch.gauge(statusDesc, 1, v.id, v.meta.Status)
	}
	for _, status := range Statuses() {
		if status != v.meta.Status {
			ch.gauge(statusDesc, 0, v.id, status)
		}
	}
	for i, tag := range v.meta.Tags {
		if !slices.Contains(v.meta.Tags[:i], tag) {
			ch.gauge(tagDesc, 1, v.id, tag)
		}
	}
	ch.gauge(openTrackingDesc, boolValue(v.meta.OpenTracking), v.id)
	ch.gauge(clickTrackingDesc, boolValue(v.meta.ClickTracking), v.id)
	if !v.meta.CreatedAt.IsZero() {
		ch.gauge(createdDesc, timeValue(v.meta.CreatedAt), v.id)
	}
	if v.meta.MaxLeadsPerDay >= 0 {
		ch.gauge(maxLeadsPerDayDesc, float64(v.meta.MaxLeadsPerDay), v.id)
	}
}

func (v *accountView) collect(ch gaugeSink) {
	ch.gauge(lastDiscoveryDesc, timeValue(v.lastSuccess), v.name)
	ch.gauge(omittedDesc, float64(v.omitted), v.name)
	count := map[string]int{}
	for _, status := range Statuses() {
		count[status] = 0
	}
	for i := range v.list {
		count[v.list[i].Status]++
	}
	for status, n := range count {
		ch.gauge(campaignsDesc, float64(n), v.name, status)
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
