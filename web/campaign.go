package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// historyReport is what /status/campaigns/ID says.
type historyReport struct {
	At        time.Time `json:"at"`
	Simulated bool      `json:"simulated,omitempty"`
	Account   string    `json:"account"`
	// Trusted says whether the campaign's numbers can be trusted, and Summary says it in a sentence, with why they can't.
	Trusted  bool           `json:"trusted"`
	Summary  string         `json:"summary"`
	Campaign campaignReport `json:"campaign"`
	// Refreshes are the newest ones since the exporter started, the newest first.
	Refreshes []refreshReport `json:"refreshes"`
}

type refreshReport struct {
	Began           time.Time `json:"began"`
	DurationSeconds float64   `json:"duration_seconds"`
	Requests        int       `json:"requests"`
	Method          string    `json:"method"`
	Recount         string    `json:"recount,omitempty"` // what a recount found
	Changes         *int64    `json:"changes,omitempty"` // by how much counts rose or fell; none where nothing was known before
	Reason          string    `json:"reason,omitempty"`
	Error           string    `json:"error,omitempty"`
}

// Took returns how long the refresh took, in words.
func (r refreshReport) Took() string { return roundDuration(r.DurationSeconds) }

// Result returns what came of the refresh, in words.
func (r refreshReport) Result() string {
	if r.Reason != "" {
		return "failed: " + words(smartlead.Reason(r.Reason))
	}
	result := "the first counts"
	if r.Changes != nil {
		result = fmt.Sprintf("%d %s", *r.Changes, verb(int(*r.Changes), "change", "changes"))
	}
	if r.Recount != "" {
		result += "; recount: " + r.Recount
	}
	return result
}

// campaign serves how a campaign stands, and what came of its newest refreshes, as a page or as JSON.
func (s *scraper) campaign(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		answer(w, http.StatusNotFound, "write a campaign's number: /status/campaigns/12345; /status has all of them")
		return
	}
	c, refreshes, ok := s.Store.History(id)
	if !ok {
		answer(w, http.StatusNotFound, fmt.Sprintf("campaign %d is neither configured nor discovered; /status has those that are", id))
		return
	}
	now := time.Now()
	report := historyReport{
		At: now.UTC().Truncate(time.Second), Simulated: s.Simulated, Account: c.Account,
		Campaign: reportCampaign(&c, now), Refreshes: []refreshReport{},
	}
	report.Trusted, report.Summary = judgeCampaign(&c, &report.Campaign)
	for i := range refreshes {
		report.Refreshes = append(report.Refreshes, reportRefresh(&refreshes[i]))
	}
	s.page(w, r, "campaign", report, map[string]any{"Report": report})
}

func reportRefresh(r *collector.Refresh) refreshReport {
	report := refreshReport{
		Began: r.Began.UTC(), DurationSeconds: r.Duration.Seconds(), Requests: r.Requests, Method: string(r.Method),
		Recount: string(r.Recount), Reason: string(r.Reason), Error: r.Error,
	}
	if r.Changes >= 0 {
		report.Changes = &r.Changes
	}
	return report
}

// judgeCampaign says in a sentence whether a campaign's numbers can be trusted, and if not why and since when.
func judgeCampaign(c *collector.Snapshot, r *campaignReport) (trusted bool, sentence string) {
	shown := "values that are " + r.Age() + " old are shown"
	if c.State == collector.StateExpired || c.State == collector.StateNever {
		shown = "no values are shown"
	}
	switch {
	case !c.FailingSince.IsZero():
		return false, fmt.Sprintf("The numbers can't be trusted now: refreshing has been failing since %s, and %s.", r.FailingSince.Format(time.DateTime), shown)
	case c.State == collector.StateNever:
		return false, "There are no numbers yet: the campaign isn't fetched yet."
	default:
		return true, "The numbers can be trusted: they are " + r.Age() + " old."
	}
}
