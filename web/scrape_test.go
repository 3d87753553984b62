package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
)

// A scrape is answered before Prometheus gives it up, with what there is.
func TestScrapeTimeout(t *testing.T) {
	for _, tc := range []struct {
		header string // "": none
		offset time.Duration
		want   time.Duration
	}{
		{"", 500 * time.Millisecond, 10 * time.Second},
		{"30", 500 * time.Millisecond, 29500 * time.Millisecond},
		{"2.5", 500 * time.Millisecond, 2 * time.Second},
		{"15", 0, 15 * time.Second},
		// Where the offset is too large, half of the time is better than none.
		{"0.6", 500 * time.Millisecond, 300 * time.Millisecond},
		{"1", 5 * time.Second, 500 * time.Millisecond},
		// Nobody waits longer than an hour, whatever he says.
		{"1e300", 500 * time.Millisecond, time.Hour - 500*time.Millisecond},
		{"+Inf", 500 * time.Millisecond, time.Hour - 500*time.Millisecond},
		// What makes no sense counts as missing.
		{"soon", 500 * time.Millisecond, 10 * time.Second},
		{"10s", 500 * time.Millisecond, 10 * time.Second},
		{"0", 500 * time.Millisecond, 10 * time.Second},
		{"-5", 500 * time.Millisecond, 10 * time.Second},
		{"NaN", 500 * time.Millisecond, 10 * time.Second},
		{"-Inf", 500 * time.Millisecond, 10 * time.Second},
		{"1e999", 500 * time.Millisecond, 10 * time.Second},
	} {
		for _, path := range []string{"/metrics", "/probe?campaign_id=1"} {
			t.Run(fmt.Sprintf("%q less %s at %s", tc.header, tc.offset, path), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := defaults()
					o.TimeoutOffset = tc.offset
					h := handle(t, o, slow(2*time.Hour), 1)
					var headers []string
					if tc.header != "" {
						headers = []string{"X-Prometheus-Scrape-Timeout-Seconds", tc.header}
					}
					start := time.Now()
					w := h.get(t, path, headers...)
					if got := time.Since(start); got != tc.want {
						t.Errorf("the scrape took %s, want %s", got, tc.want)
					}
					if w.Code != http.StatusOK {
						t.Errorf("status %d, want 200", w.Code)
					}
					testkit.Parse(t, w.Body.String()).Want(t, "without an answer of the API", testkit.Page{testkit.Up(1): 0, testkit.Sent(1, 1): testkit.None})
				})
			})
		}
	}
}

// Whatever becomes of the API, a scrape is answered by 200 and what is known.
func TestScrapeWhileTheAPIFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := testkit.NewFetcher()
		h := handle(t, defaults(), api, 1, 2)
		h.get(t, "/metrics")
		time.Sleep(time.Minute)
		for name, change := range map[string]func(){
			"failing": func() { api.AnswerAll(testkit.Answer{Err: &smartlead.Error{Reason: smartlead.ErrServer}}) },
			"slow":    func() { api.AnswerAll(testkit.Answer{Takes: time.Hour}) },
		} {
			change()
			w := h.get(t, "/metrics")
			if w.Code != http.StatusOK {
				t.Errorf("%s: status %d, want 200", name, w.Code)
			}
			testkit.Parse(t, w.Body.String()).Want(t, name, testkit.Page{testkit.Sent(1, 1): 1, testkit.Sent(2, 1): 1})
		}
	})
}

func TestMaxRequests(t *testing.T) {
	for _, tc := range []struct {
		path       string
		limit      int
		at, served int
	}{
		{"/metrics", 2, 5, 2},
		{"/probe?campaign_id=1", 3, 5, 3},
		{"/metrics", 0, 100, 100},
	} {
		t.Run(fmt.Sprintf("%d of %s", tc.limit, tc.path), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := defaults()
				o.MaxRequests = tc.limit
				api := slow(5 * time.Second)
				h := handle(t, o, api, 1)
				start := time.Now()
				var mu sync.Mutex
				answers := map[int]int{}
				var scrapers sync.WaitGroup
				for range tc.at {
					scrapers.Go(func() {
						w := h.get(t, tc.path)
						took := time.Since(start)
						mu.Lock()
						defer mu.Unlock()
						answers[w.Code]++
						if w.Code == http.StatusOK {
							testkit.Parse(t, w.Body.String()).Want(t, "served", testkit.Page{testkit.Sent(1, 1): 1})
						} else if took != 0 {
							t.Errorf("a scrape that was turned away waited for %s", took)
						}
					})
				}
				scrapers.Wait()
				if answers[http.StatusOK] != tc.served || answers[http.StatusServiceUnavailable] != tc.at-tc.served {
					t.Errorf("%d scrapes at once got %v, want %d served and the others turned away", tc.at, answers, tc.served)
				}
				if w := h.get(t, tc.path); w.Code != http.StatusOK {
					t.Errorf("a later scrape got status %d: the places weren't given back", w.Code)
				}
			})
		})
	}
}

// Each of the three that wait has places of its own: whoever fills those of one keeps nobody from the others.
func TestPlacesAreApart(t *testing.T) {
	paths := []string{"/metrics", "/probe?campaign_id=1", "/sd"}
	for _, waiting := range paths {
		t.Run(waiting, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := defaults()
				o.MaxRequests = 3
				list := &testkit.Lister{}
				list.Take(time.Hour)
				h := handleStore(t, o, func(_ *collector.Metrics, store *collector.Store) error {
					fetcher := slow(time.Hour)
					store.Apply(collector.Settings{TTL: time.Minute, MaxStale: time.Hour, Accounts: []collector.Account{
						{Name: "a", Fetcher: fetcher, Concurrency: 1, Campaigns: []collector.Campaign{{Query: smartlead.StatisticsQuery{CampaignID: 1}}}},
						{Name: "b", Fetcher: fetcher, Concurrency: 1, Lister: list, ListInterval: time.Hour, Discovery: &collector.Discovery{}},
					}})
					return nil
				})
				var waiters sync.WaitGroup
				for range o.MaxRequests {
					waiters.Go(func() { h.get(t, waiting, "X-Prometheus-Scrape-Timeout-Seconds", "1000") })
				}
				synctest.Wait()
				for _, path := range paths {
					w := h.get(t, path)
					if away := strings.Contains(w.Body.String(), "--web.max-requests=3"); away != (path == waiting) {
						t.Errorf("%s got status %d: %s", path, w.Code, firstLine(w))
					}
				}
				waiters.Wait()
				if w := h.get(t, waiting); strings.Contains(w.Body.String(), "--web.max-requests") {
					t.Errorf("%s got status %d: the places weren't given back", waiting, w.Code)
				}
			})
		})
	}
}

func TestTurningAwaySaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := defaults()
		o.MaxRequests = 1
		h := handle(t, o, slow(time.Second), 1)
		var scrapers sync.WaitGroup
		scrapers.Go(func() { h.get(t, "/metrics") })
		scrapers.Go(func() { h.get(t, "/probe?campaign_id=1") })
		synctest.Wait()
		for _, path := range []string{"/metrics", "/probe"} {
			w := h.get(t, path)
			want := "as many requests for " + path + " as --web.max-requests=1 allows are being served already; raise it, or ask less often"
			if got := firstLine(w); w.Code != http.StatusServiceUnavailable || got != want {
				t.Errorf("status %d, %q; want 503, %q", w.Code, got, want)
			}
		}
		for _, path := range []string{"/-/healthy", "/status"} {
			if w := h.get(t, path); w.Code != http.StatusOK {
				t.Errorf("%s got status %d while all places are taken", path, w.Code)
			}
		}
		scrapers.Wait()
	})
}
