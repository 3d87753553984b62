package simulator

import (
	"net/http"
	"strconv"
	"time"
)

// answerNothing is how the API answers for a campaign that it doesn't know, where it doesn't say so.
var answerNothing = jsonAnswer(http.StatusOK, `{}`)

// campaignTotals have the fields of a campaign's analytics. Counts are strings, those of leads are numbers.
type campaignTotals struct {
	ID           int64      `json:"id"`
	CreatedAt    string     `json:"created_at"`
	Status       string     `json:"status"`
	Name         string     `json:"name"`
	Sent         string     `json:"sent_count"`
	UniqueSent   string     `json:"unique_sent_count"`
	Opened       string     `json:"open_count"`
	UniqueOpens  string     `json:"unique_open_count"`
	Clicked      string     `json:"click_count"`
	UniqueClicks string     `json:"unique_click_count"`
	Replied      string     `json:"reply_count"`
	Blocked      string     `json:"block_count"`
	Bounced      string     `json:"bounce_count"`
	Unsubscribed string     `json:"unsubscribed_count"`
	Total        string     `json:"total_count"`
	Drafted      string     `json:"drafted_count"`
	Sequences    string     `json:"sequence_count"`
	ClientID     any        `json:"client_id"`
	ClientEmail  *string    `json:"client_email"`
	Leads        leadStates `json:"campaign_lead_stats"`
}

func (s *Simulator) serveCampaignAnalytics(w http.ResponseWriter, r *http.Request, e entry) {
	q := parameters{values: r.URL.Query()}
	q.allow()
	if q.refused != nil {
		writeAnswer(w, *q.refused)
		return
	}
	now := s.clock()
	held := e.content(now, s.currentBehaviour().AnalyticsLate)
	var sum StepCounts
	counts := held.counts(query{})
	for _, step := range counts {
		sum.Sent += step.Sent
		sum.Opened += step.Opened
		sum.Clicked += step.Clicked
		sum.Unsubscribed += step.Unsubscribed
		sum.Bounced += step.Bounced
	}
	p := held.people(time.Time{}, time.Time{})
	leads := e.leads(now.Add(-s.currentBehaviour().AnalyticsLate), p)
	present, _ := held.sequence(counts)
	text := func(n int64) string { return strconv.FormatInt(n, 10) }
	writeJSON(w, campaignTotals{
		ID: e.campaign.ID, CreatedAt: e.campaign.createdAt().UTC().Format(timeLayout), Status: e.status(now),
		Name: e.campaign.Name, ClientID: e.campaign.ClientID,
		Sent: text(sum.Sent), UniqueSent: text(int64(p.contacted)),
		Opened: text(sum.Opened), UniqueOpens: text(int64(p.opened)),
		Clicked: text(sum.Clicked), UniqueClicks: text(int64(p.clicked)),
		Replied: text(int64(p.replied)), Blocked: "0", Bounced: text(sum.Bounced), Unsubscribed: text(sum.Unsubscribed),
		Total: text(int64(leads.Total)), Drafted: "0", Sequences: strconv.Itoa(len(present)),
		Leads: leads,
	})
}
