package smartlead_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// recordedAnalytics is the form of an answer of the live API, with more fields than are wanted.
const recordedAnalytics = `{"ok":true,"data":[
 {"email_campaign_seq_id":2868272,"sent_count":4,"skipped_count":0,"open_count":1,"click_count":0,"reply_count":1,"bounce_count":0,
  "unsubscribed_count":0,"failed_count":0,"stopped_count":0,"ln_connection_req_pending_count":0,"positive_reply_count":null},
 {"email_campaign_seq_id":2868271,"sent_count":6,"skipped_count":0,"open_count":2,"click_count":0,"reply_count":0,"bounce_count":0,
  "unsubscribed_count":0,"failed_count":0,"stopped_count":0}]}`

// publishedAnalytics is the form that an older description has.
const publishedAnalytics = `{"ok":true,"data":{"campaign_id":1,"sequences":[
 {"seq_number":2,"variants":[{"variant_label":"A","stats":{"sent":3,"opened":1,"clicked":0,"replied":0,"bounced":1,"unsubscribed":0}}]},
 {"seq_number":1,"variants":[
  {"variant_label":"A","stats":{"sent":"10","opened":"4","clicked":"1","replied":2,"bounced":0,"unsubscribed":0}},
  {"variant_label":"B","stats":{"sent":11,"opened":5,"clicked":0,"replied":1,"bounced":1,"unsubscribed":1}}]}]}}`

func analytics(ctx context.Context, c *smartlead.Client) (smartlead.SequenceAnalytics, error) {
	return c.SequenceAnalytics(ctx, smartlead.SequenceAnalyticsQuery{CampaignID: 1})
}

func TestSequenceAnalytics(t *testing.T) {
	recorded := []smartlead.SequenceCounts{
		{SequenceID: 2868271, Sent: 6, Opened: 2},
		{SequenceID: 2868272, Sent: 4, Opened: 1, Replied: 1},
	}
	one := func(fields string) string { return `{"ok":true,"data":[{"email_campaign_seq_id":7,` + fields + `}]}` }
	untold := smartlead.SequenceCounts{SequenceID: 7, Opened: -1, Clicked: -1, Replied: -1, Unsubscribed: -1, Bounced: -1}
	sent := func(n int64) []smartlead.SequenceCounts {
		c := untold
		c.Sent = n
		return []smartlead.SequenceCounts{c}
	}
	for _, tt := range []struct {
		name, body string
		want       []smartlead.SequenceCounts
	}{
		{"recorded", recordedAnalytics, recorded},
		{"bare array", strings.TrimSuffix(strings.TrimPrefix(recordedAnalytics, `{"ok":true,"data":`), "}"), recorded},
		{"named list", strings.Replace(recordedAnalytics, `"data":`, `"data":{"sequence_analytics":`, 1) + "}", recorded},
		{"published", publishedAnalytics, []smartlead.SequenceCounts{
			{SequenceNumber: 1, Sent: 21, Opened: 9, Clicked: 1, Replied: 3, Unsubscribed: 1, Bounced: 1},
			{SequenceNumber: 2, Sent: 3, Opened: 1, Bounced: 1},
		}},
		{"published with ids and sums", `{"data":{"sequences":[{"id":5,"seq_number":1,"stats":{"sent":9},"variants":[{"stats":{"sent":2}},{"stats":{"sent":3}}]},
			{"id":6,"seq_number":2,"variants":[],"stats":{"sent":4}}]}}`, []smartlead.SequenceCounts{
			{SequenceID: 5, SequenceNumber: 1, Sent: 5, Opened: -1, Clicked: -1, Replied: -1, Unsubscribed: -1, Bounced: -1},
			{SequenceID: 6, SequenceNumber: 2, Sent: 4, Opened: -1, Clicked: -1, Replied: -1, Unsubscribed: -1, Bounced: -1},
		}},
		{"no steps", `{"ok":true,"data":[]}`, nil},
		{"no published steps", `{"data":{"sequences":[]}}`, nil},
		{"only what was sent", one(`"sent_count":3`), sent(3)},
		{"a string", one(`"sent_count":" 3 "`), sent(3)},
		{"nothing sent", one(`"sent_count":null,"open_count":null`), sent(0)},
		{"an unknown count", one(`"sent_count":3,"open_count":null`), sent(3)},
		{"unknown fields", one(`"sent_count":3,"subject":{"text":"<b>"},"failed_count":-1`), sent(3)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := analytics(t.Context(), newClient(t, respond(http.StatusOK, tt.body)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(smartlead.SequenceAnalytics{Sequences: tt.want, Requests: 1}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Each form of the simulated API says of each step what a count of its rows does, where the two mean the same, and what
// rows say of ids tells which step it is.
func TestSequenceAnalyticsAndRows(t *testing.T) {
	sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(2000, 10)})
	for _, form := range []simulator.AnalyticsForm{simulator.AnalyticsRows, simulator.AnalyticsBare, simulator.AnalyticsNested} {
		sim.SetBehaviour(simulator.Behaviour{AnalyticsForm: form})
		client := newClient(t, sim)
		rows, err := statistics(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		number := map[int64]int{}
		for _, s := range rows.Sequences {
			number[s.SequenceID] = s.SequenceNumber
		}
		told, err := analytics(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int]smartlead.Step{}
		for _, c := range told.Sequences {
			step := c.SequenceNumber
			if step == 0 {
				step = number[c.SequenceID]
			}
			got[step] = smartlead.Step{
				SequenceNumber: step, Sent: c.Sent, Opened: c.Opened, Clicked: c.Clicked, Replied: c.Replied,
				Unsubscribed: c.Unsubscribed, Bounced: c.Bounced,
			}
		}
		want := map[int]smartlead.Step{}
		for _, step := range rows.Steps {
			step.LastSent = time.Time{}
			want[step.SequenceNumber] = step
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("form %d (-want +got):\n%s", form, diff)
		}
	}
}

// A number that could be wrong makes the answer one.
func TestSequenceAnalyticsRefuses(t *testing.T) {
	row := func(fields string) string { return `{"ok":true,"data":[{` + fields + `}]}` }
	steps := func(steps string) string { return `{"data":{"sequences":[` + steps + `]}}` }
	for name, body := range map[string]string{
		"nothing": "", "an empty object": "{}", "a failure": `{"ok":false,"data":[]}`, "a message": `{"message":"not now"}`,
		"null": `{"data":null}`, "an object without steps": `{"data":{}}`, "a web page": "<html><title>502</title></html>",
		"cut off": recordedAnalytics[:200], "followed by more": recordedAnalytics + "{}",
		"no id":            row(`"sent_count":1`),
		"an id of null":    row(`"email_campaign_seq_id":null,"sent_count":1`),
		"an id of 0":       row(`"email_campaign_seq_id":0,"sent_count":1`),
		"no sent":          row(`"email_campaign_seq_id":1,"open_count":1`),
		"opens of nothing": row(`"email_campaign_seq_id":1,"sent_count":null,"open_count":1`),
		"negative":         row(`"email_campaign_seq_id":1,"sent_count":-1`),
		"a part":           row(`"email_campaign_seq_id":1,"sent_count":1.5`),
		"a word":           row(`"email_campaign_seq_id":1,"sent_count":"many"`),
		"too large":        row(`"email_campaign_seq_id":1,"sent_count":9223372036854775808`),
		"a list":           row(`"email_campaign_seq_id":1,"sent_count":[1]`),
		"a wrong reply":    row(`"email_campaign_seq_id":1,"sent_count":1,"reply_count":-1`),
		"two answers":      row(`"email_campaign_seq_id":1,"sent_count":1,"sent_count":2`),
		"an id twice":      row(`"email_campaign_seq_id":1,"sent_count":1},{"email_campaign_seq_id":1,"sent_count":1`),
		"no number":        steps(`{"variants":[{"stats":{"sent":1}}]}`),
		"a wrong number":   steps(`{"seq_number":101,"variants":[{"stats":{"sent":1}}]}`),
		"a number twice":   steps(`{"id":1,"seq_number":1,"stats":{"sent":1}},{"id":2,"seq_number":1,"stats":{"sent":1}}`),
		"no stats":         steps(`{"seq_number":1,"variants":[]}`),
		"a variant less":   steps(`{"seq_number":1,"variants":[{"stats":{"sent":1}},{"variant_label":"B"}]}`),
		"a variant null":   steps(`{"seq_number":1,"variants":[{"stats":{"sent":1}},null]}`),
		"an endless sum":   steps(`{"seq_number":1,"variants":[{"stats":{"sent":9223372036854775807}},{"stats":{"sent":1}}]}`),
		"endless":          `{"data":[` + strings.TrimSuffix(strings.Repeat(`{"email_campaign_seq_id":1,"sent_count":1},`, 1001), ",") + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := analytics(t.Context(), newClient(t, respond(http.StatusOK, body)))
			if !errors.Is(err, smartlead.ErrBadResponse) || got.Sequences != nil {
				t.Errorf("got %+v and %v, want ErrBadResponse", got, err)
			}
		})
	}
}

func TestSequenceAnalyticsOfASickAPI(t *testing.T) {
	for _, wrong := range simulator.WrongAnalytics() {
		t.Run(wrong.Name, func(t *testing.T) {
			sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(3, 10)})
			sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Respond(wrong)}})
			if got, err := analytics(t.Context(), newClient(t, sim)); !errors.Is(err, smartlead.ErrBadResponse) || got.Sequences != nil {
				t.Errorf("got %+v and %v, want ErrBadResponse", got, err)
			}
		})
	}
}

func TestSequenceAnalyticsErrors(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   smartlead.Reason
	}{
		{http.StatusNotFound, `{"error":"Campaign not found - Invalid campaign_id."}`, smartlead.ErrNotFound},
		{http.StatusNotFound, "<!DOCTYPE html><title>Error</title><pre>Cannot GET</pre>", smartlead.ErrNotFound},
		{http.StatusBadRequest, `{}`, smartlead.ErrBadRequest},
		{http.StatusUnprocessableEntity, `{"error":"the range must be within 30 days"}`, smartlead.ErrBadRequest},
		{http.StatusUnauthorized, `{"message":"Invalid API Key"}`, smartlead.ErrUnauthorized},
	} {
		got, err := analytics(t.Context(), newClient(t, respond(tt.status, tt.body)))
		if !errors.Is(err, tt.want) || got.Requests != 1 || got.Sequences != nil {
			t.Errorf("status %d with %s: got %+v and %v, want %v", tt.status, tt.body, got, err, tt.want)
		}
	}
	for _, q := range []smartlead.SequenceAnalyticsQuery{
		{}, {CampaignID: -1},
		{CampaignID: 1, SentFrom: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), SentTo: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if _, err := newClient(t, respond(http.StatusOK, "")).SequenceAnalytics(t.Context(), q); err == nil || smartlead.ReasonOf(err) != "" {
			t.Errorf("%+v: got %v, want an error of the query", q, err)
		}
	}
}

func TestSequenceAnalyticsQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it begins at midnight, 2000-01-01
		for _, tt := range []struct {
			query    smartlead.SequenceAnalyticsQuery
			from, to string
		}{
			{smartlead.SequenceAnalyticsQuery{SentTo: time.Now().AddDate(30, 0, 0)}, "2020-01-01", "2030-01-01"},
			{smartlead.SequenceAnalyticsQuery{SentFrom: time.Now().Add(-time.Second)}, "1999-12-31", "2000-01-02"},
			{smartlead.SequenceAnalyticsQuery{}, "1995-01-02", "2000-01-02"}, // a clock that is wrong
		} {
			var asked *http.Request
			client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r
				_, _ = io.WriteString(w, recordedAnalytics)
			}))
			tt.query.CampaignID = 12
			if _, err := client.SequenceAnalytics(t.Context(), tt.query); err != nil {
				t.Fatal(err)
			}
			want := url.Values{"api_key": {testKey}, "start_date": {tt.from}, "end_date": {tt.to}}
			if diff := cmp.Diff(want, asked.URL.Query()); diff != "" || asked.URL.Path != "/api/v1/campaigns/12/sequence-analytics" {
				t.Errorf("asked %s with the query (-want +got):\n%s", asked.URL.Path, diff)
			}
		}
	})
}

// FuzzSequenceAnalytics answers with any bytes: what comes out can be true, or is a known error, and never both.
func FuzzSequenceAnalytics(f *testing.F) {
	for _, s := range []string{recordedAnalytics, publishedAnalytics, `[]`, `{"data":{"sequence_analytics":[]}}`, `{"ok":false}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		client := newClient(t, nil, func(o *smartlead.Options) {
			o.Transport = body(func() io.Reader { return bytes.NewReader(b) })
		})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := analytics(t.Context(), client)
		runtime.ReadMemStats(&after)
		if allocated, most := after.TotalAlloc-before.TotalAlloc, uint64(1<<20+64*len(b)); allocated > uint64(max(got.Requests, 1))*most {
			t.Fatalf("%d bytes were allocated for %d bytes", allocated, len(b))
		}
		if err != nil {
			assertKnownError(t, err, http.StatusOK)
			if got.Sequences != nil {
				t.Fatalf("got %+v beside the error %v", got, err)
			}
			return
		}
		type step struct {
			id     int64
			number int
		}
		seen := map[step]bool{}
		for _, c := range got.Sequences {
			key := step{c.SequenceID, c.SequenceNumber}
			if c.SequenceID == 0 && c.SequenceNumber == 0 || seen[key] {
				t.Fatalf("%+v has no step of its own", c)
			}
			seen[key] = true
			if c.Sent < 0 || min(c.Opened, c.Clicked, c.Replied, c.Unsubscribed, c.Bounced) < -1 {
				t.Fatalf("%+v has a negative count", c)
			}
		}
	})
}
