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

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/oklog/run"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"

	"smartlead_exporter/backfill"
	"smartlead_exporter/cachefile"
	"smartlead_exporter/collector"
	"smartlead_exporter/config"
	"smartlead_exporter/docs"
	"smartlead_exporter/estimate"
	"smartlead_exporter/exporter"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
	"smartlead_exporter/web"
)

func main() {
	os.Exit(runMain(os.Args[1:], os.Stdout, os.Stderr))
}

// runMain is main with its surroundings as parameters. It returns the exit status.
func runMain(args []string, stdout, stderr io.Writer) int {
	exporter.NameBuild()
	o, err := parse(args, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %s\n", exporter.Program, err)
		return 1
	}
	if o.health {
		if err := web.CheckHealth(context.Background(), o.toolkit); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		return 0
	}
	stdlog.SetFlags(0)
	stdlog.SetOutput(io.Discard) // see exporter.StandardLog
	if o.configCheck || o.checkOnline {
		if err := checkConfig(stdout, o); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		return 0
	}
	if o.backfill.File != "" && terminal(os.Stderr) != nil {
		stderr = backfill.Above(stderr)
	}
	logger, slogger, flush := exporter.NewLogger(stderr, o.logLevel, o.logFormat)
	defer flush()
	if o.backfill.File != "" {
		err = backfillHistory(logger, o)
	} else {
		err = serve(logger, slogger, o)
	}
	if err != nil {
		_ = level.Error(logger).Log("msg", "can't go on", "err", err)
		return 1
	}
	return 0
}

// checkConfig checks the configuration instead of running on it. Ctrl-C ends it.
func checkConfig(w io.Writer, o *options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	checked := estimate.Check(ctx, w, estimate.Options{File: o.configFile, Reserved: o.reserved(), Online: o.checkOnline, Terminal: terminal(os.Stderr)})
	return errors.Join(checked, web.CheckConfig(*o.toolkit.WebConfigFile))
}

// terminal returns a file if somebody watches it, else nil.
func terminal(file *os.File) io.Writer {
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return file
}

// backfillHistory writes the past of the campaigns. Ctrl-C ends it; the same command goes on from there.
func backfillHistory(logger log.Logger, o *options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	options := backfill.Options{Flags: o.backfill, Logger: logger, Terminal: terminal(os.Stderr)}
	var err error
	if o.demo {
		options.Config, options.Transport, err = demoPast(logger)
	} else {
		options.Config, err = config.Load(o.configFile, o.reserved()...)
	}
	if err != nil {
		return err
	}
	return backfill.Run(ctx, options)
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
	stdlog.SetOutput(exporter.StandardLog(logger))
	_ = level.Info(logger).Log("msg", "starting "+exporter.Program, "version", version.Info(), "build", version.BuildContext())
	registry := prometheus.NewRegistry() // of the exporter itself; campaigns have one a scrape
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		versioncollector.NewCollector(exporter.Program),
	)
	metrics, err := collector.NewMetrics(registry)
	if err != nil {
		return err
	}
	store := collector.NewStore(logger, metrics)
	budgets := smartlead.NewBudgets()
	keeper := cachefile.NewKeeper(logger, store, budgets)
	options := exporter.Options{Logger: logger, Metrics: metrics, Store: store, Budgets: budgets, Keeper: keeper}
	var demoAPI *apiServer
	if o.demo {
		api, err := simulator.RunDemo()
		if err != nil {
			return err
		}
		options.Transport = simulator.Transport(api)
		if o.demoAPI != "" {
			if demoAPI, err = listenAPI(logger, o.demoAPI, api); err != nil {
				return err
			}
		}
	}
	inForce := exporter.New(options)
	if err := registry.Register(exporter.NewBudgetMetrics(inForce.Ledger().Budgets)); err != nil {
		return err
	}
	if err := registry.Register(exporter.NewCacheMetrics(keeper.Failures)); err != nil {
		return err
	}
	load, changed := loader(logger, o, inForce, metrics)
	loads := exporter.NewLoads(load)
	loadErr, webErr := loads.Load(), web.CheckConfig(*o.toolkit.WebConfigFile)
	if webErr != nil {
		_ = level.Error(logger).Log("msg", "the web configuration was refused", "problem", webErr)
	}
	if loadErr != nil || webErr != nil {
		return errStart
	}

	handler := web.NewHandler(o.web, logger, web.Sources{
		Own: registry, Store: store, Ledger: inForce.Ledger(), Load: loads.Load, Simulated: o.demo, Config: inForce.Config,
		Docs: docs.Files, Troubles: func() []web.Trouble { return troubles(loads, keeper) },
	})
	server := web.NewServer(logger, handler)

	// Before it listens, so that whoever can reach it can end it.
	signalled, stopSignals := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stopSignals()

	var group run.Group // ends its actors in this order
	group.Add(func() error {
		return web.ListenError(toolkit.ListenAndServe(server.Server, o.toolkit, slogger))
	}, func(error) { server.End() })
	refreshing, endRefreshing := context.WithCancel(context.Background())
	group.Add(func() error { return store.Run(refreshing) }, func(error) { endRefreshing() })
	keeping, endKeeping := context.WithCancel(context.Background())
	group.Add(func() error { return keeper.Run(keeping) }, func(error) { endKeeping() })
	reloading, endReloading := context.WithCancel(context.Background())
	reloads := exporter.Reloading{Load: loads.Load, Hangups: hangups, Interval: o.reloadInterval, Changed: changed}
	group.Add(func() error { return reloads.Run(reloading) }, func(error) { endReloading() })
	if demoAPI != nil {
		group.Add(demoAPI.serve, func(error) { demoAPI.close() })
	}
	group.Add(func() error {
		<-signalled.Done()
		stopSignals() // a second one ends the process at once
		return errSignal
	}, func(error) { stopSignals() })

	err = group.Run()
	keeper.End()
	if errors.Is(err, errSignal) {
		_ = level.Info(logger).Log("msg", "ended", "reason", context.Cause(signalled))
		return nil
	}
	return err
}

// loader returns the function that loads the configuration, now and again, and one that tells whether its file has changed
// since; nil for the demo, which has none.
func loader(logger log.Logger, o *options, inForce *exporter.Exporter, metrics *collector.Metrics) (load func() error, changed func() bool) {
	if o.demo {
		return func() error {
			err := loadDemo(logger, o, inForce)
			metrics.Reloaded(err == nil)
			return err
		}, nil
	}
	holder := config.NewHolder(o.configFile, o.reserved()...)
	return func() error {
		err := holder.Reload(inForce.Apply)
		metrics.Reloaded(err == nil)
		exporter.LogLoaded(logger, o.configFile, holder.Current(), err)
		return err
	}, holder.Changed
}

// troubles returns what is wrong with the exporter itself.
func troubles(loads *exporter.Loads, keeper *cachefile.Keeper) (found []web.Trouble) {
	if since := loads.RefusedSince(); !since.IsZero() {
		found = append(found, web.Trouble{What: "the configuration file was refused, so an older one is in force (the log says why)", Since: since, Beside: true})
	}
	if since, err := keeper.Failing(); err != nil {
		found = append(found, web.Trouble{What: fmt.Sprintf("the cache file can't be written (%v), so a restart would lose values", err), Since: since, Beside: true})
	}
	return found
}
