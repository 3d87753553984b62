package collector_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// answering is a campaign that lives for some days from now on, whose leads get their category hours after they replied,
// and another one days later.
func answering(id int64) simulator.Campaign {
	return simulator.Campaign{ID: id, Source: simulator.Live(simulator.Model{
		Seed: uint64(id), Start: time.Now(), Stop: time.Now().AddDate(0, 0, 4), LeadsPerDay: 60, Steps: 2, DaysBetween: 2,
		Read: 0.6, Click: 0.1, Reply: 0.2, Unsubscribe: 0.02, Bounce: 0.03, Variants: 2,
		CategoryLate: 12 * time.Hour, Recategorise: 0.5,
	})}
}

// counted is collecting with the counts by what has moved, of pages so small that no campaign is counted by all rows for
// being small.
func counted(t *testing.T, e *exporter, sim *simulator.Simulator, limits smartlead.Limits, campaigns int, subjects ...string) collector.Account {
	t.Helper()
	client := e.newClient("default", sim, limits)
	a := collecting(t, e, sim, limits, campaigns, subjects...)
	a.Fetcher, a.Source, a.Budget = counting.NewCounter(client), client, client.Budget
	for i := range a.Campaigns {
		a.Campaigns[i].Query.PageSize = 50
	}
	return a
}

// replied are the replies of a page by campaign, step and category, and how many of each campaign have a delay.
func replied(p page) page {
	got := page{}
	for series, n := range p {
		if strings.HasPrefix(series, "smartlead_campaign_replies{") || strings.HasPrefix(series, "smartlead_campaign_reply_delay_seconds_count{") {
			got[series] = n
		}
	}
	return got
}

// rowsNow are the rows of a campaign as the API has them now.
func rowsNow(t *testing.T, sim *simulator.Simulator, id int64) []smartlead.RowFacts {
	t.Helper()
	client, err := smartlead.NewClient(smartlead.Options{
		Key: func() (string, error) { return "another", nil }, BaseURL: "http://smartlead.test" + simulator.DefaultPrefix, Transport: simulator.Transport(sim),
		Limits: &smartlead.Limits{},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	set, err := client.Rows(t.Context(), smartlead.StatisticsQuery{CampaignID: id})
	if err != nil {
		t.Fatal(err)
	}
	return set.Facts
}

// answeredNow is what replied is to be, as the API's rows are now.
func answeredNow(t *testing.T, sim *simulator.Simulator, campaigns int) page {
	t.Helper()
	want := page{}
	for _, id := range numbers(campaigns) {
		for _, row := range rowsNow(t, sim, id) {
			if row.Replied {
				want[fmt.Sprintf(`smartlead_campaign_replies{campaign_id="%d",category=%q,sequence_number="%d"}`, id, row.Category, row.SequenceNumber)]++
				want[fmt.Sprintf(`smartlead_campaign_reply_delay_seconds_count{campaign_id="%d"}`, id)]++
			}
		}
	}
	return want
}

// Categories are set late and change, which moves no count: the subject finds out by itself.
func TestReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(2*24*time.Hour + 8*time.Hour) // to a Monday's morning
		const campaigns = 2
		var o simulator.Options
		for _, id := range numbers(campaigns) {
			o.Campaigns = append(o.Campaigns, answering(id))
		}
		sim := testkit.NewSimulator(t, o)
		e := prepare(t, settings())
		e.store.Apply(settings(counted(t, e, sim, smartlead.Limits{}, campaigns, "replies")))
		e.run()
		without, changed := 0, 0
		before := page{}
		for i := range 8 * 8 {
			e.scrape()
			synctest.Wait() // for what it has asked for
			got := replied(e.scrape())
			want := answeredNow(t, sim, campaigns)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("after %d looks the replies aren't those of the rows (-rows +shown):\n%s", i, diff)
			}
			if got[`smartlead_campaign_replies{campaign_id="1",category="",sequence_number="1"}`] > 0 {
				without++
			}
			for series, n := range before {
				if got[series] < n {
					changed++
				}
			}
			before = got
			time.Sleep(3 * time.Hour)
		}
		if without < 5 || changed < 5 {
			t.Errorf("at %d looks a reply had no category, and %d counts fell: the world is too quiet", without, changed)
		}
		e.scrape().Want(t, "the categories", page{
			`smartlead_reply_category_info{account="default",category="Interested",sentiment="positive"}`:   1,
			`smartlead_reply_category_info{account="default",category="Out Of Office",sentiment="neutral"}`: 1,
			`smartlead_reply_category_info{account="default",category="Knows us",sentiment=""}`:             1,
			ofSubject("up", "replies"): 1,
		})
	})
}

// While counting fetches the rows that have a reply, since replies moved, the subject takes them from there: without any
// request of its own it follows all the same.
func TestRepliesComeWithTheCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(2*24*time.Hour + 8*time.Hour)
		c := answering(1)
		sim := testkit.NewSimulator(t, simulator.Options{Campaigns: []simulator.Campaign{c}})
		e := prepare(t, settings())
		a := counted(t, e, sim, smartlead.Limits{}, 1, "replies")
		a.Source = withoutRows{a.Source}
		e.store.Apply(settings(a))
		e.run()
		moved := 0
		before := 0.0
		for range 3 * 24 * 4 {
			p := e.scrape()
			byStep, byCategory := 0.0, 0.0
			for series, n := range p {
				switch {
				case strings.HasPrefix(series, "smartlead_replied_total{"):
					byStep += n
				case strings.HasPrefix(series, "smartlead_campaign_replies{"):
					byCategory += n
				}
			}
			if byStep != byCategory {
				t.Fatalf("%v e-mails got a reply, %v by category", byStep, byCategory)
			}
			if byStep != before {
				moved++
			}
			before = byStep
			time.Sleep(15 * time.Minute)
		}
		if moved < 20 {
			t.Errorf("replies moved %d times", moved)
		}
	})
}

// withoutRows has no rows for subjects, for a reason that isn't a failure.
type withoutRows struct{ collector.Source }

func (withoutRows) Rows(context.Context, smartlead.StatisticsQuery) (smartlead.RowSet, error) {
	return smartlead.RowSet{}, &smartlead.Error{Op: "GET /campaigns/1/statistics", Reason: smartlead.ErrBadResponse, Err: smartlead.ErrFilterIgnored}
}

// Without the list of categories replies are shown all the same, by what rows call them; a campaign that has gone has none.
func TestRepliesWithoutCategories(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(2*24*time.Hour + 8*time.Hour) // to a Monday's morning
		sim := testkit.NewSimulator(t, simulator.Options{Campaigns: []simulator.Campaign{answering(1), answering(2)}})
		time.Sleep(8 * 24 * time.Hour)
		sim.Inject(simulator.Fault{
			Match:   []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointCategories)},
			Effects: []simulator.Effect{simulator.RespondStatus(403, "not in your plan")},
		})
		e := start(t, settings())
		e.store.Apply(settings(counted(t, e, sim, smartlead.Limits{}, 2, "replies")))
		for range 12 {
			e.scrape()
			synctest.Wait()
			time.Sleep(time.Hour)
		}
		p := e.scrape()
		p.Want(t, "after half a day", page{ofSubject("up", "replies"): 0, ofSubject("last_success_timestamp_seconds", "replies"): 0, up(1): 1})
		if diff := cmp.Diff(answeredNow(t, sim, 2), replied(p)); diff != "" {
			t.Errorf("the replies aren't those of the rows (-rows +shown):\n%s", diff)
		}
		if by, _, _ := asked(sim); by[simulator.EndpointCategories] != 1 {
			t.Errorf("categories were asked for %d times, want once a day", by[simulator.EndpointCategories])
		}
		if n := e.log.Count("collecting a subject failed"); n != 1 {
			t.Errorf("the log tells %d times of it, want once:\n%s", n, e.log)
		}
		sim.RemoveCampaign(1)
		for range 3 {
			e.scrape()
			synctest.Wait()
			time.Sleep(maxStale)
		}
		for series := range replied(e.scrape()) {
			if strings.Contains(series, `campaign_id="1"`) {
				t.Errorf("%s is shown of a campaign that has gone", series)
			}
		}
	})
}
