package reliability_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"smartlead_exporter/smartlead/simulator"
)

// page is what a scrape shows.
type page struct {
	campaigns map[int64]*shown
	failures  map[failure]float64      // refreshes that failed, those above 0
	maxAge    map[string]time.Duration // promised, by account
	mailboxes map[string]int           // by account
	collected map[string]int           // accounts for which it goes well, by subject
}

// failure is a reason for which refreshes of an account failed.
type failure struct{ account, reason string }

// shown is what a page has of a campaign.
type shown struct {
	up          float64
	lastSuccess int64                  // in milliseconds since 1970; 0 before the first
	requests    int                    // of the newest finished refresh
	steps       []simulator.StepCounts // in ascending order; empty if there are none
}

// counts are the families of a step, and where a StepCounts has them.
var counts = map[string]func(*simulator.StepCounts) *int64{
	"smartlead_sent_total":         func(c *simulator.StepCounts) *int64 { return &c.Sent },
	"smartlead_opened_total":       func(c *simulator.StepCounts) *int64 { return &c.Opened },
	"smartlead_clicked_total":      func(c *simulator.StepCounts) *int64 { return &c.Clicked },
	"smartlead_replied_total":      func(c *simulator.StepCounts) *int64 { return &c.Replied },
	"smartlead_unsubscribed_total": func(c *simulator.StepCounts) *int64 { return &c.Unsubscribed },
	"smartlead_bounced_total":      func(c *simulator.StepCounts) *int64 { return &c.Bounced },
}

// readPage reads the families that matter here. A step that lacks one of its six counts is an error.
func readPage(t testing.TB, families []*dto.MetricFamily) page {
	t.Helper()
	p := page{campaigns: map[int64]*shown{}, failures: map[failure]float64{}, maxAge: map[string]time.Duration{}, mailboxes: map[string]int{}, collected: map[string]int{}}
	for _, f := range families {
		if f.GetName() != "smartlead_campaign_up" {
			continue
		}
		for _, m := range f.GetMetric() {
			p.campaigns[number(t, label(m, "campaign_id"))] = &shown{up: m.GetGauge().GetValue()}
		}
	}
	of := func(m *dto.Metric) *shown {
		c := p.campaigns[number(t, label(m, "campaign_id"))]
		if c == nil {
			t.Fatalf("a campaign has no smartlead_campaign_up: %v", m)
		}
		return c
	}
	seen := map[int64]map[int]int{}
	for _, f := range families {
		count := counts[f.GetName()]
		for _, m := range f.GetMetric() {
			switch {
			case f.GetName() == "smartlead_campaign_last_success_timestamp_seconds":
				of(m).lastSuccess = int64(m.GetGauge().GetValue()*1000 + 0.5)
			case f.GetName() == "smartlead_campaign_refresh_requests":
				of(m).requests = int(m.GetGauge().GetValue())
			case f.GetName() == "smartlead_exporter_refresh_failures_total" && m.GetCounter().GetValue() > 0:
				p.failures[failure{label(m, "account"), label(m, "reason")}] = m.GetCounter().GetValue()
			case f.GetName() == "smartlead_exporter_max_age_seconds":
				p.maxAge[label(m, "account")] = time.Duration(m.GetGauge().GetValue() * float64(time.Second))
			case f.GetName() == "smartlead_account_mailboxes":
				p.mailboxes[label(m, "account")] = int(m.GetGauge().GetValue())
			case f.GetName() == "smartlead_exporter_subject_up":
				p.collected[label(m, "subject")] += int(m.GetGauge().GetValue())
			case count != nil:
				step := int(number(t, label(m, "sequence_number")))
				*count(of(m).step(step)) = int64(m.GetGauge().GetValue())
				id := number(t, label(m, "campaign_id"))
				if seen[id] == nil {
					seen[id] = map[int]int{}
				}
				seen[id][step]++
			}
		}
	}
	for id, steps := range seen {
		for step, n := range steps {
			if n != len(counts) {
				t.Errorf("campaign %d has %d counts of step %d, want %d", id, n, step, len(counts))
			}
		}
	}
	return p
}

// step returns a step's counts, which it adds in order if they are new.
func (s *shown) step(step int) *simulator.StepCounts {
	i, found := slices.BinarySearchFunc(s.steps, step, func(c simulator.StepCounts, step int) int { return c.Step - step })
	if !found {
		s.steps = slices.Insert(s.steps, i, simulator.StepCounts{Step: step})
	}
	return &s.steps[i]
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

func number(t testing.TB, text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
