package exporter

import (
	"context"
	"os"
	"time"
)

// Reloading is what has the configuration loaded again while the program runs.
type Reloading struct {
	// Load loads the configuration. One that it refuses changes nothing; it logs and counts how it went.
	Load func() error
	// Hangups has Load called for each signal.
	Hangups <-chan os.Signal
	// Interval is how often Changed is asked; 0: never. Load is called whenever it says yes.
	Interval time.Duration
	Changed  func() bool
}

// Run reloads until ctx ends, and returns why it did.
func (r *Reloading) Run(ctx context.Context) error {
	var looks <-chan time.Time // for ever silent without an interval
	if r.Interval > 0 && r.Changed != nil {
		ticker := time.NewTicker(r.Interval)
		defer ticker.Stop()
		looks = ticker.C
	}
	for {
		select {
		case <-r.Hangups:
			_ = r.Load()
		case <-looks:
			if r.Changed() {
				_ = r.Load()
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
