package smartlead_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// What Size foretells is what Statistics then takes.
func TestSize(t *testing.T) {
	steps := simulator.Aggregated(simulator.StepCounts{Step: 1, Sent: 500}, simulator.StepCounts{Step: 2, Sent: 400})
	for _, tt := range []struct {
		name     string
		campaign simulator.Campaign
		query    smartlead.StatisticsQuery
		want     smartlead.Size
	}{
		{
			"aggregated", simulator.Campaign{Shape: simulator.PerSequence, Source: steps}, smartlead.StatisticsQuery{},
			smartlead.Size{Shape: smartlead.ShapeAggregated, Rows: -1, Requests: 1},
		},
		{
			"aggregated and empty", simulator.Campaign{Shape: simulator.PerSequence}, smartlead.StatisticsQuery{},
			smartlead.Size{Shape: smartlead.ShapeUnknown, Rows: -1, Requests: 1},
		},
		{
			"no e-mails", simulator.Campaign{}, smartlead.StatisticsQuery{},
			smartlead.Size{Shape: smartlead.ShapeUnknown, Rows: -1, Requests: 1},
		},
		{
			"an e-mail", simulator.Campaign{Source: simulator.Rows(1, 10)}, smartlead.StatisticsQuery{},
			smartlead.Size{Shape: smartlead.ShapePerEmail, Rows: 1, Requests: 1},
		},
		{
			"a page", simulator.Campaign{Source: simulator.Rows(1000, 10)}, smartlead.StatisticsQuery{},
			smartlead.Size{Shape: smartlead.ShapePerEmail, Rows: 1000, Requests: 1},
		},
		{
			"a page and an e-mail", simulator.Campaign{Source: simulator.Rows(1001, 10)}, smartlead.StatisticsQuery{},
			smartlead.Size{Shape: smartlead.ShapePerEmail, Rows: 1001, Requests: 2},
		},
		{
			"pages", simulator.Campaign{Source: simulator.Rows(2503, 10)}, smartlead.StatisticsQuery{},
			smartlead.Size{Shape: smartlead.ShapePerEmail, Rows: 2503, Requests: 3},
		},
		{
			"small pages", simulator.Campaign{Source: simulator.Rows(25, 10)}, smartlead.StatisticsQuery{PageSize: 10},
			smartlead.Size{Shape: smartlead.ShapePerEmail, Rows: 25, Requests: 3},
		},
		{ // a step is one e-mail of three
			"a step", simulator.Campaign{Source: simulator.Rows(4500, 10)}, smartlead.StatisticsQuery{SequenceNumbers: []int{2}},
			smartlead.Size{Shape: smartlead.ShapePerEmail, Rows: 1500, Requests: 2},
		},
		{ // several steps are chosen out of all
			"steps", simulator.Campaign{Source: simulator.Rows(4500, 10)}, smartlead.StatisticsQuery{SequenceNumbers: []int{2, 3}},
			smartlead.Size{Shape: smartlead.ShapePerEmail, Rows: 4500, Requests: 5},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.campaign.ID, tt.query.CampaignID = 1, 1
			sim := newSim(t, tt.campaign)
			client := newClient(t, sim)
			got, err := client.Size(t.Context(), tt.query)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("size (-want +got):\n%s", diff)
			}
			asked := sim.Requests()
			if len(asked) != 1 || asked[0].Query.Get("limit") != "1" || asked[0].Offset() != 0 {
				t.Errorf("it was asked %v, want one request for one row", asked)
			}
			statistics, err := client.Statistics(t.Context(), tt.query)
			if err != nil {
				t.Fatal(err)
			}
			if statistics.Requests != got.Requests || got.Rows > 0 && int64(statistics.Rows) != got.Rows {
				t.Errorf("Statistics took %d requests for %d rows, but the size is %+v", statistics.Requests, statistics.Rows, got)
			}
		})
	}
}

// A server that doesn't say how many rows there are isn't believed to have none.
func TestSizeWithoutTotal(t *testing.T) {
	for name, body := range map[string]string{
		"missing": `{"data":[{"stats_id":"a","sequence_number":1}]}`,
		"null":    `{"total_stats":null,"data":[{"stats_id":"a","sequence_number":1}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := newClient(t, respond(http.StatusOK, body)).Size(t.Context(), smartlead.StatisticsQuery{CampaignID: 1})
			if want := (smartlead.Size{Shape: smartlead.ShapePerEmail, Rows: -1, Requests: 2}); err != nil || got != want {
				t.Errorf("got %+v and %v, want %+v", got, err, want)
			}
		})
	}
}

// It asks for what Statistics would, filters included.
func TestSizeQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked *http.Request
		client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = r
			_, _ = w.Write([]byte(empty))
		}))
		_, err := client.Size(t.Context(), smartlead.StatisticsQuery{
			CampaignID: 12345, SequenceNumbers: []int{3}, EmailStatus: smartlead.StatusReplied, SentWithin: 24 * time.Hour,
			SentBefore: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
		})
		if err != nil {
			t.Fatal(err)
		}
		want := url.Values{
			"api_key": {testKey}, "offset": {"0"}, "limit": {"1"}, "email_sequence_number": {"3"}, "email_status": {"replied"},
			"sent_time_start_date": {"1999-12-31 00:00:00.000Z"}, "sent_time_end_date": {"2026-12-31 00:00:00.000Z"},
		}
		if diff := cmp.Diff(want, asked.URL.Query()); diff != "" || asked.URL.Path != "/api/v1/campaigns/12345/statistics" {
			t.Errorf("asked %s with the query (-want +got):\n%s", asked.URL.Path, diff)
		}
	})
}

func TestSizeFails(t *testing.T) {
	for _, tt := range wrongBodies {
		t.Run(tt.name, func(t *testing.T) {
			requests := 0
			client := newClient(t, counted(respond(http.StatusOK, tt.body), &requests))
			got, err := client.Size(t.Context(), smartlead.StatisticsQuery{CampaignID: 1})
			if !errors.Is(err, smartlead.ErrBadResponse) || got != (smartlead.Size{}) || requests != 2 {
				t.Errorf("got %+v and %v after %d requests, want ErrBadResponse after two", got, err, requests)
			}
		})
	}
	t.Run("an impossible query", func(t *testing.T) {
		requests := 0
		client := newClient(t, counted(respond(http.StatusOK, empty), &requests))
		got, err := client.Size(t.Context(), smartlead.StatisticsQuery{CampaignID: 1, SequenceNumbers: []int{21}})
		if err == nil || smartlead.ReasonOf(err) != "" || requests != 0 {
			t.Errorf("got %+v and %v after %d requests, want an error without a reason and without a request", got, err, requests)
		}
	})
}
