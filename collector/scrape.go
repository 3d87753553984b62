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

// look has fetched what is no longer fresh, waits until that is done or ctx ends, and returns what there is then.
// wanted chooses the campaigns.
func (s *Store) look(ctx context.Context, wanted func(id string) bool) []campaignView {
	s.awaitLists(ctx)
	looked := s.begin(wanted)
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
	return s.views(looked)
}

// awaitLists has the lists of campaigns fetched that are due, and waits for those that were never had.
func (s *Store) awaitLists(ctx context.Context) {
	s.mu.Lock()
	first := s.wantLists(time.Now())
	s.mu.Unlock()
	for _, done := range first {
		select {
		case <-done:
		case <-ctx.Done():
			return
		}
	}
}

// begin queues the campaigns that are no longer fresh.
func (s *Store) begin(wanted func(id string) bool) []lookup {
	s.mu.Lock()
	defer s.mu.Unlock()
	looked := make([]lookup, 0, len(s.campaigns))
	var due []*campaign
	now := time.Now()
	for _, c := range s.campaigns {
		if !wanted(c.id) {
			continue
		}
		l := lookup{campaign: c, seen: c.good, fresh: s.fresh(c, now)}
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

// views returns what there is of the campaigns now, and counts what the lookups came to.
func (s *Store) views(looked []lookup) []campaignView {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	views := make([]campaignView, 0, len(looked))
	for _, l := range looked {
		c := l.campaign
		if c.removed {
			continue
		}
		v := campaignView{
			account: c.account.name, id: c.id, name: c.name, meta: c.meta,
			lastSuccess: c.lastSuccess, up: c.up, duration: c.duration, requests: c.requests,
		}
		result := lookupMissing
		switch { // what is fresh, or became so for this scrape, is shown however long the scrape waited for others
		case l.fresh:
			result = lookupFresh
		case c.good != l.seen:
			result = lookupRefreshed
		case s.servable(c, now):
			result = lookupStale
		}
		if result != lookupMissing {
			v.statistics = c.good
		}
		s.metrics.lookups.WithLabelValues(result).Inc()
		views = append(views, v)
	}
	return views
}

// lists returns what there is of the accounts' lists.
func (s *Store) lists() []accountView {
	s.mu.Lock()
	defer s.mu.Unlock()
	var views []accountView
	for _, a := range s.accounts {
		if c := &a.catalog; c.wanted() {
			views = append(views, accountView{name: a.name, list: c.list, lastSuccess: c.lastSuccess, omitted: c.omitted})
		}
	}
	return views
}
