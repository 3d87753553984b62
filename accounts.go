package main

import (
	"fmt"
	"time"

	"github.com/go-kit/log"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/version"

	"smartlead_exporter/collector"
	"smartlead_exporter/config"
	"smartlead_exporter/smartlead"
)

// accounts makes clients of the accounts that a configuration has, and gives them to the store.
type accounts struct {
	logger  log.Logger
	metrics *collector.Metrics
	store   *collector.Store
	keeper  *keeper
	ledger  *ledger
}

// apply puts a configuration into force, or fails and changes nothing. Calls must not overlap.
func (a *accounts) apply(cfg *config.Config) error {
	settings := collector.Settings{TTL: time.Duration(cfg.Cache.TTL), MaxStale: time.Duration(cfg.Cache.MaxStale)}
	for _, account := range cfg.Accounts {
		budget := a.ledger.budget(account.Name, limits(account.RateLimit))
		client, err := newClient(account, budget, a.ledger.trace(a.logger, account.Name, a.metrics.Trace(account.Name)))
		if err != nil {
			return err
		}
		settings.Accounts = append(settings.Accounts, collector.Account{
			Name:        account.Name,
			Fetcher:     client,
			Concurrency: account.RateLimit.Concurrency,
			Campaigns:   campaigns(account.Campaigns),

			Lister:       client,
			ListInterval: listInterval(account),
			Discovery:    discovery(account.Discovery),
		})
	}
	if err := a.keeper.use(cfg.Cache.File); err != nil {
		return err
	}
	for _, account := range cfg.Accounts { // from here on nothing fails
		a.ledger.budget(account.Name, limits(account.RateLimit)).SetLimits(limits(account.RateLimit))
	}
	a.store.Apply(settings)
	return nil
}

// userAgent names the program and its version; a build without one, such as go run's, says so.
func userAgent() string {
	if version.Version == "" {
		return program + "/unreleased"
	}
	return program + "/" + version.Version
}

func newClient(account *config.Account, budget *smartlead.Budget, trace smartlead.Trace) (*smartlead.Client, error) {
	transport, err := promconfig.NewRoundTripperFromConfig(account.HTTPConfig, program)
	if err != nil {
		return nil, fmt.Errorf("account %s: http_config: %w", account.Name, err)
	}
	client, err := smartlead.NewClient(smartlead.Options{
		Key:            account.Key,
		BaseURL:        account.BaseURL,
		Budget:         budget,
		RequestTimeout: time.Duration(account.RequestTimeout),
		Transport:      transport,
		UserAgent:      userAgent(),
		Trace:          trace,
	})
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", account.Name, err)
	}
	return client, nil
}

func limits(l config.RateLimit) smartlead.Limits {
	return smartlead.Limits{PerMinute: l.PerMinute, PerHour: l.PerHour, Concurrency: l.Concurrency}
}

func campaigns(configured []config.Campaign) []collector.Campaign {
	list := make([]collector.Campaign, 0, len(configured))
	for _, c := range configured {
		list = append(list, collector.Campaign{Name: c.Name, Query: smartlead.StatisticsQuery{
			CampaignID:      c.ID,
			SequenceNumbers: c.SequenceNumbers,
			SentAfter:       c.SentAfter,
			SentBefore:      c.SentBefore,
			SentWithin:      time.Duration(c.SentWithin),
		}})
	}
	return list
}

// listInterval is how often the list of campaigns is fetched: discovery needs it more often than names and statuses do.
func listInterval(account *config.Account) time.Duration {
	if account.Discovery != nil {
		return time.Duration(account.Discovery.Interval)
	}
	return time.Duration(account.MetadataInterval)
}

func discovery(d *config.Discovery) *collector.Discovery {
	if d == nil {
		return nil
	}
	return &collector.Discovery{
		Statuses:     d.Statuses,
		MatchesName:  d.MatchesName,
		ClientIDs:    d.ClientIDs,
		Tags:         d.Tags,
		Shard:        d.Shard.Index,
		Shards:       d.Shard.Count,
		MaxCampaigns: d.MaxCampaigns,
	}
}
