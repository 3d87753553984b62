package reliability_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

var fullLoad = flag.Bool("load", false, "run the load tests at full size, as make load does")

// load is the size of the load tests.
type load struct {
	campaigns, steps int
	scrapes          int // at least
	rate             int // scrapes that begin in a second
	rows             int // of the campaign that is paged meanwhile, of 10 KB each
	ttl              time.Duration
	memory           int // bytes that the exporter may have in use
}

func loadSize() load {
	if *fullLoad {
		return load{campaigns: 1000, steps: 5, scrapes: 12_000, rate: 200, rows: 100_000, ttl: 15 * time.Second, memory: 128 << 20}
	}
	return load{campaigns: 200, steps: 3, scrapes: 400, rate: 200, rows: 5000, ttl: 2 * time.Second, memory: 96 << 20}
}

const (
	rowBytes = 10_000
	largeID  = 1_000_000 // the campaign of many rows

	// slack is how many goroutines, or open files, there may be more at one moment at rest than at another: the runtime's
	// own, and connections to the API.
	slack = 10
)

// newLoadedAPI returns an API on loopback with the campaigns of a load.
func newLoadedAPI(t *testing.T, l load) (sim *simulator.Simulator, url string) {
	t.Helper()
	opts := simulator.Options{Campaigns: []simulator.Campaign{{ID: largeID, Source: simulator.Rows(l.rows, rowBytes)}}}
	for id := range l.campaigns {
		var steps []simulator.StepCounts
		for step := range l.steps {
			steps = append(steps, simulator.StepCounts{Step: step + 1, Sent: int64(id), Opened: 1})
		}
		opts.Campaigns = append(opts.Campaigns, simulator.Campaign{ID: int64(id + 1), Source: simulator.Aggregated(steps...)})
	}
	sim = testkit.NewSimulator(t, opts)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, server.URL + simulator.DefaultPrefix
}

// config configures campaigns 1 to n, and others.
func (l load) config(url string, n int, others ...int) string {
	var c strings.Builder
	fmt.Fprintf(&c, "cache: {ttl: %s, max_stale: 1h}\naccounts:\n- base_url: %s\n", l.ttl, url)
	c.WriteString("  metadata_interval: 0s\n  counting: rows\n  request_timeout: 5m\n  rate_limit: {per_minute: 1000000, per_hour: 1000000, concurrency: 8}\n  campaigns:\n")
	for id := range n {
		fmt.Fprintf(&c, "  - %d\n", id+1)
	}
	for _, id := range others {
		fmt.Fprintf(&c, "  - %d\n", id)
	}
	return c.String()
}

// A storm of scrapers, some of whom hang up and some of whom don't read, while a large campaign is paged. Each scrape is
// served whole or refused with 503; nothing grows that shouldn't; the API is asked no more than by one scraper.
func TestStorm(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the machine for seconds")
	}
	l := loadSize()
	sim, url := newLoadedAPI(t, l)
	p := launch(t, l.config(url, l.campaigns, largeID), "--web.max-requests=40")
	series := l.campaigns * l.steps
	p.eventually("all campaigns are shown", func() bool {
		return p.mustScrape(time.Second).series["smartlead_sent_total"] >= series
	})
	files, goroutines := p.openFiles(), int(p.mustScrape(time.Second).own["go_goroutines"])

	silent := p.openSilently(t, 10, time.Second)
	before := statisticsOf(sim, largeID)
	pages := func() int { return statisticsOf(sim, largeID) - before }
	storm := &storm{process: p, series: series}
	storm.run(t, l, func() bool { return pages() > 0 })
	for _, c := range silent {
		_ = c.Close()
	}
	t.Logf("%d scrapes were served, %d refused, %d hung up; they read %d MB, the exporter %d pages of the large campaign; the peak was %d MiB",
		storm.served, storm.refused, storm.hungUp, storm.bytes/1e6, pages(), p.peakMemory()>>20)
	p.eventually("the campaign of many rows was fetched whole", func() bool {
		return p.mustScrape(time.Second).series["smartlead_sent_total"] == series+3
	})

	p.client.CloseIdleConnections()
	p.eventually("open files and goroutines are as few as before", func() bool {
		now := int(p.mustScrape(time.Second).own["go_goroutines"])
		return p.openFiles() <= files+slack && now <= goroutines+slack
	})
	if peak := p.peakMemory(); peak > l.memory && !raceDetector {
		t.Errorf("the peak of its memory was %d MiB, want at most %d MiB", peak>>20, l.memory>>20)
	}
	checkTTL(t, sim.Requests(), l.ttl)
}

// statisticsOf counts the requests for a campaign so far.
func statisticsOf(sim *simulator.Simulator, id int64) int {
	n := 0
	for _, r := range sim.Requests() {
		if r.CampaignID == id {
			n++
		}
	}
	return n
}

// checkTTL checks that no campaign was asked for again before it was due.
func checkTTL(t *testing.T, requests []simulator.Request, ttl time.Duration) {
	t.Helper()
	last := map[int64]time.Time{}
	for _, r := range requests {
		if r.Offset() != 0 {
			continue
		}
		if before, again := last[r.CampaignID]; again && r.Time.Sub(before) < ttl {
			t.Errorf("campaign %d was asked for %s after the last time, want at least %s", r.CampaignID, r.Time.Sub(before), ttl)
		}
		last[r.CampaignID] = r.Time
	}
}

// storm is many scrapers.
type storm struct {
	*process
	series int // of each family of a step, at least

	scrapers                sync.WaitGroup
	mu                      sync.Mutex
	served, refused, hungUp int
	bytes                   int
}

// run scrapes at the rate of a load, whether the scrapes before are done or not. One scraper in ten hangs up after some
// milliseconds. It goes on until there were as many scrapes as the load has, some were served, some have hung up, and what
// is to come to pass meanwhile did: how many scrapes that takes depends on the machine.
func (s *storm) run(t *testing.T, l load, cameToPass func() bool) {
	t.Helper()
	began := time.Now()
	for i := 0; i < l.scrapes || !s.someOfEach() || !cameToPass(); i++ {
		if i >= l.scrapes+l.rate*int(patience/time.Second) {
			t.Errorf("after %d scrapes nobody was served, nobody has hung up, or the large campaign wasn't fetched meanwhile", i)
			break
		}
		<-time.After(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(l.rate))))
		s.scrapers.Go(func() { s.one(t, i%10 == 0) })
	}
	s.scrapers.Wait()
}

func (s *storm) someOfEach() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served > 0 && s.hungUp > 0
}

func (s *storm) one(t *testing.T, hangsUp bool) {
	ctx := t.Context()
	if hangsUp {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(20))*time.Millisecond)
		defer cancel()
	}
	a, err := s.scrape(ctx, time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += a.bytes
	switch {
	case hangsUp && err != nil:
		s.hungUp++
	case err != nil:
		t.Errorf("a scrape failed: %v", err)
	case a.status == http.StatusServiceUnavailable:
		s.refused++
	case a.status != http.StatusOK || a.series["smartlead_sent_total"] < s.series:
		t.Errorf("a scrape got status %d and %d series of smartlead_sent_total, want 200 and %d", a.status, a.series["smartlead_sent_total"], s.series)
	default:
		s.served++
	}
}

// openSilently opens connections that ask for /metrics, with the deadline that Prometheus would give, and read nothing.
func (p *process) openSilently(t *testing.T, n int, deadline time.Duration) []net.Conn {
	t.Helper()
	var open []net.Conn
	// With the usual buffers most pages would fit in, and nobody would wait.
	dialer := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	}}
	for range n {
		c, err := dialer.DialContext(t.Context(), "tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if _, err := fmt.Fprintf(c, "GET /metrics HTTP/1.1\r\nHost: %s\r\nX-Prometheus-Scrape-Timeout-Seconds: %g\r\n\r\n", p.address, deadline.Seconds()); err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	return open
}

// As many scrapes at once as --web.max-requests allows are served, each whole, and the others are refused at once.
func TestTooManyScrapes(t *testing.T) {
	const places, scrapes = 20, 60
	l := loadSize()
	sim, url := newLoadedAPI(t, l)
	p := launch(t, l.config(url, 10), fmt.Sprintf("--web.max-requests=%d", places))
	slow := make(chan struct{})
	sim.Inject(simulator.Fault{Match: []simulator.Matcher{simulator.ForCampaign(1)}, Effects: []simulator.Effect{simulator.Do(func() { <-slow })}})

	var all sync.WaitGroup
	answers := make(chan answer, scrapes)
	for range scrapes {
		all.Go(func() {
			a, err := p.scrape(t.Context(), patience)
			if err != nil {
				t.Error(err)
			}
			answers <- a
		})
	}
	for range scrapes - places { // those that are refused needn't wait for anything
		if a := <-answers; a.status != http.StatusServiceUnavailable {
			t.Errorf("a scrape too many got status %d", a.status)
		}
	}
	close(slow)
	all.Wait()
	close(answers)
	for a := range answers {
		if a.status != http.StatusOK || a.series["smartlead_sent_total"] != 10*l.steps {
			t.Errorf("a scrape got status %d and %d series, want 200 and %d", a.status, a.series["smartlead_sent_total"], 10*l.steps)
		}
	}
	checkTTL(t, sim.Requests(), l.ttl)
}

// Who asks and doesn't read has a place until it hangs up, or until half a minute after its deadline, whichever comes
// first. The latter is waited for at full size alone.
func TestSlowReaders(t *testing.T) {
	const places = 4
	l := load{campaigns: 1000, steps: 10, rows: 1, ttl: time.Minute} // the page is larger than what a socket can hold
	_, url := newLoadedAPI(t, l)
	p := launch(t, l.config(url, l.campaigns), fmt.Sprintf("--web.max-requests=%d", places))
	p.eventually("all campaigns are shown", func() bool {
		return p.mustScrape(time.Second).series["smartlead_sent_total"] == l.campaigns*l.steps
	})
	status := func() int {
		a, err := p.scrape(t.Context(), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return a.status
	}
	deadline := patience // or they could lose their places before they hang up
	if *fullLoad {
		deadline = time.Second
	}
	silent := p.openSilently(t, places, deadline)
	for _, c := range silent {
		const served = "HTTP/1.1 200"
		begin := make([]byte, len(served))
		if _, err := io.ReadFull(c, begin); err != nil || string(begin) != served {
			t.Fatalf("a slow reader got %q and %v, want a place", begin, err)
		}
	}
	for range 10 {
		if got := status(); got != http.StatusServiceUnavailable {
			t.Errorf("a scrape got status %d while slow readers have all places", got)
		}
	}
	if !*fullLoad {
		for _, c := range silent {
			_ = c.Close()
		}
	}
	p.eventually("the places are free again", func() bool { return status() == http.StatusOK })
}
