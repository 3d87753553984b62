package web_test

import (
	"encoding/json"
	"html"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/collector"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/web"
)

// paused is an API that demands a pause.
type paused struct{ silent }

func (paused) Budget(string) smartlead.BudgetState {
	return smartlead.BudgetState{PausedUntil: time.Now().Add(time.Minute)}
}

// The page and the JSON say in a sentence whether the numbers can be trusted, and if not why and since when.
func TestStatusSaysWhetherNumbersCanBeTrusted(t *testing.T) {
	fails := func(reason smartlead.Reason) testkit.Answer {
		return testkit.Answer{Err: &smartlead.Error{Reason: reason, StatusCode: 418, Message: "as the test wants it"}}
	}
	for _, tc := range []struct {
		name   string
		ids    []int64
		setup  func(api *testkit.Fetcher, list *testkit.Lister, from *web.Sources)
		want   string
		others []string // what else the page says
	}{
		{name: "all is well", ids: []int64{1, 2}, want: "The numbers can be trusted: 2 campaigns are shown, and the oldest values are 0s old."},
		{name: "nothing there", want: "There are no numbers yet: no campaign is configured or found.", others: []string{"discovery has found none so far"}},
		{
			name: "a campaign fails", ids: []int64{1, 2},
			setup: func(api *testkit.Fetcher, _ *testkit.Lister, _ *web.Sources) {
				api.Answer(2, fails(smartlead.ErrNotFound))
			},
			want:   "Not all numbers can be trusted now: account default: 1 of 2 campaigns fails (2), since 2000-01-01 00:00:00; account default: 1 of 2 campaigns has no values.",
			others: []string{"failing since 2000-01-01 00:00:00"},
		},
		{
			name: "all campaigns fail", ids: []int64{1, 2},
			setup: func(api *testkit.Fetcher, _ *testkit.Lister, _ *web.Sources) {
				api.AnswerAll(fails(smartlead.ErrBadResponse))
			},
			want: "Not all numbers can be trusted now: account default: all 2 campaigns fail, since 2000-01-01 00:00:00; account default: 2 of 2 campaigns have no values.",
		},
		{
			name: "the account fails", ids: []int64{1, 2},
			setup: func(api *testkit.Fetcher, _ *testkit.Lister, _ *web.Sources) {
				api.AnswerAll(fails(smartlead.ErrUnauthorized))
			},
			want: "Not all numbers can be trusted now: account default: the API serves nothing (unauthorized), since 2000-01-01 00:00:00; account default: 2 of 2 campaigns have no values.",
		},
		{
			name: "the list fails",
			setup: func(_ *testkit.Fetcher, list *testkit.Lister, _ *web.Sources) {
				list.Fail(&smartlead.Error{Op: "GET /campaigns", Reason: smartlead.ErrBadResponse, Message: "no <list>"})
			},
			want: "Not all numbers can be trusted now: account default: the list of campaigns can't be had, since 2000-01-01 00:00:00.",
			others: []string{
				"The list of campaigns has been failing since 2000-01-01 00:00:00: GET /campaigns: bad response: no <list>", "by which they would be found, can't be had",
			},
		},
		{
			name: "a pause", ids: []int64{1},
			setup: func(_ *testkit.Fetcher, _ *testkit.Lister, from *web.Sources) { from.Ledger = paused{} },
			want:  "Not all numbers can be trusted now: account default: the API demanded a pause until 00:01:00.",
		},
		{
			name: "the exporter itself", ids: []int64{1},
			setup: func(_ *testkit.Fetcher, _ *testkit.Lister, from *web.Sources) {
				from.Troubles = func() []web.Trouble {
					return []web.Trouble{{What: "the <file> is full", Since: time.Now()}, {What: "and so on"}}
				}
			},
			want: "Not all numbers can be trusted now: the <file> is full, since 2000-01-01 00:00:00; and so on.",
		},
		{
			name: "a demo", ids: []int64{1},
			setup:  func(_ *testkit.Fetcher, _ *testkit.Lister, from *web.Sources) { from.Simulated = true },
			want:   "The numbers can be trusted: 1 campaign is shown, and the oldest values are 0s old.",
			others: []string{"SIMULATED"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // its clock starts at 2000-01-01T00:00:00Z
				api, list := testkit.NewFetcher(), &testkit.Lister{}
				h := &handled{own: prometheus.NewRegistry()}
				metrics, err := collector.NewMetrics(h.own)
				if err != nil {
					t.Fatal(err)
				}
				h.store = collector.NewStore(log.NewNopLogger(), metrics)
				a := collector.Account{
					Name: "default", Fetcher: api, Concurrency: 1, Lister: list, ListInterval: time.Hour, Discovery: &collector.Discovery{},
				}
				for _, id := range tc.ids {
					a.Campaigns = append(a.Campaigns, collector.Campaign{Query: smartlead.StatisticsQuery{CampaignID: id}})
				}
				h.store.Apply(collector.Settings{TTL: time.Minute, MaxStale: time.Hour, Accounts: []collector.Account{a}})
				from := web.Sources{Own: h.own, Store: h.store, Ledger: silent{}}
				if tc.setup != nil {
					tc.setup(api, list, &from)
				}
				if h.Handler, err = web.NewHandler(defaults(), log.NewNopLogger(), from); err != nil {
					t.Fatal(err)
				}
				go func() { _ = h.store.Run(t.Context()) }()
				h.get(t, "/metrics")
				synctest.Wait()
				page := html.UnescapeString(h.get(t, "/status").Body.String())
				for _, want := range append(tc.others, tc.want) {
					if !strings.Contains(page, want) {
						t.Errorf("the page lacks %q:\n%s", want, page)
					}
				}
				var got struct {
					Trusted bool
					Summary string
				}
				if err := json.Unmarshal(h.get(t, "/status", "Accept", "application/json").Body.Bytes(), &got); err != nil {
					t.Fatal(err)
				}
				if trusted := strings.HasPrefix(tc.want, "The numbers can"); got.Summary != tc.want || got.Trusted != trusted {
					t.Errorf("the JSON says %t, %q; want %t, %q", got.Trusted, got.Summary, trusted, tc.want)
				}
				if simulated := strings.Contains(h.get(t, "/").Body.String(), "SIMULATED"); simulated != from.Simulated {
					t.Errorf("the start page says that the numbers are simulated: %t", simulated)
				}
			})
		})
	}
}
