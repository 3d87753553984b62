package collector

import (
	"context"
	"time"
)

// look queues the campaigns that are no longer fresh, waits until their refreshes have finished or ctx ends, and returns
// what there is then, in the order of the settings.
func (s *Store) look(ctx context.Context) []view {
	s.mu.Lock()
	looked := make([]lookup, len(s.campaigns))
	var due []*campaign
	now := time.Now()
	for i, c := range s.campaigns {
		looked[i] = lookup{campaign: c, seen: c.lastSuccess, fresh: s.fresh(c, now)}
		if !looked[i].fresh && c.pending == nil {
			due = append(due, c)
		}
	}
	s.enqueue(due)
	for i, l := range looked {
		if !l.fresh {
			looked[i].done = l.campaign.pending
		}
	}
	s.mu.Unlock()

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

	s.mu.Lock()
	defer s.mu.Unlock()
	now = time.Now()
	views := make([]view, 0, len(looked))
	for _, l := range looked {
		c := l.campaign
		if c.removed {
			continue
		}
		v := view{
			account: c.account.name, id: c.id, name: c.name,
			lastSuccess: c.lastSuccess, up: c.up, duration: c.duration, requests: c.requests,
		}
		result := lookupMissing
		if s.servable(c, now) {
			v.statistics = c.good
			switch {
			case l.fresh:
				result = lookupFresh
			case c.lastSuccess.After(l.seen):
				result = lookupRefreshed
			default:
				result = lookupStale
			}
		}
		s.metrics.lookups.WithLabelValues(result).Inc()
		views = append(views, v)
	}
	return views
}

// lookup is one campaign on a scrape's way.
type lookup struct {
	campaign *campaign
	seen     time.Time     // lastSuccess when the scrape came
	fresh    bool          // then
	done     chan struct{} // closed when the refresh to wait for has finished; nil if fresh
}
