// Package web answers HTTP: scrapes, probes, service discovery, the status page, health and reloading. It says who may
// wait for how long; where values come from, and what they mean, it leaves to its sources.
package web

import (
	"fmt"
	"net/http"
	"net/http/pprof"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"smartlead_exporter/collector"
)

// Options are the part of the command line that is about what is served.
type Options struct {
	// TelemetryPath is where the metrics are: a path in its shortest form that nothing else has.
	TelemetryPath string
	// Lifecycle allows reloads by POST to /-/reload.
	Lifecycle bool
	// Pprof serves Go's profiles below /debug/pprof/.
	Pprof bool
	// MaxRequests is how many requests for metrics are served at the same time, how many for /probe, and how many for /sd;
	// 0: any number.
	MaxRequests int
	// ScrapeTimeout is how long a scrape may wait that doesn't say for how long; above 0.
	ScrapeTimeout time.Duration
	// TimeoutOffset is how much earlier than it says a scrape is answered; 0 or more.
	TimeoutOffset time.Duration
}

// Check returns which flag has a value that it can't have, and what to write.
func (o *Options) Check() error {
	reserved := []string{"/probe", "/sd", "/status", "/config", "/-/healthy", "/-/ready", "/-/reload"}
	reservedBelow := []string{"/debug/", "/docs/", "/status/"}
	switch {
	case !strings.HasPrefix(o.TelemetryPath, "/"), o.TelemetryPath != cleaned(o.TelemetryPath), strings.ContainsAny(o.TelemetryPath, "{} ?#"):
		return fmt.Errorf("--web.telemetry-path=%s: write a path that begins with /, without // and .. and special characters, such as /metrics", o.TelemetryPath)
	case slices.Contains(reserved, o.TelemetryPath), slices.ContainsFunc(reservedBelow, func(below string) bool { return strings.HasPrefix(o.TelemetryPath, below) }):
		return fmt.Errorf("--web.telemetry-path=%s: this path has another meaning; write another one, such as /metrics", o.TelemetryPath)
	case o.MaxRequests < 0:
		return fmt.Errorf("--web.max-requests=%d: write 0 (any number) or more", o.MaxRequests)
	case o.ScrapeTimeout <= 0:
		return fmt.Errorf("--scrape.timeout=%s: write more than 0s, such as 10s", o.ScrapeTimeout)
	case o.TimeoutOffset < 0:
		return fmt.Errorf("--scrape.timeout-offset=%s: write 0s or more, such as 0.5s", o.TimeoutOffset)
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

// Handler serves all there is to see.
type Handler struct {
	http.Handler
	ended atomic.Bool
}

// Stopping makes the exporter say that it isn't ready any more.
func (h *Handler) Stopping() { h.ended.Store(true) }

// NewHandler returns the handler of all paths. The options must be those that [Options.Check] finds nothing wrong with.
func NewHandler(o Options, logger log.Logger, from Sources) *Handler {
	mux := http.NewServeMux()
	h := &Handler{Handler: sameSite(mux)}
	scrapes := &scraper{Sources: from, options: o, logger: logger, gatherer: collector.NewGatherer(from.Store)}
	metrics := "GET " + o.TelemetryPath
	if strings.HasSuffix(o.TelemetryPath, "/") {
		metrics += "{$}" // that path alone, not all below it
	}
	mux.Handle(metrics, promhttp.InstrumentMetricHandler(from.Own, limitRequests(o.MaxRequests, o.TelemetryPath, scrapes.metrics)))
	mux.HandleFunc("GET /probe", limitRequests(o.MaxRequests, "/probe", scrapes.probe))
	mux.HandleFunc("GET /sd", limitRequests(o.MaxRequests, "/sd", scrapes.targets))
	mux.HandleFunc("GET /status", scrapes.status)
	mux.HandleFunc("GET /status/campaigns/{id}", scrapes.campaign)
	if from.Docs != nil {
		mux.HandleFunc("GET /docs/{$}", scrapes.docs)
		mux.HandleFunc("GET /docs/{file}", scrapes.doc)
	}
	if from.Config != nil {
		mux.HandleFunc("GET /config", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, from.Config()) })
	}
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "healthy") })
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if h.ended.Load() {
			answer(w, http.StatusServiceUnavailable, "ending")
			return
		}
		answer(w, http.StatusOK, "ready")
	})
	mux.HandleFunc("POST /-/reload", reloadHandler(o, from.Load))
	if o.Pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	if o.TelemetryPath != "/" {
		mux.HandleFunc("GET /{$}", scrapes.landing)
	}
	return h
}

func reloadHandler(o Options, load func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if !o.Lifecycle {
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

// sameSite keeps out what a page of another site has a browser send, but for requests that only look: who can reach the
// exporter and looks at such a page mustn't be made to change anything.
func sameSite(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusForbidden, "refused: a page of another site had this sent; send it from a page of the exporter's own, or without a browser")
	}))
	return protection.Handler(next)
}

// answer writes a line of text.
func answer(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_, _ = fmt.Fprintln(w, text)
}
