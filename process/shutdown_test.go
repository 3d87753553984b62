package process_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

var endings = []os.Signal{syscall.SIGTERM, syscall.SIGINT}

// hold makes the API answer no request for statistics from now on; asked is closed with the first.
func hold(t *testing.T, api *testkit.API) (asked <-chan struct{}) {
	came := make(chan struct{})
	var once sync.Once
	api.Inject(simulator.Fault{
		Match: []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointStatistics)},
		Effects: []simulator.Effect{func(http.Handler) http.Handler {
			return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				once.Do(func() { close(came) })
				select {
				case <-r.Context().Done():
				case <-t.Context().Done():
				}
			})
		}},
	})
	return came
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
			p.signal(s)
			if status := p.wait(); status != 0 {
				t.Errorf("exit status %d, want 0", status)
			}
			if testkit.CountLines(p.stderr.String(), "requests were still being served") != 0 {
				t.Error("it waited although there was nothing to wait for")
			}
			if testkit.CountLines(p.stderr.String(), `msg=ended reason="`+s.String()) != 1 {
				t.Error("the log doesn't tell why it ended")
			}
		})
	}
}

// Where the API hangs, a scrape that waits for it is answered at once, and shows what there is.
func TestEndingWhileTheAPIHangs(t *testing.T) {
	t.Parallel()
	for _, s := range endings {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10), testkit.Aggregated(2, 20)}})
			p := startWith(t, api, "{cache: {ttl: 1ms}, accounts: [{base_url: API, metadata_interval: 0s, campaigns: [1, 2]}]}")
			remove := api.Inject(simulator.Fault{
				Match:   []simulator.Matcher{simulator.ForCampaign(2)},
				Effects: []simulator.Effect{simulator.RespondStatus(http.StatusNotFound, "not yet")},
			})
			p.scrape().Want(t, "at first", page{sent(1, 1): 10, sent(2, 1): none})
			remove()

			asked := hold(t, api)
			answer := p.scraping("X-Prometheus-Scrape-Timeout-Seconds", "600")
			<-asked
			began := time.Now()
			p.signal(s)
			r := <-answer
			answered := time.Since(began)
			if r.status != http.StatusOK {
				t.Fatalf("the scrape got status %d: %s", r.status, r.body)
			}
			parse(t, r.body).Want(t, "the last scrape", page{sent(1, 1): 10, up(1): 1, sent(2, 1): none, up(2): 0})
			if status := p.wait(); status != 0 {
				t.Errorf("exit status %d, want 0", status)
			}
			t.Logf("it was answered %s after the signal, and the process ended after %s", answered, time.Since(began))
			if testkit.CountLines(p.stderr.String(), "requests were still being served") != 0 {
				t.Error("it cut a request off")
			}
		})
	}
}

// The same over TLS, by either version of HTTP.
func TestEndingByTLS(t *testing.T) {
	t.Parallel()
	for version, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10)}})
			certificate, key := certify(t)
			p := start(t, launch{
				args: []string{"--web.config.file=web.yml"}, env: keyInEnv(testkit.Key),
				dir: testkit.Write(t, map[string]string{
					"cert.pem": certificate, "key.pem": key, "web.yml": "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n",
					"config.yml": api.Configure("accounts: [{base_url: API, metadata_interval: 0s, campaigns: [1]}]"),
				}),
			})
			p.trust(certificate)
			p.client.Transport.(*http.Transport).ForceAttemptHTTP2 = http2
			if r := p.get("/-/healthy"); r.proto != version { // and its connection is kept
				t.Fatalf("was answered by %s", r.proto)
			}
			asked := hold(t, api)
			answer := p.scraping("X-Prometheus-Scrape-Timeout-Seconds", "600")
			<-asked
			p.signal(syscall.SIGTERM)
			r := <-answer
			if r.status != http.StatusOK {
				t.Fatalf("the scrape got status %d: %s", r.status, r.body)
			}
			parse(t, r.body).Want(t, "the last scrape", page{up(1): 0, sent(1, 1): none})
			if status := p.wait(); status != 0 {
				t.Errorf("exit status %d, want 0", status)
			}
			if testkit.CountLines(p.stderr.String(), "requests were still being served") != 0 {
				t.Error("it cut a request off")
			}
		})
	}
}

// Who is in a hurry asks twice: the second signal ends what the first one waits for.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{})
	p := startWith(t, api, "accounts: [{base_url: API, campaigns: [1]}]", "--web.enable-lifecycle")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// A request that is being served, and whose body never comes, is waited for.
	if _, err := io.WriteString(conn, "POST /-/reload HTTP/1.1\r\nHost: exporter.example\r\nContent-Length: 1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	p.awaitLog(regexp.MustCompile(`(?s)(?:loaded the configuration.*){2}`))
	p.signal(syscall.SIGINT)
	p.awaitClosed()
	p.signal(syscall.SIGINT)
	if status := p.wait(); status != -1 { // by the signal itself
		t.Errorf("exit status %d, want that the signal ended it", status)
	}
}
