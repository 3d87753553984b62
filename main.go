// Command smartlead_exporter shows the statistics of Smartlead e-mail campaigns to Prometheus.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/oklog/run"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"
	sloggokit "github.com/tjhop/slog-gokit"

	"smartlead_exporter/collector"
	"smartlead_exporter/config"
)

const (
	program = "smartlead_exporter"

	// shutdownTimeout is how long scrapes under way may take to end. They are told to show what they have a little
	// before, so that none is cut off.
	shutdownTimeout = 5 * time.Second
	scrapesEndEarly = time.Second
)

func main() {
	os.Exit(runMain(os.Args[1:], os.Stdout, os.Stderr))
}

// options are the command line.
type options struct {
	configFile  string
	configCheck bool
	checkOnline bool
	demo        bool
	health      bool
	web         webOptions
	toolkit     *web.FlagConfig
	logLevel    string
	logFormat   string
}

func parse(args []string, stdout, stderr io.Writer) (*options, error) {
	o := &options{}
	app := kingpin.New(program, "Shows the statistics of Smartlead e-mail campaigns to Prometheus.")
	app.UsageWriter(stdout)
	app.ErrorWriter(stderr)
	app.HelpFlag.Short('h')
	app.Version(version.Print(program))
	app.DefaultEnvars()
	app.HelpFlag.NoEnvar()
	app.VersionFlag.NoEnvar() // SMARTLEAD_EXPORTER_VERSION is what deployments call the version that they want

	app.Flag("config.file", "Configuration file.").Default("config.yml").StringVar(&o.configFile)
	app.Flag("config.check", "Validate the configuration, print what it will cost, and exit: 0 if it is good, else 1.").BoolVar(&o.configCheck)
	app.Flag("config.check-online", "Like --config.check, and ask the API, too: is the key good, how large are the campaigns?").BoolVar(&o.checkOnline)
	app.Flag("demo", "Run on simulated campaigns; needs no key, no configuration and no network.").BoolVar(&o.demo)
	app.Flag("health", "Ask the exporter that runs with the same flags whether it lives, and exit: 0 if it does, else 1.").NoEnvar().BoolVar(&o.health)
	o.toolkit = kingpinflag.AddFlags(app, ":10045")
	app.Flag("web.telemetry-path", "Path under which to expose metrics.").Default("/metrics").StringVar(&o.web.telemetryPath)
	app.Flag("web.enable-lifecycle", "Reload the configuration on POST to /-/reload.").BoolVar(&o.web.lifecycle)
	app.Flag("web.enable-pprof", "Serve Go's profiles under /debug/pprof/.").BoolVar(&o.web.pprof)
	app.Flag("web.max-requests", "Scrapes served at the same time; further ones get status 503. 0: any number.").Default("40").IntVar(&o.web.maxRequests)
	app.Flag("scrape.timeout", "How long a scrape may wait for the API if Prometheus doesn't say how long it waits.").Default("10s").DurationVar(&o.web.scrapeTimeout)
	app.Flag("scrape.timeout-offset", "How much earlier than Prometheus gives up a scrape is answered.").Default("0.5s").DurationVar(&o.web.timeoutOffset)
	app.Flag("log.level", "Lowest level of log lines to write: debug, info, warn or error.").Default("info").EnumVar(&o.logLevel, "debug", "info", "warn", "error")
	app.Flag("log.format", "Form of log lines: logfmt or json.").Default("logfmt").EnumVar(&o.logFormat, "logfmt", "json")

	if _, err := app.Parse(args); err != nil {
		return nil, fmt.Errorf("%w; see --help", misread(app, args, err))
	}
	return o, o.web.check()
}

// runMain is main with its surroundings as parameters. It returns the exit status.
func runMain(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %s\n", program, err)
		return 1
	}
	if o.health {
		if err := checkHealth(context.Background(), o.toolkit); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		return 0
	}
	stdlog.SetFlags(0)
	stdlog.SetOutput(io.Discard) // see unquoted
	if o.configCheck || o.checkOnline {
		if err := checkConfig(stdout, o.configFile, o.checkOnline); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		return 0
	}
	logger, slogger := newLogger(stderr, o)
	if err := serve(logger, slogger, o); err != nil {
		_ = level.Error(logger).Log("msg", "can't go on", "err", err)
		return 1
	}
	return 0
}

// newLogger returns the logger for everything, and the same as exporter-toolkit wants it, which adds its own time and
// caller.
func newLogger(w io.Writer, o *options) (log.Logger, *slog.Logger) {
	logger := log.NewLogfmtLogger(log.NewSyncWriter(w))
	if o.logFormat == "json" {
		logger = log.NewJSONLogger(log.NewSyncWriter(w))
	}
	logger = level.NewFilter(logger, level.Allow(level.ParseDefault(o.logLevel, level.InfoValue())))
	var slogLevel slog.Level
	_ = slogLevel.UnmarshalText([]byte(o.logLevel)) // one of the four, which slog names alike
	return log.With(logger, "ts", log.DefaultTimestampUTC, "caller", log.DefaultCaller),
		slog.New(sloggokit.NewGoKitHandler(logger, slogLevel))
}

var (
	// errStart ends a start whose reasons have been logged.
	errStart = errors.New("the configuration must be good to start with; --config.check tests it")
	// errSignal ends the exporter as its operator wishes.
	errSignal = errors.New("told to end")
)

// serve runs the exporter until a signal ends it, which is no error.
func serve(logger log.Logger, slogger *slog.Logger, o *options) error {
	hangups := make(chan os.Signal, 1) // from the start, since a SIGHUP that nobody waits for ends the process
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	stdlog.SetOutput(unquoted{logger})
	_ = level.Info(logger).Log("msg", "starting "+program, "version", version.Info(), "build", version.BuildContext())
	registry := prometheus.NewRegistry() // of the exporter itself; campaigns have one a scrape
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		versioncollector.NewCollector(program),
	)
	metrics, err := collector.NewMetrics(registry)
	if err != nil {
		return err
	}
	store := collector.NewStore(logger, metrics)
	accounts := &accounts{
		logger: logger, metrics: metrics, store: store, ledger: newLedger(), keeper: &keeper{logger: logger, store: store},
	}
	load := loader(logger, o, accounts)
	if err := load(); err != nil {
		return errStart
	}

	handler, err := newHandler(o.web, logger, sources{own: registry, store: store, ledger: accounts.ledger}, load)
	if err != nil {
		return err
	}
	scrapes, endScrapes := context.WithCancel(context.Background())
	defer endScrapes()
	server := newServer(scrapes, logger, handler)

	// Before it listens, so that whoever can reach it can end it.
	signalled, stopSignals := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stopSignals()

	var group run.Group // ends its actors in this order
	group.Add(func() error {
		return web.ListenAndServe(server, o.toolkit, slogger)
	}, func(error) {
		handler.stopping()
		defer time.AfterFunc(shutdownTimeout-scrapesEndEarly, endScrapes).Stop()
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			_ = level.Warn(logger).Log("msg", "ended although requests were still being served", "err", err)
			_ = server.Close()
		}
	})
	refreshing, endRefreshing := context.WithCancel(context.Background())
	group.Add(func() error { return store.Run(refreshing) }, func(error) { endRefreshing() })
	keeping, endKeeping := context.WithCancel(context.Background())
	group.Add(func() error { return accounts.keeper.run(keeping) }, func(error) { endKeeping() })
	reloading, endReloading := context.WithCancel(context.Background())
	group.Add(func() error { return reloadOnHangup(reloading, hangups, load) }, func(error) { endReloading() })
	group.Add(func() error {
		<-signalled.Done()
		stopSignals() // a second one ends the process at once
		return errSignal
	}, func(error) { stopSignals() })

	err = group.Run()
	accounts.keeper.save()
	if errors.Is(err, errSignal) {
		_ = level.Info(logger).Log("msg", "ended", "reason", context.Cause(signalled))
		return nil
	}
	return err
}

// loader returns the function that loads the configuration, now and again.
func loader(logger log.Logger, o *options, accounts *accounts) func() error {
	if o.demo {
		return func() error { return accounts.applyDemo(o) }
	}
	holder := config.NewHolder(o.configFile)
	return func() error {
		err := holder.Reload(accounts.apply)
		accounts.metrics.Reloaded(err == nil)
		logLoaded(logger, o.configFile, holder.Current(), err)
		return err
	}
}

// logLoaded tells how loading the configuration went, each problem on a line of its own.
func logLoaded(logger log.Logger, file string, cfg *config.Config, err error) {
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
		_ = level.Info(logger).Log("msg", "loaded the configuration", "file", file)
	}
}

// reloadOnHangup reloads at each signal until ctx ends. A configuration that is refused changes nothing.
func reloadOnHangup(ctx context.Context, hangups <-chan os.Signal, load func() error) error {
	for {
		select {
		case <-hangups:
			_ = load() // has been logged and counted
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
