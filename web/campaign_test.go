package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/web"
)

// The page of one campaign says whether its numbers can be trusted, and what came of its newest refreshes, as /status does: as
// a page, of which nothing is taken for HTML, and as JSON.
func TestCampaignPage(t *testing.T) {
	type refresh struct {
		Began, Method, Reason, Error string
		Requests                     int
		Changes                      *int
	}
	type report struct {
		At, Account, Summary string
		Simulated, Trusted   bool
		Campaign             struct {
			ID          int
			Name, State string
		}
		Refreshes []refresh
	}
	var got report
	synctest.Test(t, func(t *testing.T) { // its clock starts at 2000-01-01T00:00:00Z
		api := testkit.NewFetcher()
		h := handleStore(t, defaults(), func(_ *collector.Metrics, store *collector.Store) error {
			store.Apply(collector.Settings{TTL: time.Minute, MaxStale: 10 * time.Minute, Accounts: []collector.Account{{
				Name: "<main>", Fetcher: counting.NewByRows(api), Concurrency: 1, Campaigns: []collector.Campaign{
					{Name: `<script>alert("x")</script>`, Query: smartlead.StatisticsQuery{CampaignID: 7}},
				},
			}}})
			return nil
		})
		want := func(when, summary string, trusted bool, lines ...string) {
			t.Helper()
			raw := h.get(t, "/status/campaigns/7")
			page := text(raw.Body.String())
			for _, line := range append(lines, summary, "Campaign 7: <script>alert(\"x\")</script>", "<dt>Account</dt><dd><main></dd>") {
				if !strings.Contains(page, line) {
					t.Errorf("%s: the page lacks %q:\n%s", when, line, page)
				}
			}
			for _, unwanted := range []string{"<script", "<main>", "<b>"} {
				if strings.Contains(raw.Body.String(), unwanted) {
					t.Errorf("%s: the page has %q", when, unwanted)
				}
			}
			if policy := raw.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
				t.Errorf("Content-Security-Policy is %q", policy)
			}
			got = report{}
			if err := json.Unmarshal(h.get(t, "/status/campaigns/7", "Accept", "application/json").Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if got.Summary != summary || got.Trusted != trusted || got.Account != "<main>" || got.Campaign.ID != 7 {
				t.Errorf("%s: the JSON says %+v, want %t: %s", when, got, trusted, summary)
			}
		}
		want("at first", "There are no numbers yet: the campaign isn't fetched yet.", false, "None has ended since the exporter started.", "never")
		if got.Refreshes == nil || len(got.Refreshes) != 0 {
			t.Errorf("the JSON has the refreshes %v, want an empty list", got.Refreshes)
		}

		api.Answer(7, testkit.Answer{Sent: 5})
		h.get(t, "/metrics")
		synctest.Wait()
		time.Sleep(time.Minute)
		api.Answer(7, testkit.Answer{Sent: 6})
		h.get(t, "/metrics")
		synctest.Wait()
		time.Sleep(30 * time.Second)
		want("when all is well", "The numbers can be trusted: they are 30s old.", true, ">the first counts<", ">1 change<", ">2000-01-01 00:01:00<",
			"<dt>Values</dt><dd>fresh, of 2000-01-01 00:01:00</dd>", "first scrape after 00:02:00", `<a href="../../probe?campaign_id=7">`)

		time.Sleep(30 * time.Second)
		api.Answer(7, testkit.Answer{Err: &smartlead.Error{Op: "GET /campaigns/7/statistics", Reason: smartlead.ErrBadResponse, Message: "no <b>"}})
		h.get(t, "/metrics")
		synctest.Wait()
		want("when it fails", "The numbers can't be trusted now: refreshing has been failing since 2000-01-01 00:02:00, and values that are 1m0s old are shown.", false,
			">failed: bad response<", "GET /campaigns/7/statistics: bad response: no <b>")
		once := 1
		if diff := cmp.Diff([]refresh{
			{Began: "2000-01-01T00:02:00Z", Method: "rows", Requests: 1, Reason: "bad_response", Error: "GET /campaigns/7/statistics: bad response: no <b>"},
			{Began: "2000-01-01T00:01:00Z", Method: "rows", Requests: 1, Changes: &once},
			{Began: "2000-01-01T00:00:00Z", Method: "rows", Requests: 1},
		}, got.Refreshes); diff != "" {
			t.Errorf("the JSON's refreshes (-want +got):\n%s", diff)
		}
		time.Sleep(10 * time.Minute)
		want("when it has failed for long", "The numbers can't be trusted now: refreshing has been failing since 2000-01-01 00:02:00, and no values are shown.", false, "expired")
		if got.Simulated || strings.Contains(h.get(t, "/status/campaigns/7").Body.String(), "SIMULATED") {
			t.Error("the page says that the numbers are made up")
		}
		if page := h.get(t, "/status").Body.String(); !strings.Contains(page, `<a href="status/campaigns/7">7</a>`) {
			t.Errorf("/status doesn't link to the page:\n%s", page)
		}
		for path, want := range map[string]string{"/status/campaigns/8": "campaign 8 is neither configured nor discovered", "/status/campaigns/x": "write a campaign's number"} {
			if w := h.get(t, path); w.Code != http.StatusNotFound || !strings.HasPrefix(w.Body.String(), want) {
				t.Errorf("%s: %d %q, want 404 and %q", path, w.Code, w.Body, want)
			}
		}
	})
}

// What a recount found is told with the refresh that was one.
func TestCampaignPageTellsRecounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := handleStore(t, defaults(), func(_ *collector.Metrics, store *collector.Store) error {
			store.Apply(collector.Settings{TTL: time.Minute, MaxStale: time.Hour, Accounts: []collector.Account{{
				Name: "main", Fetcher: recounter{}, Concurrency: 1, Campaigns: []collector.Campaign{{Query: smartlead.StatisticsQuery{CampaignID: 7}}},
			}}})
			return nil
		})
		for range 2 {
			h.get(t, "/metrics")
			synctest.Wait()
			time.Sleep(time.Minute)
		}
		page := h.get(t, "/status/campaigns/7").Body.String()
		for _, want := range []string{">0 changes; recount: equal<", ">the first counts; recount: equal<", ">analytics<"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %q:\n%s", want, page)
			}
		}
		if page := h.get(t, "/status").Body.String(); !strings.Contains(page, "Campaigns are counted so: 1 by analytics. A change is shown after 30s in the mean, and no value gets older than 1m0s where nothing fails.") {
			t.Errorf("/status doesn't say how campaigns are counted, and how fresh they are:\n%s", page)
		}
	})
}

// A demo's pages for people say that its numbers are made up, and nothing says so that a graph is made from.
func TestSimulatedIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own := prometheus.NewRegistry()
		metrics, err := collector.NewMetrics(own)
		if err != nil {
			t.Fatal(err)
		}
		store := collector.NewStore(log.NewNopLogger(), metrics)
		store.Apply(collector.Settings{TTL: time.Minute, MaxStale: time.Hour, Accounts: []collector.Account{{
			Name: "demo", Fetcher: testkit.NewFetcher(), Concurrency: 1, Campaigns: []collector.Campaign{{Query: smartlead.StatisticsQuery{CampaignID: 7}}},
		}}})
		h := &handled{Handler: web.NewHandler(defaults(), log.NewNopLogger(), web.Sources{Own: own, Store: store, Ledger: silent{}, Simulated: true})}
		go func() { _ = store.Run(t.Context()) }()
		for path, want := range map[string]bool{"/metrics": false, "/probe?campaign_id=7": false, "/sd": false, "/": true, "/status": true, "/status/campaigns/7": true} {
			if got := strings.Contains(strings.ToLower(h.get(t, path).Body.String()), "simulated"); got != want {
				t.Errorf("%s says that the numbers are made up: %t, want %t", path, got, want)
			}
		}
	})
}

// recounter counts by analytics, and recounts each time.
type recounter struct{}

func (recounter) Count(_ context.Context, _ counting.Task) (counting.Result, error) {
	return counting.Result{
		State: &counting.State{Detected: &counting.Reading{Method: counting.MethodAnalytics}}, Recount: counting.OutcomeEqual,
		Statistics: smartlead.Statistics{Steps: []smartlead.Step{{SequenceNumber: 1, Sent: 3}}, Rows: 1, Requests: 1},
	}, nil
}
