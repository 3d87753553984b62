package simulator

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strconv"
)

// campaignPerformance is a campaign's row of the overall statistics. Some values are strings; the last three are there
// with full_data only.
type campaignPerformance struct {
	ID        int64  `json:"id"`
	Name      string `json:"campaign_name"`
	Sent      string `json:"sent"`
	Opened    int64  `json:"opened"`
	Replied   int64  `json:"replied"`
	Bounced   string `json:"bounced"`
	OpenRate  string `json:"open_rate"`
	Contacted *int   `json:"unique_lead_count,omitempty"`
	Openers   *int   `json:"unique_open_count,omitempty"`
	Positive  *int   `json:"positive_replied,omitempty"`
}

// serveOverallStats answers with a page of all campaigns, in ascending order of their ids, over what was sent in a
// range of days.
func (s *Simulator) serveOverallStats(w http.ResponseWriter, r *http.Request) {
	b := s.currentBehaviour()
	q := parameters{values: r.URL.Query()}
	q.allow("start_date", "end_date", "limit", "offset", "full_data", "campaign_ids", "client_ids", "timezone")
	from, to := midnight(q.time("start_date")), midnight(q.time("end_date"))
	limit := q.number("limit", defaultLimit, 1, cmp.Or(b.OverallMaxLimit, maxLimit))
	offset := q.number("offset", 0, 0, math.MaxInt)
	full := q.boolean("full_data")
	if q.refused != nil {
		writeAnswer(w, *q.refused)
		return
	}
	until := to.AddDate(0, 0, 1)
	if !q.values.Has("start_date") || !q.values.Has("end_date") || to.Before(from) ||
		b.OverallMaxDays > 0 && until.After(from.AddDate(0, 0, b.OverallMaxDays)) {
		writeAnswer(w, answerBadRange)
		return
	}

	s.mu.Lock()
	entries := make([]entry, 0, len(s.campaigns))
	for _, e := range s.campaigns {
		entries = append(entries, *e)
	}
	s.mu.Unlock()
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.campaign.ID, b.campaign.ID) })
	first := min(offset, len(entries))
	entries = entries[first:min(first+limit, len(entries))]

	now := s.clock()
	rows := make([]campaignPerformance, len(entries))
	for i, e := range entries {
		held := e.content(now, b.AnalyticsLate)
		var sum StepCounts
		for _, step := range held.counts(query{from: from, until: until}) {
			sum.Sent += step.Sent
			sum.Opened += step.Opened
			sum.Bounced += step.Bounced
		}
		p := held.people(from, until)
		rows[i] = campaignPerformance{
			ID: e.campaign.ID, Name: e.campaign.Name, Sent: strconv.FormatInt(sum.Sent, 10), Opened: sum.Opened,
			Replied: int64(p.replied), Bounced: strconv.FormatInt(sum.Bounced, 10), OpenRate: "0%",
		}
		if sum.Sent > 0 {
			rows[i].OpenRate = strconv.FormatInt(100*sum.Opened/sum.Sent, 10) + "%"
		}
		if full {
			rows[i].Contacted, rows[i].Openers, rows[i].Positive = &p.contacted, &p.opened, &p.positive
		}
	}
	writeJSON(w, map[string]any{
		"success": true, "message": "Data fetched successfully",
		"data": map[string]any{"campaign_wise_performance": rows},
	})
}
