package counting_test

import (
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead/simulator"
)

// Where the detector misses something, or endpoints are late, the next recount puts it right, and a detector that was wrong
// isn't relied on for a day.
func TestRecountPutsRight(t *testing.T) {
	for _, tc := range []struct {
		name      string
		behaviour simulator.Behaviour
		change    func(*simulator.Model)
	}{
		{"leads deleted", simulator.Behaviour{}, func(m *simulator.Model) { m.Delete = 0.2 }},
		{"replies taken back", simulator.Behaviour{}, func(m *simulator.Model) { m.Ignore = 0.5 }},
		{"replies by lead, stamped on all their e-mails", simulator.Behaviour{RepliesByLead: true}, func(m *simulator.Model) { m.Stamp = 0.5 }},
		{"analytics late", simulator.Behaviour{AnalyticsLate: 7 * time.Minute}, nil},
		{"rows late", simulator.Behaviour{RowsLate: 7 * time.Minute}, nil},
		{"no analytics, leads deleted", simulator.Behaviour{AnalyticsGone: true}, func(m *simulator.Model) { m.Delete, m.LeadsPerDay = 0.2, 400 }},
		{"everything", simulator.Behaviour{RepliesByLead: true, OpensByEvent: true, RowsLate: 3 * time.Minute}, func(m *simulator.Model) {
			m.Delete, m.Ignore, m.Stamp = 0.1, 0.3, 0.3
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(2*24*time.Hour + 9*time.Hour) // to a Monday's morning
				m := model(2)
				if tc.change != nil {
					tc.change(&m)
				}
				w := newWorld(t, living(m), tc.behaviour)
				var wrongSince time.Time
				var longest time.Duration
				wrong := 0
				const refreshes = 24 * 6
				for i := range refreshes {
					time.Sleep(10 * time.Minute)
					w.task.Recount = i%12 == 0 // once in two hours
					recount := w.task.Recount
					result := w.count()
					if w.right(result) {
						if !wrongSince.IsZero() {
							longest = max(longest, time.Since(wrongSince))
							wrongSince = time.Time{}
						}
						continue
					}
					wrong++
					if wrongSince.IsZero() {
						wrongSince = time.Now()
					}
					if recount {
						w.wantTruth("after a recount", result)
					}
					if since := time.Since(wrongSince); since > 2*time.Hour {
						t.Fatalf("the counts have been wrong for %s", since)
					}
				}
				t.Logf("wrong after %d of %d refreshes, for %s at the longest; recounts: %v, methods: %v", wrong, refreshes, longest, w.found, w.seen)
			})
		})
	}
}

// A detector that misses what happens is found out and not relied on, for a day and then for longer.
func TestDistrust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := simulator.Campaign{Source: simulator.Rows(200, 40)}
		w := newWorld(t, c, simulator.Behaviour{AnalyticsLate: 10 * 365 * 24 * time.Hour}) // it never tells
		w.count()
		w.wantTruth("at first", w.count())
		byRows := func() (lasts time.Duration) {
			t.Helper()
			w.sim.AddEmails(campaignID, simulator.Email{Step: 1, SentTime: time.Now()})
			w.task.Recount = true
			result := w.count()
			w.wantTruth("after the recount", result)
			if result.Recount != counting.OutcomeDifferent {
				t.Errorf("the recount found %q, want different", result.Recount)
			}
			began := time.Now()
			for w.task.State.Method() == counting.MethodRows {
				time.Sleep(time.Hour)
				w.sim.AddEmails(campaignID, simulator.Email{Step: 1, SentTime: time.Now()})
				w.wantTruth("while all rows are counted", w.count())
			}
			return time.Since(began)
		}
		for _, want := range []time.Duration{24 * time.Hour, 48 * time.Hour, 96 * time.Hour} {
			if got := byRows(); got < want || got > want+time.Hour {
				t.Errorf("all rows were counted for %s, want %s", got, want)
			}
		}
	})
}

// A detector that is late is trusted again as soon as it has told. Until then all rows are counted, so nothing is missed.
func TestLateDetectorIsTrustedAgain(t *testing.T) {
	for name, change := range map[string]simulator.Email{
		"sent": {Step: 1}, "opened": {Step: 1, OpenCount: 1}, "replied": {Step: 2, ReplyTime: time.Now()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, simulator.Campaign{Source: simulator.Rows(200, 40)}, simulator.Behaviour{AnalyticsLate: 9 * time.Minute})
				time.Sleep(time.Hour)
				w.count()
				w.wantTruth("at first", w.count())
				time.Sleep(time.Hour)
				happens := func() {
					e := change
					e.SentTime = time.Now()
					if !e.ReplyTime.IsZero() {
						e.ReplyTime = e.SentTime
					}
					w.sim.AddEmails(campaignID, e)
				}
				happens()
				time.Sleep(time.Minute)
				w.task.Recount = true
				result := w.count()
				w.wantTruth("after the recount", result)
				if result.Recount != counting.OutcomeDifferent {
					t.Errorf("the recount found %q, want different", result.Recount)
				}
				recounted := time.Now()
				for w.task.State.Method() == counting.MethodRows {
					time.Sleep(2 * time.Minute)
					happens()
					w.wantTruth("until the detector is trusted again", w.count())
				}
				if took := time.Since(recounted); took < 15*time.Minute || took > 20*time.Minute {
					t.Errorf("the detector was trusted again after %s, want a quarter of an hour", took)
				}
				if w.task.State.Misses != 0 {
					t.Errorf("%d misses are held against it, want none", w.task.State.Misses)
				}
			})
		})
	}
}
