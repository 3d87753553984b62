package main

import (
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-kit/log/level"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

const (
	demoSeed = 1
	// demoSpeed makes ten minutes pass in a second: a working day of eight hours takes less than a minute, so a graph moves
	// while one watches.
	demoSpeed     = 600
	demoPerMinute = 6000 // requests
	// demoTTL is short, since simulated requests cost nothing.
	demoTTL = 2 * time.Second
)

// applyDemo makes the store show the simulator's campaigns instead of configured ones. The simulator runs in this
// process: the client speaks to it without a network.
func (a *accounts) applyDemo(o *options) error {
	clock := simulator.AcceleratedClock(demoStart(time.Now()), demoSpeed)
	sim, err := simulator.New(simulator.Options{
		Campaigns: simulator.Demo(demoSeed, clock()), Clock: clock,
		Limits: simulator.Limits{PerMinute: demoPerMinute}, // for the headers; the budget below keeps it
	})
	if err != nil {
		return err
	}
	const account = "demo"
	client, err := smartlead.NewClient(smartlead.Options{
		Key:       func() (string, error) { return "demo", nil },
		BaseURL:   "http://simulator.invalid" + simulator.DefaultPrefix,
		Budget:    a.ledger.budget(account, smartlead.Limits{PerMinute: demoPerMinute, PerHour: 60 * demoPerMinute, Concurrency: 4}),
		Transport: demoTransport(sim, clock),
		UserAgent: userAgent(),
		Trace:     a.ledger.trace(a.logger, account, a.metrics.Trace(account)),
	})
	if err != nil {
		return err
	}
	a.store.Apply(collector.Settings{TTL: demoTTL, MaxStale: time.Hour, Accounts: []collector.Account{{
		Name:         account,
		Fetcher:      client,
		Concurrency:  4,
		Lister:       client,
		ListInterval: time.Minute,
		Discovery:    &collector.Discovery{Statuses: collector.Statuses()},
	}}})
	a.metrics.Reloaded(true)
	_ = level.Info(a.logger).Log("msg", "the data is SIMULATED: no key, no network, ten minutes a second",
		"look_at", demoURL(o))
	return nil
}

// demoTransport asks a simulator that tells its own time, which is not ours: by the time of the first page the client
// keeps out e-mails that are sent between two pages, and at this speed there often are some.
func demoTransport(sim http.Handler, clock func() time.Time) http.RoundTripper {
	return simulator.Transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", clock().UTC().Format(http.TimeFormat))
		sim.ServeHTTP(w, r)
	}))
}

// demoStart returns when the campaigns begin to live: on the morning of the newest Monday. Begun on a weekend, they would
// send nothing for minutes.
func demoStart(now time.Time) time.Time {
	const opens = 9 // o'clock, UTC
	now = now.UTC()
	sinceMonday := (int(now.Weekday()) + 6) % 7
	monday := time.Date(now.Year(), now.Month(), now.Day()-sinceMonday, opens, 0, 0, 0, time.UTC)
	if monday.After(now) {
		monday = monday.AddDate(0, 0, -7)
	}
	return monday
}

// demoURL is where a browser on this machine finds the metrics, or their path alone where the rest isn't known yet.
func demoURL(o *options) string {
	scheme, address := "http", (*o.toolkit.WebListenAddresses)[0]
	if *o.toolkit.WebConfigFile != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "0" || strings.Contains(address, "/") {
		return o.web.telemetryPath
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + o.web.telemetryPath
}
