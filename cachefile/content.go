package cachefile

import (
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// content is what stands in the file.
type content struct {
	Campaigns []storedCampaign
	Lists     []storedList
}

// storedCampaign is the newest success of a campaign, and how the newest refresh ended.
type storedCampaign struct {
	Account string
	Query   smartlead.StatisticsQuery
	Steps   []smartlead.Step
	// RowsWithoutStep are in none of the steps.
	RowsWithoutStep int `json:",omitzero"`
	LastSuccess     time.Time
	Up              bool
	Duration        time.Duration
	Requests        int
}

// storedList is an account's list of campaigns.
type storedList struct {
	Account     string
	Campaigns   []smartlead.Campaign
	LastSuccess time.Time
}

// store returns what is worth keeping of what is known.
func store(accounts []collector.AccountSnapshot) content {
	var c content
	for _, a := range accounts {
		for i := range a.Campaigns {
			known := &a.Campaigns[i]
			if known.Statistics == nil {
				continue
			}
			c.Campaigns = append(c.Campaigns, storedCampaign{
				Account: a.Name, Query: known.Query,
				Steps: known.Statistics.Steps, RowsWithoutStep: known.Statistics.RowsWithoutStep,
				LastSuccess: known.LastSuccess, Up: known.Up, Duration: known.Duration, Requests: known.Requests,
			})
		}
		if !a.ListLastSuccess.IsZero() {
			c.Lists = append(c.Lists, storedList{Account: a.Name, Campaigns: a.List, LastSuccess: a.ListLastSuccess})
		}
	}
	return c
}

// accounts returns what is known, as it was when it was stored.
func (c content) accounts() []collector.AccountSnapshot {
	var accounts []collector.AccountSnapshot
	index := map[string]int{}
	account := func(name string) *collector.AccountSnapshot {
		i, ok := index[name]
		if !ok {
			i = len(accounts)
			index[name] = i
			accounts = append(accounts, collector.AccountSnapshot{Name: name})
		}
		return &accounts[i]
	}
	for _, stored := range c.Campaigns {
		a := account(stored.Account)
		a.Campaigns = append(a.Campaigns, collector.Snapshot{
			Account: stored.Account, Query: stored.Query,
			Statistics:  &smartlead.Statistics{Steps: stored.Steps, RowsWithoutStep: stored.RowsWithoutStep, Requests: stored.Requests},
			LastSuccess: stored.LastSuccess,
			Up:          stored.Up, Duration: stored.Duration, Requests: stored.Requests,
		})
	}
	for _, stored := range c.Lists {
		if stored.LastSuccess.IsZero() {
			continue
		}
		a := account(stored.Account)
		a.List, a.ListLastSuccess = stored.Campaigns, stored.LastSuccess
	}
	return accounts
}
