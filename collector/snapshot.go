package collector

import (
	"slices"
	"time"

	"smartlead_exporter/counting"
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

	// FailingSince is since when it couldn't be refreshed: the first failure in a row, or when its account fell silent;
	// zero if it can be, or only waits for its turn.
	FailingSince time.Time

	Cost     float64         // requests that a refresh is expected to take now, at least 1
	Rate     Rate            // how often it changes
	Counting *counting.State // how it is counted; nil if nothing is known

	// What is collected beside the counts and kept over a restart, and when it was had: only in what Remember returns, and
	// zero where it isn't collected or wasn't had.
	Replies    *smartlead.Replies
	RepliesAt  time.Time
	Variants   []smartlead.VariantCounts
	VariantsAt time.Time

	// NextRefresh is from when on a scrape has the campaign refreshed; zero if it would now.
	NextRefresh time.Time
	// Place is the campaign's place, from 1, in the order in which those of its key are refreshed, but for turns: first those
	// that wait, then those that the next scrape has wait, then the others by when that will be. 0 while it is refreshed.
	Place int
	// Queue is Place of a campaign that waits; 0 if it doesn't.
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
	Origin    string     // whose numbers they are
	KeySource string     // where the key comes from; not the key
	Campaigns []Snapshot // in the order of the configuration, those discovered last
	Queued    int        // campaigns that wait for a refresh
	Running   int        // campaigns that are being fetched

	List            []smartlead.Campaign // the newest list of campaigns that was believed
	ListLastSuccess time.Time            // when it was had; zero if it never was, or isn't fetched
	Omitted         int                  // campaigns that discovery left out, and entries of the list that can't be read

	// ListError is why the newest try for a list failed, as of a Snapshot; "" if it didn't. ListFailingSince is the first
	// failure in a row.
	ListError        string
	ListFailingSince time.Time

	// NothingFits is what there would be to choose from, if discovery chooses nothing of the list, in lines; and since when.
	NothingFits      []string
	NothingFitsSince time.Time

	// Trouble is why nothing can be had for the account as a whole; "" if that isn't so. TroubleSince is since when.
	Trouble      smartlead.Reason
	TroubleSince time.Time

	// Subjects are what is collected beyond the steps' counts. MaxAge is how old a value may get where nothing fails, and
	// ChangeDelay after how long a change is shown, in the mean. Of these three only Store.Snapshot tells.
	Subjects            []SubjectSnapshot
	MaxAge, ChangeDelay time.Duration
}

// SubjectSnapshot is what is known of a subject of an account at a moment.
type SubjectSnapshot struct {
	Name        string
	LastSuccess time.Time // when it was last had whole; zero if it never was
	// FailingSince is since when a part of it fails, and Error why the newest try did; zero values if none does.
	FailingSince time.Time
	Error        string
}

// snapshot returns what is known of a campaign now, but for its place. s.mu is held.
func (s *Store) snapshot(c *campaign, now time.Time) Snapshot {
	snapshot := c.known
	snapshot.Cost = c.cost(now)
	snapshot.FailingSince = s.failingSince(c, now)
	snapshot.Up = snapshot.Up && snapshot.FailingSince.IsZero()
	snapshot.Refreshing = c.running()
	switch {
	case c.known.Statistics == nil:
		snapshot.State = StateNever
	case s.fresh(c, now):
		snapshot.State = StateFresh
	case s.servable(c, now):
		snapshot.State = StateStale
	default:
		snapshot.State = StateExpired
	}
	snapshot.NextRefresh = s.dueAt(c, now)
	return snapshot
}

// snapshot returns what is known of an account, but for its campaigns. Store.mu is held.
func (a *account) snapshot() AccountSnapshot {
	return AccountSnapshot{
		Name: a.name, Origin: a.origin, KeySource: a.keySource, Queued: len(a.waiting), Running: len(a.running),
		List: a.catalog.list, ListLastSuccess: a.catalog.lastSuccess, Omitted: a.catalog.omitted + a.catalog.unreadable,
		ListError: a.catalog.err, ListFailingSince: a.catalog.failingSince, Trouble: a.trouble.reason, TroubleSince: a.trouble.since,
		NothingFits: a.catalog.fitlessThere, NothingFitsSince: a.catalog.fitless,
	}
}

// Snapshot returns what is known of the accounts and their campaigns. It asks for no refresh.
func (s *Store) Snapshot() []AccountSnapshot {
	s.mu.Lock()
	defer s.unlock()
	now := time.Now()
	accounts := s.accountSnapshots(now)
	places := s.places(now)
	for _, o := range s.outlooks(now) {
		i := slices.IndexFunc(accounts, func(a AccountSnapshot) bool { return a.Name == o.account })
		accounts[i].MaxAge, accounts[i].ChangeDelay = o.maxAge, o.delay
	}
	for i, a := range s.accounts {
		for _, c := range a.subjects {
			s.divide(c)
			accounts[i].Subjects = append(accounts[i].Subjects, c.snapshot())
		}
	}
	for _, a := range accounts {
		for i := range a.Campaigns {
			place := places[a.Campaigns[i].Query.CampaignID]
			a.Campaigns[i].Place, a.Campaigns[i].Queue = place.number, place.waiting
		}
	}
	return accounts
}

// accountSnapshots returns what is known, but for the campaigns' places. s.mu is held.
func (s *Store) accountSnapshots(now time.Time) []AccountSnapshot {
	accounts := make([]AccountSnapshot, 0, len(s.accounts))
	index := make(map[*account]int, len(s.accounts))
	for _, a := range s.accounts {
		index[a] = len(accounts)
		accounts = append(accounts, a.snapshot())
	}
	for _, c := range s.campaigns {
		a := &accounts[index[c.account]]
		a.Campaigns = append(a.Campaigns, s.snapshot(c, now))
	}
	return accounts
}
