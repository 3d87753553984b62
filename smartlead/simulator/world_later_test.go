package simulator_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead/simulator"
)

// busyModel has a bit of everything.
func busyModel() simulator.Model {
	m := lively
	m.Steps, m.DaysBetween, m.Variants = 8, 1, 2
	m.Delete, m.Ignore, m.Stamp, m.LateBounce = 0.2, 0.5, 0.5, 0.5
	return m
}

// What goes otherwise changes nothing else: the same leads get the same e-mails until they are deleted.
func TestLaterChangesNothingElse(t *testing.T) {
	calm := lively
	stamped := lively
	stamped.Stamp, stamped.Variants = 0.5, 3
	sim, set := modelAt(t, calm, simulator.Campaign{})
	other, setOther := modelAt(t, stamped, simulator.Campaign{})
	set(monday.AddDate(0, 0, 12))
	setOther(monday.AddDate(0, 0, 12))
	want, got := total(t, sim, 1), total(t, other, 1)
	if got.Replied <= want.Replied {
		t.Errorf("got %d replies with stamps, %d without", got.Replied, want.Replied)
	}
	got.Replied = want.Replied
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Counts fall: leads are deleted, and replies recategorised.
func TestCountsFall(t *testing.T) {
	m := lively
	m.Leads, m.LeadsPerDay, m.Steps, m.Delete, m.Ignore = 1000, 1000, 1, 0.2, 0.5
	sim, set := modelAt(t, m, simulator.Campaign{})
	set(monday.AddDate(0, 0, 1))
	before := total(t, sim, 1)
	set(monday.AddDate(0, 0, 20))
	after := total(t, sim, 1)
	if before.Sent != 1000 || after.Sent > 850 || after.Sent < 750 {
		t.Errorf("sent went from %d to %d, want about 200 of 1000 deleted", before.Sent, after.Sent)
	}
	m.Ignore = 0
	all, setAll := modelAt(t, m, simulator.Campaign{})
	setAll(monday.AddDate(0, 0, 20))
	if kept := total(t, all, 1); after.Replied >= kept.Replied*2/3 || after.Replied < kept.Replied/3 || after.Sent != kept.Sent {
		t.Errorf("%d of %d replies were left, want about half", after.Replied, kept.Replied)
	}
	if p := getPage(t, sim, 1, values("limit", "1000")); int64(len(p.Data)) != after.Sent {
		t.Errorf("got %d rows, want %d", len(p.Data), after.Sent)
	}
}

// Bounces that are late come in bursts, days later.
func TestLateBounces(t *testing.T) {
	m := lively
	m.Leads, m.LeadsPerDay, m.Steps, m.LateBounce = 1000, 1000, 1, 0.5
	sim, set := modelAt(t, m, simulator.Campaign{})
	set(monday.Add(23 * time.Hour))
	first := total(t, sim, 1).Bounced
	set(monday.AddDate(0, 0, 1).Add(3*time.Hour - time.Minute))
	quiet := total(t, sim, 1).Bounced
	set(monday.AddDate(0, 0, 1).Add(3 * time.Hour))
	burst := total(t, sim, 1).Bounced
	set(monday.AddDate(0, 0, 8))
	last := total(t, sim, 1).Bounced
	if first == 0 || quiet != first || burst <= quiet || last < first*3/2 {
		t.Errorf("bounces were %d, %d, %d and at last %d", first, quiet, burst, last)
	}
}

// Analytics and rows that are late show what was a while ago, and nothing else.
func TestLate(t *testing.T) {
	const late = 20 * time.Minute
	sim, set := modelAt(t, busyModel(), simulator.Campaign{})
	other, setOther := modelAt(t, busyModel(), simulator.Campaign{})
	now := monday.AddDate(0, 0, 9).Add(11 * time.Hour)
	set(now)
	sim.AddEmails(1, simulator.Email{Step: 1, SentTime: now})
	sim.DeleteRows(1, 5)
	setOther(now.Add(-late))
	want := total(t, other, 1)
	fresh := total(t, sim, 1)
	sim.SetBehaviour(simulator.Behaviour{RowsLate: late, AnalyticsLate: late})
	got := total(t, sim, 1)
	if diff := cmp.Diff(want, got); diff != "" || got == fresh {
		t.Errorf("late rows (-want +got):\n%s", diff)
	}
	var sent, analytics int64
	for _, row := range getAnalytics(t, sim, values("start_date", "2020-01-01", "end_date", "2040-01-01")) {
		analytics += row.Sent
	}
	if sent = got.Sent; analytics != sent {
		t.Errorf("late analytics have %d sent, want %d", analytics, sent)
	}
	set(now.Add(late))
	if got := total(t, sim, 1); got.Sent != fresh.Sent {
		t.Errorf("after a while %d are sent, want %d", got.Sent, fresh.Sent)
	}
}

func TestVariants(t *testing.T) {
	sim, set := modelAt(t, busyModel(), simulator.Campaign{})
	set(monday.AddDate(0, 0, 3))
	seen := map[float64]map[float64]int{}
	for _, row := range getAll(t, sim, 1, nil) {
		step := row["sequence_number"].(float64)
		if seen[step] == nil {
			seen[step] = map[float64]int{}
		}
		seen[step][row["seq_variant_id"].(float64)]++
	}
	for step, variants := range seen {
		if len(variants) != 2 {
			t.Errorf("step %v has the variants %v, want two", step, variants)
		}
	}
}

// What happens to e-mails is seen in rows, filters and analytics, and stays.
func TestChangeEmails(t *testing.T) {
	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Source: simulator.Rows(300, 10)})
	before := total(t, sim, 1)
	moment := time.Date(2025, time.January, 6, 9, 10, 0, 0, time.UTC) // when the eleventh was sent
	if sim.ChangeEmails(2, nil) || !sim.ChangeEmails(1, func(e simulator.Email) simulator.Email {
		if e.SentTime.Before(moment) {
			e.OpenTime, e.OpenCount, e.ReplyTime = moment, 1, time.Time{}
		}
		return e
	}) {
		t.Error("campaign 1 is there, and 2 isn't")
	}
	want := before
	want.Opened += 5
	want.Replied--
	if got := total(t, sim, 1); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	p := getPage(t, sim, 1, values("email_status", "opened", "limit", "1000"))
	if int64(len(p.Data)) != want.Opened {
		t.Errorf("got %d opened rows, want %d", len(p.Data), want.Opened)
	}
	var opened int64
	for _, row := range getAnalytics(t, sim, lifetime()) {
		opened += row.Opened
	}
	if opened != want.Opened {
		t.Errorf("analytics have %d opened, want %d", opened, want.Opened)
	}
}
