package simulator_test

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

// monday is the midnight at which models start in these tests.
var monday = time.Date(2025, time.March, 3, 0, 0, 0, 0, time.UTC)

var lively = simulator.Model{
	Seed: 7, Start: monday, LeadsPerDay: 40, Steps: 3, DaysBetween: 3,
	Read: 0.5, Click: 0.1, Reply: 0.1, Unsubscribe: 0.01, Bounce: 0.05,
}

// modelAt returns a Simulator whose campaign 1 lives by a model, and a function that sets its clock.
func modelAt(t *testing.T, m simulator.Model, c simulator.Campaign) (*simulator.Simulator, func(time.Time)) {
	t.Helper()
	now := m.Start
	c.ID, c.Source = 1, simulator.Live(m)
	sim := newSim(t, simulator.Options{Clock: func() time.Time { return now }}, c)
	return sim, func(to time.Time) { now = to }
}

// sentEmail is a row with its times.
type sentEmail struct {
	ID           string     `json:"stats_id"`
	Lead         string     `json:"lead_email"`
	Step         int        `json:"sequence_number"`
	Sent         time.Time  `json:"sent_time"`
	Open         *time.Time `json:"open_time"`
	Click        *time.Time `json:"click_time"`
	Reply        *time.Time `json:"reply_time"`
	OpenCount    int        `json:"open_count"`
	ClickCount   int        `json:"click_count"`
	Unsubscribed bool       `json:"is_unsubscribed"`
	Bounced      bool       `json:"is_bounced"`
}

func emailsOf(t *testing.T, sim *simulator.Simulator) []sentEmail {
	t.Helper()
	raw, err := json.Marshal(getAll(t, sim, 1, nil))
	if err != nil {
		t.Fatal(err)
	}
	var emails []sentEmail
	if err := json.Unmarshal(raw, &emails); err != nil {
		t.Fatal(err)
	}
	return emails
}

func total(t *testing.T, sim *simulator.Simulator, id int64) simulator.StepCounts {
	t.Helper()
	counts, ok := sim.Counts(id)
	if !ok {
		t.Fatalf("campaign %d is not there", id)
	}
	var sum simulator.StepCounts
	for _, c := range counts {
		sum.Sent += c.Sent
		sum.Opened += c.Opened
		sum.Clicked += c.Clicked
		sum.Replied += c.Replied
		sum.Unsubscribed += c.Unsubscribed
		sum.Bounced += c.Bounced
	}
	return sum
}

func TestModelSendsInWorkingHours(t *testing.T) {
	m := lively
	m.Opens, m.Ends = 8*time.Hour, 10*time.Hour
	sim, set := modelAt(t, m, simulator.Campaign{})
	set(monday.AddDate(0, 0, 28))
	emails := emailsOf(t, sim)
	firsts := map[string]int{}
	for _, e := range emails {
		if day := e.Sent.Weekday(); day == time.Saturday || day == time.Sunday || e.Sent.Hour() < 8 || e.Sent.Hour() >= 10 {
			t.Errorf("an e-mail is sent on %s at %s", day, e.Sent)
		}
		if e.Step == 1 {
			firsts[e.Sent.Format(time.DateOnly)]++
		}
	}
	if len(firsts) != 20 {
		t.Errorf("new leads are written to on %d days, want 20", len(firsts))
	}
	for day, n := range firsts {
		if n != m.LeadsPerDay {
			t.Errorf("%s: %d new leads, want %d", day, n, m.LeadsPerDay)
		}
	}

	// Saturday's beginning and Monday's first minute are the same but for what comes of the e-mails.
	set(monday.AddDate(0, 0, 5))
	before := total(t, sim, 1).Sent
	set(monday.AddDate(0, 0, 7).Add(8 * time.Hour))
	if after := total(t, sim, 1).Sent; after != before {
		t.Errorf("%d e-mails were sent on a weekend", after-before)
	}
	set(monday.AddDate(0, 0, 7).Add(9 * time.Hour))
	if after := total(t, sim, 1).Sent; after <= before {
		t.Error("nothing was sent on Monday")
	}
}

// TestModelSpreadsTheDay sees that no hour of a working day stays empty.
func TestModelSpreadsTheDay(t *testing.T) {
	sim, set := modelAt(t, lively, simulator.Campaign{})
	var last int64
	for hour := 10; hour <= 17; hour++ {
		set(monday.Add(time.Duration(hour) * time.Hour))
		now := total(t, sim, 1).Sent
		if n := now - last; n < 4 || n > 6 {
			t.Errorf("%d of 40 e-mails were sent in the hour to %d o'clock, want about 5", n, hour)
		}
		last = now
	}
}

func TestModelFollowsUp(t *testing.T) {
	sim, set := modelAt(t, lively, simulator.Campaign{})
	set(monday.AddDate(0, 0, 60))
	leads := map[string][]sentEmail{}
	for _, e := range emailsOf(t, sim) {
		leads[e.Lead] = append(leads[e.Lead], e)
	}
	ended := map[string]int{}
	for lead, emails := range leads {
		for i, e := range emails {
			if e.Step != i+1 {
				t.Fatalf("%s got step %d as e-mail %d", lead, e.Step, i+1)
			}
			if i == 0 {
				continue
			}
			last := emails[i-1]
			days := e.Sent.Truncate(24*time.Hour).Sub(last.Sent.Truncate(24*time.Hour)) / (24 * time.Hour)
			if days < 3 || days > 5 { // two more at a weekend
				t.Errorf("%s got step %d after %d days", lead, e.Step, days)
			}
			if last.Bounced || last.Reply != nil && last.Reply.Before(e.Sent) {
				t.Errorf("%s got step %d after a bounce or a reply", lead, e.Step)
			}
		}
		if last := emails[len(emails)-1]; last.Step < 3 && last.Sent.Before(monday.AddDate(0, 0, 50)) {
			switch {
			case last.Bounced:
				ended["bounced"]++
			case last.Reply != nil:
				ended["replied"]++
			case last.Unsubscribed:
				ended["unsubscribed"]++
			default:
				t.Errorf("%s got no step %d, for no reason", lead, last.Step+1)
			}
		}
	}
	if len(ended) != 3 {
		t.Errorf("not every reason to stop occurred: %v", ended)
	}
}

func TestModelDelays(t *testing.T) {
	sim, set := modelAt(t, lively, simulator.Campaign{})
	set(monday.AddDate(0, 0, 90))
	var opens, clicks, replies []time.Duration
	for _, e := range emailsOf(t, sim) {
		if opened := e.OpenCount > 0; opened != (e.Open != nil) {
			t.Errorf("%s: open count %d at open time %v", e.ID, e.OpenCount, e.Open)
		}
		if e.Bounced && e.Open != nil || (e.Click != nil || e.Reply != nil || e.Unsubscribed) && e.Open == nil {
			t.Errorf("%s contradicts itself: %+v", e.ID, e)
		}
		if e.Open != nil {
			opens = append(opens, e.Open.Sub(e.Sent))
		}
		if e.Click != nil {
			clicks = append(clicks, e.Click.Sub(*e.Open))
		}
		if e.Reply != nil {
			replies = append(replies, e.Reply.Sub(*e.Open))
		}
	}
	for _, test := range []struct {
		name                string
		delays              []time.Duration
		least, median, most time.Duration
	}{
		{"opens", opens, time.Minute, 32 * time.Minute, 72 * time.Hour},
		{"clicks", clicks, 10 * time.Second, 51 * time.Second, 15 * time.Minute},
		{"replies", replies, time.Hour, 6*time.Hour + 33*time.Minute, 96 * time.Hour},
	} {
		slices.Sort(test.delays)
		n := len(test.delays)
		median := test.delays[n/2]
		if test.delays[0] < test.least || test.delays[n-1] > test.most || math.Abs(float64(median-test.median)) > 0.2*float64(test.median) {
			t.Errorf("%s: %s to %s, median %s of %d, want %s to %s, median about %s",
				test.name, test.delays[0], test.delays[n-1], median, n, test.least, test.most, test.median)
		}
	}
}

func TestModelStartsWithinTheDay(t *testing.T) {
	m := lively
	m.Start = monday.Add(16 * time.Hour)
	sim, set := modelAt(t, m, simulator.Campaign{})
	set(monday.AddDate(0, 0, 1))
	emails := emailsOf(t, sim)
	if len(emails) != m.LeadsPerDay {
		t.Errorf("%d e-mails were sent on the first day", len(emails))
	}
	for _, e := range emails {
		if e.Sent.Before(m.Start) {
			t.Errorf("an e-mail was sent at %s", e.Sent)
		}
	}
}
