package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/collector"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/web"
)

func TestPathsAndMethods(t *testing.T) {
	t.Parallel()
	o := defaults()
	o.Lifecycle = true
	h := handle(t, o, testkit.NewFetcher(), 1)
	for _, tc := range []struct {
		method, path string
		want         int
		allow        string // what a wrong method is told
	}{
		{method: http.MethodGet, path: "/", want: http.StatusOK},
		{method: http.MethodHead, path: "/", want: http.StatusOK},
		{method: http.MethodGet, path: "/metrics", want: http.StatusOK},
		{method: http.MethodHead, path: "/metrics", want: http.StatusOK},
		{method: http.MethodGet, path: "/metrics?name=value", want: http.StatusOK},
		{method: http.MethodGet, path: "/probe?campaign_id=1", want: http.StatusOK},
		{method: http.MethodGet, path: "/sd", want: http.StatusOK},
		{method: http.MethodGet, path: "/config", want: http.StatusOK},
		{method: http.MethodGet, path: "/status/campaigns/1", want: http.StatusOK},
		{method: http.MethodGet, path: "/docs/", want: http.StatusOK},
		{method: http.MethodGet, path: "/docs/runbook.md", want: http.StatusOK},
		{method: http.MethodGet, path: "/-/healthy", want: http.StatusOK},
		{method: http.MethodGet, path: "/-/ready", want: http.StatusOK},
		{method: http.MethodPost, path: "/-/reload", want: http.StatusOK},

		{method: http.MethodGet, path: "/metric", want: http.StatusNotFound},
		{method: http.MethodGet, path: "/metrics/", want: http.StatusNotFound},
		{method: http.MethodGet, path: "/metrics/1", want: http.StatusNotFound},
		{method: http.MethodGet, path: "/favicon.ico", want: http.StatusNotFound},
		{method: http.MethodGet, path: "/-/", want: http.StatusNotFound},
		{method: http.MethodGet, path: "/config.yml", want: http.StatusNotFound},
		{method: http.MethodGet, path: "/status/campaigns/", want: http.StatusNotFound},
		{method: http.MethodGet, path: "/status/campaigns/2", want: http.StatusNotFound},
		{method: http.MethodGet, path: "/status/campaigns/x", want: http.StatusNotFound},
		{method: http.MethodGet, path: "/docs/none.md", want: http.StatusNotFound},
		{method: http.MethodGet, path: "/docs/..%2Fmain.go", want: http.StatusNotFound},
		{method: http.MethodGet, path: "/debug/pprof/", want: http.StatusNotFound},
		{method: http.MethodPost, path: "/nowhere", want: http.StatusNotFound},

		{method: http.MethodPost, path: "/", want: http.StatusMethodNotAllowed, allow: "GET, HEAD"},
		{method: http.MethodPost, path: "/metrics", want: http.StatusMethodNotAllowed, allow: "GET, HEAD"},
		{method: http.MethodDelete, path: "/metrics", want: http.StatusMethodNotAllowed, allow: "GET, HEAD"},
		{method: http.MethodPut, path: "/probe?campaign_id=1", want: http.StatusMethodNotAllowed, allow: "GET, HEAD"},
		{method: http.MethodPost, path: "/sd", want: http.StatusMethodNotAllowed, allow: "GET, HEAD"},
		{method: http.MethodPost, path: "/-/healthy", want: http.StatusMethodNotAllowed, allow: "GET, HEAD"},
		{method: http.MethodPost, path: "/-/ready", want: http.StatusMethodNotAllowed, allow: "GET, HEAD"},
		{method: http.MethodGet, path: "/-/reload", want: http.StatusMethodNotAllowed, allow: "POST"},
		{method: http.MethodDelete, path: "/-/reload", want: http.StatusMethodNotAllowed, allow: "POST"},
	} {
		t.Run(tc.method+" "+tc.path, func(t *testing.T) {
			w := h.do(t, tc.method, tc.path)
			if w.Code != tc.want || w.Header().Get("Allow") != tc.allow {
				t.Errorf("status %d, allowed %q; want %d and %q", w.Code, w.Header().Get("Allow"), tc.want, tc.allow)
			}
		})
	}
}

func TestTelemetryPath(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		path       string
		serves     []string
		doesntHave []string
	}{
		{"/numbers", []string{"/numbers"}, []string{"/metrics", "/numbers/", "/numbers/1"}},
		{"/deep/numbers", []string{"/deep/numbers"}, []string{"/deep", "/numbers"}},
		{"/numbers/", []string{"/numbers/"}, []string{"/numbers/1"}},
		{"/", []string{"/"}, []string{"/metrics", "/nowhere"}}, // in place of the landing page
	} {
		t.Run(tc.path, func(t *testing.T) {
			o := defaults()
			o.TelemetryPath = tc.path
			h := handle(t, o, testkit.NewFetcher(), 1)
			for _, path := range tc.serves {
				testkit.Parse(t, h.get(t, path).Body.String()).Want(t, path, testkit.Page{testkit.Up(1): 1})
			}
			for _, path := range tc.doesntHave {
				if got := h.get(t, path).Code; got != http.StatusNotFound && got != http.StatusMovedPermanently {
					t.Errorf("%s got status %d, want that there is no such path", path, got)
				}
			}
		})
	}
}

// Every link of the landing page leads somewhere.
func TestLandingPage(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"plain": nil,
		"pprof": {"/debug/pprof/heap", "/debug/pprof/profile?seconds=60"},
	} {
		t.Run(name, func(t *testing.T) {
			o := defaults()
			o.TelemetryPath = "/numbers"
			o.Pprof = name == "pprof"
			h := handle(t, o, testkit.NewFetcher(), 1)
			w := h.get(t, "/")
			if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/html") {
				t.Errorf("its type is %q", got)
			}
			links := map[string]bool{}
			for _, match := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(w.Body.String(), -1) {
				link, err := url.Parse(match[1])
				if err != nil {
					t.Fatal(err)
				}
				if link.Host != "" {
					continue // not ours
				}
				links[match[1]] = true
				if strings.HasSuffix(link.Path, "/profile") {
					match[1] = "/debug/pprof/profile?seconds=1" // in less than a minute
				}
				if got := h.get(t, match[1]).Code; got != http.StatusOK {
					t.Errorf("the link %s got status %d", match[1], got)
				}
			}
			wanted := map[string]bool{}
			for _, link := range append(want, "/-/healthy", "/-/ready", "/config", "/docs/", "/docs/runbook.md", "/numbers", "/probe?campaign_id=1", "/sd", "/status",
				"/status/campaigns/1") {
				wanted[link] = true
			}
			if diff := cmp.Diff(wanted, links); diff != "" {
				t.Errorf("links (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	h := handle(t, defaults(), testkit.NewFetcher(), 1)
	check := func(path string, status int, text string) {
		t.Helper()
		w := h.get(t, path)
		if w.Code != status || w.Body.String() != text+"\n" {
			t.Errorf("%s: %d %q, want %d %q", path, w.Code, w.Body, status, text)
		}
	}
	check("/-/healthy", http.StatusOK, "healthy")
	check("/-/ready", http.StatusOK, "ready")
	h.Stopping()
	check("/-/ready", http.StatusServiceUnavailable, "ending")
	check("/-/healthy", http.StatusOK, "healthy") // it lives on, to serve what is under way
	testkit.Parse(t, h.get(t, "/metrics").Body.String()).Want(t, "when it ends", testkit.Page{testkit.Up(1): 1})
}

// What a page of another site has a browser send changes nothing here; people and programs that ask by themselves, and pages
// of the exporter's own, may.
func TestReloadFromOtherSites(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		headers []string
		want    int
	}{
		{"curl", nil, http.StatusOK},
		{"an own page", []string{"Origin", "http://exporter.example:10045", "Sec-Fetch-Site", "same-origin"}, http.StatusOK},
		{"an own page in an old browser", []string{"Origin", "http://exporter.example:10045"}, http.StatusOK},
		{"an own page behind a proxy that ends TLS", []string{"Origin", "https://exporter.example:10045"}, http.StatusOK},
		{"the address bar", []string{"Sec-Fetch-Site", "none"}, http.StatusOK},
		{"another site", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"another site in an old browser", []string{"Origin", "https://evil.example"}, http.StatusForbidden},
		{"another site that tells no origin", []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"another host of the same site", []string{"Origin", "http://other.example:10045", "Sec-Fetch-Site", "same-site"}, http.StatusForbidden},
		{"another port of the same host", []string{"Origin", "http://exporter.example:80"}, http.StatusForbidden},
		{"a sandboxed frame", []string{"Origin", "null"}, http.StatusForbidden},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := defaults()
			o.Lifecycle = true
			h := handle(t, o, testkit.NewFetcher(), 1)
			w := h.do(t, http.MethodPost, "http://exporter.example:10045/-/reload", tc.headers...)
			if w.Code != tc.want {
				t.Errorf("status %d, want %d: %s", w.Code, tc.want, w.Body)
			}
			want := 0
			if tc.want == http.StatusOK {
				want = 1
			}
			if h.reloads != want {
				t.Errorf("the configuration was loaded %d times, want %d", h.reloads, want)
			}
			if tc.want == http.StatusForbidden && !strings.Contains(w.Body.String(), "another site") {
				t.Errorf("the answer doesn't say why: %s", w.Body)
			}
			if w := h.get(t, "http://exporter.example:10045/metrics", tc.headers...); w.Code != http.StatusOK {
				t.Errorf("looking is turned away: status %d", w.Code)
			}
		})
	}
}

// Without a campaign the start page has no example of one, and without documentation no link to it.
func TestLandingPageWithoutCampaigns(t *testing.T) {
	t.Parallel()
	own := prometheus.NewRegistry()
	metrics, err := collector.NewMetrics(own)
	if err != nil {
		t.Fatal(err)
	}
	h := &handled{Handler: web.NewHandler(defaults(), log.NewNopLogger(), web.Sources{
		Own: own, Store: collector.NewStore(log.NewNopLogger(), metrics), Ledger: silent{},
	})}
	page := h.get(t, "/").Body.String()
	for _, unwanted := range []string{"campaign_id", "/status/campaigns", "/docs"} {
		if strings.Contains(page, unwanted) {
			t.Errorf("the page has %s", unwanted)
		}
	}
	if got := h.get(t, "/docs/").Code; got != http.StatusNotFound {
		t.Errorf("/docs/ got status %d, want that there is no such path", got)
	}
}

// The documentation's pages are there as they are written, and a list of them by their titles.
func TestDocs(t *testing.T) {
	t.Parallel()
	h := handle(t, defaults(), testkit.NewFetcher(), 1)
	if list := h.get(t, "/docs/").Body.String(); !strings.Contains(list, `<a href="runbook.md">What to do &lt;first&gt;</a>`) {
		t.Errorf("the list lacks the page:\n%s", list)
	}
	w := h.get(t, "/docs/runbook.md")
	if got := w.Header().Get("Content-Type"); got != "text/plain; charset=utf-8" || w.Body.String() != "# What to do <first>\n\nSleep.\n" {
		t.Errorf("the page is %q, of type %s", w.Body, got)
	}
}
