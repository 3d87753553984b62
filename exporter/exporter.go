// Package exporter puts a configuration into force: it makes the clients and budgets of the accounts, gives the store its
// campaigns, and logs what is asked of the API.
package exporter

import (
	"cmp"
	"maps"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/common/version"

	"smartlead_exporter/cachefile"
	"smartlead_exporter/collector"
	"smartlead_exporter/config"
	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

// Program is the name of the program, as the API and whoever reads the log or a page know it.
const Program = "smartlead_exporter"

// Options are what a configuration works on.
type Options struct {
	// Logger is told of requests, at level debug, and of refusals of whole accounts, at level warn.
	Logger log.Logger
	// Metrics and Store belong together: both are of the accounts that the newest configuration has.
	Metrics *collector.Metrics
	Store   *collector.Store
	// Budgets keeps the quota of each key. Default: one of its own.
	Budgets *smartlead.Budgets
	// Keeper has what the store and the budgets know kept over a restart.
	Keeper *cachefile.Keeper
	// Transport, if not nil, takes the place of the network, and of each account's http_config.
	Transport http.RoundTripper
}

// Exporter is a configuration in force, and what outlives it.
type Exporter struct {
	options Options
	ledger  *Ledger
	current atomic.Pointer[config.Config] // nil before the first
}

// New returns an exporter without a configuration.
func New(o Options) *Exporter {
	if o.Budgets == nil {
		o.Budgets = smartlead.NewBudgets()
	}
	return &Exporter{options: o, ledger: newLedger(o.Logger)}
}

// Ledger returns what is known of how the API takes the accounts' requests. It is the same for all configurations.
func (e *Exporter) Ledger() *Ledger { return e.ledger }

// Config returns the configuration in force as YAML, defaults included, with its secrets replaced; "" before the first.
func (e *Exporter) Config() string {
	if cfg := e.current.Load(); cfg != nil {
		return cfg.String()
	}
	return ""
}

// Apply puts a configuration into force, or fails and changes nothing. Calls must not overlap.
func (e *Exporter) Apply(cfg *config.Config) error {
	settings := collector.Settings{TTL: time.Duration(cfg.Cache.TTL), MaxStale: time.Duration(cfg.Cache.MaxStale)}
	clients, made := map[string]client{}, map[string]client{}
	for _, account := range cfg.Accounts {
		c, kept := e.ledger.clients[account.Name]
		if !kept || !account.AsksLike(c.account) { // else its connections are as good as new ones
			var err error
			if c, err = e.newClient(account); err != nil {
				closeAll(made)
				return err
			}
			made[account.Name] = c
		}
		clients[account.Name] = c
		a := Settings(account)
		a.Fetcher, a.Lister, a.Source, a.Budget, a.Origin = c.counter, c, c, c.Budget, c.Origin()
		settings.Accounts = append(settings.Accounts, a)
	}
	if err := e.options.Keeper.Use(cfg.Cache.File); err != nil {
		closeAll(made)
		return cfg.CacheFileError(err)
	}
	e.options.Store.Apply(settings) // from here on nothing fails
	replaced := e.ledger.use(clients)
	maps.DeleteFunc(replaced, func(name string, before client) bool { return clients[name].Client == before.Client })
	closeAll(replaced)
	e.current.Store(cfg)
	e.ledger.tellShared()
	e.options.Keeper.Begin()
	return nil
}

// client is a client, what counts campaigns by it, and the account that both were made for.
type client struct {
	*smartlead.Client
	counter collector.Fetcher
	account *config.Account
}

func (e *Exporter) newClient(account *config.Account) (client, error) {
	c, err := NewClient(account, ClientOptions{
		Budgets:   e.options.Budgets,
		Trace:     e.ledger.trace(account.Name, e.options.Metrics.Trace(account.Name)),
		Transport: e.options.Transport,
	})
	if err != nil {
		return client{}, err
	}
	return client{c, counter(account, c), account}, nil
}

// counter returns what counts an account's campaigns.
func counter(account *config.Account, c *smartlead.Client) collector.Fetcher {
	if account.Counting == config.CountingRows {
		return counting.NewByRows(c)
	}
	return counting.NewCounter(c)
}

// closeAll has clients that aren't used any more give back their shares of the quotas, and their connections.
func closeAll(clients map[string]client) {
	for _, c := range clients {
		c.Close()
	}
}

// unreleased is what a build without a version calls itself.
const unreleased = "unreleased"

// NameBuild gives a build without a version, such as go run's, one to show wherever a version is shown. It is called once,
// before anything else.
func NameBuild() {
	version.Version = cmp.Or(version.Version, unreleased)
	version.Branch = cmp.Or(version.Branch, "unknown")
}

// UserAgent names the program and its version to the API; a build without one says so.
func UserAgent() string { return Program + "/" + cmp.Or(version.Version, unreleased) }
