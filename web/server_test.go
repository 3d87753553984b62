package web_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/web"
)

// pipes is a listener without a network, which works in a bubble of testing/synctest.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
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
	close(p.closed)
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

// serve serves a handler until the end of the test. endScrapes is what the program does when it is about to end.
func serve(t *testing.T, h http.Handler) (network *pipes, endScrapes func()) {
	t.Helper()
	network = &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	scrapes, endScrapes := context.WithCancel(context.Background()) //nolint:usetesting // It ends when the test says so.
	server := web.NewServer(scrapes, log.NewNopLogger(), h)
	served := make(chan error)
	go func() { served <- server.Serve(network) }()
	t.Cleanup(func() {
		endScrapes()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return network, endScrapes
}

// scrapeOver scrapes over a connection of its own, with a timeout in the way of Prometheus.
func scrapeOver(t *testing.T, network *pipes, timeout string) (status int, body string) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return network.dial(ctx)
	}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://exporter.example/metrics", http.NoBody)
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
		network, _ := serve(t, h)
		began := time.Now()
		status, body := scrapeOver(t, network, "900")
		if took := time.Since(began); status != http.StatusOK || took != 10*time.Minute {
			t.Errorf("status %d after %s, want 200 after 10m", status, took)
		}
		testkit.Parse(t, body).Want(t, "after ten minutes", testkit.Page{testkit.Sent(1, 1): 1})
	})
}

// When the exporter is about to end, scrapes show what they have.
func TestEndingScrapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := handle(t, defaults(), slow(time.Hour), 1)
		network, endScrapes := serve(t, h)
		began := time.Now()
		time.AfterFunc(3*time.Second, endScrapes)
		status, body := scrapeOver(t, network, "600")
		if took := time.Since(began); status != http.StatusOK || took != 3*time.Second {
			t.Errorf("status %d after %s, want 200 after 3s", status, took)
		}
		testkit.Parse(t, body).Want(t, "what it has", testkit.Page{testkit.Up(1): 0, testkit.Sent(1, 1): testkit.None})
	})
}

// Who doesn't read his answer loses his place to others.
func TestScraperWhoDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := defaults()
		o.MaxRequests = 1
		h := handle(t, o, testkit.NewFetcher(), 1)
		network, _ := serve(t, h)
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
		network, _ := serve(t, handle(t, defaults(), testkit.NewFetcher(), 1))
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
