package simulator_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead/simulator"
)

// monday is the midnight at which models start in these tests.
var monday = time.Date(2025, time.March, 3, 0, 0, 0, 0, time.UTC)

var lively = simulator.Model{
	Seed: 7, Start: monday, LeadsPerDay: 40, Steps: 3, DaysBetween: 3,
	Read: 0.5, Click: 0.1, Reply: 0.1, Unsubscribe: 0.01, Bounce: 0.05,
}

// modelAt returns a Simulator whose campaign 1 lives by a model, and a function
// that sets its clock.
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

func TestModelIsDeterministic(t *testing.T) {
	read := func(seed uint64, moments ...time.Duration) string {
		m := lively
		m.Seed = seed
		sim, set := modelAt(t, m, simulator.Campaign{})
		var body string
		for _, d := range moments {
			set(monday.Add(d))
			_, body = get(t, sim, "/campaigns/1/statistics", values("limit", "1000"))
		}
		return body
	}
	const day = 24 * time.Hour
	at := 10*day + 13*time.Hour
	want := read(7, at)
	if got := read(7, at); got != want {
		t.Error("two runs differ")
	}
	if got := read(7, 0, day, 2*day+11*time.Hour, 5*day, at); got != want {
		t.Error("it depends on when it was asked before")
	}
	if got := read(7, 30*day, at); got != want {
		t.Error("a clock that goes back shows what is to come")
	}
	if got := read(8, at); got == want {
		t.Error("the seed makes no difference")
	}
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

// TestModelUnfolds sees each kind of event come in its time and none be taken
// back.
func TestModelUnfolds(t *testing.T) {
	m := lively
	m.Ends = 9*time.Hour + time.Minute // all of a day's e-mails at once
	m.Opens = 9 * time.Hour
	m.Leads, m.LeadsPerDay, m.Steps = 1000, 1000, 1
	sim, set := modelAt(t, m, simulator.Campaign{})
	var last simulator.StepCounts
	for _, step := range []struct {
		after time.Duration
		want  simulator.StepCounts // the least that must have come
		not   simulator.StepCounts // the most that may have come
	}{
		{0, simulator.StepCounts{}, simulator.StepCounts{}},
		{time.Minute, simulator.StepCounts{Sent: 1000}, simulator.StepCounts{Sent: 1000}},
		{25 * time.Minute, simulator.StepCounts{Sent: 1000, Opened: 130, Clicked: 20, Bounced: 35},
			simulator.StepCounts{Sent: 1000, Opened: 300, Clicked: 80, Unsubscribed: 20, Bounced: 70}},
		{3 * time.Hour, simulator.StepCounts{Sent: 1000, Opened: 400, Clicked: 70, Replied: 5, Bounced: 35},
			simulator.StepCounts{Sent: 1000, Opened: 550, Clicked: 140, Replied: 50, Unsubscribed: 25, Bounced: 70}},
		{7 * 24 * time.Hour, simulator.StepCounts{Sent: 1000, Opened: 450, Clicked: 75, Replied: 75, Unsubscribed: 3, Bounced: 35},
			simulator.StepCounts{Sent: 1000, Opened: 550, Clicked: 130, Replied: 130, Unsubscribed: 25, Bounced: 70}},
	} {
		set(monday.Add(9*time.Hour + step.after))
		got := total(t, sim, 1)
		for _, n := range [][4]int64{
			{got.Sent, step.want.Sent, step.not.Sent, last.Sent},
			{got.Opened, step.want.Opened, step.not.Opened, last.Opened},
			{got.Clicked, step.want.Clicked, step.not.Clicked, last.Clicked},
			{got.Replied, step.want.Replied, step.not.Replied, last.Replied},
			{got.Unsubscribed, step.want.Unsubscribed, step.not.Unsubscribed, last.Unsubscribed},
			{got.Bounced, step.want.Bounced, step.not.Bounced, last.Bounced},
		} {
			if n[0] < n[1] || n[0] > n[2] || n[0] < n[3] {
				t.Errorf("after %s: got %v, want %v to %v, and no less than %v", step.after, got, step.want, step.not, last)
				break
			}
		}
		last = got
	}
}

func TestModelTracking(t *testing.T) {
	for _, test := range []struct {
		settings       []string
		opened, clicks bool
	}{
		{nil, true, true},
		{[]string{simulator.DontTrackOpens}, false, true},
		{[]string{simulator.DontTrackClicks}, true, false},
		{[]string{simulator.DontTrackOpens, simulator.DontTrackClicks}, false, false},
	} {
		sim, set := modelAt(t, lively, simulator.Campaign{TrackSettings: test.settings})
		set(monday.AddDate(0, 0, 14))
		got := total(t, sim, 1)
		if got.Opened > 0 != test.opened || got.Clicked > 0 != test.clicks || got.Replied == 0 {
			t.Errorf("%v: got %v", test.settings, got)
		}
	}
}

func TestModelEnds(t *testing.T) {
	statusAt := func(sim *simulator.Simulator) any { return getCampaigns(t, sim, nil)[0]["status"] }

	t.Run("stop", func(t *testing.T) {
		m := lively
		m.Stop = monday.AddDate(0, 0, 9).Add(12 * time.Hour)
		sim, set := modelAt(t, m, simulator.Campaign{})
		set(m.Stop)
		before := total(t, sim, 1)
		set(m.Stop.AddDate(1, 0, 0))
		after := total(t, sim, 1)
		if before.Sent == 0 || after.Sent != before.Sent {
			t.Errorf("%d e-mails were sent until it stopped, and %d after", before.Sent, after.Sent-before.Sent)
		}
		if after.Replied <= before.Replied {
			t.Error("nobody replies after it stopped")
		}
		if got := statusAt(sim); got != simulator.StatusActive {
			t.Errorf("a stalled campaign is %v", got)
		}
	})
	t.Run("leads", func(t *testing.T) {
		m := lively
		m.Leads, m.Bounce, m.Read, m.Click, m.Reply, m.Unsubscribe = 50, 0, 0, 0, 0, 0
		sim, set := modelAt(t, m, simulator.Campaign{})
		set(monday.AddDate(0, 0, 2))
		if got := statusAt(sim); got != simulator.StatusActive {
			t.Errorf("after two days it is %v", got)
		}
		set(monday.AddDate(0, 0, 30))
		if got := total(t, sim, 1).Sent; got != 150 {
			t.Errorf("%d e-mails were sent, want 3 to each of 50 leads", got)
		}
		if got := statusAt(sim); got != simulator.StatusCompleted {
			t.Errorf("in the end it is %v", got)
		}
	})
	t.Run("no leads a day", func(t *testing.T) {
		m := lively
		m.LeadsPerDay = 0
		sim, set := modelAt(t, m, simulator.Campaign{})
		set(monday.AddDate(100, 0, 0))
		if got := total(t, sim, 1).Sent; got != 0 {
			t.Errorf("%d e-mails were sent", got)
		}
	})
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

// TestModelShapesAgree compares what a client counts from rows with what it is
// told by step.
func TestModelShapesAgree(t *testing.T) {
	byEmail, setA := modelAt(t, lively, simulator.Campaign{})
	byStep, setB := modelAt(t, lively, simulator.Campaign{Shape: simulator.PerSequence})
	setA(monday.AddDate(0, 0, 20).Add(14 * time.Hour))
	setB(monday.AddDate(0, 0, 20).Add(14 * time.Hour))
	var want []map[string]any
	for step := 1; step <= 3; step++ {
		counts := map[string]any{"campaign_id": 1.0, "sequence_number": float64(step)}
		for _, name := range []string{"sent", "opened", "clicked", "replied", "unsubscribed", "bounced"} {
			counts[name] = 0.0
		}
		for _, e := range emailsOf(t, byEmail) {
			if e.Step != step {
				continue
			}
			for name, is := range map[string]bool{
				"sent": true, "opened": e.Open != nil, "clicked": e.Click != nil, "replied": e.Reply != nil,
				"unsubscribed": e.Unsubscribed, "bounced": e.Bounced,
			} {
				if is {
					counts[name] = counts[name].(float64) + 1
				}
			}
		}
		want = append(want, counts)
	}
	if diff := cmp.Diff(want, getPage(t, byStep, 1, nil).Data); diff != "" {
		t.Errorf("rows by step differ from e-mails (-e-mails +steps):\n%s", diff)
	}
}

func BenchmarkModel(b *testing.B) {
	m := lively
	m.LeadsPerDay = 60
	end := monday.AddDate(0, 0, 84)
	for _, shape := range []simulator.Shape{simulator.PerEmail, simulator.PerSequence} {
		b.Run(fmt.Sprintf("shape %d", shape), func(b *testing.B) {
			now := end
			sim := newSim(b, simulator.Options{Clock: func() time.Time { return now }}, simulator.Campaign{ID: 1, Shape: shape, Source: simulator.Live(m)})
			for b.Loop() {
				get(b, sim, "/campaigns/1/statistics", values("limit", "1000"))
				now = now.Add(time.Minute)
			}
		})
	}
	b.Run("history", func(b *testing.B) {
		for b.Loop() {
			sim := newSim(b, simulator.Options{Clock: func() time.Time { return end }}, simulator.Campaign{ID: 1, Source: simulator.Live(m)})
			if _, ok := sim.Counts(1); !ok {
				b.Fatal("the campaign is not there")
			}
		}
	})
}
