package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// Trouble is something that is wrong with the exporter, besides what its accounts and campaigns suffer from.
type Trouble struct {
	What  string    `json:"what"`
	Since time.Time `json:"since,omitzero"`
}

// String returns the trouble as part of a sentence.
func (t Trouble) String() string {
	if t.Since.IsZero() {
		return t.What
	}
	return t.What + ", since " + t.Since.UTC().Format(time.DateTime)
}

// accountTroubles returns what keeps an account's numbers from being what they could be.
func accountTroubles(a *collector.AccountSnapshot, budget *smartlead.BudgetState) []Trouble {
	var found []Trouble
	add := func(since time.Time, format string, values ...any) {
		found = append(found, Trouble{fmt.Sprintf("account %s: ", a.Name) + fmt.Sprintf(format, values...), since})
	}
	var failing []*collector.Snapshot
	var hidden int
	var since time.Time
	for i := range a.Campaigns {
		c := &a.Campaigns[i]
		if c.State == collector.StateExpired || c.State == collector.StateNever {
			hidden++
		}
		if !c.FailingSince.IsZero() {
			failing = append(failing, c)
			if since.IsZero() || c.FailingSince.Before(since) {
				since = c.FailingSince
			}
		}
	}
	switch n := len(failing); {
	case a.Trouble != "":
		add(a.TroubleSince, "the API serves nothing (%s)", words(a.Trouble))
	case n == 0:
	case n == len(a.Campaigns) && n > 1:
		add(since, "all %d campaigns fail", n)
	default:
		slices.SortFunc(failing, func(x, y *collector.Snapshot) int { return cmp.Compare(x.Query.CampaignID, y.Query.CampaignID) })
		add(since, "%d of %d campaigns %s (%s)", n, len(a.Campaigns), verb(n, "fails", "fail"), campaignNames(failing))
	}
	if hidden > 0 {
		add(time.Time{}, "%d of %d campaigns %s no values", hidden, len(a.Campaigns), verb(hidden, "has", "have"))
	}
	if a.ListError != "" {
		add(a.ListFailingSince, "the list of campaigns can't be had")
	}
	if !budget.PausedUntil.IsZero() {
		add(time.Time{}, "the API demanded a pause until %s", budget.PausedUntil.UTC().Format(time.TimeOnly))
	}
	return found
}

func campaignNames(campaigns []*collector.Snapshot) string {
	const most = 3
	var names []string
	for _, c := range campaigns[:min(len(campaigns), most)] {
		names = append(names, strings.TrimSpace(c.ID+" "+c.Name))
	}
	if more := len(campaigns) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

func words(reason smartlead.Reason) string { return strings.ReplaceAll(string(reason), "_", " ") }

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// judge says in a sentence whether the numbers can be trusted, and if not why and since when.
func (r *statusReport) judge() {
	var campaigns int
	var oldest float64
	for _, a := range r.Accounts {
		for i := range a.Campaigns {
			campaigns++
			if age := a.Campaigns[i].AgeSeconds; age != nil {
				oldest = max(oldest, *age)
			}
		}
	}
	r.Trusted = len(r.Troubles) == 0 && campaigns > 0
	switch {
	case r.Trusted:
		r.Summary = fmt.Sprintf("The numbers can be trusted: %d %s, and the oldest values are %s old.",
			campaigns, verb(campaigns, "campaign is shown", "campaigns are shown"), roundDuration(oldest))
	case len(r.Troubles) == 0:
		r.Summary = "There are no numbers yet: no campaign is configured or found."
	default:
		var texts []string
		for _, t := range r.Troubles {
			texts = append(texts, t.String())
		}
		r.Summary = "Not all numbers can be trusted now: " + strings.Join(texts, "; ") + "."
	}
}
