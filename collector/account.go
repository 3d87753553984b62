package collector

import (
	"time"

	"smartlead_exporter/smartlead"
)

// account is the running side of an Account. Its fields are guarded by Store.mu.
type account struct {
	name        string
	origin      string
	keySource   string
	applied     bool // it has had settings
	fetcher     Fetcher
	budget      func() smartlead.BudgetState // nil: nothing limits its requests
	concurrency int
	patience    time.Duration // from when on a refresh that gets no answer means that the account is silent
	configured  []Campaign
	catalog     catalog
	source      Source
	subjects    []*collecting // that are collected, in the order of the table
	addresses   bool          // of mailboxes may be shown
	removed     bool          // no longer configured
	keyID       string        // of the key that was in use last, as its budget has it; "" if that isn't known
	quotaID     string        // of the quota that its requests were last counted for
	begun       bool          // a refresh has, at some time
	ids         []int64       // its campaigns, as of the Store's idsBuilt-th set; nil if they weren't looked up yet
	idsBuilt    uint64

	waiting  []*campaign // that a scrape found to be due, in that order, and whose refresh hasn't begun
	running  []*campaign // that are being fetched, in the order in which that began
	lastGood time.Time   // the newest answer that was good; zero if there was none
	lastBad  time.Time   // the newest failure that may be the account's
	trouble  trouble
	told     told

	// inherited says that campaigns were failing when another store remembered them since nothing could be had from the
	// account. The first good answer puts an end to that.
	inherited bool
}

// apply takes in settings, for the same origin. It reports whether the account is asked with another key than before,
// so that all is due at once.
func (a *account) apply(settings Account) (due bool) {
	due = a.applied && a.keySource != settings.KeySource
	a.applied = true
	a.trouble = trouble{} // which may be over
	a.name, a.keySource = settings.Name, settings.KeySource
	a.fetcher, a.budget, a.configured = settings.Fetcher, settings.Budget, settings.Campaigns
	a.concurrency = max(settings.Concurrency, 1)
	a.patience = settings.RequestTimeout + answerSlack
	if settings.RequestTimeout <= 0 {
		a.patience = smartlead.DefaultRequestTimeout + answerSlack
	}
	if due {
		a.catalog.giveUp()
		a.catalog.next = time.Time{}
	}
	a.catalog.apply(settings)
	a.addresses = settings.MailboxAddresses
	a.applySubjects(settings.Collect, settings.Source, due)
	return due
}

// answerSlack is how much longer than a request may take an account may go without an answer before it counts as silent.
const answerSlack = 30 * time.Second

// state returns how the account's budget stands; limited is false where nothing limits its requests.
func (a *account) state() (state smartlead.BudgetState, limited bool) {
	if a.budget == nil {
		return smartlead.BudgetState{}, false
	}
	return a.budget(), true
}

// silent reports whether the account doesn't answer: several campaigns weren't answered in time, one after the other, or
// there is no answer yet to something that was asked so long ago, and none to anything since. Store.mu is held.
func (a *account) silent(now time.Time) bool {
	if a.trouble.reason == smartlead.ErrTimeout || a.trouble.timeouts > 1 {
		return true
	}
	for _, c := range a.running {
		if !c.quotaWait && now.Sub(c.heard) > a.patience && a.lastGood.Before(c.heard) {
			return true
		}
	}
	return false
}

// troubled reports whether nothing can be had from the account at present. Store.mu is held.
func (a *account) troubled(now time.Time) bool { return a.trouble.reason != "" || a.silent(now) }

// full reports whether as many refreshes are under way as may be. A large one, which waits for tokens most of the time,
// takes no place. Store.mu is held.
func (a *account) full() bool {
	places := a.concurrency
	for _, c := range a.running {
		if c.remaining <= largeRefresh {
			places--
		}
	}
	return places <= 0
}
