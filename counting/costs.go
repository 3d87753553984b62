package counting

import "smartlead_exporter/smartlead"

// Costs are the requests that a refresh of a campaign takes by each method where nothing moved since the last one. Where
// something did, a detector's refresh takes more, up to what counting all rows takes.
type Costs struct {
	Rows, Totals, Analytics int
	// always says that the campaign is counted by all rows, whatever detectors there are.
	always bool
}

// CostsOf returns what a campaign's refreshes take if counting by all rows takes so many requests.
func CostsOf(q smartlead.StatisticsQuery, rows int, opensUntracked, clicksUntracked bool) Costs {
	c := Costs{Rows: rows, Totals: kinds, Analytics: 1, always: rows <= smallCampaign || q.SentWithin > 0}
	for _, untracked := range []bool{opensUntracked, clicksUntracked} {
		if untracked {
			c.Totals--
		}
	}
	return c
}

// Method returns how a Counter counts the campaign at an API that has sequence analytics or not, and applies filters or not,
// and how many requests a refresh takes at the least.
func (c Costs) Method(analytics, filters bool) (method Method, least int) {
	switch {
	case c.always || !filters:
		return MethodRows, c.Rows
	case analytics:
		return MethodAnalytics, c.Analytics
	case c.Totals < c.Rows:
		return MethodTotals, c.Totals
	default:
		return MethodRows, c.Rows
	}
}

// NeedsDetector reports whether it matters which detectors there are.
func (c Costs) NeedsDetector() bool { return !c.always }
