package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"smartlead_exporter/config"
	"smartlead_exporter/exporter"
	"smartlead_exporter/smartlead/simulator"
	"smartlead_exporter/web"
)

// demoConfig is what --demo runs on instead of a configuration. Nothing answers there but the simulator. The ttl is
// short, since simulated requests cost nothing.
var demoConfig = fmt.Appendf(nil, `
cache: {ttl: 2s}
accounts:
  - name: demo
    base_url: https://simulator.invalid%s
    api_key: demo
    rate_limit: {per_minute: %d, per_hour: %d, concurrency: 4}
    discovery: {interval: 1m}
    collect: [mailboxes, leads, replies, people, variants]
`, simulator.DefaultPrefix, simulator.DemoPerMinute, 60*simulator.DemoPerMinute)

// loadDemo makes the exporter show the simulator's campaigns instead of configured ones.
func loadDemo(logger log.Logger, o *options, e *exporter.Exporter) error {
	cfg, err := config.Parse("--demo", demoConfig)
	if err != nil {
		return err
	}
	if err := e.Apply(cfg); err != nil {
		return err
	}
	_ = level.Info(logger).Log("msg", "the data is SIMULATED: no key, no network, and as much happens in a quarter of an hour as else in a day",
		"look_at", web.BrowserURL(*o.toolkit.WebListenAddresses, *o.toolkit.WebConfigFile != "", o.web.TelemetryPath))
	return nil
}

// demoPast returns what a history of the demo's campaigns is written from: in the past they lived as fast as real time.
func demoPast(logger log.Logger) (*config.Config, http.RoundTripper, error) {
	api, err := simulator.DemoPast()
	if err != nil {
		return nil, nil, err
	}
	_ = level.Info(logger).Log("msg", "the data is SIMULATED: no key, no network")
	cfg, err := config.Parse("--demo", demoConfig)
	return cfg, simulator.Transport(api), err
}

// apiServer serves the demo's API over HTTP.
type apiServer struct {
	server   *http.Server
	listener net.Listener
}

func listenAPI(logger log.Logger, address string, api http.Handler) (*apiServer, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--demo.api-address=%s: %w; write a host and a free port, such as 127.0.0.1:10046", address, err)
	}
	_ = level.Info(logger).Log("msg", "the SIMULATED API answers as well, for any key; write this as base_url of a configuration",
		"base_url", web.BrowserURL([]string{listener.Addr().String()}, false, simulator.DefaultPrefix))
	return &apiServer{listener: listener, server: &http.Server{
		Handler:           api,
		ErrorLog:          web.ErrorLog(logger),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute,
		IdleTimeout:       5 * time.Minute,
	}}, nil
}

// serve returns when it was told to close, or can't go on.
func (s *apiServer) serve() error {
	if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// close ends all requests. None of them is worth waiting for.
func (s *apiServer) close() { _ = s.server.Close() }
