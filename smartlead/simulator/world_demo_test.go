package simulator_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead/simulator"
)

// TestDemo looks at the demonstration as users of the dashboard do, whatever day of the week they start it on.
func TestDemo(t *testing.T) {
	for day := range 7 {
		start := time.Date(2025, time.October, 6+day, 3, 20, 0, 0, time.UTC)
		t.Run(start.Weekday().String(), func(t *testing.T) {
			now := start
			sim := newSim(t, simulator.Options{Clock: func() time.Time { return now }}, simulator.Demo(1, start)...)
			rate := func(id int64, of func(simulator.StepCounts) int64) float64 {
				sum := total(t, sim, id)
				if sum.Sent < 50 {
					t.Errorf("campaign %d has sent %d e-mails, too few to rate it", id, sum.Sent)
				}
				return 100 * float64(of(sum)) / float64(max(sum.Sent, 1))
			}
			opened := func(c simulator.StepCounts) int64 { return c.Opened }
			replied := func(c simulator.StepCounts) int64 { return c.Replied }
			bounced := func(c simulator.StepCounts) int64 { return c.Bounced }
			for _, want := range []struct {
				id         int64
				name       string
				of         func(simulator.StepCounts) int64
				from, upTo float64 // per cent
			}{
				{101, "opened", opened, 40, 60},
				{101, "replied", replied, 3, 8},
				{101, "bounced", bounced, 0, 2},
				{102, "replied", replied, 9, 30},
				{103, "opened", opened, 30, 50},
				{103, "replied", replied, 0.7, 2},
				{104, "bounced", bounced, 5, 8},
				{105, "opened", opened, 35, 55},
				{106, "opened", opened, 0, 0},
				{106, "replied", replied, 2, 4.5},
				{107, "opened", opened, 45, 65},
			} {
				if got := rate(want.id, want.of); got < want.from || got > want.upTo {
					t.Errorf("campaign %d: %.1f%% %s, want %.1f to %.1f", want.id, got, want.name, want.from, want.upTo)
				}
			}
			if sent := total(t, sim, 108).Sent; sent != 30 {
				t.Errorf("the new campaign has sent %d e-mails, want a day's 30", sent)
			}
			if counts, _ := sim.Counts(103); len(counts) != 8 {
				t.Errorf("the long campaign has %d steps, want 8", len(counts))
			}

			before := map[int64]int64{}
			for id := int64(101); id <= 108; id++ {
				before[id] = total(t, sim, id).Sent
			}
			now = start.AddDate(0, 0, 7)
			for id, sent := range before {
				if sends, want := total(t, sim, id).Sent > sent, id != 105 && id != 107; sends != want {
					t.Errorf("campaign %d goes on sending: %t, want %t", id, sends, want)
				}
			}
		})
	}
}

func TestDemoCampaigns(t *testing.T) {
	sim := newSim(t, simulator.Options{Clock: func() time.Time { return monday }}, simulator.Demo(1, monday)...)
	shapes := map[bool]int{}
	statuses := map[any]int{}
	parents := 0
	for _, c := range getCampaigns(t, sim, values("include_tags", "true")) {
		if c["name"] == "" || c["created_at"].(string) >= monday.Format(time.RFC3339) {
			t.Errorf("campaign %v is not complete: %v", c["id"], c)
		}
		statuses[c["status"]]++
		if c["parent_campaign_id"] != nil {
			parents++
		}
		shapes[getPage(t, sim, int64(c["id"].(float64)), nil).OK != nil]++
	}
	if diff := cmp.Diff(map[any]int{"ACTIVE": 7, "COMPLETED": 1}, statuses); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if shapes[true] < 2 || shapes[false] < 2 || parents != 1 {
		t.Errorf("got shapes %v and %d subsequences", shapes, parents)
	}
}

func TestDemoIsDeterministic(t *testing.T) {
	read := func(seed uint64) map[int64]simulator.StepCounts {
		sim := newSim(t, simulator.Options{Clock: func() time.Time { return monday }}, simulator.Demo(seed, monday)...)
		counts := map[int64]simulator.StepCounts{}
		for id := int64(101); id <= 108; id++ {
			counts[id] = total(t, sim, id)
		}
		return counts
	}
	want := read(1)
	if diff := cmp.Diff(want, read(1)); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
	if cmp.Equal(want, read(2)) {
		t.Error("the seed makes no difference")
	}
}

func TestAcceleratedClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := simulator.AcceleratedClock(monday, 600)
		for _, passed := range []time.Duration{0, time.Second, time.Hour} {
			time.Sleep(passed) // of the bubble's time
		}
		if got, want := clock().Sub(monday), 600*(time.Hour+time.Second); got != want {
			t.Errorf("the clock has moved by %s, want %s", got, want)
		}
		if got := simulator.AcceleratedClock(monday, 0.5)(); !got.Equal(monday) {
			t.Errorf("the clock starts at %s", got)
		}
	})
}
