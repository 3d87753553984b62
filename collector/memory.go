package collector

import (
	"reflect"
	"time"

	"smartlead_exporter/smartlead"
)

// Remember returns what the store knows, fit to be kept over a restart: no key, no address, nothing of a lead. The
// number is another one after each refresh or list that succeeded, and after each Apply; 0 only before the first.
func (s *Store) Remember() (accounts []AccountSnapshot, changes uint64) {
	s.mu.Lock()
	defer s.unlock()
	return s.accountSnapshots(time.Now()), s.changes
}

// Changes returns the number that Remember returns.
func (s *Store) Changes() uint64 {
	s.mu.Lock()
	defer s.unlock()
	return s.changes
}

// Restore gives the store what another one remembered. It takes effect for the accounts and campaigns that come
// with the next Apply, so it is to be called before the first. What claims to be of the future isn't taken up; returned is
// how much of that there was.
func (s *Store) Restore(accounts []AccountSnapshot) (refused int) {
	s.mu.Lock()
	defer s.unlock()
	now := time.Now()
	s.restored = map[int64]Snapshot{}
	s.restoredLists = map[string]AccountSnapshot{}
	for _, a := range accounts {
		switch {
		case a.ListLastSuccess.After(now):
			refused++
		case !a.ListLastSuccess.IsZero():
			s.restoredLists[a.Name] = a
		}
		for _, c := range a.Campaigns {
			switch {
			case c.LastSuccess.After(now):
				refused++
			case c.Statistics != nil:
				s.restored[c.Query.CampaignID] = c
			}
		}
	}
	return refused
}

// restoreList takes up a new account's list. It is due when its interval has passed. s.mu is held.
func (s *Store) restoreList(a *account, settings Account) {
	known, ok := s.restoredLists[a.name]
	if !ok || settings.ListInterval <= 0 {
		return
	}
	delete(s.restoredLists, a.name)
	a.catalog.believe(known.List, known.ListLastSuccess)
	a.catalog.interval = settings.ListInterval
	a.catalog.next = known.ListLastSuccess.Add(settings.ListInterval)
}

// restoreCampaign takes up a new campaign's values. s.mu is held.
func (s *Store) restoreCampaign(c *campaign) {
	id := c.known.Query.CampaignID
	m, ok := s.restored[id]
	if !ok || m.Account != c.account.name || !sameQuery(m.Query, c.known.Query) {
		return
	}
	delete(s.restored, id)
	c.known.Statistics, c.known.LastSuccess = m.Statistics, m.LastSuccess
	c.known.Up, c.known.Duration, c.known.Requests = m.Up, m.Duration, m.Requests
}

// sameQuery reports whether two queries ask for the same; a moment is the same in another zone.
func sameQuery(a, b smartlead.StatisticsQuery) bool {
	for _, q := range []*smartlead.StatisticsQuery{&a, &b} {
		q.SentAfter, q.SentBefore = q.SentAfter.UTC(), q.SentBefore.UTC()
	}
	return reflect.DeepEqual(a, b)
}
