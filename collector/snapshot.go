package collector

import (
	"time"

	"smartlead_exporter/smartlead"
)

// Snapshot is what is known of a campaign at a moment. What it points to is never written to; nobody else may do so
// either.
type Snapshot struct {
	ID      string // the value of the label campaign_id
	Account string
	Query   smartlead.StatisticsQuery
	Name    string              // valid UTF-8; "" if it has none
	Listed  *smartlead.Campaign // what the account's list of campaigns says of it; nil if nothing

	// Statistics are the newest that came whole; nil before the first, and in what a scrape is not to show.
	Statistics  *smartlead.Statistics
	LastSuccess time.Time // when they were complete; zero before the first
	State       State

	// Of the newest finished refresh:
	Up       bool             // it succeeded
	Reason   smartlead.Reason // why it failed; "" if it didn't, and before the first
	Error    string           // likewise; without key and addresses, as all errors of package smartlead
	Duration time.Duration
	Requests int

	// NextRefresh is from when on a scrape has the campaign refreshed; zero if it would now.
	NextRefresh time.Time
	// Queue is the campaign's place among those waiting for a refresh, from 1; 0 if it isn't waiting.
	Queue      int
	Refreshing bool
}

// State is how far a campaign's values can be relied on.
type State string

// The states, from best to worst.
const (
	StateFresh   State = "fresh"   // younger than the TTL
	StateStale   State = "stale"   // older, and shown
	StateExpired State = "expired" // older than values may be, so not shown
	StateNever   State = "never"   // not fetched yet
)

// AccountSnapshot is what is known of an account at a moment. It is shared like a Snapshot.
type AccountSnapshot struct {
	Name      string
	Campaigns []Snapshot // in the order of the configuration, those discovered last
	Queued    int        // campaigns that wait for a refresh
	Running   int        // campaigns that are being fetched

	List            []smartlead.Campaign // the newest list of campaigns that was believed
	ListLastSuccess time.Time            // when it was had; zero if it never was, or isn't fetched
	Omitted         int                  // campaigns that discovery left out, and entries of the list that can't be read
}

// snapshot returns what is known of a campaign now. s.mu is held.
func (s *Store) snapshot(c *campaign, now time.Time) Snapshot {
	snapshot := c.known
	switch {
	case c.known.Statistics == nil:
		snapshot.State = StateNever
	case s.fresh(c, now):
		snapshot.State = StateFresh
		snapshot.NextRefresh = c.known.LastSuccess.Add(s.ttl)
	case s.servable(c, now):
		snapshot.State = StateStale
	default:
		snapshot.State = StateExpired
	}
	return snapshot
}

// snapshot returns what is known of an account, but for its campaigns. Store.mu is held.
func (a *account) snapshot() AccountSnapshot {
	return AccountSnapshot{
		Name: a.name, Queued: len(a.queue), Running: a.running,
		List: a.catalog.list, ListLastSuccess: a.catalog.lastSuccess, Omitted: a.catalog.omitted + a.catalog.unreadable,
	}
}

// Snapshot returns what is known of the accounts and their campaigns. It asks for no refresh.
func (s *Store) Snapshot() []AccountSnapshot {
	s.mu.Lock()
	defer s.unlock()
	return s.accountSnapshots(time.Now())
}

// accountSnapshots is Snapshot while s.mu is held.
func (s *Store) accountSnapshots(now time.Time) []AccountSnapshot {
	accounts := make([]AccountSnapshot, 0, len(s.accounts))
	index := make(map[*account]int, len(s.accounts))
	place := map[*campaign]int{}
	for _, a := range s.accounts {
		index[a] = len(accounts)
		accounts = append(accounts, a.snapshot())
		for i, c := range a.queue {
			place[c] = i + 1
		}
	}
	for _, c := range s.campaigns {
		snapshot := s.snapshot(c, now)
		snapshot.Queue = place[c]
		snapshot.Refreshing = c.pending != nil && snapshot.Queue == 0
		a := &accounts[index[c.account]]
		a.Campaigns = append(a.Campaigns, snapshot)
	}
	return accounts
}
