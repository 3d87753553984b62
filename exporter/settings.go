package exporter

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	promconfig "github.com/prometheus/common/config"

	"smartlead_exporter/collector"
	"smartlead_exporter/config"
	"smartlead_exporter/smartlead"
)

// ClientOptions are what of a client isn't in the configuration.
type ClientOptions struct {
	// Budgets keeps the quota of the account's key; nil: one of the client's own.
	Budgets *smartlead.Budgets
	// Trace is told of each request.
	Trace smartlead.Trace
	// Transport, if not nil, takes the place of the network and of the account's http_config.
	Transport http.RoundTripper
}

// NewClient returns the client of an account. It fails, and names the account, if a file that its http_config needs is
// missing or no good. It asks nothing.
func NewClient(account *config.Account, o ClientOptions) (*smartlead.Client, error) {
	if o.Transport == nil {
		transport, err := promconfig.NewRoundTripperFromConfig(account.HTTPConfig, Program)
		if err != nil {
			return nil, fmt.Errorf("account %s: http_config: %w", account.Name, err)
		}
		o.Transport = transport
	}
	limits := Limits(account)
	client, err := smartlead.NewClient(smartlead.Options{
		Key:            account.Key,
		Secrets:        account.Secrets,
		BaseURL:        account.BaseURL,
		Budgets:        o.Budgets,
		Account:        account.Name,
		Limits:         &limits,
		Shares:         smartlead.Shares{PerMinute: account.RateLimit.PerMinuteGiven, PerHour: account.RateLimit.PerHourGiven},
		RequestTimeout: time.Duration(account.RequestTimeout),
		Transport:      o.Transport,
		UserAgent:      UserAgent(),
		Trace:          o.Trace,
	})
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", account.Name, err)
	}
	return client, nil
}

// Limits returns an account's request limits, as its budget takes them.
func Limits(account *config.Account) smartlead.Limits {
	l := account.RateLimit
	return smartlead.Limits{PerMinute: l.PerMinute, PerHour: l.PerHour, Concurrency: l.Concurrency}
}

// Settings returns what an account's configuration says to the store, without the client.
func Settings(account *config.Account) collector.Account {
	return collector.Account{
		Name:           account.Name,
		KeySource:      keySource(account),
		Concurrency:    account.RateLimit.Concurrency,
		RequestTimeout: time.Duration(account.RequestTimeout),
		Campaigns:      campaigns(account.Campaigns),
		ListInterval:   listInterval(account),
		Discovery:      discovery(account.Discovery),

		Collect:          account.Collect,
		MailboxAddresses: account.MailboxAddresses,
	}
}

// keySource says where an account's key comes from. A key that stands in the configuration is its own source; it is told
// from another one by a hash.
func keySource(account *config.Account) string {
	switch {
	case account.APIKeyFile != "":
		return "file " + account.APIKeyFile
	case account.APIKey != "":
		sum := sha256.Sum256([]byte("key source " + string(account.APIKey)))
		return "key " + hex.EncodeToString(sum[:8])
	default:
		return "variable " + account.APIKeyEnv
	}
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
