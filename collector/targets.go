package collector

import (
	"context"
	"fmt"
)

// Target is a campaign as service discovery tells Prometheus of it.
type Target struct {
	Account    string
	CampaignID int64
	Name       string
	Status     string // "" if unknown, as all below
	ClientID   string
	Tags       []string
}

// Targets returns the store's campaigns. It waits for lists of campaigns that were never had until ctx ends, and
// fails if an account whose campaigns are to be discovered still has none: an empty answer would make Prometheus forget
// its targets.
func (s *Store) Targets(ctx context.Context) ([]Target, error) {
	s.awaitLists(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.accounts {
		if a.catalog.discovery != nil && a.catalog.lastSuccess.IsZero() {
			return nil, fmt.Errorf("the campaigns of account %s couldn't be listed so far; the log and smartlead_exporter_discovery_failures_total tell why", a.name)
		}
	}
	targets := make([]Target, 0, len(s.campaigns))
	for _, c := range s.campaigns {
		t := Target{Account: c.account.name, CampaignID: c.query.CampaignID, Name: c.name}
		if c.meta != nil {
			t.Status, t.ClientID, t.Tags = c.meta.Status, c.meta.ClientID, c.meta.Tags
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// AccountOf returns the name of the account that has a campaign; ok is false if none has. It waits like Targets.
func (s *Store) AccountOf(ctx context.Context, id int64) (account string, ok bool) {
	s.awaitLists(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.campaigns {
		if c.query.CampaignID == id {
			return c.account.name, true
		}
	}
	return "", false
}
