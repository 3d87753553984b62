package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"smartlead_exporter/backfill"
	"smartlead_exporter/config"
	"smartlead_exporter/exporter"
	"smartlead_exporter/web"
)

// options are the command line.
type options struct {
	configFile  string
	configCheck bool
	checkOnline bool
	// reloadInterval is how often to look whether the configuration file has changed; 0: never.
	reloadInterval time.Duration
	demo           bool
	demoAPI        string // the address of the demo's API, or ""
	health         bool
	backfill       backfill.Flags
	web            web.Options
	toolkit        *toolkit.FlagConfig
	logLevel       string
	logFormat      string
}

// reserved returns the files that flags name, but for the configuration itself.
func (o *options) reserved() []config.Reserved {
	var files []config.Reserved
	for _, path := range web.ConfigFiles(*o.toolkit.WebConfigFile) {
		files = append(files, config.Reserved{By: "--web.config.file", Path: path})
	}
	if o.backfill.File != "" {
		files = append(files, config.Reserved{By: "--backfill", Path: o.backfill.File})
	}
	return files
}

func parse(args []string, stdout, stderr io.Writer) (*options, error) {
	o := &options{}
	app := kingpin.New(exporter.Program, "Shows the statistics of Smartlead e-mail campaigns to Prometheus.")
	app.UsageWriter(stdout)
	app.ErrorWriter(stderr)
	app.HelpFlag.Short('h')
	app.Version(version.Print(exporter.Program))
	app.DefaultEnvars()
	app.HelpFlag.NoEnvar()
	app.VersionFlag.NoEnvar() // SMARTLEAD_EXPORTER_VERSION is what deployments call the version that they want

	app.Flag("config.file", "Configuration file.").Default("config.yml").StringVar(&o.configFile)
	app.Flag("config.check", "Validate the configuration, print what it will cost, and exit: 0 if it is good, else 1.").BoolVar(&o.configCheck)
	app.Flag("config.check-online", "Like --config.check, and ask the API, too: is the key good, how large are the campaigns?").BoolVar(&o.checkOnline)
	app.Flag("config.auto-reload-interval", "How often to look whether the content of the configuration file has changed, and load it then. 0s: never.").Default("0s").DurationVar(&o.reloadInterval)
	app.Flag("demo", "Run on simulated campaigns; needs no key, no configuration and no network.").BoolVar(&o.demo)
	app.Flag("demo.api-address", "With --demo: serve the simulated API on this address as well, so that a configuration or another client can be tried against it.").PlaceHolder("127.0.0.1:10046").StringVar(&o.demoAPI)
	app.Flag("health", "Ask the exporter that runs with the same flags whether it lives, and exit: 0 if it does, else 1.").NoEnvar().BoolVar(&o.health)
	app.Flag("backfill", "Write the campaigns' past to this file, as OpenMetrics with timestamps for promtool tsdb create-blocks-from, and exit: 0 if it is whole, else 1. Begun anew, it goes on where it was.").PlaceHolder("history.om").StringVar(&o.backfill.File)
	app.Flag("backfill.step", "Time between two samples of a series.").Default("1h").SetValue(&o.backfill.Step)
	app.Flag("backfill.since", "First moment to write samples of: 2026-01-31, or 2026-01-31T14:00:00Z. Default: when the first e-mail was sent.").StringVar(&o.backfill.Since)
	app.Flag("backfill.until", "Last moment to write samples of, or now, for a Prometheus that hasn't run yet. Default: three hours before now.").StringVar(&o.backfill.Until)
	app.Flag("backfill.label", "A label of every series, such as job=smartlead. Repeatable; job and instance have to be there, and to be those of the target.").PlaceHolder("NAME=VALUE").StringsVar(&o.backfill.Labels)
	o.toolkit = kingpinflag.AddFlags(app, ":10045")
	app.Flag("web.telemetry-path", "Path under which to expose metrics.").Default("/metrics").StringVar(&o.web.TelemetryPath)
	app.Flag("web.enable-lifecycle", "Reload the configuration on POST to /-/reload.").BoolVar(&o.web.Lifecycle)
	app.Flag("web.enable-pprof", "Serve Go's profiles under /debug/pprof/.").BoolVar(&o.web.Pprof)
	app.Flag("web.max-requests", "Scrapes served at the same time, and as many probes, and as many of /sd; further ones get status 503. 0: any number.").Default("40").IntVar(&o.web.MaxRequests)
	app.Flag("scrape.timeout", "How long a scrape may wait for the API if Prometheus doesn't say how long it waits.").Default("10s").DurationVar(&o.web.ScrapeTimeout)
	app.Flag("scrape.timeout-offset", "How much earlier than Prometheus gives up a scrape is answered.").Default("0.5s").DurationVar(&o.web.TimeoutOffset)
	app.Flag("log.level", "Lowest level of log lines to write: debug, info, warn or error.").Default("info").EnumVar(&o.logLevel, "debug", "info", "warn", "error")
	app.Flag("log.format", "Form of log lines: logfmt or json.").Default("logfmt").EnumVar(&o.logFormat, "logfmt", "json")

	if _, err := app.Parse(args); err != nil {
		return nil, fmt.Errorf("%w; see --help", misread(app, args, err))
	}
	if o.demoAPI != "" && !o.demo {
		return nil, fmt.Errorf("--demo.api-address=%s: there is an API of one's own with --demo only; write both, or none", o.demoAPI)
	}
	if slices.Contains(*o.toolkit.WebListenAddresses, "") {
		return nil, errors.New("--web.listen-address=: write a host and a port, such as 127.0.0.1:10045, or a port alone, such as :10045")
	}
	if o.reloadInterval < 0 || o.reloadInterval > 0 && o.reloadInterval < time.Second {
		return nil, fmt.Errorf("--config.auto-reload-interval=%s: write 0s (never), or 1s and more", o.reloadInterval)
	}
	if err := o.backfill.Check(); err != nil {
		return nil, err
	}
	return o, o.web.Check()
}

// misread adds to an error of reading the command line which flag it is about, or which variable of the environment: of a
// value that can't be read kingpin says only why.
func misread(app *kingpin.Application, args []string, err error) error {
	read, parseErr := app.ParseContext(args)
	if parseErr != nil {
		return err // no value, but the command line as such
	}
	if number, ok := errors.AsType[*strconv.NumError](err); ok {
		err = number.Err // without the function's name, and the value, which comes before it
	}
	given := map[string]bool{}
	for _, element := range read.Elements {
		clause, ok := element.Clause.(*kingpin.FlagClause)
		if !ok || element.Value == nil {
			continue
		}
		flag := clause.Model()
		given[flag.Name] = true
		if flag.Value.Set(*element.Value) != nil {
			return fmt.Errorf("--%s=%s: %w", flag.Name, *element.Value, err)
		}
	}
	for _, flag := range app.Model().Flags {
		if value := os.Getenv(flag.Envar); value != "" && !given[flag.Name] && flag.Value.Set(value) != nil {
			return fmt.Errorf("%s=%s in the environment: %w", flag.Envar, value, err)
		}
	}
	return err
}
