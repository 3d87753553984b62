package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

// recorder passes requests on and remembers what kind of answer came back.
type recorder struct {
	server *httptest.Server

	mu    sync.Mutex
	types []string
}

func record(t *testing.T, e *exporter) *recorder {
	t.Helper()
	to, err := url.Parse(e.url("/"))
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ModifyResponse = func(resp *http.Response) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.types = append(r.types, resp.Header.Get("Content-Type"))
		return nil
	}
	r.server = httptest.NewServer(proxy)
	t.Cleanup(r.server.Close)
	return r
}

func (r *recorder) contentTypes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(r.types)))
}

func (r *recorder) host() string { return strings.TrimPrefix(r.server.URL, "http://") }

// TestFormats: whichever format Prometheus asks for, it is answered in, and reads the same from it.
func TestFormats(t *testing.T) {
	t.Parallel()
	_, api := startAPI(t, simulator.Options{Campaigns: []simulator.Campaign{
		{ID: 1, Name: `"two"` + "\nlines ☃", Source: simulator.Rows(300, 0)},
		{ID: 2, Name: "aggregated", Shape: simulator.PerSequence, Source: simulator.Rows(90, 0)},
	}})
	e := startExporter(t, configuration(account("default", api, discovery)))

	formats := []struct{ job, protocol, contentType string }{
		{"text", "PrometheusText0.0.4", "text/plain; version=0.0.4"},
		{"openmetrics", "OpenMetricsText1.0.0", "application/openmetrics-text; version=1.0.0"},
		{"protobuf", "PrometheusProto", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"},
	}
	config := "scrape_configs:\n"
	recorders := map[string]*recorder{}
	for _, f := range formats {
		recorders[f.job] = record(t, e)
		config += fmt.Sprintf("  - {job_name: %s, scrape_interval: 500ms, scrape_timeout: 500ms, scrape_native_histograms: %t, "+
			"scrape_protocols: [%s], static_configs: [{targets: ['%s']}]}\n",
			f.job, f.job == "protobuf", f.protocol, recorders[f.job].host())
	}
	p := startPrometheus(t, t.TempDir(), config)

	read := map[string]map[string]float64{}
	for _, f := range formats {
		p.awaitUp(f.job, 1)
		for _, contentType := range recorders[f.job].contentTypes() {
			if !strings.HasPrefix(contentType, f.contentType) {
				t.Errorf("%s: answered in %s, want %s", f.job, contentType, f.contentType)
			}
		}
		read[f.job] = p.campaigns(t, fmt.Sprintf(`{__name__=~"smartlead_.*_total", campaign_id!="", job=%q} or smartlead_campaign_info{job=%[1]q}`, f.job), 38)
	}
	for _, f := range formats[1:] {
		if !maps.Equal(read[f.job], read["text"]) {
			t.Errorf("from %s:\n%v\nfrom text:\n%v", f.job, read[f.job], read["text"])
		}
	}

	// Latency comes as both kinds of histogram where both can be had, and as buckets elsewhere.
	await(t, "a native histogram", func() error {
		r, err := p.now(`histogram_count(smartlead_exporter_api_request_duration_seconds{job="protobuf"})`)
		if err != nil {
			return err
		}
		n, err := r.one()
		if err == nil && n == 0 {
			err = fmt.Errorf("it counts %v", n)
		}
		return err
	})
	for _, job := range []string{"text", "openmetrics"} {
		r, err := p.now(fmt.Sprintf(`smartlead_exporter_api_request_duration_seconds_bucket{job=%q, le="+Inf"}`, job))
		if err != nil || !r.hasData() {
			t.Errorf("%s: no buckets: %v", job, err)
		}
	}
}

// campaigns returns the values of series by their labels, but for where they come from. It waits until there is this
// number of them.
func (p *prometheus) campaigns(t *testing.T, expr string, want int) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	await(t, expr, func() error {
		r, err := p.query(expr, time.Now())
		if err != nil {
			return err
		}
		clear(values)
		for _, s := range r.Series {
			delete(s.Labels, "job")
			delete(s.Labels, "instance")
			values[fmt.Sprint(s.Labels)] = s.Value.Value
		}
		if len(values) != want || len(r.Series) != want {
			return fmt.Errorf("%d series, want %d", len(r.Series), want)
		}
		return nil
	})
	return values
}
