package exporter

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/smartlead"
)

// budgetMetrics shows how the accounts' budgets stand.
type budgetMetrics struct {
	states func() map[string]smartlead.BudgetState
}

var (
	limitDesc = prometheus.NewDesc("smartlead_exporter_rate_limit_requests",
		"Requests that the account's key may send in any minute or hour: what its accounts have together, or the API's limit where that is lower.", []string{"account", "window"}, nil)
	advertisedDesc = prometheus.NewDesc("smartlead_exporter_rate_limit_advertised_requests",
		"What X-RateLimit-Limit of the newest answer says. Missing if no answer had it.", []string{"account"}, nil)
	pausedDesc = prometheus.NewDesc("smartlead_exporter_rate_limit_paused_until_timestamp_seconds",
		"When the pause ends that the API demanded, in Unix time. 0 if there is none.", []string{"account"}, nil)
)

// NewBudgetMetrics returns a collector of how budgets stand, by account, as states says at each scrape.
func NewBudgetMetrics(states func() map[string]smartlead.BudgetState) prometheus.Collector {
	return budgetMetrics{states}
}

// NewCacheMetrics returns a collector of how often the cache file couldn't be written, as failures says at each scrape.
func NewCacheMetrics(failures func() uint64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "smartlead_exporter_cache_write_failures_total",
		Help: "Attempts to write the cache file that failed. 0 without cache.file.",
	}, func() float64 { return float64(failures()) })
}

// Describe implements prometheus.Collector.
func (m budgetMetrics) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{limitDesc, advertisedDesc, pausedDesc} {
		descs <- desc
	}
}

// Collect implements prometheus.Collector.
func (m budgetMetrics) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		metric, err := prometheus.NewConstMetric(desc, prometheus.GaugeValue, value, labels...)
		if err != nil {
			metric = prometheus.NewInvalidMetric(desc, err)
		}
		metrics <- metric
	}
	for account, budget := range m.states() {
		for _, window := range []struct {
			name  string
			limit int
		}{{"minute", budget.Limits.PerMinute}, {"hour", budget.Limits.PerHour}} {
			if window.limit > 0 {
				gauge(limitDesc, float64(window.limit), account, window.name)
			}
		}
		if budget.Advertised > 0 {
			gauge(advertisedDesc, float64(budget.Advertised), account)
		}
		paused := 0.0
		if !budget.PausedUntil.IsZero() {
			paused = float64(budget.PausedUntil.UnixNano()) / float64(time.Second)
		}
		gauge(pausedDesc, paused, account)
	}
}
