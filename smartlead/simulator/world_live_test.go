package simulator_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead/simulator"
)

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

// TestModelUnfolds sees each kind of event come in its time and none be taken back.
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

// TestModelShapesAgree compares what a client counts from rows with what it is told by step.
func TestModelShapesAgree(t *testing.T) {
	byEmail, setA := modelAt(t, lively, simulator.Campaign{})
	byStep, setB := modelAt(t, lively, simulator.Campaign{Shape: simulator.PerSequence})
	setA(monday.AddDate(0, 0, 20).Add(14 * time.Hour))
	setB(monday.AddDate(0, 0, 20).Add(14 * time.Hour))
	emails := emailsOf(t, byEmail)
	var want []map[string]any
	for step := 1; step <= 3; step++ {
		counts := map[string]any{"campaign_id": 1.0, "sequence_number": float64(step)}
		for _, name := range []string{"sent", "opened", "clicked", "replied", "unsubscribed", "bounced"} {
			counts[name] = 0.0
		}
		for _, e := range emails {
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
