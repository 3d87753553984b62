package collector

import (
	"context"
	"fmt"
	"time"
)

// Targets returns the store's campaigns. It waits for lists of campaigns that were never had until ctx ends, and
// fails if an account whose campaigns are to be discovered still has none: an empty answer would make Prometheus forget
// its targets.
func (s *Store) Targets(ctx context.Context) ([]Snapshot, error) {
	s.awaitLists(ctx)
	s.mu.Lock()
	defer s.unlock()
	for _, a := range s.accounts {
		if a.catalog.discovery != nil && a.catalog.lastSuccess.IsZero() {
			return nil, fmt.Errorf("the campaigns of account %s couldn't be listed so far; the log and smartlead_exporter_discovery_failures_total tell why", a.name)
		}
	}
	now := time.Now()
	targets := make([]Snapshot, 0, len(s.campaigns))
	for _, c := range s.campaigns {
		targets = append(targets, s.snapshot(c, now))
	}
	return targets, nil
}

// Campaign returns what is known of a campaign; ok is false if no account has it. For one that isn't known it waits like
// Targets. It asks for no refresh.
func (s *Store) Campaign(ctx context.Context, id int64) (snapshot Snapshot, ok bool) {
	if snapshot, ok = s.campaign(id); ok {
		return snapshot, true
	}
	s.awaitLists(ctx)
	return s.campaign(id)
}

func (s *Store) campaign(id int64) (snapshot Snapshot, ok bool) {
	s.mu.Lock()
	defer s.unlock()
	c := s.byID[id]
	if c == nil {
		return Snapshot{}, false
	}
	return s.snapshot(c, time.Now()), true
}
