package counting_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// nameless is an API whose newest row, when rows are asked for by when they were sent, can't be known again.
type nameless struct {
	*smartlead.Client
	stepless bool // or, instead, are one that is in no step
}

func (s *nameless) Rows(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.RowSet, error) {
	set, err := s.Client.Rows(ctx, q)
	if s.stepless && len(set.Facts) > 0 {
		set.RowsWithoutStep = 1
		return set, err
	}
	newest := time.Time{}
	for i := range set.Facts {
		if at := set.Facts[i].SentTime; at.After(newest) {
			newest = at
		}
	}
	for i := range set.Facts {
		if set.Facts[i].SentTime.Equal(newest) {
			set.Facts[i].Identity = 0
		}
	}
	return set, err
}

// New rows that can't be known again, or are in no step, aren't relied on: all rows are counted.
func TestRowsThatCantBeKnownAgain(t *testing.T) {
	for name, stepless := range map[string]bool{"no identity": false, "no step": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(2*24*time.Hour + 9*time.Hour) // to a Monday's morning
				w := newWorld(t, living(model(2)), simulator.Behaviour{})
				w.counter = counting.NewCounter(&nameless{w.client, stepless})
				for range 300 {
					time.Sleep(10 * time.Minute)
					w.wantTruth("at "+time.Now().String(), w.count())
				}
				if w.seen[counting.MethodAnalytics] == 0 {
					t.Error("no refresh was by analytics")
				}
			})
		})
	}
}
