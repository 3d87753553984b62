package e2e_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

// The instances that Prometheus sees, and a campaign: those of the documentation's examples.
const (
	demoInstance   = "demo:10045"
	steadyInstance = "exporter:10045"
	steadyAccount  = "default"
	steadyCampaign = 12345
)

// world is a Prometheus with a history, the rules, and exporters: the demonstration, one of a campaign of known
// history, and, when trouble begins, one with everything that can go wrong.
type world struct {
	t         *testing.T
	prom      *prometheus
	folder    string
	demo      *exporter
	steady    *exporter
	steadyAPI *simulator.Simulator
}

func startWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, folder: t.TempDir()}
	now := time.Now()
	var api string
	w.steadyAPI, api = startAPI(t, simulator.Options{
		Limits: simulator.Limits{PerMinute: 200_000}, // for the headers; more than what is configured
		Campaigns: []simulator.Campaign{{
			ID: steadyCampaign, Name: "Q4 outreach", Shape: simulator.PerSequence, MaxLeadsPerDay: 20,
			LeadsWaiting: 15, Tags: []simulator.Tag{{ID: 1, Name: "outbound"}}, Source: simulator.Aggregated(steadyCounts(now, now)...),
		}},
	})
	w.demo = startHurriedDemo(t, now)
	w.steady = startExporter(t, configuration(account(steadyAccount, api, "    discovery: {interval: 1m}\n    collect: [leads, people]\n")))

	var history []past
	for instance, e := range map[string]*exporter{demoInstance: w.demo, steadyInstance: w.steady} {
		p := past{instance: instance, counts: demoPast(t, now)}
		if e == w.steady {
			p.counts = func(at time.Time) map[int64][]simulator.StepCounts {
				return map[int64][]simulator.StepCounts{steadyCampaign: steadyCounts(now, at)}
			}
		}
		await(t, "campaigns of "+instance, func() (err error) {
			if p.metrics, err = e.metrics(); err == nil && !strings.Contains(p.metrics, "\nsmartlead_sent_total{") {
				err = fmt.Errorf("there are none")
			}
			for _, c := range regexp.MustCompile(`(?m)^smartlead_campaign_info\{.*campaign_id="(\d+)"`).FindAllStringSubmatch(p.metrics, -1) {
				for _, subject := range []string{"leads", "positive_replies"} {
					if series := fmt.Sprintf("\nsmartlead_campaign_%s{campaign_id=%q", subject, c[1]); err == nil && !strings.Contains(p.metrics, series) {
						err = fmt.Errorf("there is no %s", strings.TrimSpace(series))
					}
				}
			}
			return err
		})
		history = append(history, p)
	}
	backfill(t, w.folder, now, history)

	hurriedRules(t, w.folder)
	w.prom = startPrometheus(t, w.folder, fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s, scrape_native_histograms: true, always_scrape_classic_histograms: true}
rule_files: [rules/*.rules.yml]
scrape_configs:
  - job_name: smartlead
    static_configs:
      - {targets: ['%s'], labels: {instance: '%s'}}
      - {targets: ['%s'], labels: {instance: '%s'}}
    file_sd_configs: [{files: [late.json]}]
`, w.demo.address, demoInstance, w.steady.address, steadyInstance))
	w.prom.awaitUp("smartlead", 2)
	await(t, "data to calculate rates of", func() error {
		// Both exporters have refreshed, and what came of that went through the rules.
		r, err := w.prom.now(`
			rate(smartlead_exporter_api_requests_total{code="200"}[1m]) > 0
			and on () campaign:smartlead_sent:delta28d
			and on () campaign:smartlead_replied:delta1d{campaign_id="106"} > 0`)
		if err == nil && len(r.Series) < 2 {
			err = fmt.Errorf("only of %v", r.Series)
		}
		return err
	})
	return w
}

// steadyCounts returns what a campaign with a sad story had sent at a moment: for weeks 20 e-mails a day with two
// replies, three of four of them positive, since eight days none, and since two days it hasn't sent anything.
func steadyCounts(now, at time.Time) []simulator.StepCounts {
	days := func(until time.Duration) int64 { // in hours, so that the counts grow by the hour
		return max(0, int64(min(at.Sub(now), -until).Hours())+50*24)
	}
	sent := days(48*time.Hour) * 20 / 24
	return []simulator.StepCounts{{
		Step: 1, Sent: sent, Opened: sent / 2, Clicked: sent / 20, Replied: days(8*24*time.Hour) * 2 / 24,
		Unsubscribed: sent / 500, Bounced: sent / 100, Positive: days(8*24*time.Hour) * 3 / 2 / 24,
	}}
}

// nextMinute returns the next full minute: the last point of a graph that has steps of a minute, and not older than the
// newest sample.
func nextMinute() time.Time { return time.Now().Truncate(time.Minute).Add(time.Minute) }
