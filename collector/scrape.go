package collector

import (
	"context"
	"time"

	"smartlead_exporter/smartlead"
)

// lookup is one campaign on a scrape's way.
type lookup struct {
	campaign *campaign
	seen     *smartlead.Statistics // the values when the scrape came
	fresh    bool                  // then
	done     chan struct{}         // closed when the refresh to wait for has finished; nil if fresh
}

// look has fetched what is no longer fresh, waits until that is done or ctx ends, and returns what there is then: of
// all campaigns, or of those with one of these ids alone.
func (s *Store) look(ctx context.Context, ids ...int64) []Snapshot {
	s.awaitLists(ctx)
	looked := s.begin(ids)
	for _, l := range looked {
		if l.fresh {
			continue
		}
		select {
		case <-l.done:
			continue
		case <-ctx.Done():
		}
		break // what isn't done goes on without us
	}
	return s.show(looked)
}

// awaitLists has the lists of campaigns fetched that are due, and waits for those that were never had.
func (s *Store) awaitLists(ctx context.Context) {
	s.mu.Lock()
	first := s.wantLists(time.Now())
	s.unlock()
	for _, done := range first {
		select {
		case <-done:
		case <-ctx.Done():
			return
		}
	}
}

// begin queues the campaigns that are no longer fresh.
func (s *Store) begin(ids []int64) []lookup {
	s.mu.Lock()
	defer s.unlock()
	campaigns := s.campaigns
	if len(ids) > 0 {
		campaigns = nil
		for _, id := range ids {
			if c := s.byID[id]; c != nil {
				campaigns = append(campaigns, c)
			}
		}
	}
	looked := make([]lookup, 0, len(campaigns))
	var due []*campaign
	now := time.Now()
	for _, c := range campaigns {
		l := lookup{campaign: c, seen: c.known.Statistics, fresh: s.fresh(c, now)}
		if !l.fresh && c.pending == nil {
			due = append(due, c)
		}
		looked = append(looked, l)
	}
	s.enqueue(due)
	for i := range looked {
		if !looked[i].fresh {
			looked[i].done = looked[i].campaign.pending
		}
	}
	return looked
}

// show returns what there is of the campaigns now, and counts what the lookups came to.
func (s *Store) show(looked []lookup) []Snapshot {
	s.mu.Lock()
	defer s.unlock()
	now := time.Now()
	snapshots := make([]Snapshot, 0, len(looked))
	for _, l := range looked {
		c := l.campaign
		if c.removed {
			continue
		}
		snapshot := s.snapshot(c, now)
		result := lookupMissing
		switch { // what is fresh, or became so for this scrape, is shown however long the scrape waited for others
		case l.fresh:
			result = lookupFresh
		case c.known.Statistics != l.seen:
			result = lookupRefreshed
		case s.servable(c, now):
			result = lookupStale
		default:
			snapshot.Statistics = nil
		}
		s.metrics.lookups.WithLabelValues(result).Inc()
		snapshots = append(snapshots, snapshot)
	}
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
