package collector

import (
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

const (
	namespace = "smartlead"
	exporter  = "exporter" // subsystem of what the exporter says of itself
)

// Families of one campaign. The six that end in _total are gauges all the same: a count of the API can go down. Their
// names are what users' dashboards and rules know them by.
var (
	sentFamily         = stepFamily("sent_total", "E-mails of this step that were sent.")
	openedFamily       = stepFamily("opened_total", "E-mails of this step that were opened at least once.")
	clickedFamily      = stepFamily("clicked_total", "E-mails of this step in which a link was clicked at least once.")
	repliedFamily      = stepFamily("replied_total", "E-mails of this step that got a reply.")
	unsubscribedFamily = stepFamily("unsubscribed_total", "E-mails of this step whose recipient unsubscribed.")
	bouncedFamily      = stepFamily("bounced_total", "E-mails of this step that bounced.")
	lastSentFamily     = stepFamily("last_sent_timestamp_seconds", "When the newest e-mail of this step was sent, in Unix time. Only for campaigns whose statistics come as one row an e-mail.")

	infoFamily            = campaignFamily("info", "Names of a campaign, for joins. Always 1.", "account", "campaign_name", "client_id", "parent_campaign_id")
	upFamily              = campaignFamily("up", "Whether the newest finished refresh of this campaign succeeded: 1 or 0. 0 before the first.")
	lastSuccessFamily     = campaignFamily("last_success_timestamp_seconds", "When the newest complete refresh of this campaign ended, in Unix time. 0 before the first.")
	refreshDurationFamily = campaignFamily("refresh_duration_seconds", "How long the newest finished refresh of this campaign took, waiting for the request budget included. 0 before the first.")
	refreshRequestsFamily = campaignFamily("refresh_requests", "How many API requests the newest finished refresh of this campaign took. 0 before the first.")
	rowsWithoutStepFamily = campaignFamily("rows_without_step", "Rows of this campaign's statistics that are in no count, as they don't say of which step they are. Missing if there are none.")
)

// Families of what the list of campaigns says of one. They are missing for a campaign that isn't in it, and where no list
// is fetched.
var (
	statusFamily         = campaignFamily("status", "1 for the status a campaign has, 0 for the other known ones.", "status")
	tagFamily            = campaignFamily("tag_info", "Tags of a campaign, for joins. Always 1.", "tag")
	openTrackingFamily   = campaignFamily("open_tracking", "Whether opens of this campaign's e-mails are tracked: 1 or 0. Where they aren't, an open rate means nothing.")
	clickTrackingFamily  = campaignFamily("click_tracking", "Whether clicks in this campaign's e-mails are tracked: 1 or 0. Where they aren't, a click rate means nothing.")
	createdFamily        = campaignFamily("created_timestamp_seconds", "When the campaign was created, in Unix time.")
	maxLeadsPerDayFamily = campaignFamily("max_leads_per_day", "The most leads a day that this campaign may begin to write to.")
)

// Families of an account's list of campaigns. They are missing where no list is fetched.
var (
	campaignsFamily     = accountFamily("campaigns", "Campaigns in the account's list, those not exported included, by status.", "status")
	omittedFamily       = accountFamily("campaigns_omitted", "Campaigns of the list that are left out: more than max_campaigns, another account's already, or without an id that can be read.")
	lastDiscoveryFamily = accountFamily("last_discovery_timestamp_seconds", "When the account's list of campaigns was last had and believed, in Unix time. 0 before the first.")
)

// families are all of the above, and those of subjects.
var families = append([]*family{
	sentFamily, openedFamily, clickedFamily, repliedFamily, unsubscribedFamily, bouncedFamily, lastSentFamily,
	infoFamily, upFamily, lastSuccessFamily, refreshDurationFamily, refreshRequestsFamily, rowsWithoutStepFamily,
	statusFamily, tagFamily, openTrackingFamily, clickTrackingFamily, createdFamily, maxLeadsPerDayFamily,
	campaignsFamily, omittedFamily, lastDiscoveryFamily,
}, subjectFamilies...)

// family describes a family of gauges, or of histograms.
type family struct {
	name, help string
	labels     []string // in the order in which values are given
	desc       *prometheus.Desc
	kind       dto.MetricType
}

func newFamily(subsystem, name, help string, labels ...string) *family {
	name = prometheus.BuildFQName(namespace, subsystem, name)
	return &family{name: name, help: help, labels: labels, desc: prometheus.NewDesc(name, help, labels, nil), kind: dto.MetricType_GAUGE}
}

// histogramFamily makes a family one of histograms.
func histogramFamily(f *family) *family {
	f.kind = dto.MetricType_HISTOGRAM
	return f
}

func stepFamily(name, help string) *family {
	return newFamily("", name, help, "campaign_id", "sequence_number")
}

func campaignFamily(name, help string, labels ...string) *family {
	return newFamily("campaign", name, help, append([]string{"campaign_id"}, labels...)...)
}

func accountFamily(name, help string, labels ...string) *family {
	return newFamily("account", name, help, append([]string{"account"}, labels...)...)
}

// Results of looking up a campaign for a scrape, values of the label result.
const (
	lookupFresh     = "fresh"     // younger than the TTL
	lookupRefreshed = "refreshed" // fetched while the scrape waited
	lookupStale     = "stale"     // older than the TTL, served all the same
	lookupMissing   = "missing"   // nothing to serve
)

// Metrics are what the exporter counts of its own work, over all scrapes.
type Metrics struct {
	requests        *prometheus.CounterVec
	requestDuration *prometheus.HistogramVec
	failures        *prometheus.CounterVec
	listFailures    *prometheus.CounterVec
	recounts        *prometheus.CounterVec
	limitWait       *prometheus.CounterVec
	limitRemaining  *prometheus.GaugeVec
	lookups         *prometheus.CounterVec
	reloadOK        prometheus.Gauge
	reloadTime      prometheus.Gauge
	ttl             prometheus.Gauge
	maxStale        prometheus.Gauge
	freshness       *freshness

	mu      sync.RWMutex
	dropped map[string]bool // accounts without series; a request of theirs that ends late must not bring them back
}

// NewMetrics registers the metrics with reg. It fails if reg has one of them already.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: namespace, Subsystem: exporter, Name: name, Help: help}
	}
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts(opts("api_requests_total",
			"Requests to the Smartlead API by HTTP status; error where there was no answer.")), []string{"account", "code"}),
		requestDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Subsystem: exporter, Name: "api_request_duration_seconds",
			Help: "How long requests to the Smartlead API took, until the last byte of the answer.",
			// From a cached small answer to the gateway's limit of about 100 s.
			Buckets:                         []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 100},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  160,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"account"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts(opts("refresh_failures_total",
			"Refreshes of a campaign that failed, by reason.")), []string{"account", "reason"}),
		listFailures: prometheus.NewCounterVec(prometheus.CounterOpts(opts("discovery_failures_total",
			"Attempts to list an account's campaigns that failed, by reason.")), []string{"account", "reason"}),
		recounts: prometheus.NewCounterVec(prometheus.CounterOpts(opts("recounts_total",
			"Counts by all rows that were compared with what was shown: equal, different (the values were wrong until then), inconclusive (something moved meanwhile).")), []string{"account", "result"}),
		limitWait: prometheus.NewCounterVec(prometheus.CounterOpts(opts("rate_limit_wait_seconds_total",
			"Time that requests were held back by the configured limits or by the API's demand to pause, summed over requests.")), []string{"account"}),
		limitRemaining: prometheus.NewGaugeVec(prometheus.GaugeOpts(opts("rate_limit_remaining",
			"Requests left in the API's current window, as its newest answer said. Missing until an answer says so.")), []string{"account"}),
		lookups: prometheus.NewCounterVec(prometheus.CounterOpts(opts("cache_lookups_total",
			"Campaigns looked up by scrapes: fresh (younger than the TTL), refreshed (fetched while the scrape waited), stale (older, served all the same), missing (nothing to serve).")), []string{"result"}),
		reloadOK: prometheus.NewGauge(prometheus.GaugeOpts(opts("config_last_reload_successful",
			"Whether the last attempt to load the configuration succeeded: 1 or 0."))),
		reloadTime: prometheus.NewGauge(prometheus.GaugeOpts(opts("config_last_reload_success_timestamp_seconds",
			"When the configuration was last loaded successfully, in Unix time."))),
		ttl: prometheus.NewGauge(prometheus.GaugeOpts(opts("cache_ttl_seconds",
			"How long a fetched campaign counts as fresh, as configured (cache.ttl)."))),
		maxStale: prometheus.NewGauge(prometheus.GaugeOpts(opts("cache_max_stale_seconds",
			"How long values are shown while refreshing fails, as configured (cache.max_stale)."))),
		freshness: newFreshness(),
		dropped:   map[string]bool{},
	}
	for _, c := range []prometheus.Collector{
		m.requests, m.requestDuration, m.failures, m.listFailures, m.recounts, m.limitWait, m.limitRemaining, m.lookups, m.reloadOK, m.reloadTime,
		m.ttl, m.maxStale, m.freshness,
	} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	for _, result := range []string{lookupFresh, lookupRefreshed, lookupStale, lookupMissing} {
		m.lookups.WithLabelValues(result)
	}
	return m, nil
}

// Reloaded takes note of an attempt to load the configuration.
func (m *Metrics) Reloaded(ok bool) {
	if !ok {
		m.reloadOK.Set(0)
		return
	}
	m.reloadOK.Set(1)
	m.reloadTime.SetToCurrentTime()
}

// configured takes note of what a configuration says of the cache.
func (m *Metrics) configured(ttl, maxStale time.Duration) {
	m.ttl.Set(ttl.Seconds())
	m.maxStale.Set(maxStale.Seconds())
}

// looked counts lookups by their results.
func (m *Metrics) looked(fresh, refreshed, stale, missing int) {
	m.lookups.WithLabelValues(lookupFresh).Add(float64(fresh))
	m.lookups.WithLabelValues(lookupRefreshed).Add(float64(refreshed))
	m.lookups.WithLabelValues(lookupStale).Add(float64(stale))
	m.lookups.WithLabelValues(lookupMissing).Add(float64(missing))
}

// watch has the metrics tell of a store, instead of the one before.
func (m *Metrics) watch(s *Store) { m.freshness.store.Store(s) }

// Trace returns the functions that count what a client does on behalf of an account. They count nothing while the
// store that counts with m no longer has the account.
func (m *Metrics) Trace(account string) smartlead.Trace {
	unlessDropped := func(count func()) {
		m.mu.RLock()
		defer m.mu.RUnlock()
		if !m.dropped[account] {
			count()
		}
	}
	return smartlead.Trace{
		Request: func(r smartlead.RequestInfo) {
			code := "error"
			if r.StatusCode != 0 {
				code = strconv.Itoa(r.StatusCode)
			}
			unlessDropped(func() {
				m.requests.WithLabelValues(account, code).Inc()
				m.requestDuration.WithLabelValues(account).Observe(r.Duration.Seconds())
			})
		},
		Wait: func(d time.Duration) {
			unlessDropped(func() { m.limitWait.WithLabelValues(account).Add(d.Seconds()) })
		},
		Remaining: func(n int) {
			unlessDropped(func() { m.limitRemaining.WithLabelValues(account).Set(float64(n)) })
		},
	}
}

// addAccount makes an account's series exist from the start, so that a first failure is an increase.
func (m *Metrics) addAccount(account string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.dropped, account)
	for _, code := range []string{"200", "401", "429", "error"} {
		m.requests.WithLabelValues(account, code)
	}
	m.requestDuration.WithLabelValues(account)
	for _, reason := range smartlead.Reasons() {
		m.failures.WithLabelValues(account, string(reason))
		m.listFailures.WithLabelValues(account, string(reason))
	}
	for _, outcome := range counting.Outcomes() {
		m.recounts.WithLabelValues(account, string(outcome))
	}
	m.limitWait.WithLabelValues(account)
}

// dropAccount removes the series of an account that is no longer configured.
func (m *Metrics) dropAccount(account string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dropped[account] = true
	labels := prometheus.Labels{"account": account}
	m.requests.DeletePartialMatch(labels)
	m.requestDuration.DeletePartialMatch(labels)
	m.failures.DeletePartialMatch(labels)
	m.listFailures.DeletePartialMatch(labels)
	m.recounts.DeletePartialMatch(labels)
	m.limitWait.DeletePartialMatch(labels)
	m.limitRemaining.DeletePartialMatch(labels)
}
