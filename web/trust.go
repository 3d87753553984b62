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

// Trouble is something that is wrong.
type Trouble struct {
	Account string    `json:"account,omitempty"` // that it is of; "": of the exporter itself
	What    string    `json:"what"`
	Since   time.Time `json:"since,omitzero"`
	// Beside says that the numbers can be trusted all the same.
	Beside bool `json:"beside,omitempty"`
}

// String returns the trouble as part of a sentence, without its account.
func (t Trouble) String() string {
	if t.Since.IsZero() {
		return t.What
	}
	return t.What + ", since " + t.Since.UTC().Format(time.DateTime)
}

// sentence returns troubles as the end of a sentence, each account named once.
func sentence(troubles []Trouble) string {
	var texts []string
	account := ""
	for _, t := range troubles {
		text := t.String()
		if t.Account != account {
			account = t.Account
			if account != "" {
				text = "account " + account + ": " + text
			}
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ") + "."
}

// accountTroubles returns what keeps an account's numbers from being what they could be.
func accountTroubles(a *collector.AccountSnapshot, budget *budgetReport) []Trouble {
	var found []Trouble
	add := func(since time.Time, format string, values ...any) {
		found = append(found, Trouble{Account: a.Name, What: fmt.Sprintf(format, values...), Since: since})
	}
	var failing []*collector.Snapshot
	var hidden, untried int
	var since time.Time
	for i := range a.Campaigns {
		c := &a.Campaigns[i]
		switch {
		case c.State == collector.StateNever && c.FailingSince.IsZero():
			untried++
		case c.State == collector.StateExpired || c.State == collector.StateNever:
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
	if untried > 0 {
		add(time.Time{}, "%d of %d campaigns %s fetched yet", untried, len(a.Campaigns), verb(untried, "isn't", "aren't"))
	}
	if a.ListError != "" {
		add(a.ListFailingSince, "the list of campaigns can't be had")
	}
	if a.NothingFits != nil {
		add(a.NothingFitsSince, "discovery finds no campaign")
	}
	for _, subject := range a.Subjects {
		if !subject.FailingSince.IsZero() {
			add(subject.FailingSince, "collecting %s fails", subject.Name)
		}
	}
	if !budget.PausedUntil.IsZero() {
		add(budget.PausedSince, "the API demanded a pause until %s", budget.PausedUntil.Format(time.TimeOnly))
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
	beside := !slices.ContainsFunc(r.Troubles, func(t Trouble) bool { return !t.Beside })
	r.Trusted = beside && campaigns > 0
	switch {
	case r.Trusted:
		r.Summary = fmt.Sprintf("The numbers can be trusted: %d %s, and the oldest values are %s old",
			campaigns, verb(campaigns, "campaign is shown", "campaigns are shown"), roundDuration(oldest))
		if len(r.Troubles) == 0 {
			r.Summary += "."
		} else {
			r.Summary += "; but " + sentence(r.Troubles)
		}
	case len(r.Troubles) == 0:
		r.Summary = "There are no numbers yet: no campaign is configured or found."
	case campaigns == 0:
		r.Summary = "There are no numbers: " + sentence(r.Troubles)
	default:
		r.Summary = "Not all numbers can be trusted now: " + sentence(r.Troubles)
	}
}
