package cachefile

import (
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

// content is what stands in the file.
type content struct {
	Accounts []storedAccount
	Keys     []smartlead.BudgetMemory `json:",omitempty"`
	Clean    bool                     `json:",omitempty"`
}

// storedAccount is what is known of an account: its campaigns, and its list of campaigns.
type storedAccount struct {
	Name      string
	Origin    string // whose numbers they are
	KeySource string // where the key comes from; not the key
	Campaigns []storedCampaign

	List            []smartlead.Campaign
	ListLastSuccess time.Time // zero if there was no list
}

// storedCampaign is the newest success of a campaign, and how the newest refresh ended.
type storedCampaign struct {
	Query smartlead.StatisticsQuery
	Steps []smartlead.Step
	// Rows is how many rows were counted, RowsWithoutStep how many of them are in none of the steps.
	Rows            int                      `json:",omitzero"`
	RowsWithoutStep int                      `json:",omitzero"`
	Sequences       []smartlead.SequenceStep `json:",omitzero"`
	LastSuccess     time.Time

	Up           bool
	Reason       smartlead.Reason `json:",omitempty"`
	FailingSince time.Time        `json:",omitzero"`
	Duration     time.Duration
	Requests     int

	Rate     collector.Rate
	Counting *counting.State `json:",omitzero"`

	Replies    *smartlead.Replies        `json:",omitzero"`
	RepliesAt  time.Time                 `json:",omitzero"`
	Variants   []smartlead.VariantCounts `json:",omitempty"`
	VariantsAt time.Time                 `json:",omitzero"`
}

// store returns what is worth keeping of what is known.
func store(m Memory) content {
	c := content{Keys: m.Keys, Clean: m.Clean}
	for _, a := range m.Accounts {
		stored := storedAccount{Name: a.Name, Origin: a.Origin, KeySource: a.KeySource}
		if !a.ListLastSuccess.IsZero() {
			stored.List, stored.ListLastSuccess = a.List, a.ListLastSuccess
		}
		for i := range a.Campaigns {
			known := &a.Campaigns[i]
			if known.Statistics == nil {
				continue
			}
			stored.Campaigns = append(stored.Campaigns, storedCampaign{
				Query: known.Query, Steps: known.Statistics.Steps, Rows: known.Statistics.Rows,
				RowsWithoutStep: known.Statistics.RowsWithoutStep, Sequences: known.Statistics.Sequences,
				LastSuccess: known.LastSuccess,
				Up:          known.Up, Reason: known.Reason, FailingSince: known.FailingSince,
				Duration: known.Duration, Requests: known.Requests, Rate: known.Rate,
				Counting: known.Counting,
				Replies:  known.Replies, RepliesAt: known.RepliesAt, Variants: known.Variants, VariantsAt: known.VariantsAt,
			})
		}
		c.Accounts = append(c.Accounts, stored)
	}
	return c
}

// accounts returns what is known, as it was when it was stored.
func (c content) accounts() []collector.AccountSnapshot {
	var accounts []collector.AccountSnapshot
	for _, stored := range c.Accounts {
		a := collector.AccountSnapshot{
			Name: stored.Name, Origin: stored.Origin, KeySource: stored.KeySource,
		}
		if !stored.ListLastSuccess.IsZero() {
			a.List, a.ListLastSuccess = stored.List, stored.ListLastSuccess
		}
		for _, known := range stored.Campaigns {
			a.Campaigns = append(a.Campaigns, collector.Snapshot{
				Account: stored.Name, Query: known.Query,
				Statistics: &smartlead.Statistics{
					Steps: known.Steps, Rows: known.Rows, RowsWithoutStep: known.RowsWithoutStep, Sequences: known.Sequences,
					Requests: known.Requests,
				},
				LastSuccess: known.LastSuccess,
				Up:          known.Up, Reason: known.Reason, FailingSince: known.FailingSince,
				Duration: known.Duration, Requests: known.Requests, Rate: known.Rate,
				Counting: known.Counting,
				Replies:  known.Replies, RepliesAt: known.RepliesAt, Variants: known.Variants, VariantsAt: known.VariantsAt,
			})
		}
		accounts = append(accounts, a)
	}
	return accounts
}
