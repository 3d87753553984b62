package collector

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"smartlead_exporter/smartlead"
)

// Fetcher fetches the statistics of a campaign; *smartlead.Client is one. It returns complete sets only, and keeps the
// account's request budget.
type Fetcher interface {
	// Statistics returns a set that came whole, or an error. Its Requests are set in either case.
	Statistics(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.Statistics, error)
}

// Settings are what a Store is to keep, and for how long.
type Settings struct {
	TTL      time.Duration // how long a fetched campaign counts as fresh
	MaxStale time.Duration // how long values are served when refreshing fails; 0: only while fresh
	Accounts []Account
}

// Account is a set of campaigns that are fetched with the same key.
type Account struct {
	Name        string // unique
	Fetcher     Fetcher
	Concurrency int // campaigns fetched at the same time, at least 1
	Campaigns   []Campaign

	// Lister has the names, status and the like of all campaigns. It is asked every ListInterval; 0 means never.
	Lister       Lister
	ListInterval time.Duration
	// Discovery adds campaigns of the list to Campaigns; nil adds none.
	Discovery *Discovery
}

// Campaign is what to fetch and what to call it.
type Campaign struct {
	Name  string // "" if it has none
	Query smartlead.StatisticsQuery
}

// Store keeps the newest good statistics of each campaign and has them refreshed. It is safe for concurrent use.
//
// Refreshing begins with a scrape: it queues the campaigns that are no longer fresh. Run carries the refreshes out,
// whoever still waits for them. A campaign is queued or being fetched at most once at a time.
type Store struct {
	logger  log.Logger
	metrics *Metrics
	work    chan struct{} // holds a token when there may be something to do for Run

	mu        sync.Mutex
	ttl       time.Duration
	maxStale  time.Duration
	accounts  []*account  // in the order of the settings
	campaigns []*campaign // by account, those configured before those discovered
	byID      map[int64]*campaign
	changes   uint64 // refreshes and lists that succeeded, and settings

	events []event       // to be said
	unsaid int           // events that found no place
	said   chan struct{} // closed when all is said; nil if there is nothing to say

	// What another store remembered, and nothing here has taken up yet.
	restored      map[int64]Snapshot // by campaign
	restoredLists map[string]AccountSnapshot
}

// account is the running side of an Account. Its fields are guarded by Store.mu.
type account struct {
	name        string
	fetcher     Fetcher
	concurrency int
	running     int
	queue       []*campaign // first in, first out
	configured  []Campaign
	catalog     catalog
	removed     bool             // no longer configured
	trouble     smartlead.Reason // the newest that concerns the account as a whole and was told of; "" since it went well
}

// campaign is the running side of a Campaign. Its fields are guarded by Store.mu.
type campaign struct {
	account *account // immutable
	known   Snapshot // but for what depends on the moment: State, NextRefresh, Queue, Refreshing

	pending chan struct{} // closed when the refresh that is queued or running has finished; nil if there is none
	cancel  context.CancelFunc
	removed bool // no longer configured: what a refresh under way finds doesn't matter any more
}

// NewStore returns a store without campaigns. It does nothing until Apply has given it some and Run runs.
func NewStore(logger log.Logger, metrics *Metrics) *Store {
	return &Store{logger: logger, metrics: metrics, work: make(chan struct{}, 1)}
}

// Apply changes what the store keeps. Campaigns that are asked for as before keep their values and their refresh;
// the others' are dropped at once. The caller must not change what settings refer to afterwards.
func (s *Store) Apply(settings Settings) {
	s.mu.Lock()
	defer s.unlock()
	s.ttl, s.maxStale = settings.TTL, settings.MaxStale
	s.changes++

	old := make(map[string]*account, len(s.accounts))
	for _, a := range s.accounts {
		old[a.name] = a
	}
	s.accounts = make([]*account, 0, len(settings.Accounts))
	for _, wanted := range settings.Accounts {
		a := old[wanted.Name]
		delete(old, wanted.Name)
		if a == nil {
			a = &account{name: wanted.Name}
			s.metrics.addAccount(a.name)
			s.restoreList(a, wanted)
		}
		a.fetcher, a.concurrency, a.configured = wanted.Fetcher, max(wanted.Concurrency, 1), wanted.Campaigns
		a.catalog.apply(wanted)
		s.accounts = append(s.accounts, a)
	}
	s.rebuild()
	for _, a := range old {
		a.removed = true
		a.catalog.giveUp()
		s.metrics.dropAccount(a.name)
	}
	s.signal()
}

// rebuild makes the campaigns those configured and discovered now. Those that were there before, and are asked for
// the same way, stay as they are. Of two accounts with the same campaign the first keeps it. s.mu is held.
func (s *Store) rebuild() {
	old := s.byID
	s.campaigns = make([]*campaign, 0, len(old))
	s.byID = make(map[int64]*campaign, len(old))
	owner := make(map[int64]*account, len(old))
	for _, a := range s.accounts { // what is configured comes before what is found, whatever the account
		for _, w := range a.configured {
			owner[w.Query.CampaignID] = a
		}
	}
	for _, a := range s.accounts {
		for _, w := range s.wanted(a, owner) {
			id := w.Query.CampaignID
			c := old[id]
			if c != nil && c.account == a && sameQuery(c.known.Query, w.Query) {
				delete(old, id)
			} else {
				c = newCampaign(w, a)
				s.restoreCampaign(c)
			}
			c.known.Listed = a.catalog.byID[id]
			c.known.Name = w.Name
			if w.Name == "" && c.known.Listed != nil {
				c.known.Name = c.known.Listed.Name
			}
			c.known.Name = strings.ToValidUTF8(c.known.Name, "\ufffd") // as a label has to be
			s.campaigns = append(s.campaigns, c)
			s.byID[id] = c
		}
	}
	for _, c := range old {
		s.remove(c)
	}
}

// wanted returns the campaigns of an account, those configured first, and makes it the owner of those that no account
// owns yet. s.mu is held.
func (s *Store) wanted(a *account, owner map[int64]*account) []Campaign {
	wanted := slices.Clip(a.configured)
	found, omitted := a.catalog.discovered()
	claimed := map[int64]bool{}
	for i := range found {
		id := found[i].ID
		switch owner[id] {
		case nil:
			owner[id] = a
			wanted = append(wanted, Campaign{Query: smartlead.StatisticsQuery{CampaignID: id}})
		case a: // configured as well
		default:
			omitted++
			claimed[id] = true
			s.sayClaimed(a, owner[id], id)
		}
	}
	s.sayOmitted(a, omitted)
	a.catalog.omitted, a.catalog.claimed = omitted, claimed
	return wanted
}

// remove ends the waiting for a campaign that is no longer kept. s.mu is held.
func (s *Store) remove(c *campaign) {
	c.removed = true
	if c.cancel != nil {
		c.cancel() // refresh closes pending
		return
	}
	if c.pending != nil {
		c.account.drop(c)
		close(c.pending)
		c.pending = nil
	}
}

// signal wakes Run.
func (s *Store) signal() {
	select {
	case s.work <- struct{}{}:
	default: // it will look anyway
	}
}

// fresh reports whether c needs no refresh. s.mu is held.
func (s *Store) fresh(c *campaign, now time.Time) bool {
	return c.known.Statistics != nil && now.Sub(c.known.LastSuccess) < s.ttl
}

// servable reports whether c's values, if they aren't fresh, may be shown all the same. s.mu is held.
func (s *Store) servable(c *campaign, now time.Time) bool {
	return c.known.Statistics != nil && now.Sub(c.known.LastSuccess) < s.maxStale
}

// sayFailure tells of a failed refresh, loudly when that is news. s.mu is held.
func (s *Store) sayFailure(c *campaign, err error, reason smartlead.Reason) {
	loudness := level.Debug
	news := c.known.Reason != reason
	if ofAccount(reason) { // one line, not one a campaign
		news = c.account.trouble != reason
		c.account.trouble = reason
	}
	if news {
		loudness = level.Warn
	}
	values := "the values of " + c.known.LastSuccess.UTC().Format(time.RFC3339)
	serving := values + ", until they are older than cache.max_stale"
	switch {
	case c.known.Statistics == nil:
		serving = "nothing: there are no values yet"
	case !s.servable(c, time.Now()):
		serving = "nothing: " + values + " are older than cache.max_stale"
	}
	s.say(loudness, "msg", "refreshing a campaign failed", "account", c.account.name, "campaign_id", c.known.ID,
		"reason", string(reason), "err", err, "serving", serving)
}

// sayRecovery tells that a refresh succeeded after one that failed. s.mu is held.
func (s *Store) sayRecovery(c *campaign) {
	if ofAccount(c.known.Reason) && c.account.trouble == "" {
		return // another campaign's recovery has been told
	}
	s.say(level.Info, "msg", "refreshing a campaign succeeds again", "account", c.account.name, "campaign_id", c.known.ID)
}

// ofAccount reports whether a failure concerns all campaigns of an account.
func ofAccount(reason smartlead.Reason) bool {
	switch reason {
	case smartlead.ErrUnauthorized, smartlead.ErrRateLimited, smartlead.ErrNetwork:
		return true
	default:
		return false
	}
}
