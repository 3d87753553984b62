package counting_test

import (
	"cmp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// answered returns the replies by step and category as the rows have them now, each one looked at.
func (w *world) answered() (categories []smartlead.CategoryReplies, delays int64) {
	w.t.Helper()
	set, err := w.client.Rows(w.t.Context(), w.task.Query)
	if err != nil {
		w.t.Fatal(err)
	}
	replied := map[smartlead.CategoryReplies]int64{}
	for _, row := range set.Facts {
		if row.Replied {
			replied[smartlead.CategoryReplies{SequenceNumber: row.SequenceNumber, Category: row.Category}]++
			delays++
		}
	}
	for c, n := range replied {
		c.Replied = n
		categories = append(categories, c)
	}
	slices.SortFunc(categories, func(a, b smartlead.CategoryReplies) int {
		return cmp.Or(cmp.Compare(a.SequenceNumber, b.SequenceNumber), cmp.Compare(a.Category, b.Category))
	})
	return categories, delays
}

// What replies say comes with the rows that count them, and what variants say with all rows: at no request more.
func TestWhatComesBesideTheCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(2*24*time.Hour + 9*time.Hour) // to a Monday's morning
		m := model(1)
		m.CategoryLate, m.Recategorise = 6*time.Hour, 0.5
		w := newWorld(t, living(m), simulator.Behaviour{})
		var before int64
		fewer, without := 0, 0
		for i := range 4 * 24 * 4 {
			time.Sleep(15 * time.Minute)
			w.task.Recount = i%50 == 49
			result := w.count() // which holds the requests against those that were counted
			var steps, variants int64
			for _, s := range result.Statistics.Steps {
				steps += s.Replied
			}
			for _, v := range result.Statistics.Variants {
				variants += v.Replied
			}
			switch {
			case result.AllRows && steps > 0 && variants != steps:
				t.Errorf("after %d refreshes variants have %d replies, all rows %d", i, variants, steps)
			case !result.AllRows && result.Statistics.Variants != nil:
				t.Errorf("after %d refreshes there are variants of some rows", i)
			}
			replies := result.Statistics.Replies
			switch {
			case replies == nil && steps != before:
				t.Errorf("after %d refreshes %d got a reply instead of %d, and nothing more is known", i, steps, before)
			case replies == nil:
				without++
			default:
				if !result.AllRows {
					fewer++
				}
				categories, delays := w.answered()
				if !slices.Equal(categories, replies.Categories) {
					t.Errorf("after %d refreshes replies are %v, the rows have %v", i, replies.Categories, categories)
				}
				for _, n := range replies.Delays.Counts {
					delays -= n
				}
				if delays != 0 {
					t.Errorf("after %d refreshes %d replies more have a delay", i, -delays)
				}
			}
			before = steps
		}
		if fewer < 20 || without < 20 {
			t.Errorf("in %d refreshes replies came without all rows, in %d not at all; both should be often", fewer, without)
		}
		if got := w.task.State.Method(); got != counting.MethodAnalytics {
			t.Errorf("it is counted by %s at the end", got)
		}
	})
}
