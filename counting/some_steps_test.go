package counting_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// A campaign of which some steps are wanted is counted right by every method. The API can be asked for one step, or for all.
func TestSomeSteps(t *testing.T) {
	for _, tc := range []struct {
		name      string
		behaviour simulator.Behaviour
		method    counting.Method
	}{
		{"analytics", simulator.Behaviour{}, counting.MethodAnalytics},
		{"totals", simulator.Behaviour{AnalyticsGone: true}, counting.MethodTotals},
		{"rows", simulator.Behaviour{AnalyticsGone: true, Filters: simulator.FiltersIgnored}, counting.MethodRows},
	} {
		for _, wanted := range [][]int{{2}, {1, 3}} {
			t.Run(tc.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(2*24*time.Hour + 9*time.Hour) // to a Monday's morning
					w := newWorld(t, living(model(3)), tc.behaviour)
					w.task.Query.SequenceNumbers, w.task.Query.PageSize = wanted, 5 // so that totals are worth while
					for range 3 * 24 * 2 {
						time.Sleep(30 * time.Minute)
						result := w.count()
						want := slices.DeleteFunc(w.truth(), func(s smartlead.Step) bool { return !slices.Contains(wanted, s.SequenceNumber) })
						if diff := cmp.Diff(want, counts(result.Statistics.Steps), cmpopts.EquateEmpty()); diff != "" {
							t.Fatalf("%s: steps %v aren't those of the rows (-rows +counted):\n%s", time.Now(), wanted, diff)
						}
					}
					if got := w.task.State.Method(); got != tc.method {
						t.Errorf("it is counted by %s at the end, want %s", got, tc.method)
					}
				})
			})
		}
	}
}
