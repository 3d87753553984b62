package collector

import (
	"reflect"
	"slices"
	"time"

	"smartlead_exporter/smartlead"
)

// Remember returns what the store knows, fit to be kept over a restart: no key, no address, nothing of a lead. The
// number is another one after each refresh or list that succeeded, and after each Apply; 0 only before the first.
func (s *Store) Remember() (accounts []AccountSnapshot, changes uint64) {
	s.mu.Lock()
	defer s.unlock()
	accounts = s.accountSnapshots(time.Now())
	for i, a := range s.accounts {
		known := make(map[int64]*Snapshot, len(accounts[i].Campaigns))
		for j := range accounts[i].Campaigns {
			c := &accounts[i].Campaigns[j]
			c.Replies, c.RepliesAt, c.Variants, c.VariantsAt = nil, time.Time{}, nil, time.Time{}
			known[c.Query.CampaignID] = c
		}
		for _, c := range a.subjects {
			s.divide(c)
			for _, p := range c.parts {
				if p.piece.keep != nil && !p.lastSuccess.IsZero() {
					p.piece.keep(known[p.id()], p.found, p.lastSuccess)
				}
			}
		}
	}
	return accounts, s.changes
}

// Changes returns the number that Remember returns.
func (s *Store) Changes() uint64 {
	s.mu.Lock()
	defer s.unlock()
	return s.changes
}

// Restore gives the store what another one remembered. It takes effect for the accounts and campaigns that come
// with the next Apply, so it is to be called before the first. What was had at a moment that is still to come, by a clock that
// was wrong then or is now, is shown but doesn't count as fresh.
func (s *Store) Restore(accounts []AccountSnapshot) {
	s.mu.Lock()
	defer s.unlock()
	s.restored = map[int64]Snapshot{}
	s.restoredOrigins = map[int64]string{}
	s.restoredLists = nil
	for _, a := range accounts {
		if !a.ListLastSuccess.IsZero() {
			s.restoredLists = append(s.restoredLists, a)
		}
		for _, c := range a.Campaigns {
			s.restored[c.Query.CampaignID] = c
			s.restoredOrigins[c.Query.CampaignID] = a.Origin
		}
	}
}

// restoreList takes up a new account's list: that of the same key, by whatever name. It is due when its interval has
// passed, and where it may be another key's, since only the name is the same, at once. s.mu is held.
func (s *Store) restoreList(a *account, settings Account) {
	if settings.ListInterval <= 0 {
		return
	}
	sameKey := func(known AccountSnapshot) bool {
		return known.Origin == settings.Origin && known.KeySource == settings.KeySource && (known.Name == settings.Name || known.KeySource != "")
	}
	i := slices.IndexFunc(s.restoredLists, sameKey)
	sure := i >= 0
	if !sure {
		i = slices.IndexFunc(s.restoredLists, func(known AccountSnapshot) bool {
			return known.Origin == settings.Origin && known.Name == settings.Name
		})
	}
	if i < 0 {
		return
	}
	known := s.restoredLists[i]
	s.restoredLists = slices.Delete(s.restoredLists, i, i+1)
	a.catalog.believe(known.List, known.ListLastSuccess)
	a.catalog.interval = settings.ListInterval
	if sure && !known.ListLastSuccess.After(time.Now()) {
		a.catalog.next = known.ListLastSuccess.Add(settings.ListInterval)
	}
}

// restoreCampaign takes up a new campaign's values. s.mu is held.
func (s *Store) restoreCampaign(c *campaign) {
	id := c.known.Query.CampaignID
	m, ok := s.restored[id]
	if !ok || s.restoredOrigins[id] != c.origin || !sameQuery(m.Query, c.known.Query) {
		return
	}
	delete(s.restored, id)
	c.known.Statistics, c.known.LastSuccess = m.Statistics, m.LastSuccess
	c.known.Up, c.known.Reason, c.known.FailingSince = m.Up, m.Reason, m.FailingSince
	c.known.Duration, c.known.Requests, c.known.Rate = m.Duration, m.Requests, m.Rate
	c.known.Counting = m.Counting
	c.known.Replies, c.known.RepliesAt, c.known.Variants, c.known.VariantsAt = m.Replies, m.RepliesAt, m.Variants, m.VariantsAt
	c.tried, c.counted = m.LastSuccess, m.LastSuccess
	if now := time.Now(); c.known.FailingSince.After(now) {
		c.known.FailingSince = now
	}
	if m.FailingSince.IsZero() {
		return
	}
	if m.Reason == "" {
		c.inherited, c.account.inherited = true, true
	} else {
		c.failures = 1
	}
}

// sameQuery reports whether two queries ask for the same; a moment is the same in another zone.
func sameQuery(a, b smartlead.StatisticsQuery) bool {
	for _, q := range []*smartlead.StatisticsQuery{&a, &b} {
		q.SentAfter, q.SentBefore = q.SentAfter.UTC(), q.SentBefore.UTC()
	}
	return reflect.DeepEqual(a, b)
}
