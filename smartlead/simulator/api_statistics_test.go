package simulator_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead/simulator"
)

// TestAggregatedShape pins the body of the API's reference page.
func TestAggregatedShape(t *testing.T) {
	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 123, Source: simulator.Aggregated(
		simulator.StepCounts{Step: 1, Sent: 1240, Opened: 372, Clicked: 89, Replied: 23, Unsubscribed: 4, Bounced: 18},
		simulator.StepCounts{Step: 2, Sent: 892, Opened: 267, Clicked: 54, Replied: 12, Unsubscribed: 2, Bounced: 9},
	)})
	resp, body := get(t, sim, "/campaigns/123/statistics", nil)
	want := `{"ok":true,"data":[` +
		`{"campaign_id":123,"sequence_number":1,"sent":1240,"opened":372,"clicked":89,"replied":23,"unsubscribed":4,"bounced":18},` +
		`{"campaign_id":123,"sequence_number":2,"sent":892,"opened":267,"clicked":54,"replied":12,"unsubscribed":2,"bounced":9}],` +
		`"offset":0,"limit":100}`
	if body != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("got content type %q", got)
	}
	if p := getPage(t, sim, 123, values("email_sequence_number", "2")); len(p.Data) != 1 || p.Data[0]["sent"] != 892.0 {
		t.Errorf("the filter for step 2 left %v", p.Data)
	}
}

func TestPerEmailShape(t *testing.T) {
	sent := time.Date(2022, time.August, 2, 12, 49, 11, 747e6, time.UTC)
	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 84, Source: simulator.Fixed(simulator.Email{
		StatsID: "5c1d", LeadName: "John \"J\" Doe", LeadEmail: "a@b.example", Subject: "Hi", Message: "<html>\n",
		Step: 1, SentTime: sent, ReplyTime: sent.Add(time.Hour), OpenCount: 2, Bounced: true,
	})})
	_, body := get(t, sim, "/campaigns/84/statistics", nil)
	want := `{"total_stats":"1","offset":0,"limit":100,"data":[{` +
		`"lead_name":"John \"J\" Doe","lead_email":"a@b.example","lead_category":null,` +
		`"sequence_number":1,"stats_id":"5c1d","email_campaign_seq_id":84020,"seq_variant_id":null,` +
		`"email_subject":"Hi","email_message":"<html>\n",` +
		`"sent_time":"2022-08-02T12:49:11.747Z","open_time":null,"click_time":null,"reply_time":"2022-08-02T13:49:11.747Z",` +
		`"open_count":2,"click_count":0,"is_unsubscribed":false,"is_bounced":true}]}`
	if body != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
}

func TestRawRows(t *testing.T) {
	for shape, want := range map[simulator.Shape]string{
		simulator.PerEmail:    `{"total_stats":"2","offset":0,"limit":100,"data":[{"a":1},oops]}`,
		simulator.PerSequence: `{"ok":true,"data":[{"a":1},oops],"offset":0,"limit":100}`,
	} {
		sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Shape: shape, Source: simulator.Raw(`{"a":1}`, `oops`)})
		if _, body := get(t, sim, "/campaigns/1/statistics", nil); body != want {
			t.Errorf("shape %d: got %s, want %s", shape, body, want)
		}
	}
}

func TestEmptyCampaigns(t *testing.T) {
	for name, c := range map[string]simulator.Campaign{
		"no source":          {ID: 1},
		"no source, by step": {ID: 1, Shape: simulator.PerSequence},
		"no rows":            {ID: 1, Source: simulator.Rows(0, 10)},
		"no e-mails":         {ID: 1, Source: simulator.Fixed()},
		"no steps":           {ID: 1, Source: simulator.Aggregated()},
		"nothing raw":        {ID: 1, Source: simulator.Raw()},
	} {
		p := getPage(t, newSim(t, simulator.Options{}, c), 1, nil)
		if p.Data == nil || len(p.Data) != 0 {
			t.Errorf("%s: got %v, want an empty array", name, p.Data)
		}
		if aggregated := p.OK != nil; aggregated != (strings.Contains(name, "step")) {
			t.Errorf("%s: aggregated is %t", name, aggregated)
		}
	}
}

func TestPaging(t *testing.T) {
	for _, order := range []simulator.Order{simulator.OldestFirst, simulator.NewestFirst} {
		for _, n := range []int{0, 1, 999, 1000, 1001, 2503} {
			t.Run(fmt.Sprintf("order %d, %d rows", order, n), func(t *testing.T) {
				sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Order: order, Source: simulator.Rows(n, 10)})
				ids, addresses := map[any]bool{}, map[any]bool{}
				var times []string
				for _, row := range getAll(t, sim, 1, nil) {
					ids[row["stats_id"]] = true
					addresses[row["lead_email"]] = true
					times = append(times, row["sent_time"].(string))
				}
				if len(times) != n || len(ids) != n || len(addresses) != n {
					t.Errorf("got %d rows with %d ids of %d leads, want %d", len(times), len(ids), len(addresses), n)
				}
				for i := 1; i < n; i++ {
					if newer := times[i] > times[i-1]; newer != (order == simulator.OldestFirst) {
						t.Fatalf("row %d of %s follows %s", i, times[i], times[i-1])
					}
				}
				if p := getPage(t, sim, 1, values("offset", "5000")); len(p.Data) != 0 || *p.Total != fmt.Sprint(n) || p.Offset != 5000 {
					t.Errorf("past the end: got %+v", p)
				}
			})
		}
	}
}

func TestFilters(t *testing.T) {
	const n = 300
	counts := []simulator.StepCounts{
		{Step: 1, Sent: 100, Opened: 50, Clicked: 10, Replied: 10, Unsubscribed: 2, Bounced: 5},
		{Step: 2, Sent: 100, Opened: 50, Clicked: 10, Replied: 10, Unsubscribed: 2, Bounced: 5},
		{Step: 3, Sent: 100, Opened: 50, Clicked: 10, Replied: 10, Unsubscribed: 2, Bounced: 5},
	}
	campaign := simulator.Campaign{ID: 1, Source: simulator.Rows(n, 10)}
	sim := newSim(t, simulator.Options{}, campaign)
	if got, _ := sim.Counts(1); !cmp.Equal(got, counts) {
		t.Errorf("got counts %v, want %v", got, counts)
	}
	campaign.ID, campaign.Shape = 2, simulator.PerSequence
	if err := sim.SetCampaign(campaign); err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		query url.Values
		want  int
	}{
		{values(), 300},
		{values("email_sequence_number", "2"), 100},
		{values("email_sequence_number", "20"), 0},
		{values("email_status", "opened"), 150},
		{values("email_status", "clicked"), 30},
		{values("email_status", "replied"), 30},
		{values("email_status", "unsubscribed"), 6},
		{values("email_status", "bounced"), 15},
		{values("email_status", "opened", "email_sequence_number", "3"), 50},
		{values("sent_time_start_date", "2025-01-06 09:10:00.000Z"), 290},
		{values("sent_time_end_date", "2025-01-06 09:10:00.000Z"), 10},
		{values("sent_time_start_date", "2025-01-06T11:05:00+02:00", "sent_time_end_date", "2025-01-06T09:15:00"), 10},
		{values("sent_time_end_date", "2025-01-06"), 0},
	} {
		if got := len(getAll(t, sim, 1, test.query)); got != test.want {
			t.Errorf("%v: got %d rows, want %d", test.query, got, test.want)
		}
		if got := *getPage(t, sim, 1, test.query).Total; got != fmt.Sprint(test.want) {
			t.Errorf("%v: got a total of %s, want %d", test.query, got, test.want)
		}
		var sent float64
		for _, row := range getPage(t, sim, 2, test.query).Data {
			sent += row["sent"].(float64)
		}
		if int(sent) != test.want {
			t.Errorf("%v: the aggregated rows add up to %v, want %d", test.query, sent, test.want)
		}
	}
}

// TestLargePageStreams reads 100 MB and looks at what was allocated for it.
func TestLargePageStreams(t *testing.T) {
	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Source: simulator.Rows(100_000, 100_000)})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		"http://sim.test/api/v1/campaigns/1/statistics?limit=1000&offset=99000&api_key=x", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	resp, err := simulator.Transport(sim).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n < 100_000_000 {
		t.Errorf("got %d bytes", n)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 8<<20 {
		t.Errorf("%d bytes were allocated for a page of %d", allocated, n)
	}
}

func TestMessageLength(t *testing.T) {
	for _, n := range []int{0, 1, 300, 10_000} {
		sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Source: simulator.Rows(1, n)})
		message := getPage(t, sim, 1, nil).Data[0]["email_message"].(string)
		if len(message) != n {
			t.Errorf("got a message of %d bytes, want %d", len(message), n)
		}
	}
}

func BenchmarkPage(b *testing.B) {
	sim := newSim(b, simulator.Options{}, simulator.Campaign{ID: 1, Source: simulator.Rows(5000, 300)})
	transport := simulator.Transport(sim)
	for _, filter := range []string{"", "&email_status=opened"} {
		b.Run("filter"+filter, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodGet,
					"http://sim.test/api/v1/campaigns/1/statistics?limit=1000&api_key=x"+filter, http.NoBody)
				if err != nil {
					b.Fatal(err)
				}
				resp, err := transport.RoundTrip(req)
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.Copy(io.Discard, resp.Body)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(n)
				_ = resp.Body.Close()
			}
		})
	}
}
