package main

import (
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"smartlead_exporter/config"
	"smartlead_exporter/exporter"
	"smartlead_exporter/web"
)

// demoConfig is what --demo runs on instead of a configuration. Nothing answers there but the simulator. The ttl is
// short, since simulated requests cost nothing.
const demoConfig = `
cache: {ttl: 2s}
accounts:
  - name: demo
    base_url: https://simulator.invalid/api/v1
    api_key: demo
    rate_limit: {per_minute: 6000, per_hour: 360000, concurrency: 4}
    discovery: {interval: 1m}
`

// loadDemo makes the exporter show the simulator's campaigns instead of configured ones.
func loadDemo(logger log.Logger, o *options, e *exporter.Exporter) error {
	cfg, err := config.Parse("--demo", []byte(demoConfig))
	if err != nil {
		return err
	}
	if err := e.Apply(cfg); err != nil {
		return err
	}
	_ = level.Info(logger).Log("msg", "the data is SIMULATED: no key, no network, ten minutes a second",
		"look_at", web.BrowserURL(*o.toolkit.WebListenAddresses, *o.toolkit.WebConfigFile != "", o.web.TelemetryPath))
	return nil
}
