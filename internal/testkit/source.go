package testkit

import (
	"context"

	"smartlead_exporter/smartlead"
)

// Source is a fake of the API's client, a collector.Source that answers at once, for any campaign alike, and says
// whatever can be said.
type Source struct {
	// Campaign is the one that the list of all campaigns' counts has.
	Campaign int64
}

// EmailAccounts implements collector.Source.
func (Source) EmailAccounts(context.Context) (smartlead.EmailAccountList, error) {
	return smartlead.EmailAccountList{Requests: 1, Accounts: []smartlead.EmailAccount{
		{
			ID: 7, Address: "ada@acme.example", Type: "GMAIL", ClientID: "77", SMTPUp: new(true), IMAPUp: new(false),
			DailyLimit: 50, SentToday: 12, Campaigns: 2,
			Warmup: &smartlead.Warmup{Status: "ACTIVE", Sent: 400, Spam: 3, Reputation: 0.97},
		},
		{ID: 8, Address: "ben@Acme.Example", Type: "SMTP", DailyLimit: -1, SentToday: -1, Campaigns: 0},
	}}, nil
}

// CampaignAnalytics implements collector.Source.
func (Source) CampaignAnalytics(context.Context, int64) (smartlead.CampaignAnalytics, error) {
	return smartlead.CampaignAnalytics{LeadsReplied: 21, Requests: 1, Leads: smartlead.LeadStates{
		Total: 1000, NotStarted: 300, InProgress: 200, Completed: 480, Paused: 10, Stopped: 9, Blocked: 1,
	}}, nil
}

// OverallStats implements collector.Source.
func (s Source) OverallStats(context.Context) (smartlead.OverallStats, error) {
	return smartlead.OverallStats{Requests: 2, Campaigns: []smartlead.CampaignStats{
		{CampaignID: s.Campaign, Contacted: 700, PositiveReplies: 6},
		{CampaignID: s.Campaign + 1, Contacted: 1, PositiveReplies: 1}, // one that isn't exported
	}}, nil
}
