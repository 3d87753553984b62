package smartlead_test

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
)

const recordedCategories = `[{"id":1,"created_at":"2022-01-01T00:00:00.000Z","name":"Interested","sentiment_type":"positive"},
 {"id":3,"name":"Not Interested","sentiment_type":"negative"},{"id":6,"name":"Out Of Office","sentiment_type":"neutral"},
 {"id":77001,"name":"Ours","sentiment_type":null}]`

func TestLeadCategories(t *testing.T) {
	want := smartlead.LeadCategoryList{Requests: 1, Categories: []smartlead.LeadCategory{
		{ID: 1, Name: "Interested", Sentiment: "positive"}, {ID: 3, Name: "Not Interested", Sentiment: "negative"},
		{ID: 6, Name: "Out Of Office", Sentiment: "neutral"}, {ID: 77001, Name: "Ours"},
	}}
	for name, body := range map[string]string{
		"recorded": recordedCategories,
		"in data":  `{"ok":true,"data":` + recordedCategories + `}`,
		"repeated": strings.Replace(recordedCategories, `{"id":6`, `{"id":1,"name":"Again"},{"id":6`, 1),
		"shouting": strings.Replace(recordedCategories, `"positive"`, `"POSITIVE"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			var asked *http.Request
			client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r
				_, _ = w.Write([]byte(body))
			}))
			got, err := client.LeadCategories(t.Context())
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("got %v (-want +got):\n%s", err, diff)
			}
			if asked.URL.Path != "/api/v1/leads/fetch-categories" || len(asked.URL.Query()) != 1 { // which is the key
				t.Errorf("asked %s", asked.URL)
			}
		})
	}
	for name, body := range badLists {
		if got, err := newClient(t, respond(http.StatusOK, body)).LeadCategories(t.Context()); !errors.Is(err, smartlead.ErrBadResponse) || got.Categories != nil {
			t.Errorf("%s: got %+v and %v, want ErrBadResponse", name, got, err)
		}
	}
}

const recordedSequences = `[{"id":367,"created_at":"2026-01-01T00:00:00.000Z","email_campaign_id":1,"seq_number":3,"subject":"","email_body":"<p>Hi</p>",
 "seq_delay_details":{"delayInDays":2},"sequence_variants":null},
 {"id":368,"seq_number":1,"subject":"Hello","sequence_variants":[{"id":2535,"variant_label":"A","is_deleted":false,"email_body":"<p>"},
 {"id":2536,"variant_label":"B","is_deleted":true}]}]`

func TestSequences(t *testing.T) {
	want := []smartlead.Sequence{
		{ID: 367, Number: 3},
		{ID: 368, Number: 1, Variants: []smartlead.Variant{{ID: 2535, Label: "A"}, {ID: 2536, Label: "B", Deleted: true}}},
	}
	for name, body := range map[string]string{
		"recorded": recordedSequences, "in data": `{"data":` + recordedSequences + `}`,
		"as written": strings.Replace(recordedSequences, "sequence_variants", "seq_variants", 2),
	} {
		got, err := newClient(t, respond(http.StatusOK, body)).Sequences(t.Context(), 1)
		if diff := cmp.Diff(want, got.Sequences); err != nil || diff != "" || got.Requests != 1 {
			t.Errorf("%s: got %v in %d requests (-want +got):\n%s", name, err, got.Requests, diff)
		}
	}
	if got, err := newClient(t, respond(http.StatusOK, `[]`)).Sequences(t.Context(), 1); err != nil || got.Sequences != nil {
		t.Errorf("without steps: got %+v and %v", got, err)
	}
	bad := map[string]string{
		"no number":       `[{"id":1}]`,
		"a wrong number":  `[{"id":1,"seq_number":101}]`,
		"an id twice":     `[{"id":1,"seq_number":1},{"id":1,"seq_number":2}]`,
		"a number twice":  `[{"id":1,"seq_number":1},{"id":2,"seq_number":1}]`,
		"a variant alone": `[{"id":1,"seq_number":1,"sequence_variants":[{"variant_label":"A"}]}]`,
		"variants of 1":   `[{"id":1,"seq_number":1,"sequence_variants":[1]}]`,
	}
	for _, list := range []map[string]string{bad, badLists} {
		for name, body := range list {
			if got, err := newClient(t, respond(http.StatusOK, body)).Sequences(t.Context(), 1); !errors.Is(err, smartlead.ErrBadResponse) || got.Sequences != nil {
				t.Errorf("%s: got %+v and %v, want ErrBadResponse", name, got, err)
			}
		}
	}
	if _, err := newClient(t, respond(http.StatusOK, `[]`)).Sequences(t.Context(), 0); err == nil || smartlead.ReasonOf(err) != "" {
		t.Errorf("campaign 0: got %v, want an error of the id", err)
	}
}

const recordedTotals = `{"id":1,"user_id":2,"created_at":"2026-01-01T00:00:00.000Z","status":"ACTIVE","name":"Q4","sent_count":"1240","open_count":"372",
 "unique_sent_count":"900","reply_count":"23","block_count":"1","total_count":"1000","sequence_count":"3","client_email":"boss@acme.example","tags":[],
 "campaign_lead_stats":{"total":1000,"notStarted":100,"inprogress":300,"completed":550,"paused":10,"stopped":20,"blocked":20,"interested":7,"revenue":0}}`

func TestCampaignAnalytics(t *testing.T) {
	unknown := smartlead.LeadStates{Total: -1, NotStarted: -1, InProgress: -1, Completed: -1, Paused: -1, Stopped: -1, Blocked: -1}
	recorded := smartlead.CampaignAnalytics{
		LeadsReplied: 23, Requests: 1,
		Leads: smartlead.LeadStates{Total: 1000, NotStarted: 100, InProgress: 300, Completed: 550, Paused: 10, Stopped: 20, Blocked: 20},
	}
	some := unknown
	some.Total = 5
	for _, tt := range []struct {
		name, body string
		want       smartlead.CampaignAnalytics
	}{
		{"recorded", recordedTotals, recorded},
		{"in data", `{"ok":true,"data":` + recordedTotals + `}`, recorded},
		{"without leads", `{"id":1,"reply_count":null}`, smartlead.CampaignAnalytics{LeadsReplied: -1, Leads: unknown, Requests: 1}},
		{"some leads", `{"id":1,"reply_count":2,"campaign_lead_stats":{"total":"5","paused":null}}`, smartlead.CampaignAnalytics{LeadsReplied: 2, Leads: some, Requests: 1}},
		{"leads of null", `{"id":1,"campaign_lead_stats":null}`, smartlead.CampaignAnalytics{LeadsReplied: -1, Leads: unknown, Requests: 1}},
	} {
		got, err := newClient(t, respond(http.StatusOK, tt.body)).CampaignAnalytics(t.Context(), 1)
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s: got %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
	for name, tt := range map[string]struct {
		body string
		want smartlead.Reason
	}{
		"an unknown campaign":  {`{}`, smartlead.ErrNotFound},
		"unknown fields only":  {`{"other":1}`, smartlead.ErrNotFound},
		"empty data":           {`{"ok":true,"data":{}}`, smartlead.ErrNotFound},
		"nothing":              {``, smartlead.ErrBadResponse},
		"a message":            {`{"message":"Plan expired!"}`, smartlead.ErrBadResponse},
		"an error":             {`{"error":"no"}`, smartlead.ErrBadResponse},
		"a failure":            {`{"ok":false,"id":1}`, smartlead.ErrBadResponse},
		"an array":             {`[]`, smartlead.ErrBadResponse},
		"an array in data":     {`{"data":[{}]}`, smartlead.ErrBadResponse},
		"replies of -1":        {`{"id":1,"reply_count":"-1"}`, smartlead.ErrBadResponse},
		"half a lead":          {`{"id":1,"campaign_lead_stats":{"total":0.5}}`, smartlead.ErrBadResponse},
		"a word for a number":  {`{"id":1,"campaign_lead_stats":{"inprogress":"some"}}`, smartlead.ErrBadResponse},
		"cut off in the leads": {`{"id":1,"campaign_lead_stats":{"total":5`, smartlead.ErrBadResponse},
	} {
		got, err := newClient(t, respond(http.StatusOK, tt.body)).CampaignAnalytics(t.Context(), 1)
		if smartlead.ReasonOf(err) != tt.want || got.Leads != (smartlead.LeadStates{}) {
			t.Errorf("%s: got %+v and %v, want reason %q", name, got, err, tt.want)
		}
	}
	if _, err := newClient(t, respond(http.StatusOK, recordedTotals)).CampaignAnalytics(t.Context(), -1); err == nil || smartlead.ReasonOf(err) != "" {
		t.Errorf("campaign -1: got %v, want an error of the id", err)
	}
}

// overall is a page of campaigns with these ids.
func overall(from, to int) string {
	var rows []string
	for id := from; id <= to; id++ {
		n := strconv.Itoa(id)
		rows = append(rows, `{"id":`+n+`,"campaign_name":"Q4","sent":"9","unique_lead_count":"`+n+`","positive_replied":1,"open_rate":"3%"}`)
	}
	return `{"success":true,"message":"fetched","data":{"campaign_wise_performance":[` + strings.Join(rows, ",") + `]}}`
}

func TestOverallStats(t *testing.T) {
	for _, tt := range []struct {
		name     string
		pages    []string
		want     int
		requests int
		reason   smartlead.Reason
	}{
		{name: "none", pages: []string{overall(1, 0)}, requests: 1},
		{name: "a page", pages: []string{overall(1, 7), overall(1, 0)}, want: 7, requests: 2},
		{name: "a page for ever", pages: []string{overall(1, 7)}, want: 7, requests: 2},
		{name: "fewer rows than asked for", pages: []string{overall(1, 100), overall(101, 200), overall(201, 230), overall(1, 0)}, want: 230, requests: 4},
		{name: "a page that fails", pages: []string{overall(1, 7), `{"error":"no"}`}, requests: 2, reason: smartlead.ErrBadResponse},
	} {
		got, err := newClient(t, pages(tt.pages...)).OverallStats(t.Context())
		if smartlead.ReasonOf(err) != tt.reason || len(got.Campaigns) != tt.want || got.Requests < tt.requests {
			t.Errorf("%s: got %d campaigns in %d requests and %v, want %d in %d", tt.name, len(got.Campaigns), got.Requests, err, tt.want, tt.requests)
		}
		for i, c := range got.Campaigns {
			if want := (smartlead.CampaignStats{CampaignID: int64(i + 1), Contacted: int64(i + 1), PositiveReplies: 1}); c != want {
				t.Errorf("%s: got %+v, want %+v", tt.name, c, want)
			}
		}
	}
	unknown := smartlead.CampaignStats{CampaignID: 1, Contacted: -1, PositiveReplies: -1}
	for _, row := range []string{`{"id":"1"}`, `{"id":1,"unique_lead_count":null,"positive_replied":-1}`, `{"id":1,"unique_lead_count":"some"}`} {
		got, err := newClient(t, respond(http.StatusOK, `{"data":{"campaign_wise_performance":[`+row+`]}}`)).OverallStats(t.Context())
		if err != nil || len(got.Campaigns) != 1 || got.Campaigns[0] != unknown {
			t.Errorf("%s: got %+v and %v, want %+v", row, got, err, unknown)
		}
	}
	for name, body := range map[string]string{
		"data without a list": `{"data":{}}`, "a list of null": `{"data":{"campaign_wise_performance":null}}`, "data as a list": `{"data":[]}`,
		"a list of lists": `{"data":[{}]}`, "no id": `{"data":{"campaign_wise_performance":[{}]}}`, "cut off": `{"data":{"campaign_wise_performance":[{"id":1}`,
		"nothing": ``, "an empty object": `{}`, "a failure": `{"success":false,"data":{"campaign_wise_performance":[]}}`,
	} {
		if got, err := newClient(t, respond(http.StatusOK, body)).OverallStats(t.Context()); !errors.Is(err, smartlead.ErrBadResponse) || got.Campaigns != nil {
			t.Errorf("%s: got %+v and %v, want ErrBadResponse", name, got, err)
		}
	}
}

// Where a thousand rows are refused, a hundred are asked for; where the range is, that is told.
func TestOverallStatsRefused(t *testing.T) {
	var asked []url.Values
	server := func(most int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Query())
			if limit, _ := strconv.Atoi(r.URL.Query().Get("limit")); limit > most {
				w.WriteHeader(http.StatusUnprocessableEntity)
				_, _ = w.Write([]byte(`{"error":"limit must be less than or equal to 100"}`))
				return
			}
			offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
			_, _ = w.Write([]byte(overall(offset+1, min(offset+100, 130))))
		})
	}
	got, err := newClient(t, server(100)).OverallStats(t.Context())
	if err != nil || len(got.Campaigns) != 130 || got.Requests != 4 || len(asked) != 4 {
		t.Errorf("got %d campaigns in %d requests and %v, want 130 in 4", len(got.Campaigns), got.Requests, err)
	}
	if q := asked[3]; q.Get("start_date") != "2020-01-01" || q.Get("full_data") != "true" || q.Get("offset") != "130" {
		t.Errorf("the last query was %v", q)
	}
	asked = nil
	got, err = newClient(t, server(1)).OverallStats(t.Context())
	if !errors.Is(err, smartlead.ErrBadRequest) || got.Requests != 2 || got.Campaigns != nil {
		t.Errorf("got %+v and %v, want ErrBadRequest after two requests", got, err)
	}
}
