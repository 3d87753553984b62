package main

import (
	"context"
	"net/http"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/collector"
)

// Main is what a process of the program runs.
var Main = main

// WebOptions are webOptions, in tests' hands.
type WebOptions struct {
	TelemetryPath string
	Lifecycle     bool
	Pprof         bool
	MaxRequests   int
	ScrapeTimeout time.Duration
	TimeoutOffset time.Duration
}

// Handler serves all there is to see.
type Handler struct {
	http.Handler
	// Stopping makes it say that it isn't ready any more.
	Stopping func()
}

// NewHandler is newHandler.
func NewHandler(o WebOptions, logger log.Logger, own *prometheus.Registry, store *collector.Store, load func() error) (Handler, error) {
	h, err := newHandler(webOptions{
		telemetryPath: o.TelemetryPath,
		lifecycle:     o.Lifecycle,
		pprof:         o.Pprof,
		maxRequests:   o.MaxRequests,
		scrapeTimeout: o.ScrapeTimeout,
		timeoutOffset: o.TimeoutOffset,
	}, logger, sources{own: own, store: store, ledger: newLedger()}, load)
	if err != nil {
		return Handler{}, err
	}
	return Handler{Handler: h, Stopping: h.stopping}, nil
}

// NewServer is newServer.
func NewServer(scrapes context.Context, logger log.Logger, handler http.Handler) *http.Server {
	return newServer(scrapes, logger, handler)
}

// ApplyDemo makes a store show the demonstration's campaigns.
func ApplyDemo(logger log.Logger, metrics *collector.Metrics, store *collector.Store, args ...string) error {
	o, err := parse(append([]string{"--demo"}, args...), nil, nil)
	if err != nil {
		return err
	}
	a := &accounts{logger: logger, metrics: metrics, store: store, ledger: newLedger()}
	return a.applyDemo(o)
}

// DemoURL is what the demonstration with these flags tells to look at.
func DemoURL(args ...string) (string, error) {
	o, err := parse(args, nil, nil)
	if err != nil {
		return "", err
	}
	return demoURL(o), nil
}

// DemoTransport is demoTransport.
var DemoTransport = demoTransport
