package web_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/web"
)

// pipes is a listener without a network, which works in a bubble of testing/synctest.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve serves a handler until the end of the test.
func serve(t *testing.T, h *handled) (network *pipes, server *web.Server, journal *testkit.Journal) {
	t.Helper()
	network = &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	journal = &testkit.Journal{}
	server = web.NewServer(journal, h.Handler)
	served := make(chan error)
	go func() { served <- server.Serve(network) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		server.End()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return network, server, journal
}

// scrapeOver scrapes over a connection of its own, with a timeout in the way of Prometheus.
func scrapeOver(t *testing.T, network *pipes, timeout string) (status int, body string) {
	t.Helper()
	return requestOver(t, network, "/metrics", timeout)
}

// requestOver is scrapeOver for another path.
func requestOver(t *testing.T, network *pipes, path, timeout string) (status int, body string) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return network.dial(ctx)
	}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://exporter.example"+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", timeout)
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(text)
}

// A scrape may take longer than the server gives other requests.
func TestLongScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := handle(t, defaults(), slow(10*time.Minute), 1)
		network, _, _ := serve(t, h)
		began := time.Now()
		status, body := scrapeOver(t, network, "900")
		if took := time.Since(began); status != http.StatusOK || took != 10*time.Minute {
			t.Errorf("status %d after %s, want 200 after 10m", status, took)
		}
		testkit.Parse(t, body).Want(t, "after ten minutes", testkit.Page{testkit.Sent(1, 1): 1})
	})
}

// When the exporter is told to end, whoever waits is answered at once, with what there is.
func TestEndAnswersWhoWaits(t *testing.T) {
	for path, want := range map[string]int{
		"/metrics": http.StatusOK, "/probe?campaign_id=1": http.StatusOK, "/sd": http.StatusServiceUnavailable,
	} {
		t.Run(path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := handleStore(t, defaults(), func(_ *collector.Metrics, store *collector.Store) error {
					list := &testkit.Lister{}
					list.Take(time.Hour)
					store.Apply(collector.Settings{TTL: time.Minute, MaxStale: time.Hour, Accounts: []collector.Account{
						{Name: "a", Fetcher: slow(time.Hour), Concurrency: 1, Campaigns: []collector.Campaign{{Query: smartlead.StatisticsQuery{CampaignID: 1}}}},
						{Name: "b", Fetcher: slow(time.Hour), Concurrency: 1, Lister: list, ListInterval: time.Hour, Discovery: &collector.Discovery{}},
					}})
					return nil
				})
				network, server, journal := serve(t, h)
				began := time.Now()
				ended := make(chan time.Duration, 1)
				time.AfterFunc(3*time.Second, func() {
					server.End()
					ended <- time.Since(began)
				})
				status, body := requestOver(t, network, path, "600")
				if took := time.Since(began); status != want || took != 3*time.Second {
					t.Errorf("status %d after %s, want %d after 3s", status, took, want)
				}
				if want == http.StatusOK {
					testkit.Parse(t, body).Want(t, "what it has", testkit.Page{testkit.Up(1): 0, testkit.Sent(1, 1): testkit.None})
				}
				if took := <-ended; took > 4*time.Second { // net/http looks every now and then whether all is served
					t.Errorf("the server ended after %s, want soon after 3s", took)
				}
				if text := journal.String(); text != "" {
					t.Errorf("the log says: %s", text)
				}
				if w := h.get(t, "/-/ready"); w.Code != http.StatusServiceUnavailable {
					t.Errorf("it says that it is ready: status %d", w.Code)
				}
			})
		})
	}
}

// A connection over which nothing was asked yet holds nobody up, nor does one that is kept for the next request.
func TestEndWithOpenConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, server, journal := serve(t, handle(t, defaults(), testkit.NewFetcher(), 1))
		unused, err := network.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer unused.Close()
		kept, err := network.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer kept.Close()
		if _, err := io.WriteString(kept, "GET /-/healthy HTTP/1.1\r\nHost: exporter.example\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(kept), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		server.End()
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s to end", took)
		}
		if text := journal.String(); text != "" {
			t.Errorf("the log says: %s", text)
		}
	})
}

// Who doesn't read the answer is waited for, but not for ever.
func TestEndWithoutReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, server, journal := serve(t, handle(t, defaults(), testkit.NewFetcher(), 1))
		conn, err := network.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /metrics HTTP/1.1\r\nHost: exporter.example\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		began := time.Now()
		server.End()
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("it took %s to end, want 5s", took)
		}
		if journal.Count("ended although requests were still being served") != 1 {
			t.Errorf("the log says: %s", journal)
		}
	})
}

// Who doesn't read his answer loses his place to others.
func TestScraperWhoDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := defaults()
		o.MaxRequests = 1
		h := handle(t, o, testkit.NewFetcher(), 1)
		network, _, _ := serve(t, h)
		conn, err := network.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /metrics HTTP/1.1\r\nHost: exporter.example\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
		if status, _ := scrapeOver(t, network, "10"); status != http.StatusServiceUnavailable {
			t.Errorf("status %d while another scraper may still read, want 503", status)
		}
		time.Sleep(11 * time.Second) // 30 s more than his scrape could take
		if status, _ := scrapeOver(t, network, "10"); status != http.StatusOK {
			t.Errorf("status %d when he had time enough, want 200", status)
		}
	})
}

// Who doesn't get to the end of his request is hung up on.
func TestRequestWithoutAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, _, _ := serve(t, handle(t, defaults(), testkit.NewFetcher(), 1))
		conn, err := network.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		began := time.Now()
		if _, err := io.WriteString(conn, "GET /metrics HTTP/1.1\r\nHost:"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(conn); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("the connection was closed after %s, want 10s", took)
		}
	})
}
