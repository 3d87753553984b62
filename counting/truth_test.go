package counting_test

import (
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead/simulator"
)

// Whatever the API does where nobody knows what it does, each refresh shows what a count of all rows would, as long as
// the detector can see what moves.
func TestCountsAreThoseOfRows(t *testing.T) {
	for _, tc := range []struct {
		name      string
		behaviour simulator.Behaviour
		method    counting.Method
	}{
		{"as clients would like it", simulator.Behaviour{}, counting.MethodAnalytics},
		{"opens by event", simulator.Behaviour{OpensByEvent: true}, counting.MethodAnalytics},
		{"a bare array", simulator.Behaviour{AnalyticsForm: simulator.AnalyticsBare}, counting.MethodAnalytics},
		{"nested", simulator.Behaviour{AnalyticsForm: simulator.AnalyticsNested}, counting.MethodAnalytics},
		{"no analytics", simulator.Behaviour{AnalyticsGone: true}, counting.MethodTotals},
		{"analytics of a month at most", simulator.Behaviour{AnalyticsMaxDays: 31}, counting.MethodTotals},
		{"filters ignored", simulator.Behaviour{Filters: simulator.FiltersIgnored}, counting.MethodRows},
		{"filters ignored in totals", simulator.Behaviour{Filters: simulator.FiltersIgnoredInTotals}, counting.MethodRows},
		{"no analytics, filters ignored", simulator.Behaviour{AnalyticsGone: true, Filters: simulator.FiltersIgnored}, counting.MethodRows},
		{"no analytics, filters ignored in totals", simulator.Behaviour{AnalyticsGone: true, Filters: simulator.FiltersIgnoredInTotals}, counting.MethodRows},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(2*24*time.Hour + 9*time.Hour) // to a Monday's morning
				w := newWorld(t, living(model(1)), tc.behaviour)
				requests, byRows := 0, 0
				for range 2 * 24 * 4 {
					time.Sleep(15 * time.Minute)
					result := w.count()
					w.wantTruth(time.Now().Format(time.DateTime), result)
					requests += result.Statistics.Requests
					byRows += (result.Statistics.Rows + w.task.Query.PageSize - 1) / w.task.Query.PageSize
					if t.Failed() {
						return
					}
				}
				if got := w.task.State.Method(); got != tc.method {
					t.Errorf("it is counted by %s at the end, want %s", got, tc.method)
				}
				t.Logf("%d requests, all rows each time would have taken %d; refreshes by method: %v", requests, byRows, w.seen)
			})
		})
	}
}
