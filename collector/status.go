package collector

import (
	"time"

	"smartlead_exporter/smartlead"
)

// State is how far a campaign's values can be relied on.
type State string

// The states, from best to worst.
const (
	StateFresh   State = "fresh"   // younger than the TTL
	StateStale   State = "stale"   // older, and shown
	StateExpired State = "expired" // older than values may be, so not shown
	StateNever   State = "never"   // not fetched yet
)

// AccountStatus is how an account stands.
type AccountStatus struct {
	Name      string
	Campaigns []CampaignStatus
	Queued    int // campaigns that wait for a refresh
	Running   int // campaigns that are being fetched

	ListLastSuccess time.Time // of the list of campaigns; zero if it was never had, or isn't wanted
	Omitted         int       // campaigns that discovery left out
}

// CampaignStatus is how a campaign stands.
type CampaignStatus struct {
	ID     int64
	Name   string
	Status string // in the API's words; "" if unknown

	State       State
	LastSuccess time.Time // zero before the first
	// NextRefresh is from when on a scrape has the campaign refreshed; zero if it would now.
	NextRefresh time.Time
	// Queue is the campaign's place among those waiting for a refresh, from 1; 0 if it isn't waiting.
	Queue      int
	Refreshing bool

	// Of the newest finished refresh:
	Duration time.Duration
	Requests int
	Error    string           // "" if it succeeded; without key and addresses, as all errors of package smartlead
	Reason   smartlead.Reason // likewise
}

// Status returns how the accounts and their campaigns stand. It asks for no refresh.
func (s *Store) Status() []AccountStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	accounts := make([]AccountStatus, 0, len(s.accounts))
	index := make(map[*account]int, len(s.accounts))
	place := make(map[*campaign]int)
	for _, a := range s.accounts {
		index[a] = len(accounts)
		accounts = append(accounts, AccountStatus{
			Name: a.name, Queued: len(a.queue), Running: a.running,
			ListLastSuccess: a.catalog.lastSuccess, Omitted: a.catalog.omitted,
		})
		for i, c := range a.queue {
			place[c] = i + 1
		}
	}
	for _, c := range s.campaigns {
		a := &accounts[index[c.account]]
		a.Campaigns = append(a.Campaigns, s.status(c, place[c], now))
	}
	return accounts
}

// status returns how one campaign stands. s.mu is held.
func (s *Store) status(c *campaign, place int, now time.Time) CampaignStatus {
	status := CampaignStatus{
		ID: c.query.CampaignID, Name: c.name, State: StateNever, LastSuccess: c.lastSuccess,
		Queue: place, Refreshing: c.pending != nil && place == 0,
		Duration: c.duration, Requests: c.requests, Error: c.failure, Reason: c.reason,
	}
	if c.meta != nil {
		status.Status = c.meta.Status
	}
	switch {
	case s.fresh(c, now):
		status.State = StateFresh
		status.NextRefresh = c.lastSuccess.Add(s.ttl)
	case s.servable(c, now):
		status.State = StateStale
	case c.good != nil:
		status.State = StateExpired
	}
	return status
}
