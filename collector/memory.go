package collector

import (
	"reflect"
	"time"

	"smartlead_exporter/smartlead"
)

// Memory is what a store knows, fit to be kept over a restart: no key, no address, nothing of a lead.
type Memory struct {
	Campaigns []CampaignMemory
	Lists     []ListMemory
}

// CampaignMemory is the newest success of a campaign, and how the newest refresh ended.
type CampaignMemory struct {
	Account     string
	Query       smartlead.StatisticsQuery // values are taken up for the same query only
	Steps       []smartlead.Step
	LastSuccess time.Time
	Up          bool
	Duration    time.Duration
	Requests    int
}

// ListMemory is an account's list of campaigns.
type ListMemory struct {
	Account     string
	Campaigns   []smartlead.Campaign
	LastSuccess time.Time
}

// Remember returns what the store knows, and a number that is another one after each refresh or list that succeeded, and
// after each Apply; 0 only before the first. Nobody may change what the result refers to.
func (s *Store) Remember() (m Memory, changes uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.campaigns {
		if c.good == nil {
			continue
		}
		m.Campaigns = append(m.Campaigns, CampaignMemory{
			Account: c.account.name, Query: c.query, Steps: c.good.Steps, LastSuccess: c.lastSuccess,
			Up: c.up, Duration: c.duration, Requests: c.requests,
		})
	}
	for _, a := range s.accounts {
		if l := &a.catalog; !l.lastSuccess.IsZero() {
			m.Lists = append(m.Lists, ListMemory{Account: a.name, Campaigns: l.list, LastSuccess: l.lastSuccess})
		}
	}
	return m, s.changes
}

// Changes returns the number that Remember returns.
func (s *Store) Changes() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes
}

// Restore gives the store what another one remembered. It takes effect for the accounts and campaigns that come
// with the next Apply, so it is to be called before the first. What claims to be of the future isn't taken up; returned is
// how much of that there was.
func (s *Store) Restore(m Memory) (refused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.restored = map[int64]CampaignMemory{}
	s.restoredLists = map[string]ListMemory{}
	for _, c := range m.Campaigns {
		if c.LastSuccess.After(now) || c.LastSuccess.IsZero() {
			refused++
			continue
		}
		s.restored[c.Query.CampaignID] = c
	}
	for _, l := range m.Lists {
		if l.LastSuccess.After(now) || l.LastSuccess.IsZero() {
			refused++
			continue
		}
		s.restoredLists[l.Account] = l
	}
	return refused
}

// restoreList takes up a new account's list. It is due when its interval has passed. s.mu is held.
func (s *Store) restoreList(a *account, settings Account) {
	l, ok := s.restoredLists[a.name]
	if !ok || settings.ListInterval <= 0 {
		return
	}
	delete(s.restoredLists, a.name)
	a.catalog.believe(l.Campaigns, l.LastSuccess)
	a.catalog.interval = settings.ListInterval
	a.catalog.next = l.LastSuccess.Add(settings.ListInterval)
}

// restoreCampaign takes up a new campaign's values. s.mu is held.
func (s *Store) restoreCampaign(c *campaign) {
	m, ok := s.restored[c.query.CampaignID]
	if !ok || m.Account != c.account.name || !sameQuery(m.Query, c.query) {
		return
	}
	delete(s.restored, c.query.CampaignID)
	c.good, c.lastSuccess = &smartlead.Statistics{Steps: m.Steps, Requests: m.Requests}, m.LastSuccess
	c.up, c.duration, c.requests = m.Up, m.Duration, m.Requests
}

// sameQuery reports whether two queries ask for the same; a moment is the same in another zone.
func sameQuery(a, b smartlead.StatisticsQuery) bool {
	for _, q := range []*smartlead.StatisticsQuery{&a, &b} {
		q.SentAfter, q.SentBefore = q.SentAfter.UTC(), q.SentBefore.UTC()
	}
	return reflect.DeepEqual(a, b)
}
