package collector

import (
	"context"
	"slices"
	"time"

	"smartlead_exporter/smartlead"
)

// lookup is one campaign on a scrape's way.
type lookup struct {
	campaign *campaign
	seen     *smartlead.Statistics // the values when the scrape came
	fresh    bool                  // then
}

// look has fetched what is due, waits as long as that is worth it, and returns what there is then: of all campaigns, or
// of the one with this id alone.
func (s *Store) look(ctx context.Context, id int64) []Snapshot {
	if id != 0 {
		return s.show(s.lookOne(ctx, id))
	}
	return s.show(s.lookAll(ctx))
}

// lookAll is the way of a scrape of all campaigns. Those that are known come first; with the first list of an account,
// if it is worth waiting for, come those that are discovered.
func (s *Store) lookAll(ctx context.Context) []lookup {
	s.mu.Lock()
	now := time.Now()
	lists := s.wantLists(now)
	s.wantSubjects(now)
	looked := s.enqueue(s.campaigns, now)
	built := s.built
	waits := s.newWait(ctx, looked, nil, now)
	for {
		lists = s.worthList(ctx, lists, now)
		worth := waits.worth(now)
		changed := s.changed
		s.unlock()
		over := !worth && len(lists) == 0
		if !over {
			select {
			case <-changed:
			case <-ctx.Done():
				s.giveUpFirst(ctx, lists)
				over = true
			}
		}
		s.mu.Lock()
		now = time.Now()
		if s.built != built { // campaigns came, or went
			built = s.built
			s.wantSubjects(now)
			looked = append(looked, s.enqueue(s.except(looked), now)...)
			waits = s.newWait(ctx, looked, nil, now)
		}
		if over {
			s.unlock()
			return looked
		}
	}
}

// except returns the campaigns that a scrape hasn't looked up. s.mu is held.
func (s *Store) except(looked []lookup) (others []*campaign) {
	known := make(map[*campaign]bool, len(looked))
	for _, l := range looked {
		known[l.campaign] = true
	}
	for _, c := range s.campaigns {
		if !known[c] {
			others = append(others, c)
		}
	}
	return others
}

// lookOne is the way of a probe.
func (s *Store) lookOne(ctx context.Context, id int64) []lookup {
	s.mu.Lock()
	c := s.byID[id]
	if c == nil {
		s.unlock()
		return nil
	}
	now := time.Now()
	s.wantLists(now)
	if c.first = !c.running() && s.due(c, now); c.first && c.waiting {
		s.unlist(c)
		s.enlist(c, c.since)
	}
	looked := s.enqueue([]*campaign{c}, now)
	waits := s.newWait(ctx, looked, c, now)
	for {
		worth := waits.worth(now)
		changed := s.changed
		s.unlock()
		if !worth {
			return looked
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return looked
		}
		s.mu.Lock()
		now = time.Now()
		if other := s.byID[id]; other != nil && other != c { // it is another one since a reload
			c = other
			looked = s.enqueue([]*campaign{c}, now)
			waits = s.newWait(ctx, looked, c, now)
		}
	}
}

// due reports whether a campaign is to be refreshed when a scrape asks for it. s.mu is held.
func (s *Store) due(c *campaign, now time.Time) bool {
	return c.forced || !s.fresh(c, now) && !now.Before(c.retryAt)
}

// enqueue has the campaigns that are due refreshed, and begins what may begin at once. s.mu is held.
func (s *Store) enqueue(campaigns []*campaign, now time.Time) []lookup {
	looked := make([]lookup, 0, len(campaigns))
	for _, c := range campaigns {
		fresh := s.fresh(c, now) && !c.forced
		looked = append(looked, lookup{campaign: c, seen: c.known.Statistics, fresh: fresh})
		if !fresh && !c.waiting && !c.running() && s.due(c, now) {
			s.enlist(c, now)
		}
	}
	s.dispatch(now)
	s.signal()
	return looked
}

// enlist has a campaign wait for its refresh, since that moment, before all others if a probe asked for it. s.mu is held.
func (s *Store) enlist(c *campaign, since time.Time) {
	c.waiting, c.since = true, since
	a := c.account
	if c.first {
		a.waiting = slices.Insert(a.waiting, 0, c)
	} else {
		a.waiting = append(a.waiting, c)
	}
}

// unlist has a campaign wait no longer. s.mu is held.
func (s *Store) unlist(c *campaign) {
	c.account.waiting = slices.DeleteFunc(c.account.waiting, func(other *campaign) bool { return other == c })
	c.waiting = false
}

// show returns what there is of the campaigns now, and counts what the lookups came to.
func (s *Store) show(looked []lookup) []Snapshot {
	s.mu.Lock()
	defer s.unlock()
	now := time.Now()
	snapshots := make([]Snapshot, 0, len(looked))
	var fresh, refreshed, stale, missing int
	for _, l := range looked {
		c := l.campaign
		if c.removed {
			continue
		}
		snapshot := s.snapshot(c, now)
		switch { // what is fresh, or became so for this scrape, is shown however long the scrape waited for others
		case l.fresh:
			fresh++
		case c.known.Statistics != l.seen:
			refreshed++
		case s.servable(c, now):
			stale++
		default:
			missing++
			snapshot.Statistics = nil
		}
		snapshots = append(snapshots, snapshot)
	}
	s.metrics.looked(fresh, refreshed, stale, missing)
	return snapshots
}

// lists returns what there is of the accounts that have a list of campaigns.
func (s *Store) lists() []AccountSnapshot {
	s.mu.Lock()
	defer s.unlock()
	var accounts []AccountSnapshot
	for _, a := range s.accounts {
		if a.catalog.wanted() {
			accounts = append(accounts, a.snapshot())
		}
	}
	return accounts
}
