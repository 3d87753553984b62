package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd" // promhttp offers zstd where it is linked in

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

const (
	// timeoutHeader is how Prometheus tells, in seconds, when it gives a scrape up.
	timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

	maxScrapeTimeout = time.Hour
	// writeTimeout is how long a client may take to read an answer before it loses its place.
	writeTimeout = 30 * time.Second
)

// Sources are where answers come from.
type Sources struct {
	// Own has the exporter's own metrics, to which those of serving are added.
	Own *prometheus.Registry
	// Store has the campaigns.
	Store *collector.Store
	// Ledger knows how the API takes the accounts' requests.
	Ledger Ledger
	// Simulated says that the numbers are made up.
	Simulated bool
	// Config returns the configuration in force as YAML, without secrets; nil: there is none to show.
	Config func() string
	// Docs are the documentation's pages; nil: there are none to show.
	Docs fs.FS
	// Troubles returns what is wrong with the exporter itself; nil: nothing ever is.
	Troubles func() []Trouble
	// Load loads the configuration anew; if it fails, the running one stays.
	Load func() error
}

// Ledger tells, by an account's name, how the API takes its requests.
type Ledger interface {
	// Budget returns how the account's budget stands.
	Budget(account string) smartlead.BudgetState
	// Refusal returns when and in which words the API last refused to serve the account; the zero time if it never did.
	Refusal(account string) (at time.Time, text string)
	// PausedSince returns since when the API demands pauses of the account; zero if it doesn't.
	PausedSince(account string) time.Time
}

// scraper answers whoever wants to know of the campaigns.
type scraper struct {
	Sources
	options  Options
	logger   log.Logger
	gatherer *collector.Gatherer
	newest   atomic.Int64 // when all metrics were last asked for, in nanoseconds of Unix time; 0 before
}

// scraped returns when all metrics were last asked for; zero if they never were.
func (s *scraper) scraped() time.Time {
	at := s.newest.Load()
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(0, at).UTC()
}

// metrics serves all there is: the campaigns and the exporter's own metrics.
func (s *scraper) metrics(w http.ResponseWriter, r *http.Request) {
	s.newest.Store(time.Now().UnixNano())
	ctx, cancel := s.deadline(w, r)
	defer cancel()
	s.serve(w, r, s.gatherer.ForScrape(ctx, s.Own))
}

// probe serves the families of one campaign alone.
func (s *scraper) probe(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := s.deadline(w, r)
	defer cancel()
	query := r.URL.Query()
	id, err := strconv.ParseInt(query.Get("campaign_id"), 10, 64)
	if err != nil || id <= 0 || len(query["campaign_id"]) > 1 {
		answer(w, http.StatusBadRequest, "campaign_id must be given once, as a campaign's number: /probe?campaign_id=12345")
		return
	}
	campaign, known := s.Store.Campaign(ctx, id)
	if !known {
		if _, err := s.Store.Targets(ctx); err != nil { // it may be one of those that couldn't be listed
			answer(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		answer(w, http.StatusBadRequest, fmt.Sprintf("campaign %d is neither configured nor discovered; /sd lists those that are", id))
		return
	}
	if account := query.Get("account"); account != "" && account != campaign.Account {
		answer(w, http.StatusBadRequest, fmt.Sprintf("campaign %d belongs to account %s, not to the one asked for", id, campaign.Account))
		return
	}
	s.serve(w, r, s.gatherer.ForCampaign(ctx, id))
}

func (s *scraper) serve(w http.ResponseWriter, r *http.Request, g prometheus.Gatherer) {
	promhttp.HandlerFor(g, promhttp.HandlerOpts{
		ErrorLog:          promhttpLog{s.logger},
		ErrorHandling:     promhttp.ContinueOnError,
		Registry:          s.Own,
		EnableOpenMetrics: true,
	}).ServeHTTP(w, r)
}

// deadline returns the context in which a request may wait, and bounds how long its client may take to read the answer.
func (s *scraper) deadline(w http.ResponseWriter, r *http.Request) (context.Context, context.CancelFunc) {
	timeout := s.options.timeout(r)
	// A recorder in a test can't set a deadline, and needn't.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeout + writeTimeout))
	return context.WithTimeout(r.Context(), timeout)
}

// timeout returns how long a scrape may wait: the offset less than Prometheus waits, and at least half of that where
// the offset is larger than it should be.
func (o *Options) timeout(r *http.Request) time.Duration {
	seconds, err := strconv.ParseFloat(r.Header.Get(timeoutHeader), 64)
	if err != nil || !(seconds > 0) { // NaN isn't, either
		return o.ScrapeTimeout
	}
	timeout := time.Duration(min(seconds, maxScrapeTimeout.Seconds()) * float64(time.Second))
	return max(timeout-o.TimeoutOffset, timeout/2)
}

// limitRequests makes the handler of a path serve at most limit requests at the same time, and the others not at all. The
// places are the path's own: whoever fills those of one keeps nobody from the others. promhttp can limit, too, but only
// for one gatherer, and each scrape has its own.
func limitRequests(limit int, path string, next http.HandlerFunc) http.HandlerFunc {
	if limit == 0 {
		return next
	}
	places := make(chan struct{}, limit)
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			next(w, r)
		default:
			answer(w, http.StatusServiceUnavailable, fmt.Sprintf("as many requests for %s as --web.max-requests=%d allows are being served already; raise it, or ask less often", path, limit))
		}
	}
}

// promhttpLog writes promhttp's errors, which can span several lines, as one line each.
type promhttpLog struct{ logger log.Logger }

func (l promhttpLog) Println(v ...any) {
	text := bytes.Join(bytes.Fields([]byte(fmt.Sprint(v...))), []byte(" "))
	for _, value := range v {
		var lost net.Error // the client hung up, or read too slowly: its affair, but it may be what somebody looks for
		if err, ok := value.(error); ok && errors.As(err, &lost) {
			_ = level.Debug(l.logger).Log("msg", "a client went away before it had its answer", "err", string(text))
			return
		}
	}
	_ = level.Error(l.logger).Log("msg", "serving metrics failed in part", "err", string(text))
}
