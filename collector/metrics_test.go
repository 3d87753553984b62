package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// Counters are there with 0 before anything happened, so that the first time is an increase.
func TestCountersExistFromTheStart(t *testing.T) {
	e := prepare(t, settings(account("a", newAPI()), account("b", newAPI())))
	want := page{}
	for _, account := range []string{"a", "b"} {
		for _, reason := range smartlead.Reasons() {
			want[failures(account, string(reason))] = 0
		}
		for _, code := range []string{"200", "401", "429", "error"} {
			want[`smartlead_exporter_api_requests_total{account="`+account+`",code="`+code+`"}`] = 0
		}
		want[`smartlead_exporter_api_request_duration_seconds_count{account="`+account+`"}`] = 0
		want[`smartlead_exporter_rate_limit_wait_seconds_total{account="`+account+`"}`] = 0
		// What the API has left is unknown until it says so.
		want[`smartlead_exporter_rate_limit_remaining{account="`+account+`"}`] = none
	}
	for _, result := range []string{"fresh", "refreshed", "stale", "missing"} {
		want[lookups(result)] = 0
	}
	e.ownPage().Want(t, "before the first scrape", want)
}

func TestTrace(t *testing.T) {
	e := prepare(t, settings(account("a", newAPI()), account("b", newAPI())))
	a, b := e.metrics.Trace("a"), e.metrics.Trace("b")
	a.Request(smartlead.RequestInfo{StatusCode: 200, Duration: 300 * time.Millisecond})
	a.Request(smartlead.RequestInfo{StatusCode: 200, Duration: 3 * time.Second})
	a.Request(smartlead.RequestInfo{StatusCode: 524, Duration: 100 * time.Second})
	b.Request(smartlead.RequestInfo{Duration: 90 * time.Second, Err: failure(smartlead.ErrTimeout)})
	a.Wait(1500 * time.Millisecond)
	a.Wait(time.Second)
	a.Remaining(7)
	a.Remaining(3)
	b.Remaining(0)
	e.ownPage().Want(t, "afterwards", page{
		`smartlead_exporter_api_requests_total{account="a",code="200"}`:                2,
		`smartlead_exporter_api_requests_total{account="a",code="524"}`:                1,
		`smartlead_exporter_api_requests_total{account="b",code="error"}`:              1,
		`smartlead_exporter_api_requests_total{account="b",code="200"}`:                0,
		`smartlead_exporter_api_request_duration_seconds_sum{account="a"}`:             103.3,
		`smartlead_exporter_api_request_duration_seconds_bucket{account="a",le="0.5"}`: 1,
		`smartlead_exporter_api_request_duration_seconds_bucket{account="a",le="100"}`: 3,
		`smartlead_exporter_api_request_duration_seconds_bucket{account="b",le="60"}`:  0,
		`smartlead_exporter_rate_limit_wait_seconds_total{account="a"}`:                2.5,
		`smartlead_exporter_rate_limit_wait_seconds_total{account="b"}`:                0,
		`smartlead_exporter_rate_limit_remaining{account="a"}`:                         3,
		`smartlead_exporter_rate_limit_remaining{account="b"}`:                         0,
	})
}

func TestReloaded(t *testing.T) {
	const successful, when = "smartlead_exporter_config_last_reload_successful", "smartlead_exporter_config_last_reload_success_timestamp_seconds"
	synctest.Test(t, func(t *testing.T) {
		e := prepare(t, settings())
		e.ownPage().Want(t, "before", page{successful: 0, when: 0})
		e.metrics.Reloaded(true)
		loaded := seconds(time.Now())
		e.ownPage().Want(t, "after a success", page{successful: 1, when: loaded})
		time.Sleep(time.Minute)
		e.metrics.Reloaded(false)
		e.ownPage().Want(t, "after a failure", page{successful: 0, when: loaded})
		e.metrics.Reloaded(true)
		e.ownPage().Want(t, "after another success", page{successful: 1, when: loaded + 60})
	})
}

func TestNewMetricsOncePerRegistry(t *testing.T) {
	reg := prometheus.NewRegistry()
	if _, err := collector.NewMetrics(reg); err != nil {
		t.Fatal(err)
	}
	if _, err := collector.NewMetrics(reg); err == nil {
		t.Error("a registry that has the metrics got them once more without an error")
	}
}
