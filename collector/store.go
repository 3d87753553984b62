package collector

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

// Fetcher fetches the counts of a campaign; *counting.Counter is one, and *counting.ByRows. It returns complete sets only,
// and keeps the account's request budget.
type Fetcher interface {
	// Count returns counts that came whole, or an error. The Requests of its Statistics are set in either case.
	Count(ctx context.Context, task counting.Task) (counting.Result, error)
}

// Settings are what a Store is to keep, and for how long.
type Settings struct {
	TTL      time.Duration // how long a fetched campaign counts as fresh
	MaxStale time.Duration // how long values are shown while refreshing fails; 0: not at all
	Accounts []Account
}

// Account is a set of campaigns that are fetched with the same key.
type Account struct {
	Name string // unique
	// Origin says whose numbers they are: the API's address. Those of one are never shown as another's.
	Origin string
	// KeySource says where the key comes from, without saying what it is. With another one all is due at once.
	KeySource   string
	Fetcher     Fetcher
	Concurrency int // campaigns fetched at the same time, at least 1
	// RequestTimeout is how long the Fetcher waits for one answer. Default: smartlead.DefaultRequestTimeout.
	RequestTimeout time.Duration
	// Budget says how the quota of the key stands; nil where nothing limits the requests. It is called often.
	Budget    func() smartlead.BudgetState
	Campaigns []Campaign

	// Lister has the names, status and the like of all campaigns. It is asked every ListInterval; 0 means never.
	Lister       Lister
	ListInterval time.Duration
	// Discovery adds campaigns of the list to Campaigns; nil adds none.
	Discovery *Discovery

	// Collect names what to collect beyond the steps' counts, of Subjects, and Source has it.
	Collect []string
	Source  Source
	// MailboxAddresses says that the addresses of mailboxes may be shown.
	MailboxAddresses bool
}

// Campaign is what to fetch and what to call it.
type Campaign struct {
	Name  string // "" if it has none
	Query smartlead.StatisticsQuery
}

// Store keeps the newest good statistics of each campaign and has them refreshed. It is safe for concurrent use.
//
// Refreshing begins with a scrape: it has the campaigns wait that are due. Run carries the refreshes out, whoever still
// waits for them, one after the other as the quota of their key allows. A campaign is fetched at most once at a time.
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
	built     uint64 // how often campaigns was made
	changes   uint64 // refreshes and lists that ended, and settings

	credits      map[string]credit // by quota
	paces        map[string]*pace  // likewise, of subjects
	begun        []func(context.Context)
	changed      chan struct{} // closed, and replaced, when a refresh or a list comes to something
	expectations uint64        // how often it turned out that what scrapes wait for may take longer, or not come at all
	freed        uint64        // how often the trouble of an account ended
	ended        bool          // Run has

	events []event       // to be said
	unsaid int           // events that found no place
	said   chan struct{} // closed when all is said; nil if there is nothing to say

	// What another store remembered, and nothing here has taken up yet.
	restored        map[int64]Snapshot // by campaign
	restoredOrigins map[int64]string   // likewise
	restoredLists   []AccountSnapshot

	// Reused, so that choosing among many campaigns makes no garbage.
	candidates []candidate
	candidate  []*campaign
}

// NewStore returns a store without campaigns. It does nothing until Apply has given it some and Run runs.
func NewStore(logger log.Logger, metrics *Metrics) *Store {
	s := &Store{
		logger: logger, metrics: metrics, work: make(chan struct{}, 1), changed: make(chan struct{}), credits: map[string]credit{},
		paces: map[string]*pace{},
	}
	metrics.watch(s)
	return s
}

// Apply changes what the store keeps. Campaigns that are asked for as before keep their values and their refresh, also
// if their account has another name now; the others' are dropped at once, and so is all that came from another origin. The
// caller must not change what settings refer to afterwards.
func (s *Store) Apply(settings Settings) {
	s.mu.Lock()
	defer s.unlock()
	s.ttl, s.maxStale = settings.TTL, settings.MaxStale
	s.metrics.configured(settings.TTL, settings.MaxStale)
	s.changes++
	s.expectations++
	old := s.accounts
	s.accounts = s.match(settings.Accounts)
	s.rename(old, settings.Accounts)
	for i, wanted := range settings.Accounts {
		a := s.accounts[i]
		if !a.applied {
			s.restoreList(a, wanted)
		}
		if !a.apply(wanted) {
			continue
		}
		for _, c := range s.campaigns {
			if c.account == a {
				c.forced, c.alone, c.retryAt = true, false, time.Time{}
			}
		}
	}
	for _, a := range old {
		if !slices.Contains(s.accounts, a) {
			a.removed = true
			a.catalog.giveUp()
			a.giveUpSubjects()
		}
	}
	s.rebuild()
	s.broadcast()
	s.signal()
}

// rename has the metrics know the accounts by the names of the settings. s.mu is held.
func (s *Store) rename(old []*account, settings []Account) {
	for _, a := range old {
		if !slices.ContainsFunc(settings, func(wanted Account) bool { return wanted.Name == a.name }) {
			s.metrics.dropAccount(a.name)
		}
	}
	for _, wanted := range settings {
		s.metrics.addAccount(wanted.Name)
	}
}

// match returns the accounts of settings: those that have the same key, by whatever name, then those that have the
// same name, and new ones. None is known again at another origin. s.mu is held.
func (s *Store) match(settings []Account) []*account {
	matched := make([]*account, len(settings))
	left := slices.Clone(s.accounts)
	for _, same := range []func(a *account, wanted *Account) bool{
		func(a *account, wanted *Account) bool {
			return a.name == wanted.Name && a.keySource == wanted.KeySource
		},
		func(a *account, wanted *Account) bool {
			return a.keySource == wanted.KeySource && wanted.KeySource != ""
		},
		func(a *account, wanted *Account) bool { return a.name == wanted.Name },
	} {
		for i := range settings {
			if matched[i] != nil {
				continue
			}
			j := slices.IndexFunc(left, func(a *account) bool { return a.origin == settings[i].Origin && same(a, &settings[i]) })
			if j >= 0 {
				matched[i] = left[j]
				left = slices.Delete(left, j, j+1)
			}
		}
	}
	for i := range matched {
		if matched[i] == nil {
			matched[i] = &account{origin: settings[i].Origin}
		}
	}
	return matched
}

// rebuild makes the campaigns those configured and discovered now. Those that were there before, and are asked for
// the same way, stay as they are. Of two accounts with the same campaign the first keeps it. s.mu is held.
func (s *Store) rebuild() {
	s.built++
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
			c := newCampaign(w, a)
			switch known := old[id]; {
			case known == nil || known.origin != a.origin || !sameQuery(known.known.Query, w.Query):
				s.restoreCampaign(c)
			case known.account == a:
				c = known
				delete(old, id)
			default: // another account has it now
				c.known, c.past = known.known, known.past
			}
			s.describe(c, w)
			s.campaigns = append(s.campaigns, c)
			s.byID[id] = c
		}
	}
	for _, c := range old {
		s.remove(c)
	}
}

// describe gives a campaign what settings and the account's list say of it. s.mu is held.
func (s *Store) describe(c *campaign, w Campaign) {
	c.known.Account = c.account.name
	c.known.Listed = c.account.catalog.byID[w.Query.CampaignID]
	c.known.Name = w.Name
	if w.Name == "" && c.known.Listed != nil {
		c.known.Name = c.known.Listed.Name
	}
	c.known.Name = strings.ToValidUTF8(c.known.Name, "\ufffd") // as a label has to be
	if c.known.Rate == (Rate{}) || c.known.Statistics == nil {
		c.known.Rate = startRate(c.known.Listed == nil || c.known.Listed.Status == "ACTIVE")
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
	s.sayFitting(a, len(found), time.Now())
	a.catalog.omitted, a.catalog.claimed = omitted, claimed
	return wanted
}

// remove ends the waiting for a campaign that is no longer kept. s.mu is held.
func (s *Store) remove(c *campaign) {
	c.removed = true
	if c.running() {
		c.cancel() // finish does the rest
	}
	s.unlist(c)
}

// signal wakes Run.
func (s *Store) signal() {
	select {
	case s.work <- struct{}{}:
	default: // it will look anyway
	}
}

// broadcast wakes the scrapes that wait. s.mu is held.
func (s *Store) broadcast() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// campaignsOf returns how many campaigns an account has. s.mu is held.
func (s *Store) campaignsOf(a *account) (n int) {
	for _, c := range s.campaigns {
		if c.account == a {
			n++
		}
	}
	return n
}
