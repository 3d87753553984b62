package exporter_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/cachefile"
	"smartlead_exporter/collector"
	"smartlead_exporter/exporter"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// busiest returns the largest number of requests in a window of this length.
func busiest(requests []simulator.Request, window time.Duration) (most int) {
	first := 0
	for i, r := range requests {
		for r.Time.Sub(requests[first].Time) >= window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// The quota is the key's: reloads that rename an account, accounts with one key and shares of it send no more than it
// allows.
func TestQuotaOverReloads(t *testing.T) {
	const account = "{name: %s, metadata_interval: 0s, api_key: %s, rate_limit: {per_minute: %d, per_hour: %d, concurrency: 4}, campaigns: [%d]}"
	for name, config := range map[string]func(i int) string{
		"an account that is renamed":         func(i int) string { return fmt.Sprintf(account, fmt.Sprint("a", i), "the-key", 60, 1000, 1) },
		"campaigns that move to and fro":     func(i int) string { return fmt.Sprintf(account, "a", "the-key", 60, 1000, 1+i%2) },
		"limits that change within the same": func(i int) string { return fmt.Sprintf(account, "a", "the-key", 50+i%11, 1000-i%7, 1) },
		"two accounts with shares": func(i int) string {
			return fmt.Sprintf(account, fmt.Sprint("a", i), "the-key", 20, 300, 1) + "," + fmt.Sprintf(account, "b", "the-key", 40, 700, 2)
		},
		"an account that comes and goes": func(i int) string {
			if i%3 == 0 {
				return fmt.Sprintf(account, "b", "the-key", 40, 700, 2)
			}
			return fmt.Sprintf(account, "a", "the-key", 20, 300, 1) + "," + fmt.Sprintf(account, "b", "the-key", 40, 700, 2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := newSimulator(t, simulator.Options{})
				e := begin(t, sim)
				for i := range 300 {
					e.mustApply("{cache: {ttl: 1ms}, accounts: [" + config(i) + "]}")
					for range 2 {
						e.scrape()
						time.Sleep(250 * time.Millisecond)
					}
				}
				requests := sim.Requests()
				if got := busiest(requests, time.Minute); got > 60 {
					t.Errorf("%d requests were sent in one minute, want at most 60", got)
				}
				if got := busiest(requests, time.Hour); got > 1000 || len(requests) < 100 {
					t.Errorf("%d of %d requests were sent in one hour, want at most 1000", got, len(requests))
				}
			})
		})
	}
}

// Which accounts share a key is told once, and again when it is others.
func TestSharedKeysAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := begin(t, newSimulator(t, simulator.Options{}))
		const told = "accounts share an API key"
		apply := func(names ...string) []testkit.Line {
			t.Helper()
			var accounts []string
			for i, name := range names {
				accounts = append(accounts, fmt.Sprintf("{name: %s, api_key: the-key, rate_limit: {per_minute: 20, per_hour: 300}, campaigns: [%d]}", name, i+1))
			}
			e.mustApply("{accounts: [" + strings.Join(accounts, ", ") + "]}")
			var lines []testkit.Line
			for _, line := range e.log.Take() {
				if strings.Contains(line["msg"], told) {
					lines = append(lines, line)
				}
			}
			return lines
		}
		for _, step := range []struct {
			names []string
			want  string
		}{
			{[]string{"a"}, ""},
			{[]string{"b", "a"}, "a,b of 40 and 600"},
			{[]string{"b", "a"}, ""},
			{[]string{"a", "b", "c"}, "a,b,c of 60 and 900"},
			{[]string{"a"}, ""},
			{[]string{"b", "a"}, "a,b of 40 and 600"},
		} {
			got := ""
			for _, line := range apply(step.names...) {
				got += line["accounts"] + " of " + line["per_minute"] + " and " + line["per_hour"]
			}
			if got != step.want {
				t.Errorf("of %s the log says %q, want %q", step.names, got, step.want)
			}
		}
	})
}

// What the server says of the limit is told once, whatever it is.
func TestServersLimitIsTold(t *testing.T) {
	for limit, want := range map[string]string{
		"20":  "the API allows 20 requests a minute, fewer than are configured",
		"60":  "",
		"200": "the API allows 200 requests a minute, more than are configured",
	} {
		t.Run(limit, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := newSimulator(t, simulator.Options{})
				sim.Inject(simulator.Fault{Effects: []simulator.Effect{func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						w.Header().Set("X-RateLimit-Limit", limit)
						w.Header().Set("X-RateLimit-Reset", fmt.Sprint(time.Now().Add(time.Minute).Unix()))
						next.ServeHTTP(w, r)
					})
				}}})
				e := begin(t, sim)
				for i := range 3 {
					e.mustApply(fmt.Sprintf("{cache: {ttl: 1ms}, accounts: [{name: a%d, api_key: the-key, campaigns: [1, 2]}]}", i))
					e.scrape()
				}
				got := ""
				for _, line := range e.log.Take() {
					if strings.Contains(line["msg"], "than are configured (60)") {
						got += line["msg"]
					}
				}
				if !strings.HasPrefix(got, want) || strings.Count(got, "than are configured") > 1 || want == "" && got != "" {
					t.Errorf("the log says %q, want %q once", got, want)
				}
			})
		})
	}
}

// A server that repeats what it was sent brings no secret of the account into the log, whatever kind it is of.
func TestEchoedSecretsStayHidden(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var headers strings.Builder
		_ = r.Header.Write(&headers)
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"message":"access denied: `+strings.ReplaceAll(strings.TrimSpace(headers.String()), "\r\n", " ")+`"}`)
	}))
	defer echo.Close()
	for name, tt := range map[string]struct{ http, secret string }{
		"basic_auth":    {"basic_auth: {username: user, password: access}", "dXNlcjphY2Nlc3M="},
		"authorization": {"authorization: {credentials: request}", "Bearer request"},
		"headers":       {"http_headers: {X-Token: {secrets: ['denied-limit']}}", "denied-limit"},
	} {
		t.Run(name, func(t *testing.T) {
			log := &testkit.Journal{}
			metrics, err := collector.NewMetrics(prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			store := collector.NewStore(log, metrics)
			e := exporter.New(exporter.Options{Logger: log, Metrics: metrics, Store: store, Keeper: cachefile.NewKeeper(log, store, smartlead.NewBudgets())})
			in := &inForce{t: t, dir: t.TempDir()}
			cfg := in.parse("{accounts: [{base_url: '" + echo.URL + "', metadata_interval: 0s, api_key: the-key-of-a-test, http_config: {" + tt.http + "}, campaigns: [1]}]}")
			if err := e.Apply(cfg); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := e.Apply(in.parse("{accounts: [{name: other, api_key: the-key-of-a-test, campaigns: [1]}]}")); err != nil {
					t.Error(err)
				}
			}()
			client, err := exporter.NewClient(cfg.Accounts[0], exporter.ClientOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			_, err = client.Statistics(t.Context(), exporter.Settings(cfg.Accounts[0]).Campaigns[0].Query)
			if err == nil || !strings.Contains(err.Error(), "denied") || strings.Contains(err.Error(), tt.secret) {
				t.Errorf("got %v, want what the server said, without %q", err, tt.secret)
			}
		})
	}
}

// What a reload replaces is closed, and what it doesn't change is kept.
func TestReloadsCloseConnections(t *testing.T) {
	sim := newSimulator(t, simulator.Options{})
	var mu sync.Mutex
	open, dials := map[net.Conn]bool{}, 0
	closed := sync.NewCond(&mu)
	api := httptest.NewUnstartedServer(sim)
	api.Config.ConnState = func(c net.Conn, state http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		switch state { //nolint:exhaustive // The others don't matter.
		case http.StateNew:
			open[c] = true
			dials++
		case http.StateClosed:
			delete(open, c)
			closed.Broadcast()
		}
	}
	api.Start()
	defer api.Close()
	log := &testkit.Journal{}
	metrics, err := collector.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	store := collector.NewStore(log, metrics)
	e := &inForce{t: t, dir: t.TempDir(), own: prometheus.NewRegistry(), store: store}
	e.Exporter = exporter.New(exporter.Options{Logger: log, Metrics: metrics, Store: store, Keeper: cachefile.NewKeeper(log, store, smartlead.NewBudgets())})
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	running.Go(func() { _ = store.Run(t.Context()) })
	reload := func(name string, timeout int) {
		e.mustApply(fmt.Sprintf("{cache: {ttl: 1ms}, accounts: [{name: %s, base_url: '%s/api/v1', metadata_interval: 0s, request_timeout: %ds, api_key: the-key-of-a-test, "+
			"rate_limit: {per_minute: 6000, per_hour: 60000}, campaigns: [1, 2, 3]}]}", name, api.URL, timeout))
		e.scrape()
	}
	const reloads = 30
	for range reloads {
		reload("same", 90)
	}
	mu.Lock()
	if dials >= reloads { // a request may find that the connection of the one before isn't free yet
		t.Errorf("%d connections were made for %d reloads that changed nothing, want them to be used again", dials, reloads)
	}
	mu.Unlock()
	for i := range 20 {
		reload(fmt.Sprint("a", i), 90)
		reload(fmt.Sprint("a", i), 60)
	}
	e.mustApply("{accounts: [{name: none, base_url: '" + api.URL + "/api/v1', metadata_interval: 0s, api_key: the-key-of-a-test, campaigns: [1]}]}")
	mu.Lock()
	defer mu.Unlock()
	for len(open) > 0 { // closing takes the server a moment
		closed.Wait()
	}
}
