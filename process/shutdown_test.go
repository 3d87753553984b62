package process_test

import (
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

var endings = []os.Signal{syscall.SIGTERM, syscall.SIGINT}

// hold makes the API answer nothing until the function that is returned is called; asked is closed with the first
// request for statistics.
func hold(t *testing.T, api *testkit.API) (asked <-chan struct{}, release func()) {
	held, came := make(chan struct{}), make(chan struct{})
	api.Inject(simulator.Fault{
		Match: []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointStatistics)}, Times: 1,
		Effects: []simulator.Effect{func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(came)
				select {
				case <-held:
					next.ServeHTTP(w, r)
				case <-r.Context().Done():
				case <-t.Context().Done():
				}
			})
		}},
	})
	return came, func() { close(held) }
}

// scraping scrapes in the background.
func (p *process) scraping(headers ...string) <-chan reply {
	answer := make(chan reply, 1)
	go func() {
		r, err := p.do(http.MethodGet, "/metrics", headers...)
		if err != nil {
			r.body = err.Error()
		}
		answer <- r
	}()
	return answer
}

// awaitClosed waits until nobody listens any more.
func (p *process) awaitClosed() {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		conn, err := new(net.Dialer).DialContext(p.t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			return
		}
		conn.Close()
	}
	p.t.Fatal("it still listens")
}

func TestEnding(t *testing.T) {
	t.Parallel()
	for _, s := range endings {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			p := start(t, launch{args: []string{"--demo"}})
			p.scrape()
			began := time.Now()
			p.signal(s)
			if status := p.wait(); status != 0 {
				t.Errorf("exit status %d, want 0", status)
			}
			if took := time.Since(began); took > 4*time.Second {
				t.Errorf("it took %s although there was nothing to wait for", took)
			}
			if testkit.CountLines(p.stderr.String(), `msg=ended reason="`+s.String()) != 1 {
				t.Error("the log doesn't tell why it ended")
			}
		})
	}
}

// A scrape that runs when the exporter is told to end gets its whole answer.
func TestEndingFinishesScrapes(t *testing.T) {
	t.Parallel()
	for _, s := range endings {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10)}})
			asked, release := hold(t, api)
			p := startWith(t, api, "accounts: [{base_url: API, metadata_interval: 0s, campaigns: [1]}]")
			answer := p.scraping()
			<-asked
			p.signal(s)
			p.awaitClosed()
			release()
			r := <-answer
			if r.status != http.StatusOK {
				t.Fatalf("the scrape got status %d: %s", r.status, r.body)
			}
			parse(t, r.body).Want(t, "the last scrape", page{sent(1, 1): 10, up(1): 1})
			if status := p.wait(); status != 0 {
				t.Errorf("exit status %d, want 0", status)
			}
		})
	}
}

// Where the API hangs, the scrape ends all the same, before the exporter does, and shows what there is.
func TestEndingWhileTheAPIHangs(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10), testkit.Aggregated(2, 20)}})
	p := startWith(t, api, "accounts: [{base_url: API, metadata_interval: 0s, campaigns: [1, 2]}]")
	remove := api.Inject(simulator.Fault{
		Match:   []simulator.Matcher{simulator.ForCampaign(2)},
		Effects: []simulator.Effect{simulator.RespondStatus(http.StatusNotFound, "not yet")},
	})
	p.scrape().Want(t, "at first", page{sent(1, 1): 10, sent(2, 1): none})
	remove()

	asked, _ := hold(t, api)
	answer := p.scraping("X-Prometheus-Scrape-Timeout-Seconds", "600")
	<-asked
	began := time.Now()
	p.signal(syscall.SIGTERM)
	r := <-answer
	if r.status != http.StatusOK {
		t.Fatalf("the scrape got status %d: %s", r.status, r.body)
	}
	parse(t, r.body).Want(t, "the last scrape", page{sent(1, 1): 10, up(1): 1, sent(2, 1): none, up(2): 0})
	if status := p.wait(); status != 0 {
		t.Errorf("exit status %d, want 0", status)
	}
	if took := time.Since(began); took > 8*time.Second { // 5s, and some more on a machine that is busy
		t.Errorf("it took %s to end, want 5s at most", took)
	}
	if got := testkit.CountLines(p.stderr.String(), "requests were still being served"); got != 0 {
		t.Error("it cut a request off")
	}
}

// Who is in a hurry asks twice.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10)}})
	asked, _ := hold(t, api)
	p := startWith(t, api, "accounts: [{base_url: API, metadata_interval: 0s, campaigns: [1]}]")
	answer := p.scraping("X-Prometheus-Scrape-Timeout-Seconds", "600")
	<-asked
	began := time.Now()
	p.signal(syscall.SIGINT)
	p.awaitClosed()
	p.signal(syscall.SIGINT)
	if status := p.wait(); status != -1 { // by the signal itself
		t.Errorf("exit status %d, want that the signal ended it", status)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
	<-answer
}
