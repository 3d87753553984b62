package collector

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log/level"

	"smartlead_exporter/smartlead"
)

const (
	// listRetry is when a list that failed, or can't be believed yet, is asked for again, if its interval isn't shorter.
	listRetry = time.Minute
	// maxLogged is how many campaigns a log line names at the most.
	maxLogged = 20
)

// Lister lists an account's campaigns; *smartlead.Client is one.
type Lister interface {
	// Campaigns returns a list that came whole, but for the entries that it counts as unreadable, or an error.
	Campaigns(ctx context.Context, q smartlead.CampaignsQuery) (smartlead.CampaignList, error)
}

// catalog is what an account's list of campaigns said. Like statistics it is fetched when a scrape comes and it is due.
// Its fields are guarded by Store.mu.
type catalog struct {
	lister    Lister
	interval  time.Duration // 0: never
	discovery *Discovery    // nil: the list only serves for names and the like

	pending bool      // a scrape found it to be due, and it wasn't had yet
	listing *listing  // under way; nil if there is none
	next    time.Time // when it is due
	overdue bool      // a scrape waited for the first one until its deadline

	list        []smartlead.Campaign // the newest that was believed; never written to
	byID        map[int64]*smartlead.Campaign
	doubtful    []smartlead.Campaign // the newest list if it can't be believed yet, else nil
	doubted     bool
	lastSuccess time.Time        // when list was had; zero before the first
	omitted     int              // campaigns that discovery left out
	fitless     time.Time        // since when discovery chooses nothing of the list; zero if it chooses something
	unreadable  int              // entries of the newest list that couldn't be read
	strange     int              // of these, those that are known to hide no campaign of list
	claimed     map[int64]bool   // campaigns that were found and are another account's
	reason      smartlead.Reason // why the newest list failed; "" if it didn't

	fitlessThere []string // what there would be to choose from; nil if it chooses something

	err          string    // likewise
	failingSince time.Time // the first failure in a row; zero if the newest list didn't fail
}

// apply takes in the settings of an account. What is known stays.
func (c *catalog) apply(settings Account) {
	if settings.ListInterval != c.interval {
		c.next = time.Time{}
	}
	c.lister, c.interval, c.discovery = settings.Lister, settings.ListInterval, settings.Discovery
	if !c.wanted() {
		c.giveUp()
		c.forget()
	}
}

// giveUp ends the waiting for a list that isn't wanted any more.
func (c *catalog) giveUp() {
	if c.listing != nil {
		c.listing.cancel()
		c.listing = nil
	}
	c.pending = false
}

// wants reports whether a request for the list is still to be sent.
func (c *catalog) wants() bool {
	if c.listing != nil {
		return !c.listing.asked
	}
	return c.pending
}

// wanted reports whether there is to be a list at all.
func (c *catalog) wanted() bool { return c.lister != nil && c.interval > 0 }

func (c *catalog) forget() {
	c.list, c.byID, c.doubtful, c.doubted, c.lastSuccess = nil, nil, nil, false, time.Time{}
	c.omitted, c.unreadable, c.strange, c.claimed, c.reason, c.overdue = 0, 0, 0, nil, "", false
	c.err, c.failingSince = "", time.Time{}
}

// believe takes a list for true.
func (c *catalog) believe(list []smartlead.Campaign, at time.Time) {
	c.list, c.lastSuccess = list, at
	c.byID = make(map[int64]*smartlead.Campaign, len(list))
	for i := range list {
		c.byID[list[i].ID] = &list[i]
	}
}

// withHidden returns the campaigns of a list, and those known ones that it doesn't have if they may stand in entries that can't be
// read. Which of them do can't be told, so all stay until there are no more such entries than when none was missing.
func (c *catalog) withHidden(fetched smartlead.CampaignList) []smartlead.Campaign {
	listed := make(map[int64]bool, len(fetched.Campaigns))
	for i := range fetched.Campaigns {
		listed[fetched.Campaigns[i].ID] = true
	}
	var missing []smartlead.Campaign
	for i := range c.list {
		if !listed[c.list[i].ID] {
			missing = append(missing, c.list[i])
		}
	}
	if len(missing) == 0 || fetched.Unreadable <= c.strange {
		c.strange = fetched.Unreadable
		return fetched.Campaigns
	}
	return slices.Concat(fetched.Campaigns, missing)
}

// discovered returns the campaigns of the list that are to be shown, and how many more there would be.
func (c *catalog) discovered() (found []smartlead.Campaign, omitted int) {
	if c.discovery == nil {
		return nil, 0
	}
	return c.discovery.Choose(c.list)
}

// due reports whether the list is to be fetched.
func (c *catalog) due(now time.Time) bool {
	return c.wanted() && !c.pending && !now.Before(c.next)
}

// believable reports whether a list can be taken for true at once. One that is suddenly empty, or has lost half, is more
// often a fault of the API than a truth, and so is a first one without any campaign; it has to come twice.
func (c *catalog) believable(list []smartlead.Campaign) bool {
	if 2*len(list) > len(c.list) || len(c.list) == 0 && !c.lastSuccess.IsZero() {
		return true
	}
	return c.doubted && 2*len(list) >= len(c.doubtful) && 2*len(c.doubtful) >= len(list)
}

// sayOmitted tells when the number of campaigns left out changes. s.mu is held.
func (s *Store) sayOmitted(a *account, omitted int) {
	if omitted == a.catalog.omitted || omitted == 0 {
		return
	}
	s.say(level.Warn, "msg", "campaigns were found that are left out; raise max_campaigns, or narrow the discovery",
		"account", a.name, "count", omitted)
}

// sayClaimed tells, once, of a campaign that another account has already. s.mu is held.
func (s *Store) sayClaimed(a, owner *account, id int64) {
	if a.catalog.claimed[id] {
		return
	}
	s.say(level.Warn, "msg", "a campaign that was found is another account's already, which keeps it",
		"campaign_id", id, "account", a.name, "kept_by", owner.name)
}

// sayDifference tells what changed from one list to the next. s.mu is held.
func (s *Store) sayDifference(a *account, before map[int64]*smartlead.Campaign, list []smartlead.Campaign) {
	var found, gone, renamed []string
	listed := make(map[int64]bool, len(list))
	for i := range list {
		c := &list[i]
		listed[c.ID] = true
		switch old := before[c.ID]; {
		case old == nil:
			found = append(found, fmt.Sprintf("%d %q", c.ID, c.Name))
		case old.Name != c.Name:
			renamed = append(renamed, fmt.Sprintf("%d %q to %q", c.ID, old.Name, c.Name))
		}
	}
	for id, old := range before {
		if !listed[id] {
			gone = append(gone, fmt.Sprintf("%d %q", id, old.Name))
		}
	}
	slices.Sort(gone)
	for _, change := range []struct {
		what      string
		campaigns []string
	}{{"found", found}, {"gone", gone}, {"renamed", renamed}} {
		if len(change.campaigns) == 0 {
			continue
		}
		named := change.campaigns[:min(len(change.campaigns), maxLogged)]
		s.say(level.Info, "msg", "the list of campaigns changed: "+change.what, "account", a.name,
			"count", len(change.campaigns), "campaigns", strings.Join(named, ", "))
	}
}
