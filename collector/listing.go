package collector

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-kit/log/level"

	"smartlead_exporter/smartlead"
)

// listing is a list under way.
type listing struct {
	cancel context.CancelFunc
	asked  bool // its request was sent
}

// wantLists has the lists fetched that are due. It returns the accounts whose first list may be worth waiting for.
// s.mu is held.
func (s *Store) wantLists(now time.Time) (first []*account) {
	for _, a := range s.accounts {
		if a.catalog.due(now) {
			a.catalog.pending = true
			s.signal()
		}
		if a.catalog.pending {
			first = append(first, a)
		}
	}
	return first
}

// worthList returns those of the accounts whose list a scrape waits for: the first one, as long as no try for it has
// failed, no scrape has waited for it in vain, and the quota has a request for it. s.mu is held.
func (s *Store) worthList(ctx context.Context, accounts []*account, now time.Time) []*account {
	if s.ended {
		return nil
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = now.Add(time.Hour)
	}
	return slices.DeleteFunc(accounts, func(a *account) bool {
		c := &a.catalog
		if !c.pending || a.removed || !c.lastSuccess.IsZero() || c.reason != "" || c.doubted || c.overdue {
			return true
		}
		state, limited := a.state()
		if _, blocked := a.blocked(&state, now); blocked {
			return true
		}
		return limited && c.wants() && state.TokensBy(deadline) < 1
	})
}

// giveUpFirst takes note that a scrape waited for first lists in vain.
func (s *Store) giveUpFirst(ctx context.Context, accounts []*account) {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return // it didn't wait as long as it could have
	}
	s.mu.Lock()
	defer s.unlock()
	for _, a := range accounts {
		a.catalog.overdue = true
	}
}

// awaitLists has the lists of campaigns fetched that are due, and waits for first ones.
func (s *Store) awaitLists(ctx context.Context) {
	s.mu.Lock()
	lists := s.wantLists(time.Now())
	for {
		lists = s.worthList(ctx, lists, time.Now())
		changed := s.changed
		s.unlock()
		if len(lists) == 0 {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			s.giveUpFirst(ctx, lists)
			return
		}
		s.mu.Lock()
	}
}

// listFirst reports whether an account's list is to begin before the next campaign. Where it only has the names of
// campaigns that are configured, those come first; and where the account is in trouble and the list didn't tell
// otherwise, a campaign tries. Store.mu is held.
func (a *account) listFirst() bool {
	c := &a.catalog
	switch {
	case !c.pending || c.listing != nil:
		return false
	case len(a.waiting) == 0:
		return true
	case a.trouble.reason != "":
		return !a.trouble.listed
	default:
		return c.discovery != nil || !c.lastSuccess.IsZero() || a.begun
	}
}

// beginList has an account's list begin. s.mu is held.
func (s *Store) beginList(a *account) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &listing{cancel: cancel}
	a.catalog.listing = l
	if a.trouble.reason != "" {
		a.trouble.trial = l
		ctx = smartlead.WithTries(ctx, 1)
	}
	lister := a.catalog.lister
	asked := func() {
		s.mu.Lock()
		defer s.unlock()
		l.asked = true
		s.broadcast()
		s.signal()
	}
	s.begun = append(s.begun, func(run context.Context) {
		defer cancel()
		defer context.AfterFunc(run, cancel)()
		list, err := lister.Campaigns(smartlead.WithProgress(ctx, smartlead.Progress{Asked: asked}), smartlead.CampaignsQuery{IncludeTags: true})
		s.finishList(ctx, a, l, list, err)
	})
	s.signal()
}

// finishList takes in a list.
func (s *Store) finishList(ctx context.Context, a *account, l *listing, fetched smartlead.CampaignList, err error) {
	s.mu.Lock()
	defer s.unlock()
	defer s.signal()
	defer s.broadcast()
	c := &a.catalog
	trial := a.trouble.trial == any(l)
	if c.listing != l || err != nil && ctx.Err() != nil { // it was given up, or the exporter is about to end
		if trial {
			a.trouble.trial = nil
		}
		if c.listing == l {
			c.giveUp()
		}
		return
	}
	c.listing, c.pending = nil, false
	now := time.Now()
	s.changes++
	if err != nil {
		s.listFailed(a, err, trial, now)
		return
	}
	s.good(a, now)
	s.sayListed(a, now)
	c.reason, c.err, c.failingSince = "", "", time.Time{}
	list := c.withHidden(fetched)
	if n := fetched.Unreadable; n != 0 && n != c.unreadable {
		s.say(level.Warn, "msg", "entries of the list of campaigns have no id that can be read; they are left out, but what was known and isn't in the list any more stays",
			"account", a.name, "count", n, "kept", len(list)-len(fetched.Campaigns))
	}
	c.unreadable = fetched.Unreadable
	if !c.believable(list) {
		s.doubt(a, list, now)
		return
	}
	c.next = now.Add(c.interval)
	c.doubtful, c.doubted = nil, false
	s.sayDifference(a, c.byID, list)
	c.believe(list, now)
	s.rebuild()
}

// doubt keeps a list until it comes again. s.mu is held.
func (s *Store) doubt(a *account, list []smartlead.Campaign, now time.Time) {
	c := &a.catalog
	c.next = now.Add(min(c.interval, listRetry))
	c.doubtful, c.doubted = list, true
	msg := "the list of campaigns lost half or more; it is believed when it comes again"
	if c.lastSuccess.IsZero() {
		msg = "the list of campaigns is empty; that is believed when it comes again"
	}
	s.say(level.Warn, "msg", msg, "account", a.name, "before", len(c.list), "now", len(list))
}

// listFailed takes in that a list couldn't be had. s.mu is held.
func (s *Store) listFailed(a *account, err error, trial bool, now time.Time) {
	c, reason := &a.catalog, reasonOf(err)
	c.next = now.Add(min(c.interval, listRetry))
	s.metrics.listFailures.WithLabelValues(a.name, string(reason)).Inc()
	c.reason, c.err = reason, err.Error()
	if c.failingSince.IsZero() {
		c.failingSince = now
	}
	switch {
	case trial:
		a.trouble.listed = true
		s.tried(a, err, reason, now)
	case ofAccount(reason):
		if s.strike(a, nil, reason, now) {
			s.sayTrouble(a, err, now)
		}
	}
	s.sayListFailed(a, err, reason, now)
}
