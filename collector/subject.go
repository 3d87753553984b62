package collector

import (
	"context"

	"smartlead_exporter/smartlead"
)

// subjects are what can be collected beyond the steps' counts. Adding one takes a file like subject_leads.go and a line
// here; docs/architecture.md says how.
var subjects = []*subject{mailboxesSubject, leadsSubject, peopleSubject}

// Subjects returns the names of the subjects, in a fixed order.
func Subjects() []string {
	names := make([]string, len(subjects))
	for i, s := range subjects {
		names[i] = s.name
	}
	return names
}

// Source fetches what subjects show; *smartlead.Client is one.
type Source interface {
	// EmailAccounts returns a list that came whole, or an error.
	EmailAccounts(ctx context.Context) (smartlead.EmailAccountList, error)
	// CampaignAnalytics returns the totals of a campaign, or an error.
	CampaignAnalytics(ctx context.Context, campaignID int64) (smartlead.CampaignAnalytics, error)
	// OverallStats returns the counts of every campaign that the server lists, or an error.
	OverallStats(ctx context.Context) (smartlead.OverallStats, error)
}

// subject is something that an account is asked for beyond the steps' counts, if its name is among those to collect.
type subject struct {
	name string
	// byCampaign says that each campaign is asked for by itself.
	byCampaign bool
	// fetch asks for it; campaignID is 0 if it isn't asked for by campaign. found is nil where there is nothing to show,
	// and that is no failure. requests are set with an error, too.
	fetch func(ctx context.Context, from Source, campaignID int64) (found finding, requests int, err error)
}

// finding is what was fetched. It is comparable, and never written to.
type finding interface {
	show(to sink, about *about)
}

// about is what a finding doesn't know itself.
type about struct {
	account    string
	campaignID string  // of what is asked for by campaign
	campaigns  []int64 // of the account, and exported; only for what isn't asked for by campaign
	addresses  bool    // those of mailboxes may be shown
}
