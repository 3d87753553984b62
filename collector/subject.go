package collector

import (
	"context"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

// subjects are what can be collected beyond the steps' counts. Adding one takes a file like subject_leads.go and a line
// here; docs/architecture.md says how.
var subjects = []*subject{mailboxesSubject, leadsSubject, repliesSubject, peopleSubject, variantsSubject}

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
	// Rows returns a set of rows that came whole, or an error.
	Rows(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.RowSet, error)
	// LeadCategories returns the categories of the account's leads, or an error.
	LeadCategories(ctx context.Context) (smartlead.LeadCategoryList, error)
	// Sequences returns the steps of a campaign, or an error.
	Sequences(ctx context.Context, campaignID int64) (smartlead.SequenceList, error)
}

// subject is something that is collected of an account beyond the steps' counts, if its name is among those to collect.
type subject struct {
	name   string
	pieces []*piece
}

// piece is what a subject is made of: something that is asked of an account, or of each of its campaigns by itself.
type piece struct {
	// byCampaign says that each campaign is asked for by itself.
	byCampaign bool
	// fetch asks for it; q is zero if it isn't asked for by campaign. found is nil where there is nothing to show, and that
	// is no failure. requests are set with an error, too. A piece without fetch is only taken.
	fetch func(ctx context.Context, from Source, q smartlead.StatisticsQuery) (found finding, requests int, err error)

	// taken returns what a refresh of a campaign's counts says of it beside the counts, at no request more; known is false
	// if it says nothing. nil: no refresh does.
	taken func(result *counting.Result) (found finding, known bool)
	// wanted reports whether a campaign's part is worth a request, whatever its age. nil: it is.
	wanted func(c *collecting, p *part, now time.Time) bool
	// seldom says that it hardly ever changes: it is fetched when wanted says so, and doesn't count for the subject's age.
	seldom bool
	// why returns what a part is fetched for, which wanted can tell from what would be new. nil: nothing is to be known.
	why func(c *collecting, p *part) finding

	// keep puts a finding where it is kept over a restart, restore takes it from there. nil: it is fetched anew.
	keep    func(known *Snapshot, found finding, at time.Time)
	restore func(known *Snapshot) (found finding, at time.Time)
}

// finding is what was fetched. It is comparable, and never written to.
type finding interface {
	show(to sink, about *about)
}

// sized is a finding of so many things that it is doubtful when suddenly half of them are gone.
type sized interface {
	size() int
}

// doubtful reports whether a finding is more likely a fault of the API than what has become of the one before.
func doubtful(before, now finding) bool {
	b, ok := before.(sized)
	n, alike := now.(sized)
	return ok && alike && b.size() > 0 && 2*n.size() <= b.size()
}

// about is what a finding doesn't know itself.
type about struct {
	account    string
	campaignID string  // of what is asked for by campaign
	campaigns  []int64 // of the account, and exported; only for what isn't asked for by campaign
	addresses  bool    // those of mailboxes may be shown
	common     finding // what was found of the account as a whole, for what is asked for by campaign; nil if nothing
}
