package counting_test

import (
	"testing"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
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
