package exporter

import (
	"errors"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"smartlead_exporter/config"
)

// Loads has the configuration loaded, and knows since when it is refused. It is safe for concurrent use.
type Loads struct {
	now func() error

	mu      sync.Mutex
	refused time.Time // zero if the newest one was taken
}

// NewLoads returns what has the configuration loaded by a function.
func NewLoads(now func() error) *Loads { return &Loads{now: now} }

// Load loads the configuration.
func (l *Loads) Load() error {
	err := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.refused = time.Time{}
	case l.refused.IsZero():
		l.refused = time.Now()
	}
	return err
}

// RefusedSince returns since when the configuration is refused; zero if the newest one was taken.
func (l *Loads) RefusedSince() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

// LogLoaded tells how loading the configuration went, each problem on a line of its own.
func LogLoaded(logger log.Logger, file string, cfg *config.Config, err error) {
	var refused *config.Error
	switch {
	case errors.As(err, &refused):
		for _, problem := range refused.Problems {
			_ = level.Error(logger).Log("msg", "the configuration was refused", "problem", problem)
		}
	case err != nil:
		_ = level.Error(logger).Log("msg", "the configuration was refused", "file", file, "err", err)
	default:
		for _, warning := range cfg.Warnings {
			_ = level.Warn(logger).Log("msg", "the configuration was loaded with a warning", "warning", warning)
		}
		campaigns, discovering, subjects := contents(cfg)
		_ = level.Info(logger).Log("msg", "loaded the configuration", "file", file, "accounts", len(cfg.Accounts),
			"campaigns", campaigns, "discovering", discovering, "subjects", subjects)
	}
}

// contents returns how many campaigns a configuration names, how many accounts discover others, and how many subjects are
// collected, those of each account by themselves.
func contents(cfg *config.Config) (campaigns, discovering, subjects int) {
	for _, account := range cfg.Accounts {
		campaigns += len(account.Campaigns)
		subjects += len(account.Collect)
		if account.Discovery != nil {
			discovering++
		}
	}
	return campaigns, discovering, subjects
}
