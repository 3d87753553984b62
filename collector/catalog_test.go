package collector_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

const listInterval = 10 * time.Minute

// active are campaigns without anything special.
func active(ids ...int64) []smartlead.Campaign {
	var list []smartlead.Campaign
	for _, id := range ids {
		list = append(list, smartlead.Campaign{ID: id, Name: fmt.Sprintf("C%d", id), Status: "ACTIVE", OpenTracking: true, ClickTracking: true, MaxLeadsPerDay: -1})
	}
	return list
}

// discovering is an account without configured campaigns.
func discovering(name string, fetcher counting.Rower, l *catalogAPI) collector.Account {
	a := concurrently(4, account(name, fetcher))
	a.Lister, a.ListInterval, a.Discovery = l, listInterval, &collector.Discovery{}
	return a
}

// shown are the campaigns of which a page has statistics.
func shown(p page) []int64 {
	var ids []int64
	for id := range int64(100) {
		if _, ok := p[sent(id)]; ok {
			ids = append(ids, id)
		}
	}
	return ids
}

func wantShown(t *testing.T, when string, p page, want ...int64) {
	t.Helper()
	if diff := cmp.Diff(want, shown(p)); diff != "" {
		t.Errorf("%s: campaigns with statistics (-want +got):\n%s", when, diff)
	}
}

func TestCatalogIsFetchedWhenItIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		l.Take(time.Second)
		l.Answer(active(1, 2)...)
		e := start(t, settings(discovering("a", newAPI(), l)))
		synctest.Wait()
		if n := l.Times(); n != 0 {
			t.Errorf("the list was fetched %d times before the first scrape", n)
		}
		wantShown(t, "first scrape, which waits for the list", e.scrape(), 1, 2)

		l.Answer(active(1, 2, 3)...)
		time.Sleep(listInterval - time.Second)
		wantShown(t, "the list isn't due", e.scrape(), 1, 2)
		time.Sleep(time.Second)
		wantShown(t, "the list is due, and not waited for", e.scrape(), 1, 2)
		time.Sleep(2 * time.Second)
		wantShown(t, "the new list is there", e.scrape(), 1, 2, 3)
		if n := l.Times(); n != 2 {
			t.Errorf("the list was fetched %d times, want 2", n)
		}
	})
}

func TestCatalogFirstListOutlastsTheScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		l.Take(30 * time.Second)
		l.Answer(active(1)...)
		e := start(t, settings(discovering("a", newAPI(), l)))
		began := time.Now()
		wantShown(t, "a scrape of 10 s", e.scrapeFor(10*time.Second))
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("it took %s", took)
		}
		began = time.Now()
		wantShown(t, "the next scrape, which doesn't wait for what one has waited for in vain", e.scrape())
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %s, want no time", took)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		wantShown(t, "a scrape when the list is there", e.scrape(), 1)
		if n := l.Times(); n != 1 {
			t.Errorf("the list was fetched %d times, want once", n)
		}
	})
}

// A list that failed, or lost half or more, changes nothing until a second one says so, too.
func TestCatalogBelieves(t *testing.T) {
	failed := failure(smartlead.ErrServer)
	type list struct {
		ids []int64
		err error
	}
	for _, tt := range []struct {
		name  string
		lists []list
		want  [][]int64 // after each list
	}{
		{"a campaign more", []list{{ids: []int64{1, 2, 3}}}, [][]int64{{1, 2, 3}}},
		{"half gone", []list{{ids: []int64{2}}}, [][]int64{{1, 2}}},
		{"half gone, twice", []list{{ids: []int64{2}}, {ids: []int64{2}}}, [][]int64{{1, 2}, {2}}},
		{"empty for good", []list{{}, {}, {}, {}}, [][]int64{{1, 2}, nil, nil, nil}},
		{"another campaign in place of one", []list{{ids: []int64{1, 7}}}, [][]int64{{1, 7}}},
		{"failed once", []list{{err: failed}, {ids: []int64{1, 2}}}, [][]int64{{1, 2}, {1, 2}}},
		{"failed again and again", []list{{err: failed}, {err: failed}, {err: failed}}, [][]int64{{1, 2}, {1, 2}, {1, 2}}},
		{"empty once", []list{{}, {ids: []int64{1, 2}}}, [][]int64{{1, 2}, {1, 2}}},
		{"empty twice", []list{{}, {}}, [][]int64{{1, 2}, nil}},
		{"empty, failed, empty", []list{{}, {err: failed}, {}}, [][]int64{{1, 2}, {1, 2}, nil}},
		{"empty, whole, empty", []list{{}, {ids: []int64{1, 2}}, {}}, [][]int64{{1, 2}, {1, 2}, {1, 2}}},
		{"empty for good, then back", []list{{}, {}, {ids: []int64{1, 2}}}, [][]int64{{1, 2}, nil, {1, 2}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &catalogAPI{}
				l.Answer(active(1, 2)...)
				e := start(t, settings(discovering("a", newAPI(), l)))
				wantShown(t, "at first", e.scrape(), 1, 2)
				for i, list := range tt.lists {
					l.Answer(active(list.ids...)...)
					l.Fail(list.err)
					time.Sleep(listInterval)
					e.scrape() // has the list fetched, and doesn't wait for it
					synctest.Wait()
					wantShown(t, fmt.Sprintf("after list %d", i+1), e.scrape(), tt.want[i]...)
				}
			})
		})
	}
}

func TestCatalogShrinksByMoreThanHalf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		l.Answer(active(1, 2, 3, 4, 5)...)
		e := start(t, settings(discovering("a", newAPI(), l)))
		e.scrape()
		next := func(after time.Duration, ids ...int64) page {
			l.Answer(active(ids...)...)
			time.Sleep(after)
			e.scrape()
			synctest.Wait()
			return e.scrape()
		}
		wantShown(t, "lost more than half", next(listInterval, 1, 2), 1, 2, 3, 4, 5)
		asked := l.Times()
		wantShown(t, "a minute isn't over", next(time.Minute-time.Second, 1, 2), 1, 2, 3, 4, 5)
		if n := l.Times(); n != asked {
			t.Error("a doubtful list was asked for again before a minute was over")
		}
		wantShown(t, "the second list says something else again", next(time.Second, 1, 2, 3, 4), 1, 2, 3, 4)
		wantShown(t, "lost just half", next(listInterval, 1, 2), 1, 2, 3, 4)
		wantShown(t, "lost just half, for the second time", next(time.Minute, 1, 2), 1, 2)
	})
}

// A campaign that is gone from a list that came whole loses its series at once, though its values are good.
func TestCatalogVanishing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		l.Answer(active(1, 2, 3)...)
		e := start(t, settings(discovering("a", newAPI(), l)))
		e.scrape()
		l.Answer(active(1, 3)...)
		time.Sleep(listInterval)
		e.scrape()
		synctest.Wait()
		if p := e.scrape(); p.Mentions("campaign_id", "2") {
			t.Errorf("campaign 2 is still shown: %v", p)
		}
		line := e.log.Take()
		if !slices.ContainsFunc(line, func(kv map[string]string) bool {
			return strings.HasSuffix(kv["msg"], "gone") && kv["campaigns"] == `2 "C2"`
		}) {
			t.Errorf("no log line tells that campaign 2 is gone: %v", line)
		}
	})
}

func TestCatalogShowsWhatTheListSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		c := smartlead.Campaign{
			ID: 1, Name: "One", Status: "ACTIVE", ClientID: "77", ParentID: 5, OpenTracking: false, ClickTracking: true,
			MaxLeadsPerDay: 40, Tags: []string{"eu", "eu"}, CreatedAt: time.Unix(1_700_000_000, 0),
		}
		l.Answer(c)
		e := start(t, settings(discovering("a", newAPI(), l)))
		e.scrape().Want(t, "at first", page{
			`smartlead_campaign_info{account="a",campaign_id="1",campaign_name="One",client_id="77",parent_campaign_id="5"}`: 1,
			`smartlead_campaign_status{campaign_id="1",status="ACTIVE"}`:                                                     1,
			`smartlead_campaign_status{campaign_id="1",status="PAUSED"}`:                                                     0,
			`smartlead_campaign_tag_info{campaign_id="1",tag="eu"}`:                                                          1,
			ofCampaign("open_tracking", 1):                                                                                   0,
			ofCampaign("click_tracking", 1):                                                                                  1,
			ofCampaign("created_timestamp_seconds", 1):                                                                       1_700_000_000,
			ofCampaign("max_leads_per_day", 1):                                                                               40,
			`smartlead_account_campaigns{account="a",status="ACTIVE"}`:                                                       1,
			`smartlead_account_campaigns{account="a",status="PAUSED"}`:                                                       0,
			`smartlead_account_campaigns_omitted{account="a"}`:                                                               0,
		})
		c.Name, c.Status, c.OpenTracking, c.Tags, c.MaxLeadsPerDay = "Two", "PONDERING", true, nil, -1
		l.Answer(c)
		time.Sleep(listInterval)
		e.scrape()
		synctest.Wait()
		p := e.scrape()
		p.Want(t, "renamed, and of another status", page{
			`smartlead_campaign_info{account="a",campaign_id="1",campaign_name="Two",client_id="77",parent_campaign_id="5"}`: 1,
			`smartlead_campaign_status{campaign_id="1",status="ACTIVE"}`:                                                     0,
			`smartlead_campaign_status{campaign_id="1",status="PONDERING"}`:                                                  1,
			`smartlead_account_campaigns{account="a",status="PONDERING"}`:                                                    1,
			ofCampaign("open_tracking", 1):                                                                                   1,
		})
		if p.Mentions("campaign_name", "One") || p.Mentions("tag", "eu") {
			t.Errorf("what was is still shown: %v", p)
		}
		if _, ok := p[ofCampaign("max_leads_per_day", 1)]; ok {
			t.Error("an unknown number of leads a day is shown")
		}
	})
}

// Without discovery the list gives configured campaigns their names and the like, and adds none.
func TestCatalogForConfiguredCampaigns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		l.Answer(active(1, 2, 3)...)
		a := account("a", newAPI(), 1)
		a.Campaigns = append(a.Campaigns, campaign(2, "mine"), campaign(9, ""))
		a.Lister, a.ListInterval = l, time.Hour
		e := start(t, settings(a))
		p := e.scrape()
		wantShown(t, "first scrape", p, 1, 2, 9)
		p.Want(t, "first scrape", page{info(1, "a", "C1"): 1, info(2, "a", "mine"): 1, info(9, "a", ""): 1})

		l.Fail(failure(smartlead.ErrServer))
		time.Sleep(time.Hour)
		e.scrape()
		synctest.Wait()
		p = e.scrape()
		p.Want(t, "the list failed", page{
			info(1, "a", "C1"): 1, up(1): 1,
			`smartlead_exporter_discovery_failures_total{account="a",reason="server_error"}`: 1,
		})
		if n := l.Times(); n != 2 {
			t.Errorf("the list was fetched %d times, want 2: at first, and an hour later", n)
		}
	})
}

func TestCatalogNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		a := account("a", newAPI(), 1)
		a.Lister, a.ListInterval = l, 0
		e := start(t, settings(a))
		p := e.scrape()
		wantShown(t, "first scrape", p, 1)
		if l.Times() != 0 {
			t.Error("a list was fetched that nobody wants")
		}
		for series := range p {
			if strings.HasPrefix(series, "smartlead_account_") || strings.HasPrefix(series, "smartlead_campaign_status") {
				t.Errorf("%s is shown without a list", series)
			}
		}
	})
}

// A campaign of two accounts belongs to the one that has it configured, else to the first.
func TestCatalogTwoAccountsWithOneCampaign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &catalogAPI{}, &catalogAPI{}
		first.Answer(active(1, 2, 3)...)
		second.Answer(active(2, 4, 3)...)
		a, b := discovering("a", newAPI(), first), discovering("b", newAPI(), second)
		b.Campaigns = []collector.Campaign{campaign(3, "b's")}
		e := start(t, settings(a, b))
		p := e.scrape()
		wantShown(t, "first scrape", p, 1, 2, 3, 4)
		p.Want(t, "first scrape", page{
			info(2, "a", "C2"): 1, info(3, "b", "b's"): 1,
			`smartlead_account_campaigns_omitted{account="a"}`: 1,
			`smartlead_account_campaigns_omitted{account="b"}`: 1,
		})
		var claims []string
		for _, kv := range e.log.Take() {
			if kv["kept_by"] != "" {
				claims = append(claims, kv["campaign_id"]+" kept by "+kv["kept_by"])
			}
		}
		slices.Sort(claims)
		if diff := cmp.Diff([]string{"2 kept by a", "3 kept by b"}, claims); diff != "" {
			t.Errorf("claims in the log (-want +got):\n%s", diff)
		}
		first.Fail(failure(smartlead.ErrServer))
		for range 3 {
			time.Sleep(listInterval)
			e.scrape()
			synctest.Wait()
		}
		var loud []string
		for _, kv := range e.log.Take() {
			if kv["level"] == "warn" {
				loud = append(loud, kv["account"]+": "+kv["msg"])
			}
		}
		if diff := cmp.Diff([]string{"a: listing the campaigns failed; what is known of them stays"}, loud); diff != "" {
			t.Errorf("warnings afterwards, once each (-want +got):\n%s", diff)
		}
	})
}

func TestTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		l.Fail(failure(smartlead.ErrUnauthorized))
		a := discovering("a", newAPI(), l)
		a.Campaigns = []collector.Campaign{campaign(9, "nine")}
		e := start(t, settings(a))
		if targets, err := e.store.Targets(t.Context()); err == nil {
			t.Errorf("without a list there are targets: %v", targets)
		}
		list := active(1)
		list[0].ClientID, list[0].Tags = "77", []string{"eu", "outbound"}
		l.Answer(list...)
		l.Take(time.Second)
		time.Sleep(time.Minute)
		if targets, err := e.store.Targets(t.Context()); err == nil {
			t.Errorf("a list that failed was waited for: %v", targets)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		got, err := e.store.Targets(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := []collector.Snapshot{
			{ID: "9", Account: "a", Query: smartlead.StatisticsQuery{CampaignID: 9}, Name: "nine", State: collector.StateNever, Cost: 1, Rate: got[0].Rate},
			{ID: "1", Account: "a", Query: smartlead.StatisticsQuery{CampaignID: 1}, Name: "C1", State: collector.StateNever, Cost: 1, Listed: &list[0], Rate: got[1].Rate},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("targets (-want +got):\n%s", diff)
		}
		for id, want := range map[int64]string{1: "a", 9: "a", 5: ""} {
			if got, ok := e.store.Campaign(t.Context(), id); got.Account != want || ok != (want != "") {
				t.Errorf("campaign %d is of account %q, %v; want %q", id, got.Account, ok, want)
			}
		}
	})
}
