package estimate

import (
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/config"
	"smartlead_exporter/exporter"
	"smartlead_exporter/smartlead"
)

// plan is what an account's configuration comes to.
type plan struct {
	ttl        time.Duration
	limits     smartlead.Limits
	campaigns  []collector.Campaign // known: configured, and online discovered as well
	discovery  *collector.Discovery
	discovered bool          // campaigns has what discovery found
	sharedWith string        // the account with which it has its key, and so its quota, in common
	listEvery  time.Duration // 0: no list is fetched
	requests   float64       // for refreshing all known campaigns once, by all rows
	least      float64       // the same where nothing moved
	list       []smartlead.Campaign
	collect    []string // subjects
	mailboxes  int      // below 0 if unknown
	measured   bool     // requests is what the API says, else one a campaign
}

func newPlan(account *config.Account, cache config.Cache) *plan {
	settings := exporter.Settings(account)
	p := &plan{
		ttl:       time.Duration(cache.TTL),
		limits:    exporter.Limits(account),
		campaigns: settings.Campaigns,
		discovery: settings.Discovery,
		collect:   settings.Collect,
		mailboxes: -1,
		listEvery: settings.ListInterval, sharedWith: account.SharesKeyWith,
	}
	p.requests = float64(len(p.campaigns))
	p.least = p.requests
	return p
}
