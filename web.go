package main

import (
	"context"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"net/http/pprof"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"

	"smartlead_exporter/collector"
)

// webOptions are the part of the command line that is about what is served.
type webOptions struct {
	telemetryPath string
	lifecycle     bool
	pprof         bool
	maxRequests   int
	scrapeTimeout time.Duration
	timeoutOffset time.Duration
}

func (o *webOptions) check() error {
	reserved := []string{"/probe", "/sd", "/status", "/-/healthy", "/-/ready", "/-/reload"}
	switch {
	case !strings.HasPrefix(o.telemetryPath, "/"), o.telemetryPath != cleaned(o.telemetryPath), strings.ContainsAny(o.telemetryPath, "{} ?#"):
		return fmt.Errorf("--web.telemetry-path=%s: write a path that begins with /, without // and .. and special characters, such as /metrics", o.telemetryPath)
	case slices.Contains(reserved, o.telemetryPath), strings.HasPrefix(o.telemetryPath, "/debug/"):
		return fmt.Errorf("--web.telemetry-path=%s: this path has another meaning; write another one, such as /metrics", o.telemetryPath)
	case o.maxRequests < 0:
		return fmt.Errorf("--web.max-requests=%d: write 0 (any number) or more", o.maxRequests)
	case o.scrapeTimeout <= 0:
		return fmt.Errorf("--scrape.timeout=%s: write more than 0s, such as 10s", o.scrapeTimeout)
	case o.timeoutOffset < 0:
		return fmt.Errorf("--scrape.timeout-offset=%s: write 0s or more, such as 0.5s", o.timeoutOffset)
	}
	return nil
}

// cleaned returns a path as a request for it arrives: without //, . and .., which http.ServeMux redirects.
func cleaned(p string) string {
	clean := path.Clean(p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

// handler serves all there is to see.
type handler struct {
	http.Handler
	ended atomic.Bool
}

// stopping makes the exporter say that it isn't ready any more.
func (h *handler) stopping() { h.ended.Store(true) }

// newHandler returns the handler of all paths. load loads the configuration.
func newHandler(o webOptions, logger log.Logger, from sources, load func() error) (*handler, error) {
	h := &handler{}
	mux := http.NewServeMux()
	h.Handler = mux
	scrapes := scraper{sources: from, options: o, logger: logger, gatherer: collector.NewGatherer(from.store)}
	metrics := "GET " + o.telemetryPath
	if strings.HasSuffix(o.telemetryPath, "/") {
		metrics += "{$}" // that path alone, not all below it
	}
	limited := limitRequests(o.maxRequests)
	mux.Handle(metrics, promhttp.InstrumentMetricHandler(from.own, limited(scrapes.metrics)))
	mux.HandleFunc("GET /probe", limited(scrapes.probe))
	mux.HandleFunc("GET /sd", limited(scrapes.targets))
	mux.HandleFunc("GET /status", scrapes.status)
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "healthy") })
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if h.ended.Load() {
			answer(w, http.StatusServiceUnavailable, "ending")
			return
		}
		answer(w, http.StatusOK, "ready")
	})
	mux.HandleFunc("POST /-/reload", reloadHandler(o, load))
	if o.pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	if o.telemetryPath != "/" {
		landing, err := web.NewLandingPage(web.LandingConfig{
			Name:        "Smartlead Exporter",
			Description: "Statistics of Smartlead e-mail campaigns for Prometheus",
			Version:     version.Info(),
			Profiling:   strconv.FormatBool(o.pprof),
			Links: []web.LandingLinks{
				{Address: o.telemetryPath, Text: "Metrics"},
				{Address: "/status", Text: "Status", Description: "the budget of each account, and how each campaign stands"},
				{Address: "/sd", Text: "Service discovery", Description: "the campaigns as targets for Prometheus' HTTP service discovery"},
				{Address: "/-/healthy", Text: "Health", Description: "200 while the process lives"},
				{Address: "/-/ready", Text: "Readiness", Description: "200 while it serves"},
			},
		})
		if err != nil {
			return nil, fmt.Errorf("couldn't make the landing page: %w", err)
		}
		mux.Handle("GET /{$}", landing)
	}
	return h, nil
}

// newServer returns the server of a handler. Scrapes end with the context scrapes, showing what they have.
func newServer(scrapes context.Context, logger log.Logger, handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return scrapes },
		ErrorLog:          stdlog.New(log.NewStdlibAdapter(level.Warn(logger)), "", 0),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute, // scrapes set their own
		IdleTimeout:       5 * time.Minute,
	}
}

func reloadHandler(o webOptions, load func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if !o.lifecycle {
			answer(w, http.StatusForbidden, "reloading over HTTP is off; start with --web.enable-lifecycle, or send SIGHUP")
			return
		}
		if err := load(); err != nil {
			answer(w, http.StatusBadRequest, "the configuration was refused, the running one stays:\n"+err.Error())
			return
		}
		answer(w, http.StatusOK, "reloaded")
	}
}

// answer writes a line of text.
func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}
