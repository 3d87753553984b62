package counting_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

var seeds = flag.Int("seeds", 1, "with how many seeds opens are counted at once")

// slow is an API between whose answers time passes.
type slow struct {
	*smartlead.Client
	by time.Duration
}

func (s *slow) Statistics(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.Statistics, error) {
	time.Sleep(s.by)
	return s.Client.Statistics(ctx, q)
}

func (s *slow) Rows(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.RowSet, error) {
	time.Sleep(s.by)
	return s.Client.Rows(ctx, q)
}

func (s *slow) Total(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.Total, error) {
	time.Sleep(s.by)
	return s.Client.Total(ctx, q)
}

func (s *slow) SequenceAnalytics(ctx context.Context, q smartlead.SequenceAnalyticsQuery) (smartlead.SequenceAnalytics, error) {
	time.Sleep(s.by)
	return s.Client.SequenceAnalytics(ctx, q)
}

// opensAtOnce counts how often one total of all steps was asked for, and how often one of a step.
func (w *world) opensAtOnce() (all, steps int) {
	for _, r := range w.sim.Requests() {
		if r.Query.Get("limit") != "1" || r.Query.Get("email_status") != string(smartlead.StatusOpened) {
			continue
		}
		if r.Query.Has("email_sequence_number") {
			steps++
		} else {
			all++
		}
	}
	return all, steps
}

// Opens that one total proves are those that the rows had while they were asked for, however much happens from one request to
// the next, and whatever the detector counts.
func TestOpensAtOnce(t *testing.T) {
	for _, tc := range []struct {
		name      string
		behaviour simulator.Behaviour
		late      time.Duration // by which what is shown may be
		used      bool          // one total is expected to stand for all steps, mostly
	}{
		{"as clients would like it", simulator.Behaviour{}, 0, true},
		{"nested", simulator.Behaviour{AnalyticsForm: simulator.AnalyticsNested}, 0, true},
		{"opens by event", simulator.Behaviour{OpensByEvent: true}, 0, false},
		{"analytics late", simulator.Behaviour{AnalyticsLate: 7 * time.Minute}, 7 * time.Minute, false},
		{"analytics a little late", simulator.Behaviour{AnalyticsLate: 20 * time.Second}, 20 * time.Second, false},
		{"rows late", simulator.Behaviour{RowsLate: 90 * time.Second}, 90 * time.Second, false},
		{"no analytics", simulator.Behaviour{AnalyticsGone: true}, 0, false},
		{"events, late", simulator.Behaviour{OpensByEvent: true, AnalyticsLate: 2 * time.Minute}, 2 * time.Minute, false},
	} {
		for seed := range *seeds {
			t.Run(fmt.Sprintf("%s, seed %d", tc.name, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(2*24*time.Hour + 6*time.Hour) // to a Monday's morning
					m := model(uint64(seed))
					m.LeadsPerDay, m.Steps, m.DaysBetween = 500, 4, 1
					w := newWorld(t, living(m), tc.behaviour)
					w.counter = counting.NewCounter(&slow{w.client, 5 * time.Second})
					before := newWorld(t, living(m), tc.behaviour, func() time.Time { return time.Now().Add(-tc.late) })
					rng := rand.New(rand.NewPCG(uint64(seed), 5))
					time.Sleep(24 * time.Hour)
					for end := time.Now().Add(24 * time.Hour); time.Now().Before(end) && !t.Failed(); {
						time.Sleep(time.Duration(3+rng.IntN(10))*time.Minute + time.Duration(rng.IntN(1000))*time.Millisecond)
						began, low := time.Now(), before.truth()
						result := w.count()
						for _, wrong := range wrongAmong(low, counts(result.Statistics.Steps), w.truth()) {
							t.Errorf("%s: %s", began.Format(time.DateTime), wrong)
						}
					}
					all, steps := w.opensAtOnce()
					if tc.used && all < steps/4 {
						t.Errorf("opens were asked for at once %d times, and %d times for a step", all, steps)
					}
					t.Logf("opens were asked for at once %d times, and %d times for a step; refreshes: %v", all, steps, w.seen)
				})
			})
		}
	}
}

// wrongAmong says which counts aren't between those of two moments, of counts that only grow.
func wrongAmong(low, shown, high []smartlead.Step) (wrong []string) {
	find := func(steps []smartlead.Step, number int) smartlead.Step {
		for _, s := range steps {
			if s.SequenceNumber == number {
				return s
			}
		}
		return smartlead.Step{}
	}
	for _, most := range high {
		least, is := find(low, most.SequenceNumber), find(shown, most.SequenceNumber)
		for kind, n := range map[string][3]int64{
			"sent": {least.Sent, is.Sent, most.Sent}, "opened": {least.Opened, is.Opened, most.Opened},
			"clicked": {least.Clicked, is.Clicked, most.Clicked}, "replied": {least.Replied, is.Replied, most.Replied},
			"bounced": {least.Bounced, is.Bounced, most.Bounced},
		} {
			if n[1] < n[0] || n[1] > n[2] {
				wrong = append(wrong, fmt.Sprintf("step %d, %s: %d is shown, it was from %d to %d", most.SequenceNumber, kind, n[1], n[0], n[2]))
			}
		}
	}
	return wrong
}
