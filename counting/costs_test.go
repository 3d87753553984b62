package counting_test

import (
	"testing"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// Which method a campaign has, and what a refresh takes where nothing moved.
func TestCosts(t *testing.T) {
	window := smartlead.StatisticsQuery{SentWithin: time.Hour}
	for _, tc := range []struct {
		name               string
		query              smartlead.StatisticsQuery
		rows               int
		untracked          bool // opens and clicks
		analytics, filters bool
		want               counting.Method
		least              int
	}{
		{name: "small", rows: 2, analytics: true, filters: true, want: counting.MethodRows, least: 2},
		{name: "large", rows: 3, analytics: true, filters: true, want: counting.MethodAnalytics, least: 1},
		{name: "without analytics", rows: 60, filters: true, want: counting.MethodTotals, least: 6},
		{name: "without analytics, and not that large", rows: 6, filters: true, want: counting.MethodRows, least: 6},
		{name: "without analytics, untracked", rows: 6, untracked: true, filters: true, want: counting.MethodTotals, least: 4},
		{name: "without filters", rows: 60, analytics: true, want: counting.MethodRows, least: 60},
		{name: "a window that moves", query: window, rows: 60, analytics: true, filters: true, want: counting.MethodRows, least: 60},
	} {
		t.Run(tc.name, func(t *testing.T) {
			costs := counting.CostsOf(tc.query, tc.rows, tc.untracked, tc.untracked)
			method, least := costs.Method(tc.analytics, tc.filters)
			if method != tc.want || least != tc.least {
				t.Errorf("by %s with %d requests, want by %s with %d", method, least, tc.want, tc.least)
			}
		})
	}
}

// Where no detector is read, a refresh is expected to take what all rows take, and no request for a detector.
func TestExpectedCostOfRows(t *testing.T) {
	for _, tc := range []struct {
		name   string
		within time.Duration
	}{
		{name: "counting: rows"},
		{name: "a window that moves", within: 24 * 365 * 20 * time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, simulator.Campaign{Source: simulator.Rows(200, 3)}, simulator.Behaviour{})
			w.task.Query.SentWithin = tc.within
			count := w.counter.Count
			if tc.within == 0 {
				count = counting.NewByRows(w.client).Count
			}
			result, err := count(t.Context(), w.task)
			if err != nil {
				t.Fatal(err)
			}
			took := result.Statistics.Requests
			if next, recount := result.State.NextCost(time.Now(), 5), result.State.RecountCost(); took < 5 || next != float64(took) || recount != took {
				t.Errorf("it took %d requests, and the next time is expected to take %v, in turn %d", took, next, recount)
			}
		})
	}
}
