package web_test

import (
	"context"
	"encoding/json"
	"html"
	"regexp"
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

func (paused) PausedSince(string) time.Time { return time.Now() }

// spans are what pages mark in their texts.
var spans = regexp.MustCompile(`</?span[^>]*>`)

// text returns what a page says.
func text(page string) string { return html.UnescapeString(spans.ReplaceAllString(page, "")) }

// silentList is a source of which the list of mailboxes can't be had.
type silentList struct{ testkit.Source }

func (silentList) EmailAccounts(context.Context) (smartlead.EmailAccountList, error) {
	return smartlead.EmailAccountList{Requests: 1}, &smartlead.Error{Op: "GET /email-accounts/", Reason: smartlead.ErrForbidden, Message: "not in your <plan>"}
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
		tune   func(a *collector.Account)
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
			want:   "Not all numbers can be trusted now: account default: 1 of 2 campaigns fails (2), since 2000-01-01 00:00:00; 1 of 2 campaigns has no values.",
			others: []string{"Failing since 2000-01-01 00:00:00"},
		},
		{
			name: "all campaigns fail", ids: []int64{1, 2},
			setup: func(api *testkit.Fetcher, _ *testkit.Lister, _ *web.Sources) {
				api.AnswerAll(fails(smartlead.ErrBadResponse))
			},
			want: "Not all numbers can be trusted now: account default: all 2 campaigns fail, since 2000-01-01 00:00:00; 2 of 2 campaigns have no values.",
		},
		{
			name: "the account fails", ids: []int64{1, 2},
			setup: func(api *testkit.Fetcher, _ *testkit.Lister, _ *web.Sources) {
				api.AnswerAll(fails(smartlead.ErrUnauthorized))
			},
			want: "Not all numbers can be trusted now: account default: the API serves nothing (unauthorized), since 2000-01-01 00:00:00; 2 of 2 campaigns have no values.",
		},
		{
			name: "the list fails",
			setup: func(_ *testkit.Fetcher, list *testkit.Lister, _ *web.Sources) {
				list.Fail(&smartlead.Error{Op: "GET /campaigns", Reason: smartlead.ErrBadResponse, Message: "no <list>"})
			},
			want: "There are no numbers: account default: the list of campaigns can't be had, since 2000-01-01 00:00:00.",
			others: []string{
				"The list of campaigns has been failing since 2000-01-01 00:00:00: GET /campaigns: bad response: no <list>", "by which they would be found, can't be had",
			},
		},
		{
			name: "a pause", ids: []int64{1},
			setup: func(_ *testkit.Fetcher, _ *testkit.Lister, from *web.Sources) { from.Ledger = paused{} },
			want:  "Not all numbers can be trusted now: account default: the API demanded a pause until 00:01:00, since 2000-01-01 00:00:00.",
			others: []string{
				"The API demanded a pause until 00:01:00. It has demanded pauses since 2000-01-01 00:00:00.",
			},
		},
		{
			name: "nothing was asked yet", ids: []int64{1, 2},
			setup:  func(_ *testkit.Fetcher, _ *testkit.Lister, from *web.Sources) { from.Own = nil }, // see below
			want:   "Not all numbers can be trusted now: account default: 2 of 2 campaigns aren't fetched yet.",
			others: []string{"not scraped since the start"},
		},
		{
			name: "a subject fails", ids: []int64{1},
			tune: func(a *collector.Account) { a.Source, a.Collect = silentList{}, []string{"mailboxes", "leads"} },
			want: "Not all numbers can be trusted now: account default: collecting mailboxes fails, since 2000-01-01 00:00:00.",
			others: []string{
				"Not had as a whole yet. Collecting it has been failing since 2000-01-01 00:00:00: GET /email-accounts/: forbidden: not in your <plan>",
				"<dt>Subject leads</dt><dd>Of 2000-01-01 00:00:00.",
			},
		},
		{
			name: "discovery finds nothing",
			setup: func(_ *testkit.Fetcher, list *testkit.Lister, _ *web.Sources) {
				list.Answer(smartlead.Campaign{ID: 1, Status: "ACTIVE", Tags: []string{"<b>"}})
			},
			tune: func(a *collector.Account) { a.Discovery.Tags = []string{"none"} },
			want: "There are no numbers: account default: discovery finds no campaign, since 2000-01-01 00:00:00.",
			others: []string{
				"It has found no campaign since 2000-01-01 00:00:00: 1 in the list, 0 fit; tags there: <b>; clients: none; statuses: ACTIVE; by each",
				"discovery chooses none of the list",
			},
		},
		{
			name: "the exporter itself", ids: []int64{1},
			setup: func(_ *testkit.Fetcher, _ *testkit.Lister, from *web.Sources) {
				from.Troubles = func() []web.Trouble {
					return []web.Trouble{{What: "the <file> is full", Since: time.Now(), Beside: true}, {What: "and so on", Beside: true}}
				}
			},
			want: "The numbers can be trusted: 1 campaign is shown, and the oldest values are 0s old; but the <file> is full, since 2000-01-01 00:00:00; and so on.",
		},
		{
			name: "the exporter itself, and a campaign", ids: []int64{1, 2},
			setup: func(api *testkit.Fetcher, _ *testkit.Lister, from *web.Sources) {
				api.Answer(2, fails(smartlead.ErrNotFound))
				from.Troubles = func() []web.Trouble { return []web.Trouble{{What: "the <file> is full", Beside: true}} }
			},
			want: "Not all numbers can be trusted now: account default: 1 of 2 campaigns fails (2), since 2000-01-01 00:00:00; " +
				"1 of 2 campaigns has no values; the <file> is full.",
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
				if tc.tune != nil {
					tc.tune(&a)
				}
				h.store.Apply(collector.Settings{TTL: time.Minute, MaxStale: time.Hour, Accounts: []collector.Account{a}})
				from := web.Sources{Own: h.own, Store: h.store, Ledger: silent{}}
				if tc.setup != nil {
					tc.setup(api, list, &from)
				}
				scraped := from.Own != nil
				from.Own = h.own
				h.Handler = web.NewHandler(defaults(), log.NewNopLogger(), from)
				go func() { _ = h.store.Run(t.Context()) }()
				if scraped {
					h.get(t, "/metrics")
				}
				synctest.Wait()
				page := text(h.get(t, "/status").Body.String())
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
