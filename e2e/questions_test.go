package e2e_test

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// question is a query that somebody relies on, in a way that a name tells.
type question struct {
	name string
	ask  func() (result, error)
}

// answered asks questions and returns the names of those to which there is data, and of those to which there is none,
// both sorted. A question that Prometheus refuses, or answers with a remark, fails the test.
func answered(t *testing.T, questions []question) (filled, empty []string) {
	t.Helper()
	for _, q := range questions {
		r, err := q.ask()
		switch {
		case err != nil:
			t.Errorf("%s: %v", q.name, err)
		case len(r.Annotations) > 0:
			t.Errorf("%s: Prometheus remarks %q", q.name, r.Annotations)
		case r.hasData():
			filled = append(filled, q.name)
		default:
			empty = append(empty, q.name)
		}
	}
	slices.Sort(filled)
	slices.Sort(empty)
	return filled, empty
}

// looks are how somebody looks at each dashboard, and which queries may have no data then, although all is well. Each
// of those has data in another look, or gets some when there is trouble.
var looks = map[string][]struct {
	chosen map[string][]string
	over   time.Duration // the dashboard's own range if 0
	empty  []string
}{
	"overview.json": {
		{chosen: map[string][]string{"account": all, "campaign": all}, empty: append(byHour, noAlerts...)},
		{chosen: map[string][]string{"account": all, "campaign": all}, over: 24 * time.Hour, empty: append(noChange, append(byDay, noAlerts...)...)},
		{chosen: map[string][]string{"account": {"default", "demo"}, "campaign": {"101", "12345"}}, empty: append(byHour, noAlerts...)},
		// Opens of this campaign aren't tracked, so their rate can't have changed. Nor is known when it last sent.
		{
			chosen: map[string][]string{"account": {"demo"}, "campaign": {"106"}},
			empty:  append([]string{"Open rate B", "Campaigns K", "Reply rate by people A"}, append(byHour, noAlerts...)...),
		},
	},
	"campaign.json": {
		{chosen: map[string][]string{"account": all, "campaign": {"101"}}, empty: append([]string{"How long replies take B"}, byHour...)},
		{chosen: map[string][]string{"account": all, "campaign": {"101"}}, over: 24 * time.Hour, empty: append([]string{"How long replies take A"}, byDay...)},
		// Nor have its steps a time of sending, or its replies one of their own, as it comes as a row for each step.
		{chosen: map[string][]string{"account": all, "campaign": {"106"}}, empty: append([]string{
			"Funnel by step B", "Last sent A", "Open rate by step A", "Open rate by step B", "Steps side by side G",
			"Half reply within A", "How long replies take A", "How long replies take B", "Replies by category A", "Replies by sentiment A", "Reply rate by people A",
			"Variants side by side A", "Variants side by side B", "Variants side by side C", "Variants side by side D", "Variants side by side E", "Variants side by side F",
		}, byHour...)},
	},
	"exporter.json": {
		{chosen: map[string][]string{"account": all}, empty: append([]string{"Failed refreshes A", "Failed refreshes B"}, noAlerts...)},
		{chosen: map[string][]string{"account": {"demo"}}, empty: append([]string{"Failed refreshes A", "Failed refreshes B"}, noAlerts...)},
	},
	"mailboxes.json": {
		{chosen: map[string][]string{"account": all, "client": all, "domain": all}, empty: noAlerts},
		{chosen: map[string][]string{"account": {"demo"}, "client": {"77"}, "domain": {"northwin.example"}}, empty: noAlerts},
	},
}

// Of bars, those of days or those of hours are shown; and where all is well, no alert fires.
var (
	byHour   = []string{"Replies over time B", "Replies over time D", "Sent over time B", "Sent over time D"}
	byDay    = []string{"Replies over time A", "Replies over time C", "Sent over time A", "Sent over time C"}
	noAlerts = []string{"Alerts firing A", "Alerts firing now A"}
	// The day before this one is a Sunday, on which the demonstration sends nothing.
	noChange = []string{
		"Bounce rate B", "Campaigns H", "Campaigns I", "Click rate B", "Open rate B", "Reply rate B", "Sent B", "Unsubscribe rate B",
	}
)

// panels returns the questions of a dashboard as somebody looks at it.
func (w *world) panels(t *testing.T, v *view) []question {
	t.Helper()
	var questions []question
	v.dashboard.each(func(p *panel, q *query) {
		questions = append(questions, question{name: p.Title + " " + q.RefID, ask: func() (result, error) {
			v.to = nextMinute()
			return v.ask(t, w.prom, p, q)
		}})
	})
	return questions
}

// emptyWhenWell are the queries of each page that may have no data when all is well. They all get some when there is
// trouble.
var emptyWhenWell = map[string][]string{
	"docs/metrics.md": {
		"count(smartlead_campaign_click_tracking == 0)",
		"smartlead_account_campaigns_omitted > 0",
		"smartlead_campaign_rows_without_step",
		"smartlead_campaign_up == 0",
		"smartlead_exporter_config_last_reload_successful == 0",
		"count by (account, domain) (\n  smartlead_mailbox_info and on (account, mailbox_id) smartlead_mailbox_smtp_up == 0\n)",
		"increase(smartlead_exporter_cache_write_failures_total[15m]) > 0",
		"smartlead_exporter_subject_up == 0",
		"smartlead_mailbox_campaigns == 0",
		"smartlead_mailbox_imap_up == 0",
		"smartlead_mailbox_sent_today >= smartlead_mailbox_daily_limit",
		"smartlead_mailbox_smtp_up == 0",
		"time() - smartlead_exporter_subject_last_success_timestamp_seconds > 6 * 3600",
		"smartlead_exporter_expected_change_delay_seconds\n> on (job, instance) group_left () 10 * smartlead_exporter_cache_ttl_seconds",
		"smartlead_exporter_rate_limit_paused_until_timestamp_seconds - time() > 0",
		"smartlead_exporter_rate_limit_advertised_requests > on (account) smartlead_exporter_rate_limit_requests{window=\"minute\"}",
		"smartlead_exporter_rate_limit_paused_until_timestamp_seconds - time() > 0",
		"sum by (account, reason) (increase(smartlead_exporter_discovery_failures_total[1h])) > 0",
		"sum by (account, reason) (increase(smartlead_exporter_refresh_failures_total[1h])) > 0",
		"sum by (campaign_id) (smartlead_unsubscribed_total) / (sum by (campaign_id) (smartlead_sent_total) >= 50) > 0.01",
		"time() - smartlead_campaign_created_timestamp_seconds < 7 * 86400",
		"time() - smartlead_campaign_last_success_timestamp_seconds * on (campaign_id) group_left (account) smartlead_campaign_info\n" +
			"> on (account) group_left () smartlead_exporter_max_age_seconds",
		"time() - smartlead_campaign_last_success_timestamp_seconds\n> on (job, instance) group_left () 20 * smartlead_exporter_cache_ttl_seconds",
	},
	"docs/runbook.md": {
		`campaign:smartlead_bounced_per_sent:ratio_recent{campaign_id="12345"}`,
		"campaign:smartlead_data_age_seconds:min and on (campaign_id) smartlead_campaign_up == 0",
		"campaign:smartlead_positive_replies:delta7d <= 0 and campaign:smartlead_replied:delta7d > 0",
		"count by (account) (smartlead_mailbox_sent_today >= smartlead_mailbox_daily_limit)",
		"count by (account, domain) (\n  mailbox:smartlead_mailbox_info:newest\n" +
			"  and on (account, mailbox_id) (mailbox:smartlead_mailbox_smtp_up:max == 0 or mailbox:smartlead_mailbox_imap_up:max == 0)\n)",
		"sum by (account) (increase(smartlead_exporter_api_requests_total{code=\"401\"}[1h])) > 0",
		"sum by (reason) (increase(smartlead_exporter_discovery_failures_total{account=\"default\"}[15m])) > 0",
		"sum by (reason) (increase(smartlead_exporter_refresh_failures_total{account=\"default\"}[15m])) > 0",
		`time() - max by (sequence_number) (smartlead_last_sent_timestamp_seconds{campaign_id="12345"})`,
	},
}

var queryBlock = regexp.MustCompile("(?s)```promql\n(.*?)\n```")

// documented returns the questions of a Markdown page. A block of several has a comment before each.
func (w *world) documented(t *testing.T, page string) []question {
	t.Helper()
	var questions []question
	for _, block := range queryBlock.FindAllStringSubmatch(read(t, page), -1) {
		for _, expr := range regexp.MustCompile(`(?m)^#.*$`).Split(block[1], -1) {
			if expr = strings.TrimSpace(expr); expr != "" {
				questions = append(questions, question{name: expr, ask: func() (result, error) { return w.prom.now(expr) }})
			}
		}
	}
	return questions
}

// rule is a rule as Prometheus tells it.
type rule struct {
	Name   string `json:"name"`
	Query  string `json:"query"`
	Type   string `json:"type"` // recording or alerting
	Health string `json:"health"`
	Error  string `json:"lastError"`
}

// rules returns all rules, evaluated at least once.
func (w *world) rules(t *testing.T) []rule {
	t.Helper()
	var rules []rule
	await(t, "evaluated rules", func() error {
		var data struct {
			Groups []struct {
				Rules []rule `json:"rules"`
			} `json:"groups"`
		}
		if _, err := w.prom.call("rules", url.Values{}, &data); err != nil {
			return err
		}
		rules = nil
		for _, g := range data.Groups {
			rules = append(rules, g.Rules...)
		}
		for _, r := range rules {
			if r.Health == "unknown" {
				return fmt.Errorf("%s hasn't been evaluated", r.Name)
			}
		}
		return nil
	})
	return rules
}

// compare reports queries without data that aren't known to be empty, and known ones that nobody asks.
func compare(t *testing.T, where string, asked []question, empty, known []string) {
	t.Helper()
	for _, name := range empty {
		if !slices.Contains(known, name) {
			t.Errorf("%s: no data for %s", where, name)
		}
	}
	for _, name := range known {
		if !slices.ContainsFunc(asked, func(q question) bool { return q.name == name }) {
			t.Errorf("%s: there is no query %s", where, name)
		}
	}
}

// TestQueries asks a real Prometheus what dashboards, rules and pages ask: first when all is well, with weeks of
// history, then when nothing is.
func TestQueries(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	var everything []question
	pending := map[string]question{} // those that had no data yet, in no look
	had := map[string]bool{}
	settle := func(page string, questions []question) []string {
		everything = append(everything, questions...)
		filled, empty := answered(t, questions)
		for _, name := range filled {
			had[page+": "+name] = true
			delete(pending, page+": "+name)
		}
		for _, q := range questions {
			if name := page + ": " + q.name; slices.Contains(empty, q.name) && !had[name] {
				pending[name] = q
			}
		}
		return empty
	}

	for file, looks := range looks {
		d := loadDashboard(t, "dashboards/"+file)
		for _, look := range slices.Backward(looks) { // the one with most data last
			v := &view{dashboard: d, scrape: scrapeInterval(t), to: nextMinute(), over: look.over, chosen: look.chosen}
			for _, variable := range d.Templating.List {
				if variable.Type != "query" {
					continue
				}
				options := v.options(t, w.prom, variable)
				for _, chosen := range look.chosen[variable.Name] {
					if !slices.Contains(append(options, all...), chosen) {
						t.Errorf("%s: %s offers %q, and not %s", file, variable.Name, options, chosen)
					}
				}
			}
			asked := w.panels(t, v)
			compare(t, fmt.Sprintf("%s, looked at with %v", file, look.chosen), asked, settle(file, asked), look.empty)
		}
	}
	if len(looks) != len(files(t, "dashboards/*.json")) {
		t.Errorf("there are dashboards that nobody looks at")
	}
	for _, page := range append(files(t, "docs/*.md"), "README.md") {
		asked := w.documented(t, page)
		compare(t, page, asked, settle(page, asked), emptyWhenWell[page])
	}
	for _, r := range w.rules(t) {
		if r.Health != "ok" || r.Error != "" {
			t.Errorf("rule %s: %s: %s", r.Name, r.Health, r.Error)
		}
		empty := settle("rules", []question{{name: r.Name, ask: func() (result, error) { return w.prom.now(r.Query) }}})
		if r.Type == "recording" && len(empty) > 0 {
			t.Errorf("rule %s records nothing", r.Name)
		}
	}
	for _, alert := range []string{"SmartleadReplyRateFallen", "SmartleadSendingStalled", "SmartleadPositiveRepliesVanished", "SmartleadLeadsRunOut"} { // those that need history
		if _, ok := pending["rules: "+alert]; ok {
			t.Errorf("%s doesn't fire for the campaign whose history asks for it", alert)
		}
	}

	w.trouble()
	began := time.Now()
	await(t, "data for all queries", func() error {
		for name, q := range pending {
			if filled, _ := answered(t, []question{q}); len(filled) > 0 {
				delete(pending, name)
			}
		}
		if len(pending) > 0 {
			return fmt.Errorf("none for\n%s", strings.Join(slices.Sorted(maps.Keys(pending)), "\n"))
		}
		return nil
	})
	answered(t, everything) // none of them stumbles over what is there now
	t.Logf("the last query had data %s after trouble began", time.Since(began).Round(time.Second))
}
