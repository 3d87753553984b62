package collector

import "time"

// fresh reports whether c's values are young enough to need no refresh. s.mu is held.
func (s *Store) fresh(c *campaign, now time.Time) bool {
	age := now.Sub(c.known.LastSuccess)
	return c.known.Statistics != nil && age >= 0 && age < s.ttl
}

// failingSince returns since when c couldn't be refreshed, by its own failures or since nothing can be had from its
// account; zero if it can, or only waits for its turn. s.mu is held.
func (s *Store) failingSince(c *campaign, now time.Time) time.Time {
	since := c.known.FailingSince
	if !c.since.IsZero() && c.account.troubled(now) {
		if silent := later(c.account.lastGood, c.since); since.IsZero() || silent.Before(since) {
			since = silent
		}
	}
	return since
}

// servable reports whether c's values may be shown: until refreshing has been failing for as long as max_stale. s.mu is
// held.
func (s *Store) servable(c *campaign, now time.Time) bool {
	since := s.failingSince(c, now)
	return c.known.Statistics != nil && (since.IsZero() || now.Sub(since) < s.maxStale)
}
