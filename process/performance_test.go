package process_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// These benchmarks run the program as a process of its own, against a simulated API on loopback in this one, and report
// what the operating system says of it. docs/performance.md has the figures. Since each round takes seconds, run them
// with -benchtime 1x -count 5.

const (
	// acceptLikePrometheus is what Prometheus 3 sends.
	acceptLikePrometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6," +
		"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,*/*;q=0.1"

	unlimited = "rate_limit: {per_minute: 1000000, per_hour: 1000000, concurrency: 8}"
)

// manyCampaigns returns an API with n campaigns of five steps, and a configuration that names them all.
func manyCampaigns(b *testing.B, n int) (*testkit.API, string) {
	b.Helper()
	var campaigns []simulator.Campaign
	config := []string{"cache: {ttl: 24h, max_stale: 24h, file: cache}", "accounts:", "- base_url: API", "  " + unlimited, "  metadata_interval: 0s", "  campaigns:"}
	for id := range n {
		var steps []simulator.StepCounts
		for step := range 5 {
			sent := int64(6000 - 1000*step + id%1000)
			steps = append(steps, simulator.StepCounts{
				Step: step + 1, Sent: sent, Opened: sent / 2, Clicked: sent / 20, Replied: sent / 50, Unsubscribed: sent / 400, Bounced: sent / 60,
			})
		}
		campaigns = append(campaigns, simulator.Campaign{
			ID: int64(id + 1), Name: fmt.Sprintf("Campaign %d", id+1), Shape: simulator.PerSequence, Source: simulator.Aggregated(steps...),
		})
		config = append(config, fmt.Sprintf("  - %d", id+1))
	}
	return testkit.StartAPI(b, simulator.Options{Campaigns: campaigns}), strings.Join(config, "\n") + "\n"
}

// fill scrapes until every campaign has been fetched, and returns how long that took.
func (p *process) fill(campaigns int) time.Duration {
	p.t.Helper()
	p.client.Timeout = 10 * time.Minute
	began := time.Now()
	r := p.get("/metrics", "Accept", acceptLikePrometheus, "X-Prometheus-Scrape-Timeout-Seconds", "600")
	took := time.Since(began)
	if n := strings.Count(r.body, "\nsmartlead_campaign_up{"); n != campaigns {
		p.t.Fatalf("%d campaigns are shown, want %d", n, campaigns)
	}
	if down := regexp.MustCompile(`(?m)^smartlead_campaign_up\{.*\} 0(\.0)?$`).FindString(r.body); down != "" {
		p.t.Fatalf("not all campaigns are up: %s", down)
	}
	return took
}

// memory returns a figure of the process in MiB, such as VmHWM, the peak of its resident set.
func (p *process) memory(figure string) float64 {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Skipf("only Linux tells: %v", err)
	}
	found := regexp.MustCompile(figure + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		p.t.Fatalf("%s isn't among the figures of the process", figure)
	}
	kilobytes, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		p.t.Fatal(err)
	}
	return kilobytes / 1024
}

// BenchmarkGrowth fetches so many campaigns of five steps, and then scrapes what is cached.
func BenchmarkGrowth(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		b.Run(fmt.Sprintf("campaigns=%d", n), func(b *testing.B) {
			api, config := manyCampaigns(b, n)
			for b.Loop() {
				p := startWith(b, api, config)
				filled := p.fill(n)
				const scrapes = 10
				began := time.Now()
				for range scrapes {
					p.get("/metrics", "Accept", acceptLikePrometheus)
				}
				b.ReportMetric(filled.Seconds(), "fill-s")
				b.ReportMetric(time.Since(began).Seconds()/scrapes*1000, "scrape-ms")
				b.ReportMetric(p.memory("VmHWM"), "peak-MiB")
				p.signal(syscall.SIGTERM)
				p.wait()
			}
			b.ReportMetric(0, "ns/op") // a round is no operation
		})
	}
}

// BenchmarkPaging fetches one campaign of 100,000 rows of 10 KB, 1 GB in all.
func BenchmarkPaging(b *testing.B) {
	const rows = 100_000
	api := testkit.StartAPI(b, simulator.Options{Campaigns: []simulator.Campaign{{ID: 1, Source: simulator.Rows(rows, 10<<10)}}})
	for b.Loop() {
		p := startWith(b, api, "accounts: [{base_url: API, metadata_interval: 0s, "+unlimited+", campaigns: [1]}]")
		took := p.fill(1)
		b.ReportMetric(rows*10/1024/took.Seconds(), "MiB/s")
		b.ReportMetric(p.memory("VmHWM"), "peak-MiB")
		p.signal(syscall.SIGTERM)
		p.wait()
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkStart starts the program with 1,000 campaigns in its cache file, and scrapes until it is answered.
func BenchmarkStart(b *testing.B) {
	const campaigns = 1000
	api, config := manyCampaigns(b, campaigns)
	dir := testkit.Write(b, map[string]string{"config.yml": api.Configure(config)})
	p := start(b, launch{env: keyInEnv(testkit.Key), dir: dir})
	p.fill(campaigns)
	p.signal(syscall.SIGTERM)
	p.wait()
	if _, err := os.Stat(filepath.Join(dir, "cache")); err != nil {
		b.Fatal(err)
	}
	api.ForgetRequests()
	for b.Loop() {
		began := time.Now()
		p := start(b, launch{env: keyInEnv(testkit.Key), dir: dir})
		r := p.get("/metrics", "Accept", acceptLikePrometheus)
		b.ReportMetric(time.Since(began).Seconds()*1000, "start-ms")
		if n := strings.Count(r.body, "\nsmartlead_sent_total{"); r.status != http.StatusOK || n != 5*campaigns {
			b.Fatalf("status %d with %d steps, want %d", r.status, n, 5*campaigns)
		}
		p.signal(syscall.SIGTERM)
		p.wait()
	}
	if n := len(api.Requests()); n != 0 {
		b.Errorf("the API was asked %d times for what was in the file", n)
	}
	b.ReportMetric(0, "ns/op")
}
