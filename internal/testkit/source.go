package testkit

import (
	"context"
	"time"

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

// Rows implements collector.Source.
func (Source) Rows(context.Context, smartlead.StatisticsQuery) (smartlead.RowSet, error) {
	replies := Replies()
	return smartlead.RowSet{Statistics: smartlead.Statistics{Shape: smartlead.ShapePerEmail, Rows: 35, Requests: 1, Replies: &replies}}, nil
}

// Replies are what Source says of replies, and what its categories aren't all of.
func Replies() smartlead.Replies {
	return smartlead.Replies{
		Categories: []smartlead.CategoryReplies{
			{SequenceNumber: 1, Category: "", Replied: 2}, {SequenceNumber: 1, Category: "Interested", Replied: 9},
			{SequenceNumber: 1, Category: "Out Of Office", Replied: 20}, {SequenceNumber: 2, Category: "6", Replied: 3},
			{SequenceNumber: 2, Category: "Out Of Office", Replied: 1},
		},
		Delays: smartlead.ReplyDelays{Counts: [9]int64{15, 2, 3, 5, 4, 3, 1, 1, 1}, Sum: 1500 * time.Hour},
	}
}

// LeadCategories implements collector.Source.
func (Source) LeadCategories(context.Context) (smartlead.LeadCategoryList, error) {
	return smartlead.LeadCategoryList{Requests: 1, Categories: []smartlead.LeadCategory{
		{ID: 1, Name: "Interested", Sentiment: "positive"}, {ID: 6, Name: "Out Of Office", Sentiment: "neutral"},
		{ID: 77001, Name: "Knows us"}, {ID: 77002, Name: "Interested", Sentiment: "neutral"}, // the user's own, of the same name
	}}, nil
}

// Sequences implements collector.Source.
func (Source) Sequences(context.Context, int64) (smartlead.SequenceList, error) {
	return smartlead.SequenceList{Requests: 1, Sequences: []smartlead.Sequence{
		{ID: 8494, Number: 1, Variants: []smartlead.Variant{{ID: 2535, Label: "A"}, {ID: 2536, Label: "B", Deleted: true}}},
		{ID: 8495, Number: 2},
	}}, nil
}
